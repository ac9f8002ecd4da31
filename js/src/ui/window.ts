/** Rows drawn beyond what is in sight, on either side. */
export const EXTRA = 6;

/** The nearest of the places a step apart, which stays the same while one scrolls half a step to either side. */
export function nearest(place: number, step: number): number {
  return Math.round(place / step) * step;
}

/** Which rows of a table of fixed row height to draw, with a few more on either side. */
export function windowOf(scrollTop: number, height: number, rowHeight: number, count: number) {
  const top = Math.max(0, Math.floor(scrollTop / rowHeight));
  const bottom = Math.ceil((scrollTop + height) / rowHeight);
  const last = Math.min(count, Math.max(bottom, top) + EXTRA);
  return { first: Math.max(0, Math.min(top, count) - EXTRA), last };
}

/** The most rows that a window of a height ever has. */
export function mostRows(height: number, rowHeight: number): number {
  return Math.ceil(height / rowHeight) + 1 + 2 * EXTRA;
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
