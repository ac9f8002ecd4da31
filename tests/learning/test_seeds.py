"""A fit without a seed draws one and tells it, so that every fit can be repeated."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from hanalife import UnifiedClassification, UnifiedRegression
from tests.learning.models import HGBT, ON_EVERY_DATABASE

GIVEN = {
    "boosting": (UnifiedClassification, HGBT, {"n_estimators": 3, "subsample": 0.5}, {}),
    "forest": (UnifiedClassification, "RandomDecisionTree", {"n_estimators": 5}, {"calibrate": True}),
    "network": (UnifiedClassification, "MLP", {"hidden_layer_size": [3], "activation": "tanh",
                "output_activation": "linear", "max_iter": 5}, {"background_size": 9}),
    "support vectors": (UnifiedClassification, "SVM", {"probability": True}, {}),
    "factors": (UnifiedClassification, "DecisionTree", {}, {"impute": True, "strategy": "most_frequent-als"}),
    "permutation": (UnifiedClassification, "DecisionTree", {}, {"permutation_importance": True}),
    "random search": (
        UnifiedRegression,
        HGBT,
        {"n_estimators": 2, "resampling_method": "bootstrap", "repeat_times": 2, "param_search_strategy": "random",
         "random_search_times": 3, "param_range": {"learning_rate": [0.1, 1.0]}},
        {},
    ),
    "stopping early": (UnifiedRegression, HGBT, {"n_estimators": 9, "validation_set_rate": 0.3}, {}),
}  # fmt: skip


def fit(data, what, constructor=None, arguments=None, seed_source=None):
    make, func, given, fitting = GIVEN[what]
    model = make(func, **given, **(constructor or {}))
    model.seed_source = seed_source
    split = {"partition_method": "stratified", "stratified_column": "CLASS"}
    split = split if make is UnifiedClassification else {"partition_method": "random"}
    features = ["GLUCOSE", "BMI", "AGE"]
    return model.fit(data, key="ID", features=features, label="CLASS", **{**split, **fitting, **(arguments or {})})


def results(model, data):
    frames = (getattr(model, name, None) for name in ("statistics_", "importance_", "permutation_importance_"))
    predicted = model.predict(data, key="ID").collect().sort_values("ID", ignore_index=True)
    return [predicted, *(frame.collect() for frame in frames if frame is not None)]


@pytest.mark.parametrize("what", GIVEN)
def test_the_seeds_that_are_told_repeat_the_fit(conn, diabetes, what):
    numbers = itertools.count(11)
    first = fit(diabetes, what, seed_source=numbers.__next__)
    assert {first.seeds_["random_state"], first.seeds_["partition_random_state"]} == {11, 12}
    seeds = dict(first.seeds_)
    again = fit(diabetes, what, {"random_state": seeds.pop("random_state")}, seeds)
    assert again.seeds_ == first.seeds_
    for before, after in zip(results(first, diabetes), results(again, diabetes), strict=True):
        pd.testing.assert_frame_equal(before, after, check_exact=True)
    assert next(numbers) == 13, "no other seed was drawn"


@ON_EVERY_DATABASE
def test_drawn_seeds_are_others_each_time_and_go_with_the_model(conn, diabetes):
    models = [fit(diabetes, "boosting") for _ in range(2)]
    assert models[0].seeds_["random_state"] != models[1].seeds_["random_state"]
    loaded = UnifiedClassification.from_state(conn, models[0].to_state())
    assert loaded.seeds_ == models[0].seeds_
    assert UnifiedClassification(HGBT).seeds_ is None
