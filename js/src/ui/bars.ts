/**
 * Bars behind the values of a row, as backgrounds of the row itself: one style to work out instead of one for each
 * cell, which is most of the time that scrolling takes. A pinned cell covers the row and has its bar for itself. Pure.
 */
import type { Placed } from './layout';

const BAR = 'linear-gradient(var(--hl-barred) 0 0)';
const MARGIN = 5;
const TOP = 4;
const HEIGHT = 17;

interface Barred<Row> {
  bar?(row: Row): number;
}

/** The backgrounds of a row. */
export function barsOf<Row>(placed: readonly Placed<Barred<Row>>[], row: Row, before: number) {
  const barred = placed.filter(each => each.column.bar && !each.pinned);
  return {
    backgroundImage: barred.map(() => BAR).join(),
    backgroundPosition: barred.map(each => `${before + each.left + MARGIN}px ${TOP}px`).join(),
    backgroundSize: barred.map(each => size(each, row)).join()
  };
}

/** The background of a pinned cell. */
export function barOf<Row>(each: Placed<Barred<Row>>, row: Row) {
  return each.pinned && each.column.bar
    ? { backgroundImage: BAR, backgroundPosition: `${MARGIN}px ${TOP}px`, backgroundSize: size(each, row) }
    : {};
}

function size<Row>({ column, width }: Placed<Barred<Row>>, row: Row): string {
  return `${(width - 2 * MARGIN) * column.bar!(row)}px ${HEIGHT}px`;
}
