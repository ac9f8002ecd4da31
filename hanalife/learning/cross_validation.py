"""Judge candidates on folds, in threads, and choose the best."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation import by_name
from hanalife.learning.evaluation.by_name import Metric
from hanalife.learning.search import Candidate
from hanalife.observation import FoldScore

if TYPE_CHECKING:
    from hanalife.learning.folds import Fold

logger = logging.getLogger(__name__)

#: Scores of one candidate on one fold, by metric; None where a metric is not defined.
Scores = dict[str, float | None]

Told = Callable[[int, int, Sequence[FoldScore]], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate and its scores, fold by fold."""

    candidate: Candidate
    scores: Mapping[str, tuple[float | None, ...]]

    def mean(self, metric: str) -> float | None:
        """Return the mean over the folds where the metric is defined; None if there is none."""
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
    best: Judged  #: best mean of the metric; the first of equals
    timed_out: bool  #: some candidates were not tried


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
) -> Judgement:
    """Score every candidate on every fold and choose the best by the first metric.

    Parameters
    ----------
    engine : Engine
    rows : Rows
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

    Raises
    ------
    InvalidArgumentError
        The deciding metric is defined on no fold.
    """
    found: dict[int, dict[int, Scores]] = {}
    total = len(folds) * len(candidates)
    deadline = now() + timeout_seconds if timeout_seconds else math.inf
    trials = [{**base, **candidate} for candidate in candidates]
    progress(0, total, ())
    # Closing stops the threads at once if the progress, or the user, raises.
    with closing(_scores(engine, rows, folds, trials, metrics, deadline, now)) as scored:
        for done, (position, fold, scores) in enumerate(scored, 1):
            found.setdefault(position, {})[fold] = scores
            progress(done, total, _told(position, candidates[position], fold, scores))
    judged = tuple(
        Judged(candidate, {name: tuple(found[position][fold][name] for fold in range(len(folds))) for name in metrics})
        for position, candidate in enumerate(candidates)
        if len(found.get(position, ())) == len(folds)
    )
    timed_out = len(judged) < len(candidates)
    if timed_out:
        logger.warning("timeout: %d of %d candidates tried in %s s.", len(judged), len(candidates), timeout_seconds)
    return Judgement(judged, _best(judged, next(iter(metrics))), timed_out)


def _told(position: int, candidate: Candidate, fold: int, scores: Scores) -> tuple[FoldScore, ...]:
    return tuple(FoldScore(position + 1, candidate, name, fold + 1, score) for name, score in scores.items())


def _best(judged: Sequence[Judged], metric: str) -> Judged:
    means = [(one, one.mean(metric)) for one in judged]
    defined = [(one, mean) for one, mean in means if mean is not None]
    if not defined:
        raise InvalidArgumentError(
            f"evaluation_metric: {metric!r} is not defined on any fold, each holds one class only; "
            "use resampling_method='stratified_cv' or another metric."
        )
    choose = min if by_name.lower_is_better(metric) else max
    return choose(defined, key=lambda pair: pair[1])[0]


def _scores(
    engine: Engine,
    rows: Rows,
    folds: Sequence[Fold],
    trials: Sequence[Mapping[str, Any]],
    metrics: Mapping[str, Metric],
    deadline: float,
    now: Callable[[], float],
) -> Generator[tuple[int, int, Scores], None, None]:
    """Yield ``(candidate, fold, scores)`` as they come; a thread has a fold and its binned rows to itself."""
    processors = os.cpu_count() or 1
    workers = min(len(folds), processors)
    results: SimpleQueue[tuple[int, int, Scores] | Future[None]] = SimpleQueue()
    stop = threading.Event()

    def work(fold: int) -> None:
        train, test = folds[fold]
        actual = rows.target[test]
        trained = engine.fold_outputs(rows.take(train), rows.features[test], trials, max(1, processors // workers))
        for position, found in trained:
            results.put((position, fold, {name: score(actual, found) for name, score in metrics.items()}))
            if stop.is_set() or now() > deadline:
                return

    with ThreadPoolExecutor(workers, thread_name_prefix="hanalife-fold") as pool:
        running = [pool.submit(work, fold) for fold in range(len(folds))]
        for future in running:
            future.add_done_callback(results.put)
        try:
            while running:
                result = results.get()
                if isinstance(result, Future):
                    running.remove(result)
                    result.result()  # raises what the thread raised
                else:
                    yield result
        finally:
            stop.set()
