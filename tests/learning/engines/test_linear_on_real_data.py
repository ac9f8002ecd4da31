"""Every linear algorithm on the packaged data: fitted, scored, predicted, restored; wide, odd and threaded rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from threadpoolctl import threadpool_limits

from hanalife import DataSets, UnifiedClassification, UnifiedRegression
from tests.learning.engines.samples import fitted, frame, predicted, statistics
from tests.learning.models import ON_EVERY_DATABASE

REGRESSIONS = {
    "LinearRegression": ({}, ["GLUCOSE", "BMI", "AGE"], "INSULIN"),
    "GLM": ({"family": "poisson"}, ["GLUCOSE", "BMI", "AGE"], "PREGNANCIES"),
    "PolynomialRegression": ({"degree": 2}, ["AGE"], "PREGNANCIES"),
    "GeometricRegression": ({}, ["PEDIGREE"], "AGE"),
    "ExponentialRegression": ({}, ["PEDIGREE", "BMI"], "AGE"),
    "LogarithmicRegression": ({}, ["AGE"], "PREGNANCIES"),
}


@pytest.mark.parametrize("func", REGRESSIONS)
def test_regression(conn, diabetes, func):
    given, features, label = REGRESSIONS[func]
    model = UnifiedRegression(func, random_state=1, **given).fit(
        diabetes,
        key="ID",
        features=features,
        label=label,
        partition_method="random",
        partition_random_state=2,
    )
    predictions, judged = model.score(diabetes, key="ID", label=label)
    scores = predictions.collect().sort_values("ID")["SCORE"].to_numpy()
    actual = diabetes.collect().sort_values("ID")[label].to_numpy()
    found = judged.collect().set_index("STAT_NAME")["STAT_VALUE"].astype(float)
    assert found["R2"] == pytest.approx(metrics.r2_score(actual, scores))
    assert statistics(model)["PARTITION"] == "validation"
    again = UnifiedRegression.from_state(conn, model.to_state())
    assert predicted(again, diabetes).equals(predicted(model, diabetes))
    assert again.model_[0].collect().equals(model.model_[0].collect())


@pytest.mark.parametrize("multi_class", [None, True])
def test_classification(conn, diabetes, multi_class):
    model = UnifiedClassification("LogisticRegression", multi_class=multi_class, random_state=1).fit(
        diabetes,
        key="ID",
        label="CLASS",
        partition_method="stratified",
        stratified_column="CLASS",
        partition_random_state=2,
    )
    predictions, judged, confusion, curves = model.score(diabetes, key="ID", label="CLASS")
    found = predictions.collect().sort_values("ID")
    actual = diabetes.collect().sort_values("ID")["CLASS"].to_numpy()
    positive = np.where(found["SCORE"] == "1", found["CONFIDENCE"], 1 - found["CONFIDENCE"])
    told = judged.collect().set_index("STAT_NAME")["STAT_VALUE"]
    assert float(told["AUC"]) == pytest.approx(metrics.roc_auc_score(actual, positive))
    assert float(told["AUC"]) > 0.8
    assert confusion.collect()["COUNT"].sum() == 768
    assert curves.count() > 0
    again = UnifiedClassification.from_state(conn, model.to_state())
    assert predicted(again, diabetes).equals(predicted(model, diabetes))


def test_three_flowers(conn):
    data = DataSets.load_iris_data(conn)[0]
    key, label = data.columns[0], data.columns[-1]
    model = UnifiedClassification("LogisticRegression", multi_class=True, random_state=1, enet_lambda=0.001)
    model.fit(data, key=key, label=label)
    assert float(model.get_performance_metrics()["ACCURACY"]) > 0.95


@pytest.mark.parametrize("func", ["LogisticRegression", "LinearRegression", "GLM", "ExponentialRegression"])
def test_a_thousand_columns(sqlite_conn, func):
    random = np.random.default_rng(5)
    names = [f"C{number}" for number in range(1000)]
    rows = pd.DataFrame(random.normal(size=(60, 1000)), columns=names).assign(ID=np.arange(60))
    rows["Y"] = 1 + (rows["C0"] > 0)
    model, data = fitted(sqlite_conn, func, rows, "Y", names)
    scores = predicted(model, data, top_k_attributions=3)["SCORE"].astype(float)
    assert scores.to_numpy() == pytest.approx(rows["Y"].to_numpy(), abs=0.05)


@pytest.mark.parametrize("func", ["LogisticRegression", "LinearRegression", "GLM"])
@ON_EVERY_DATABASE
def test_names_and_texts_of_any_script(conn, func):
    rows = pd.DataFrame(
        {
            "ID": np.arange(60),
            "größe 'µ' \"x\"": np.linspace(0, 1, 60),
            "色=": np.array(["赤", "=NULL", "_", "a_b", "😀", ""] * 10, dtype=object),
            "Y": np.arange(60) % 7 % 2,
        }
    )
    names = list(rows)[1:3]
    given = {} if func == "GLM" else {"stat_inf": True}
    model, data = fitted(conn, func, rows, "Y", names, **given)
    assert len(predicted(model, data)) == 60
    assert any(name.startswith("COEFFICIENT_色==") for name in statistics(model))


@pytest.mark.parametrize("func", ["LogisticRegression", "LinearRegression", "GLM"])
def test_the_number_of_threads_changes_no_bit(sqlite_conn, func):
    random = np.random.default_rng(7)
    names = [f"C{number}" for number in range(40)]
    rows = pd.DataFrame(random.normal(size=(3000, 40)), columns=names).assign(ID=np.arange(3000))
    rows["Y"] = (rows["C0"] + random.normal(size=3000) > 0).astype(int)
    data, found = frame(sqlite_conn, rows), []
    kind = UnifiedClassification if func == "LogisticRegression" else UnifiedRegression
    for threads in (1, 4):
        with threadpool_limits(threads):
            model = kind(func, random_state=3).fit(data, key="ID", label="Y")
            found.append(predicted(model, data, attribution_method="no"))
    assert found[0].equals(found[1])
