/** What the sidebar can have done for it. */

/** Which version of a model: a number, or what an alias names. */
export type Which = { version: number } | { alias: string };

/** The monitors that can be opened in a cell, and what their ids are ids of. */
export const MONITORS = {
  ExperimentMonitor: 'experiments',
  ScheduledTaskMonitor: 'tasks',
  ModelMonitor: 'models',
  DriftMonitor: 'references'
} as const;

export type MonitorKind = keyof typeof MONITORS;

export type Attended = 'failed' | 'drifted';

export interface Actions {
  openRun(run_id: string, name: string): void;
  openModel(name: string): void;
  openTask(task_id: string): void;
  openDrift(check_id: string, title: string): void;
  /** Python into the notebook. */
  insertConnection(): void;
  insertModel(name: string, which: Which): void;
  insertComparison(run_ids: readonly string[]): void;
  insertMonitor(kind: MonitorKind, ids: readonly string[]): void;
  editSettings(): void;
  /** From now on failures or alerts are in sight, until what it returns is called. */
  attend(what: Attended): () => void;
}

export type PartName = 'runs' | 'models' | 'tasks' | 'drift';

/** Asks for a part to be opened; another `at` asks again. */
export interface Reveal {
  part: PartName;
  at: number;
}
