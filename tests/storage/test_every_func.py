"""Every algorithm's fitted model comes back from the store as it went in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import ConnectionContext, ModelStorage, UnifiedClassification, UnifiedRegression
from hanalife.learning.functions import CLASSIFICATION, REGRESSION
from tests.learning.models import flowers

#: What an algorithm must be given.
NEEDED = {
    "MLP": {"hidden_layer_size": (4,), "max_iter": 20},
    "PolynomialRegression": {"degree": 2},
    "GLM": {"family": "gamma", "link": "log"},
    "RandomDecisionTree": {"n_estimators": 5},
    "RandomForest": {"n_estimators": 5},
    "SVM": {},
}


def prices(conn):
    random = np.random.default_rng(3)
    size = random.uniform(1, 9, 120)
    data = pd.DataFrame({"ID": range(120), "SIZE": size, "PRICE": 3 * size**1.5 + random.uniform(0, 1, 120)})
    return conn.create_from_pandas(data, "PRICES", {"ID": "INT", "SIZE": "DOUBLE", "PRICE": "DOUBLE"})


CASES = [
    *((UnifiedClassification, func.name) for func in CLASSIFICATION if not func.instead),
    *((UnifiedRegression, func.name) for func in REGRESSION if not func.instead),
]


@pytest.mark.parametrize(("kind", "func"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_a_stored_model_predicts_and_tells_the_same(url, kind, func):
    key, label = ("NAME", "KIND") if kind is UnifiedClassification else ("ID", "PRICE")
    with ConnectionContext(url) as conn:
        data = flowers(conn) if kind is UnifiedClassification else prices(conn)
        model = kind(func, random_state=3, **NEEDED.get(func, {}))
        model.fit(data, key=key, label=label, impute=True, background_size=10)
        model.name = func
        ModelStorage(conn).save_model(model)
        expected = model.predict(data, key=key).collect()
        statistics = model.statistics_.collect()
    with ConnectionContext(url) as conn:
        again = ModelStorage(conn).load_model(func)
        data = conn.table("FLOWERS" if kind is UnifiedClassification else "PRICES")
        pd.testing.assert_frame_equal(again.predict(data, key=key).collect(), expected)
        pd.testing.assert_frame_equal(again.statistics_.collect(), statistics)
        assert type(again) is kind
        reasons = "REASON_CODE" if kind is UnifiedClassification else "REASON"
        assert expected[reasons].notna().all(), "each algorithm can say why"


def test_many_models_in_one(url):
    with ConnectionContext(url) as conn:
        data = flowers(conn)
        model = UnifiedClassification("DecisionTree", massive=True, max_depth=2)
        model.fit(data, key="NAME", label="KIND", group_key="WILD")
        model.name = "many"
        ModelStorage(conn).save_model(model)
        expected = model.predict(data, key="NAME")[0].collect()
    with ConnectionContext(url) as conn:
        again = ModelStorage(conn).load_model("many")
        pd.testing.assert_frame_equal(again.predict(conn.table("FLOWERS"), key="NAME")[0].collect(), expected)
