"""Which candidate leads a search, as its scores come in. Pure.

Only candidates that have been on all folds of one rung are compared: on another rung they had another amount of
the resource or other folds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from hanalife import evidence
from hanalife.observation import FoldScore

_Trial = tuple[int, int]  # rung and candidate


@dataclass(slots=True)
class SearchLeader:
    """Collects the scores of a search; the metric that comes first decides."""

    _scores: dict[str, dict[_Trial, dict[int, float | None]]] = field(default_factory=dict)
    _folds: dict[int, int] = field(default_factory=dict)  #: of each rung

    def add(self, scores: Iterable[FoldScore]) -> list[tuple[str, int, float]]:
        """Take new scores; return metric, candidate and mean of the trials that they complete."""
        touched: dict[tuple[str, _Trial], None] = {}
        for score in scores:
            trial = score.rung, score.candidate
            self._scores.setdefault(score.metric, {}).setdefault(trial, {})[score.fold] = score.score
            self._folds[score.rung] = max(self._folds.get(score.rung, 1), score.folds)
            touched[score.metric, trial] = None
        return [
            (metric, trial[1], mean)
            for metric, trial in touched
            if self._is_complete(metric, trial) and (mean := self._mean(metric, trial)) is not None
        ]

    def values(self) -> dict[str, float]:
        """Return the mean of each metric of the leading candidate; empty while no candidate is complete."""
        if not self._scores:
            return {}
        deciding = next(iter(self._scores))
        complete = [trial for trial in self._scores[deciding] if self._is_complete(deciding, trial)]
        last_rung = max((rung for rung, _ in complete), default=None)
        means = {trial: self._mean(deciding, trial) for trial in sorted(complete) if trial[0] == last_rung}
        leader = _best({trial: mean for trial, mean in means.items() if mean is not None}, deciding)
        if leader is None:
            return {}
        found = {metric: self._mean(metric, leader) for metric in self._scores}
        return {metric: mean for metric, mean in found.items() if mean is not None}

    def _is_complete(self, metric: str, trial: _Trial) -> bool:
        return len(self._scores[metric][trial]) >= self._folds[trial[0]]

    def _mean(self, metric: str, trial: _Trial) -> float | None:
        """Return the mean over the folds where the metric is defined."""
        defined = [score for score in self._scores[metric].get(trial, {}).values() if score is not None]
        return math.fsum(defined) / len(defined) if defined else None


def _best(means: dict[_Trial, float], metric: str) -> _Trial | None:
    """Return who has the best mean, the first of equals."""
    choose = min if evidence.direction(metric) is evidence.Direction.LOWER else max
    return choose(means, key=means.__getitem__, default=None)
