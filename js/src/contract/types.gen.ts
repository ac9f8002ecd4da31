// Made by `python -m hanalife.views.typescript` from hanalife/views/payloads/; do not edit.

export const CONTRACT = 2;

export type Instant = string;

export type JsonNumber = number | 'nan' | 'inf' | '-inf';

export type MetricValue = number | string;

export type MetricSourceWord = 'test' | 'validation' | 'cv' | 'train' | 'production' | 'user';

export const SOURCES: readonly ('test' | 'validation' | 'cv' | 'train' | 'production' | 'user')[] = ['test', 'validation', 'cv', 'train', 'production', 'user'];

export const HELD_OUT: readonly ('test' | 'validation' | 'cv' | 'train' | 'production' | 'user')[] = ['test', 'validation', 'cv'];

export const HIGHER_IS_BETTER: readonly string[] = ['acc', 'accuracy', 'ap', 'auc', 'aucpr', 'auprc', 'auroc', 'bleu', 'dice', 'evar', 'explained', 'f1', 'fbeta', 'gini', 'iou', 'jaccard', 'kappa', 'map', 'mcc', 'ndcg', 'precision', 'r2', 'recall', 'roc', 'rouge', 'score', 'sensitivity', 'silhouette', 'specificity'];

export const LOWER_IS_BETTER: readonly string[] = ['aic', 'bic', 'brier', 'crossentropy', 'deviance', 'entropy', 'error', 'gamma', 'hamming', 'hinge', 'huber', 'l1', 'l2', 'logloss', 'loss', 'mae', 'mape', 'merror', 'mlogloss', 'mse', 'msle', 'nll', 'nloglik', 'perplexity', 'pinball', 'poisson', 'quantile', 'rae', 'rmse', 'rmsle', 'rse', 'smape', 'tweedie', 'wape', 'wer'];

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
  primary_metric: string;
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
  metrics: Record<string, Record<string, number | string>>;
  search_metric: string;
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

export interface RunsPage {
  contract: number;
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

export interface LearningCurve {
  title: string;
  x_label: string;
  y_label: string;
  series: Series[];
  summary: string;
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
  source: string;
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
  source: 'test' | 'validation' | 'cv' | 'train' | 'production' | 'user';
  low: number | 'nan' | 'inf' | '-inf' | null;
  high: number | 'nan' | 'inf' | '-inf' | null;
  no_interval: string;
  rows: number | null;
  note: string;
}

export interface Candidate {
  candidate: number;
  rung: number;
  folds: number;
  complete: boolean;
  score: number | 'nan' | 'inf' | '-inf';
  parameters: string;
  values: Record<string, number | string>;
}

export interface Search {
  metric: string;
  total: number;
  rungs: number;
  best: number | null;
  summary: string;
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
  primary_metric: string;
  metrics: MetricRow[];
  learning: LearningCurve[];
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
  verdict: string | null;
}

export interface RecentJob {
  status: 'QUEUED' | 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'ABANDONED' | 'SKIPPED';
  seconds: number;
}

export interface TaskRow {
  task_id: string;
  kind: string;
  description: string;
  owner: string;
  created_at: Instant;
  cron: string | null;
  timezone: string | null;
  schedule_text: string;
  enabled: boolean;
  next_due: Instant | null;
  last_job: JobRow | null;
  recent: RecentJob[];
}

export interface WorkerRow {
  worker_id: string;
  host: string;
  pid: number;
  max_jobs: number;
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

export interface TickDay {
  day: string;
  counts: Record<string, number>;
}

export interface TaskLogRow {
  entry_id: string;
  job_id: string | null;
  event_key: string;
  event_time: Instant;
  message: string;
  length: number;
}

export interface TaskLogPage {
  contract: number;
  log: TaskLogRow[];
  older: number;
}

export interface LogMessage {
  contract: number;
  text: string;
  offset: number;
  length: number;
}

export interface Part {
  task_id: string;
  kind: string;
  rule: string;
  gate: string | null;
  job: JobRow | null;
  parts: Part[];
}

export interface Argument {
  name: string;
  json: string;
}

export interface DueTime {
  at: Instant;
  local: string;
}

export interface ScheduleProblem {
  argument: 'cron' | 'timezone';
  message: string;
  start: number;
  end: number;
}

export interface SchedulePreview {
  contract: number;
  words: string;
  due: DueTime[];
  problem: ScheduleProblem | null;
}

export interface TablePreview {
  contract: number;
  table: string;
  grid: Grid;
  more: boolean;
}

export interface TaskDetail {
  contract: number;
  task: TaskRow;
  rule: string;
  parts: Part[];
  policy: Fact[];
  trigger: Fact[];
  definition: Fact[];
  parameters: Fact[];
  arguments: Argument[];
  takes_arguments: boolean;
  outputs: string[];
  jobs: JobRow[];
  ledger: TickRow[];
  ledger_days: TickDay[];
  log: TaskLogRow[];
  log_total: number;
}

export interface ModelRow {
  key: string;
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
  seq: number;
  database: string;
  absent: string[];
  models: ModelRow[];
}

export interface ModelsChange {
  changed: ModelRow[];
  removed: string[];
}

export interface ModelsDelta {
  contract: number;
  seq: number;
  absent: string[];
  models: ModelsChange;
}

export interface ModelMetric {
  name: string;
  source: 'test' | 'validation' | 'cv' | 'train' | 'production' | 'user';
  value: number | 'nan' | 'inf' | '-inf';
  low: number | 'nan' | 'inf' | '-inf' | null;
  high: number | 'nan' | 'inf' | '-inf' | null;
  no_interval: string;
}

export interface RollBack {
  alias: string;
  version: number | null;
  happened_at: Instant;
  happened_by: string;
  note: string;
}

export interface VersionRow {
  key: string;
  name: string;
  version: number;
  kind: string;
  library: string;
  run_id: string | null;
  created_at: Instant;
  aliases: string[];
  created_by: string;
  dataset_hash: string;
  format: string;
  notes: string;
  tags: Fact[];
  metrics: ModelMetric[];
  rolled_back: RollBack | null;
}

export interface AliasRow {
  alias: string;
  version: number | null;
  movers: string[] | null;
  moved_at: Instant;
  moved_by: string;
  back_to: number | null;
}

export interface ModelEventRow {
  event: string;
  version: number | null;
  before: number | null;
  alias: string | null;
  happened_at: Instant;
  happened_by: string;
  note: string;
}

export interface ModelDetail {
  contract: number;
  name: string;
  versions: VersionRow[];
  aliases: AliasRow[];
  history: ModelEventRow[];
  history_total: number;
}

export interface ComparedRow {
  section: 'PARAMETER' | 'DATA' | 'METRIC' | 'ENVIRONMENT';
  name: string;
  values: string[];
  different: boolean;
}

export interface ModelComparison {
  contract: number;
  name: string;
  versions: number[];
  rows: ComparedRow[];
}

export type VerdictWord = 'drift' | 'no_drift' | 'unknown';

export type PerformanceKind = 'measured' | 'estimated';

export interface RecentCheck {
  window: string;
  verdict: 'drift' | 'no_drift' | 'unknown';
}

export interface SpentAlarmBudget {
  task_id: string;
  per: string;
  false_alarms: number | 'nan' | 'inf' | '-inf';
  spent: number | 'nan' | 'inf' | '-inf';
  evidence: number | 'nan' | 'inf' | '-inf';
  alarm_threshold: number | 'nan' | 'inf' | '-inf';
}

export interface DriftSeriesRow {
  series_id: string;
  reference: string;
  segment: string;
  checks: number;
  open_alerts: number;
  last_at: Instant;
  recent: RecentCheck[];
}

export interface DriftPayload {
  contract: number;
  seq: number;
  database: string;
  absent: string[];
  series: DriftSeriesRow[];
}

export interface DriftSeriesChange {
  changed: DriftSeriesRow[];
  removed: string[];
}

export interface DriftDelta {
  contract: number;
  seq: number;
  absent: string[];
  series: DriftSeriesChange;
}

export interface DriftMeasure {
  measure: string;
  value: number | 'nan' | 'inf' | '-inf';
  low: number | 'nan' | 'inf' | '-inf';
  high: number | 'nan' | 'inf' | '-inf';
  minimum: number | 'nan' | 'inf' | '-inf' | null;
  withheld: string;
}

export interface DriftCell {
  verdict: 'drift' | 'no_drift' | 'unknown';
  indicator: number | 'nan' | 'inf' | '-inf';
  effect: DriftMeasure | null;
}

export interface DriftColumn {
  name: string;
  role: string;
}

export interface Acknowledgement {
  at: Instant;
  by: string;
  note: string;
}

export interface DriftWindow {
  check_id: string;
  window: string;
  current: string;
  reference_rows: number;
  current_rows: number;
  verdict: 'drift' | 'no_drift' | 'unknown';
  single_verdict: 'drift' | 'no_drift' | 'unknown' | null;
  created_at: Instant;
  cells: (DriftCell | null)[];
}

export interface DriftAlert {
  check_id: string;
  window: string;
  current: string;
  current_rows: number;
  created_at: Instant;
  what: string[];
  acknowledged: Acknowledgement | null;
}

export interface PerformancePoint {
  check_id: string;
  window: string;
  created_at: Instant;
  current_rows: number;
  metric: string;
  kind: 'measured' | 'estimated';
  value: number | 'nan' | 'inf' | '-inf';
  low: number | 'nan' | 'inf' | '-inf';
  high: number | 'nan' | 'inf' | '-inf';
  change: DriftMeasure | null;
  verdict: 'drift' | 'no_drift' | 'unknown';
  reason: string;
}

export interface DriftDetail {
  contract: number;
  series: DriftSeriesRow;
  columns: DriftColumn[];
  windows: DriftWindow[];
  performance: PerformancePoint[];
  alerts: DriftAlert[];
  assumptions: string[];
  budget: SpentAlarmBudget | null;
}

export interface DriftBin {
  label: string;
  reference: number;
  current: number;
}

export interface CheckedColumn {
  name: string;
  role: string;
  verdict: 'drift' | 'no_drift' | 'unknown';
  indicator: number | 'nan' | 'inf' | '-inf';
  p_value: number | 'nan' | 'inf' | '-inf';
  effect: DriftMeasure | null;
  others: DriftMeasure[];
  rows_needed: number | null;
  reason: string;
  bins: DriftBin[];
  single_verdict: 'drift' | 'no_drift' | 'unknown' | null;
  evidence: number | 'nan' | 'inf' | '-inf' | null;
}

export interface CheckDetail {
  contract: number;
  check_id: string;
  series_id: string;
  reference: string;
  current: string;
  segment: string;
  window: string;
  reference_rows: number;
  current_rows: number;
  verdict: 'drift' | 'no_drift' | 'unknown';
  error_rate: number | 'nan' | 'inf' | '-inf';
  created_at: Instant;
  notes: string[];
  acknowledged: Acknowledgement | null;
  columns: CheckedColumn[];
  single_verdict: 'drift' | 'no_drift' | 'unknown' | null;
  budget: SpentAlarmBudget | null;
}

export interface ConnectionRow {
  name: string;
  database: string;
  problem: string;
  code: string;
}

export interface ConnectionsPayload {
  contract: number;
  connections: ConnectionRow[];
  worker_allowed: boolean;
}

export interface RunsUpdate {
  contract: number;
  epoch: string;
  payload: ExperimentsPayload | null;
  deltas: ExperimentsDelta[];
}

export interface AlertRow {
  check_id: string;
  created_at: Instant;
  reference: string;
  current: string;
  segment: string;
  window: string;
  columns: string[];
}

export interface AlertsPayload {
  contract: number;
  alerts: AlertRow[];
}

export interface PulsePayload {
  contract: number;
  running: number;
  queued: number;
  failed: Instant[];
  drifted: Instant[];
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
