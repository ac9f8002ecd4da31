import { beforeEach, expect, test } from 'vitest';
import { decode } from '../src/contract/decode';
import type { ExperimentsPayload, RunDetail } from '../src/contract/types.gen';
import { bestOf, columnFacts, overlaid, overTime, sideBySide } from '../src/views/comparison';
import { bestRuns } from '../src/views/metrics';
import { FIRST_VIEW, ViewShelf } from '../src/views/runView';
import experimentsJson from './golden/experiments.json';
import runDetailJson from './golden/run_detail.json';

const run = decode<ExperimentsPayload>(experimentsJson).runs[0]!;
const detail = decode<RunDetail>(runDetailJson);
const runOf = (name: string, created_at: string, metrics: Record<string, number | string>) => ({
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

test('a metric over runs goes by time and leaves out what is no number', () => {
  const runs = [
    runOf('late', '2026-03-02T00:00:00Z', { AUC: 0.9 }),
    runOf('early', '2026-01-02T00:00:00Z', { AUC: 0.8 }),
    runOf('odd', '2026-02-02T00:00:00Z', { AUC: 'nan' })
  ];
  const { chart, places } = overTime(runs, 'AUC');
  expect(places).toEqual(['early', 'late']);
  expect(chart.series[0]!.points).toEqual([[0, 0.8], [1, 0.9]]);
});

test('curves of several runs share a chart, one line each: the model, or validation', () => {
  const charts = overlaid([{ name: 'one', detail }, { name: 'two', detail }]);
  const names = (title: string) => charts.find(each => each.title === title)!.series.map(each => each.name);
  expect(names('ROC Curve')).toEqual(['one', 'two']);
  const loss = charts.find(each => each.title === 'LOSS')!;
  expect(loss.series[0]!.points).toEqual([[1, 0.8], [2, 0.6]]);
});

test('the best value is marked where the name tells which way is good', () => {
  expect(bestOf('AUC', [0.7, 0.9, null, 0.9])).toEqual(new Set([1, 3]));
  expect(bestOf('RMSE', [2, 1, Infinity])).toEqual(new Set([1]));
  expect(bestOf('seconds', [2, 1])).toEqual(new Set());
  expect(bestOf('AUC', [0.9, 0.9])).toEqual(new Set());
});

test('runs are best within their experiment, and one alone is not', () => {
  const day = '2026-01-02T00:00:00Z';
  const runs = [
    runOf('a', day, { AUC: 0.7 }),
    runOf('b', day, { AUC: 0.9 }),
    { ...runOf('c', day, { AUC: 0.1 }), experiment_id: 'OTHER' }
  ];
  expect(bestRuns(runs, ['AUC', 'seconds'])).toEqual(new Set(['b']));
  expect(bestRuns(runs, ['seconds'])).toEqual(new Set());
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
