"""Divergence of columns with values that few rows have. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift import effects
from hanalife.drift.effects import Divergence
from hanalife.drift.intervals import Floats
from hanalife.drift.pooling import EXPECTED_ROWS

#: The larger side's rows of thin values are thinned to so many times those of the smaller.
RATIO = 4.0
#: Factor of the thin terms' variance, tuned by simulation.
_NOISE = 4.0


@dataclass(frozen=True, slots=True)
class SparseDivergence:
    """A divergence over all values, and the share of rows whose value occurs more than once."""

    divergence: Divergence
    resolved: float


def are_thick(reference: Floats, current: Floats) -> Any:
    """Return which values have enough rows for the delta method: 5 expected on the smaller side, or 5 on both."""
    rows = reference.sum(), current.sum()
    share = min(rows) / max(sum(rows), 1)
    both = np.minimum(reference, current)
    return ((reference + current) * share >= EXPECTED_ROWS) | (both >= EXPECTED_ROWS)


def sparse_divergence(reference: Any, current: Any, random: np.random.Generator) -> SparseDivergence:
    """Return the PSI of the thick values plus Pearson's chi-square, centered without bias, of the thin ones.

    A thin value with T = x + y rows adds ``[(x - T w)**2 - x y / (T - 1)] / T / (w (1 - w)) / h``, where
    w = n / (n + m) and h = n m / (n + m). The expectation is ``(p - q)**2 / (w p + (1 - w) q)``, its share of the
    PSI if the shift is small. A value with one row adds nothing. The noise has T / (T - 1) degrees of freedom. To
    keep w near 1/2, the thin rows of the larger side are thinned at random to 4 times the smaller side.

    The terms follow D. Zelterman (JASA 82, 1987) and S.-O. Chan, I. Diakonikolas, G. Valiant, P. Valiant (SODA
    2014). The noncentral chi-square and the factor 4 of the thin terms' variance rest on simulations.

    Parameters
    ----------
    reference, current : array of int, shape (n_values,)
        Rows of each value that occurs on either side.
    random : Generator
        Thins the larger side.
    """
    x, y = np.asarray(reference, dtype=float), np.asarray(current, dtype=float)
    used = x + y > 0
    x, y = x[used], y[used]
    n, m = float(x.sum()), float(y.sum())
    thick = are_thick(x, y)
    head = _thick_terms(x[thick], y[thick], (n, m), alone=bool(thick.all()))
    tail = _thin_terms(x[~thick], y[~thick], (n, m), random)
    resolved = 1 - float((x + y == 1).sum()) / (n + m)
    return SparseDivergence(_joined(head, tail, (n, m)), resolved)


@dataclass(frozen=True, slots=True)
class _Terms:
    """The sum of some values' terms without bias, its degrees of freedom, and its variance by side."""

    value: float
    freedom: float
    variances: tuple[float, float]
    counted: bool


def _thick_terms(x: Floats, y: Floats, rows: tuple[float, float], *, alone: bool) -> _Terms:
    if not len(x):
        return _Terms(0.0, 0.0, (0.0, 0.0), counted=False)
    p, q = (x + 0.5) / (rows[0] + 0.5 * len(x)), (y + 0.5) / (rows[1] + 0.5 * len(x))
    ratio = np.log(q / p)
    slopes = -ratio + 1 - q / p, ratio + 1 - p / q
    variances = effects.partial_variance(p, slopes[0]) / rows[0], effects.partial_variance(q, slopes[1]) / rows[1]
    return _Terms(float(((q - p) * ratio).sum()), len(x) - float(alone), variances, counted=True)


def _thin_terms(x: Floats, y: Floats, rows: tuple[float, float], random: np.random.Generator) -> _Terms:
    """Return the centered terms; their variance is shared between the sides as the rows are."""
    n, m = rows
    harmonic = n * m / (n + m)
    if n > RATIO * m:
        x, n = random.binomial(x.astype(int), RATIO * m / n).astype(float), RATIO * m
    elif m > RATIO * n:
        y, m = random.binomial(y.astype(int), RATIO * n / m).astype(float), RATIO * n
    total, thinned = x + y, n * m / (n + m)
    often = total > 1
    x, total = x[often], total[often]
    spread = (x - total * n / (n + m)) ** 2 - x * (total - x) / (total - 1)
    value = float((spread / total).sum()) * (n + m) ** 2 / (n * m) / thinned
    freedom = float((total / (total - 1)).sum()) * (harmonic / thinned) ** 2
    variance = _NOISE * max(value, 0.0) / thinned
    by_side = variance * m / (n + m), variance * n / (n + m)
    return _Terms(value, freedom, by_side, counted=bool(often.any()))


def _joined(head: _Terms, tail: _Terms, rows: tuple[float, float]) -> Divergence:
    """Return the sum of both with the scale of the noncentral chi-square that has its variance."""
    harmonic = rows[0] * rows[1] / sum(rows)
    freedom = max(head.freedom + tail.freedom, 1.0)
    signal = max(head.value, 0.0) + max(tail.value, 0.0)
    most = 1.0 if tail.counted else 20.0
    scale = effects.scale_of(signal, sum(head.variances) + sum(tail.variances), harmonic, most)
    window = effects.scale_of(signal, head.variances[1] + tail.variances[1], rows[1], most)
    value = head.value - head.freedom / harmonic + tail.value + freedom / scale
    return Divergence(value, scale, freedom, window)


def arrivals(reference: Any, current: Any) -> Divergence:
    """Return the PSI of two bins: values that the reference shows, and others.

    Parameters
    ----------
    reference, current : array of int, shape (n_values,)
        Exchange them to ask for values that vanished.
    """
    x, y = np.asarray(reference, dtype=float), np.asarray(current, dtype=float)
    unseen, worth = unseen_share(x)
    new = float(y[x == 0].sum())
    return effects.population_stability_index(np.array([unseen, 1 - unseen]) * worth, [new, float(y.sum()) - new])


def unseen_share(counts: Any) -> tuple[float, float]:
    """Return the share of rows whose value a sample does not show, and the rows that it counts for.

    The share is estimated from the values that occur once (I. J. Good, Biometrika 40, 1953). It counts for as many
    rows as would have its variance (W. W. Esty, Annals of Statistics 11, 1983), and at most for all.
    """
    rows = np.asarray(counts, dtype=float)
    n, once, twice = float(rows.sum()), float((rows == 1).sum()), float((rows == 2).sum())
    unseen = (once + 0.5) / (n + 1)
    return unseen, min(n, unseen * (1 - unseen) * n**2 / (once * (1 - once / n) + 2 * twice + 0.5))
