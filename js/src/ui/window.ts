/** Rows drawn beyond what is in sight, on either side. */
export const EXTRA = 6;

/** The nearest of the places a step apart, which stays the same while one scrolls half a step to either side. */
export function nearest(place: number, step: number): number {
  return Math.round(place / step) * step;
}

/** The rows to draw where a height is in sight: those that it has room for, and a few more on either side. */
export function mostRows(height: number, rowHeight: number): number {
  return Math.ceil(height / rowHeight) + 1 + 2 * EXTRA;
}

/** Which rows of a table of fixed row height to draw: always as many, unless there are fewer. */
export function windowOf(scrollTop: number, most: number, rowHeight: number, count: number) {
  const wanted = Math.floor(scrollTop / rowHeight) - EXTRA;
  const first = Math.max(0, Math.min(wanted, count - most));
  return { first, last: Math.min(count, first + most) };
}

/**
 * The rows of a window in an order in which each keeps its place among `places` elements while the window moves: a row
 * that comes takes the place of one that goes.
 */
export function inPlaces(first: number, last: number, places: number): number[] {
  const turn = first + ((places - (first % places)) % places); // the first row of the next round
  const rows = Array.from({ length: last - first }, (_, i) => first + i);
  return [...rows.filter(row => row >= turn), ...rows.filter(row => row < turn)];
}
