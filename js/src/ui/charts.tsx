/** Small charts drawn as SVG, for places without bqplot. */
import { toNumber } from '../contract/decode';
import type { Confusion, Curve, Series } from '../contract/types.gen';
import { number } from './format';

const WIDTH = 340;
const HEIGHT = 250;
const LEFT = 46;
const RIGHT = 12;
const TOP = 46;
const BOTTOM = 40;

interface Point {
  x: number;
  y: number;
}

function finite(series: Series): Point[] {
  return series.points
    .map(([x, y]) => ({ x: toNumber(x), y: toNumber(y) }))
    .filter(point => Number.isFinite(point.x) && Number.isFinite(point.y));
}

export function LineChart({ curve }: { curve: Curve }) {
  const lines = curve.series.map(series => ({ name: series.name, points: finite(series) }));
  const all = lines.flatMap(line => line.points);
  const most = (of: (point: Point) => number) => all.reduce((max, point) => Math.max(max, of(point)), 0) || 1;
  const [xMost, yMost] = [most(point => point.x), most(point => point.y)];
  const x = (value: number) => LEFT + (value / xMost) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / yMost) * (HEIGHT - TOP - BOTTOM);
  return (
    <svg class="hl-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={curve.title}>
      <text class="hl-chart-title" x={WIDTH / 2} y={16}>
        {curve.title}
      </text>
      {[0, 0.25, 0.5, 0.75, 1].map(share => (
        <g key={share}>
          <line class="hl-gridline" x1={LEFT} x2={WIDTH - RIGHT} y1={y(share * yMost)} y2={y(share * yMost)} />
          <text class="hl-tick-y" x={LEFT - 5} y={y(share * yMost) + 3}>
            {+(share * yMost).toPrecision(3)}
          </text>
          <text class="hl-tick-x" x={x(share * xMost)} y={HEIGHT - BOTTOM + 13}>
            {+(share * xMost).toPrecision(3)}
          </text>
        </g>
      ))}
      {lines.map((line, i) => (
        <polyline key={line.name} class={`hl-line-${i}`} points={line.points.map(p => `${x(p.x)},${y(p.y)}`).join(' ')}>
          <title>{line.name}</title>
        </polyline>
      ))}
      {lines.map((line, i) => (
        <g key={line.name} transform={`translate(${LEFT + i * 98}, ${TOP - 12})`}>
          <line class={`hl-line-${i}`} x1={0} x2={14} y1={-3} y2={-3} />
          <text class="hl-legend" x={18}>
            {line.name}
          </text>
        </g>
      ))}
      <text class="hl-axis" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 8}>
        {curve.x_label}
      </text>
      <text class="hl-axis" transform={`translate(11, ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`}>
        {curve.y_label}
      </text>
    </svg>
  );
}

export function ConfusionMatrix({ confusion }: { confusion: Confusion }) {
  const most = Math.max(...confusion.counts.flat(), 1);
  return (
    <table class="hl-confusion">
      <caption>Confusion matrix</caption>
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
