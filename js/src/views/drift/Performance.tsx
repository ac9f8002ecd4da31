/** How well a classifier did over windows: what was estimated without labels, and what labels told later. */
import { toNumber } from '../../contract/decode';
import type { DriftDetail, PerformancePoint } from '../../contract/types.gen';
import { DataTable } from '../../ui/parts';
import { AxisNames, type Frame, heightOf, ValueAxis } from '../../ui/frame';
import { Verdict } from './Verdict';
import { brief, interval, windowName } from './words';

const WIDTH = 560;
const HEIGHT = 250;
const LEFT = 50;
const RIGHT = 14;
const BOTTOM = 62;
const FRAME: Frame = { width: WIDTH, height: HEIGHT, left: LEFT, right: RIGHT, top: 44, bottom: BOTTOM };

export function Performance({ detail }: { detail: DriftDetail }) {
  const metrics = [...new Set(detail.performance.map(point => point.metric))];
  return (
    <>
      <div class="hl-charts">
        {metrics.map(metric => (
          <PerformanceChart key={metric} metric={metric} points={detail.performance.filter(point => point.metric === metric)} />
        ))}
      </div>
      {detail.assumptions.length > 0 && (
        <ul class="hl-assumptions" aria-label="What the estimates rest on">
          {detail.assumptions.map(text => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <Numbers points={detail.performance} />
    </>
  );
}

interface Spot {
  at: number;
  point: PerformancePoint;
  value: number;
  low: number;
  high: number;
}

/** Where each point stands: windows in the order in which they came up, of each the newest point. */
export function spots(points: readonly PerformancePoint[]): { names: string[]; measured: Spot[]; estimated: Spot[] } {
  const names = [...new Set(points.map(windowName))];
  const of = (kind: PerformancePoint['kind']) => {
    const newest = new Map(points.filter(point => point.kind === kind).map(point => [windowName(point), point]));
    return [...newest]
      .map(([name, point]) => ({
        at: names.indexOf(name),
        point,
        value: toNumber(point.value),
        low: toNumber(point.low),
        high: toNumber(point.high)
      }))
      .filter(spot => Number.isFinite(spot.value))
      .sort((a, b) => a.at - b.at);
  };
  return { names, measured: of('measured'), estimated: of('estimated') };
}

/** Whether the rows supported an interval; where not, the reason stands in the table. */
function hasInterval(spot: Spot): boolean {
  return Number.isFinite(spot.low) && Number.isFinite(spot.high);
}

function PerformanceChart({ metric, points }: { metric: string; points: PerformancePoint[] }) {
  const { names, measured, estimated } = spots(points);
  const all = [...measured, ...estimated].flatMap(spot => [spot.value, spot.low, spot.high]).filter(Number.isFinite);
  if (!all.length) return null;
  const room = (Math.max(...all) - Math.min(...all) || 0.1) * 0.1;
  const [low, high] = [Math.min(...all) - room, Math.min(Math.max(...all) + room, Math.max(1, ...all))];
  const step = (WIDTH - LEFT - RIGHT) / names.length;
  const x = (at: number) => LEFT + step * (at + 0.5);
  const y = heightOf(FRAME, low, high);
  const line = (found: Spot[]) => found.map(spot => `${x(spot.at)},${y(spot.value)}`).join(' ');
  const bounded = estimated.filter(hasInterval);
  const band = [...bounded.map(spot => `${x(spot.at)},${y(spot.high)}`), ...bounded.map(spot => `${x(spot.at)},${y(spot.low)}`).reverse()];
  const every = Math.ceil(names.length / 12);
  const title = `${metric} over windows`;
  return (
    <svg class="hl-chart hl-performance" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
      <text class="hl-chart-title" x={WIDTH / 2} y={14}>
        {title}
      </text>
      <Legend />
      <ValueAxis frame={FRAME} low={low} high={high} />
      <polygon class="hl-band" points={band.join(' ')} />
      <polyline class="hl-estimated" points={line(estimated)} />
      {estimated.map(spot => (
        <circle key={spot.at} class="hl-estimated-dot" cx={x(spot.at)} cy={y(spot.value)} r={3.5}>
          <title>{spotText(spot)}</title>
        </circle>
      ))}
      <polyline class="hl-measured" points={line(measured)} />
      {measured.map(spot => (
        <g key={spot.at} class={spot.point.verdict === 'drift' ? 'hl-worse' : ''}>
          <title>{spotText(spot)}</title>
          {hasInterval(spot) && <path class="hl-measured-interval" d={`M${x(spot.at)} ${y(spot.low)}V${y(spot.high)}M${x(spot.at) - 4} ${y(spot.low)}h8M${x(spot.at) - 4} ${y(spot.high)}h8`} />}
          <circle class="hl-measured-dot" cx={x(spot.at)} cy={y(spot.value)} r={4} />
          {spot.point.verdict === 'drift' && (
            <text class="hl-worse-sign" x={x(spot.at) + 7} y={y(spot.value) - 6}>
              ▲
            </text>
          )}
        </g>
      ))}
      {names.map(
        (name, at) =>
          at % every === 0 && (
            <text key={name} class="hl-bin" transform={`translate(${x(at) + 3}, ${HEIGHT - BOTTOM + 14}) rotate(-25)`}>
              {name.length > 16 ? `${name.slice(0, 15)}…` : name}
            </text>
          )
      )}
      <AxisNames frame={FRAME} x="window" y={metric} below={6} />
    </svg>
  );
}

function Legend() {
  return (
    <g transform={`translate(${LEFT}, 31)`}>
      <path class="hl-measured-interval" d="M8 -10v12" />
      <circle class="hl-measured-dot" cx={8} cy={-4} r={4} />
      <text x={18}>measured, with labels</text>
      <rect class="hl-band" x={142} y={-10} width={18} height={12} />
      <line class="hl-estimated" x1={142} x2={160} y1={-4} y2={-4} />
      <text x={167}>estimated without labels</text>
      <text class="hl-worse-sign" x={306}>
        ▲
      </text>
      <text x={320}>surely worse than the margin allows</text>
    </g>
  );
}

function spotText({ point }: Spot): string {
  const change = point.change ? `; ${interval(point.change)}` : '';
  const bounds = point.low === point.high ? '' : `, 95 % interval ${brief(point.low)} to ${brief(point.high)}`;
  return `${windowName(point)}: ${point.metric} ${point.kind} as ${brief(point.value)}${bounds}${change}`;
}

function Numbers({ points }: { points: PerformancePoint[] }) {
  const rows = [...points].reverse().map((point, i) => ({
    key: `${point.check_id} ${point.metric} ${i}`,
    cells: [
      windowName(point),
      point.metric,
      point.kind,
      brief(point.value),
      point.low === point.high ? '' : `${brief(point.low)} to ${brief(point.high)}`,
      point.current_rows.toLocaleString('en'),
      point.kind === 'measured' && point.change?.minimum != null ? <Verdict word={point.verdict} /> : '',
      point.reason
    ]
  }));
  const head = ['Window', 'Metric', 'Known how', 'Value', '95 % interval', 'Rows', 'Worse?', 'Assumption or reason'];
  return <DataTable head={head} rows={rows} numbers={[3, 4, 5]} empty="" caption="As numbers, newest first" />;
}
