"""What a model tells of its calls, and to whom.

Learning knows nothing of tracking: a model reports each ``fit``, ``score`` and ``predict`` to
its observer in these frozen values, and whatever is armed (an experiment run, for one) makes
of them what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

#: What JSON can hold.
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class MetricSource(StrEnum):
    """The rows that a metric was measured on, in the order in which they count as evidence."""

    TEST = "test"  #: a score on rows that the model was not fitted on
    VALIDATION = "validation"  #: rows that the fit held out
    CV = "cv"  #: mean over the folds of a resampling
    TRAIN = "train"  #: rows that the model was fitted on, or a mixture that holds such rows
    PRODUCTION = "production"  #: a later window of labeled rows
    USER = "user"  #: logged by hand; hanalife does not know the rows


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column: its name and its SQL type in HANA's words, such as ``INT`` or ``DOUBLE``."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """The rows a call read."""

    rows: int
    columns: tuple[ColumnSpec, ...]
    sql: str
    content_hash: str  #: of all rows, whatever their order, 64 hexadecimal digits; type aware
    source_table: str | None = None
    #: a digest of each row under its key, as a compressed Arrow stream; None: no key, or too many rows
    row_digests: bytes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives."""

    properties: Mapping[str, Any]
    inputs: tuple[ColumnSpec, ...]
    outputs: tuple[ColumnSpec, ...]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: by input: the CATEGORIES, or MINIMUM and MAXIMUM, that training saw
    seen: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call begins."""

    method: str  #: fit, score or predict
    procedure: str  #: such as UNIFIED_CLASSIFICATION
    parameters: Mapping[str, Any]  #: all parameters in force, defaults resolved


@dataclass(frozen=True, slots=True)
class FoldScore:
    """One candidate of a search, judged on one fold."""

    candidate: int  #: counted from 1, in the order tried
    parameters: Mapping[str, Json]  #: what it changes
    metric: str
    fold: int  #: counted from 1
    score: float | None  #: None: not defined on this fold
    rung: int = 1  #: of a race, counted from 1; the last ones give all of the resource
    folds: int = 1  #: on how many each candidate of the rung is judged


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """How good a model in training is after one of its rounds."""

    metric: str
    part: str  #: training or validation
    step: int  #: the round, counted from 1
    value: float


@dataclass(frozen=True, slots=True)
class CallProgress:
    """A long call has come so far, such as 12 of 40 candidate folds, and found this since it last told."""

    done: int
    total: int
    description: str = ""
    fold_scores: tuple[FoldScore, ...] = ()  #: new since the last progress
    points: tuple[LearningPoint, ...] = ()  #: new since the last progress


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """A call has ended well."""

    dataset: DatasetFacts
    seconds: float
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    source: MetricSource = MetricSource.TRAIN  #: of all metrics and intervals but the ``other_sources``
    source_note: str = ""  #: row counts where the rows are a mixture, such as "120 of 154 rows were trained on"
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)  #: by metric; level 95 %
    interval_notes: Mapping[str, str] = field(default_factory=dict)  #: why a metric has no interval, by metric
    importance: Mapping[str, float] = field(default_factory=dict)
    confusion: tuple[tuple[str, str, int], ...] = ()  #: (actual, predicted, count)
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    signature: Signature | None = None
    optimal_parameters: Mapping[str, Any] = field(default_factory=dict)
    other_sources: Mapping[str, MetricSource] = field(default_factory=dict)  #: of metrics of other rows than the rest

    def source_of(self, metric: str) -> MetricSource:
        """Return the source of one of the metrics."""
        return self.other_sources.get(metric, self.source)


class CallObserver(Protocol):
    """Whoever wants to know of a model's calls."""

    def call_started(self, start: CallStart) -> str:
        """Note the beginning; return the id of the run that records the call."""
        ...

    def call_progressed(self, progress: CallProgress) -> None:
        """Note how far a call has come; called often, must be cheap."""
        ...

    def call_finished(self, outcome: CallOutcome) -> None:
        """Note a good end."""
        ...

    def call_failed(self, error: BaseException) -> None:
        """Note a bad end; the error is raised to the caller afterwards."""
        ...
