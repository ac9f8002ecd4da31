/** Where the columns of a table lie: how wide each is, what stays in sight, what has to be drawn. Pure. */

interface Sized {
  key: string;
  track: string;
  least: number;
}

export interface Placed<C> {
  column: C;
  width: number;
  left: number;
  pinned: boolean;
  /** Its place among all columns, from 0. */
  index: number;
}

const FRACTION = /([\d.]+)fr/;
const NARROWEST = 34;
/** Room between two columns, within their widths. */
export const GAP = 10;

/** Columns from left to right, pinned ones first; those that may grow share the room that is left. */
export function placeColumns<C extends Sized>(
  columns: readonly C[],
  widths: Readonly<Record<string, number>>,
  pinned: readonly string[],
  room: number
): Placed<C>[] {
  const isPinned = (column: C) => pinned.includes(column.key);
  const ordered = [...columns.filter(isPinned), ...columns.filter(column => !isPinned(column))];
  const fixed = ordered.map(column => widths[column.key] ?? column.least + GAP);
  const shares = ordered.map(column => (column.key in widths ? 0 : Number(FRACTION.exec(column.track)?.[1] ?? 0)));
  const spare = Math.max(0, room - sum(fixed));
  const all = sum(shares);
  let left = 0;
  return ordered.map((column, index) => {
    const width = fixed[index]! + (all ? Math.floor((spare * shares[index]!) / all) : 0);
    const placed = { column, width, left, pinned: isPinned(column), index };
    left += width;
    return placed;
  });
}

/** Things in an order made by hand; those that it does not name come after, as they were. */
export function arranged<T extends { key: string }>(things: readonly T[], order: readonly string[]): T[] {
  const places = new Map(order.map((key, place) => [key, place]));
  const place = (thing: T) => places.get(thing.key) ?? order.length;
  return things.toSorted((a, b) => place(a) - place(b));
}

/** The keys with one of them at the place of another. */
export function moved(keys: readonly string[], key: string, target: string): string[] {
  const to = keys.indexOf(target);
  return keys.filter(each => each !== key).toSpliced(to, 0, key);
}

/** The columns to draw: pinned ones, and those that are at least partly between two places. */
export function inSight<C>(placed: readonly Placed<C>[], left: number, width: number): Placed<C>[] {
  if (!width) return [...placed]; // not laid out yet
  return placed.filter(each => each.pinned || (each.left + each.width > left && each.left < left + width));
}

/** A width after a drag or a key, never too narrow to take hold of. */
export function resized(width: number, by: number): number {
  return Math.max(NARROWEST, Math.round(width + by));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
