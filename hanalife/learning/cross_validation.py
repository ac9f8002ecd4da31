"""Judge candidates on folds and choose the best."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hanalife.errors import InvalidArgumentError
from hanalife.learning import scoring
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation import by_name
from hanalife.learning.evaluation.by_name import Metric
from hanalife.learning.memory import Memory, trial_digest
from hanalife.learning.preparation import Preparation
from hanalife.learning.scoring import Court, Scores
from hanalife.learning.search import Candidate
from hanalife.observation import FoldScore

if TYPE_CHECKING:
    from hanalife.learning.folds import Fold

logger = logging.getLogger(__name__)

Told = Callable[[int, int, Sequence[FoldScore]], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate and its scores, fold by fold."""

    candidate: Candidate
    scores: Mapping[str, tuple[float | None, ...]]
    number: int = 1  #: of the candidate, in the order tried
    rung: int = 1  #: of a race
    amount: float = 1.0  #: of the race's resource; rows count as a share
    failure: str = ""  #: why it could not be trained on some fold

    def mean(self, metric: str) -> float | None:
        """Return the mean over the folds where the metric is defined; None if there is none, or it failed."""
        if self.failure:
            return None
        defined = [score for score in self.scores[metric] if score is not None]
        return math.fsum(defined) / len(defined) if defined else None

    def variance(self, metric: str) -> float | None:
        """Return the sample variance over those folds; None below two."""
        defined = [score for score in self.scores[metric] if score is not None]
        if len(defined) < 2:
            return None
        mean = math.fsum(defined) / len(defined)
        return math.fsum((score - mean) ** 2 for score in defined) / (len(defined) - 1)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a search found."""

    judged: tuple[Judged, ...]  #: in the order tried
    best: Judged  #: best mean of the metric, of those that had all of the resource; the first of equals
    timed_out: bool  #: some candidates were not tried
    rungs: tuple[str, ...] = ()  #: of a race, in words


@dataclass(slots=True)
class Tally:
    """Candidate folds done, and whom to tell."""

    told: Told
    total: int
    done: int = field(default=0, init=False)

    def add(self, number: int, candidate: Candidate, rung: int, fold: int, n_folds: int, scores: Scores) -> None:
        """Count one candidate on one of the folds of a rung, and tell."""
        self.done += 1
        new = [FoldScore(number, candidate, name, fold + 1, score, rung, n_folds) for name, score in scores.items()]
        self.told(self.done, self.total, new)


def judge(
    engine: Engine,
    rows: Rows,
    folds: Sequence[Fold],
    candidates: Sequence[Candidate],
    base: Mapping[str, Any],
    metrics: Mapping[str, Metric],
    timeout_seconds: float = 0,
    progress: Told = lambda _done, _total, _scores: None,
    now: Callable[[], float] = time.monotonic,
    memory: Memory | None = None,
    identity: str = "",
    preparation: Preparation | None = None,
) -> Judgement:
    """Score every candidate on every fold and choose the best by the first metric.

    Parameters
    ----------
    engine : Engine
    rows : Rows
        As they were read, if there is a ``preparation``.
    folds : sequence of (train, test)
        Positions of rows.
    candidates : sequence of dict
        What each changes in ``base``.
    base : dict
        All parameters in force.
    metrics : dict
        Name to function; the first decides.
    timeout_seconds : float, default 0
        After this, what is not begun is left out, but the first candidate never; 0: no limit.
    progress : callable
        Told ``(done, total)`` candidate-folds and the newest scores, in the caller's thread.
    now : callable
        Seconds of a clock that never goes back.
    memory : Memory, optional
        What an earlier search found; takes what this one finds.
    identity : str
        Hash of what all scores have in common; see :func:`memory.identity`.
    preparation : Preparation, optional
        What each fold learns of its training rows before the engine sees them.

    Raises
    ------
    InvalidArgumentError
        The deciding metric is defined on no fold.
    SearchCancelledError
        The memory knows that someone wants it to stop.
    """
    court = Court(engine, rows, base, metrics, memory or Memory(), identity, now, preparation)
    tally = Tally(progress, len(folds) * len(candidates))
    court.memory.begin(identity, tally.total)
    progress(0, tally.total, ())
    deadline = now() + timeout_seconds if timeout_seconds else math.inf
    judged = complete(court, folds, candidates, range(1, len(candidates) + 1), tally, deadline)
    timed_out = len(judged) < len(candidates)
    if timed_out:
        logger.warning("timeout: %d of %d candidates tried in %s s.", len(judged), len(candidates), timeout_seconds)
    return Judgement(judged, ranked(judged, next(iter(metrics)))[0], timed_out)


def complete(
    court: Court,
    folds: Sequence[Fold],
    candidates: Sequence[Candidate],
    numbers: Sequence[int],
    tally: Tally,
    deadline: float,
    rung: int = 1,
    amount: float = 1.0,
) -> tuple[Judged, ...]:
    """Score candidates and return those that have been on every fold before the deadline."""
    found: dict[int, dict[int, Scores]] = {}

    def tell(position: int, fold: int, scores: Scores) -> None:
        found.setdefault(position, {})[fold] = scores
        tally.add(numbers[position], candidates[position], rung, fold, len(folds), scores)
        court.memory.look_up(tally.done, tally.total)

    def wait() -> None:
        court.memory.look_up(tally.done, tally.total)

    scoring.score(court, folds, candidates, numbers, rung, deadline, tell, wait)
    return tuple(
        Judged(
            candidate,
            {name: tuple(found[position][fold][name] for fold in range(len(folds))) for name in court.metrics},
            numbers[position],
            rung,
            amount,
            court.failures.get(trial_digest({**court.base, **candidate}), ""),
        )
        for position, candidate in enumerate(candidates)
        if len(found.get(position, ())) == len(folds)
    )


def ranked(judged: Sequence[Judged], metric: str) -> list[Judged]:
    """Return candidates by the mean of a metric, the best first, equals in their order.

    Raises
    ------
    InvalidArgumentError
        The metric is not defined on any fold of any candidate, or all candidates failed.
    """
    sign = 1 if by_name.lower_is_better(metric) else -1
    means = [(one, one.mean(metric)) for one in judged]
    defined = [(one, sign * mean) for one, mean in means if mean is not None]
    reasons = list(dict.fromkeys(one.failure for one in judged if one.failure))
    if not defined and reasons:
        raise InvalidArgumentError(f"param_values, param_range: no candidate could be trained: {' / '.join(reasons)}")
    if not defined:
        raise InvalidArgumentError(
            f"evaluation_metric: {metric!r} is not defined on any fold, each holds one class only; "
            "use resampling_method='stratified_cv' or another metric."
        )
    undefined = [one for one, mean in means if mean is None]
    return [one for one, _ in sorted(defined, key=lambda pair: pair[1])] + undefined
