"""How well a binary classifier does, where labels are known: by itself, and compared between score runs.

All but :func:`scored` is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.confidence import areas, shares
from hanalife.confidence.interval import Interval, Withheld
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import intervals, verdict
from hanalife.drift.intervals import Floats
from hanalife.errors import InvalidArgumentError

LEVEL = verdict.LEVEL
#: Classes are told apart at this chance.
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with the truth and a score, both of shape ``(n_rows,)``."""

    positive: Any  #: bool
    score: Any  #: chance of the positive class, in [0, 1]


@dataclass(frozen=True, slots=True)
class Difference:
    """How the area under the ROC curve and the accuracy changed, current less reference.

    Bounds are NaN where the rows do not support an interval; ``reason`` says why.
    """

    verdict: str  #: drift: worse by more than the margin; no_drift: not so; unknown
    area: tuple[float, float, float]  #: difference and its bounds
    accuracy: tuple[float, float, float]
    areas: tuple[float, float]  #: of the reference, and of the current rows
    paired: bool
    margin: float
    reason: str = ""
    level: float = LEVEL  #: of both intervals


@dataclass(frozen=True, slots=True)
class Achieved:
    """How well labeled rows were classified: values and their 95 % bounds, NaN where these are withheld."""

    accuracy: tuple[float, float, float]
    area: tuple[float, float, float] | None  #: under the ROC curve; None if the labels are all of one class
    reason: str = ""  #: why the area has no bounds


def scored(data: DataFrame, label: str, probability: str, positive: Any, key: str | None = None) -> Scored:
    """Read labels and scores, in the order of the key if there is one.

    Raises
    ------
    InvalidArgumentError
        There is no row, a value is missing, or a score is outside [0, 1].
    """
    wanted = {"label": label, "probability": probability} | ({} if key is None else {"key": key})
    for argument, name in wanted.items():
        names.require([name], data.columns, argument)
    chosen = data.select(list(dict.fromkeys(wanted.values())))
    rows = (chosen if key is None else chosen.sort(key)).collect()
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
    found = np.asarray(scores, dtype=float)
    if not len(found):
        raise InvalidArgumentError("probability: there are no rows.")
    if not ((found >= 0) & (found <= 1)).all():
        raise InvalidArgumentError("probability: expected chances from 0 to 1, without missing ones.")
    return found


def difference(
    reference: Scored,
    current: Scored,
    *,
    paired: bool = False,
    margin: float = 0.02,
    error_rate: float = verdict.ERROR_RATE,
    level: float = LEVEL,
) -> Difference:
    """Return how performance changed, with intervals and a verdict on the area.

    Intervals of unpaired areas and accuracies join those of both sides (R. G. Newcombe, Statistics in Medicine 17,
    1998, method 10; G. Zou, A. Donner, Statistics in Medicine 27, 2008). Those of pairs are in
    :func:`hanalife.confidence.areas.paired_difference` and :func:`hanalife.confidence.shares.paired_difference`.

    Parameters
    ----------
    paired : bool
        Whether row i of both is the same row with the same truth.
    margin : float
        A loss of area up to it is too small to matter.
    error_rate : float
        Chance of a wrong verdict on either side of the margin.
    level : float
        Of the intervals that are returned.
    """
    if paired and not np.array_equal(reference.positive, current.positive):
        raise InvalidArgumentError("key: both score runs must have the same rows with the same labels.")
    accuracy = _paired_accuracy(reference, current, level) if paired else _accuracy(reference, current, level)
    reason = one_class(reference) or one_class(current)
    if reason:
        nothing = (float("nan"),) * 3
        return Difference(verdict.UNKNOWN, nothing, accuracy, (float("nan"),) * 2, paired, margin, reason, level)
    sides = _placements(reference), _placements(current)
    values = float(sides[0][0].mean()), float(sides[1][0].mean())
    shown, tested = (_area_bounds(sides, paired, of) for of in (level, 1 - 2 * error_rate))
    word, reason = _verdict(tested, margin)
    bounds = (float("nan"),) * 2 if isinstance(shown, Withheld) else shown
    area = values[1] - values[0], *bounds
    return Difference(word, area, accuracy, values, paired, margin, reason, level)


def _verdict(bounds: Interval | Withheld, margin: float) -> tuple[str, str]:
    if isinstance(bounds, Withheld):
        return verdict.UNKNOWN, f"no interval of the area: {bounds.reason}"
    if bounds[1] < -margin:
        return verdict.DRIFT, ""
    if bounds[0] > -margin:
        return verdict.NO_DRIFT, ""
    return verdict.UNKNOWN, "the interval includes the margin: more labeled rows are needed"


def achieved(rows: Scored) -> Achieved:
    """Return accuracy and area under the ROC curve with 95 % intervals."""
    right = hits(rows)
    interval = shares.share(int(right.sum()), len(right))
    assert not isinstance(interval, Withheld), "there are rows"
    accuracy = float(right.mean()), *interval
    if one_class(rows):
        return Achieved(accuracy, None)
    return Achieved(accuracy, *area(rows))


def area(rows: Scored) -> tuple[tuple[float, float, float], str]:
    """Return the area under the ROC curve of both classes, its 95 % bounds, and why these are NaN."""
    placed = _placements(rows)
    bounds = areas.of_placements(*placed)
    value = float(placed[0].mean())
    if isinstance(bounds, Withheld):
        return (value, float("nan"), float("nan")), bounds.reason
    return (value, *bounds), ""


def one_class(rows: Scored) -> str:
    """Return why the rows have no area under the curve; empty if they have one."""
    return "" if 0 < rows.positive.sum() < len(rows.positive) else "the labels are all of one class: no area"


Placements = tuple[Floats, Floats]


def _placements(rows: Scored) -> Placements:
    return areas.placements(rows.score[rows.positive], rows.score[~rows.positive])


def _area_bounds(sides: tuple[Placements, Placements], paired: bool, level: float) -> Interval | Withheld:
    before, after = (areas.of_placements(*side, level) for side in sides)
    if isinstance(before, Withheld):
        return before
    if isinstance(after, Withheld):
        return after
    if paired:
        return areas.paired_difference(*sides, level)
    first, second = (float(side[0].mean()) for side in sides)
    low = second - first - np.hypot(second - after[0], before[1] - first)
    high = second - first + np.hypot(after[1] - second, first - before[0])
    return float(low), float(high)


def hits(rows: Scored) -> Any:
    """Return which rows are classified right."""
    return (rows.score >= THRESHOLD) == rows.positive


def _accuracy(reference: Scored, current: Scored, level: float) -> tuple[float, float, float]:
    first, second = hits(reference), hits(current)
    bounds = intervals.share_difference(int(first.sum()), len(first), int(second.sum()), len(second), level)
    return float(second.mean() - first.mean()), *bounds


def _paired_accuracy(reference: Scored, current: Scored, level: float) -> tuple[float, float, float]:
    first, second = hits(reference), hits(current)
    gained, lost = int((second & ~first).sum()), int((first & ~second).sum())
    return (gained - lost) / len(first), *shares.paired_difference(gained, lost, len(first), level)
