"""How good predicted numbers are. Pure: numbers of shape ``(n_rows,)`` in, numbers out.

A number that is not defined for the rows at hand is None. ``error`` is ``actual - predicted``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def explained_variance(actual: Array, predicted: Array) -> float | None:
    """Return ``1 - Var(error) / Var(actual)``; None if the actual numbers are all the same."""
    spread = float(np.var(actual))
    return 1 - float(np.var(actual - predicted)) / spread if spread > 0 else None


def mae(actual: Array, predicted: Array) -> float:
    """Return the mean absolute error."""
    return float(np.abs(actual - predicted).mean())


def mape(actual: Array, predicted: Array) -> float | None:
    """Return the mean of ``|error / actual|`` as a share; None if an actual number is 0."""
    return None if (actual == 0).any() else float(np.abs((actual - predicted) / actual).mean())


def error_rate(actual: Array, predicted: Array) -> float:
    """Return the share of errors of 0.5 or more: of whole numbers, such as GLM's levels, those missed."""
    return float((np.abs(actual - predicted) >= 0.5).mean())


def max_error(actual: Array, predicted: Array) -> float:
    """Return the largest absolute error."""
    return float(np.abs(actual - predicted).max())


def median_absolute_error(actual: Array, predicted: Array) -> float:
    """Return the median absolute error."""
    return float(np.median(np.abs(actual - predicted)))


def mse(actual: Array, predicted: Array) -> float:
    """Return the mean squared error."""
    return float(((actual - predicted) ** 2).mean())


def msle(actual: Array, predicted: Array) -> float | None:
    """Return the mean squared error of ``log(1 + number)``; None if a number is -1 or less."""
    if min(actual.min(), predicted.min()) <= -1:
        return None
    return mse(np.log1p(actual), np.log1p(predicted))


def r2(actual: Array, predicted: Array) -> float | None:
    """Return the coefficient of determination ``1 - SS(error) / SS(actual - mean)``; None if all are the same."""
    spread = float(((actual - actual.mean()) ** 2).sum())
    return 1 - float(((actual - predicted) ** 2).sum()) / spread if spread > 0 else None


def rmse(actual: Array, predicted: Array) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(mse(actual, predicted)))


def wmape(actual: Array, predicted: Array) -> float | None:
    """Return ``sum |error| / sum |actual|``; None if all actual numbers are 0."""
    total = float(np.abs(actual).sum())
    return float(np.abs(actual - predicted).sum()) / total if total > 0 else None


def evaluate(actual: Array, predicted: Array) -> dict[str, float | None]:
    """Return every number by its name in ``statistics_``, in that order."""
    return {
        "EVAR": explained_variance(actual, predicted),
        "MAE": mae(actual, predicted),
        "MAPE": mape(actual, predicted),
        "MAX_ERROR": max_error(actual, predicted),
        "MSE": mse(actual, predicted),
        "R2": r2(actual, predicted),
        "RMSE": rmse(actual, predicted),
        "WMAPE": wmape(actual, predicted),
        "MSLE": msle(actual, predicted),
        "MEDIAN_ABSOLUTE_ERROR": median_absolute_error(actual, predicted),
    }
