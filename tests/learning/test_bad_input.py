"""What fit, score and predict refuse, what they say, and that nothing is changed by it."""

from __future__ import annotations

import pandas as pd
import pytest

from hanalife import DataSets
from hanalife.errors import (
    ArgumentTypeError,
    FitIncompleteError,
    InvalidArgumentError,
    NotSupportedError,
    UnknownColumnError,
    UnknownParameterError,
)
from tests.learning.models import FEATURES, flowers, make_model


@pytest.fixture(scope="module")
def data(shared_conn):
    return DataSets.load_diabetes_data(shared_conn)[0]


@pytest.fixture(scope="module")
def fitted(data):
    """Give one model for all tests: nothing here may change it."""
    return make_model().fit(data, key="ID", label="CLASS")


KEYS = {"key": "ID", "label": "CLASS"}


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"key": "NR"}, UnknownColumnError, "key: no column 'NR'; the columns are: ID, PREGNANCIES"),
        ({"label": "OUTCOME"}, UnknownColumnError, "label: no column 'OUTCOME'"),
        ({"features": ["BMI", "WEIGHT"]}, UnknownColumnError, "features: no column 'WEIGHT'"),
        ({"key": 3}, ArgumentTypeError, "key: expected the name of a column, got 3"),
        ({"features": 3}, ArgumentTypeError, "features: expected a column name or a list of them, got 3"),
        ({"features": ["BMI", "ID"]}, InvalidArgumentError, "features: ID is key, label or purpose"),
        ({"features": []}, InvalidArgumentError, "features: no column is left"),
        ({"label": "ID"}, InvalidArgumentError, "label: 'ID' is the key"),
        ({"label": "BMI"}, InvalidArgumentError, "label: column 'BMI' is DOUBLE; classes are INT"),
        ({"categorical_variable": "BMI"}, InvalidArgumentError, "categorical_variable: column 'BMI' is DOUBLE"),
        ({"partition_method": "random"}, InvalidArgumentError, "one of no, predefined, stratified, user_defined; got"),
        ({"partition_method": "stratified"}, InvalidArgumentError, "stratified_column: .*needs it"),
        ({"partition_method": "predefined"}, ArgumentTypeError, "purpose: .*needs the column"),
        ({"partition_method": "predefined", "purpose": "AGE"}, InvalidArgumentError, "must hold 1.*not 50"),
        ({"training_percent": 80}, InvalidArgumentError, "training_percent: .*at most 1.*got 80"),
        ({"training_percent": "most"}, ArgumentTypeError, "training_percent: expected float, got 'most'"),
        ({"ntiles": 0}, InvalidArgumentError, "ntiles: .*at least 1, got 0"),
        (
            {"partition_method": "stratified", "stratified_column": "CLASS", "training_percent": 1.0},
            InvalidArgumentError,
            "no row for validation",
        ),
        ({"partiton_method": "no"}, UnknownParameterError, r"'partiton_method' is not a parameter of fit\(\)"),
        ({"scale_weight": 2.0}, InvalidArgumentError, "scale_weight_target"),
        ({"data": "DIABETES"}, ArgumentTypeError, "data: expected a hanalife DataFrame, .*got str"),
    ],
)
def test_fit_refuses_and_stays_as_it_was(fitted, data, given, error, said):
    before = (fitted.to_state().facts, fitted.statistics_)
    with pytest.raises(error, match=said):
        fitted.fit(**{"data": data, **KEYS, **given})
    assert (fitted.to_state().facts, fitted.statistics_) == before


@pytest.mark.parametrize("method", ["score", "predict"])
@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"key": None}, ArgumentTypeError, "key: name the column that identifies a row"),
        ({"key": "NR"}, UnknownColumnError, "key: no column 'NR'"),
        ({"features": ["BMI"]}, InvalidArgumentError, "features: the model was fitted on PREGNANCIES"),
        ({"positive_label": 2}, InvalidArgumentError, "positive_label: 2 is not a class; the classes are: 0, 1"),
        ({"top_k_attributions": -1}, InvalidArgumentError, "top_k_attributions: .*got -1"),
        ({"attribution_method": "lime"}, InvalidArgumentError, "one of no, saabas, tree-shap; got 'lime'"),
        ({"impute": True}, InvalidArgumentError, "fitted without impute=True"),
        ({"nonsense": 1}, UnknownParameterError, "'nonsense' is not a parameter of "),
        ({"data": None}, ArgumentTypeError, "data: expected a hanalife DataFrame, .*got NoneType"),
    ],
)
def test_score_and_predict_refuse(fitted, data, method, given, error, said):
    with pytest.raises(error, match=said):
        getattr(fitted, method)(**{"data": data, "key": "ID", **given})


def test_score_needs_the_label(fitted, data):
    with pytest.raises(UnknownColumnError, match="label: no column 'CLASS'"):
        fitted.score(data.deselect("CLASS"), key="ID")
    with pytest.raises(UnknownColumnError, match="label: no column 'OUTCOME'"):
        fitted.score(data, key="ID", label="OUTCOME")


@pytest.mark.parametrize("method", ["score", "predict"])
def test_a_missing_feature_is_named(fitted, data, method):
    with pytest.raises(UnknownColumnError, match="data: no column 'BMI', 'AGE'"):
        getattr(fitted, method)(data.deselect(["BMI", "AGE"]), key="ID")


def test_a_retyped_feature_is_named(fitted, data, shared_conn):
    kinds = {spec.name: spec.type for spec in data.specs} | {"BMI": "NVARCHAR"}
    texts = shared_conn.create_from_pandas(data.collect().assign(BMI="12"), "TEXTS", kinds)
    with pytest.raises(InvalidArgumentError, match="column 'BMI' is NVARCHAR, but was DOUBLE at fit"):
        fitted.predict(texts, key="ID")


@pytest.mark.parametrize("method", ["score", "predict"])
def test_a_model_that_is_not_fitted(data, method):
    with pytest.raises(FitIncompleteError, match=r"Call fit\(\) first"):
        getattr(make_model(), method)(data, key="ID")
    with pytest.raises(FitIncompleteError):
        make_model().to_state()
    with pytest.raises(FitIncompleteError):
        make_model().get_feature_importances()


@pytest.mark.parametrize("method", ["fit", "score", "predict"])
def test_a_frame_without_rows(fitted, data, method):
    with pytest.raises(InvalidArgumentError, match="data: the frame has no rows"):
        getattr(fitted, method)(data.filter("ID < 0"), key="ID")


def test_a_label_of_one_class_cannot_be_learnt(data):
    with pytest.raises(InvalidArgumentError, match="'CLASS' holds the one class 1; a classifier needs two"):
        make_model().fit(data.filter("CLASS = 1"), **KEYS)


def test_a_training_part_of_one_class_cannot_be_learnt(data):
    marked = data.select("*", ("CASE WHEN CLASS = 0 THEN 1 ELSE 2 END", "PART"))
    with pytest.raises(InvalidArgumentError, match="the training rows hold one class only"):
        make_model().fit(marked, **KEYS, purpose="PART", partition_method="predefined")


def test_a_class_that_training_did_not_see_is_refused(fitted, data, shared_conn):
    kinds = {spec.name: spec.type for spec in data.specs}
    strange = shared_conn.create_from_pandas(data.collect().assign(CLASS=2), "STRANGE", kinds)
    with pytest.raises(InvalidArgumentError, match="'CLASS' holds 2, unknown to the model; its classes are: 0, 1"):
        fitted.score(strange, key="ID")


@pytest.mark.parametrize("method", ["fit", "score"])
def test_a_missing_label_is_counted(fitted, data, shared_conn, method):
    rows = data.collect()
    kinds = {spec.name: spec.type for spec in data.specs}
    holes = rows.assign(CLASS=rows["CLASS"].astype("Int64").where(rows["ID"] > 2))
    with pytest.raises(InvalidArgumentError, match="'CLASS' is NULL in 3 rows; filter them out"):
        getattr(fitted, method)(shared_conn.create_from_pandas(holes, "HOLES", kinds), **KEYS)


@pytest.mark.parametrize("method", ["fit", "predict"])
@pytest.mark.parametrize("number", [float("inf"), 1e300])
def test_numbers_that_are_too_large_name_their_column(fitted, data, shared_conn, method, number):
    kinds = {spec.name: spec.type for spec in data.specs}
    large = shared_conn.create_from_pandas(data.collect().assign(BMI=number), "LARGE", kinds)
    with pytest.raises(InvalidArgumentError, match="column 'BMI' holds an infinite number"):
        getattr(fitted, method)(large, key="ID")


def test_a_date_is_not_a_feature(shared_conn):
    rows = pd.DataFrame({"DAY": pd.to_datetime(["2026-01-01", "2026-01-02"]), "CLASS": [0, 1]})
    frame = shared_conn.create_from_pandas(rows, "DAYS", {"DAY": "TIMESTAMP", "CLASS": "INT"})
    with pytest.raises(InvalidArgumentError, match=r"features: column 'DAY' is TIMESTAMP.*deselect"):
        make_model().fit(frame)


def test_a_key_named_like_a_result_column(data, fitted):
    renamed = data.select(("ID", "SCORE"), *FEATURES)
    with pytest.raises(InvalidArgumentError, match="key: 'SCORE' is also a column of the result"):
        fitted.predict(renamed, key="SCORE")


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"obj_func": "logistic"}, InvalidArgumentError, "'logistic' is for two classes, the label has 3"),
        ({"obj_func": "hinge"}, NotSupportedError, "'hinge' gives no probabilities"),
        ({"split_method": "exact"}, InvalidArgumentError, "'exact' cannot split categorical columns"),
        (
            {"resampling_method": "cv", "evaluation_metric": "recall_z"},
            InvalidArgumentError,
            "recall_z: 'z' is not a class; the classes are: B, a, ç",
        ),
        (
            {"resampling_method": "stratified_cv", "fold_num": 60},
            InvalidArgumentError,
            "fold_num: 60 folds, but the smallest class has",
        ),
    ],
)
def test_parameters_that_do_not_suit_the_data(shared_conn, changes, error, said):
    with pytest.raises(error, match=said):
        make_model(**changes).fit(flowers(shared_conn), key="NAME")
