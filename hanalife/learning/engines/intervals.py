"""Intervals of numbers that tell classes apart. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def edges(values: Array, codes: Array) -> Array:
    """Return where to cut numbers, ascending; a number that is an edge belongs below it.

    Parameters
    ----------
    values : array, shape (n_rows,)
    codes : array of int, shape (n_rows,)
        The class of each row.

    Notes
    -----
    An interval is cut where the entropy of its classes falls most, half-way between two values,
    for as long as that shortens the description: Fayyad and Irani 1993, *Multi-interval
    discretization of continuous-valued attributes for classification learning*.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    members = np.eye(int(codes.max(initial=0)) + 1)[codes[order]]
    found: list[float] = []
    waiting = [(0, len(ordered))]
    while waiting:
        first, last = waiting.pop()
        cut = _best_cut(ordered[first:last], members[first:last])
        if cut:
            found.append((ordered[first + cut - 1] + ordered[first + cut]) / 2)
            waiting += [(first, first + cut), (first + cut, last)]
    return np.sort(np.array(found, dtype=np.float64))


def _best_cut(values: Array, members: Array) -> int:
    """Return how many values go below the best cut; 0: none is worth it."""
    n_rows = len(values)
    places = np.flatnonzero(np.diff(values) > 0) + 1
    if not len(places):
        return 0
    below = members.cumsum(axis=0)[places - 1]
    total = members.sum(axis=0)
    sides = [below, total - below]
    entropies = [_entropy(side) for side in sides]
    mixed = (places * entropies[0] + (n_rows - places) * entropies[1]) / n_rows
    best = int(mixed.argmin())
    whole = _entropy(total[None])[0]
    n_classes, *of_sides = (np.count_nonzero(one) for one in (total, *(side[best] for side in sides)))
    left, right = (classes * entropy[best] for classes, entropy in zip(of_sides, entropies, strict=True))
    price = np.log2(n_rows - 1) + np.log2(3.0**n_classes - 2) - (n_classes * whole - left - right)
    return int(places[best]) if whole - mixed[best] > price / n_rows else 0


def _entropy(counts: Array) -> Array:
    """Return the entropy of classes in bits, one a row of counts."""
    shares = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(-(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1))
