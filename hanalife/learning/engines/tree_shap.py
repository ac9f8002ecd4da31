"""Shapley values of scikit-learn's trees: the same trees in XGBoost, which computes them exactly.

XGBoost's algorithm is TreeSHAP (Lundberg et al. 2020, Nature Machine Intelligence 2), or Saabas'
approximation. Of trees that give several numbers, as those for classes do, each number has a twin of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning.engines.threads import apart, threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_NO_PARENT = 2**31 - 1
_LEAF = -1


@dataclass(frozen=True, slots=True)
class Twin:
    """One number of scikit-learn's trees as a booster, relative to the mean of the training rows."""

    booster: Any
    mean: float
    size: int  #: number of nodes

    def outputs(self, columns: Array) -> Array:
        """Return what the trees predict, shape ``(n_rows,)``."""
        return self.mean + self._predict(columns, output_margin=True)

    def contributions(self, columns: Array, *, exact: bool = True) -> Array:
        """Return what each column adds, shape ``(n_rows, n_columns + 1)``; the last is the base value."""
        found = self._predict(columns, pred_contribs=True, approx_contribs=not exact).astype(np.float64)
        found[:, -1] += self.mean
        return found

    def _predict(self, columns: Array, **how: bool) -> Array:
        import xgboost

        n_threads = threads(-1, len(columns) * self.size)

        def work() -> Array:
            found: Array = self.booster.predict(xgboost.DMatrix(columns, nthread=n_threads), **how)
            return found

        return apart(n_threads, work)


def twin(trees: Sequence[Any], output: int) -> Twin:
    """Translate trees whose mean is the prediction.

    Parameters
    ----------
    trees : sequence of sklearn.tree._tree.Tree
    output : int
        Position among the numbers of a leaf: that of a class, or 0.
    """
    import xgboost

    values = [tree.value[:, 0, output] / len(trees) for tree in trees]
    made = [
        _translated(tree, leaves - leaves[0], number)
        for number, (tree, leaves) in enumerate(zip(trees, values, strict=True))
    ]
    booster = xgboost.Booster()
    booster.load_model(bytearray(json.dumps(_model(made, trees[0].n_features)), "ascii"))
    return Twin(booster, float(np.sum([leaves[0] for leaves in values])), sum(tree.node_count for tree in trees))


def _translated(tree: Any, values: Array, number: int) -> dict[str, Any]:
    """Return one tree as XGBoost writes it; the values are of its nodes."""
    order = _siblings_together(tree)
    place = np.argsort(order)
    inner = tree.children_left[order] != _LEAF
    left = np.where(inner, place[tree.children_left[order]], _LEAF)
    parents = np.full(tree.node_count, _NO_PARENT)
    parents[left[inner]] = parents[left[inner] + 1] = np.flatnonzero(inner)
    return {
        "id": number,
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(tree.n_features),
            "num_nodes": str(tree.node_count),
            "size_leaf_vector": "1",
        },
        "left_children": left.tolist(),
        "right_children": np.where(inner, left + 1, _LEAF).tolist(),
        "parents": parents.tolist(),
        "split_indices": np.where(inner, tree.feature[order], 0).tolist(),
        "split_conditions": _shortest(np.where(inner, _strict(tree.threshold[order]), values[order])),
        "split_type": [0] * tree.node_count,
        "default_left": np.where(inner, tree.missing_go_to_left[order], 0).tolist(),
        "base_weights": _shortest(values[order]),
        "loss_changes": [0.0] * tree.node_count,
        "sum_hessian": _shortest(tree.weighted_n_node_samples[order]),
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
    }


def _siblings_together(tree: Any) -> Array:
    """Return the nodes from the root down, each right one after its left one, as XGBoost takes for granted."""
    levels = [np.zeros(1, dtype=np.intp)]
    while levels[-1].size:
        inner = levels[-1][tree.children_left[levels[-1]] != _LEAF]
        levels.append(np.column_stack([tree.children_left[inner], tree.children_right[inner]]).ravel())
    return np.concatenate(levels)


def _strict(thresholds: Array) -> Array:
    """Return s so that x < s says the same as x <= threshold of every x in single precision.

    scikit-learn compares its single-precision columns with a threshold in double precision,
    XGBoost with one in single precision.
    """
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    below = np.where(rounded > thresholds, np.nextafter(rounded, np.float32(-np.inf)), rounded)
    return np.nextafter(below, np.float32(np.inf))


def _shortest(numbers: Array) -> list[float]:
    """Return numbers of which JSON's text, read in single precision, is the number itself."""
    return [float(text) for text in numbers.astype(np.float32).astype(str)]


def _model(trees: list[dict[str, Any]], n_columns: int) -> dict[str, Any]:
    return {
        "version": [3, 0, 0],
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "learner_model_param": {
                "base_score": "0",
                "boost_from_average": "0",
                "num_class": "0",
                "num_feature": str(n_columns),
                "num_target": "1",
            },
            "objective": {"name": "reg:squarederror", "reg_loss_param": {}},
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
                    "iteration_indptr": list(range(len(trees) + 1)),
                    "tree_info": [0] * len(trees),
                    "trees": trees,
                },
            },
        },
    }
