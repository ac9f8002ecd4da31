"""Weeks of patients that drift, and versions of a model, through the public API; a program too.

``python -m tests.views.drift_sample URL`` fills a store.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from hanalife import ConnectionContext, DataSets, ModelStorage, UnifiedClassification
from hanalife.drift.native import Drift

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)

TYPES = {"GLUCOSE": "DOUBLE", "BMI": "DOUBLE", "AGE": "INT", "CLINIC": "NVARCHAR(40)", "CLASS": "INT"}
SCORED = {"CLASS": "INT", "CHANCE": "DOUBLE"}


def patients(seed, size=800, glucose=0.0, bmi=0.0, clinics=("north", "south", "east")):
    """Give rows whose means may be moved by so many deviations."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "GLUCOSE": random.normal(120 + 30 * glucose, 30, size),
            "BMI": random.normal(32 + 7 * bmi, 7, size),
            "AGE": random.integers(21, 70, size),
            "CLINIC": random.choice(list(clinics), size),
            "CLASS": random.integers(0, 2, size),
        }
    )


def scored(seed, size=600, skill=1.5):
    """Give labels and chances that are calibrated; the more skill, the further apart they are."""
    random = np.random.default_rng(seed)
    chance = 1 / (1 + np.exp(-random.normal(0, skill, size)))
    return pd.DataFrame({"CLASS": (random.random(size) < chance).astype(int), "CHANCE": chance})


def record_weeks(conn, reference="PATIENTS", weeks=6):
    """Check weeks against the reference: glucose drifts from the fourth on; the last week has few rows."""
    base = conn.create_from_pandas(patients(1, 2_000), reference, TYPES)
    frozen = conn.drift.reference(base, label="CLASS", name=reference)
    for week in range(1, weeks + 1):
        moved = max(0, week - 3) * 0.5
        rows = patients(week + 10, 40 if week == weeks else 900, glucose=moved, bmi=moved / 3)
        current = conn.create_from_pandas(rows, f"{reference}_WEEK_{week}", TYPES)
        Drift(conn, lambda week=week: START + timedelta(weeks=week - 1)).check(frozen, current)
    return conn.drift.history().collect()


def record_performance(conn, reference="SCORED", weeks=5):
    """Estimate how well each week is classified, and measure it where labels have arrived: not for the last two."""
    base = conn.create_from_pandas(scored(1, 3_000), reference, SCORED)
    for week in range(1, weeks + 1):
        current = conn.create_from_pandas(scored(week + 20, skill=1.5 - 0.25 * week), f"{reference}_{week}", SCORED)
        options = {"label": "CLASS", "probability": "CHANCE", "window": f"week {week}"}
        conn.drift.estimate_performance(base, current, **options)
        if week < weeks - 1:
            conn.drift.performance(base, current, **options)


def record_versions(conn, name="DIABETES", depths=(1, 3, 6)):
    """Save a version of a model for each depth of its trees; the champion moved from the first to the second."""
    training, *_ = DataSets.load_diabetes_data(conn)
    storage = ModelStorage(conn)
    for depth in depths:
        model = UnifiedClassification("HybridGradientBoostingTree", max_depth=depth, n_estimators=20, random_state=1)
        model.fit(training, key="ID", label="CLASS", partition_method="stratified", stratified_column="CLASS")
        model.name = name
        storage.save_model(model, notes=f"Trees of depth {depth}")
    storage.promote(name, 1, note="the first that is better than the rule of thumb")
    storage.promote(name, 2, note="AUC is higher on the hold-out of March")
    storage.set_alias(name, "challenger", len(depths))
    return storage


if __name__ == "__main__":
    with ConnectionContext(sys.argv[1]) as context:
        record_weeks(context)
        record_performance(context)
        record_versions(context)
