"""A store of many runs, written as the recorder writes them but many in one transaction."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hanalife.database import run_values, runs
from hanalife.records import Run, RunStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
EXPERIMENT = "CROWD"


def fill(context, count, metrics, experiment_id=EXPERIMENT):
    """Write so many runs with so many metrics."""
    with context.database.write() as connection:
        for number in range(count):
            moment = START + timedelta(minutes=number)
            source = random.Random(number)
            run = draft(
                f"{experiment_id}{number:025x}",
                experiment_id,
                f"run_{number}",
                moment,
                status=RunStatus.FINISHED,
                ended_at=moment + timedelta(seconds=1.5),
                procedure="UNIFIED_CLASSIFICATION",
                dataset_name="Pima",
                dataset_source="PIMA_TRAIN",
            )
            begun = runs.begin(connection, run, "")
            points = [run_values.NewPoint(f"METRIC_{place:02}", None, source.random(), 500) for place in range(metrics)]
            run_values.write(connection, begun.number, {"rate": source.random()}, points)


def draft(run_id, experiment_id, name, moment, **facts):
    """Give a run that has just begun, but for what is said of it otherwise."""
    begun = Run(
        run_id=run_id,
        experiment_id=experiment_id,
        name=name,
        attempt=0,
        status=RunStatus.ACTIVE,
        description="",
        owner="ann",
        host="host",
        pid=1,
        procedure="",
        dataset_name="",
        dataset_source="",
        created_at=moment,
        heartbeat_at=moment,
        ended_at=None,
        progress_done=0,
        progress_total=0,
        progress_text="",
        next_seq=0,
        revision=0,
    )
    return replace(begun, **facts)
