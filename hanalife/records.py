"""The records of the store: frozen values, one class for one table row.

A row becomes a record at the edge of ``database/`` and stays one. All moments are aware and
in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    SKIPPED = "SKIPPED"  #: a part of a composite that had no turn, because one before it did not succeed


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


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One stored, immutable version of a named model."""

    name: str
    version: int
    class_path: str
    library: str
    state: Mapping[str, Any]  #: JSON part of the model's state
    content_hash: str  #: SHA-256 of the estimator's bytes, key of the blob
    format: str
    run_id: str | None
    report: str | None
    created_at: datetime


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
    kind: str  #: predict, fit, score, callable, sql, notebook, sequential, parallel
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
    message: str  #: the last error, or empty
    parent_job_id: int | None = None  #: the job of the composite that this one is a part of
    seq_order: int | None = None  #: its place there, from 1
    parameters: Mapping[str, Any] | None = None  #: of this execution alone
    failures: int = 0  #: attempts that failed by themselves
    not_before: datetime | None = None  #: of a further attempt
    cpu_seconds: float | None = None  #: of the last attempt and its descendants
    peak_memory_bytes: int | None = None  #: of the largest process of the last attempt
    run_id: str | None = None  #: the run that it recorded


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
class Worker:
    """A process or thread that executes jobs."""

    worker_id: str
    host: str
    pid: int
    started_at: datetime
    heartbeat_at: datetime
    max_jobs: int = 1  #: at the same time


@dataclass(frozen=True, slots=True)
class DriftResult:
    """How far one column moved between two sets of rows."""

    column: str
    method: str  #: chi_square or ks
    statistic: float
    p_value: float
    psi: float  #: population stability index
    drifted: bool


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
