/** Which metrics there are, and which to show first. */
import { metricNumber } from '../contract/decode';
import type { RunRow } from '../contract/types.gen';

const FIRST = ['AUC', 'ACCURACY', 'KAPPA', 'MCC', 'RMSE', 'R2', 'MAE'];
const SHOWN_AT_FIRST = 3;

/** The names of all metrics of some runs, the best known first. */
export function metricNames(runs: readonly RunRow[]): string[] {
  const names = new Set(runs.flatMap(run => Object.keys(run.metrics)));
  const rank = (name: string) => (FIRST.indexOf(name) + FIRST.length + 1) % (FIRST.length + 1);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** The metrics to show before anybody has chosen: numbers about all classes. */
export function defaultMetrics(runs: readonly RunRow[]): string[] {
  return metricNames(runs)
    .filter(name => runs.some(run => metricNumber(run.metrics[name]) !== null))
    .slice(0, SHOWN_AT_FIRST);
}
