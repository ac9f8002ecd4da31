"""Train candidates on folds, in threads, and score them.

A thread has a fold, and its binned rows, to itself. Folds that are left over once every thread has
had as many as the others are cut by candidates, so that no processor waits for the last fold.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation.by_name import Metric
from hanalife.learning.memory import Memory, fold_digest, score_key, trial_digest
from hanalife.learning.preparation import Preparation
from hanalife.learning.search import Candidate
from hanalife.records import SearchScore

if TYPE_CHECKING:
    from hanalife.learning.folds import Fold

logger = logging.getLogger(__name__)

#: Scores of one candidate on one fold, by metric; None where a metric is not defined.
Scores = Mapping[str, float | None]

#: A fold, and which of the candidates to train on it.
Piece = tuple[int, Sequence[int]]

#: How often a waiting caller looks up.
SECONDS_BETWEEN_LOOKS = 0.25


@dataclass(frozen=True, slots=True)
class Court:
    """What candidates are judged by."""

    engine: Engine
    rows: Rows  #: as they were read
    base: Mapping[str, Any]  #: all parameters in force
    metrics: Mapping[str, Metric]  #: the first decides
    memory: Memory
    identity: str  #: hash of what all scores have in common
    now: Callable[[], float]
    preparation: Preparation | None = None  #: None: rows are ready as they were read
    failures: dict[str, str] = field(default_factory=dict)  #: why trials failed, by the digest of their parameters

    def prepared(self, fold: Fold) -> tuple[Rows, Any]:
        """Return a fold's training rows and the features of those that judge, as the former prepare them."""
        if self.preparation is None:
            return self.rows.take(fold[0]), self.rows.features[fold[1]]
        return self.preparation.fold(self.rows, fold)

    def scores(self, fold: Fold, outputs: Any) -> Scores:
        """Score what an engine gives for a fold's rows; a number that is not finite is not defined."""
        actual = self.rows.target[fold[1]]
        found = {name: score(actual, outputs) for name, score in self.metrics.items()}
        return {
            name: float(value) if value is not None and np.isfinite(value) else None for name, value in found.items()
        }

    def fail(self, digest: str, candidate: Candidate, error: InvalidArgumentError) -> None:
        """Note why a candidate cannot be trained; the search goes on without it."""
        if digest not in self.failures:
            logger.warning("The candidate %s failed, the search goes on: %s", dict(candidate), error)
        self.failures.setdefault(digest, str(error))


def score(
    court: Court,
    folds: Sequence[Fold],
    candidates: Sequence[Candidate],
    numbers: Sequence[int],
    rung: int,
    deadline: float,
    tell: Callable[[int, int, Scores], None],
    wait: Callable[[], None],
) -> None:
    """Score every candidate on every fold until the deadline; what is known is not trained for again.

    Parameters
    ----------
    court : Court
    folds : sequence of (train, test)
    candidates : sequence of dict
        What each changes in the parameters in force.
    numbers : sequence of int
        What each candidate is called.
    rung : int
        Of a race.
    deadline : float
        After this moment no training begins; the first candidate is never left out.
    tell : callable
        Told ``(position, fold, scores)`` as they come, in the caller's thread.
    wait : callable
        Called now and then while nothing comes.
    """
    trials = [{**court.base, **candidate} for candidate in candidates]
    digests = [trial_digest(trial) for trial in trials]
    keys = [[score_key(court.identity, where, digest) for digest in digests] for where in map(fold_digest, folds)]
    missing: list[Piece] = []
    for fold in range(len(folds)):
        known = [court.memory.recall(key) for key in keys[fold]]
        for position, scores in enumerate(known):
            if scores is not None:
                tell(position, fold, scores)
        lacking = [position for position, scores in enumerate(known) if scores is None]
        if lacking:
            missing.append((fold, lacking))

    def judged(piece: Piece, n_threads: int) -> Iterator[tuple[int, int, Scores]]:
        fold, positions = piece
        some = [trials[position] for position in positions]
        for place, outputs in court.engine.fold_outputs(*court.prepared(folds[fold]), some, n_threads):
            position = positions[place]
            if isinstance(outputs, InvalidArgumentError):  # kept nowhere: the next fit finds it again
                court.fail(digests[position], candidates[position], outputs)
                yield position, fold, dict.fromkeys(court.metrics)
                continue
            scores = court.scores(folds[fold], outputs)
            found = SearchScore(keys[fold][position], numbers[position], candidates[position], rung, fold + 1, scores)
            court.memory.keep(found)
            yield position, fold, scores

    _in_threads(court, trials, missing, judged, deadline, tell, wait)


def _in_threads(
    court: Court,
    trials: Sequence[Mapping[str, Any]],
    missing: Sequence[Piece],
    judged: Callable[[Piece, int], Iterator[tuple[int, int, Scores]]],
    deadline: float,
    tell: Callable[[int, int, Scores], None],
    wait: Callable[[], None],
) -> None:
    if not missing:
        return
    processors = os.cpu_count() or 1
    pieces = list(_cut(missing, court.engine.alike(trials), processors))
    workers = min(len(pieces), processors)
    # Against the clock all folds go on at once, so that what is done of a candidate is all of it.
    shifts = [[piece] for piece in pieces] if deadline == math.inf else [pieces[one::workers] for one in range(workers)]
    results: queue.SimpleQueue[tuple[int, int, Scores] | Future[None]] = queue.SimpleQueue()
    stop = threading.Event()

    def work(shift: Sequence[Piece]) -> None:
        sources = [judged(piece, max(1, processors // workers)) for piece in shift]
        for count, result in enumerate(_in_turns(sources), 1):
            results.put(result)
            if stop.is_set() or (count >= len(shift) and court.now() > deadline):
                return

    with ThreadPoolExecutor(workers, thread_name_prefix="hanalife-fold") as pool:
        running = [pool.submit(work, shift) for shift in shifts]
        for future in running:
            future.add_done_callback(results.put)
        try:
            while running:
                try:
                    result = results.get(timeout=SECONDS_BETWEEN_LOOKS)
                except queue.Empty:
                    wait()
                    continue
                if isinstance(result, Future):
                    running.remove(result)
                    result.result()  # raises what the thread raised
                else:
                    tell(*result)
        finally:
            stop.set()  # whatever ended it, the threads end after their present training
            for future in running:
                future.cancel()


def _cut(missing: Sequence[Piece], groups: Sequence[Sequence[int]], workers: int) -> Iterator[Piece]:
    """Yield whole folds, as many for each worker, then the rest in parts that keep groups together."""
    left_over = len(missing) % workers
    whole = len(missing) - left_over
    yield from missing[:whole]
    for fold, positions in missing[whole:]:
        wanted = set(positions)
        present = [[one for one in group if one in wanted] for group in groups]
        present = [group for group in present if group]
        parts = min(len(present), math.ceil(workers / left_over))
        for part in range(parts):
            # There and back again: neighbours often cost alike, and no part gets all the dear ones.
            mine = [group for place, group in enumerate(present) if _there_and_back(place, parts) == part]
            yield fold, sorted(one for group in mine for one in group)


def _there_and_back(place: int, parts: int) -> int:
    turn, step = divmod(place, parts)
    return step if turn % 2 == 0 else parts - 1 - step


def _in_turns(sources: Sequence[Iterator[tuple[int, int, Scores]]]) -> Iterator[tuple[int, int, Scores]]:
    """Yield from each in turn until all are used up."""
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            try:
                yield next(source)
            except StopIteration:
                waiting.remove(source)
