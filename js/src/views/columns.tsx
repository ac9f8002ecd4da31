/** The columns of the table of runs. */
import type { ComponentChildren } from 'preact';
import { metricNumber } from '../contract/decode';
import type { RunRow } from '../contract/types.gen';
import { Elapsed } from '../ui/Elapsed';
import { duration, metric } from '../ui/format';
import { Instant } from '../ui/Instant';
import { Pill } from '../ui/Pill';
import type { Column } from '../ui/Table';
import { type Best, keyOf, keyText, type MetricKey, same, title, valueOf } from './ranking';

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

export function columnKey(metricKey: MetricKey): string {
  return METRIC + keyText(metricKey);
}

/** The metric that a column shows, or null. */
export function metricOf(key: string): MetricKey | null {
  if (!key.startsWith(METRIC)) return null;
  const { name, source } = keyOf(key.slice(METRIC.length));
  return source && { name, source };
}

/** Keys of columns as they are now: a view that was saved before metrics had sources names no source. */
export function withSources(keys: readonly string[], known: readonly MetricKey[]): string[] {
  return keys.flatMap(key => {
    if (!key.startsWith(METRIC) || metricOf(key)) return key;
    const found = known.find(each => key === METRIC + each.name);
    return found ? columnKey(found) : [];
  });
}

/** So wide that most titles are seen whole. */
function widthOf(label: string): number {
  return Math.min(124, Math.max(76, Math.ceil(7.4 * label.length) + 12));
}

/** The metric of one source. Values of training rows are dimmed; others have a bar from 0 behind them. */
function metricColumn(key: MetricKey, runs: readonly RunRow[]): Column<RunRow> {
  const label = title(key);
  const column: Column<RunRow> = {
    key: columnKey(key),
    label,
    track: `${widthOf(label)}px`,
    least: widthOf(label),
    numeric: true,
    value: run => metricNumber(valueOf(run, key)) ?? valueOf(run, key),
    draw: run => metric(valueOf(run, key))
  };
  if (key.source === 'train') return { ...column, dim: true };
  const most = greatest(runs, key);
  const bar = (run: RunRow) => {
    const size = Math.abs(metricNumber(valueOf(run, key)) ?? NaN) / most;
    return Number.isFinite(size) ? size : 0;
  };
  return { ...column, bar };
}

/** The greatest size of a metric's finite values; the longest bar. */
function greatest(runs: readonly RunRow[], key: MetricKey): number {
  let most = 0;
  for (const run of runs) {
    const size = Math.abs(metricNumber(valueOf(run, key)) ?? NaN);
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
export function runColumns(keys: readonly string[], runs: readonly RunRow[]): Column<RunRow>[] {
  const plain = PLAIN_COLUMNS.map(([column]) => column).filter(column => keys.includes(column.key));
  const metrics = keys.flatMap(key => metricOf(key) ?? []).map(each => metricColumn(each, runs));
  return [name, ...inOrder(plain, metrics)];
}

/** The columns with a star at the best run, in the column of the metric that it is best by. */
export function withBest(columns: readonly Column<RunRow>[], best: Best | null): Column<RunRow>[] {
  return columns.map(column => (best && same(metricOf(column.key), best.key) ? marked(column, best) : column));
}

export function marked(column: Column<RunRow>, { run_id, text }: Best): Column<RunRow> {
  return { ...column, draw: run => (run.run_id === run_id ? <BestValue text={text}>{column.draw!(run)}</BestValue> : column.draw!(run)) };
}

export function BestValue({ text, children }: { text: string; children: ComponentChildren }) {
  return (
    <>
      <span class="hl-best" role="img" title={text} aria-label={text}>
        ★
      </span>
      {children}
    </>
  );
}
