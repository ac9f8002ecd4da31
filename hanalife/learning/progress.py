"""How far a fit has come, told to the person and to the observer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hanalife.learning.engines.engine import Watch
from hanalife.observation import CallObserver, CallProgress, FoldScore, LearningPoint


class Progress:
    """Shows a bar if a search takes long, and tells the observer of scores and learning curves.

    Without an observer nobody asks for learning curves, and :attr:`learnt` is None: they cost an
    evaluation after each round.
    """

    def __init__(self, bar: Any, observer: CallObserver | None, description: str) -> None:
        self._bar = bar
        self._description = description
        self._observer = observer
        self._done = 0
        self._total = 0
        self.learnt: Watch | None = None if observer is None else self._learnt

    def judged(self, done: int, total: int, scores: Sequence[FoldScore] = ()) -> None:
        """Note that so many candidate folds of all are judged, and the newest scores."""
        self._done, self._total = done, total
        self._bar.total = total
        self._bar.update(done - self._bar.n)
        if self._observer is not None:
            self._observer.call_progressed(CallProgress(done, total, self._description, fold_scores=tuple(scores)))

    def _learnt(self, point: LearningPoint) -> None:
        assert self._observer is not None, "only then is it asked for"
        self._observer.call_progressed(CallProgress(self._done, self._total, "learning", points=(point,)))


class Silent:
    """Tells nobody: one of many fits at a time."""

    learnt: Watch | None = None

    def judged(self, done: int, total: int, scores: Sequence[FoldScore] = ()) -> None:
        """Keep it to itself."""


@contextmanager
def reporting(observer: CallObserver | None, what: str = "search", unit: str = "fold") -> Iterator[Progress]:
    """Give the progress of one fit."""
    from tqdm.auto import tqdm

    with tqdm(desc=what, unit=unit, delay=1, disable=None) as bar:
        yield Progress(bar, observer, "candidate folds" if unit == "fold" else what)
