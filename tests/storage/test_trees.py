"""Trees whose numbers lead out of them are refused before anything walks."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from hanalife import errors
from hanalife.storage import formats

X = np.random.default_rng(0).normal(size=(80, 3)).round(1)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def change(tree, field, node, value):
    """Set one number of a tree of scikit-learn."""
    state = tree.__getstate__()
    state["nodes"][field][node] = value
    tree.__setstate__(state)


def inner(predictor):
    return predictor.nodes[np.flatnonzero(predictor.nodes["is_leaf"] == 0)[0] :]


def child(model):
    change(model.tree_, "left_child", 0, 10**6)


def back(model):
    change(model.tree_, "right_child", 0, 0)


def before(model):
    change(model.tree_, "left_child", 0, -7)


def feature(model):
    change(model.tree_, "feature", 0, 3)


def fewer(model):
    model.n_features_in_ = 2


def histogram_child(model):
    inner(model._predictors[0][0])["left"][0] = 10**6


def histogram_feature(model):
    inner(model._predictors[0][0])["feature_idx"][0] = 3


def histogram_set(model):
    first = inner(model._predictors[0][0])
    first["is_categorical"][0] = 1
    first["bitset_idx"][0] = 9


def row(model):
    data, order, *rest = model._tree.__getstate__()
    model._tree.__setstate__((data, order + 5, *rest))


def end(model):
    data, order, nodes, *rest = model._tree.__getstate__()
    nodes = np.array(nodes)
    nodes["idx_end"][-1] = 10**6
    model._tree.__setstate__((data, order, nodes, *rest))


MODELS = {
    "tree": DecisionTreeClassifier(random_state=0),
    "forest": RandomForestClassifier(3, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=2, random_state=0),
    "isolation": IsolationForest(n_estimators=2, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=2),
    "kd": KNeighborsClassifier(algorithm="kd_tree", leaf_size=5),
    "ball": KNeighborsClassifier(algorithm="ball_tree", leaf_size=5),
}


@pytest.mark.parametrize(
    ("kind", "break_it", "said"),
    [
        ("tree", child, "a child that is not among"),
        ("tree", back, "leads back"),
        ("tree", before, "a child that is not among"),
        ("tree", feature, "feature outside of 0 to 2"),
        ("tree", fewer, "a tree of 3 features for rows of 2"),
        ("forest", fewer, "a tree of 3 features for rows of 2"),
        ("boosting", fewer, "a tree of 3 features for rows of 2"),
        ("isolation", fewer, "a tree of 3 features for rows of 2"),
        ("histogram", histogram_child, "a child that is not among"),
        ("histogram", histogram_feature, "feature_idx outside of 0 to 2"),
        ("histogram", histogram_set, "bitset_idx outside"),
        ("kd", row, "idx_array outside of 0 to 79"),
        ("ball", end, "idx_end outside of 0 to 80"),
    ],
)
def test_a_tree_that_leads_out_of_itself_is_refused(kind, break_it, said):
    rows = np.c_[X[:, :2], np.abs(X[:, 2]).round()]
    model = MODELS[kind].fit(rows, Y)
    name, sound = formats.encode(model)
    assert (formats.decode(name, sound).fit(rows, Y).n_features_in_) == 3
    break_it(model)
    with pytest.raises(errors.CorruptModelError, match=said):
        formats.decode(*formats.encode(model))
