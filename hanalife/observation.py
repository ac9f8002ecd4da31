"""What a model tells of its calls, and to whom.

Learning knows nothing of tracking: a model reports each ``fit``, ``score`` and ``predict`` to
its observer in these frozen values, and whatever is armed (an experiment run, for one) makes
of them what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

#: What JSON can hold.
Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


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
    content_hash: str  #: SHA-256 of all rows, hexadecimal; order and type aware
    source_table: str | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives."""

    properties: Mapping[str, Any]
    inputs: tuple[ColumnSpec, ...]
    outputs: tuple[ColumnSpec, ...]
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallStart:
    """A call begins."""

    method: str  #: fit, score or predict
    procedure: str  #: such as UNIFIED_CLASSIFICATION
    parameters: Mapping[str, Any]  #: all parameters in force, defaults resolved


@dataclass(frozen=True, slots=True)
class FoldScore:
    """One candidate of a search was judged on one fold."""

    candidate: int  #: its number, from 0
    parameters: Mapping[str, Any]
    metric: str
    fold: int
    score: float


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """One point of a learning curve."""

    metric: str
    part: str  #: training or validation
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class CallProgress:
    """A long call has come so far, such as 12 of 40 candidate folds, and found this since it last told."""

    done: int
    total: int
    description: str = ""
    fold_scores: tuple[FoldScore, ...] = ()
    points: tuple[LearningPoint, ...] = ()


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """A call has ended well."""

    dataset: DatasetFacts
    seconds: float
    metrics: Mapping[str, float | str] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    confusion: tuple[tuple[str, str, int], ...] = ()  #: (actual, predicted, count)
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    signature: Signature | None = None
    optimal_parameters: Mapping[str, Any] = field(default_factory=dict)


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
