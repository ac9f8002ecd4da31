"""Statements that read the tables of an MLflow 3 store; MLflow itself is not needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.errors import UnreachableDatabaseError

_experiments = sa.table("experiments", *map(sa.column, ("experiment_id", "name", "lifecycle_stage", "creation_time")))
_RUN_COLUMNS = ("run_uuid", "name", "user_id", "status", "start_time", "end_time", "lifecycle_stage", "artifact_uri")
_runs = sa.table("runs", *map(sa.column, (*_RUN_COLUMNS, "experiment_id")))
_params = sa.table("params", *map(sa.column, ("key", "value", "run_uuid")))
_tags = sa.table("tags", *map(sa.column, ("key", "value", "run_uuid")))
_metrics = sa.table("metrics", *map(sa.column, ("key", "value", "timestamp", "run_uuid", "step", "is_nan")))

_LARGEST = 1.7976931348623157e308  # what MLflow writes for infinity


@contextmanager
def opened(url: sa.URL) -> Iterator[sa.Connection]:
    """Give a connection that only reads; a SQLite file is neither made nor changed."""
    engine = dialects.create_reading_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.OperationalError as error:
        raise UnreachableDatabaseError(f"url: the MLflow store cannot be read: {error.orig}") from error
    finally:
        engine.dispose()


def is_store(connection: sa.Connection) -> bool:
    """Say whether the tables are there."""
    wanted = {"experiments", "runs", "params", "tags", "metrics"}
    return wanted <= set(sa.inspect(connection).get_table_names())


def experiments(connection: sa.Connection) -> list[tuple[int, str, int]]:
    """Return number, name and creation time (milliseconds since 1970) of the experiments that are not deleted."""
    query = sa.select(_experiments.c.experiment_id, _experiments.c.name, _experiments.c.creation_time)
    query = query.where(_experiments.c.lifecycle_stage == "active").order_by(_experiments.c.experiment_id)
    return [(row[0], row[1], row[2] or 0) for row in connection.execute(query)]


def runs(connection: sa.Connection, experiment: int) -> Iterator[Any]:
    """Yield the runs of an experiment that are not deleted, oldest first."""
    query = sa.select(_runs).where(_runs.c.experiment_id == experiment, _runs.c.lifecycle_stage == "active")
    yield from connection.execute(query.order_by(_runs.c.start_time, _runs.c.run_uuid)).all()


def params(connection: sa.Connection, run: str) -> dict[str, str]:
    """Return the parameters of a run."""
    query = sa.select(_params.c.key, _params.c.value).where(_params.c.run_uuid == run)
    return {row.key: row.value for row in connection.execute(query)}


def tags(connection: sa.Connection, run: str) -> dict[str, str]:
    """Return the tags of a run."""
    query = sa.select(_tags.c.key, _tags.c.value).where(_tags.c.run_uuid == run)
    return {row.key: row.value for row in connection.execute(query)}


def points(connection: sa.Connection, run: str) -> list[tuple[str, int, float, int]]:
    """Return name, step, value and time of all metric values of a run, in the order of time."""
    query = sa.select(_metrics).where(_metrics.c.run_uuid == run).order_by(_metrics.c.timestamp, _metrics.c.step)
    return [(row.key, row.step, _number(row), row.timestamp) for row in connection.execute(query)]


def _number(row: Any) -> float:
    if row.is_nan:
        return float("nan")
    if abs(row.value) >= _LARGEST:
        return float("inf") if row.value > 0 else float("-inf")
    return float(row.value)
