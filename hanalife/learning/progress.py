"""How far a fit has come, told to the person and to the observer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hanalife.observation import CallObserver, CallProgress, FoldScore, LearningPoint


class Progress:
    """Shows a bar if a search takes long, and tells the observer of scores and learning curves.

    Without an observer nobody asks for learning curves, and :attr:`learnt` is None: they cost an
    evaluation after each round.
    """

    def __init__(self, bar: Any, observer: CallObserver | None) -> None:
        self._bar = bar
        self._observer = observer
        self._done = 0
        self._total = 0
        self.learnt = None if observer is None else self._learnt

    def judged(self, done: int, total: int, scores: Sequence[FoldScore] = ()) -> None:
        """Note that so many candidate folds of all are judged, and the newest scores."""
        self._done, self._total = done, total
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if self._observer is not None:
            self._observer.call_progressed(CallProgress(done, total, "candidate folds", fold_scores=tuple(scores)))

    def _learnt(self, point: LearningPoint) -> None:
        assert self._observer is not None, "only then is it asked for"
        self._observer.call_progressed(CallProgress(self._done, self._total, "learning", points=(point,)))


@contextmanager
def reporting(observer: CallObserver | None) -> Iterator[Progress]:
    """Give the progress of one fit."""
    from tqdm.auto import tqdm

    with tqdm(desc="search", unit="fold", delay=1, disable=None) as bar:
        yield Progress(bar, observer)
