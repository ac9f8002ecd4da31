/** Which rows of a table of fixed row height to draw, with a few more on either side. */
export function windowOf(scrollTop: number, height: number, rowHeight: number, count: number, extra = 6) {
  const top = Math.max(0, Math.floor(scrollTop / rowHeight));
  const bottom = Math.ceil((scrollTop + height) / rowHeight);
  const last = Math.min(count, Math.max(bottom, top) + extra);
  return { first: Math.max(0, Math.min(top, count) - extra), last };
}
