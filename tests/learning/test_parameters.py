"""What the constructor refuses, and what it says."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from hanalife import UnifiedClassification
from hanalife.errors import (
    ArgumentTypeError,
    InvalidArgumentError,
    NotSupportedError,
    UnknownParameterError,
)
from hanalife.learning.parameters.boosting import CLASSIFICATION as BOOSTING
from hanalife.learning.parameters.parameter import Effect, in_force
from hanalife.learning.parameters.selection import SELECTION

HGBT = "HybridGradientBoostingTree"
GRID = {"param_search_strategy": "grid", "resampling_method": "cv", "param_values": {"max_depth": [2, 3]}}


@pytest.mark.parametrize("func", [HGBT, HGBT.lower(), HGBT.upper()])
def test_func_in_any_case(func):
    model = UnifiedClassification(func)
    assert (model.func, model.real_func) == ("HGBT", HGBT)


@pytest.mark.parametrize(
    ("func", "error", "said"),
    [
        (
            "GradientBoosting",
            InvalidArgumentError,
            "'GradientBoosting'.*classification; use HybridGradientBoostingTree",
        ),
        ("MLP_MultiTask", NotSupportedError, "use one model a label"),
        (None, ArgumentTypeError, "func: expected a str, got None"),
    ],
)
def test_func_that_does_not_work(func, error, said):
    with pytest.raises(error, match=said):
        UnifiedClassification(func)


@pytest.mark.parametrize(
    ("keywords", "error", "said"),
    [
        ({"learnig_rate": 0.1}, UnknownParameterError, "'learnig_rate'.*HybridG.*did you mean learning_rate"),
        ({"zzz": 1}, UnknownParameterError, "'zzz' is not a parameter of Hybrid.*it takes: "),
        ({"n_estimators": "10"}, ArgumentTypeError, "n_estimators: expected int, got '10'"),
        ({"n_estimators": 2.5}, ArgumentTypeError, "n_estimators: expected int, got 2.5"),
        ({"learning_rate": "fast"}, ArgumentTypeError, "learning_rate: expected float, got 'fast'"),
        ({"adopt_prior": 1}, ArgumentTypeError, "adopt_prior: expected bool, got 1"),
        ({"split_method": 3}, ArgumentTypeError, "split_method: expected str, got 3"),
        ({"param_values": [("max_depth", [1])]}, ArgumentTypeError, "param_values: expected dict, got"),
        ({"ref_metric": ["auc", 3]}, ArgumentTypeError, "ref_metric: expected a list of str"),
        ({"learning_rate": 0}, InvalidArgumentError, "learning_rate: expected a number above 0, got 0"),
        ({"learning_rate": 1.01}, InvalidArgumentError, "at most 1, got 1.01"),
        ({"learning_rate": float("nan")}, InvalidArgumentError, "learning_rate.*got nan"),
        ({"lamb": float("inf")}, InvalidArgumentError, "lamb.*finite, got inf"),
        ({"n_estimators": 0}, InvalidArgumentError, "n_estimators.*at least 1, got 0"),
        ({"split_method": "fast"}, InvalidArgumentError, "one of exact, histogram, sampling, sketch; got 'fast'"),
        ({"model_tree": "linear"}, NotSupportedError, "model_tree: 'linear'.*or at 'constant'"),
        ({"validation_set_rate": 1.0}, InvalidArgumentError, "validation_set_rate.*at most 0.999999, got 1.0"),
        ({"pivoted": True}, NotSupportedError, "pivoted"),
        ({"metric": "auc", "evaluation_metric": "nll"}, InvalidArgumentError, "evaluation_metric is given twice"),
    ],
)
def test_a_bad_parameter_is_named_with_its_value(keywords, error, said):
    with pytest.raises(error, match=said):
        UnifiedClassification(HGBT, **keywords)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"resampling_method": None}, InvalidArgumentError, "a search needs resampling_method"),
        ({"param_search_strategy": None}, InvalidArgumentError, "add param_search_strategy"),
        ({"param_values": None}, InvalidArgumentError, "a search needs param_values or param_range"),
        ({"param_search_strategy": "random"}, InvalidArgumentError, "random_search_times"),
        ({"param_search_strategy": "halving"}, InvalidArgumentError, "one of grid, random; got 'halving'"),
        ({"resampling_method": "loo"}, InvalidArgumentError, "resampling_method: expected one of bootstrap"),
        ({"evaluation_metric": "aucc"}, InvalidArgumentError, "evaluation_metric: 'aucc' is not a metric; use one of"),
        ({"ref_metric": ["auc", "gini"]}, InvalidArgumentError, "ref_metric: 'gini' is not a metric"),
        ({"fold_num": 1}, InvalidArgumentError, "fold_num.*at least 2"),
        ({"repeat_times": 0}, InvalidArgumentError, "repeat_times.*at least 1"),
        ({"reduction_rate": 2.0}, InvalidArgumentError, "reduction_rate: only of a race"),
        ({"param_values": {"depth": [1]}}, UnknownParameterError, "param_values: 'depth'"),
        ({"param_values": {"random_state": [1]}}, InvalidArgumentError, "'random_state' cannot be searched; choose"),
        ({"param_values": {"max_depth": []}}, InvalidArgumentError, r"param_values\['max_depth'\]: the list is empty"),
        ({"param_values": {"max_depth": 3}}, ArgumentTypeError, "expected a list of values, got 3"),
        ({"param_values": {"max_depth": [3, 0]}}, InvalidArgumentError, r"param_values\['max_depth'\].*got 0"),
        ({"param_range": {"alpha": [0, 1]}}, ArgumentTypeError, r"expected \[start, step, end\].*got \[0, 1\]"),
        ({"param_range": {"alpha": [1, 1, 0]}}, InvalidArgumentError, "starts above its end"),
        ({"param_range": {"alpha": [0, 0, 1]}}, InvalidArgumentError, "step.*above 0, got 0"),
        ({"param_range": {"max_depth": [1, 1, 3]}}, InvalidArgumentError, "max_depth also in param_values"),
    ],
)
def test_a_search_that_cannot_be_is_refused(changes, error, said):
    with pytest.raises(error, match=said):
        UnifiedClassification(HGBT, **{**GRID, **changes})


def test_errors_are_also_of_the_built_in_types():
    for keywords, error in (({"zzz": 1}, KeyError), ({"max_depth": "a"}, TypeError), ({"max_depth": 0}, ValueError)):
        with pytest.raises(error):
            UnifiedClassification(HGBT, **keywords)


def test_good_values_of_other_types_are_taken():
    model = UnifiedClassification(
        HGBT, learning_rate=1, n_estimators=np.int64(3), alpha=np.float32(0.5), obj_func="Softmax", max_depth=None
    )
    assert model.hanaml_parameters["kwargs"] == {
        "learning_rate": 1.0,
        "n_estimators": 3,
        "alpha": 0.5,
        "obj_func": "softmax",
    }
    assert {type(value) for value in model.hanaml_parameters["kwargs"].values()} == {float, int, str}


def test_every_parameter_takes_its_default():
    table = BOOSTING + SELECTION
    defaults = {one.name: one.default for one in table if one.default is not None}
    model = UnifiedClassification(HGBT, **defaults)
    assert model.hanaml_parameters["kwargs"] == defaults
    assert set(in_force(BOOSTING, {})) == {one.name for one in BOOSTING if one.effect is Effect.ENGINE}


def test_what_changes_nothing_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        UnifiedClassification(HGBT, min_samples_leaf=5, compression=False)
    (record,) = caplog.records
    assert "min_samples_leaf=5 has no effect here" in record.getMessage()


def test_aliases():
    model = UnifiedClassification(
        HGBT, metric="AUC", search_strategy="grid", resampling_method="cv", param_values={"max_depth": [1]}
    )
    assert dict(model.get_fit_parameters())["EVALUATION_METRIC"] == "AUC"
    assert "metric" not in model.hanaml_parameters["kwargs"]
