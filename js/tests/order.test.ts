import { expect, test } from 'vitest';
import { compareCells, filterRows, sortRows } from '../src/ui/order';
import { count, duration, metric, moment, number, shortMoment } from '../src/ui/format';
import { EXTRA, inPlaces, mostRows, nearest, windowOf } from '../src/ui/window';

test('what is missing comes last in either direction', () => {
  const cells = [0.5, null, NaN, -1, undefined, 2];
  expect(sortRows(cells, cell => cell, false).slice(0, 3)).toEqual([-1, 0.5, 2]);
  expect(sortRows(cells, cell => cell, true).slice(0, 3)).toEqual([2, 0.5, -1]);
});

test('infinities are ordered, numbers come before texts, digits count as numbers', () => {
  expect(sortRows([Infinity, 1, -Infinity], cell => cell, false)).toEqual([-Infinity, 1, Infinity]);
  expect(compareCells(7, 'a')).toBeLessThan(0);
  expect(sortRows(['run 10', 'run 9'], cell => cell, false)).toEqual(['run 9', 'run 10']);
});

test('equal rows keep their order in either direction', () => {
  const rows = [...Array(50).keys()].map(i => ({ i, same: 1 }));
  for (const descending of [false, true]) {
    expect(sortRows(rows, row => row.same, descending).map(row => row.i)).toEqual(rows.map(row => row.i));
  }
});

test('every word must occur, in any case and order', () => {
  const rows = ['Week 1 DIABETES', 'Week 2 churn'];
  expect(filterRows(rows, 'diab week', row => row)).toEqual(['Week 1 DIABETES']);
  expect(filterRows(rows, '  ', row => row)).toBe(rows);
});

test('the window covers what is in sight and stays within the rows', () => {
  for (const top of [0, 13, 26, 1000, 259_740, 999_999]) {
    const { first, last } = windowOf(top, mostRows(260, 26), 26, 10_000);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(last).toBeLessThanOrEqual(10_000);
    expect(last - first).toBeLessThanOrEqual(24);
    for (let row = Math.floor(top / 26); row < Math.min(10_000, (top + 260) / 26); row++) {
      expect(row).toBeGreaterThanOrEqual(first);
      expect(row).toBeLessThan(last);
    }
  }
  expect(windowOf(0, mostRows(260, 26), 26, 0)).toEqual({ first: 0, last: 0 });
});

test('values are written for people', () => {
  expect(number(0.81254)).toBe('0.8125');
  expect(number(1234567.8)).toBe('1.235e+6');
  expect(number(NaN)).toBe('NaN');
  expect(metric('-inf')).toBe('−∞');
  expect(metric('0.8, 0.9')).toBe('0.8, 0.9');
  expect(duration(65)).toBe('1 min 05 s');
  expect(duration(null)).toBe('');
  expect(duration(93_600)).toBe('1 d 2 h');
  expect(moment('2026-06-15T12:00:59.999999Z')).toBe('2026-06-15 12:00:59');
  expect(moment('2026-06-15T01:00:00+02:00')).toBe('2026-06-14 23:00:00');
  expect(moment(null)).toBe('');
  expect(shortMoment('2026-06-15T12:00:00.000000Z', new Date(2026, 0, 5))).toBe('06-15 12:00');
  expect(shortMoment('2025-06-15T12:00:00.000000Z', new Date(2026, 0, 5))).toBe('2025-06-15 12:00');
  expect(count(1, 'run')).toBe('1 run');
  expect(count(0, 'run')).toBe('0 runs');
});

test('a row keeps its place among the elements while the window moves', () => {
  const places = mostRows(260, 26);
  for (const top of [0, 100, 2_600, 13_000, 259_740]) {
    const { first, last } = windowOf(top, mostRows(260, 26), 26, 10_000);
    const rows = inPlaces(first, last, places);
    expect(rows.length).toBeLessThanOrEqual(places);
    expect(rows.toSorted((a, b) => a - b)).toEqual(Array.from({ length: last - first }, (_, i) => first + i));
    expect(rows.map(row => row % places)).toEqual(rows.map(row => row % places).toSorted((a, b) => a - b));
  }
});

test('the window of the nearest step covers what is in sight', () => {
  for (let top = 0; top < 2_000; top += 7) {
    const { first, last } = windowOf(nearest(top, EXTRA * 26), mostRows(260, 26), 26, 10_000);
    expect(first * 26).toBeLessThanOrEqual(top);
    expect(last * 26).toBeGreaterThanOrEqual(top + 260);
  }
});
