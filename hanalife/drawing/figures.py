"""The named lines and counts of an evaluation as charts to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: A line of more points than this is thinned out evenly.
MOST_POINTS = 400

Points = Sequence[Sequence[Any]]

_CURVES = (
    ("CUMGAINS", "Cumulative Gains Curve", "True Positive Rate (TPR)"),
    ("LIFT", "Lift Curve", "Interval Lift"),
    ("CUMLIFT", "Cumulative Lift Curve", "Lift"),
)


def curves(figures: Mapping[str, Points]) -> list[dict[str, Any]]:
    """Return the charts that named lines make, those that are there: key, title, axis labels and series."""
    charts = [_roc(figures)] if {"ROC_FPR", "ROC_TPR"} <= figures.keys() else []
    for key, title, y_label in _CURVES:
        if key in figures:
            named = ((key, "Model"), (f"RANDOM_{key}", "Random model"), (f"PERF_{key}", "Perfect model"))
            series = [_series(name, figures[line]) for line, name in named if line in figures]
            charts.append({"key": key, "title": title, "x_label": "Population", "y_label": y_label, "series": series})
    return charts


def _roc(figures: Mapping[str, Points]) -> dict[str, Any]:
    # Both lines run over the same thresholds; the curve pairs their values by position.
    pairs = zip(figures["ROC_FPR"], figures["ROC_TPR"], strict=False)
    model = _series("Model", [(false[1], true[1]) for false, true in pairs])
    return {
        "key": "ROC",
        "title": "ROC Curve",
        "x_label": "False Positive Rate (FPR)",
        "y_label": "True Positive Rate (TPR)",
        "series": [model, _series("Random model", [(0, 0), (1, 1)])],
    }


def _series(name: str, points: Points) -> dict[str, Any]:
    return {"name": name, "points": [(x, y) for x, y in thin(points)]}


def thin(points: Points, most: int = MOST_POINTS) -> Points:
    """Return at most so many of the points, evenly, with the first and the last.

    >>> thin([(x, x) for x in range(9)], most=3)
    [(0, 0), (4, 4), (8, 8)]
    """
    if len(points) <= most:
        return points
    return [points[round(i * (len(points) - 1) / (most - 1))] for i in range(most)]


def confusion(triples: Points) -> dict[str, Any] | None:
    """Return (actual, predicted, count) triples as a square matrix, or None if there are none.

    >>> confusion([("0", "1", 3), ("1", "1", 5)])
    {'labels': ['0', '1'], 'counts': [[0, 3], [0, 5]]}
    """
    if not triples:
        return None
    labels = sorted({str(label) for actual, predicted, _ in triples for label in (actual, predicted)}, key=_by_value)
    counts = [[0] * len(labels) for _ in labels]
    for actual, predicted, count in triples:
        counts[labels.index(str(actual))][labels.index(str(predicted))] += int(count)
    return {"labels": labels, "counts": counts}


def _by_value(label: str) -> tuple[float, str]:
    try:
        return float(label), label
    except ValueError:
        return float("inf"), label
