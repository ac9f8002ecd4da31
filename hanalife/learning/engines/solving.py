"""Linear algebra of linear models: which columns count, least squares, standard errors. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: A column counts if so large a part of it, at least, is not a combination of others (as in R's ``lm``).
SMALLEST_PART = 1e-7


@dataclass(frozen=True, slots=True)
class Scaled:
    """Columns around their means and of one size, with the way back."""

    matrix: Array  #: shape (n_rows, n_columns)
    centre: Array  #: what was taken away, shape (n_columns,)
    scale: Array  #: what it was divided by, shape (n_columns,)

    @classmethod
    def of(cls, columns: Array, weights: Array | None, *, centres: bool = True, scales: bool = True) -> Scaled:
        """Scale columns; a constant one, which carries nothing, to zeros."""
        centre = np.average(columns, axis=0, weights=weights) if centres else np.zeros(columns.shape[1])
        moved = columns - centre
        size = np.sqrt(np.average(moved**2, axis=0, weights=weights))
        constant = size <= 1e-12 * np.abs(centre)
        moved[:, constant] = 0.0
        scale = np.where(constant | (size == 0), 1.0, size) if scales else np.ones(len(size))
        return cls(moved / scale, centre, scale)

    def with_intercept(self, kept: Array) -> Array:
        """Return a column of ones before those kept."""
        return np.column_stack([np.ones(len(self.matrix)), self.matrix[:, kept]])


def independent(columns: Array) -> Array:
    """Return the positions, ascending, of columns of which none is a combination of the others.

    Columns are of about one size. QR with pivots; what depends on others is left out.
    """
    from scipy import linalg

    if not columns.size:
        return np.arange(0)
    triangle, pivots = linalg.qr(columns, mode="r", pivoting=True)
    sizes = np.abs(np.diagonal(triangle))
    longest = np.sqrt((columns**2).sum(axis=0)).max()
    rank = int((sizes > SMALLEST_PART * longest).sum()) if longest > 0 else 0
    return np.sort(pivots[:rank])


def least_squares(columns: Array, target: Array, how: str = "qr") -> Array:
    """Return the coefficients of independent columns, shape ``(n_columns,)``.

    ``how``: 'qr', 'svd', or 'lu' or 'cholesky' of the normal equations.
    """
    if not columns.shape[1]:
        return np.zeros(0)
    return np.asarray(_WAYS[how](columns, target))


def _qr(columns: Array, target: Array) -> Array:
    from scipy import linalg

    orthogonal, triangle = linalg.qr(columns, mode="economic")
    return np.asarray(linalg.solve_triangular(triangle, orthogonal.T @ target))


def _svd(columns: Array, target: Array) -> Array:
    from scipy import linalg

    return np.asarray(linalg.lstsq(columns, target, lapack_driver="gelsd")[0])


def _lu(columns: Array, target: Array) -> Array:
    from scipy import linalg

    return np.asarray(linalg.lu_solve(linalg.lu_factor(columns.T @ columns), columns.T @ target))


def _cholesky(columns: Array, target: Array) -> Array:
    from scipy import linalg

    return np.asarray(linalg.cho_solve(linalg.cho_factor(columns.T @ columns), columns.T @ target))


_WAYS: Mapping[str, Callable[[Array, Array], Array]] = {
    "qr": _qr,
    "svd": _svd,
    "lu": _lu,
    "cholesky": _cholesky,
}


def inverse_gram(columns: Array) -> Array:
    """Return ``(columns' columns)^-1`` of independent columns."""
    from scipy import linalg

    if not columns.shape[1]:
        return np.zeros((0, 0))
    triangle = linalg.qr(columns, mode="r")[0][: columns.shape[1]]
    inverse = linalg.solve_triangular(triangle, np.eye(len(triangle)))
    return np.asarray(inverse @ inverse.T)


def in_own_units(covariance: Array, scaled_centre: Array, scale: Array) -> Array:
    """Return the covariance of intercept and coefficients, given that of those of scaled columns.

    With ``b_j = c_j / scale_j`` and ``b_0 = c_0 - sum c_j centre_j / scale_j``; the intercept is first.
    """
    back = np.diag(np.concatenate([[1.0], 1 / scale]))
    back[0, 1:] = -scaled_centre / scale
    return np.asarray(back @ covariance @ back.T)


def wald(
    names: list[str], estimates: Array, covariance: Array, degrees: float | None, level: float | None = None
) -> dict[str, float | str]:
    """Return estimate, standard error, test of zero and p-value of each coefficient, as rows of statistics.

    Parameters
    ----------
    names : list of str
    estimates : array, shape (n,)
    covariance : array, shape (n, n)
    degrees : float or None
        Degrees of freedom of Student's t; None: the normal distribution.
    level : float, optional
        Significance level of an interval of each coefficient.
    """
    from scipy import stats

    law = stats.norm() if degrees is None else stats.t(degrees)
    letter = "Z" if degrees is None else "T"
    found: dict[str, float | str] = {}
    for name, estimate, error in zip(names, estimates, np.sqrt(np.diagonal(covariance)), strict=True):
        found[f"COEFFICIENT_{name}"] = float(estimate)
        found[f"STD_ERROR_{name}"] = float(error)
        if error > 0:
            found[f"{letter}_VALUE_{name}"] = float(estimate / error)
            found[f"P_VALUE_{name}"] = float(2 * law.sf(abs(estimate / error)))
        if level is not None:
            reach = float(law.isf(level / 2) * error)
            found[f"LOWER_{name}"] = float(estimate) - reach
            found[f"UPPER_{name}"] = float(estimate) + reach
    return found
