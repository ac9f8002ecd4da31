"""Rows with the truth and a score of a binary classifier: reading them, and what each of them tells.

All but :func:`scored` is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.confidence import areas
from hanalife.confidence.interval import Withheld
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift.intervals import Floats
from hanalife.errors import InvalidArgumentError

#: Placements of the positive and of the negative rows.
Placements = tuple[Floats, Floats]

#: Classes are told apart at this chance.
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with the truth and a score, both of shape ``(n_rows,)``."""

    positive: Any  #: bool
    score: Any  #: chance of the positive class, in [0, 1]


def scored(data: DataFrame, label: str, probability: str, positive: Any, key: str | None = None) -> Scored:
    """Read labels and scores, in the order of the key if there is one.

    Raises
    ------
    InvalidArgumentError
        There is no row, a value is missing, or a score is outside [0, 1].
    """
    columns = {"label": label, "probability": probability} | ({} if key is None else {"key": key})
    for argument, name in columns.items():
        names.require([name], data.columns, argument)
    frame = data.select(list(dict.fromkeys(columns.values())))
    rows = (frame if key is None else frame.sort(key)).collect()
    if rows.empty:
        raise InvalidArgumentError(f"{label}: there are no rows, so no metric.")
    for name in (label, probability):
        if rows[name].isna().any():
            raise InvalidArgumentError(f"{name}: {int(rows[name].isna().sum())} values are missing. Filter them out.")
    scores = rows[probability].astype(float).to_numpy()
    return Scored((rows[label] == positive).to_numpy(dtype=bool), chances(scores))


def chances(scores: Any) -> Floats:
    """Return scores as an array.

    Raises
    ------
    InvalidArgumentError
        There is none, or one is outside [0, 1].
    """
    probabilities = np.asarray(scores, dtype=float)
    if not len(probabilities):
        raise InvalidArgumentError("probability: there are no rows.")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise InvalidArgumentError("probability: expected chances from 0 to 1, without missing ones.")
    return probabilities


def hits(rows: Scored) -> Any:
    """Return which rows are classified right."""
    return (rows.score >= THRESHOLD) == rows.positive


def placements(rows: Scored) -> Placements:
    """Return for each row the share of rows of the other class that it is ranked right against."""
    return areas.placements(rows.score[rows.positive], rows.score[~rows.positive])


def area(rows: Scored) -> tuple[tuple[float, float, float], str]:
    """Return the area under the ROC curve of both classes, its 95 % bounds, and why these are NaN."""
    placed = placements(rows)
    bounds = areas.of_placements(*placed)
    value = float(placed[0].mean())
    if isinstance(bounds, Withheld):
        return (value, float("nan"), float("nan")), bounds.reason
    return (value, *bounds), ""


def one_class(rows: Scored) -> str:
    """Return why the rows have no area under the curve; empty if they have one."""
    return "" if 0 < rows.positive.sum() < len(rows.positive) else "the labels are all of one class: no area"
