"""The candidates of a search: which are complete, which is best, and their scores as a chart. Pure.

Only candidates that have a score on every fold of one rung are compared. Another rung gives more or less of the
resource, or judges on other folds, so that its scores say nothing about these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanalife.drawing.figures import thin
from hanalife.learning.evaluation.by_name import lower_is_better
from hanalife.views.encoding import cut, number, text
from hanalife.views.payloads.runs import Candidate, Chart, Search, Series

#: So many of the best candidates of a search are listed.
MOST_CANDIDATES = 100


@dataclass(slots=True)
class _Trial:
    """A candidate on one rung; None is the score on a fold where the metric is not defined."""

    candidate: int
    rung: int
    n_folds: int = 0  #: of the rung
    scores: dict[int, float | None] = field(default_factory=dict)
    parameters: Any = None

    @property
    def is_complete(self) -> bool:
        return len(self.scores) >= self.n_folds

    @property
    def mean(self) -> float:
        """The mean over the folds where the metric is defined; NaN if there is none."""
        defined = [score for score in self.scores.values() if score is not None]
        return math.fsum(defined) / len(defined) if defined else math.nan


def from_rows(rows: Iterable[Mapping[str, Any]], *, is_active: bool = False) -> list[Search]:
    """Return each metric's search; ``rows`` are those of the ``SEARCH`` entries of a log.

    >>> (search,) = from_rows(
    ...     {"CANDIDATE": candidate, "METRIC": "auc", "FOLD": fold, "SCORE": score}
    ...     for candidate, fold, score in ((1, 1, 0.7), (1, 2, 0.8), (2, 1, 0.9))
    ... )
    >>> search["summary"], [each["complete"] for each in search["candidates"]]
    ('Best of 1 complete candidate of 2: 0.75 (mean auc, cv, higher is better) with no parameters', [True, False])
    """
    by_metric: dict[str, dict[tuple[int, int], _Trial]] = {}
    for row in rows:
        candidate, rung, score = row.get("CANDIDATE"), row.get("RUNG", 1), row.get("SCORE")
        if isinstance(candidate, int) and isinstance(rung, int) and isinstance(score, int | float | None):
            trials = by_metric.setdefault(str(row.get("METRIC", "")), {})
            trial = trials.setdefault((candidate, rung), _Trial(candidate, rung))
            _add_score(trial, row, None if score is None else float(score))
    heading = "Best so far" if is_active else "Best"
    return [
        search for metric, trials in by_metric.items() if (search := _search(metric, list(trials.values()), heading))
    ]


def _add_score(trial: _Trial, row: Mapping[str, Any], score: float | None) -> None:
    fold, n_folds = row.get("FOLD"), row.get("FOLDS")
    trial.scores[fold if isinstance(fold, int) else len(trial.scores) + 1] = score
    trial.parameters = row.get("PARAMETERS")
    if isinstance(n_folds, int):
        trial.n_folds = n_folds


def _search(metric: str, trials: Sequence[_Trial], heading: str) -> Search | None:
    """Return the search by a metric, or None if the metric was defined on no fold."""
    _set_folds(trials)
    is_lower = lower_is_better(metric)
    newest = _newest(trials)
    if not newest:
        return None
    decisive = max((trial.rung for trial in newest if trial.is_complete), default=None)
    ranked = sorted(newest, key=lambda trial: _rank(trial, decisive, is_lower=is_lower))
    return {
        "metric": metric,
        "total": len(newest),
        "rungs": max(trial.rung for trial in newest),
        "best": None if decisive is None else ranked[0].candidate,
        "summary": _summary(metric, ranked, decisive, heading, is_lower=is_lower),
        "candidates": [_candidate(trial) for trial in ranked[:MOST_CANDIDATES]],
        "chart": _chart(metric, newest, decisive, is_lower=is_lower),
    }


def _summary(metric: str, ranked: Sequence[_Trial], decisive: int | None, heading: str, *, is_lower: bool) -> str:
    total = len(ranked)
    if decisive is None:
        return f"No candidate of {total} has a score on all {max(trial.n_folds for trial in ranked)} folds yet."
    compared = sum(trial.is_complete and trial.rung == decisive for trial in ranked)
    of = f"{compared} complete candidate{'' if compared == 1 else 's'} of {total}" if compared < total else f"{total}"
    rung = f" on rung {decisive}" if decisive > 1 else ""
    goal = f"mean {metric}, cv, {'lower' if is_lower else 'higher'} is better"
    parameters = _candidate(ranked[0])["parameters"] or "no parameters"
    return f"{heading} of {of}{rung}: {ranked[0].mean:.4g} ({goal}) with {parameters}"


def _set_folds(trials: Sequence[_Trial]) -> None:
    """Set the number of folds of each rung; where the log does not say it, the most that a candidate has."""
    most: dict[int, int] = {}
    for trial in trials:
        most[trial.rung] = max(most.get(trial.rung, 0), trial.n_folds or max(trial.scores))
    for trial in trials:
        trial.n_folds = most[trial.rung]


def _newest(trials: Sequence[_Trial]) -> list[_Trial]:
    """Return one trial of each candidate: on the last rung that it completed, else on the last that it began."""
    by_candidate: dict[int, _Trial] = {}
    for trial in sorted(trials, key=lambda trial: (trial.is_complete, trial.rung)):
        if not math.isnan(trial.mean):
            by_candidate[trial.candidate] = trial
    return [by_candidate[candidate] for candidate in sorted(by_candidate)]


def _rank(trial: _Trial, decisive: int | None, *, is_lower: bool) -> tuple[Any, ...]:
    is_compared = trial.is_complete and trial.rung == decisive
    return not is_compared, -trial.rung, trial.mean if is_lower else -trial.mean, trial.candidate


def _chart(metric: str, trials: Sequence[_Trial], decisive: int | None, *, is_lower: bool) -> Chart:
    """Return the means of complete candidates in the order tried: the decisive rung, its best so far, earlier rungs."""
    means = [(trial, (float(trial.candidate), trial.mean)) for trial in trials if trial.is_complete]
    compared = [point for trial, point in means if trial.rung == decisive]
    earlier = [point for trial, point in means if trial.rung != decisive]
    name = f"rung {decisive}" if earlier else "candidate"
    series = [_line("best so far", _best_so_far(compared, is_lower=is_lower)), _line(name, compared)]
    return {
        "title": f"Search by {metric}",
        "x_label": "Candidate",
        "y_label": f"Mean {metric} over folds (cv)",
        "series": [*series, _line("earlier rungs", earlier)] if earlier else series,
    }


def _best_so_far(points: Iterable[tuple[float, float]], *, is_lower: bool) -> list[tuple[float, float]]:
    best: list[tuple[float, float]] = []
    choose = min if is_lower else max
    for candidate, mean in points:
        best.append((candidate, choose(best[-1][1], mean) if best else mean))
    return best


def _line(name: str, points: Sequence[tuple[float, float]]) -> Series:
    return {"name": name, "points": [(float(x), float(y)) for x, y in thin(points)]}


def _candidate(trial: _Trial) -> Candidate:
    parameters = trial.parameters if isinstance(trial.parameters, dict) else {}
    return {
        "candidate": trial.candidate,
        "rung": trial.rung,
        "folds": len(trial.scores),
        "complete": trial.is_complete,
        "score": number(trial.mean),
        "parameters": cut(", ".join(f"{name} {text(value)}" for name, value in parameters.items()), 300),
        "values": {str(name): _coordinate(value) for name, value in parameters.items()},
    }


def _coordinate(value: Any) -> float | str:
    """Return a value as a place on an axis: a number stays one, all else is a text."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else cut(text(value), 60)
