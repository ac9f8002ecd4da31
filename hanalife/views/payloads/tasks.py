"""Scheduled tasks, their jobs and workers, as a view is given them."""

from __future__ import annotations

from typing import Literal, TypedDict

from hanalife.views.payloads.words import Fact, Grid, Instant, JobStatusWord, TickStatusWord


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


class RecentJob(TypedDict):
    """A job that has ended, as a bar of a small chart."""

    status: JobStatusWord
    seconds: float


class TaskRow(TypedDict):
    """One task in a list, with its schedule and its last job."""

    task_id: str
    kind: str
    description: str
    owner: str
    created_at: Instant
    cron: str | None
    timezone: str | None
    schedule_text: str
    enabled: bool
    next_due: Instant | None
    last_job: JobRow | None
    recent: list[RecentJob]


class WorkerRow(TypedDict):
    """A worker that has shown a sign of life lately."""

    worker_id: str
    host: str
    pid: int
    max_jobs: int
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


class TickDay(TypedDict):
    """A day (UTC) of the ledger: how many due times came to what."""

    day: str
    counts: dict[str, int]


class TaskLogRow(TypedDict):
    """One line of the log of a task or of its jobs; of a message longer than ``message`` the rest can be asked for."""

    entry_id: str
    job_id: str | None
    event_key: str
    event_time: Instant
    message: str
    length: int


class TaskLogPage(TypedDict):
    """Lines of a log in the order they were written, and how many were written before them."""

    contract: int
    log: list[TaskLogRow]
    older: int


class LogMessage(TypedDict):
    """A stretch of a long message."""

    contract: int
    text: str
    offset: int
    length: int


class Part(TypedDict):
    """A part of a composite: its job in the last execution of the composite, else its own last one."""

    task_id: str
    kind: str
    rule: str
    gate: str | None  # the verdict of the part before that it waits for
    job: JobRow | None
    parts: list[Part]


class Argument(TypedDict):
    """A parameter that one job may be given another value for, as JSON."""

    name: str
    json: str


class DueTime(TypedDict):
    """A due time to come: the moment, and what the clock of the schedule's zone shows then."""

    at: Instant
    local: str


class ScheduleProblem(TypedDict):
    """Why a schedule cannot be: which argument is wrong, and its characters from ``start`` to before ``end``."""

    argument: Literal["cron", "timezone"]
    message: str
    start: int
    end: int


class SchedulePreview(TypedDict):
    """What a schedule would mean, or why it cannot be."""

    contract: int
    words: str
    due: list[DueTime]
    problem: ScheduleProblem | None


class TablePreview(TypedDict):
    """The first rows of a table; without columns if it does not exist yet."""

    contract: int
    table: str
    grid: Grid
    more: bool


class TaskDetail(TypedDict):
    """All that is known of one task."""

    contract: int
    task: TaskRow
    rule: str
    parts: list[Part]
    policy: list[Fact]
    trigger: list[Fact]
    definition: list[Fact]
    parameters: list[Fact]
    arguments: list[Argument]
    takes_arguments: bool
    outputs: list[str]
    jobs: list[JobRow]
    ledger: list[TickRow]
    ledger_days: list[TickDay]
    log: list[TaskLogRow]
    log_total: int
