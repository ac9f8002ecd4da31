import { expect, test } from 'vitest';
import {
  applyExperiments,
  applyTasks,
  ContractError,
  decode,
  metricNumber,
  toNumber
} from '../src/contract/decode';
import type {
  ExperimentsDelta,
  ExperimentsPayload,
  RunDetail,
  TasksDelta,
  TasksPayload
} from '../src/contract/types.gen';
import experimentsJson from './golden/experiments.json';
import experimentsDeltaJson from './golden/experiments_delta.json';
import runDetailJson from './golden/run_detail.json';
import tasksJson from './golden/tasks.json';
import tasksDeltaJson from './golden/tasks_delta.json';

const experiments = decode<ExperimentsPayload>(experimentsJson);
const tasks = decode<TasksPayload>(tasksJson);

test('another version of the contract is refused with what to do', () => {
  expect(() => decode({ ...experimentsJson, contract: 99 })).toThrow(ContractError);
  expect(() => decode({ ...experimentsJson, contract: 99 })).toThrow(/Restart the kernel/);
  expect(() => decode(null)).toThrow(ContractError);
});

test('numbers that JSON has no word for come back', () => {
  const metrics = experiments.runs[0]!.metrics;
  const { train, test: held, cv, user } = metrics;
  expect(metricNumber(train!['AUC'])).toBe(0.954);
  expect(metricNumber(held!['AUC'])).toBe(0.777);
  expect(metricNumber(user!['ODD'])).toBeNaN();
  expect(metricNumber(user!['FAR'])).toBe(-Infinity);
  expect(metricNumber(cv!['TEST_AUC'])).toBeNull();
  expect(metricNumber(user!['ABSENT'])).toBeNull();
  expect(toNumber('inf')).toBe(Infinity);
});

test('a delta changes, adds and removes runs and keeps the rest', () => {
  const after = applyExperiments(experiments, experimentsDeltaJson as ExperimentsDelta)!;
  expect(after.seq).toBe(1);
  expect(after.runs.map(run => [run.run_id, run.status])).toEqual([
    ['b', 'FAILED'],
    ['c', 'ACTIVE']
  ]);
  expect(after.experiments).toBe(experiments.experiments);
});

test('a delta that is not the next one is not applied', () => {
  expect(applyExperiments(experiments, { ...(experimentsDeltaJson as ExperimentsDelta), seq: 2 })).toBeNull();
  expect(applyTasks(tasks, { ...(tasksDeltaJson as TasksDelta), seq: 0 })).toBeNull();
});

test('ids of 64 bits survive, and workers go', () => {
  const after = applyTasks(tasks, tasksDeltaJson as TasksDelta)!;
  expect(after.tasks[0]!.last_job!.job_id).toBe('1152921504606846977');
  expect(after.tasks[0]!.last_job!.status).toBe('SUCCEEDED');
  expect(after.workers).toEqual([]);
});

test('the detail of a run has its curves, matrix and signature', () => {
  const detail = decode<RunDetail>(runDetailJson);
  expect(detail.curves.map(curve => curve.key)).toEqual(['ROC', 'CUMGAINS', 'LIFT', 'CUMLIFT']);
  expect(detail.curves[0]!.series[0]!.points).toHaveLength(21);
  expect(detail.confusion).toEqual({
    labels: ['0', '1'],
    counts: [
      [84, 16],
      [21, 33]
    ],
    source: 'test'
  });
  expect(detail.signature.outputs.rows).toEqual([
    ['SCORE', 'NVARCHAR(256)'],
    ['CONFIDENCE', 'DOUBLE']
  ]);
});
