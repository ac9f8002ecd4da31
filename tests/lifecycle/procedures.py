"""Functions that tests let jobs call."""

from __future__ import annotations

import logging
import os

import pandas as pd


def double(data, factor=2, column="VALUE"):
    """Return a frame of doubled values."""
    rows = data.collect()
    rows[column] *= factor
    return rows


def report(due, job_id, connection_context, note=""):
    """Say what the job gave, and return nothing."""
    logging.getLogger("report").info("note %s", note)
    rows = connection_context.sql('SELECT 1 AS "ONE" FROM DUMMY').count()
    print(f"due {due:%Y-%m-%d} job {job_id} rows {rows}")


def two_frames():
    """Return two frames."""
    return pd.DataFrame({"A": [1]}), pd.DataFrame({"B": [1, 2]})


def where():
    """Return the process, so that it is in the log."""
    return {"pid": os.getpid()}


def track(connection_context):
    """Record a run."""
    from hanalife import DataSets, MLExperiments, UnifiedClassification

    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2, random_state=1)
    MLExperiments(connection_context, "scheduled").autologging(model, run_name="by a job")
    model.fit(DataSets.load_diabetes_data(connection_context)[0], key="ID", label="CLASS")


NOT_A_FUNCTION = 5
