/** Which of several things are best: no other is better in one respect without being worse in another. Pure. */

export type Direction = 'high' | 'low';

const LOW = /RMSE|MAE|MAPE|MSE|LOSS|ERROR|NLL/;
const HIGH = /AUC|RECALL|PRECISION|F1[_-]?SCORE|SUPPORT|ACCURACY|KAPPA|MCC|^R2$|_R2$/;

/** Whether high or low values of a metric are good, by its name; null where nobody can say. */
export function direction(metric: string): Direction | null {
  const name = metric.toUpperCase();
  return LOW.test(name) ? 'low' : HIGH.test(name) ? 'high' : null;
}

/**
 * The places of the points that no other dominates. A value that is missing or no number is worse than any number;
 * points without a single number are never among the best. Equal points are both best or both not.
 */
export function pareto(points: readonly (readonly (number | null)[])[], directions: readonly Direction[]): number[] {
  const costs = points
    .map((point, place) => ({ place, cost: point.map((value, i) => cost(value, directions[i]!)) }))
    .filter(each => each.cost.some(value => value < Infinity));
  // Sorted so, whoever dominates a point comes before it.
  costs.sort((a, b) => order(a.cost, b.cost));
  const front: number[][] = [];
  const best: number[] = [];
  for (const { place, cost } of costs) {
    if (front.some(other => dominates(other, cost))) continue;
    front.push(cost);
    best.push(place);
  }
  return best.sort((a, b) => a - b);
}

function cost(value: number | null, way: Direction): number {
  if (value === null || Number.isNaN(value)) return Infinity;
  return way === 'low' ? value : -value;
}

function order(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  return 0;
}

function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) return false;
    if (a[i]! < b[i]!) better = true;
  }
  return better;
}
