"""The figures of a run's log as payloads."""

from __future__ import annotations

from collections.abc import Mapping

from hanalife.drawing import figures
from hanalife.drawing.figures import Points
from hanalife.views.encoding import number
from hanalife.views.payloads.runs import Confusion, Curve


def curves(lines: Mapping[str, Points], source: str = "") -> list[Curve]:
    """Return the charts that the named lines of a ``CONTINUOUS_FIGURE`` make, those that are there.

    The titles name the source of the rows, where it is known.
    """
    return [
        {
            "key": chart["key"],
            "title": f"{chart['title']} ({source})" if source else chart["title"],
            "x_label": chart["x_label"],
            "y_label": chart["y_label"],
            "series": [
                {"name": one["name"], "points": [(number(x), number(y)) for x, y in one["points"]]}
                for one in chart["series"]
            ],
        }
        for chart in figures.curves(lines)
    ]


def confusion(triples: Points, source: str = "") -> Confusion | None:
    """Return (actual, predicted, count) triples as a square matrix, or None if there are none."""
    found = figures.confusion(triples)
    return None if found is None else {"labels": found["labels"], "counts": found["counts"], "source": source}
