/** Versions by model, and what is worth showing of them; pure. */
import { toNumber } from '../../contract/decode';
import type { AliasRow, ModelDetail, ModelMetric, ModelRow, VersionRow } from '../../contract/types.gen';
import { firstColumns, isHeldOut, type Measured, type MetricKey, primary, same, summary } from '../ranking';

export interface ModelGroup {
  name: string;
  newest: ModelRow;
  versions: number;
  aliases: { alias: string; version: number }[];
}

/** One row for each model; its versions come in the order of their numbers. */
export function groups(rows: readonly ModelRow[]): ModelGroup[] {
  const found = new Map<string, ModelGroup>();
  for (const row of rows) {
    const aliases = row.aliases.map(alias => ({ alias, version: row.version }));
    const known = found.get(row.name);
    if (!known) found.set(row.name, { name: row.name, newest: row, versions: 1, aliases });
    else {
      known.versions += 1;
      known.aliases.push(...aliases);
      if (row.version > known.newest.version) known.newest = row;
    }
  }
  for (const group of found.values()) group.aliases.sort((a, b) => byRank(a.alias, b.alias));
  return [...found.values()];
}

/** The champion first, the others by name. */
export function byRank(a: string, b: string): number {
  return Number(b === 'champion') - Number(a === 'champion') || a.localeCompare(b);
}

export function aliasesOf(detail: ModelDetail): AliasRow[] {
  return [...detail.aliases].sort((a, b) => byRank(a.alias, b.alias));
}

export function groupText(group: ModelGroup): string {
  return `${group.name} ${group.newest.kind} ${group.aliases.map(each => each.alias).join(' ')}`;
}

/** All metrics of some versions by source: held-out values first, those of training last. */
export function metricKeys(versions: readonly VersionRow[]): MetricKey[] {
  return summary(versions.map(measured)).keys.map(each => each.key);
}

/** The metrics to show beside an offer to promote: held-out values only. */
export function evidenceKeys(versions: readonly VersionRow[]): MetricKey[] {
  const all = summary(versions.map(measured));
  return firstColumns(all, primary('', all)).filter(isHeldOut);
}

function measured({ metrics }: VersionRow): Measured {
  const bySource: Measured['metrics'] = {};
  for (const { name, source, value } of metrics) (bySource[source] ??= {})[name] = value;
  return { metrics: bySource, search_metric: '' };
}

export function metricOf(version: VersionRow, key: MetricKey): ModelMetric | undefined {
  return version.metrics.find(metric => same(metric, key));
}

/** The held-out value of a version that counts most: of the metric that ranks these versions, else of another. */
export function evidenceOf(version: VersionRow, versions: readonly VersionRow[]): ModelMetric | null {
  const [chief] = evidenceKeys(versions);
  const held = version.metrics.filter(isHeldOut);
  const keys = metricKeys([version]).filter(isHeldOut);
  const best = keys.find(key => key.name === chief?.name) ?? keys[0];
  return (best && held.find(metric => same(metric, best))) ?? null;
}

export interface Span {
  low: number;
  high: number;
}

/** What all versions and their intervals of a metric lie in, or null if none is a number. */
export function spanOf(versions: readonly VersionRow[], key: MetricKey): Span | null {
  const ends = versions
    .flatMap(version => {
      const metric = metricOf(version, key);
      return metric ? [metric.value, metric.low, metric.high] : [];
    })
    .flatMap(value => (value === null ? [] : [toNumber(value)]))
    .filter(Number.isFinite);
  if (!ends.length) return null;
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  return high > low ? { low, high } : { low: low - 0.5, high: high + 0.5 };
}

/** What is compared while nobody has ticked anything: the champion, or the version before, and the newest. */
export function toCompare(detail: ModelDetail, ticked: ReadonlySet<number>): number[] {
  const stored = detail.versions.map(each => each.version).sort((a, b) => a - b);
  const chosen = stored.filter(version => ticked.has(version));
  if (chosen.length) return chosen.slice(-8);
  const champion = detail.aliases.find(each => each.alias === 'champion')?.version;
  const newest = stored.at(-1);
  const other = champion && champion !== newest ? champion : stored.at(-2);
  return [other, newest].filter(each => each !== undefined).sort((a, b) => a - b);
}

export interface Move {
  since: string;
  version: number | null;
  by: string;
  note: string;
}

/** What an alias named from when on, the oldest first. */
export function courseOf(detail: ModelDetail, alias: string): Move[] {
  return detail.history
    .filter(event => event.alias === alias && ['MOVED', 'ROLLED_BACK', 'REMOVED'].includes(event.event))
    .map(event => ({ since: event.happened_at, version: event.version, by: event.happened_by, note: event.note }))
    .reverse();
}
