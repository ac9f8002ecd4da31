/** Small charts drawn as SVG, for places without bqplot. */
import { toNumber } from '../contract/decode';
import type { Chart, Confusion, Series } from '../contract/types.gen';
import { number } from './format';
import { AxisNames, heightOf, ValueAxis } from './frame';
import { ticksOf, tickText } from './ticks';

const WIDTH = 340;
const HEIGHT = 250;
const LEFT = 60;
const RIGHT = 12;
const TOP = 46;
const BOTTOM = 40;
/** A row of the legend, and how many names one holds. */
const LEGEND_ROW = 14;
const LEGEND_NAMES = 3;

interface Point {
  x: number;
  y: number;
}

function finite(series: Series): Point[] {
  return series.points
    .map(([x, y]) => ({ x: toNumber(x), y: toNumber(y) }))
    .filter(point => Number.isFinite(point.x) && Number.isFinite(point.y));
}

/** Lines with so many points have a dot at each, which tells its values. */
const MOST_DOTS = 60;

interface Range {
  low: number;
  high: number;
}

/** What an axis goes over: from 0 where that is asked for, and never over nothing. */
function range(values: number[], fromZero: boolean): Range {
  const low = values.reduce((least, value) => Math.min(least, value), fromZero ? 0 : Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), fromZero ? 0 : -Infinity);
  if (!values.length) return { low: 0, high: 1 };
  return high > low ? { low, high } : { low: fromZero ? low : low - 0.5, high: high + (fromZero ? 1 : 0.5) };
}

function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

interface LineChartProps {
  curve: Chart;
  /** Names of the places 0, 1, ... of the x axis, where they are no numbers. */
  places?: readonly string[];
  width?: number;
}

export function LineChart({ curve, places, width = WIDTH }: LineChartProps) {
  const lines = curve.series.map(series => ({ name: series.name, points: finite(series) }));
  const all = lines.flatMap(line => line.points);
  const rows = Math.max(1, Math.ceil(curve.series.length / LEGEND_NAMES));
  const top = TOP + (rows - 1) * LEGEND_ROW;
  const height = HEIGHT + (rows - 1) * LEGEND_ROW;
  const frame = { width, height, left: LEFT, right: RIGHT, top, bottom: BOTTOM };
  const fromZero = 'key' in curve; // a curve of a classifier; what goes over steps shows its change instead
  const xs = range(
    all.map(point => point.x),
    fromZero
  );
  const ys = range(
    all.map(point => point.y),
    fromZero
  );
  const x = (value: number) => LEFT + ((value - xs.low) / (xs.high - xs.low)) * (width - LEFT - RIGHT);
  const y = heightOf(frame, ys.low, ys.high);
  // Steps and candidates are counted, so that nothing is between two of them.
  const ticks = ticksOf(xs.low, xs.high).filter(value => fromZero || Number.isInteger(value));
  return (
    <svg class="hl-chart" viewBox={`0 0 ${width} ${height}`} style={{ width: `${width}px` }} role="img" aria-label={curve.title}>
      <text class="hl-chart-title" x={width / 2} y={16}>
        {short(curve.title, 50)}
      </text>
      <ValueAxis frame={frame} low={ys.low} high={ys.high} />
      {ticks.map(value => (
        <text
          key={value}
          class="hl-tick-x"
          style={places && value > 0 && value === xs.high ? { textAnchor: 'end' } : undefined}
          x={x(value)}
          y={height - BOTTOM + 13}
        >
          {places ? short(places[value] ?? '', 14) : tickText(value)}
        </text>
      ))}
      {lines.map((line, i) => (
        <polyline key={line.name} class={`hl-line-${i}`} points={line.points.map(p => `${x(p.x)},${y(p.y)}`).join(' ')}>
          <title>{line.name}</title>
        </polyline>
      ))}
      {!fromZero &&
        lines.map(
          (line, i) =>
            line.points.length <= MOST_DOTS &&
            line.points.map(point => (
              <circle key={`${line.name} ${point.x}`} class={`hl-dot-${i}`} cx={x(point.x)} cy={y(point.y)} r={2.5}>
                <title>{`${line.name}, ${places?.[point.x] ?? `${curve.x_label.toLowerCase()} ${point.x}`}: ${number(point.y)}`}</title>
              </circle>
            ))
        )}
      {lines.map((line, i) => (
        <g key={line.name} transform={`translate(${LEFT + (i % LEGEND_NAMES) * 98}, ${TOP - 12 + Math.floor(i / LEGEND_NAMES) * LEGEND_ROW})`}>
          <line class={`hl-line-${i}`} x1={0} x2={14} y1={-3} y2={-3} />
          <text class="hl-legend" x={18}>
            {short(line.name, lines.length > 1 ? 14 : 45)}
          </text>
        </g>
      ))}
      <AxisNames frame={frame} x={curve.x_label} y={short(curve.y_label, 28)} below={8} />
    </svg>
  );
}

export function ConfusionMatrix({ confusion }: { confusion: Confusion }) {
  const most = Math.max(...confusion.counts.flat(), 1);
  return (
    <table class="hl-confusion">
      <caption>Confusion matrix{confusion.source && ` (${confusion.source})`}</caption>
      <thead>
        <tr>
          <th scope="col">actual ↓ predicted →</th>
          {confusion.labels.map(label => (
            <th scope="col" key={label}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {confusion.labels.map((label, i) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {(confusion.counts[i] ?? []).map((n, j) => (
              <td key={j} style={{ '--hl-share': n / most }}>
                {number(n)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
