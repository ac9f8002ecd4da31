"""Whether two sets of counts differ at all. Pure."""

from __future__ import annotations

from hanalife.drift.intervals import Floats


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
