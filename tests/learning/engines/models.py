"""Models and rows that the tests of the engines share."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd

from hanalife import DataSets, UnifiedClassification, UnifiedRegression

FLOWER = ["SEPALLENGTHCM", "SEPALWIDTHCM", "PETALLENGTHCM", "PETALWIDTHCM"]
#: What an algorithm cannot do without.
NEEDED = {"MLP": {"hidden_layer_size": [6], "normalization": "z-transform", "learning_rate": 0.05}}
CLASSIFIERS = ["HybridGradientBoostingTree", "DecisionTree", "RandomDecisionTree", "NaiveBayes", "SVM", "MLP"]
REGRESSORS = ["HybridGradientBoostingTree", "DecisionTree", "RandomDecisionTree", "SVM", "MLP"]


def classifier(func, **changes):
    return UnifiedClassification(func, **{"random_state": 5, **NEEDED.get(func, {}), **changes})


def regressor(func, **changes):
    return UnifiedRegression(func, **{"random_state": 5, **NEEDED.get(func, {}), **changes})


def diabetes(conn):
    """Return the frame, its features and its classes, in the order of the key."""
    frame = DataSets.load_diabetes_data(conn)[0]
    rows = frame.collect().sort_values("ID")
    return frame, rows.drop(columns=["ID", "CLASS"]).to_numpy(np.float64), rows["CLASS"].to_numpy()


def predicted(model, frame, key="ID"):
    """Return predictions in the order of the key."""
    return model.predict(frame, key=key).collect().sort_values(key, ignore_index=True)


def confidence_of(probabilities):
    return np.asarray(probabilities).max(axis=1)


def frame_of(conn, columns):
    """Return a frame over columns of floats, ints or texts, with a key ID."""
    data = pd.DataFrame(columns)
    data.insert(0, "ID", np.arange(len(data)))
    kinds = {"f": "DOUBLE", "i": "INT", "b": "BOOLEAN"}
    types = {column: kinds.get(data[column].dtype.kind, "NVARCHAR(300)") for column in data}
    return conn.create_from_pandas(data, f"#ROWS_{uuid.uuid4().hex}", types)
