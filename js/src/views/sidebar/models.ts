/** Versions gathered by the name of their model: pure. */
import type { ModelRow } from '../../contract/types.gen';
import { byRank } from '../model/groups';

export interface ModelGroup {
  name: string;
  /** The newest first. */
  versions: ModelRow[];
  /** Each with the version that it names; the champion first. */
  aliases: [alias: string, version: number][];
}

export function groups(rows: readonly ModelRow[]): ModelGroup[] {
  const byName = new Map<string, ModelRow[]>();
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
  return [...byName].map(([name, versions]) => ({
    name,
    versions: versions.toSorted((a, b) => b.version - a.version),
    aliases: versions
      .flatMap(row => row.aliases.map((alias): [string, number] => [alias, row.version]))
      .sort(([a], [b]) => byRank(a, b))
  }));
}

export function modelText(model: ModelGroup): string {
  const kinds = new Set(model.versions.map(row => row.kind));
  return [model.name, ...kinds, ...model.aliases.map(([alias]) => alias)].join(' ');
}
