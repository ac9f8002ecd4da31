"""How sure the numbers of an evaluation are: intervals that cover the truth in 95 of 100 samples. Pure.

An interval speaks of rows like those judged, taken as independent: it says how the number would
move with other rows, not how the model would move with other training.

- Shares of rows (accuracy, recall, precision): the score interval of Wilson 1927, J. Am. Stat.
  Assoc. 22.
- AUC: its variance by the structural components of DeLong, DeLong, Clarke-Pearson 1988, Biometrics
  44, summed by row (Obuchowski 1997, Biometrics 53), so that the micro-average, where a row gives a
  pair for each class, is not taken for more rows than there are; on the logit scale (Pepe 2003).
- F1, kappa, MCC: the delta method on the shares of the confusion matrix (Agresti 2013, Categorical
  Data Analysis, 16.1).
- Numbers that are means over rows, or ratios of means: Student's t on each row's influence on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning.evaluation import classification, regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Interval = tuple[float, float]

LEVEL = 0.95

#: With more classes the delta method costs too much for what it tells.
MOST_CLASSES = 50

_FINE, _STEPS = 10**12, 10**6


def share(hits: int, trials: int) -> Interval | None:
    """Return Wilson's interval of a share; None without trials.

    >>> tuple(round(bound, 4) for bound in share(8, 10))
    (0.4902, 0.9433)
    """
    if not trials:
        return None
    z = _normal_quantile()
    found, spread = hits / trials, z * z / trials
    middle = (found + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(found * (1 - found) / trials + spread / (4 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def auc(is_positive: Array, score: Array, row: Array | None = None) -> Interval | None:
    """Return the interval of the area under the ROC curve; None where it has no spread to tell from.

    Parameters
    ----------
    is_positive : array of bool, shape (n_pairs,)
    score : array of float, shape (n_pairs,)
    row : array of int, shape (n_pairs,), optional
        The row that a pair comes from; default: each pair is a row of its own.
    """
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    if min(positives, negatives) < 2:
        return None
    found = classification.auc(is_positive, score)
    assert found is not None, "there are both"
    below = _beaten(score[is_positive], score[~is_positive])  # share of negatives that a positive beats
    above = 1 - _beaten(score[~is_positive], score[is_positive])  # share of positives that beat a negative
    influence = np.empty(len(score))
    influence[is_positive] = (below - found) / positives
    influence[~is_positive] = (above - found) / negatives
    by_row = influence if row is None else np.bincount(row, weights=influence)
    error = math.sqrt(float((by_row**2).sum()) * len(by_row) / max(len(by_row) - 1, 1))
    if not error or not 0 < found < 1:
        return None
    logit = math.log(found / (1 - found))
    half = _normal_quantile() * error / (found * (1 - found))
    return _logistic(logit - half), _logistic(logit + half)


def of_confusion(number: Callable[[Array], float | None], confusion: Array, low: float, high: float) -> Interval | None:
    """Return the interval of a number of the confusion matrix, cut to ``low`` and ``high``; None if it has none.

    The number must depend on the shares of the cells alone, not on how many rows there are.
    """
    total = int(confusion.sum())
    fine = confusion.astype(np.int64) * max(1, _FINE // total)  # so that a step of one is a tiny share
    found = number(fine)
    if found is None or len(confusion) > MOST_CLASSES:
        return None
    slopes = np.zeros(confusion.shape)
    step = max(1, int(fine.sum()) // _STEPS)
    for place in zip(*np.nonzero(confusion), strict=True):
        moved = fine.copy()
        moved[place] += step
        after = number(moved)
        slopes[place] = 0 if after is None else (after - found) / (step / int(fine.sum()))
    shares = confusion / total
    variance = float((shares * slopes**2).sum() - (shares * slopes).sum() ** 2) / total
    half = _normal_quantile() * math.sqrt(max(variance, 0))
    return (max(low, found - half), min(high, found + half)) if half else None


def of_classes(actual: Array, probabilities: Array, positive: int) -> dict[tuple[str, int | None], Interval]:
    """Return the intervals of predicted classes, by statistic and class code (None: of all classes)."""
    confusion = classification.confusion_matrix(actual, classification.predict(probabilities), probabilities.shape[1])
    pairs = classification.one_vs_rest(actual, probabilities, positive)
    n_classes = probabilities.shape[1]
    row = None if n_classes == 2 else np.repeat(np.arange(len(actual)), n_classes)
    found: dict[tuple[str, int | None], Interval | None] = {
        ("AUC", None): auc(*pairs, row),
        ("ACCURACY", None): share(int(np.trace(confusion)), int(confusion.sum())),
        ("KAPPA", None): of_confusion(classification.kappa, confusion, -1, 1),
        ("MCC", None): of_confusion(classification.mcc, confusion, -1, 1),
    }
    for code in range(n_classes):
        hits = int(confusion[code, code])
        found["RECALL", code] = share(hits, int(confusion[code].sum()))
        found["PRECISION", code] = share(hits, int(confusion[:, code].sum()))
        found["F1_SCORE", code] = of_confusion(_f1_score_of(code), confusion, 0, 1)
    return {name: bounds for name, bounds in found.items() if bounds is not None}


def of_numbers(actual: Array, predicted: Array) -> dict[str, Interval]:
    """Return the intervals of predicted numbers, by statistic."""
    error = actual - predicted
    spread = (actual - actual.mean()) ** 2
    squared = mean(error**2)
    found = {
        "MAE": mean(np.abs(error)),
        "MSE": squared,
        "RMSE": None if squared is None else (math.sqrt(max(squared[0], 0)), math.sqrt(squared[1])),
        "MAPE": None if (actual == 0).any() else mean(np.abs(error / actual)),
        "WMAPE": ratio(np.abs(error), np.abs(actual)),
        "R2": _one_minus(ratio(error**2, spread)),
        "EVAR": _one_minus(ratio((error - error.mean()) ** 2, spread)),
    }
    known = regression.evaluate(actual, predicted)
    return {name: bounds for name, bounds in found.items() if bounds is not None and known[name] is not None}


def mean(values: Array) -> Interval | None:
    """Return Student's interval of a mean; None below two values."""
    if len(values) < 2:
        return None
    half = _student_quantile(len(values) - 1) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(values.mean()) - half, float(values.mean()) + half


def ratio(above: Array, below: Array) -> Interval | None:
    """Return the interval of ``mean(above) / mean(below)``, from each row's influence on it; None if it has none."""
    if len(above) < 2 or below.mean() == 0:
        return None
    found = float(above.mean() / below.mean())
    influence = (above - found * below) / below.mean()
    half = _student_quantile(len(above) - 1) * float(influence.std(ddof=1)) / math.sqrt(len(above))
    return found - half, found + half


def _beaten(left: Array, right: Array) -> Array:
    """Return for each of ``left`` the share of ``right`` that is smaller; equals count half."""
    ordered = np.sort(right)
    smaller = np.searchsorted(ordered, left, side="left")
    not_larger = np.searchsorted(ordered, left, side="right")
    return np.asarray((smaller + not_larger) / (2 * len(right)))


def _f1_score_of(code: int) -> Callable[[Array], float | None]:
    return lambda counts: classification.class_report(counts, code).f1_score


def _one_minus(bounds: Interval | None) -> Interval | None:
    return None if bounds is None else (1 - bounds[1], 1 - bounds[0])


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def _normal_quantile() -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + LEVEL) / 2))


def _student_quantile(freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + LEVEL) / 2))
