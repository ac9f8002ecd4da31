"""Thin bins are joined before counts are compared. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np

from hanalife.drift.intervals import Floats

#: Rows that each pooled bin of the smaller sample should expect (Cochran 1954).
EXPECTED_ROWS = 5.0


def pooled(reference: Any, current: Any, *, ordered: bool) -> tuple[Floats, Floats]:
    """Join bins until each expects 5 rows in both samples, below which statistics see ghosts.

    Parameters
    ----------
    ordered : bool
        Whether neighbors are joined; else all thin bins become one.
    """
    table = np.array([reference, current], dtype=float)
    share = table.sum(axis=1).min() / max(table.sum(), 1.0)
    joined = _neighbors(table, share) if ordered else _thin(table, share)
    return joined[0], joined[1]


def joined_neighbors(table: Floats, others: Floats) -> Floats:
    """Join neighboring bins until each expects 5 rows; bins of ``others`` only count as rows of both samples.

    Parameters
    ----------
    table, others : array of shape (2, n_bins)
        Rows of the reference and current ones.
    """
    rows = table.sum(axis=1) + others.sum(axis=1)
    return _neighbors(table, rows.min() / max(rows.sum(), 1.0))


def _neighbors(table: Floats, share: float) -> Floats:
    """Join bins from the left; a thin bin at the end goes to the one before."""
    if not table.shape[1]:
        return table
    groups: list[Any] = [np.zeros(2)]
    for column in table.T:
        if groups[-1].sum() * share >= EXPECTED_ROWS:
            groups.append(np.zeros(2))
        groups[-1] = groups[-1] + column
    if len(groups) > 1 and groups[-1].sum() * share < EXPECTED_ROWS:
        groups[-2:] = [groups[-2] + groups[-1]]
    return np.array(groups).T


def _thin(table: Floats, share: float) -> Floats:
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    thick = table.sum(axis=0) * share >= EXPECTED_ROWS
    rest = table[:, ~thick].sum(axis=1, keepdims=True)
    kept = table[:, thick]
    if rest.sum() * share >= EXPECTED_ROWS or not kept.shape[1]:
        return np.hstack([kept, rest])
    kept[:, -1:] += rest
    return kept
