"""Models and rows that the tests of learning share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import UnifiedClassification

HGBT = "HybridGradientBoostingTree"
GRID = {"learning_rate": [0.1, 0.4, 0.7, 1.0], "n_estimators": [4, 6, 8, 10], "split_threshold": [0.1, 0.4, 0.7, 1.0]}
FEATURES = ["PREGNANCIES", "GLUCOSE", "BLOODPRESSURE", "SKINTHICKNESS", "INSULIN", "BMI", "PEDIGREE", "AGE"]

#: For tests of what is read from a database or written to it.
ON_EVERY_DATABASE = pytest.mark.parametrize("conn", ["sqlite", "postgres"], indirect=True)


def make_model(**changes):
    """Return a small model."""
    return UnifiedClassification(HGBT, **{"n_estimators": 5, "max_depth": 3, "random_state": 7, **changes})


def searching_model(**changes):
    """Return the model of the reference notebook."""
    given = {
        "param_search_strategy": "grid",
        "resampling_method": "cv",
        "evaluation_metric": "error_rate",
        "ref_metric": ["auc"],
        "fold_num": 5,
        "random_state": 123,
        "param_values": GRID,
    }
    return UnifiedClassification(func=HGBT, **{**given, **changes})


def flowers(conn, rows=90):
    """Return a frame with text, NULLs, three classes, a truth value and an integer that is a category."""
    random = np.random.default_rng(2)
    kind = random.integers(3, size=rows)
    size = kind + random.normal(size=rows)
    data = pd.DataFrame(
        {
            "NAME": [f"f{number:03}" for number in range(rows)],
            "COLOUR": np.array(["röt", "blue", None], dtype=object)[random.integers(3, size=rows)],
            "SIZE": np.where(random.random(rows) < 0.1, np.nan, size),
            "ZONE": [None if one == 4 else int(one) for one in random.integers(5, size=rows)],
            "WILD": random.random(rows) < 0.5,
            "KIND": np.array(["a", "B", "ç"], dtype=object)[kind],
        }
    )
    types = {
        "NAME": "NVARCHAR(10)",
        "COLOUR": "NVARCHAR(10)",
        "SIZE": "DOUBLE",
        "ZONE": "INT",
        "WILD": "BOOLEAN",
        "KIND": "NVARCHAR(10)",
    }
    return conn.create_from_pandas(data, "FLOWERS", types)
