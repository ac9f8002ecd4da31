"""Every keyword of the tables of linear models is taken, and does what its row says."""

from __future__ import annotations

import logging

import pytest

from hanalife import UnifiedClassification, UnifiedRegression
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError, UnknownParameterError
from hanalife.learning import functions
from hanalife.learning.parameters.parameter import Effect
from tests.learning.engines.samples import fitted, homes, predicted

FUNCS = {
    "LogisticRegression": ("SOLD", ["SIZE", "AGE"], {}),
    "LinearRegression": ("PRICE", ["SIZE", "AGE"], {}),
    "GLM": ("COUNT", ["SIZE", "AGE"], {"family": "poisson"}),
    "PolynomialRegression": ("PRICE", ["SIZE"], {"degree": 2}),
    "GeometricRegression": ("COST", ["SIZE"], {}),
    "ExponentialRegression": ("COST", ["SIZE", "AGE"], {}),
    "LogarithmicRegression": ("PRICE", ["SIZE"], {}),
}
#: What a parameter needs beside it to be taken.
NEEDS = {
    "alpha_to_enter": {"var_select": "forward"},
    "alpha_to_remove": {"var_select": "backward"},
    "mandatory_feature": {"var_select": "backward"},
    "ordering": {"family": "ordinal"},
    "degree_values": {"resampling_method": "cv", "fold_num": 3, "param_search_strategy": "grid"},
    "degree_range": {"resampling_method": "cv", "fold_num": 3, "param_search_strategy": "grid"},
}
#: Values that the range of a parameter does not tell.
VALUES = {
    "mandatory_feature": ["AGE"],
    "ordering": list(range(30)),
    "degree_values": [1, 2],
    "degree_range": [1, 1, 2],
    "family": "normal",
    "link": "log",
}
#: Refused on purpose, see the tests of each algorithm.
REFUSED = {"group_response"}


def table(func):
    known = functions.CLASSIFICATION if func == "LogisticRegression" else functions.REGRESSION
    return functions.find_func(func, known, "test").parameters


def other_values(row):
    """Return values that differ from the default."""
    if row.name in VALUES:
        return [VALUES[row.name]]
    if row.choices:
        return [choice for choice in row.choices if choice != row.default]
    if row.kind is bool:
        return [not row.default]
    if row.kind is int:
        return [(row.default or 0) + 3]
    low = row.minimum if row.minimum is not None else row.above if row.above is not None else 0.0
    high = row.maximum if row.maximum is not None else low + 2.0
    return [low + 0.25 * (high - low)]


CASES = [
    (func, row, value)
    for func in FUNCS
    for row in table(func)
    if row.name not in REFUSED
    for value in other_values(row)
]


@pytest.mark.parametrize(("func", "row", "value"), CASES, ids=lambda case: getattr(case, "name", str(case)))
def test_every_parameter_is_taken(sqlite_conn, caplog, func, row, value):
    label, features, given = FUNCS[func]
    given = {**given, **NEEDS.get(row.name, {}), row.name: value}
    if row.name == "family":
        label = "PRICE"
    if row.name == "enet_lambda" and func == "GLM":
        given["enet_alpha"] = 0.5
    if row.name in ("solver", "epsilon") and func == "LogisticRegression":
        given["max_iter"] = 10_000
    caplog.set_level(logging.WARNING)
    model, data = fitted(sqlite_conn, func, homes(60), label, features, **given)
    assert len(predicted(model, data)) == 60
    assert (f"{row.name}={value!r} has no effect here" in caplog.text) == (row.effect is Effect.NONE)


@pytest.mark.parametrize("func", FUNCS)
def test_wrong_keywords_and_values_are_refused_by_the_constructor(func):
    kind = UnifiedClassification if func == "LogisticRegression" else UnifiedRegression
    with pytest.raises(UnknownParameterError, match=f"'n_trees' is not a parameter of {func}"):
        kind(func, n_trees=3)
    for row in table(func):
        if row.kind in (int, float, bool):
            with pytest.raises(ArgumentTypeError, match=f"{row.name}: expected {row.kind.__name__}, got 'much'"):
                kind(func, **{row.name: "much"})
        if row.choices:
            with pytest.raises(InvalidArgumentError, match=f"{row.name}: expected one of .*; got 'none of these'"):
                kind(func, **{row.name: "none of these"})
        if row.minimum is not None:
            with pytest.raises(InvalidArgumentError, match=f"{row.name}: expected a number of at least"):
                kind(func, **{row.name: row.kind(row.minimum - 1)})
        if row.maximum is not None:
            with pytest.raises(InvalidArgumentError, match=f"{row.name}: expected a number .*of at most"):
                kind(func, **{row.name: row.kind(row.maximum + 1)})


@pytest.mark.parametrize("func", ["LinearRegression", "GLM"])
def test_keywords_of_predict_are_checked_before_rows_are_read(sqlite_conn, func):
    label, features, given = FUNCS[func]
    model, data = fitted(sqlite_conn, func, homes(20), label, features, **given)
    wrong = {
        "prediction_type": ("odds", "prediction_type: expected one of link, response"),
        "interval_type": ("tolerance", "interval_type: expected one of confidence, no, prediction"),
        "handle_missing": ("mean", "handle_missing: expected one of fill_zero, skip"),
        "significance_level": (0.0, "significance_level: expected a number above 0"),
    }
    for name, (value, said) in wrong.items():
        for call in (model.predict, model.score):
            with pytest.raises(InvalidArgumentError, match=said):
                call(data, key="ID", **{name: value})


@pytest.mark.parametrize("func", ["ExponentialRegression", "LogisticRegression"])
def test_keywords_of_predict_that_an_algorithm_lacks_are_refused(sqlite_conn, func):
    label, features, given = FUNCS[func]
    model, data = fitted(sqlite_conn, func, homes(20), label, features, **given)
    for name, value in {"interval_type": "confidence", "prediction_type": "link", "handle_missing": "skip"}.items():
        with pytest.raises(NotSupportedError, match=f"{name}: .*; leave it out"):
            model.predict(data, key="ID", **{name: value})
