"""The one contract between Python and TypeScript: what a view is given, as JSON.

Only type declarations. ``hanalife.views.typescript`` turns them into
``js/src/contract/types.gen.ts``; a change that breaks old readers raises :data:`CONTRACT`.

Instants are RFC 3339 text in UTC ending in ``Z``; durations are seconds and named so; ids and
64-bit integers are text; a number that is not finite is one of three words; status words are
those of :mod:`hanalife.records`. Optional fields are null, never left out.
"""

from __future__ import annotations

from typing import Literal, NewType, TypedDict

#: Raised when an older front end could not read what this one sends.
CONTRACT = 1

Instant = NewType("Instant", str)

#: A number as JSON can carry it.
JsonNumber = float | Literal["nan", "inf", "-inf"]

#: A metric is a number, or a text such as a list of one value for each fold.
MetricValue = float | str

RunStatusWord = Literal["ACTIVE", "FINISHED", "FAILED", "LOST", "DELETED"]
JobStatusWord = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "ABANDONED", "SKIPPED"]
TickStatusWord = Literal["RAN", "LATE", "SKIPPED", "MISSED", "MERGED"]


class Fact(TypedDict):
    """A name and what it stands for, both as text to show."""

    name: str
    value: str


class Grid(TypedDict):
    """A small table as text to show."""

    columns: list[str]
    rows: list[list[str]]


# --- experiments and runs -----------------------------------------------------------------------


class Progress(TypedDict):
    """How far a run has come."""

    done: int
    total: int
    text: str


class ExperimentRow(TypedDict):
    """One experiment in a list."""

    experiment_id: str
    description: str
    owner: str
    created_at: Instant


class RunRow(TypedDict):
    """One run in a list."""

    run_id: str
    experiment_id: str
    name: str
    attempt: int
    status: RunStatusWord
    progress: Progress | None
    owner: str
    dataset_name: str
    created_at: Instant
    ended_at: Instant | None
    duration_seconds: float | None
    revision: int
    metrics: dict[str, MetricValue]


class ExperimentsPayload(TypedDict):
    """All that the list of experiments and runs shows."""

    contract: int
    seq: int
    database: str
    absent: list[str]
    experiments: list[ExperimentRow]
    runs: list[RunRow]


class ExperimentsChange(TypedDict):
    """Experiments that came, changed or went."""

    changed: list[ExperimentRow]
    removed: list[str]


class RunsChange(TypedDict):
    """Runs that came, changed or went."""

    changed: list[RunRow]
    removed: list[str]


class FoundRuns(TypedDict):
    """The runs that a search in words found; ``ordered`` if it says in which order."""

    contract: int
    run_ids: list[str]
    ordered: bool


class ExperimentsDelta(TypedDict):
    """What turns the payload number ``seq - 1`` into number ``seq``."""

    contract: int
    seq: int
    absent: list[str]
    experiments: ExperimentsChange
    runs: RunsChange


class Importance(TypedDict):
    """How much a model owes to one variable."""

    name: str
    value: JsonNumber


class Series(TypedDict):
    """One line of a chart."""

    name: str
    points: list[tuple[JsonNumber, JsonNumber]]


class Chart(TypedDict):
    """A chart of lines."""

    title: str
    x_label: str
    y_label: str
    series: list[Series]


class Curve(Chart):
    """A chart of the figures that a classifier reports."""

    key: Literal["ROC", "CUMGAINS", "LIFT", "CUMLIFT"]


class Confusion(TypedDict):
    """Counts of rows: ``counts[i][j]`` of actual class i were predicted as class j."""

    labels: list[str]
    counts: list[list[int]]


class SignatureTables(TypedDict):
    """What a model takes and gives."""

    properties: list[Fact]
    inputs: Grid
    outputs: Grid
    parameters: Grid


class MetricRow(Fact):
    """A metric as text to show, and the bounds of its 95 % interval where that is known."""

    low: JsonNumber | None
    high: JsonNumber | None


class Candidate(TypedDict):
    """Parameters that a search tried, and their mean score over the folds so far."""

    candidate: int
    rung: int
    folds: int
    score: JsonNumber
    parameters: str


class Search(TypedDict):
    """What a search found by one metric: the best candidates first, and the scores of all as a chart."""

    metric: str
    lower_is_better: bool
    total: int
    candidates: list[Candidate]
    chart: Chart


class ArtifactRow(TypedDict):
    """Bytes that a run keeps under a name."""

    name: str
    kind: str
    media_type: str
    size_bytes: int


class RunLink(TypedDict):
    """Another run, to go to."""

    run_id: str
    name: str
    status: RunStatusWord


class LogRow(TypedDict):
    """One entry of a run's log; a long message is cut."""

    seq: int
    event_key: str
    event_time: Instant
    message: str


class RunDetail(TypedDict):
    """All that is known of one run."""

    contract: int
    run: RunRow
    overview: list[Fact]
    notes: str
    tags: list[Fact]
    parent: RunLink | None
    children: list[RunLink]
    parameters: list[Fact]
    optimal: list[Fact]
    metrics: list[MetricRow]
    learning: list[Chart]
    learning_total: int
    searches: list[Search]
    environment: list[Fact]
    code: list[Fact]
    artifacts: list[ArtifactRow]
    dataset: list[Fact]
    columns: Grid
    importance: list[Importance]
    curves: list[Curve]
    confusion: Confusion | None
    signature: SignatureTables
    log: list[LogRow]
    log_total: int


# --- tasks --------------------------------------------------------------------------------------


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


# --- models -------------------------------------------------------------------------------------


class ModelRow(TypedDict):
    """One stored version of a model."""

    name: str
    version: int
    kind: str
    library: str
    run_id: str | None
    created_at: Instant
    aliases: list[str]


class ModelsPayload(TypedDict):
    """All stored models."""

    contract: int
    models: list[ModelRow]


# --- messages -----------------------------------------------------------------------------------


class MonitorStatus(TypedDict):
    """How a live monitor is doing."""

    word: Literal["starting", "live", "lost", "cancelled"]
    text: str


class Request(TypedDict):
    """A question of the front end."""

    id: str
    method: str
    args: dict[str, str]


class ErrorInfo(TypedDict):
    """Why a question has no answer."""

    code: str
    message: str
    hint: str
