"""Regression with gradient boosting: results against XGBoost and scikit-learn called directly."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn import metrics

from hanalife import ConnectionContext, UnifiedRegression
from hanalife.errors import FitIncompleteError, InvalidArgumentError
from tests.learning.models import HGBT, ON_EVERY_DATABASE

STATISTICS = ["EVAR", "MAE", "MAPE", "MAX_ERROR", "MSE", "R2", "RMSE", "WMAPE"]


def houses(conn, rows=300):
    """Return a frame with a positive number to predict, from numbers, a text and an integer."""
    random = np.random.default_rng(4)
    size, age = random.uniform(30, 200, rows), random.integers(0, 90, rows)
    place = np.array(["city", "coast", "field"], dtype=object)[random.integers(3, size=rows)]
    price = 2 * size - age + 60 * (place == "coast") + random.normal(0, 10, rows) + 100
    data = pd.DataFrame({"ID": np.arange(rows), "SIZE": size, "AGE": age, "PLACE": place, "PRICE": price})
    types = {"ID": "INT", "SIZE": "DOUBLE", "AGE": "INT", "PLACE": "NVARCHAR(10)", "PRICE": "DOUBLE"}
    return conn.create_from_pandas(data, "HOUSES", types)


def make_model(**changes):
    return UnifiedRegression(HGBT, **{"n_estimators": 30, "max_depth": 3, "random_state": 7, **changes})


def expected_numbers(actual, predicted):
    return {
        "EVAR": metrics.explained_variance_score(actual, predicted),
        "MAE": metrics.mean_absolute_error(actual, predicted),
        "MAPE": metrics.mean_absolute_percentage_error(actual, predicted),
        "MAX_ERROR": metrics.max_error(actual, predicted),
        "MSE": metrics.mean_squared_error(actual, predicted),
        "R2": metrics.r2_score(actual, predicted),
        "RMSE": metrics.root_mean_squared_error(actual, predicted),
        "WMAPE": np.abs(actual - predicted).sum() / np.abs(actual).sum(),
        "MSLE": metrics.mean_squared_log_error(actual, predicted),
        "MEDIAN_ABSOLUTE_ERROR": metrics.median_absolute_error(actual, predicted),
    }


@ON_EVERY_DATABASE
def test_a_fit_is_that_of_xgboost(conn):
    data = houses(conn)
    model = make_model().fit(data, key="ID", label="PRICE")
    rows = data.collect().sort_values("ID")
    features = np.column_stack([rows["SIZE"], rows["AGE"], rows["PLACE"].astype("category").cat.codes])
    kinds = ["q", "q", "c"]
    matrix = xgboost.QuantileDMatrix(features.astype(np.float32), rows["PRICE"], feature_types=kinds)
    settings = {"max_depth": 3, "eta": 0.3, "reg_alpha": 1.0, "seed": 7, "objective": "reg:squarederror"}
    booster = xgboost.train(settings, matrix, 30)
    predicted = model.predict(data, key="ID").collect().sort_values("ID")
    assert list(predicted) == ["ID", "SCORE", "UPPER_BOUND", "LOWER_BOUND", "REASON"]
    assert predicted["SCORE"].to_numpy() == pytest.approx(booster.predict(matrix), rel=1e-6)
    assert predicted["UPPER_BOUND"].isna().all()


def test_reasons_sum_to_the_prediction(sqlite_conn):
    data = houses(sqlite_conn)
    model = make_model().fit(data, key="ID", label="PRICE")
    found = model.predict(data, key="ID").collect()
    sums = np.array([sum(one["val"] for one in json.loads(text)) for text in found["REASON"]])
    base = found["SCORE"].to_numpy() - sums
    assert base == pytest.approx(np.full(len(base), base[0]), rel=1e-5)
    assert {one["attr"] for one in json.loads(found["REASON"][0])} == {"SIZE", "AGE", "PLACE"}


@ON_EVERY_DATABASE
def test_score_gives_the_numbers_of_scikit_learn(conn):
    data = houses(conn)
    model = make_model().fit(data.filter("ID < 200"), key="ID", label="PRICE")
    predictions, statistics = model.score(data.filter("ID >= 200"), key="ID", label="PRICE")
    actual = data.filter("ID >= 200").collect().sort_values("ID")["PRICE"].to_numpy()
    predicted = predictions.collect().sort_values("ID")["SCORE"].to_numpy()
    found = statistics.collect()
    assert list(found) == ["STAT_NAME", "STAT_VALUE"]
    assert found["STAT_NAME"].tolist()[:8] == STATISTICS
    expected = expected_numbers(actual, predicted)
    values = {row.STAT_NAME: float(row.STAT_VALUE) for row in found.itertuples()}
    assert {name: values[name] for name in expected} == pytest.approx(expected)
    for name in ("MAE", "MEDIAN_ABSOLUTE_ERROR"):
        assert 0 < values[f"{name}.LOW"] < values[name] < values[f"{name}.HIGH"]
    assert not {"RMSE.LOW", "MSE.LOW", "R2.LOW"} & values.keys(), "squares want 200 rows"
    assert model.scoring_list_ == [predictions, statistics]


def test_a_fit_with_a_partition_is_judged_on_the_validation_rows(conn):
    data = houses(conn)
    model = make_model().fit(
        data,
        key="ID",
        label="PRICE",
        partition_method="random",
        partition_random_state=3,
        training_percent=0.7,
        output_partition_result=True,
    )
    parts = model.partition_.collect()
    assert parts["TYPE"].value_counts().to_dict() == {1: 210, 2: 90}
    found = dict(model.statistics_.collect().itertuples(index=False))
    assert found["PARTITION"] == "validation"
    validation = data.collect().merge(parts[parts["TYPE"] == 2], on="ID").sort_values("ID")
    predicted = model.predict(data, key="ID").collect().merge(parts[parts["TYPE"] == 2], on="ID").sort_values("ID")
    expected = expected_numbers(validation["PRICE"].to_numpy(), predicted["SCORE"].to_numpy())
    assert {name: float(found[f"TEST_{name}"]) for name in STATISTICS} == pytest.approx(
        {name: expected[name] for name in STATISTICS}
    )
    assert model.get_performance_metrics()["RMSE"] == pytest.approx(expected["RMSE"])
    assert len(model.model_) == 3
    assert sum(model.get_feature_importances().values()) == pytest.approx(1)


def test_a_search_minimises_the_error(sqlite_conn):
    data = houses(sqlite_conn)
    model = make_model(
        resampling_method="cv",
        fold_num=4,
        param_search_strategy="grid",
        ref_metric=["mae"],
        param_values={"n_estimators": [1, 30], "max_depth": [1, 3]},
    ).fit(data, key="ID", label="PRICE")
    found = dict(model.statistics_.collect().itertuples(index=False))
    tried = model.search_results_.collect()
    means = tried[tried["METRIC"] == "RMSE"].groupby("PARAMETERS")["SCORE"].mean()
    chosen = model.get_optimal_parameters().set_index("PARAM_NAME")["INT_VALUE"].to_dict()
    assert json.loads(means.idxmin()) == chosen
    assert float(found["CV_RMSE.MEAN"]) == pytest.approx(means.min())
    assert len(found["CV_MAE"].split(", ")) == 4


@pytest.mark.parametrize(
    ("objective", "given", "expected"),
    [
        ("se", {}, {"objective": "reg:squarederror"}),
        ("sle", {}, {"objective": "reg:squaredlogerror"}),
        ("ae", {}, {"objective": "reg:absoluteerror"}),
        ("huber", {"huber_slope": 20.0}, {"objective": "reg:pseudohubererror", "huber_slope": 20}),
        ("pseudo-huber", {"huber_slope": 20.0}, {"objective": "reg:pseudohubererror", "huber_slope": 20}),
        ("gamma", {}, {"objective": "reg:gamma"}),
        ("tweedie", {"tweedie_power": 1.3}, {"objective": "reg:tweedie", "tweedie_variance_power": 1.3}),
        ("quantile", {"pinball_delta": 0.2}, {"objective": "reg:quantileerror", "quantile_alpha": 0.2}),
    ],
)
def test_every_objective_is_that_of_xgboost(sqlite_conn, objective, given, expected):
    data = houses(sqlite_conn).deselect("PLACE")
    model = make_model(obj_func=objective, **given).fit(data, key="ID", label="PRICE")
    rows = data.collect().sort_values("ID")
    matrix = xgboost.QuantileDMatrix(rows[["SIZE", "AGE"]].to_numpy(np.float32), rows["PRICE"])
    booster = xgboost.train({"max_depth": 3, "reg_alpha": 1.0, "seed": 7, **expected}, matrix, 30)
    found = model.predict(data, key="ID").collect().sort_values("ID")["SCORE"].to_numpy()
    assert found == pytest.approx(booster.predict(matrix), rel=1e-6)


def test_a_quantile_is_the_share_of_rows_below(sqlite_conn):
    data = houses(sqlite_conn)
    model = make_model(obj_func="quantile", pinball_delta=0.9, n_estimators=80, alpha=0.0, lamb=0.0)
    found = model.fit(data, key="ID", label="PRICE").predict(data, key="ID").collect()
    below = data.collect().merge(found, on="ID").eval("PRICE <= SCORE").mean()
    assert 0.85 < below < 0.95


def test_training_stops_when_the_validation_rows_gain_no_more(sqlite_conn, caplog):
    data = houses(sqlite_conn)
    caplog.set_level("INFO")
    short = make_model(n_estimators=500, validation_set_rate=0.3, tolerant_iter_num=5)
    short.fit(data, key="ID", label="PRICE")
    trees = len(short.model_[0].collect()) - 1
    assert trees < 300
    assert f"Stopped after tree {trees} of at most 500" in caplog.text


def test_the_same_seed_gives_the_same_model_and_a_state_restores_it(sqlite_url):
    with ConnectionContext(sqlite_url) as conn:
        data = houses(conn)
        one, other = (make_model(subsample=0.7).fit(data, key="ID", label="PRICE") for _ in range(2))
        first, second = (model.predict(data, key="ID").collect()["SCORE"].tolist() for model in (one, other))
        assert first == second
        again = UnifiedRegression.from_state(conn, one.to_state())
        assert again.predict(data, key="ID").collect()["SCORE"].tolist() == first
        assert again.get_performance_metrics() == one.get_performance_metrics()


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        ({"label": "PLACE"}, "label: column 'PLACE' is NVARCHAR; regression predicts a number"),
        ({"label": "PRICE", "partition_method": "stratified"}, "expected one of no, predefined, random, user_defined"),
    ],
)
def test_bad_input(sqlite_conn, fit, said):
    model = make_model()
    with pytest.raises(InvalidArgumentError, match=said):
        model.fit(houses(sqlite_conn), key="ID", **fit)
    with pytest.raises(FitIncompleteError):
        model.predict(sqlite_conn.table("HOUSES"), key="ID")


def test_targets_that_an_objective_cannot_take_are_refused(sqlite_conn):
    data = houses(sqlite_conn).select("ID", "SIZE", ("PRICE - 1000", "DEBT"))
    for objective in ("gamma", "tweedie", "sle"):
        with pytest.raises(InvalidArgumentError, match=f"obj_func: '{objective}' is for"):
            make_model(obj_func=objective).fit(data, key="ID", label="DEBT")
