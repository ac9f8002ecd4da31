/** The metrics of a run by source: the primary one in its title, all of them with their intervals in a table. */
import { toNumber } from '../contract/decode';
import { HELD_OUT, type MetricRow, type RunDetail } from '../contract/types.gen';
import { brief, number, whole } from '../ui/format';
import { DataTable } from '../ui/parts';

/** The primary metric from each source, what counts most first: AUC 0.777 (test, 95 % CI 0.69 to 0.85, 154 rows) | 0.861 (cv). */
export function Headline({ detail }: { detail: RunDetail }) {
  const name = detail.primary_metric || detail.metrics.find(row => row.value !== '' && Number.isFinite(Number(row.value)))?.name;
  const rows = detail.metrics.filter(row => row.name === name);
  if (!name || !rows.length) return null;
  const isMeasuredOnTraining = rows.some(row => row.source === 'train') && !rows.some(row => HELD_OUT.includes(row.source));
  return (
    <span class="hl-headline">
      {name}{' '}
      {rows.map((row, i) => (
        <span key={row.source} class={row.source === 'train' ? 'hl-dim' : ''}>
          {i > 0 && ' | '}
          <b title={row.note}>{brief(Number(row.value))}</b> ({[row.source, ...about(row)].join(', ')})
        </span>
      ))}
      {isMeasuredOnTraining && <small> no held-out value</small>}
    </span>
  );
}

function about({ low, high, rows }: MetricRow): string[] {
  return [
    ...(low === null || high === null ? [] : [`95 % CI ${brief(toNumber(low))} to ${brief(toNumber(high))}`]),
    ...(rows === null ? [] : [`${whole(rows)} rows`])
  ];
}

export function MetricTable({ metrics }: { metrics: MetricRow[] }) {
  const known = metrics.some(row => row.low !== null || row.no_interval);
  return (
    <DataTable
      head={['Metric', 'Source', 'Value', ...(known ? ['95 % interval', 'Span'] : [])]}
      rows={metrics.map(row => ({
        key: `${row.name}@${row.source}`,
        dim: row.source === 'train',
        cells: [row.name, source(row), row.value, ...(known ? [interval(row), <Whisker row={row} />] : [])]
      }))}
      numbers={[2, 3]}
      empty="No metrics are recorded."
    />
  );
}

function source({ source, rows, note }: MetricRow): string {
  return [source, ...(rows === null ? [] : [`${whole(rows)} rows`]), ...(note ? [note] : [])].join(', ');
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
