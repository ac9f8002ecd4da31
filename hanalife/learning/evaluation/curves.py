"""Curves of a ranking: ROC, cumulative gains, lift. Pure.

A binary question (is the row positive?) has an answer and a score for every row; rows are
ranked by falling score. With ``x`` the share of rows looked at, ``G(x)`` the share of all
positives among them, and ``share`` the share of positives in all rows:

- ``CUMGAINS`` is ``G(x)``. Rows of equal score come in unknown order, so ``G`` is linear across
  them: its expectation.
- ``CUMLIFT`` is ``G(x) / x``.
- ``LIFT`` at ``x_k`` is the share of positives in the tile between ``x_{k-1}`` and ``x_k``,
  divided by ``share``, which is ``(G(x_k) - G(x_{k-1})) / (x_k - x_{k-1})``.
- At ``x = 0`` both lifts are ``1 / share``, the highest there can be (the number of classes,
  where the question is put for each class).
- ``RANDOM_*`` is the ranking by chance, ``PERF_*`` the one with all positives first,
  ``G(x) = min(1, x / share)``.
- ``ROC_FPR`` and ``ROC_TPR`` are, for each threshold from the highest, the shares of negatives
  and of positives that score at least as high; ``x`` is the number of the threshold.

Source: Provost, Fawcett, "Data Science for Business" (2013), chapter 8; for ROC, Fawcett 2006,
Pattern Recognition Letters 27.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Curve = tuple[tuple[float, float], ...]

#: A finer ROC curve is thinned to this many points; no screen shows more.
MOST_ROC_POINTS = 1000


def default_ntiles(n_rows: int) -> int:
    """Return the number of tiles if none is asked for: 20, or 1 below 20 rows."""
    return 20 if n_rows >= 20 else 1


def curves(is_positive: Array, score: Array, ntiles: int) -> dict[str, Curve]:
    """Return all curves that are defined, by name.

    Parameters
    ----------
    is_positive : array of bool, shape (n,)
    score : array of float, shape (n,)
    ntiles : int
        Gains and lifts have ``ntiles + 1`` points from 0 to 1.

    Returns
    -------
    dict of str to tuple of (x, y)
        No curve at all without a positive; no ROC without a negative.
    """
    positives = int(is_positive.sum())
    if not positives:
        return {}
    share = positives / len(is_positive)
    x = np.linspace(0, 1, ntiles + 1)
    seen, found = _ranking(is_positive, score)
    found_by_x = np.interp(x * len(is_positive), seen, found) / positives
    flat = ((0.0, 1.0), (1.0, 1.0))
    result: dict[str, Curve] = {
        "RANDOM_CUMGAINS": ((0.0, 0.0), (1.0, 1.0)),
        "RANDOM_LIFT": flat,
        "RANDOM_CUMLIFT": flat,
    }
    result |= _gains_and_lifts("PERF_", x, np.minimum(1, x / share), share)
    if positives < len(is_positive):
        result |= _roc(seen, found)
    return result | _gains_and_lifts("", x, found_by_x, share)


def _ranking(is_positive: Array, score: Array) -> tuple[Array, Array]:
    """Return rows and positives seen after each threshold, from none to all, shape ``(n_scores + 1,)``."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1) + 1
    found = np.cumsum(is_positive[order])[ends - 1]
    return np.append(0, ends), np.append(0, found)


def _roc(seen: Array, found: Array) -> dict[str, Curve]:
    keep = _corners(seen - found, found)
    if len(keep) > MOST_ROC_POINTS:
        keep = keep[np.linspace(0, len(keep) - 1, MOST_ROC_POINTS).round().astype(int)]
    wrong, right = (seen - found)[keep], found[keep]
    x = np.arange(len(keep))
    return {"ROC_FPR": _points(x, wrong / wrong[-1]), "ROC_TPR": _points(x, right / right[-1])}


def _corners(wrong: Array, right: Array) -> Array:
    """Return the positions of the points that lie on no straight line between their neighbours."""
    east, north = np.diff(wrong), np.diff(right)
    turns = east[:-1] * north[1:] != east[1:] * north[:-1]
    return np.concatenate(([0], np.flatnonzero(turns) + 1, [len(wrong) - 1]))


def _gains_and_lifts(prefix: str, x: Array, gains: Array, share: float) -> dict[str, Curve]:
    lift = np.append(1 / share, np.diff(gains) / np.diff(x))
    cumulative = np.append(1 / share, gains[1:] / x[1:])
    return {
        f"{prefix}CUMGAINS": _points(x, gains),
        f"{prefix}LIFT": _points(x, lift),
        f"{prefix}CUMLIFT": _points(x, cumulative),
    }


def _points(x: Array, y: Array) -> Curve:
    return tuple(zip(x.astype(float).tolist(), y.astype(float).tolist(), strict=True))
