"""Whether the errors of a linear regression are as its theory wants them. Pure.

``columns`` are those of the regression, shape ``(n_rows, n_columns)``, a column of ones among them
if it has an intercept; ``errors`` are ``actual - predicted``, in the order of the rows. Each test
returns its statistic and its p-value, or None where the rows do not allow it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Test = tuple[float, float]


def durbin_watson(errors: Array, columns: Array) -> Test | None:
    """Test that each error is independent of the one before it.

    ``sum (e_t - e_{t-1})^2 / sum e_t^2``: about 2 if they are independent, 0 if alike. The
    two-sided p-value is of the normal distribution with the statistic's exact mean and variance
    (Durbin and Watson, Biometrika 37, 1950, section 4).
    """
    from scipy import stats

    count, degrees = len(errors), len(errors) - columns.shape[1]
    total = float(errors @ errors)
    if degrees < 1 or total == 0:
        return None
    found = float((np.diff(errors) ** 2).sum()) / total
    differences = np.diff(columns, axis=0)
    # A' A for the matrix A of first differences; the errors' own space is what the columns leave.
    twice = np.zeros_like(columns)
    twice[:-1] -= differences
    twice[1:] += differences
    inverse = np.linalg.pinv(columns.T @ columns, hermitian=True)
    explained = columns.T @ twice @ inverse
    first = 2 * (count - 1) - float(np.trace(explained))
    second = (6 * count - 8) - 2 * float(np.trace(twice.T @ twice @ inverse)) + float(np.trace(explained @ explained))
    mean = first / degrees
    variance = 2 * (second - first * mean) / (degrees * (degrees + 2))
    if variance <= 0:
        return None
    return found, float(2 * stats.norm.sf(abs(found - mean) / np.sqrt(variance)))


def breusch_pagan(errors: Array, columns: Array) -> Test | None:
    """Test that the errors' variance does not depend on the columns.

    ``n R^2`` of the squared errors on the columns, against chi-square (Koenker, Journal of
    Econometrics 17, 1981: also of errors that are not normal).
    """
    from scipy import stats

    squares = errors**2
    moved = squares - squares.mean()
    rows = np.column_stack([np.ones(len(columns)), columns])
    coefficients, _, rank, _ = np.linalg.lstsq(rows, squares, rcond=None)
    if rank < 2 or not moved.any():
        return None
    left = squares - rows @ coefficients
    found = len(errors) * (1 - float(left @ left) / float(moved @ moved))
    return found, float(stats.chi2.sf(found, rank - 1))


def kolmogorov_smirnov(errors: Array, degrees: int) -> Test | None:
    """Test that the errors, divided by their standard error, are of the normal distribution.

    As the standard error is estimated, the p-value is too large (Lilliefors, JASA 62, 1967).
    """
    from scipy import stats

    total = float(errors @ errors)
    if degrees < 1 or total == 0:
        return None
    found = stats.kstest(errors / np.sqrt(total / degrees), "norm")
    return float(found.statistic), float(found.pvalue)


def reset(target: Array, columns: Array, power: int) -> Test | None:
    """Test that powers of the fitted values, up to ``power``, explain nothing more.

    The F test of the larger regression against the smaller (Ramsey, JRSS B 31, 1969).
    """
    from scipy import stats

    coefficients, _, rank, _ = np.linalg.lstsq(columns, target, rcond=None)
    fitted = columns @ coefficients
    spread = fitted.std()
    if spread == 0:
        return None
    # Of one size, so that a high power is not lost in rounding; the space they span is the same.
    scaled = (fitted - fitted.mean()) / spread
    larger = np.column_stack([columns, *(scaled**degree for degree in range(2, power + 1))])
    more, _, larger_rank, _ = np.linalg.lstsq(larger, target, rcond=None)
    degrees, added = len(target) - larger_rank, larger_rank - rank
    small, large = (float(((target - found) ** 2).sum()) for found in (fitted, larger @ more))
    if degrees < 1 or added < 1 or large <= 0:
        return None
    found = ((small - large) / added) / (large / degrees)
    return float(found), float(stats.f.sf(found, added, degrees))
