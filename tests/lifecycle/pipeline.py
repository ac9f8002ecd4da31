"""Rows and models with which tests of retraining pipelines decide what a pipeline must find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hanalife import ModelStorage, UnifiedClassification
from hanalife.dataframe.creation import create_dataframe_from_pandas

MODEL = "scores"


def rows(size, seed, *, turned=False, shift=0.0, start=0):
    """Return rows whose label follows A, or, if turned, runs against it."""
    random = np.random.default_rng(seed)
    a = random.normal(shift, 1, size)
    chance = 1 / (1 + np.exp(3 * (a - shift) * (1 if turned else -1)))
    label = (random.random(size) < chance).astype(int)
    return pd.DataFrame({"ID": np.arange(start, start + size), "A": a, "B": random.normal(0, 1, size), "Y": label})


def table(conn, name, frame):
    return create_dataframe_from_pandas(conn, frame, name, force=True, disable_progressbar=True)


def champion(conn, frame):
    """Store a model as champion and return its number."""
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=8, max_depth=2, random_state=1)
    model.fit(frame, key="ID", label="Y")
    model.name = MODEL
    number = ModelStorage(conn).save_model(model)
    ModelStorage(conn).promote(MODEL, number)
    return number
