import { expect, test } from 'vitest';
import { axisOf } from '../src/ui/parallel';
import { arranged, inSight, moved, placeColumns, resized } from '../src/ui/layout';

const column = (key: string, track: string, least = 100) => ({ key, track, least });

test('spare room goes to the columns that may grow, pinned ones come first', () => {
  const columns = [column('a', 'minmax(100px, 2fr)'), column('b', '100px'), column('c', 'minmax(100px, 1fr)')];
  const placed = placeColumns(columns, { b: 50 }, ['c'], 570);
  expect(placed.map(each => [each.column.key, each.left, each.width, each.pinned])).toEqual([
    ['c', 0, 210, true],
    ['a', 210, 310, false],
    ['b', 520, 50, false]
  ]);
  expect(placeColumns(columns, {}, [], 10).map(each => each.width)).toEqual([110, 110, 110]);
});

test('of many columns those in sight are drawn, and the pinned ones', () => {
  const columns = [...Array(300).keys()].map(i => column(`m${i}`, '90px', 90));
  const placed = placeColumns(columns, {}, ['m7'], 500);
  expect(inSight(placed, 10_050, 500).map(each => each.column.key)).toEqual(['m7', 'm100', 'm101', 'm102', 'm103', 'm104', 'm105']);
  expect(inSight(placed, 0, 0)).toHaveLength(300); // not laid out yet
});

test('a column takes the place of another, and what nobody moved stays behind as it was', () => {
  expect(moved(['a', 'b', 'c', 'd'], 'b', 'd')).toEqual(['a', 'c', 'd', 'b']);
  expect(moved(['a', 'b', 'c', 'd'], 'd', 'b')).toEqual(['a', 'd', 'b', 'c']);
  expect(moved(['a', 'b'], 'a', 'a')).toEqual(['a', 'b']);
  const things = ['a', 'b', 'new', 'c'].map(key => ({ key }));
  expect(arranged(things, ['c', 'gone', 'a', 'b']).map(each => each.key)).toEqual(['c', 'a', 'b', 'new']);
  expect(arranged(things, []).map(each => each.key)).toEqual(['a', 'b', 'new', 'c']);
});

test('no column gets too narrow to take hold of', () => {
  expect(resized(40, -500)).toBe(34);
  expect(resized(40, 7.4)).toBe(47);
});

test('an axis goes by size, by the order of size, or by text; one without a difference is none', () => {
  expect(axisOf('depth', [2, 6, 4], String)!.place(4)).toBe(0.5);
  expect(axisOf('rate', [0.001, 0.1, 0.01], String)!.place(0.01)).toBeCloseTo(0.5);
  const solver = axisOf('solver', ['sgd', 'lbfgs', 'sgd'], String)!;
  expect([solver.place('lbfgs'), solver.place('sgd'), solver.place(undefined)]).toEqual([0, 1, null]);
  expect(axisOf('same', [1, 1, undefined], String)).toBeNull();
});
