"""Contributions of features to any model's output, by sampling orders of the features. Pure.

The Shapley value of a feature is its mean effect on the output over all orders in which the
features of a background row are replaced, one after the other, by those of the row explained
(Štrumbelj, Kononenko 2014, Knowl. Inf. Syst. 41). Orders and background rows are drawn at random;
each order is also walked backwards, which makes the mean far steadier (Mitchell et al. 2022, J.
Mach. Learn. Res. 23). Whatever is drawn, contributions and base sum to the output exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: So many orders, and each backwards, if the caller names no number.
DEFAULT_ORDERS = 10

#: Outputs are asked for so many rows at once.
_PORTION = 200_000


def contributions(
    outputs: Callable[[Array], Array], features: Array, background: Array, orders: int, seed: int
) -> Array:
    """Return what each feature adds, shape ``(n_rows, n_outputs, n_features + 1)``; the last column is the base.

    Parameters
    ----------
    outputs : callable
        Features ``(n, n_features)`` to outputs ``(n, n_outputs)`` or ``(n,)``.
    features : array, shape (n_rows, n_features)
    background : array, shape (n_background, n_features)
        Rows that stand for what is usual.
    orders : int
        Number of random orders; each costs ``2 * (n_features + 1)`` outputs a row.
    seed : int
        The same seed gives the same numbers, whatever rows are explained together.
    """
    walks = _walks(features.shape[1], len(background), orders, seed)
    rows = max(1, _PORTION // (features.shape[1] + 1))
    parts = [features[begin : begin + rows] for begin in range(0, len(features), rows)]
    return np.concatenate(
        [sum(_walk(outputs, part, background[drawn], order) for order, drawn in walks) / len(walks) for part in parts]
    )


def _walks(n_features: int, n_background: int, orders: int, seed: int) -> list[tuple[Array, int]]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(orders):
        order, drawn = random.permutation(n_features), int(random.integers(n_background))
        found += [(order, drawn), (order[::-1], drawn)]
    return found


def _walk(outputs: Callable[[Array], Array], features: Array, start: Array, order: Array) -> Array:
    """Replace the features of one background row in one order; return the steps of the output."""
    n_rows, n_features = features.shape
    states = np.empty((n_features + 1, n_rows, n_features), dtype=features.dtype)
    states[0] = start
    for turn, feature in enumerate(order, 1):
        states[turn] = states[turn - 1]
        states[turn, :, feature] = features[:, feature]
    found = outputs(states.reshape(-1, n_features))
    found = found.reshape(n_features + 1, n_rows, -1)
    result = np.empty((n_rows, found.shape[2], n_features + 1))
    result[:, :, order] = np.moveaxis(np.diff(found, axis=0), 0, -1)
    result[:, :, -1] = found[0]
    return result
