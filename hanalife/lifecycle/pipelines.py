"""What a retraining pipeline is told once, as all of its steps keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from hanalife.errors import Error, InvalidArgumentError
from hanalife.lifecycle import judging, promotion
from hanalife.lifecycle.promotion import Budget
from hanalife.records import ModelVersion

#: The steps in their order, and the verdict of the one before that each waits for.
STEPS: Mapping[str, str | None] = {
    "watch": None,
    "drift": None,
    "challenge": "drift",
    "compare": "fitted",
    "promote": "better",
}

#: The alias of the version that a pipeline has fitted last.
CHALLENGER = "challenger"

#: The tag of a version that says which pipeline has fitted it.
TAG = "pipeline"

#: The tag of a version with its gain over the one before: that of its promotion, later that on newer rows.
GAIN_TAG = "gain"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A retraining pipeline: drift check, fit of a challenger, comparison with the champion, promotion, watch."""

    task_id: str
    model: str
    champion: str  #: the alias that may move
    label: str
    key: str
    metric: str  #: one of :data:`hanalife.lifecycle.judging.METRICS`
    margin: float = 0.0  #: a gain up to it is too small to matter
    error_rate: float = 0.05  #: chance, at most, that a challenger is promoted whose true gain is at most the margin
    holdout: float = 0.3  #: share of the rows that judge and do not train
    seed: int = 1  #: of the hold-out
    cooldown_seconds: float = 86_400.0  #: between two retrainings
    most: int | None = None  #: retrainings in a period
    period_seconds: float = 30 * 86_400.0
    watch_windows: int = 4  #: executions after a promotion in which it may be rolled back
    approval: bool = False  #: somebody must approve before the alias moves
    dry_run: bool = False  #: no alias ever moves, only the challenger's
    experiment_id: str = ""
    keep_challengers: int | None = None  #: of those that were never in use; None: all
    attempts: int = 50  #: comparisons that share the error rate
    attempts_per: str = promotion.LIFE  #: LIFE: once for all; YEAR: an attempt comes back after 365 days
    assume_unseen: bool = False  #: a version whose training rows are unknown may be judged on any row

    def step(self, name: str) -> str:
        """Return the task of a step."""
        return f"{self.task_id}_{name}"

    @property
    def steps(self) -> list[str]:
        """The tasks of the steps, in their order."""
        return [self.step(name) for name in STEPS]

    @property
    def gates(self) -> dict[str, str]:
        """The verdicts that steps wait for, by their tasks."""
        return {self.step(name): word for name, word in STEPS.items() if word is not None}

    @property
    def cooldown(self) -> timedelta:
        """Time between two retrainings, at least."""
        return timedelta(seconds=self.cooldown_seconds)

    @property
    def period(self) -> timedelta:
        """The time that :attr:`most` is about."""
        return timedelta(seconds=self.period_seconds)

    @property
    def budget(self) -> Budget:
        """The comparisons that share the error rate."""
        return Budget(self.error_rate, self.attempts, self.attempts_per)

    def to_json(self) -> dict[str, Any]:
        """Return the pipeline as JSON values."""
        return asdict(self)


def features_of(version: ModelVersion) -> list[str]:
    """Return the columns that a stored version learned from."""
    return [name for name, _ in (version.signature or {}).get("inputs", ())]


def of_definition(definition: Mapping[str, Any]) -> Pipeline:
    """Return the pipeline that a step belongs to.

    Raises
    ------
    Error
        It was made by a later hanalife.
    """
    try:
        return Pipeline(**definition["pipeline"])
    except TypeError as error:
        raise Error(
            f"The pipeline was created by another hanalife version: {error}; upgrade hanalife or recreate the pipeline."
        ) from None


def check(pipeline: Pipeline) -> Pipeline:
    """Return a pipeline whose values can be used.

    Raises
    ------
    InvalidArgumentError
        One cannot; the message names it.
    """
    if pipeline.metric not in judging.METRICS:
        known = "; ".join(f"{name} ({words})" for name, words in judging.METRICS.items())
        raise InvalidArgumentError(f"metric: got {pipeline.metric!r}; the metrics are {known}.")
    _number("margin", pipeline.margin, 0, float("inf"), open_low=False)
    _number("error_rate", pipeline.error_rate, 0, 0.5)
    _number("holdout", pipeline.holdout, 0, 1)
    _number("cooldown", pipeline.cooldown_seconds, 0, float("inf"), open_low=False)
    _number("period", pipeline.period_seconds, 0, float("inf"))
    _whole("most", pipeline.most, 1)
    _whole("watch_windows", pipeline.watch_windows, 0)
    _whole("keep_challengers", pipeline.keep_challengers, 1)
    _whole("attempts", pipeline.attempts, 1, optional=False)
    if pipeline.attempts_per not in (promotion.LIFE, promotion.YEAR):
        raise InvalidArgumentError(f"attempts_per: expected 'life' or 'year', got {pipeline.attempts_per!r}.")
    if not isinstance(pipeline.assume_unseen, bool):
        raise InvalidArgumentError(f"assume_unseen: expected True or False, got {pipeline.assume_unseen!r}.")
    return pipeline


def _number(name: str, value: object, low: float, high: float, *, open_low: bool = True) -> None:
    good = not isinstance(value, bool) and isinstance(value, int | float) and low <= value < high
    if not good or (open_low and value == low):
        words = f"more than {low:g}" if open_low else f"at least {low:g}"
        limit = f" and less than {high:g}" if high < float("inf") else ""
        raise InvalidArgumentError(f"{name}: expected a number of {words}{limit}, got {value!r}.")


def _whole(name: str, value: object, low: int, *, optional: bool = True) -> None:
    if (value is not None or not optional) and (isinstance(value, bool) or not isinstance(value, int) or value < low):
        raise InvalidArgumentError(f"{name}: expected a whole number of at least {low}, got {value!r}.")
