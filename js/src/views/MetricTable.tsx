/** The metrics of a run with their intervals, as numbers and as bars between them. */
import { toNumber } from '../contract/decode';
import type { MetricRow } from '../contract/types.gen';
import { number } from '../ui/format';
import { DataTable } from '../ui/parts';

export function MetricTable({ metrics }: { metrics: MetricRow[] }) {
  const known = metrics.some(row => row.low !== null || row.no_interval);
  return (
    <DataTable
      head={['Metric', 'Value', ...(known ? ['95 % interval', 'Span'] : [])]}
      rows={metrics.map(row => ({
        key: row.name,
        cells: [row.name, row.value, ...(known ? [interval(row), <Whisker row={row} />] : [])]
      }))}
      numbers={[1, 2]}
      empty="No metrics are recorded."
    />
  );
}

function interval({ low, high, no_interval }: MetricRow): string {
  if (low === null || high === null) return no_interval && `no interval: ${no_interval}`;
  return `${number(toNumber(low))} to ${number(toNumber(high))}`;
}

const WIDTH = 150;

/** The interval and the value in it, between 0 and 1 or as wide as it takes. */
function Whisker({ row }: { row: MetricRow }) {
  if (row.low === null || row.high === null) return null;
  const [low, value, high] = [toNumber(row.low), Number(row.value), toNumber(row.high)];
  if (![low, value, high].every(Number.isFinite)) return null;
  const least = Math.min(0, low);
  const most = Math.max(1, high);
  const x = (at: number) => 4 + ((at - least) / (most - least)) * (WIDTH - 8);
  return (
    <svg class="hl-whisker" viewBox={`0 0 ${WIDTH} 16`} aria-hidden="true">
      <line class="hl-gridline" x1={4} x2={WIDTH - 4} y1={8} y2={8} />
      <line class="hl-line-0" x1={x(low)} x2={x(high)} y1={8} y2={8} />
      <circle cx={x(value)} cy={8} r={3.5} />
    </svg>
  );
}
