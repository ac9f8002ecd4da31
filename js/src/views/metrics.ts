/** Which metrics there are, and which to show first. */
import { metricNumber } from '../contract/decode';
import type { RunRow } from '../contract/types.gen';
import { direction, pareto } from '../ui/pareto';

const FIRST = ['AUC', 'ACCURACY', 'KAPPA', 'MCC', 'RMSE', 'R2', 'MAE'];
const SHOWN_AT_FIRST = 3;

/** The names of all metrics of some runs, the best known first. */
export function metricNames(runs: readonly RunRow[]): string[] {
  const names = new Set<string>();
  for (const run of runs) for (const name in run.metrics) names.add(name);
  const rank = (name: string) => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** The metrics to show before anybody has chosen: numbers about all classes. */
export function defaultMetrics(runs: readonly RunRow[], names = metricNames(runs)): string[] {
  return names
    .filter(name => runs.some(run => metricNumber(run.metrics[name]) !== null))
    .slice(0, SHOWN_AT_FIRST);
}

/** The ids of the runs that are best by some metrics, each experiment for itself; none where a run is alone. */
export function bestRuns(runs: readonly RunRow[], metrics: readonly string[]): Set<string> {
  const judged = metrics.flatMap(name => {
    const way = direction(name);
    return way ? [{ name, way }] : [];
  });
  const found = new Set<string>();
  if (!judged.length) return found;
  const groups = new Map<string, RunRow[]>();
  for (const run of runs) {
    const group = groups.get(run.experiment_id);
    if (group) group.push(run);
    else groups.set(run.experiment_id, [run]);
  }
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const points = group.map(run => judged.map(({ name }) => metricNumber(run.metrics[name])));
    for (const place of pareto(points, judged.map(({ way }) => way))) found.add(group[place]!.run_id);
  }
  return found;
}
