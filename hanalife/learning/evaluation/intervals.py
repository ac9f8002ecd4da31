"""How sure the numbers of an evaluation are: 95 % intervals, or the reason why a number has none. Pure.

An interval speaks of rows like those judged, taken as independent: it says how the number would
move with other rows, not how the model would move with other training. Where no interval would
cover the truth in 93 to 97 of 100 samples, none is given; the methods are in :mod:`hanalife.confidence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from hanalife.confidence import agreement, areas, losses, shares
from hanalife.confidence.interval import Interval, Withheld
from hanalife.learning.evaluation import classification, regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Name = TypeVar("Name")


def of_classes(actual: Array, probabilities: Array, positive: int) -> dict[tuple[str, int | None], Interval | Withheld]:
    """Return the intervals of predicted classes, by statistic and class code (None: of all classes).

    A statistic that is not defined for the rows is left out.
    """
    confusion = classification.confusion_matrix(actual, classification.predict(probabilities), probabilities.shape[1])
    pairs = classification.one_vs_rest(actual, probabilities, positive)
    found: dict[tuple[str, int | None], Interval | Withheld] = {}
    if classification.auc(*pairs) is not None:
        found["AUC", None] = _auc(*pairs, probabilities.shape[1])
    found["ACCURACY", None] = shares.share(int(np.trace(confusion)), int(confusion.sum()))
    both = agreement.kappa_and_mcc(confusion)
    kappa, mcc = (both, both) if isinstance(both, Withheld) else both
    if classification.kappa(confusion) is not None:
        found["KAPPA", None] = kappa
    if classification.mcc(confusion) is not None:
        found["MCC", None] = mcc
    for code in range(len(confusion)):
        found.update({(name, code): bounds for name, bounds in _of_class(confusion, code).items()})
    return found


def of_numbers(actual: Array, predicted: Array) -> dict[str, Interval | Withheld]:
    """Return the intervals of predicted numbers, by statistic; one that is not defined is left out."""
    error = actual - predicted
    squares, spread = error**2, (actual - actual.mean()) ** 2
    square = losses.mean_square(squares)
    found = {
        "MAE": losses.mean(np.abs(error)),
        "MSE": square,
        "RMSE": square if isinstance(square, Withheld) else (square[0] ** 0.5, square[1] ** 0.5),
        "MEDIAN_ABSOLUTE_ERROR": losses.median(np.abs(error)),
    }
    known = regression.evaluate(actual, predicted)
    if known["MAPE"] is not None:
        found["MAPE"] = losses.mean(np.abs(error / actual))
    if known["WMAPE"] is not None:
        found["WMAPE"] = losses.ratio(np.abs(error), np.abs(actual))
    if known["R2"] is not None:
        found["R2"] = _one_minus(losses.ratio_of_squares(squares, spread))
        found["EVAR"] = _one_minus(losses.ratio_of_squares((error - error.mean()) ** 2, spread))
    return found


def bounds(found: Mapping[Name, Interval | Withheld]) -> dict[Name, Interval]:
    """Return the intervals that are given."""
    return {name: one for name, one in found.items() if not isinstance(one, Withheld)}


def reasons(found: Mapping[Name, Interval | Withheld]) -> dict[Name, str]:
    """Return why the others are withheld."""
    return {name: one.reason for name, one in found.items() if isinstance(one, Withheld)}


def _auc(is_positive: Array, score: Array, n_classes: int) -> Interval | Withheld:
    if n_classes == 2:
        return areas.auc(is_positive, score)
    return areas.micro_auc(is_positive, score, np.repeat(np.arange(len(score) // n_classes), n_classes))


def _of_class(confusion: Array, code: int) -> dict[str, Interval | Withheld]:
    hits, support, guesses = int(confusion[code, code]), int(confusion[code].sum()), int(confusion[:, code].sum())
    found: dict[str, Interval | Withheld] = {}
    if support:
        found["RECALL"] = shares.share(hits, support)
    if guesses:
        found["PRECISION"] = shares.share(hits, guesses)
    if support or guesses:
        found["F1_SCORE"] = shares.f1_score(hits, support + guesses - 2 * hits)
    return found


def _one_minus(found: Interval | Withheld) -> Interval | Withheld:
    return found if isinstance(found, Withheld) else (1 - found[1], 1 - found[0])
