/** Reads what Python sent: checks its version, turns words into numbers, applies changes. */
import {
  CONTRACT,
  type DriftDelta,
  type DriftPayload,
  type ExperimentsDelta,
  type ExperimentsPayload,
  type JsonNumber,
  type MetricValue,
  type ModelsDelta,
  type ModelsPayload,
  type RunRow,
  type RunsPage,
  type TasksDelta,
  type TasksPayload
} from './types.gen';

export class ContractError extends Error {}

interface Versioned {
  contract: number;
}

/** Gives the payload back if this code can read it. */
export function decode<P extends Versioned>(payload: unknown): P {
  const found = (payload as Versioned | null)?.contract;
  if (found !== CONTRACT) {
    throw new ContractError(
      `The kernel or server speaks version ${String(found)} of the contract, this page version ${CONTRACT}. ` +
        'Restart the kernel and reload the page.'
    );
  }
  return payload as P;
}

const WORDS: Record<string, number> = { nan: NaN, inf: Infinity, '-inf': -Infinity };

export function toNumber(value: JsonNumber): number {
  return typeof value === 'number' ? value : (WORDS[value] ?? NaN);
}

/** The number of a metric, or null when it is absent or a text. */
export function metricNumber(value: MetricValue | undefined): number | null {
  if (typeof value === 'number') return value;
  return value === undefined ? null : (WORDS[value] ?? null);
}

interface Change<Row> {
  changed: Row[];
  removed: string[];
}

/** The rows after a change; rows that did not change stay the same objects. */
export function applyChange<Row>(rows: Row[], change: Change<Row>, key: (row: Row) => string): Row[] {
  if (!change.changed.length && !change.removed.length) return rows;
  const kept = new Map(rows.map(row => [key(row), row]));
  for (const row of change.changed) kept.set(key(row), row);
  for (const gone of change.removed) kept.delete(gone);
  return [...kept.values()];
}

/** The payload after a delta, or null when one in between was missed. */
export function applyExperiments(payload: ExperimentsPayload, delta: ExperimentsDelta): ExperimentsPayload | null {
  if (delta.seq !== payload.seq + 1) return null;
  return {
    ...payload,
    seq: delta.seq,
    absent: delta.absent,
    total: delta.total,
    experiments: applyChange(payload.experiments, delta.experiments, row => row.experiment_id),
    runs: applyChange(payload.runs, delta.runs, row => row.run_id)
  };
}

/** Whether older runs are not still to come. */
export function hasAllRuns(payload: ExperimentsPayload): boolean {
  return payload.runs.length >= payload.total;
}

/** A delta without the runs that are older than all that a part of the list holds: they come with the older ones. */
export function held(payload: ExperimentsPayload, delta: ExperimentsDelta): ExperimentsDelta {
  const oldest = payload.runs[0];
  if (!oldest || hasAllRuns(payload)) return delta;
  const isHeld = (run: RunRow) =>
    run.created_at > oldest.created_at || (run.created_at === oldest.created_at && run.run_id >= oldest.run_id);
  return { ...delta, runs: { ...delta.runs, changed: delta.runs.changed.filter(isHeld) } };
}

/** The payload with the runs before its oldest. With the last of them it has all there are. */
export function withOlder(payload: ExperimentsPayload, page: RunsPage): ExperimentsPayload {
  const runs = [...page.runs, ...payload.runs];
  return { ...payload, runs, total: page.runs.length ? Math.max(payload.total, runs.length) : runs.length };
}

/** The payload after a delta, or null when one in between was missed. */
export function applyTasks(payload: TasksPayload, delta: TasksDelta): TasksPayload | null {
  if (delta.seq !== payload.seq + 1) return null;
  return {
    ...payload,
    seq: delta.seq,
    absent: delta.absent,
    tasks: applyChange(payload.tasks, delta.tasks, row => row.task_id),
    workers: applyChange(payload.workers, delta.workers, row => row.worker_id)
  };
}

/** The payload after a delta, or null when one in between was missed. */
export function applyModels(payload: ModelsPayload, delta: ModelsDelta): ModelsPayload | null {
  if (delta.seq !== payload.seq + 1) return null;
  const models = applyChange(payload.models, delta.models, row => row.key);
  return { ...payload, seq: delta.seq, absent: delta.absent, models };
}

/** The payload after a delta, or null when one in between was missed. */
export function applyDrift(payload: DriftPayload, delta: DriftDelta): DriftPayload | null {
  if (delta.seq !== payload.seq + 1) return null;
  const series = applyChange(payload.series, delta.series, row => row.series_id);
  return { ...payload, seq: delta.seq, absent: delta.absent, series };
}
