"""Metrics of columns, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as expected

from hanalife.errors import InvalidArgumentError, UnknownColumnError
from hanalife.learning import metrics
from tests.learning.models import ON_EVERY_DATABASE

RANDOM = np.random.default_rng(1)
ACTUAL = RANDOM.integers(3, size=200)
GUESS = np.where(RANDOM.random(200) < 0.6, ACTUAL, RANDOM.integers(3, size=200))
CHANCE = np.round(RANDOM.random(200) * 0.6 + 0.4 * (ACTUAL == 2), 2)
TABLE = pd.DataFrame(
    {
        "ID": range(200),
        "REAL": [f"c{code}" for code in ACTUAL],
        "GUESS": [f"c{code}" for code in GUESS],
        "TWO": (ACTUAL == 2).astype(int),
        "CHANCE": CHANCE,
        "Y": ACTUAL + RANDOM.normal(size=200),
        "YHAT": ACTUAL.astype(float),
    }
)
TYPES = {"ID": "INT", "REAL": "NVARCHAR(5)", "GUESS": "NVARCHAR(5)", "TWO": "INT"} | dict.fromkeys(
    ("CHANCE", "Y", "YHAT"), "DOUBLE"
)


@pytest.fixture
def data(conn):
    return conn.create_from_pandas(TABLE, "JUDGED", TYPES)


@pytest.mark.parametrize("beta", [None, 0.5, 2.0])
@ON_EVERY_DATABASE
def test_a_confusion_matrix_and_its_report(data, beta):
    matrix, report = metrics.confusion_matrix(data, "ID", "REAL", "GUESS", beta=beta)
    counts = matrix.collect()
    assert list(counts) == ["REAL", "GUESS", "COUNT"]
    names = ["c0", "c1", "c2"]
    whole = counts.pivot_table(index="REAL", columns="GUESS", values="COUNT").to_numpy()
    assert (whole == expected.confusion_matrix(TABLE["REAL"], TABLE["GUESS"], labels=names)).all()
    found = report.collect().set_index("CLASS").loc[names]
    precision, recall, measure, support = expected.precision_recall_fscore_support(
        TABLE["REAL"], TABLE["GUESS"], labels=names, beta=beta or 1.0
    )
    assert found["PRECISION"].to_numpy() == pytest.approx(precision)
    assert found["RECALL"].to_numpy() == pytest.approx(recall)
    assert found["F_MEASURE"].to_numpy() == pytest.approx(measure)
    assert found["SUPPORT"].tolist() == support.tolist()


@ON_EVERY_DATABASE
def test_areas(data):
    area, curve = metrics.auc(data.select("ID", "TWO", "CHANCE"))
    assert area == pytest.approx(expected.roc_auc_score(TABLE["TWO"], TABLE["CHANCE"]))
    points = curve.collect()
    assert np.trapezoid(points["TPR"], points["FPR"]) == pytest.approx(area)
    turned, _ = metrics.auc(data.select("ID", "TWO", "CHANCE"), positive_label=0)
    assert turned == pytest.approx(1 - area)


@ON_EVERY_DATABASE
def test_the_area_of_many_classes(conn, data):
    weights = np.random.default_rng(2).dirichlet([1, 1, 1], size=200) + np.eye(3)[ACTUAL] * 0.3
    rows = [(key, f"c{code}", float(weights[key, code])) for key in range(200) for code in range(3)]
    predicted = conn.create_from_pandas(
        pd.DataFrame(rows, columns=["ID", "CLASS", "P"]),
        "CHANCES",
        {"ID": "INT", "CLASS": "NVARCHAR(5)", "P": "DOUBLE"},
    )
    area, _ = metrics.multiclass_auc(data.select("ID", "REAL"), predicted)
    truth = np.eye(3)[ACTUAL]
    assert area == pytest.approx(expected.roc_auc_score(truth.ravel(), weights.ravel()))


@ON_EVERY_DATABASE
def test_numbers(data):
    assert metrics.accuracy_score(data, "REAL", "GUESS") == pytest.approx((ACTUAL == GUESS).mean())
    assert metrics.r2_score(data, "Y", "YHAT") == pytest.approx(expected.r2_score(TABLE["Y"], TABLE["YHAT"]))
    assert metrics.rmse(data, "Y", "YHAT") == pytest.approx(expected.root_mean_squared_error(TABLE["Y"], TABLE["YHAT"]))
    assert metrics.mae(data, "Y", "YHAT") == pytest.approx(expected.mean_absolute_error(TABLE["Y"], TABLE["YHAT"]))


@ON_EVERY_DATABASE
def test_bad_input(data):
    with pytest.raises(UnknownColumnError, match="label_true: no column 'NONE'"):
        metrics.accuracy_score(data, "NONE", "GUESS")
    with pytest.raises(InvalidArgumentError, match="expected key, class and probability, got 2"):
        metrics.auc(data.select("ID", "TWO"))
    with pytest.raises(InvalidArgumentError, match="holds 3 classes"):
        metrics.auc(data.select("ID", "REAL", "CHANCE"))
    with pytest.raises(InvalidArgumentError, match="'7' is no class; there are 0 and 1"):
        metrics.auc(data.select("ID", "TWO", "CHANCE"), positive_label=7)
    with pytest.raises(InvalidArgumentError, match="no row has both numbers"):
        metrics.rmse(data.filter("ID < 0"), "Y", "YHAT")
