/** What runs have in common and what differs, in rows of one name each. Pure. */
import { metricNumber } from '../contract/decode';
import type { Chart, Fact, MetricValue, RunDetail, RunRow } from '../contract/types.gen';
import { number } from '../ui/format';
import { type Best, bestRun, finite, isHeldOut, label, type MetricKey, same, valueOf } from './ranking';

export interface Row {
  name: string;
  /** One a run; empty where it has none of that name. */
  values: string[];
  differs: boolean;
}

/** Facts of several runs side by side: names in the order in which they first occur. */
export function sideBySide(facts: readonly (readonly Fact[])[]): Row[] {
  const maps = facts.map(each => new Map(each.map(fact => [fact.name, fact.value])));
  const names = [...new Set(facts.flatMap(each => each.map(fact => fact.name)))];
  return names.map(name => {
    const values = maps.map(map => map.get(name) ?? '');
    return { name, values, differs: new Set(values).size > 1 };
  });
}

/** The columns of a data set with their types, as facts. */
export function columnFacts({ columns: { columns, rows } }: RunDetail): Fact[] {
  const name = Math.max(0, columns.indexOf('COLUMN_NAME'));
  const type = columns.indexOf('COLUMN_TYPE');
  return rows.map(row => ({ name: `Column ${row[name] ?? ''}`, value: row[type] ?? '' }));
}

/** A metric from one source across runs in the order of time: a chart with one place for each run that has it. */
export function acrossRuns(runs: readonly RunRow[], key: MetricKey): { chart: Chart; places: string[] } {
  const found = runs
    .map(run => ({ run, value: finite(run, key) }))
    .filter(each => each.value !== null)
    .sort((a, b) => (a.run.created_at < b.run.created_at ? -1 : 1));
  const points = found.map(({ value }, i): [number, number] => [i, value!]);
  const name = label(key);
  const chart = { title: `${name} across ${found.length} runs`, x_label: 'Run, oldest first', y_label: name };
  return { chart: { ...chart, series: [{ name, points }] }, places: found.map(({ run }) => run.name) };
}

/** A metric of several runs, one value a run. */
export interface MetricOfRuns {
  label: string;
  /** How far apart the values are, or why that says nothing. */
  note: string;
  values: { value: MetricValue | undefined; source: string }[];
  best: Best | null;
  isOfTraining: boolean;
}

/**
 * The metrics of several runs side by side: one row for each source, and before them one row of what counts most for
 * each run where runs differ in that. Only the chief metric has a best mark, or the first that can have one.
 */
export function metricRows(runs: readonly RunRow[], keys: readonly MetricKey[], chief: MetricKey | null): MetricOfRuns[] {
  const judged = keys.find(key => same(key, chief)) ?? keys.find(key => isHeldOut(key) && bestRun(runs, key)) ?? null;
  const names = [...new Set(keys.map(key => key.name))];
  return names.flatMap(name => {
    const its = keys.filter(key => key.name === name);
    return [...mixedRow(runs, name, its), ...its.map(key => sourceRow(runs, key, same(key, judged)))];
  });
}

function mixedRow(runs: readonly RunRow[], name: string, its: readonly MetricKey[]): MetricOfRuns[] {
  const evidence = runs.map(run => its.find(key => isHeldOut(key) && valueOf(run, key) !== undefined) ?? null);
  const sources = new Set(evidence.flatMap(key => key?.source ?? []));
  if (sources.size < 2) return [];
  const values = evidence.map((key, i) => ({ value: key ? valueOf(runs[i]!, key) : undefined, source: key?.source ?? '' }));
  return [{ label: name, note: 'different sources', values, best: null, isOfTraining: false }];
}

function sourceRow(runs: readonly RunRow[], key: MetricKey, isJudged: boolean): MetricOfRuns {
  const width = spread(runs.map(run => metricNumber(valueOf(run, key))));
  return {
    label: label(key),
    note: width ? `spread ${number(width)}` : '',
    values: runs.map(run => ({ value: valueOf(run, key), source: '' })),
    best: isJudged ? bestRun(runs, key) : null,
    isOfTraining: key.source === 'train'
  };
}

export interface NamedDetail {
  name: string;
  detail: RunDetail;
}

/** The charts of several runs laid over each other: one line a run; those of different sources stay apart. */
export function overlaid(details: readonly NamedDetail[]): Chart[] {
  const charts = new Map<string, Chart>();
  for (const { name, detail } of details) {
    for (const chart of [...detail.curves, ...detail.learning.map(ofOneSource)]) {
      const made = charts.get(chart.title) ?? { ...chart, series: [] };
      charts.set(chart.title, { ...made, series: [...made.series, ...chart.series.slice(0, 1).map(each => ({ ...each, name }))] });
    }
  }
  return [...charts.values()];
}

/** A learning curve of the source that counts most, which its title names; they come in this order. */
function ofOneSource(chart: Chart): Chart {
  const [own] = chart.series;
  return own && own.name !== chart.title ? { ...chart, title: `${chart.title} (${own.name})`, series: [own] } : chart;
}

/** The spread of a metric's values: the greatest less the smallest. */
function spread(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  return known.length > 1 ? Math.max(...known) - Math.min(...known) : null;
}
