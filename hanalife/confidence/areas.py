"""Intervals of the area under the ROC curve, of one model and of two on the same rows. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.confidence.interval import LEVEL, Interval, Withheld, boundary, rows_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: With fewer rows of a class there is no interval: coverage depends too much on how scores are distributed.
MIN_ROWS = 20
#: Up to so many rows of the smaller class Newcombe's variance counts in full, beyond as their share of the rows.
_PRIOR_ROWS = 100
#: How far a row that moves between two models moves, as a share of the rows of the other class.
_MOVE = 0.5


def placements(positive: Array, negative: Array) -> tuple[Array, Array]:
    """Return for each positive the share of negatives below it, for each negative that of positives above.

    Ties count half. The mean of either is the area under the curve.
    """
    return _share_below(positive, negative), 1 - _share_below(negative, positive)


def auc(is_positive: Array, score: Array, level: float = LEVEL) -> Interval | Withheld:
    """Return the score interval of the area under the ROC curve.

    All areas t with ``(t - a)^2 <= q^2 V(t)``, after R. G. Newcombe, Statistics in Medicine 25 (2006), method 5,
    whose variance comes from two exponential distributions. V is the larger of his and of DeLong's (E. DeLong,
    D. DeLong, D. Clarke-Pearson, Biometrics 44, 1988) carried from the measured area a to t by ``t (1 - t)``; q is
    Student's quantile with Welch's degrees of freedom. Beyond 100 rows of the smaller class his variance fades.

    Parameters
    ----------
    is_positive : array of bool, shape (n_rows,)
    score : array of float, shape (n_rows,)
    """
    return of_placements(*placements(score[is_positive], score[~is_positive]), level)


def of_placements(first: Array, second: Array, level: float = LEVEL) -> Interval | Withheld:
    """Return the score interval from the placements of both classes; see :func:`auc`."""
    rows = len(first), len(second)
    if min(rows) < MIN_ROWS:
        return Withheld(f"the smaller class has {rows_text(min(rows))}, fewer than {MIN_ROWS}")
    variances = float(first.var(ddof=1)) / rows[0], float(second.var(ddof=1)) / rows[1]
    return _score_interval(float(first.mean()), sum(variances), welch_quantile(variances, rows, level), rows)


def micro_auc(is_positive: Array, score: Array, row: Array, level: float = LEVEL) -> Interval | Withheld:
    """Return the score interval of the micro-average, where each row gives a pair for each class.

    DeLong's components are summed by row (N. A. Obuchowski, Biometrics 53, 1997), so that pairs of a row do not
    count as independent.

    Parameters
    ----------
    is_positive, score, row : arrays of shape (n_pairs,)
        Whether the pair is of the row's class, its probability, and the row that it comes from.
    """
    rows = len(np.unique(row))
    if rows < MIN_ROWS:
        return Withheld(f"{rows_text(rows)}, fewer than {MIN_ROWS}")
    first, second = placements(score[is_positive], score[~is_positive])
    area = float(first.mean())
    influence = np.empty(len(score))
    influence[is_positive] = (first - area) / len(first)
    influence[~is_positive] = (second - area) / len(second)
    by_row = np.bincount(row, weights=influence)
    variance = float((by_row**2).sum()) * rows / (rows - 1)
    return _score_interval(area, variance, student_quantile(rows - 1, level), (rows, rows))


def paired_difference(first: tuple[Array, Array], second: tuple[Array, Array], level: float = LEVEL) -> Interval:
    """Return the interval of how much larger the second of two areas of the same rows is.

    DeLong's variance of the difference, but in each class at least that of one row that moves past half of the
    other class: models that rank all these rows alike may still differ on others, so there always is a width.

    Parameters
    ----------
    first, second : (array, array)
        Placements of the positive and of the negative rows under each model, in the same order.
    """
    moves = [after - before for before, after in zip(first, second, strict=True)]
    rows = len(moves[0]), len(moves[1])
    variances = tuple(max(_spread(move) / len(move), (_MOVE / len(move)) ** 2) for move in moves)
    value = float(moves[0].mean())
    half = welch_quantile((variances[0], variances[1]), rows, level) * math.sqrt(sum(variances))
    return max(value - half, -1.0), min(value + half, 1.0)


def welch_quantile(variances: tuple[float, float], rows: tuple[int, int], level: float) -> float:
    """Return Student's quantile for a sum of two variances of means (B. L. Welch, Biometrika 34, 1947)."""
    weights = sum(variance**2 / max(size - 1, 1) for variance, size in zip(variances, rows, strict=True))
    return student_quantile(sum(variances) ** 2 / weights if weights else float(sum(rows) - 2), level)


def student_quantile(freedom: float, level: float) -> float:
    """Return the upper quantile of Student's distribution for an interval of the level."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))


def _score_interval(area: float, variance: float, quantile: float, rows: tuple[int, int]) -> Interval:
    pairs, weight = rows[0] * rows[1], min(1.0, _PRIOR_ROWS / min(rows))
    relative = variance / max(area * (1 - area), 0.5 / pairs)

    def outside(candidate: float) -> bool:
        measured = relative * candidate * (1 - candidate)
        expected = _newcombe_variance(candidate, rows)
        larger = max(measured, weight * expected + (1 - weight) * measured)
        return (candidate - area) ** 2 > quantile**2 * larger

    low = 0.0 if area <= 0 else boundary(outside, 0.0, area)
    high = 1.0 if area >= 1 else boundary(lambda candidate: not outside(candidate), area, 1.0)
    return low, high


def _newcombe_variance(area: float, rows: tuple[int, int]) -> float:
    others = sum(rows) / 2 - 1
    return area * (1 - area) * (1 + others * (1 - area) / (2 - area) + others * area / (1 + area)) / (rows[0] * rows[1])


def _share_below(values: Array, others: Array) -> Array:
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to) / (2 * len(others)))


def _spread(values: Array) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.25
