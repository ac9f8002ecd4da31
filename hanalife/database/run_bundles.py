"""Statements that copy a whole experiment out of a store and into another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from hanalife.database import blobs, tables
from hanalife.records import Experiment, Run

_run, _metric, _point = tables.run, tables.run_metric, tables.run_point
_log, _tag, _artifact = tables.run_log, tables.run_tag, tables.run_artifact
_snapshot, _part = tables.snapshot, tables.snapshot_part

#: Columns of a run that refer to shared records.
RECORDS = ("environment_id", "code_id", "cells_id", "dataset_id")


def points(connection: sa.Connection, number: int) -> list[tuple[str, int, float | None, str | None, int, str]]:
    """Return all points of the metrics of a run: name, step, number, text, milliseconds, source."""
    name = tables.metric_name
    heads = sa.select(*_columns(_metric)).join_from(_metric, name)
    series = sa.select(*_columns(_point)).join_from(_point, name)
    queries = (
        heads.where(_metric.c.run_number == number, _metric.c.points == 1),
        series.where(_point.c.run_number == number),
    )
    rows = [tuple(row) for query in queries for row in connection.execute(query)]
    return sorted(rows, key=lambda row: (row[0], row[-1], row[1]))


def summaries(connection: sa.Connection, number: int) -> list[tuple[str, str, float]]:
    """Return the values of series that are another than that of the last point: name, source, value."""
    name = tables.metric_name
    is_last = sa.and_(*(_point.c[column] == _metric.c[column] for column in ("run_number", "name_id", "step")))
    query = sa.select(name.c.name, name.c.source, _metric.c.value).join_from(_metric, name).join(_point, is_last)
    query = query.where(_metric.c.run_number == number, _metric.c.points > 1, _metric.c.value.is_not(None))
    differs = _metric.c.value.is_distinct_from(_point.c.value)
    return sorted(tuple(row) for row in connection.execute(query.where(differs)))


def _columns(table: sa.Table) -> tuple[sa.Column[Any], ...]:
    name = tables.metric_name
    return name.c.name, table.c.step, table.c.value, table.c.text, table.c.offset_ms, name.c.source


def params(connection: sa.Connection, number: int) -> list[tuple[str, float | None, str | None]]:
    """Return the parameters of a run as they are stored: name, number, JSON text."""
    param, name = tables.run_param, tables.value_name
    query = sa.select(name.c.name, param.c.number, param.c.text).join_from(param, name)
    rows = connection.execute(query.where(param.c.run_number == number))
    return sorted(((row.name, row.number, row.text) for row in rows), key=lambda row: row[0])


def tags(connection: sa.Connection, run_id: str) -> list[tuple[int, str, str]]:
    """Return the tags of a run and of the entries of its log."""
    query = sa.select(_tag.c.track_entity_seq, _tag.c.name, _tag.c.value).where(_tag.c.run_id == run_id)
    return sorted(tuple(row) for row in connection.execute(query))


def records(connection: sa.Connection, ids: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Return kind, hash and JSON text of shared records."""
    record = tables.record
    query = sa.select(record).where(record.c.record_id.in_(list(ids)))
    return {row.record_id: (row.kind, row.sha256, row.content) for row in connection.execute(query)}


def snapshot(connection: sa.Connection, content_hash: str) -> dict[str, Any] | None:
    """Return the description of a snapshot and the hashes of its parts, or None."""
    row = connection.execute(sa.select(_snapshot).where(_snapshot.c.content_hash == content_hash)).first()
    if row is None:
        return None
    query = sa.select(_part.c.sha256).where(_part.c.content_hash == content_hash).order_by(_part.c.seq)
    return {**row._mapping, "parts": list(connection.execute(query).scalars())}


def known_runs(connection: sa.Connection, run_ids: Sequence[str]) -> set[str]:
    """Return those run ids that the store has."""
    found: set[str] = set()
    for start in range(0, len(run_ids), 1_000):
        part = list(run_ids[start : start + 1_000])
        found |= set(connection.execute(sa.select(_run.c.run_id).where(_run.c.run_id.in_(part))).scalars())
    return found


def add_experiment(connection: sa.Connection, experiment: Experiment) -> None:
    """Add an experiment unless there is one of that id."""
    from hanalife.database import dialects

    values = {field.name: getattr(experiment, field.name) for field in fields(experiment)}
    dialects.insert_or_ignore(connection, tables.experiment, values)


def add_run(connection: sa.Connection, run: Run) -> int:
    """Add a run as it was, attempt and all; return its number in this store."""
    values = {field.name: getattr(run, field.name) for field in fields(run) if field.name != "number"}
    return int(connection.execute(_run.insert().values(**values).returning(_run.c.number)).scalar_one())


def add_log(connection: sa.Connection, run_id: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Add the entries of a run's log."""
    if entries:
        connection.execute(_log.insert(), [{"run_id": run_id, **entry} for entry in entries])


def add_tags(connection: sa.Connection, run_id: str, rows: Sequence[tuple[int, str, str]]) -> None:
    """Add tags of a run and of the entries of its log."""
    values = [{"run_id": run_id, "track_entity_seq": seq, "name": name, "value": text} for seq, name, text in rows]
    if values:
        connection.execute(_tag.insert(), values)


def add_artifact(connection: sa.Connection, values: Mapping[str, Any], data: bytes) -> None:
    """Add an artifact and its bytes."""
    blobs.put(connection, data)
    connection.execute(_artifact.insert().values(**values))
