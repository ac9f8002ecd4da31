"""The series of a run as learning curves, with the best and the last value of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hanalife.drawing.figures import thin
from hanalife.evidence import Direction, MetricKey, direction
from hanalife.observation import MetricSource
from hanalife.views.payloads.runs import LearningCurve

#: So many learning curves are drawn.
MOST_CHARTS = 24
Steps = Sequence[tuple[float, float]]


def curves(series: Mapping[MetricKey, Steps]) -> list[LearningCurve]:
    """Return the series of metrics as charts, one for each metric; its lines are named by their sources.

    >>> key = MetricKey("VALIDATION_LOSS", MetricSource.VALIDATION)
    >>> (chart,) = curves({key: [(1, 0.5), (2, 0.3), (3, 0.4)]})
    >>> chart["title"], chart["series"][0]["name"], chart["summary"]
    ('LOSS', 'validation', 'validation: lowest 0.3 at step 2, last 0.4 at step 3')
    """
    charts: dict[str, LearningCurve] = {}
    for key in sorted(series, key=lambda key: key.rank):
        name, line = key.metric, key.name if key.source is MetricSource.USER else key.source.value
        chart = charts.setdefault(
            name, {"title": name, "x_label": "Step", "y_label": name, "series": [], "summary": ""}
        )
        chart["series"].append({"name": line, "points": _points(series[key])})
        chart["summary"] += ("; " if chart["summary"] else "") + f"{line}: {_best_and_last(name, series[key])}"
    return [charts[name] for name in sorted(charts)]


def _best_and_last(name: str, points: Steps) -> str:
    """Return the best value of a series, where the name tells which one that is, and the last."""
    last = f"last {points[-1][1]:.4g} at step {points[-1][0]:g}"
    way = direction(name)
    if way is None:
        return last
    word, choose = ("highest", max) if way is Direction.HIGHER else ("lowest", min)
    step, value = choose(points, key=lambda point: point[1])
    return f"{word} {value:.4g} at step {step:g}, {last}"


def _points(points: Steps) -> list[tuple[Any, Any]]:
    return [(float(x), float(y)) for x, y in thin(points)]
