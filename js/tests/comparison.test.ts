import { beforeEach, expect, test } from 'vitest';
import { decode } from '../src/contract/decode';
import type { ExperimentsPayload, RunDetail } from '../src/contract/types.gen';
import { acrossRuns, columnFacts, metricRows, overlaid, sideBySide } from '../src/views/comparison';
import { summary } from '../src/views/ranking';
import { FIRST_VIEW, ViewShelf } from '../src/views/runView';
import experimentsJson from './golden/experiments.json';
import runDetailJson from './golden/run_detail.json';

const run = decode<ExperimentsPayload>(experimentsJson).runs[0]!;
const detail = decode<RunDetail>(runDetailJson);
const runOf = (name: string, created_at: string, metrics: Record<string, Record<string, number | string>>) => ({
  ...run,
  run_id: name,
  name,
  created_at,
  metrics
});

beforeEach(() => localStorage.clear());

test('facts stand side by side, and what differs or is missing is marked', () => {
  const rows = sideBySide([
    [{ name: 'a', value: '1' }, { name: 'b', value: 'x' }],
    [{ name: 'a', value: '1' }, { name: 'c', value: 'y' }]
  ]);
  expect(rows).toEqual([
    { name: 'a', values: ['1', '1'], differs: false },
    { name: 'b', values: ['x', ''], differs: true },
    { name: 'c', values: ['', 'y'], differs: true }
  ]);
});

test('the columns of the data come with their types', () => {
  expect(columnFacts(detail)[0]).toEqual({ name: 'Column ID', value: 'INT' });
});

test('a metric across runs goes by time, names its source and leaves out other sources and what is no number', () => {
  const runs = [
    runOf('late', '2026-03-02T00:00:00Z', { test: { AUC: 0.9 } }),
    runOf('early', '2026-01-02T00:00:00Z', { test: { AUC: 0.8 }, train: { AUC: 0.99 } }),
    runOf('odd', '2026-02-02T00:00:00Z', { test: { AUC: 'nan' } }),
    runOf('fitted', '2026-02-03T00:00:00Z', { train: { AUC: 0.98 } })
  ];
  const { chart, places } = acrossRuns(runs, { name: 'AUC', source: 'test' });
  expect(places).toEqual(['early', 'late']);
  expect(chart.series[0]!.points).toEqual([[0, 0.8], [1, 0.9]]);
  expect([chart.title, chart.y_label]).toEqual(['AUC (test) across 2 runs', 'AUC (test)']);
});

test('values of different sources stand in one row that says so, and are compared in rows of one source only', () => {
  const day = '2026-01-02T00:00:00Z';
  const runs = [
    runOf('scored', day, { test: { AUC: 0.7 }, cv: { AUC: 0.75 }, train: { AUC: 0.9 } }),
    runOf('searched', day, { cv: { AUC: 0.8 }, train: { AUC: 0.99 } })
  ];
  const keys = summary(runs).keys.map(each => each.key);
  const rows = metricRows(runs, keys, { name: 'AUC', source: 'test' });
  expect(rows.map(row => [row.label, row.note, row.best?.run_id ?? ''])).toEqual([
    ['AUC', 'different sources', ''],
    ['AUC (test)', '', ''],
    ['AUC (cv)', 'spread 0.0500', ''],
    ['AUC (train)', 'spread 0.0900', '']
  ]);
  expect(rows[0]!.values).toEqual([{ value: 0.7, source: 'test' }, { value: 0.8, source: 'cv' }]);
  expect(rows.map(row => row.isOfTraining)).toEqual([false, false, false, true]);
  const [, , cv] = metricRows(runs, keys, { name: 'AUC', source: 'cv' });
  expect(cv!.best).toMatchObject({ run_id: 'searched', text: 'highest AUC (cv) of 2 runs' });
});

test('curves of several runs share a chart, one line each: the model, or validation', () => {
  const charts = overlaid([{ name: 'one', detail }, { name: 'two', detail }]);
  const names = (title: string) => charts.find(each => each.title === title)!.series.map(each => each.name);
  expect(names('ROC Curve (test)')).toEqual(['one', 'two']);
  const loss = charts.find(each => each.title === 'LOSS (validation)')!;
  expect(loss.series[0]!.points).toEqual([[1, 0.9], [2, 0.6], [3, 0.8]]);
});

test('views are kept for each store, and what is no view is left alone', () => {
  new ViewShelf('one').keep('weekly', { ...FIRST_VIEW, columns: ['status'] });
  expect(new ViewShelf('one').named['weekly']!.columns).toEqual(['status']);
  expect(new ViewShelf('two').named).toEqual({});
  const shelf = new ViewShelf('one');
  shelf.drop('weekly');
  expect(new ViewShelf('one').named).toEqual({});
  for (const odd of ['{', '[1]', '{"a": {"columns": 5}}', 'null']) {
    localStorage.setItem('hanalife runs three', odd);
    expect(new ViewShelf('three').named).toEqual({});
  }
});
