"""A store of many runs: the first written as the recorder writes it, the others' values made in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hanalife.database import run_values, runs, tables
from hanalife.records import Run, RunStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
EXPERIMENT = "CROWD"


def fill(context, count, metrics, experiment_id=EXPERIMENT):
    """Write so many runs with so many metrics."""
    with context.database.write() as connection:
        numbers = [_begin(connection, number, experiment_id) for number in range(count)]
        points = [run_values.NewPoint(f"METRIC_{place:02}", None, 0.5, 500) for place in range(metrics)]
        run_values.write(connection, numbers[0], {"rate": 0.5}, points)
        for table, column in ((tables.run_param, "number"), (tables.run_metric, "value")):
            _spread(connection, table, column, numbers)


def _begin(connection, number, experiment_id):
    moment = START + timedelta(minutes=number)
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
    return runs.begin(connection, run, "").number


def _spread(connection, table, column, numbers):
    """Give the other runs what the first has, each with a number of its own from 0 to 1."""
    first, *others = numbers
    other = tables.run
    number = (other.c.number * 7919 + table.c.name_id * 104_729) % 10_007 / 10_007.0
    values = {each.name: each for each in table.c} | {"run_number": other.c.number, column: number}
    is_other = other.c.number.between(min(others), max(others))
    rows = sa.select(*values.values()).join_from(table, other, is_other).where(table.c.run_number == first)
    connection.execute(table.insert().from_select(list(values), rows.order_by(other.c.number, table.c.name_id)))


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
