"""How a run came to what it is: its learning curves, and the candidates of its searches. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hanalife.drawing.figures import thin
from hanalife.learning.evaluation.by_name import lower_is_better
from hanalife.views.encoding import cut, number, text
from hanalife.views.payloads.runs import Candidate, Chart, Search

#: So many learning curves are drawn.
MOST_CHARTS = 24
#: So many of the best candidates of a search are listed.
MOST_CANDIDATES = 100
#: What a search writes its scores under as a series, before the metric.
SEARCH_PREFIX = "SEARCH_"

_PARTS = ("TRAINING", "VALIDATION")

Steps = Sequence[tuple[float, float]]


def curves(series: Mapping[str, Steps]) -> list[Chart]:
    """Return the series of metrics as charts; training and validation share one.

    >>> found = curves({"TRAINING_AUC": [(1, 0.5)], "VALIDATION_AUC": [(1, 0.4)], "loss": [(0, 2.0)]})
    >>> [(chart["title"], [one["name"] for one in chart["series"]]) for chart in found]
    [('AUC', ['training', 'validation']), ('loss', ['loss'])]
    """
    charts: dict[str, Chart] = {}
    for name, points in series.items():
        part, _, metric = name.partition("_")
        title, line = (metric, part.lower()) if part in _PARTS and metric else (name, name)
        chart = charts.setdefault(title, {"title": title, "x_label": "Step", "y_label": title, "series": []})
        chart["series"].append({"name": line, "points": _points(points)})
    return list(charts.values())


def searches(rows: Iterable[Mapping[str, Any]]) -> list[Search]:
    """Return what a search found, by metric; ``rows`` are those of the ``SEARCH`` entries of a log."""
    by_metric: dict[str, dict[int, _Tried]] = {}
    for row in rows:
        candidate, rung, score = row.get("CANDIDATE"), row.get("RUNG", 1), row.get("SCORE")
        if isinstance(candidate, int) and isinstance(rung, int) and isinstance(score, int | float):
            tried = by_metric.setdefault(str(row.get("METRIC", "")), {}).setdefault(candidate, _Tried(candidate))
            tried.add(rung, float(score), row.get("PARAMETERS"))
    return [_search(metric, list(tried.values())) for metric, tried in by_metric.items()]


class _Tried:
    """A candidate, with its scores in the last rung that it reached."""

    def __init__(self, candidate: int) -> None:
        self.candidate = candidate
        self.rung = 0
        self.scores: list[float] = []
        self.parameters: Any = None

    def add(self, rung: int, score: float, parameters: Any) -> None:
        if rung > self.rung:
            self.rung, self.scores = rung, []
        if rung == self.rung:
            self.scores.append(score)
        self.parameters = parameters

    @property
    def mean(self) -> float:
        return math.fsum(self.scores) / len(self.scores)


def _search(metric: str, tried: Sequence[_Tried]) -> Search:
    is_lower = lower_is_better(metric)
    sign = 1 if is_lower else -1
    # A later rung gives more of the resource, so that only scores of the same one compare.
    ranked = sorted(tried, key=lambda one: (-one.rung, sign * one.mean, one.candidate))
    in_order = sorted(tried, key=lambda one: one.candidate)
    means = [(float(one.candidate), one.mean) for one in in_order]
    best: list[tuple[float, float]] = []
    for candidate, mean in means:
        best.append((candidate, mean if not best else sign * min(sign * best[-1][1], sign * mean)))
    return {
        "metric": metric,
        "lower_is_better": is_lower,
        "total": len(tried),
        "candidates": [_candidate(one) for one in ranked[:MOST_CANDIDATES]],
        "chart": {
            "title": f"Search by {metric}",
            "x_label": "Candidate",
            "y_label": f"Mean {metric} over folds",
            "series": [
                {"name": "best so far", "points": _points(best)},
                {"name": "candidate", "points": _points(means)},
            ],
        },
    }


def _candidate(one: _Tried) -> Candidate:
    parameters = one.parameters if isinstance(one.parameters, dict) else {}
    return {
        "candidate": one.candidate,
        "rung": one.rung,
        "folds": len(one.scores),
        "score": number(one.mean),
        "parameters": cut(", ".join(f"{name} {text(value)}" for name, value in parameters.items()), 300),
        "values": {str(name): _coordinate(value) for name, value in parameters.items()},
    }


def _coordinate(value: Any) -> float | str:
    """Return a value as a place on an axis: a number stays one, all else is a text."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else cut(text(value), 60)


def _points(points: Steps) -> list[tuple[Any, Any]]:
    return [(float(x), float(y)) for x, y in thin(points)]
