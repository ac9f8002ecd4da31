"""Whether two sets of counts differ at all. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from hanalife.drift import pooling
from hanalife.drift.intervals import Floats


def chi_square(reference: Any, current: Any, *, ordered: bool = True) -> tuple[float, float]:
    """Return statistic and p-value of the two-sample chi-square test of equal distributions.

    Both samples are treated as samples (a 2 x k contingency table), so that a large current
    sample is not held against the chance in a small reference. Thin bins are pooled until 5 rows
    are expected in each (Cochran 1954), below which the test sees ghosts.

    Parameters
    ----------
    reference, current : array of int, shape (n_bins,)
        Counts over the same bins; bins that are empty in both do not count.
    ordered : bool
        Whether neighbouring bins are pooled; else all thin ones.
    """
    return pearson(np.array(pooling.pooled(reference, current, ordered=ordered)))


def pearson(table: Floats) -> tuple[float, float]:
    """Return statistic and p-value of Pearson's chi-square test of counts, shape ``(2, n_bins)``.

    Pearson (1900); see R. A. Fisher, Statistical Methods for Research Workers, section 21.
    """
    from scipy.special import chdtrc

    table = table[:, table.sum(axis=0) > 0]
    freedom = table.shape[1] - 1
    if freedom < 1 or (table.sum(axis=1) == 0).any():
        return 0.0, 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(freedom, statistic))
