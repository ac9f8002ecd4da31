"""Trees read from a store, judged before they walk.

scikit-learn follows the numbers inside a tree without asking whether they lead anywhere: a child
beyond the last node, or a feature beyond the last column, reads memory that is not the tree's, and a
child that leads back walks for ever (https://github.com/scikit-learn/scikit-learn/pull/34558).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from hanalife.storage.schema import RefusedError


def check(made: Iterable[Any]) -> None:
    """Judge every object that a record made.

    Raises
    ------
    RefusedError
        One of them is a tree, or holds trees, that would read what is not theirs.
    """
    for thing in made:
        judge = _JUDGES.get(type(thing).__name__)
        if judge is not None:
            judge(thing)


def _judge_tree(tree: Any) -> None:
    nodes = tree.__getstate__()["nodes"]
    inner = nodes["left_child"] != -1
    for side in ("left_child", "right_child"):
        _leads_on("Tree", nodes[side][inner], inner)
    _one_of("Tree", "feature", nodes["feature"][inner], tree.n_features)


def _judge_predictor(predictor: Any) -> None:
    nodes = predictor.nodes
    inner = nodes["is_leaf"] == 0
    for side in ("left", "right"):
        _leads_on("TreePredictor", nodes[side][inner], inner)
    sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    for bitsets in (predictor.raw_left_cat_bitsets, predictor.binned_left_cat_bitsets):
        _one_of("TreePredictor", "bitset_idx", sets, len(bitsets))


def _judge_histogram_boosting(model: Any) -> None:
    for predictor in itertools.chain.from_iterable(model._predictors):  # noqa: SLF001
        nodes = predictor.nodes
        _one_of(type(model).__name__, "feature_idx", nodes["feature_idx"][nodes["is_leaf"] == 0], model.n_features_in_)


def _judge_neighbours(tree: Any) -> None:
    data, order, nodes, bounds, *_ = tree.__getstate__()
    name = type(tree).__name__
    _one_of(name, "idx_array", order, len(data))
    for end in ("idx_start", "idx_end"):
        _one_of(name, end, nodes[end], len(data) + 1)
    if len(order) != len(data) or bounds.shape[1] != len(nodes) or bounds.shape[2] not in (1, data.shape[1]):
        raise RefusedError(f"{name}: {len(nodes)} nodes of {len(data)} rows with bounds of shape {bounds.shape}")


def _judge_own_tree(model: Any) -> None:
    if hasattr(model, "tree_"):
        _walks_over(model, model.tree_, model.n_features_in_)


def _judge_ensemble(model: Any) -> None:
    for member in np.ravel(model.estimators_) if isinstance(model.estimators_, np.ndarray) else model.estimators_:
        _walks_over(model, member.tree_, model.n_features_in_)


def _judge_isolation_forest(model: Any) -> None:
    for member, features in zip(model.estimators_, model.estimators_features_, strict=True):
        _walks_over(model, member.tree_, min(len(features), model.n_features_in_))


def _walks_over(model: Any, tree: Any, features: int) -> None:
    if tree.n_features > features:
        raise RefusedError(f"{type(model).__name__}: a tree of {tree.n_features} features for rows of {features}")


#: By the name of a type on the list of allowed ones.
_JUDGES: Mapping[str, Callable[[Any], None]] = {
    "BallTree": _judge_neighbours,
    "DecisionTreeClassifier": _judge_own_tree,
    "DecisionTreeRegressor": _judge_own_tree,
    "ExtraTreeClassifier": _judge_own_tree,
    "ExtraTreeRegressor": _judge_own_tree,
    "ExtraTreesClassifier": _judge_ensemble,
    "ExtraTreesRegressor": _judge_ensemble,
    "GradientBoostingClassifier": _judge_ensemble,
    "GradientBoostingRegressor": _judge_ensemble,
    "HistGradientBoostingClassifier": _judge_histogram_boosting,
    "HistGradientBoostingRegressor": _judge_histogram_boosting,
    "IsolationForest": _judge_isolation_forest,
    "KDTree": _judge_neighbours,
    "RandomForestClassifier": _judge_ensemble,
    "RandomForestRegressor": _judge_ensemble,
    "RandomTreesEmbedding": _judge_ensemble,
    "Tree": _judge_tree,
    "TreePredictor": _judge_predictor,
}


def _leads_on(name: str, children: np.ndarray[Any, Any], inner: np.ndarray[Any, Any]) -> None:
    """Ask that each child comes after its parent, as all builders of scikit-learn number them, and exists."""
    if len(inner) == 0 or np.any(children <= np.flatnonzero(inner)) or np.any(children >= len(inner)):
        raise RefusedError(f"{name}: a child that is not among the {len(inner)} nodes, or leads back")


def _one_of(name: str, what: str, values: np.ndarray[Any, Any], count: int) -> None:
    if np.any(values < 0) or np.any(values >= count):
        raise RefusedError(f"{name}: {what} outside of 0 to {count - 1}")
