"""The records of the store: frozen values, one class for one table row.

A row becomes a record at the edge of ``database/`` and stays one. All moments are aware and
in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class RunStatus(StrEnum):
    """The life of a run."""

    ACTIVE = "ACTIVE"  #: recording; its process holds a heartbeat
    FINISHED = "FINISHED"  #: ended well
    FAILED = "FAILED"  #: ended with an exception, kept in the log
    LOST = "LOST"  #: its process died without a word
    DELETED = "DELETED"  #: log removed, metadata kept


class JobStatus(StrEnum):
    """The life of one execution of a task."""

    QUEUED = "QUEUED"  #: waiting for a worker
    RUNNING = "RUNNING"  #: a worker holds its lease
    SUCCEEDED = "SUCCEEDED"  #: outputs and this status were written in one transaction
    FAILED = "FAILED"  #: the child process ended with an error
    CANCELLED = "CANCELLED"  #: someone asked for it to stop
    TIMED_OUT = "TIMED_OUT"  #: stopped because its task's time limit was over
    ABANDONED = "ABANDONED"  #: its workers died too often
    SKIPPED = "SKIPPED"  #: a part of a composite that had no turn: one before it did not succeed, or a gate stayed shut


class SearchStatus(StrEnum):
    """The life of a search that the store keeps."""

    RUNNING = "RUNNING"  #: a process is at it, or died without a word
    FINISHED = "FINISHED"  #: its fit ended well
    FAILED = "FAILED"  #: ended with an exception; a next fit goes on
    INTERRUPTED = "INTERRUPTED"  #: by the keyboard; a next fit goes on
    CANCELLED = "CANCELLED"  #: someone asked for it to stop; a next fit goes on


class TickStatus(StrEnum):
    """What became of one due time of a schedule."""

    RAN = "RAN"  #: a job was queued in time
    LATE = "LATE"  #: a job was queued, but after the grace time
    SKIPPED = "SKIPPED"  #: the task was busy, and its policy is to skip then
    MISSED = "MISSED"  #: no worker was up; the job, if there is one, is that which made up for it later
    MERGED = "MERGED"  #: a job of the task waited already and stands for this due time as well


@dataclass(frozen=True, slots=True)
class Experiment:
    """A group of runs, named by its key."""

    experiment_id: str
    description: str
    owner: str
    created_at: datetime
    primary_metric: str | None = None  #: what its runs are ranked by, such as ``AUC`` or ``AUC@test``


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded call, or several of one name: fit and score of a model."""

    run_id: str
    experiment_id: str
    name: str
    attempt: int  #: 1 for the first use of the name, then 2, 3, ...
    status: RunStatus
    description: str
    owner: str
    host: str
    pid: int
    procedure: str
    dataset_name: str
    dataset_source: str
    created_at: datetime
    heartbeat_at: datetime
    ended_at: datetime | None
    progress_done: int
    progress_total: int
    progress_text: str
    next_seq: int  #: number of log entries so far
    revision: int  #: grows with every change of the run
    number: int | None = None  #: its key within one store; None until it is stored
    parent_run_id: str | None = None
    notes: str = ""
    environment_id: int | None = None  #: of a shared record, here and below
    code_id: int | None = None
    cells_id: int | None = None
    dataset_id: int | None = None
    overhead_seconds: float = 0.0  #: that recording added to the calls


@dataclass(frozen=True, slots=True)
class SharedRecord:
    """A fact that many runs share, addressed by its content."""

    record_id: int
    sha256: str
    kind: str  #: environment, code, cells or dataset
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One value of a metric."""

    step: int
    value: float | str
    time: datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """Bytes that a run keeps under a name."""

    run_id: str
    name: str
    kind: str  #: figure, file or table
    media_type: str
    sha256: str
    size: int  #: in bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of a run's chronological, typed log."""

    run_id: str
    seq: int
    event_key: str
    event_time: datetime
    message: str  #: JSON text


@dataclass(frozen=True, slots=True)
class ModelState:
    """All that makes a model, without its code: what storage and scheduling keep.

    ``estimator`` is a library object (``xgboost.Booster`` or a scikit-learn estimator); all
    else is JSON. ``tables`` maps an attribute such as ``statistics_`` to
    ``{"columns": [[name, type], ...], "rows": [[...], ...]}``.
    """

    class_path: str
    constructor: Mapping[str, Any]
    fit_parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]
    estimator: Any
    training_keys: bytes | None = None  #: of :func:`hanalife.training_keys.pack`; None: the rows are unknown


@dataclass(frozen=True, slots=True)
class ModelHead:
    """What a list shows of a stored version."""

    name: str
    version: int
    class_path: str
    library: str
    format: str
    content_hash: str  #: SHA-256 of the estimator's bytes, key of the blob
    dataset_hash: str | None  #: SHA-256 of the rows it was fitted on
    run_id: str | None
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True)
class ModelVersion(ModelHead):
    """One stored, immutable version of a named model."""

    state: Mapping[str, Any]  #: JSON part of the model's state, without its tables
    tables: Mapping[str, Any]
    signature: Mapping[str, Any] | None
    metrics: Mapping[str, Any] | None  #: name -> ``{value, source}``, and ``low``, ``high`` or ``no_interval``
    environment: Mapping[str, Any] | None  #: package -> version, of where it was saved
    report: str | None = None  #: HTML
    notes: str | None = None
    card: str | None = None  #: Markdown written by the user
    schedule: Mapping[str, Any] | None = None
    training_keys: str | None = None  #: SHA-256 of the packed keys of its training rows, key of the blob


@dataclass(frozen=True, slots=True)
class ModelAlias:
    """A movable name for one version of a model."""

    name: str
    alias: str
    version: int | None  #: None: it is protected but names no version yet
    movers: Sequence[str] | None  #: who may move it; None: everybody
    moved_at: datetime
    moved_by: str


@dataclass(frozen=True, slots=True)
class ModelEvent:
    """Something that happened to a version or an alias of a model."""

    event_id: int
    name: str
    version: int | None
    alias: str | None
    event: str  #: SAVED, REPLACED, META_REPLACED, DELETED, IMPORTED, MOVED, PROTECTED, ...
    happened_at: datetime
    happened_by: str
    note: str
    details: Mapping[str, Any]


class Misfire(StrEnum):
    """What to do with due times that passed while no worker was up, or while the task was busy."""

    ONE = "one"  #: one job makes up for all of them
    ALL = "all"  #: each gets a job of its own, one after another
    SKIP = "skip"  #: none is made up for


@dataclass(frozen=True, slots=True)
class TaskPolicy:
    """How the jobs of a task are executed."""

    retries: int = 0  #: further attempts after one that failed or took too long
    backoff_seconds: float = 10.0  #: wait before the first further attempt; doubled for each next
    time_limit_seconds: float | None = None  #: of one attempt; its processes are killed then
    concurrency: int = 1  #: jobs of the task at the same time
    misfire: str = Misfire.ONE
    grace_seconds: float = 60.0  #: a job queued later than this after its due time is late
    priority: int = 0  #: higher is claimed first


@dataclass(frozen=True, slots=True)
class Task:
    """What to do: a name, a kind and a definition in JSON."""

    task_id: str
    kind: str  #: predict, fit, score, callable, sql, notebook, drift, a step of a pipeline, sequential, parallel
    definition: Mapping[str, Any]
    description: str
    owner: str
    created_at: datetime
    policy: TaskPolicy = TaskPolicy()
    parallel_attribute: str | None = None  #: ALL or ANY, of a parallel composite
    notifications: Mapping[str, Any] | None = None  #: whom to tell of failure and recovery; no secrets


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to do it. At most one for a task."""

    task_id: str
    cron: str  #: seven fields
    timezone: str
    enabled: bool
    start_time: datetime | None
    end_time: datetime | None
    next_due: datetime | None  #: None: never again
    created_at: datetime
    revision: int = 0  #: grows with every change, so that a view of it that is out of date is told


@dataclass(frozen=True, slots=True)
class Trigger:
    """What makes a task due beside its schedule: new data, or a metric beyond a threshold."""

    task_id: str
    kind: str  #: new_data or metric
    definition: Mapping[str, Any]
    seen: Any  #: the last observation, JSON; None before the first
    check_seconds: float
    next_check: datetime
    message: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message of one incident of a task: that it fails, or that it has recovered."""

    notice_id: int
    task_id: str
    job_id: int
    event: str  #: failure or recovery
    status: str  #: WAITING, SENT or GIVEN_UP
    attempt: int
    next_attempt: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """One due time of a schedule and what became of it."""

    task_id: str
    due: datetime
    status: TickStatus
    job_id: int | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """One execution of a task."""

    job_id: int
    task_id: str
    due: datetime
    status: JobStatus
    attempt: int
    owner: str | None  #: the worker that holds the lease
    lease_until: datetime | None
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    message: str  #: the last error, the reason of a verdict, or empty
    parent_job_id: int | None = None  #: the job of the composite that this one is a part of
    seq_order: int | None = None  #: its place there, from 1
    parameters: Mapping[str, Any] | None = None  #: of this execution alone
    failures: int = 0  #: attempts that failed by themselves
    not_before: datetime | None = None  #: of a further attempt
    cpu_seconds: float | None = None  #: of the last attempt and its descendants
    peak_memory_bytes: int | None = None  #: of the largest process of the last attempt
    run_id: str | None = None  #: the run that it recorded
    verdict: str | None = None  #: what it found, which gates open on; None: it is not of a kind that says


@dataclass(frozen=True, slots=True)
class TaskLogEntry:
    """One line of a task's or job's log."""

    task_id: str
    job_id: int | None
    seq: int
    event_key: str  #: TASK, SCHEDULE, JOB, OUT, ERROR or PROGRESS
    event_time: datetime
    message: str


@dataclass(frozen=True, slots=True)
class TaskLogLine:
    """One line of a task's or job's log with the beginning of its message."""

    entry_id: int
    job_id: int | None
    event_key: str
    event_time: datetime
    message: str
    length: int  #: characters of the whole message


@dataclass(frozen=True, slots=True)
class Worker:
    """A process or thread that executes jobs."""

    worker_id: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    max_jobs: int = 1  #: at the same time


@dataclass(frozen=True, slots=True)
class DriftEffect:
    """How far one column moved in one measure, with the interval that the rows allow."""

    measure: str  #: psi, jensen_shannon, total_variation, wasserstein, missing_share, new_share or auc
    value: float
    low: float | None  #: of the interval; None where none would hold its level
    high: float | None
    minimum: float | None = None  #: what is too small to matter
    withheld: str = ""  #: why there is no interval
    level: float = 0.95  #: of the interval

    @property
    def interval(self) -> str:
        """The interval as text, or that there is none."""
        if self.low is None or self.high is None:
            return "no interval"
        return f"{self.low:.3g} to {self.high:.3g}"


@dataclass(frozen=True, slots=True)
class TargetShift:
    """How the label moved within one bin of another column; no verdict on the data set is about it."""

    bin: str
    grouped: bool  #: whether the bin is a range of numbers or moments, not a value
    verdict: str
    indicator: float  #: of the label's distribution within the bin, as of a column's
    target: str  #: the class whose shares follow; empty: the means of the label follow
    reference: float
    current: float
    change: float
    low: float  #: 95 % interval of the change
    high: float


@dataclass(frozen=True, slots=True)
class DriftResult:
    """How far one column moved between two sets of rows."""

    column: str
    method: str  #: chi_square of a column, auc of all together
    statistic: float
    p_value: float  #: of no difference at all, adjusted for the number of columns
    psi: float  #: population stability index
    drifted: bool
    role: str = "feature"  #: feature, label, prediction, rows or performance
    verdict: str = "unknown"
    effect: DriftEffect | None = None  #: what the verdict is about
    indicator: float = 0.0  #: 1 less the adjusted p-value of "the effect is at most the minimum"
    rows_needed: int | None = None  #: current rows for a verdict; None: decided, or no number suffices
    reason: str = ""
    effects: tuple[DriftEffect, ...] = ()  #: the other measures
    bins: tuple[tuple[str, float, float], ...] = ()  #: label, reference rows, current rows; weighted: shares of these
    weights: tuple[float, float] | None = None  #: what all rows of each side weigh; None: each 1
    shifts: tuple[TargetShift, ...] = ()  #: of the label, by bin
    single_verdict: str | None = None  #: of this check alone, if the verdict is that of an alarm budget's detector
    e_value: float | None = None  #: what this check multiplies the evidence for drift by
    evidence: float | None = None  #: for drift, from all checks of the schedule since the last alarm
    identifier: bool = False  #: whether it identifies rows: no verdict is about it
    p_no_drift: float | None = None  #: p-value of "the effect is the minimum or more"; 1 - indicator is that of drift


@dataclass(frozen=True, slots=True)
class DriftCheck:
    """One comparison of current rows with reference rows."""

    check_id: str
    reference: str
    current: str
    reference_rows: int
    current_rows: int
    verdict: str  #: drift, no_drift or unknown
    created_at: datetime
    results: tuple[DriftResult, ...] = field(default=())
    segment: str = ""
    window: str = ""
    error_rate: float = 0.05  #: chance, at most, of a false ``drift`` among all columns
    notes: tuple[str, ...] = ()  #: what was sampled, skipped or assumed
    single_verdict: str | None = None  #: of this check alone, if the verdict is that of an alarm budget's detector
    budget: SpentBudget | None = None  #: of the schedule that the check belongs to


@dataclass(frozen=True, slots=True)
class SpentBudget:
    """How much of its alarm budget a schedule has spent up to one of its checks."""

    task_id: str
    per: str  #: year, quarter, month, week or day
    false_alarms: float  #: of such a period in the mean, at most
    cost: float  #: false alarms that this check can have raised in the mean, at most; 0 if it had no new rows
    spent: float  #: those of all checks in the period before it, and its own
    alarm_threshold: float  #: evidence that raises an alarm


@dataclass(frozen=True, slots=True)
class AlarmBudgetState:
    """How far the checks of a drift task with an alarm budget have come."""

    task_id: str
    reference_version: int  #: of the frozen reference that the evidence is against
    revision: int  #: grows with each check, so that no job builds on a state that another has changed
    checks: int  #: with new rows, against this reference
    last_due: datetime | None  #: due time of the last job that counted
    last_window: str  #: the last window that counted, if there are windows
    last_rows: Mapping[str, Any] | None  #: a sketch of the rows that counted last, if there are none
    evidence: Mapping[tuple[str, str], float]  #: (segment, column) -> evidence since the last alarm


@dataclass(frozen=True, slots=True)
class DriftAcknowledgement:
    """Somebody has seen the alert of a check that found drift."""

    check_id: str
    acknowledged_at: datetime
    acknowledged_by: str
    note: str


@dataclass(frozen=True, slots=True)
class DriftSeries:
    """The checks of one segment against one reference."""

    series_id: str  #: the id of its first check
    reference: str
    segment: str
    checks: int
    last_at: datetime
    open_alerts: int  #: checks that found drift and that nobody has acknowledged


@dataclass(frozen=True, slots=True)
class Search:
    """A search for parameters, and how far it has come."""

    search_id: str  #: its progress_indicator_id
    identity: str  #: hash of rows, algorithm and versions
    status: SearchStatus
    owner: str  #: of the process that is at it, or was
    host: str
    pid: int
    seeds: tuple[int, ...]  #: that were drawn, in order
    done: int  #: candidate folds judged; of a fit of groups, groups
    total: int
    cancel_requested: bool
    message: str
    started_at: datetime
    updated_at: datetime  #: the last sign of life


@dataclass(frozen=True, slots=True)
class SearchScore:
    """One candidate of a search, judged on one fold."""

    score_key: str  #: hash of all that determines the scores
    candidate: int  #: counted from 1
    parameters: Mapping[str, Any]
    rung: int  #: of a race, counted from 1
    fold: int  #: counted from 1
    scores: Mapping[str, float | None]  #: by metric
