/**
 * Which metric ranks runs, which run is best by it, and which metrics a table shows first. Pure.
 *
 * Only held-out values rank runs, and values of different sources are never compared. Pages without script have the
 * same from `hanalife/views/ranking.py`; one golden file tests both.
 */
import { metricNumber } from '../contract/decode';
import {
  type ExperimentRow,
  HELD_OUT,
  HIGHER_IS_BETTER,
  LOWER_IS_BETTER,
  type MetricSourceWord,
  type MetricValue,
  type RunRow,
  SOURCES
} from '../contract/types.gen';
import { whole } from '../ui/format';

/** What has metrics: a run, or a version of a model. */
export type Measured = Pick<RunRow, 'metrics' | 'search_metric'>;

export interface MetricKey {
  name: string;
  source: MetricSourceWord;
}

export type Direction = 'higher' | 'lower';

const WELL_KNOWN = ['AUC', 'ACCURACY', 'KAPPA', 'MCC', 'R2', 'RMSE', 'MAE'];
const MOST_AT_FIRST = 3;
const OF_CLASSES = /^(RECALL|PRECISION|F1_SCORE)_/;
const LOWER = new Set(LOWER_IS_BETTER);
const HIGHER = new Set(HIGHER_IS_BETTER);

/** Which values of a metric are better, as its name tells; null if it does not. */
export function direction(name: string): Direction | null {
  const parts: string[] = name.toLowerCase().match(/[a-z]+[0-9]*/g) ?? [];
  if (name.endsWith('.VAR')) return null;
  if (parts.includes('neg') || OF_CLASSES.test(name)) return 'higher';
  const part = parts.findLast(each => LOWER.has(each) || HIGHER.has(each));
  return part === undefined ? null : LOWER.has(part) ? 'lower' : 'higher';
}

/** A metric as searches write it: AUC@test. */
export function keyText({ name, source }: MetricKey): string {
  return `${name}@${source}`;
}

/** The metric of a text such as AUC@test; the source is null where the text has none. */
export function keyOf(text: string): { name: string; source: MetricSourceWord | null } {
  const at = text.lastIndexOf('@');
  const source = SOURCES.find(each => each === text.slice(at + 1));
  return at > 0 && source ? { name: text.slice(0, at), source } : { name: text, source: null };
}

/** A metric in a sentence: AUC (test). */
export function label({ name, source }: MetricKey): string {
  return `${name} (${source})`;
}

/** A metric as the head of a column: AUC test. */
export function title({ name, source }: MetricKey): string {
  return `${name} ${source}`;
}

export function same(a: MetricKey | null, b: MetricKey | null): boolean {
  return a?.name === b?.name && a?.source === b?.source;
}

export function isHeldOut({ source }: MetricKey): boolean {
  return HELD_OUT.includes(source);
}

/** What a run has recorded of a metric from one source. */
export function valueOf(run: Measured, { name, source }: MetricKey): MetricValue | undefined {
  return run.metrics[source]?.[name];
}

/** The value if it is a finite number, else null. */
export function finite(run: RunRow, key: MetricKey): number | null {
  const value = metricNumber(valueOf(run, key));
  return value !== null && Number.isFinite(value) ? value : null;
}

/** What is recorded of some runs. */
export interface Summary {
  /** All metrics in the order of columns, with the number of runs that have a finite value; texts are no numbers. */
  keys: { key: MetricKey; runs: number; isNumber: boolean }[];
  /** Metrics that searches went by. */
  searched: ReadonlySet<string>;
}

const summaries = new WeakMap<readonly Measured[], Summary>();

/** Of a list that is asked for again the former answer: of ten thousand runs it takes a while. */
export function summary(runs: readonly Measured[]): Summary {
  const known = summaries.get(runs) ?? summaryOf(runs);
  summaries.set(runs, known);
  return known;
}

function summaryOf(runs: readonly Measured[]): Summary {
  const bySource = SOURCES.map(source => ({ source, names: new Map<string, Summary['keys'][number]>() }));
  const searched = new Set<string>();
  for (const run of runs) {
    if (run.search_metric) searched.add(run.search_metric);
    for (const { source, names } of bySource) {
      const values = run.metrics[source];
      for (const name in values) {
        let counted = names.get(name);
        if (!counted) names.set(name, (counted = { key: { name, source }, runs: 0, isNumber: false }));
        if (Number.isFinite(values[name])) counted.runs += 1;
        counted.isNumber ||= metricNumber(values[name]) !== null;
      }
    }
  }
  const keys = bySource.flatMap(({ names }) => [...names.values()]);
  keys.sort((a, b) => Number(isOfTraining(a.key)) - Number(isOfTraining(b.key)) || byRank(a.key, b.key));
  return { keys, searched };
}

function isOfTraining({ source }: MetricKey): boolean {
  return source === 'train';
}

function byRank(a: MetricKey, b: MetricKey): number {
  const known = (name: string) => (WELL_KNOWN.indexOf(name) + WELL_KNOWN.length + 1) % (WELL_KNOWN.length + 1);
  if (a.name !== b.name) return known(a.name) - known(b.name) || (a.name < b.name ? -1 : 1);
  return SOURCES.indexOf(a.source) - SOURCES.indexOf(b.source);
}

/**
 * The metric that an experiment's runs are ranked by: the stored one, else the evaluation metric of a search, else the
 * best-known with held-out values; of several sources the strongest that at least two runs have.
 */
export function primary(stored: string, { keys, searched }: Summary): MetricKey | null {
  const counted = keys.filter(each => each.runs > 0 && !isOfTraining(each.key));
  if (stored) {
    const { name, source } = keyOf(stored);
    if (source) return source === 'train' ? null : { name, source };
    return strongest(counted.filter(each => each.key.name === name))?.key ?? null;
  }
  const ranked = counted.filter(each => isHeldOut(each.key) && direction(each.key.name));
  const evaluated = strongest(ranked.filter(each => searched.has(each.key.name)));
  return (evaluated && evaluated.runs > 1 ? evaluated : strongest(ranked))?.key ?? null;
}

function strongest(keys: Summary['keys']): Summary['keys'][number] | null {
  return keys.find(each => each.runs > 1) ?? keys[0] ?? null; // they come by rank
}

/** The metric that runs of one or several experiments are ranked by; null if these differ in it. */
export function primaryOf(experiments: readonly ExperimentRow[], runs: readonly RunRow[]): MetricKey | null {
  const stored = new Map(experiments.map(each => [each.experiment_id, each.primary_metric]));
  const groups = new Map<string, RunRow[]>();
  for (const run of runs) {
    const group = groups.get(run.experiment_id);
    if (group) group.push(run);
    else groups.set(run.experiment_id, [run]);
  }
  const [first] = groups.keys();
  if (groups.size === 1) return primary(stored.get(first!) ?? '', summary(runs));
  const metrics = [...groups].map(([id, its]) => primary(stored.get(id) ?? '', summary(its)));
  return metrics.length && metrics.every(each => same(each, metrics[0]!)) ? metrics[0]! : null;
}

/**
 * The metrics to show first: the chief one in all its held-out sources, then others, each from its strongest held-out
 * source, then those of unknown rows. Training values are shown only where there are no others.
 */
export function firstColumns({ keys }: Summary, chief: MetricKey | null): MetricKey[] {
  const ordered = keys.filter(each => each.isNumber).map(each => each.key);
  const held = ordered.filter(isHeldOut);
  const preferred = [
    ...(chief ? [chief] : []),
    ...held.filter(key => key.name === chief?.name),
    ...held.filter(key => held.find(each => each.name === key.name) === key),
    ...ordered.filter(key => !isHeldOut(key) && !isOfTraining(key))
  ];
  const all = preferred.length ? preferred : ordered;
  return all.filter((key, i) => all.findIndex(each => same(each, key)) === i).slice(0, MOST_AT_FIRST);
}

/** The best run of a set, and a text that names metric, source, direction and set. */
export interface Best {
  key: MetricKey;
  run_id: string;
  text: string;
}

/**
 * The best of some runs by one metric from one source, of equals the oldest; null if the values are of training rows,
 * nobody can say which are better, fewer than two runs have a finite value, or all of them have the same.
 */
export function bestRun(runs: readonly RunRow[], key: MetricKey): Best | null {
  const way = direction(key.name);
  if (!way || isOfTraining(key)) return null;
  const pairs = runs.flatMap(run => {
    const value = finite(run, key);
    return value === null ? [] : { run, value };
  });
  if (new Set(pairs.map(each => each.value)).size < 2) return null;
  const top = pairs.reduce((most, { value }) => (way === 'lower' ? Math.min(most, value) : Math.max(most, value)), pairs[0]!.value);
  const equals = pairs.filter(each => each.value === top).map(each => each.run);
  const oldest = equals.reduce((first, run) => (isBefore(run, first) ? run : first));
  const experiments = new Set(pairs.map(each => each.run.experiment_id)).size;
  const missing = runs.length - pairs.length;
  const text = [
    `${way === 'lower' ? 'lowest' : 'highest'} ${label(key)} of ${whole(pairs.length)} runs`,
    experiments > 1 ? ` of ${whole(experiments)} experiments` : '',
    equals.length > 1 ? `, the oldest of ${whole(equals.length)} with this value` : '',
    missing ? `; ${whole(missing)} without it not compared` : ''
  ];
  return { key, run_id: oldest.run_id, text: text.join('') };
}

function isBefore(a: RunRow, b: RunRow): boolean {
  return a.created_at === b.created_at ? a.run_id < b.run_id : a.created_at < b.created_at;
}

/** The one best mark of a table: by the metric that it is sorted by, else by the primary metric. */
export function bestMark(runs: readonly RunRow[], sorted: MetricKey | null, chief: MetricKey | null): Best | null {
  return (sorted && bestRun(runs, sorted)) ?? (chief && bestRun(runs, chief));
}
