/** What runs have in common and what differs, in rows of one name each. Pure. */
import { metricNumber, toNumber } from '../contract/decode';
import type { Chart, Fact, RunDetail, RunRow, Series } from '../contract/types.gen';
import { direction } from '../ui/pareto';

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

/** One metric over runs in the order of time, as a chart with one place for each run that has it. */
export function overTime(runs: readonly RunRow[], metric: string): { chart: Chart; places: string[] } {
  const found = runs
    .map(run => ({ run, value: metricNumber(run.metrics[metric]) }))
    .filter(each => each.value !== null && Number.isFinite(each.value))
    .sort((a, b) => (a.run.created_at < b.run.created_at ? -1 : 1));
  const points = found.map(({ value }, i): [number, number] => [i, value!]);
  const chart = { title: `${metric} over ${found.length} runs`, x_label: 'Run, oldest first', y_label: metric };
  return { chart: { ...chart, series: [{ name: metric, points }] }, places: found.map(({ run }) => run.name) };
}

export interface NamedDetail {
  name: string;
  detail: RunDetail;
}

/** The charts of several runs laid over each other, by title: one line a run of what is of the run itself. */
export function overlaid(details: readonly NamedDetail[]): Chart[] {
  const charts = new Map<string, Chart>();
  for (const { name, detail } of details) {
    for (const chart of [...detail.curves, ...detail.learning]) {
      const key = chart.title;
      const made = charts.get(key) ?? { ...chart, series: [] };
      charts.set(key, { ...made, series: [...made.series, ...itsOwn(chart).map(each => ({ ...each, name }))] });
    }
  }
  return [...charts.values()];
}

/** Of a chart with chance and perfection the model; of training and validation the latter. */
function itsOwn(chart: Chart): Series[] {
  const validation = chart.series.find(each => each.name === 'validation');
  const own = validation ?? chart.series[0];
  return own ? [own] : [];
}

/** The places of the best values of a metric; none where nobody can say which way is good, or all are the same. */
export function bestOf(metric: string, values: readonly (number | null)[]): Set<number> {
  const way = direction(metric);
  const finite = values.filter((value): value is number => value !== null && !Number.isNaN(value));
  if (!way || new Set(finite).size < 2) return new Set();
  const best = way === 'low' ? Math.min(...finite) : Math.max(...finite);
  return new Set(values.flatMap((value, i) => (value === best ? i : [])));
}

/** The spread of a metric's values as text: the greatest less the smallest. */
export function spread(values: readonly (number | null)[]): number | null {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(toNumber(value as never)));
  return finite.length > 1 ? Math.max(...finite) - Math.min(...finite) : null;
}
