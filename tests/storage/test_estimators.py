"""Estimators that were fitted elsewhere: stored, loaded, scheduled; with their signature enforced."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from hanalife import DataSets, ModelStorage, ScheduledExecution, create_dataframe_from_pandas, errors

FEATURES = ["GLUCOSE", "BMI", "AGE"]


@pytest.fixture
def rows(diabetes):
    """Give all rows as a pandas frame, ordered by ID."""
    return diabetes.sort("ID").collect()


def predicted(conn, model, diabetes):
    loaded = ModelStorage(conn).load_model(model)
    return loaded.predict(diabetes, key="ID").sort("ID").collect()


def test_a_classifier(conn, diabetes, rows):
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[FEATURES], rows["CLASS"])
    storage = ModelStorage(conn)
    assert storage.save_model(estimator, name="outside", notes="from a colleague", tags={"team": "risk"}) == 1
    assert storage.save_model(estimator, name="outside") == 2
    found = predicted(conn, "outside", diabetes)
    assert found.columns.tolist() == ["ID", "SCORE", "CONFIDENCE"]
    assert found["SCORE"].tolist() == [str(label) for label in estimator.predict(rows[FEATURES])]
    np.testing.assert_array_equal(found["CONFIDENCE"], estimator.predict_proba(rows[FEATURES]).max(axis=1))
    lineage = storage.get_lineage("outside", 1)
    assert lineage["signature"]["inputs"] == [[name, "DOUBLE"] for name in FEATURES]
    assert (lineage["notes"], lineage["tags"]) == ("from a colleague", {"team": "risk"})
    assert lineage["environment"]["scikit-learn"].startswith("1.9")


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestRegressor(3, random_state=0),
        xgboost.XGBRegressor(n_estimators=3),
        KMeans(3, random_state=0, n_init=1),
    ],
)
def test_what_gives_numbers_or_clusters(conn, diabetes, rows, estimator):
    estimator.fit(rows[FEATURES].to_numpy(), rows["CLASS"])
    ModelStorage(conn).save_model(estimator, name="outside", signature=diabetes.select(*FEATURES))
    found = predicted(conn, "outside", diabetes)
    expected = estimator.predict(rows[FEATURES].to_numpy())
    assert found.columns.tolist() == ["ID", "SCORE"]
    if isinstance(estimator, KMeans):
        assert found["SCORE"].tolist() == [str(label) for label in expected]
    else:
        np.testing.assert_array_equal(found["SCORE"], expected.astype(float))


def test_a_booster(conn, diabetes, rows):
    matrix = xgboost.DMatrix(rows[FEATURES], rows["CLASS"])
    booster = xgboost.train({"objective": "binary:logistic"}, matrix, 3)
    ModelStorage(conn).save_model(booster, name="trees")
    np.testing.assert_array_equal(predicted(conn, "trees", diabetes)["SCORE"], booster.predict(matrix).astype(float))


def test_text_columns(conn):
    data = pd.DataFrame(
        {"ID": range(6), "CITY": ["Rome", "Oslo", "Rome", "Bonn", "Oslo", "Bonn"], "AGE": range(20, 26)}
    )
    label = [1, 0, 1, 0, 0, 1]
    encode = ColumnTransformer([("a", OneHotEncoder(), ["CITY"]), ("b", StandardScaler(), ["AGE"])])
    estimator = make_pipeline(encode, RandomForestClassifier(5, random_state=0)).fit(data[["CITY", "AGE"]], label)
    frame = create_dataframe_from_pandas(conn, data, "PEOPLE", force=True)
    ModelStorage(conn).save_model(estimator, name="people", signature=frame.select("CITY", "AGE"))
    found = predicted(conn, "people", frame)
    assert found["SCORE"].tolist() == [str(label) for label in estimator.predict(data[["CITY", "AGE"]])]
    loaded = ModelStorage(conn).load_model("people")
    with pytest.raises(errors.InvalidArgumentError, match=r"column 'AGE' is NVARCHAR.*the signature says"):
        loaded.predict(frame.cast("AGE", "NVARCHAR(10)"), key="ID")


def test_the_signature_is_enforced(conn, diabetes, rows):
    estimator = LogisticRegression(max_iter=1000).fit(rows[FEATURES].to_numpy(), rows["CLASS"])
    storage = ModelStorage(conn)
    with pytest.raises(errors.ArgumentTypeError, match="signature: the estimator does not know the names"):
        storage.save_model(estimator, name="outside")
    with pytest.raises(errors.ArgumentTypeError, match="signature: expected"):
        storage.save_model(estimator, name="outside", signature=3)
    with pytest.raises(errors.ModelStorageError, match=r"model\.name"):
        storage.save_model(estimator, signature=rows[FEATURES])
    assert storage.list_models().empty
    storage.save_model(estimator, name="outside", signature=rows[FEATURES])
    loaded = storage.load_model("outside")
    with pytest.raises(errors.UnknownColumnError, match="'BMI'"):
        loaded.predict(diabetes.deselect("BMI"), key="ID")
    with pytest.raises(errors.UnknownColumnError, match="'NOBODY'"):
        loaded.predict(diabetes, key="NOBODY")
    with pytest.raises(errors.InvalidArgumentError, match="features: the model takes GLUCOSE, BMI, AGE"):
        loaded.predict(diabetes, key="ID", features=["AGE"])
    with pytest.raises(errors.InvalidArgumentError, match="no rows"):
        loaded.predict(diabetes.filter("ID < 0"), key="ID")
    with pytest.raises(errors.ArgumentTypeError, match="hanalife DataFrame"):
        loaded.predict(rows, key="ID")
    storage.save_model(StandardScaler().fit(rows[FEATURES]), name="scaler")
    with pytest.raises(errors.NotSupportedError, match="StandardScaler has no predict"):
        storage.load_model("scaler").predict(diabetes, key="ID")


def test_its_predictions_can_be_scheduled(sqlite_conn):
    data, *_ = DataSets.load_diabetes_data(sqlite_conn)
    rows = data.sort("ID").collect()
    estimator = LogisticRegression(max_iter=1000).fit(rows[FEATURES], rows["CLASS"])
    storage = ModelStorage(sqlite_conn)
    storage.save_model(estimator, name="outside")
    scheduler = ScheduledExecution(sqlite_conn)
    scheduler.create_predict_task(storage.load_model("outside"), {"data": data, "key": "ID"}, "OUTSIDE")
    job = scheduler.create_one_off_task_schedule("OUTSIDE")
    scheduler.start_worker()
    try:
        for _ in range(600):
            jobs = scheduler.get_executed_task_jobs("OUTSIDE", job).collect()
            if jobs["STATUS"].tolist() in (["SUCCEEDED"], ["FAILED"]):
                break
            time.sleep(0.1)
    finally:
        scheduler.stop_worker()
    assert jobs["STATUS"].tolist() == ["SUCCEEDED"]
    found = sqlite_conn.table("out_OUTSIDE0").sort("ID").collect()
    assert found["SCORE"].tolist() == [str(label) for label in estimator.predict(rows[FEATURES])]
