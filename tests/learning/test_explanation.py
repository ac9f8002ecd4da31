"""Contributions by sampling and importance by shuffling, against their definitions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

from hanalife.errors import InvalidArgumentError
from hanalife.learning.explanation import permutation, sampling
from tests.learning.models import FEATURES, make_model


def shapley(outputs, row, background):
    """Return Shapley values by their definition: every order, every background row."""
    n_features = len(row)
    found = np.zeros(n_features)
    for order in itertools.permutations(range(n_features)):
        for start in background:
            state = start.copy()
            before = outputs(state[None])[0]
            for feature in order:
                state[feature] = row[feature]
                after = outputs(state[None])[0]
                found[feature] += after - before
                before = after
    return found / math.factorial(n_features) / len(background)


def curved(features):
    return np.sin(features[:, 0]) * features[:, 1] + np.maximum(features[:, 2], features[:, 3]) ** 2


def test_samples_come_close_to_shapley_values_and_sum_to_the_output():
    random = np.random.default_rng(1)
    background, rows = random.normal(size=(4, 4)), random.normal(size=(3, 4))
    found = sampling.contributions(curved, rows, background, orders=3000, seed=2)
    assert found.shape == (3, 1, 5)
    assert found.sum(axis=2)[:, 0] == pytest.approx(curved(rows), rel=1e-12)
    for row, contributions in zip(rows, found[:, 0, :4], strict=True):
        assert contributions == pytest.approx(shapley(curved, row, background), abs=0.06)


def test_a_sum_has_exact_contributions_after_any_number_of_orders():
    random = np.random.default_rng(3)
    weights = np.array([1.0, -2.0, 0.5])
    background = random.normal(size=(1, 3))
    rows = random.normal(size=(5, 3))
    found = sampling.contributions(lambda features: features @ weights, rows, background, orders=1, seed=0)
    assert found[:, 0, :3] == pytest.approx((rows - background) * weights)


def test_each_row_is_explained_as_if_alone_and_the_seed_decides():
    random = np.random.default_rng(4)
    background, rows = random.normal(size=(20, 4)), random.normal(size=(6, 4))

    def two(features):
        return np.column_stack([curved(features), -features[:, 0]])

    found = sampling.contributions(two, rows, background, orders=5, seed=9)
    alone = [sampling.contributions(two, row[None], background, orders=5, seed=9)[0] for row in rows]
    assert (found == np.array(alone)).all()
    assert not (found == sampling.contributions(two, rows, background, orders=5, seed=8)).all()


def test_shuffling_costs_what_scikit_learn_measures():
    random = np.random.default_rng(5)
    features = random.normal(size=(400, 3))
    target = 3 * features[:, 0] + features[:, 1] + random.normal(size=400)
    model = LinearRegression().fit(features, target)

    def score(actual, rows):
        return -float(np.mean(np.abs(actual - model.predict(rows))))

    settings = permutation.Settings("mae", repeats=50, seed=1)
    found = permutation.importance(score, target, features, settings)
    expected = permutation_importance(
        model, features, target, scoring="neg_mean_absolute_error", n_repeats=50, random_state=2
    )
    assert [mean for mean, _ in found] == pytest.approx(expected.importances_mean, abs=0.05)
    assert [spread for _, spread in found] == pytest.approx(expected.importances_std, rel=0.4, abs=0.01)


@pytest.mark.parametrize("metric", ["accuracy", "auc", "kappa", "mcc"])
def test_a_fit_measures_it_on_the_validation_rows(diabetes, metric):
    given = {
        "key": "ID",
        "label": "CLASS",
        "partition_method": "stratified",
        "stratified_column": "CLASS",
        "partition_random_state": 4,
    }
    model = make_model(n_estimators=20).fit(
        diabetes,
        **given,
        permutation_importance=True,
        permutation_evaluation_metric=metric,
        permutation_n_repeats=4,
        permutation_seed=3,
        permutation_n_samples=100,
    )
    found = model.permutation_importance_.collect()
    assert list(found) == ["VARIABLE_NAME", "IMPORTANCE", "DEVIATION"]
    assert set(found["VARIABLE_NAME"]) == set(FEATURES)
    assert found["IMPORTANCE"].is_monotonic_decreasing
    assert found["VARIABLE_NAME"][0] == "GLUCOSE", "known to matter most"
    assert found["IMPORTANCE"][0] > 0.02
    without = make_model(n_estimators=20).fit(diabetes, **given)
    assert without.permutation_importance_ is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"permutation_importance": True}, "permutation_importance: it is measured on validation rows"),
        (
            {
                "permutation_importance": True,
                "permutation_evaluation_metric": "rmse",
                "partition_method": "stratified",
                "stratified_column": "CLASS",
            },
            "permutation_evaluation_metric: expected one of accuracy, auc, kappa, mcc",
        ),
        ({"background_size": -1}, "background_size.*at least 0"),
    ],
)
def test_bad_input(diabetes, given, said):
    with pytest.raises(InvalidArgumentError, match=said):
        make_model().fit(diabetes, key="ID", label="CLASS", **given)
