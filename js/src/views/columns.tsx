/** The columns of the table of runs. */
import { metricNumber } from '../contract/decode';
import type { RunRow } from '../contract/types.gen';
import { Elapsed } from '../ui/Elapsed';
import { duration, metric } from '../ui/format';
import { Instant } from '../ui/Instant';
import { Pill } from '../ui/Pill';
import type { Column } from '../ui/Table';

const name: Column<RunRow> = {
  key: 'name',
  label: 'Run',
  track: 'minmax(110px, 2fr)',
  least: 110,
  value: run => run.name,
  draw: run => (
    <span>
      {run.name}
      {run.attempt > 1 && <small title="Attempt of this run name"> #{run.attempt}</small>}
    </span>
  )
};

export const NAME_COLUMN = name.key;

const experiment: Column<RunRow> = {
  key: 'experiment',
  label: 'Experiment',
  track: 'minmax(90px, 1.4fr)',
  least: 90,
  value: run => run.experiment_id
};

const status: Column<RunRow> = {
  key: 'status',
  label: 'Status',
  track: '128px',
  least: 128,
  value: run => run.status,
  draw: run => <Pill word={run.status} progress={run.progress} />
};

const dataset: Column<RunRow> = {
  key: 'dataset',
  label: 'Dataset',
  track: 'minmax(80px, 1fr)',
  least: 80,
  value: run => run.dataset_name
};

const created: Column<RunRow> = {
  key: 'created',
  label: 'Created (UTC)',
  track: '112px',
  least: 112,
  value: run => run.created_at,
  draw: run => <Instant at={run.created_at} />
};

const took: Column<RunRow> = {
  key: 'duration',
  label: 'Duration',
  track: '74px',
  least: 74,
  numeric: true,
  value: run => run.duration_seconds,
  draw: run => (run.status === 'ACTIVE' ? <Elapsed since={run.created_at} /> : duration(run.duration_seconds))
};

const owner: Column<RunRow> = { key: 'owner', label: 'Owner', track: '80px', least: 80, value: run => run.owner };

const attempt: Column<RunRow> = {
  key: 'attempt',
  label: 'Attempt',
  track: '60px',
  least: 60,
  numeric: true,
  value: run => run.attempt
};

/** Columns that are no metrics, beside the name, which is always there; and whether they are shown at first. */
export const PLAIN_COLUMNS: [column: Column<RunRow>, first: boolean][] = [
  [status, true],
  [created, true],
  [took, true],
  [dataset, false],
  [experiment, false],
  [owner, false],
  [attempt, false]
];

const METRIC = 'metric ';

export function metricKey(metricName: string): string {
  return METRIC + metricName;
}

/** The metric that a column shows, or null. */
export function metricOf(key: string): string | null {
  return key.startsWith(METRIC) ? key.slice(METRIC.length) : null;
}

/** Values with a bar behind them, which begins at 0; the longest is the greatest of all runs. */
function metricColumn(metricName: string, most: number): Column<RunRow> {
  return {
    key: metricKey(metricName),
    label: metricName,
    track: '76px',
    least: 76,
    numeric: true,
    value: run => metricNumber(run.metrics[metricName]) ?? run.metrics[metricName],
    draw: run => metric(run.metrics[metricName]),
    bar: run => {
      const size = Math.abs(metricNumber(run.metrics[metricName]) ?? NaN) / most;
      return Number.isFinite(size) ? size : 0;
    }
  };
}

/** The greatest size of a metric's finite values. */
function greatest(runs: readonly RunRow[], metricName: string): number {
  let most = 0;
  for (const run of runs) {
    const size = Math.abs(metricNumber(run.metrics[metricName]) ?? NaN);
    if (size > most && size < Infinity) most = size;
  }
  return most || 1;
}

/** Things about columns as these lie until somebody moves them: the status first, then metrics, then the rest. */
export function inOrder<T extends { key: string }>(plain: readonly T[], metrics: readonly T[]): T[] {
  const isFirst = (each: T) => each.key === status.key;
  return [...plain.filter(isFirst), ...metrics, ...plain.filter(each => !isFirst(each))];
}

/** The columns of some keys, after the name. */
export function runColumns(keys: readonly string[], runs: readonly RunRow[], best: ReadonlySet<string>): Column<RunRow>[] {
  const plain = PLAIN_COLUMNS.map(([column]) => column).filter(column => keys.includes(column.key));
  const metrics = keys.flatMap(key => metricOf(key) ?? []).map(each => metricColumn(each, greatest(runs, each)));
  return [nameColumn(best), ...inOrder(plain, metrics)];
}

function nameColumn(best: ReadonlySet<string>): Column<RunRow> {
  return {
    ...name,
    draw: run => (
      <>
        {name.draw!(run)}
        {best.has(run.run_id) && (
          <span class="hl-best" title="No other run shown is better in one of the marked metrics without being worse in another">
            ★ best
          </span>
        )}
      </>
    )
  };
}
