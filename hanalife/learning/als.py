"""Fill a matrix by alternating least squares: numbers that are there tell of those that are not. Pure.

The matrix, centred and scaled, is taken to be ``U V'`` with few columns in ``U`` and ``V``; both
are fitted in turns to the known entries with a ridge penalty (Koren, Bell, Volinsky 2009, IEEE
Computer 42). ``V`` belongs to the columns and is kept; a new row's ``u`` follows from what it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a matrix is factorised."""

    factors: int = 3
    ridge: float = 0.01  #: penalty of each row's and column's factors
    most_rounds: int = 20
    seed: int = 0  #: of the factors that it begins with
    threshold: float = 0.0  #: stop when the mean squared error falls by less than this share; 0: never
    interval: int = 5  #: look at the error every so many rounds
    centers: bool = True
    scales: bool = True

    def in_words(self) -> dict[str, Any]:
        """Return it under hana_ml's names."""
        return {
            "als_factors": self.factors,
            "als_lambda": self.ridge,
            "als_maxit": self.most_rounds,
            "als_randomstate": self.seed,
            "als_exit_threshold": self.threshold,
            "als_exit_interval": self.interval,
            "als_centering": self.centers,
            "als_scaling": self.scales,
        }


@dataclass(frozen=True, slots=True)
class Factors:
    """What the columns of a matrix have in common."""

    places: tuple[int, ...]  #: the columns' positions in the features
    center: Array  #: shape (n_columns,)
    scale: Array  #: shape (n_columns,)
    loadings: Array  #: V, shape (n_columns, n_factors)
    ridge: float

    def filled(self, features: Array) -> Array:
        """Return features ``(n_rows, n_features)`` with the missing entries of these columns filled."""
        found = features.copy()
        block = (found[:, self.places].astype(np.float64) - self.center) / self.scale
        known = ~np.isnan(block)
        lacking = ~known.all(axis=1)
        scores = _solve(np.where(known, block, 0)[lacking], known[lacking], self.loadings, self.ridge)
        guessed = scores @ self.loadings.T
        block[lacking] = np.where(known[lacking], block[lacking], guessed)
        replaced = block * self.scale + self.center
        found[:, self.places] = np.where(known, found[:, self.places], replaced)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "places": list(self.places),
            "center": self.center.tolist(),
            "scale": self.scale.tolist(),
            "loadings": self.loadings.tolist(),
            "ridge": self.ridge,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Factors:
        """Read what :meth:`to_json` wrote."""
        arrays = {name: np.array(found[name], dtype=np.float64) for name in ("center", "scale", "loadings")}
        return cls(places=tuple(found["places"]), ridge=found["ridge"], **arrays)


def factorise(features: Array, places: Sequence[int], settings: Settings) -> Factors:
    """Fit the factors of some columns of features ``(n_rows, n_features)``, NaN where missing."""
    block = features[:, list(places)].astype(np.float64)
    known = ~np.isnan(block)
    counts = np.maximum(known.sum(axis=0), 1)
    center = np.where(known, block, 0).sum(axis=0) / counts if settings.centers else np.zeros(len(places))
    spread = np.sqrt((np.where(known, block - center, 0) ** 2).sum(axis=0) / counts)
    scale = np.where(spread > 0, spread, 1) if settings.scales else np.ones(len(places))
    centred = np.where(known, (block - center) / scale, 0)
    n_factors = min(settings.factors, len(places))
    loadings = np.random.default_rng(settings.seed).normal(scale=0.1, size=(len(places), n_factors))
    before = np.inf
    for turn in range(settings.most_rounds):
        scores = _solve(centred, known, loadings, settings.ridge)
        loadings = _solve(centred.T, known.T, scores, settings.ridge)
        if settings.threshold and (turn + 1) % settings.interval == 0:
            error = float(((centred - scores @ loadings.T)[known] ** 2).mean())
            if before - error < settings.threshold * before:
                break
            before = error
    return Factors(tuple(places), center, scale, loadings, settings.ridge)


def _solve(block: Array, known: Array, other: Array, ridge: float) -> Array:
    """Return for each row of ``block`` the factors that fit its known entries best, given the columns'."""
    weights = known.astype(np.float64)
    gram = np.einsum("nc,ci,cj->nij", weights, other, other, optimize=True) + ridge * np.eye(other.shape[1])
    return np.asarray(np.linalg.solve(gram, (block @ other)[..., None])[..., 0])
