"""ONNX files say what the models say, as another runtime reads them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from hanalife import ModelStorage, errors

onnxruntime = pytest.importorskip("onnxruntime")

# What the converters themselves are late with.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

RANDOM = np.random.default_rng(3)
ROWS = pd.DataFrame(RANDOM.random((80, 3)).astype(np.float32), columns=["A", "B", "C"])
LABEL = (ROWS.sum(axis=1) > 1.5).astype(int)
CITIES = ROWS.assign(CITY=["Rome", "Oslo"] * 40)


def answers(path, rows):
    """Return the first output of an ONNX file for rows."""
    session = onnxruntime.InferenceSession(path)
    feeds = {}
    for each in session.get_inputs():
        values = rows if each.name == "X" else rows[[each.name]]
        feeds[each.name] = values.to_numpy(dtype=object if "string" in each.type else np.float32)
    return session.run(None, feeds)[0].ravel()


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [
        (make_pipeline(StandardScaler(), LogisticRegression()), ROWS),
        (RandomForestClassifier(5, random_state=0), ROWS),
        (Ridge(), ROWS),
        (xgboost.XGBClassifier(n_estimators=3), ROWS),
        (xgboost.XGBRegressor(n_estimators=3), ROWS),
        (make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=3)), ROWS),
        (
            make_pipeline(
                ColumnTransformer([("a", OneHotEncoder(), ["CITY"]), ("b", StandardScaler(), ["A", "B", "C"])]),
                LogisticRegression(),
            ),
            CITIES,
        ),
    ],
)
def test_another_runtime_gives_the_same(sqlite_conn, tmp_path, estimator, rows):
    estimator.fit(rows, LABEL)
    storage = ModelStorage(sqlite_conn)
    storage.save_model(estimator, name="outside", signature=rows)
    path = storage.export_onnx("outside", 1, tmp_path / "model.onnx")
    np.testing.assert_allclose(answers(path, rows), estimator.predict(rows), rtol=1e-4, atol=1e-5)


def test_what_cannot_be_converted(sqlite_conn, tmp_path):
    storage = ModelStorage(sqlite_conn)
    storage.save_model(KernelDensity().fit(ROWS), name="density")
    storage.save_model(xgboost.train({}, xgboost.DMatrix(ROWS, LABEL), 2), name="trees")
    for name in ("density", "trees"):
        with pytest.raises(errors.NotSupportedError, match="export_onnx"):
            storage.export_onnx(name, 1, tmp_path / "model.onnx")
    with pytest.raises(errors.ModelStorageError, match="no model 'nobody'"):
        storage.export_onnx("nobody")
    assert not (tmp_path / "model.onnx").exists()
