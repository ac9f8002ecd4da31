"""Rows that the tests of linear models share, and what they ask of every model."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pandas as pd

from hanalife import UnifiedClassification, UnifiedRegression

TYPES = {"ID": "INT", "SIZE": "DOUBLE", "AGE": "INT", "RATE": "DOUBLE", "PLACE": "NVARCHAR(10)"}
NUMBERS = ["SIZE", "AGE", "RATE"]


def homes(rows=120, seed=5):
    """Return numbers and a text, and labels of several kinds that depend on them."""
    random = np.random.default_rng(seed)
    size, age, rate = random.uniform(1, 9, rows), random.integers(0, 40, rows), random.normal(size=rows)
    place = np.array(["city", "coast", "field"], dtype=object)[random.integers(3, size=rows)]
    margin = 0.3 * size - 0.04 * age + 0.2 * rate + 0.6 * (place == "coast") - 0.5
    noise = random.normal(size=rows)
    return pd.DataFrame(
        {
            "ID": np.arange(rows),
            "SIZE": size,
            "AGE": age,
            "RATE": rate,
            "PLACE": place,
            "PRICE": 10 + 4 * margin + noise,
            "COUNT": random.poisson(np.exp(margin)),
            "MANY": random.negative_binomial(2, 2 / (2 + np.exp(margin + 1))),
            "COST": random.gamma(3, np.exp(margin) / 3) + 0.01,
            "SOLD": (margin + 1.5 * random.logistic(size=rows) > 0.3).astype(int),
            "GRADE": np.digitize(margin + random.logistic(size=rows), [-0.5, 0.5, 2.0]) + 1,
        }
    )


def frame(conn, rows):
    """Return a frame of rows in a table of its own; the type of a label goes by its values."""
    kinds = {"i": "INT", "u": "INT", "f": "DOUBLE"}
    types = {column: TYPES.get(column, kinds.get(rows[column].dtype.kind, "NVARCHAR(20)")) for column in rows}
    return conn.create_from_pandas(rows, f"#HOMES_{uuid.uuid4().hex}", types)


def fitted(conn, func, rows, label, features=NUMBERS, fit=None, **given):
    """Return a model fitted on some columns of rows, and the frame."""
    data = frame(conn, rows)
    kind = UnifiedClassification if func == "LogisticRegression" else UnifiedRegression
    model = kind(func, **{"random_state": 7, **given})
    return model.fit(data, key="ID", label=label, features=list(features), **(fit or {})), data


def predicted(model, data, **given):
    """Return predictions in the order of the key."""
    return model.predict(data, key="ID", **given).collect().sort_values("ID", ignore_index=True)


def statistics(model):
    """Return the statistics by name: numbers as numbers."""
    found = {}
    for row in model.statistics_.collect().itertuples():
        try:
            found[row.STAT_NAME] = float(row.STAT_VALUE)
        except ValueError:
            found[row.STAT_NAME] = row.STAT_VALUE
    return found


def reason_sums(found, column="REASON"):
    """Return the sum of each row's reasons."""
    return np.array([sum(one["val"] for one in json.loads(text)) for text in found[column]])


def is_plain(value):
    """Say whether an estimator is made of dicts, lists, arrays of numbers or texts, and scalars alone."""
    if isinstance(value, dict):
        return all(isinstance(name, str) and is_plain(one) for name, one in value.items())
    if isinstance(value, list):
        return all(map(is_plain, value))
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return value is None or type(value) in (bool, int, float, str)
