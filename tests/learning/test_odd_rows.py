"""Rows that tell little, for every algorithm: one class, one row, columns without variance."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from hanalife import UnifiedClassification, UnifiedRegression
from tests.learning import interface

NEEDED = {
    "MLP": {"hidden_layer_size": [3], "max_iter": 20},
    "PolynomialRegression": {"degree": 2},
    "RandomDecisionTree": {"n_estimators": 5},
    "RandomForest": {"n_estimators": 5},
}
CASES = [
    *((UnifiedClassification, func) for func in interface.CLASSIFICATION),
    *((UnifiedRegression, func) for func in interface.REGRESSION),
]


@pytest.fixture(scope="module")
def houses(shared_conn):
    random = np.random.default_rng(8)
    size = random.uniform(1, 9, 60)
    data = pd.DataFrame({"ID": range(60), "SIZE": size, "AGE": random.integers(1, 6, 60), "SAME": 7, "NOTHING": np.nan})
    data["SOLD"] = (size + random.normal(size=60) > 5).astype(int)
    data["PRICE"] = 3 * size + data["AGE"] + random.uniform(0, 1, 60)
    whole = dict.fromkeys(("ID", "AGE", "SAME", "SOLD"), "INT")
    return shared_conn.create_from_pandas(data, "ODD_HOUSES", {**dict.fromkeys(data, "DOUBLE"), **whole})


def fitted(kind, func, data, label):
    alone = func in ("PolynomialRegression", "GeometricRegression", "LogarithmicRegression")
    features = ["SIZE"] if alone else ["SIZE", "AGE"]
    return kind(func, random_state=3, **NEEDED.get(func, {})).fit(data, key="ID", features=features, label=label)


@pytest.mark.parametrize(("kind", "func"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_batches_of_one_class_and_of_one_row(houses, kind, func, caplog):
    label = "SOLD" if kind is UnifiedClassification else "PRICE"
    model = fitted(kind, func, houses, label)
    caplog.set_level(logging.INFO)
    batches = ["SOLD = 0", "SOLD = 1", "ID = 3"] if kind is UnifiedClassification else ["ID = 3"]
    undefined = "AUC" if kind is UnifiedClassification else "R2"
    for condition in batches:
        batch = houses.filter(condition)
        caplog.clear()
        predictions, statistics, *_ = model.score(batch, key="ID", label=label)
        said = dict(statistics.collect().iloc[:, :2].itertuples(index=False))
        assert undefined not in said
        assert undefined in caplog.text, "it is told why"
        assert float(said["ACCURACY" if kind is UnifiedClassification else "MAE"]) >= 0
        found = model.predict(batch, key="ID").collect().sort_values("ID", ignore_index=True)
        pd.testing.assert_frame_equal(predictions.collect().sort_values("ID", ignore_index=True), found)
        assert len(found) == batch.count()


@pytest.mark.parametrize("func", interface.CLASSIFICATION)
def test_columns_without_variance_are_told_and_change_nothing(houses, func, caplog):
    caplog.set_level(logging.INFO)
    keywords = {"key": "ID", "label": "SOLD"}
    model = UnifiedClassification(func, random_state=3, **NEEDED.get(func, {}))
    model.fit(houses, features=["SIZE", "AGE", "SAME", "NOTHING"], **keywords)
    assert "Column 'SAME' holds one value in the training rows; nothing can be learnt from it" in caplog.text
    assert "Column 'NOTHING' holds no value in the training rows" in caplog.text
    assert "'SIZE'" not in caplog.text
    importance = model.get_feature_importances()
    assert all(importance[name] == 0 for name in ("SAME", "NOTHING") if importance), "they weigh nothing"
    found = model.predict(houses, key="ID").collect()["CONFIDENCE"]
    assert np.isfinite(found).all()
