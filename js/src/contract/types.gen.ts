// Made by `python -m hanalife.views.typescript` from hanalife/views/payloads/; do not edit.

export const CONTRACT = 1;

export type Instant = string;

export type JsonNumber = number | 'nan' | 'inf' | '-inf';

export type MetricValue = number | string;

export type RunStatusWord = 'ACTIVE' | 'FINISHED' | 'FAILED' | 'LOST' | 'DELETED';

export type JobStatusWord = 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'ABANDONED' | 'SKIPPED';

export type TickStatusWord = 'RAN' | 'LATE' | 'SKIPPED' | 'MISSED' | 'MERGED';

export interface Fact {
  name: string;
  value: string;
}

export interface Grid {
  columns: string[];
  rows: string[][];
}

export interface Progress {
  done: number;
  total: number;
  text: string;
}

export interface ExperimentRow {
  experiment_id: string;
  description: string;
  owner: string;
  created_at: Instant;
}

export interface RunRow {
  run_id: string;
  experiment_id: string;
  name: string;
  attempt: number;
  status: 'ACTIVE' | 'FINISHED' | 'FAILED' | 'LOST' | 'DELETED';
  progress: Progress | null;
  owner: string;
  dataset_name: string;
  created_at: Instant;
  ended_at: Instant | null;
  duration_seconds: number | null;
  revision: number;
  metrics: Record<string, number | string>;
}

export interface ExperimentsPayload {
  contract: number;
  seq: number;
  database: string;
  absent: string[];
  experiments: ExperimentRow[];
  total: number;
  runs: RunRow[];
}

export interface ExperimentsChange {
  changed: ExperimentRow[];
  removed: string[];
}

export interface RunsChange {
  changed: RunRow[];
  removed: string[];
}

export interface FoundRuns {
  contract: number;
  run_ids: string[];
  ordered: boolean;
}

export interface ExperimentsDelta {
  contract: number;
  seq: number;
  absent: string[];
  total: number;
  experiments: ExperimentsChange;
  runs: RunsChange;
}

export interface Importance {
  name: string;
  value: number | 'nan' | 'inf' | '-inf';
}

export interface Series {
  name: string;
  points: ([number | 'nan' | 'inf' | '-inf', number | 'nan' | 'inf' | '-inf'])[];
}

export interface Chart {
  title: string;
  x_label: string;
  y_label: string;
  series: Series[];
}

export interface Curve {
  title: string;
  x_label: string;
  y_label: string;
  series: Series[];
  key: 'ROC' | 'CUMGAINS' | 'LIFT' | 'CUMLIFT';
}

export interface Confusion {
  labels: string[];
  counts: number[][];
}

export interface SignatureTables {
  properties: Fact[];
  inputs: Grid;
  outputs: Grid;
  parameters: Grid;
}

export interface MetricRow {
  name: string;
  value: string;
  low: number | 'nan' | 'inf' | '-inf' | null;
  high: number | 'nan' | 'inf' | '-inf' | null;
}

export interface Candidate {
  candidate: number;
  rung: number;
  folds: number;
  score: number | 'nan' | 'inf' | '-inf';
  parameters: string;
  values: Record<string, number | string>;
}

export interface Search {
  metric: string;
  lower_is_better: boolean;
  total: number;
  candidates: Candidate[];
  chart: Chart;
}

export interface ArtifactRow {
  name: string;
  kind: string;
  media_type: string;
  size_bytes: number;
}

export interface RunLink {
  run_id: string;
  name: string;
  status: 'ACTIVE' | 'FINISHED' | 'FAILED' | 'LOST' | 'DELETED';
}

export interface ModelLink {
  name: string;
  version: number;
  aliases: string[];
}

export interface JobLink {
  job_id: number;
  task_id: string;
  status: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'ABANDONED' | 'SKIPPED';
}

export interface LogRow {
  seq: number;
  event_key: string;
  event_time: Instant;
  message: string;
  length: number;
}

export interface LogPage {
  contract: number;
  log: LogRow[];
}

export interface MessagePart {
  contract: number;
  text: string;
  length: number;
}

export interface ArtifactPart {
  contract: number;
  media_type: string;
  size_bytes: number;
  parts: number;
  data: string;
}

export interface RunDetail {
  contract: number;
  run: RunRow;
  overview: Fact[];
  notes: string;
  notes_whole: boolean;
  tags: Fact[];
  parent: RunLink | null;
  children: RunLink[];
  models: ModelLink[];
  jobs: JobLink[];
  parameters: Fact[];
  optimal: Fact[];
  metrics: MetricRow[];
  learning: Chart[];
  learning_total: number;
  searches: Search[];
  environment: Fact[];
  code: Fact[];
  artifacts: ArtifactRow[];
  dataset: Fact[];
  columns: Grid;
  importance: Importance[];
  curves: Curve[];
  confusion: Confusion | null;
  signature: SignatureTables;
  log: LogRow[];
  log_total: number;
}

export interface JobRow {
  job_id: string;
  status: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'ABANDONED' | 'SKIPPED';
  due: Instant;
  attempt: number;
  worker: string | null;
  started_at: Instant | null;
  ended_at: Instant | null;
  duration_seconds: number | null;
  message: string;
  failures: number;
  cpu_seconds: number | null;
  peak_memory_bytes: number | null;
  run_id: string | null;
}

export interface TaskRow {
  task_id: string;
  kind: string;
  description: string;
  owner: string;
  created_at: Instant;
  cron: string | null;
  schedule_text: string;
  enabled: boolean;
  next_due: Instant | null;
  last_job: JobRow | null;
}

export interface WorkerRow {
  worker_id: string;
  host: string;
  started_at: Instant;
}

export interface TasksPayload {
  contract: number;
  seq: number;
  database: string;
  absent: string[];
  tasks: TaskRow[];
  workers: WorkerRow[];
}

export interface TasksChange {
  changed: TaskRow[];
  removed: string[];
}

export interface WorkersChange {
  changed: WorkerRow[];
  removed: string[];
}

export interface TasksDelta {
  contract: number;
  seq: number;
  absent: string[];
  tasks: TasksChange;
  workers: WorkersChange;
}

export interface TickRow {
  due: Instant;
  status: 'RAN' | 'LATE' | 'SKIPPED' | 'MISSED' | 'MERGED';
  job_id: string | null;
  recorded_at: Instant;
}

export interface TaskLogRow {
  job_id: string | null;
  event_key: string;
  event_time: Instant;
  message: string;
}

export interface Part {
  task_id: string;
  kind: string;
  job: JobRow | null;
  parts: Part[];
}

export interface TaskDetail {
  contract: number;
  task: TaskRow;
  parts: Part[];
  policy: Fact[];
  trigger: Fact[];
  definition: Fact[];
  parameters: Fact[];
  jobs: JobRow[];
  ledger: TickRow[];
  log: TaskLogRow[];
  log_total: number;
}

export interface ModelRow {
  name: string;
  version: number;
  kind: string;
  library: string;
  run_id: string | null;
  created_at: Instant;
  aliases: string[];
}

export interface ModelsPayload {
  contract: number;
  models: ModelRow[];
}

export interface MonitorStatus {
  word: 'starting' | 'live' | 'lost' | 'cancelled';
  text: string;
}

export interface Request {
  id: string;
  method: string;
  args: Record<string, string>;
}

export interface ErrorInfo {
  code: string;
  message: string;
  hint: string;
}
