import { expect, test } from 'vitest';
import { decode } from '../src/contract/decode';
import type { ExperimentsPayload, RunRow } from '../src/contract/types.gen';
import { bestMark, bestRun, direction, firstColumns, keyOf, keyText, type MetricKey, primary, primaryOf, summary } from '../src/views/ranking';
import experimentsJson from './golden/experiments.json';
import golden from './golden/ranking.json';

const row = decode<ExperimentsPayload>(experimentsJson).runs[0]!;
const AUC: MetricKey = { name: 'AUC', source: 'test' };

type Metrics = RunRow['metrics'];

/** Runs named by their place, each a minute after the one before. */
function runsOf(metrics: Metrics[], more: Partial<RunRow> = {}): RunRow[] {
  return metrics.map((each, i) => ({ ...row, run_id: `r${i}`, created_at: `2026-01-02T00:0${i}:00Z`, metrics: each, ...more }));
}

const test_ = (...values: (number | string)[]) => values.map((value): Metrics => ({ test: { AUC: value } }));

test('the best run has the highest or lowest value of one source, and the text names the set', () => {
  expect(bestRun(runsOf(test_(0.7, 0.9, 0.8)), AUC)).toEqual({ key: AUC, run_id: 'r1', text: 'highest AUC (test) of 3 runs' });
  const losses = runsOf([{ cv: { RMSE: 2 } }, { cv: { RMSE: 1 } }]);
  expect(bestRun(losses, { name: 'RMSE', source: 'cv' })).toMatchObject({ run_id: 'r1', text: 'lowest RMSE (cv) of 2 runs' });
});

test('runs with another source only, or a value that is not finite, do not compete', () => {
  const runs = runsOf([...test_(0.7, 0.8, 'nan', 'inf'), { cv: { AUC: 0.99 } }, { train: { AUC: 1 } }]);
  expect(bestRun(runs, AUC)).toMatchObject({ run_id: 'r1', text: 'highest AUC (test) of 2 runs; 4 without it not compared' });
});

test('of equals the oldest is marked, and the text says so', () => {
  const runs = runsOf(test_(0.7, 0.9, 0.9)).reverse();
  expect(bestRun(runs, AUC)).toMatchObject({ run_id: 'r1', text: 'highest AUC (test) of 3 runs, the oldest of 2 with this value' });
});

test('nothing is best of one, of equals, of training values, or where nobody can say which are better', () => {
  expect(bestRun(runsOf(test_(0.7)), AUC)).toBeNull();
  expect(bestRun(runsOf(test_(0.7, 0.7)), AUC)).toBeNull();
  expect(bestRun([], AUC)).toBeNull();
  expect(bestRun(runsOf([{ train: { AUC: 0.8 } }, { train: { AUC: 0.9 } }]), { name: 'AUC', source: 'train' })).toBeNull();
  expect(bestRun(runsOf([{ test: { rows: 1 } }, { test: { rows: 2 } }]), { name: 'rows', source: 'test' })).toBeNull();
});

test('the mark is by the sorted metric, or by the primary one where that cannot rank', () => {
  const runs = runsOf([{ test: { AUC: 0.9, MCC: 0.1 }, train: { AUC: 0.9 } }, { test: { AUC: 0.8, MCC: 0.2 }, train: { AUC: 0.99 } }]);
  expect(bestMark(runs, { name: 'MCC', source: 'test' }, AUC)!.run_id).toBe('r1');
  expect(bestMark(runs, null, AUC)!.run_id).toBe('r0');
  expect(bestMark(runs, { name: 'AUC', source: 'train' }, AUC)!.key).toEqual(AUC);
  expect(bestMark(runs, null, null)).toBeNull();
});

test('the primary metric is the stored one, that of a search, or the best-known with held-out values', () => {
  const both = summary(runsOf([{ test: { AUC: 0.7, MCC: 0.2 } }, { test: { AUC: 0.8, MCC: 0.1 }, cv: { AUC: 0.9 } }]));
  expect(primary('', both)).toEqual(AUC);
  expect(primary('MCC', both)).toEqual({ name: 'MCC', source: 'test' });
  expect(primary('AUC@cv', both)).toEqual({ name: 'AUC', source: 'cv' });
  expect(primary('AUC@train', both)).toBeNull();
  expect(primary('GONE', both)).toBeNull();
  const searched = runsOf([{ test: { AUC: 0.7 }, cv: { ERROR_RATE: 0.2 } }, { test: { AUC: 0.8 }, cv: { ERROR_RATE: 0.1 } }], { search_metric: 'ERROR_RATE' });
  expect(primary('', summary(searched))).toEqual({ name: 'ERROR_RATE', source: 'cv' });
  expect(primary('', summary([searched[0]!, runsOf(test_(0.7))[0]!]))).toEqual(AUC);
  expect(primary('', summary(runsOf([{ train: { AUC: 0.9 }, user: { loss: 1 } }])))).toBeNull();
  expect(primary('loss', summary(runsOf([{ user: { loss: 1 } }])))).toEqual({ name: 'loss', source: 'user' });
});

test('experiments that rank by different metrics have no common one', () => {
  const experiment = { experiment_id: 'A', description: '', owner: '', created_at: '', primary_metric: '' };
  const a = runsOf(test_(0.7, 0.8), { experiment_id: 'A' });
  const b = runsOf([{ test: { RMSE: 1 } }, { test: { RMSE: 2 } }], { experiment_id: 'B' });
  expect(primaryOf([experiment], a)).toEqual(AUC);
  expect(primaryOf([experiment], [...a, ...b])).toBeNull();
  expect(primaryOf([], [])).toBeNull();
  expect(bestRun([...a, ...runsOf(test_(0.1, 0.2), { experiment_id: 'B' })], AUC)!.text).toBe('highest AUC (test) of 4 runs of 2 experiments');
});

test('the first columns are held out, the primary metric first; training comes only where there is nothing else', () => {
  const all = summary(runsOf([{ train: { AUC: 1, MCC: 1 }, test: { AUC: 1, KAPPA: 1, ZETA: 1 }, cv: { AUC: 1, KAPPA: 1 }, user: { loss: 1 } }]));
  const texts = (chief: MetricKey | null, runs = all) => firstColumns(runs, chief).map(keyText);
  expect(texts(AUC)).toEqual(['AUC@test', 'AUC@cv', 'KAPPA@test']);
  expect(texts({ name: 'KAPPA', source: 'cv' })).toEqual(['KAPPA@cv', 'KAPPA@test', 'AUC@test']);
  expect(texts(null, summary(runsOf([{ train: { AUC: 1 }, user: { loss: 1 }, cv: { TEST_AUC: '0.8, 0.9' } }])))).toEqual(['loss@user']);
  expect(texts(null, summary(runsOf([{ train: { AUC: 1 } }])))).toEqual(['AUC@train']);
  expect(texts(null, summary(runsOf([{ test: { AUC: 'nan' } }])))).toEqual(['AUC@test']); // to be seen, not to rank by
  expect(primary('', summary(runsOf([{ test: { AUC: 'nan' } }])))).toBeNull();
});

test('a name may have an at sign of its own', () => {
  expect(keyOf('recall@5')).toEqual({ name: 'recall@5', source: null });
  expect(keyOf('recall@5@test')).toEqual({ name: 'recall@5', source: 'test' });
});

test('pages without script rank in the same way', () => {
  for (const [name, way] of Object.entries(golden.directions)) expect(direction(name), name).toBe(way);
  for (const each of golden.cases) {
    const runs = each.runs as RunRow[];
    const chief = primaryOf(each.experiments, runs);
    expect(chief && keyText(chief)).toBe(each.primary);
    expect(firstColumns(summary(runs), chief).map(keyText)).toEqual(each.columns);
    const keys = summary(runs).keys.filter(key => key.isNumber).map(({ key }) => key);
    expect(keys.map(keyText)).toEqual(each.keys);
    expect(keys.map(key => bestRun(runs, key)?.text ?? null)).toEqual(each.best);
  }
});
