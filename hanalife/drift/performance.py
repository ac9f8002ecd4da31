"""How well a binary classifier does, where labels are known: by itself, and compared between score runs. Pure.

Without labels, :func:`estimate` tells what to expect; see :mod:`hanalife.drift.label_free`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hanalife.confidence import areas, shares
from hanalife.confidence.interval import Interval, Withheld
from hanalife.drift import intervals, verdict
from hanalife.drift.label_free import Estimated, estimate
from hanalife.drift.scored_rows import Placements, Scored, area, hits, one_class, placements, scored
from hanalife.errors import InvalidArgumentError

__all__ = ["Achieved", "Difference", "Estimated", "Scored", "achieved", "difference", "estimate", "scored"]

LEVEL = verdict.LEVEL


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
    sides = placements(reference), placements(current)
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


def _accuracy(reference: Scored, current: Scored, level: float) -> tuple[float, float, float]:
    first, second = hits(reference), hits(current)
    bounds = intervals.share_difference(int(first.sum()), len(first), int(second.sum()), len(second), level)
    return float(second.mean() - first.mean()), *bounds


def _paired_accuracy(reference: Scored, current: Scored, level: float) -> tuple[float, float, float]:
    first, second = hits(reference), hits(current)
    gained, lost = int((second & ~first).sum()), int((first & ~second).sum())
    return (gained - lost) / len(first), *shares.paired_difference(gained, lost, len(first), level)
