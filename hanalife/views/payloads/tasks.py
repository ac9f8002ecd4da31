"""Scheduled tasks, their jobs and workers, as a view is given them."""

from __future__ import annotations

from typing import TypedDict

from hanalife.views.payloads.words import Fact, Instant, JobStatusWord, TickStatusWord


class JobRow(TypedDict):
    """One execution of a task."""

    job_id: str
    status: JobStatusWord
    due: Instant
    attempt: int
    worker: str | None
    started_at: Instant | None
    ended_at: Instant | None
    duration_seconds: float | None
    message: str
    failures: int
    cpu_seconds: float | None
    peak_memory_bytes: int | None
    run_id: str | None
    verdict: str | None


class TaskRow(TypedDict):
    """One task in a list, with its schedule and its last job."""

    task_id: str
    kind: str
    description: str
    owner: str
    created_at: Instant
    cron: str | None
    schedule_text: str
    enabled: bool
    next_due: Instant | None
    last_job: JobRow | None


class WorkerRow(TypedDict):
    """A worker that has shown a sign of life lately."""

    worker_id: str
    host: str
    started_at: Instant


class TasksPayload(TypedDict):
    """All that the list of tasks shows."""

    contract: int
    seq: int
    database: str
    absent: list[str]
    tasks: list[TaskRow]
    workers: list[WorkerRow]


class TasksChange(TypedDict):
    """Tasks that came, changed or went."""

    changed: list[TaskRow]
    removed: list[str]


class WorkersChange(TypedDict):
    """Workers that came, changed or went."""

    changed: list[WorkerRow]
    removed: list[str]


class TasksDelta(TypedDict):
    """What turns the payload number ``seq - 1`` into number ``seq``."""

    contract: int
    seq: int
    absent: list[str]
    tasks: TasksChange
    workers: WorkersChange


class TickRow(TypedDict):
    """One due time in the ledger and what became of it."""

    due: Instant
    status: TickStatusWord
    job_id: str | None
    recorded_at: Instant


class TaskLogRow(TypedDict):
    """One line of the log of a task or of its jobs; a long message is cut."""

    job_id: str | None
    event_key: str
    event_time: Instant
    message: str


class Part(TypedDict):
    """A part of a composite: its job in the last execution of the composite, else its own last one."""

    task_id: str
    kind: str
    job: JobRow | None
    parts: list[Part]


class TaskDetail(TypedDict):
    """All that is known of one task."""

    contract: int
    task: TaskRow
    parts: list[Part]
    policy: list[Fact]
    trigger: list[Fact]
    definition: list[Fact]
    parameters: list[Fact]
    jobs: list[JobRow]
    ledger: list[TickRow]
    log: list[TaskLogRow]
    log_total: int
