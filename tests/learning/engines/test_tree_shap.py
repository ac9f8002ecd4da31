"""Shapley values of scikit-learn's trees: against their definition, and against the trees themselves."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hanalife.learning.engines.engine import Rows
from hanalife.learning.engines.forest import Forest
from hanalife.learning.engines.tree_shap import twin
from hanalife.learning.parameters import tree
from hanalife.learning.parameters.parameter import in_force
from hanalife.learning.problem import Problem

MADE = {
    "classes": (DecisionTreeClassifier, {}),
    "numbers": (DecisionTreeRegressor, {}),
    "forest of classes": (RandomForestClassifier, {"n_estimators": 3}),
    "forest of numbers": (RandomForestRegressor, {"n_estimators": 3}),
}


def columns_and_target(seed, rows=120):
    """Return columns with ties, missing values, tiny and huge numbers, and three classes."""
    random = np.random.default_rng(seed)
    columns = random.normal(size=(rows, 5)).astype(np.float32)
    columns[:, 1] = np.round(columns[:, 1], 1)
    columns[:, 2] = random.integers(3, size=rows)
    columns[:, 3] *= np.float32(10.0) ** random.integers(-37, 37, rows).astype(np.float32)
    columns[random.random((rows, 5)) < 0.15] = np.nan
    columns[:, 4] = np.where(random.random(rows) < 0.5, np.nan, 1)
    return columns, random.integers(3, size=rows)


def trees_of(model):
    return [one.tree_ for one in getattr(model, "estimators_", [model])]


def answers(model, columns):
    return model.predict_proba(columns) if hasattr(model, "predict_proba") else model.predict(columns)[:, None]


@pytest.mark.parametrize("kind", MADE)
@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=8)
def test_the_twin_answers_what_the_trees_answer(kind, seed):
    columns, target = columns_and_target(seed)
    made, changes = MADE[kind]
    target = target if "classes" in kind else target + 1e6 * (target == 1)
    model = made(random_state=0, **changes).fit(columns, target)
    # Rows at the very thresholds, and a step below and above.
    tree = trees_of(model)[0]
    inner = tree.feature >= 0
    thresholds = np.clip(tree.threshold[inner], -3e38, 3e38).astype(np.float32)
    at = np.repeat(columns[:1], 3 * inner.sum(), axis=0)
    beside = [np.nextafter(thresholds, np.float32(-np.inf)), thresholds, np.nextafter(thresholds, np.float32(np.inf))]
    at[np.arange(len(at)), np.tile(tree.feature[inner], 3)] = np.concatenate(beside)
    every = np.vstack([columns, at])

    answered = answers(model, every)
    for output, expected in enumerate(answered.T):
        found = twin(trees_of(model), output)
        size = max(1, np.abs(expected).max())
        assert found.outputs(every) == pytest.approx(expected, abs=1e-6 * size)
        for exact in (True, False):
            sums = found.contributions(every, exact=exact).sum(axis=1)
            assert sums == pytest.approx(expected, abs=1e-5 * size)


def by_definition(tree, row, output):
    """Return Shapley values from all coalitions; what is not known of a row goes both ways, by weight."""

    def value(known, node=0):
        if tree.children_left[node] < 0:
            return tree.value[node, 0, output]
        ways = [tree.children_left[node], tree.children_right[node]]
        column = tree.feature[node]
        if column in known:
            missing = np.isnan(row[column])
            left = tree.missing_go_to_left[node] if missing else row[column] <= tree.threshold[node]
            return value(known, ways[0 if left else 1])
        weights = tree.weighted_n_node_samples[ways]
        return np.average([value(known, way) for way in ways], weights=weights)

    count = len(row)
    found = np.zeros(count)
    for column in range(count):
        others = [one for one in range(count) if one != column]
        for size in range(count):
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for known in itertools.combinations(others, size):
                found[column] += weight * (value({*known, column}) - value(set(known)))
    return found


def test_contributions_are_shapley_values():
    columns, target = columns_and_target(1)
    weights = np.where(target == 1, 3.0, 0.5)
    model = RandomForestClassifier(n_estimators=2, max_depth=5, random_state=0).fit(columns, target, weights)
    found = np.stack([twin(trees_of(model), output).contributions(columns[:12]) for output in range(3)], axis=1)
    for row, output in itertools.product(range(12), range(3)):
        expected = np.mean([by_definition(tree, columns[row], output) for tree in trees_of(model)], axis=0)
        assert found[row, output, :-1] == pytest.approx(expected, abs=1e-6)
        base = np.mean([tree.value[0, 0, output] for tree in trees_of(model)])
        assert found[row, output, -1] == pytest.approx(base, abs=1e-6)


def test_only_the_classes_that_are_asked_for_are_explained():
    """Whatever is asked for, the numbers are those of an explanation of all, and sum to the probability."""
    columns, target = columns_and_target(2)
    engine = Forest(Problem(4, (False,) * 5))  # the fourth has no row
    given = in_force(tree.FOREST_CLASSIFICATION, {"n_estimators": 5, "random_state": 2})
    model = engine.train(Rows(columns, target), given)
    every, probabilities = engine.contributions(model, columns), engine.outputs(model, columns)
    order = np.argsort(-probabilities, axis=1)[:, :3]
    for codes in (order[:, :1], order, np.full((len(columns), 1), 3)):
        found = engine.contributions_to(model, columns, codes)
        assert (found == np.take_along_axis(every, codes[:, :, None], axis=1)).all()
        sums = found.sum(axis=2)
        assert sums == pytest.approx(np.take_along_axis(probabilities, codes, axis=1), abs=1e-5)
