"""How different two sets of counts are: significance and size. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

#: Rows that each bin of the smaller sample should expect.
EXPECTED_ROWS = 5

Counts = np.ndarray[Any, np.dtype[np.int64]]


def chi_square(reference: Counts, current: Counts) -> tuple[float, float]:
    """Return statistic and p-value of the two-sample chi-square test of equal distributions.

    Both samples are treated as samples (a 2 x k contingency table), so that a large current
    sample is not held against the chance in a small reference. Neighbouring bins are pooled
    until 5 rows are expected in each (Cochran 1954), below which the test sees ghosts.

    Parameters
    ----------
    reference, current : array of int, shape (n_bins,)
        Counts over the same bins; bins that are empty in both do not count.

    Notes
    -----
    Pearson (1900); see R. A. Fisher, Statistical Methods for Research Workers, section 21.
    """
    from scipy.special import chdtrc

    table = _pool(np.array([reference, current], dtype=float))
    freedom = table.shape[1] - 1
    if freedom < 1 or (table.sum(axis=1) == 0).any():
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(freedom, statistic))


def _pool(table: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Join neighbouring columns of a table of shape ``(2, n_bins)`` until each expects enough rows."""
    share = table.sum(axis=1).min() / max(table.sum(), 1)
    pooled: list[Any] = [np.zeros(2)]
    for column in table.T:
        if pooled[-1].sum() * share >= EXPECTED_ROWS:
            pooled.append(np.zeros(2))
        pooled[-1] = pooled[-1] + column
    if len(pooled) > 1 and pooled[-1].sum() * share < EXPECTED_ROWS:
        pooled[-2:] = [pooled[-2] + pooled[-1]]
    return np.array(pooled).T


def population_stability_index(reference: Counts, current: Counts) -> float:
    """Return the PSI, ``sum((q - p) * ln(q / p))`` over the shares p and q of the bins.

    Half a count is added to each bin, so that an empty bin adds a finite amount that shrinks
    with the sample (S. Yurdakul, Statistical Properties of Population Stability Index, 2018).
    By a common rule of thumb below 0.1 is little, above 0.2 much.
    """
    used = (reference + current) > 0
    p = (reference[used] + 0.5) / (reference[used] + 0.5).sum()
    q = (current[used] + 0.5) / (current[used] + 0.5).sum()
    return float(((q - p) * np.log(q / p)).sum())


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, so that one false alarm among all is as rare as promised.

    Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
