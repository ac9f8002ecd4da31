"""Experiments and their runs, as a view is given them."""

from __future__ import annotations

from typing import Literal, TypedDict

from hanalife.views.payloads.words import (
    Fact,
    Grid,
    Instant,
    JobStatusWord,
    JsonNumber,
    MetricSourceWord,
    MetricValue,
    RunStatusWord,
)


class Progress(TypedDict):
    """How far a run has come."""

    done: int
    total: int
    text: str


class ExperimentRow(TypedDict):
    """One experiment in a list; ``primary_metric`` is what it says its runs are ranked by, or empty."""

    experiment_id: str
    description: str
    owner: str
    created_at: Instant
    primary_metric: str


class RunRow(TypedDict):
    """One run in a list: its metrics by source and base name, and the metric that its search went by, or empty."""

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
    metrics: dict[str, dict[str, MetricValue]]
    search_metric: str


class ExperimentsPayload(TypedDict):
    """All that the list of experiments and runs shows; of ``total`` runs the newest, if they are fewer."""

    contract: int
    seq: int
    database: str
    absent: list[str]
    experiments: list[ExperimentRow]
    total: int
    runs: list[RunRow]


class RunsPage(TypedDict):
    """Runs that were made before another, oldest first."""

    contract: int
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
    total: int
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


class LearningCurve(Chart):
    """A chart of series over steps, and the best and the last value of each as text."""

    summary: str


class Curve(Chart):
    """A chart of the figures that a classifier reports."""

    key: Literal["ROC", "CUMGAINS", "LIFT", "CUMLIFT"]


class Confusion(TypedDict):
    """Counts of rows: ``counts[i][j]`` of actual class i were predicted as class j; which rows, where it is known."""

    labels: list[str]
    counts: list[list[int]]
    source: str


class SignatureTables(TypedDict):
    """What a model takes and gives."""

    properties: list[Fact]
    inputs: Grid
    outputs: Grid
    parameters: Grid


class MetricRow(Fact):
    """A metric from one source as text to show: its 95 % interval or why it has none, its rows, and which they are."""

    source: MetricSourceWord
    low: JsonNumber | None
    high: JsonNumber | None
    no_interval: str
    rows: int | None
    note: str


class Candidate(TypedDict):
    """Parameters that a search tried, and their mean score over the folds of a rung so far; complete: over all."""

    candidate: int
    rung: int
    folds: int
    complete: bool
    score: JsonNumber
    parameters: str
    values: dict[str, float | str]


class Search(TypedDict):
    """What a search found by one metric: the best candidates first, and the scores of all as a chart.

    ``best`` is the best of those candidates that are complete on the last rung that has such; the summary names it.
    """

    metric: str
    total: int
    rungs: int
    best: int | None
    summary: str
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


class ModelLink(TypedDict):
    """A stored version that came of a run, with the aliases that name it now."""

    name: str
    version: int
    aliases: list[str]


class JobLink(TypedDict):
    """A job that made a run."""

    job_id: int
    task_id: str
    status: JobStatusWord


class LogRow(TypedDict):
    """One entry of a run's log; a long message is cut."""

    seq: int
    event_key: str
    event_time: Instant
    message: str
    length: int


class LogPage(TypedDict):
    """Entries of a log before others, oldest first."""

    contract: int
    log: list[LogRow]


class MessagePart(TypedDict):
    """A part of one message of a log, which has ``length`` characters in all."""

    contract: int
    text: str
    length: int


class ArtifactPart(TypedDict):
    """One of the parts of an artifact, which make it up one after the other; in Base64."""

    contract: int
    media_type: str
    size_bytes: int
    parts: int
    data: str


class RunDetail(TypedDict):
    """All that is known of one run."""

    contract: int
    run: RunRow
    overview: list[Fact]
    notes: str
    notes_whole: bool
    tags: list[Fact]
    parent: RunLink | None
    children: list[RunLink]
    models: list[ModelLink]
    jobs: list[JobLink]
    parameters: list[Fact]
    optimal: list[Fact]
    primary_metric: str
    metrics: list[MetricRow]
    learning: list[LearningCurve]
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
