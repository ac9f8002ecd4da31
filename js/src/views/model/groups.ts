/** Versions by model, and what is worth showing of them; pure. */
import { toNumber } from '../../contract/decode';
import type { AliasRow, ModelDetail, ModelMetric, ModelRow, VersionRow } from '../../contract/types.gen';

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

const FIRST = ['AUC', 'ACCURACY', 'KAPPA', 'MCC', 'R2', 'RMSE', 'MAE'];

/** The names of all metrics, those that people look at first in front. */
export function metricNames(versions: readonly VersionRow[]): string[] {
  const names = new Set(versions.flatMap(version => version.metrics.map(metric => metric.name)));
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

export function metricOf(version: VersionRow, name: string): ModelMetric | undefined {
  return version.metrics.find(metric => metric.name === name);
}

export interface Span {
  low: number;
  high: number;
}

/** What all versions and their intervals of a metric lie in, or null if none is a number. */
export function spanOf(versions: readonly VersionRow[], name: string): Span | null {
  const ends = versions
    .flatMap(version => {
      const metric = metricOf(version, name);
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
