/** Which rows of a table of fixed row height to draw, with a few more on either side. */
export function windowOf(scrollTop: number, height: number, rowHeight: number, count: number, extra = 6) {
  const top = Math.max(0, Math.floor(scrollTop / rowHeight));
  const bottom = Math.ceil((scrollTop + height) / rowHeight);
  const last = Math.min(count, Math.max(bottom, top) + extra);
  return { first: Math.max(0, Math.min(top, count) - extra), last };
}

/** The height (px) of a table of few rows, heading included: no higher than they need, and for at most six. */
export function listHeight(rows: number): number {
  return 30 + 26 * Math.min(6, Math.max(2, rows));
}
