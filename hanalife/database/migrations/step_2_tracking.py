"""Step 2: values under short keys, series of metrics, parameters, artifacts, shared records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from hanalife.database.types import UtcDateTime, big_identity

_KEY, _ID, _WORD = sa.String(256), sa.String(64), sa.String(32)
_metadata = sa.MetaData()

_experiment = sa.Table("hl_experiment", _metadata, sa.Column("experiment_id", _KEY, primary_key=True))
_blob = sa.Table("hl_blob", _metadata, sa.Column("sha256", _ID, primary_key=True))

_record = sa.Table(
    "hl_record",
    _metadata,
    sa.Column("record_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("sha256", _ID, nullable=False),
    sa.Column("kind", _WORD, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Index("hl_record_sha256", "sha256", unique=True),
)

_run = sa.Table(
    "hl_run",
    _metadata,
    sa.Column("number", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("run_id", _ID, nullable=False, unique=True),
    sa.Column("experiment_id", _KEY, sa.ForeignKey("hl_experiment.experiment_id"), nullable=False),
    sa.Column("name", _KEY, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("parent_run_id", _ID),
    sa.Column("status", _WORD, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("notes", sa.Text, nullable=False),
    sa.Column("owner", _KEY, nullable=False),
    sa.Column("host", _KEY, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("procedure", _KEY, nullable=False),
    sa.Column("dataset_name", sa.Text, nullable=False),
    sa.Column("dataset_source", sa.Text, nullable=False),
    sa.Column("environment_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("code_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("cells_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("dataset_id", sa.BigInteger, sa.ForeignKey("hl_record.record_id")),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("overhead_seconds", sa.Double, nullable=False),
    sa.Column("progress_done", sa.Integer, nullable=False),
    sa.Column("progress_total", sa.Integer, nullable=False),
    sa.Column("progress_text", sa.Text, nullable=False),
    sa.Column("next_seq", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.UniqueConstraint("experiment_id", "name", "attempt"),
    sa.Index("hl_run_parent", "parent_run_id"),
)
sa.Index(
    "hl_run_active",
    _run.c.heartbeat_at,
    sqlite_where=_run.c.status == sa.literal_column("'ACTIVE'"),
    postgresql_where=_run.c.status == sa.literal_column("'ACTIVE'"),
)

_log = sa.Table(
    "hl_run_log",
    _metadata,
    sa.Column("run_id", _ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("event_key", sa.String(64), nullable=False),
    sa.Column("event_time", UtcDateTime, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
)

_tag = sa.Table(
    "hl_run_tag",
    _metadata,
    sa.Column("run_id", _ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("track_entity_seq", sa.Integer, primary_key=True),
    sa.Column("name", _KEY, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

_name = sa.Table(
    "hl_value_name",
    _metadata,
    sa.Column("name_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("name", _KEY, nullable=False, unique=True),
)


def _values(name: str, *columns: sa.Column[Any], keys: tuple[str, ...] = ()) -> sa.Table:
    return sa.Table(
        name,
        _metadata,
        sa.Column("run_number", sa.BigInteger, sa.ForeignKey("hl_run.number"), primary_key=True, autoincrement=False),
        sa.Column("name_id", sa.BigInteger, sa.ForeignKey("hl_value_name.name_id"), primary_key=True),
        *(sa.Column(key, sa.BigInteger, primary_key=True, autoincrement=False) for key in keys),
        *columns,
        sqlite_with_rowid=False,
    )


_param = _values("hl_run_param", sa.Column("number", sa.Double), sa.Column("text", sa.Text))
_metric = _values(
    "hl_run_metric",
    sa.Column("value", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("step", sa.BigInteger, nullable=False),
    sa.Column("offset_ms", sa.BigInteger, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False),
)
_point = _values(
    "hl_run_point",
    sa.Column("value", sa.Double),
    sa.Column("text", sa.Text),
    sa.Column("offset_ms", sa.BigInteger, nullable=False),
    keys=("step",),
)
_outline = _values("hl_run_outline", sa.Column("data", sa.LargeBinary, nullable=False))

_artifact = sa.Table(
    "hl_run_artifact",
    _metadata,
    sa.Column("run_id", _ID, sa.ForeignKey("hl_run.run_id"), primary_key=True),
    sa.Column("name", _KEY, primary_key=True),
    sa.Column("kind", _WORD, nullable=False),
    sa.Column("media_type", _KEY, nullable=False),
    sa.Column("sha256", _ID, sa.ForeignKey("hl_blob.sha256"), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

_OLD = ("hl_run_tag", "hl_run_metric", "hl_run_log", "hl_run")  # children first
_NEW = (_record, _run, _log, _tag, _name, _param, _metric, _point, _outline, _artifact)


def upgrade(connection: sa.Connection) -> None:
    """Make the tables anew around ``hl_run.number`` and carry over what the old ones hold."""
    for name in _OLD:
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE old_{name} AS SELECT * FROM {name}")  # noqa: S608
        connection.exec_driver_sql(f"DROP TABLE {name}")
    _metadata.create_all(connection, tables=_NEW)
    _carry(connection, _run, {"notes": "", "overhead_seconds": 0.0}, order_by="created_at")
    _carry(connection, _log, {})
    _carry(connection, _tag, {})
    _carry_metrics(connection)
    _carry_parameters(connection)
    for name in _OLD:
        connection.exec_driver_sql(f"DROP TABLE old_{name}")


def _old(name: str, columns: Iterable[str]) -> sa.TableClause:
    return sa.table(f"old_{name}", *map(sa.column, columns))


def _carry(connection: sa.Connection, table: sa.Table, added: Mapping[str, Any], order_by: str | None = None) -> None:
    lacking = {"number", "parent_run_id", "environment_id", "code_id", "cells_id", "dataset_id", *added}
    kept = [column.name for column in table.columns if column.name not in lacking]
    old = _old(table.name, kept)
    query = sa.select(*old.columns, *(sa.literal(value) for value in added.values()))
    if order_by is not None:
        query = query.order_by(old.c[order_by])
    connection.execute(table.insert().from_select([*kept, *added], query))


def _carry_metrics(connection: sa.Connection) -> None:
    old = _old("hl_run_metric", ("run_id", "name", "value", "text"))
    connection.execute(_name.insert().from_select(["name"], sa.select(old.c.name).distinct()))
    query = (
        sa.select(_run.c.number, _name.c.name_id, old.c.value, old.c.text, sa.literal(0), sa.literal(0), sa.literal(1))
        .join_from(old, _run, _run.c.run_id == old.c.run_id)
        .join(_name, _name.c.name == old.c.name)
    )
    connection.execute(_metric.insert().from_select([column.name for column in _metric.columns], query))


def _carry_parameters(connection: sa.Connection) -> None:
    """Read the parameters of each run from its log; those of the last call count."""
    is_parameter = _log.c.event_key == "PARAMETER"
    query = sa.select(_run.c.number, _log.c.message).join_from(_log, _run).where(is_parameter).order_by(_log.c.seq)
    found: dict[int, dict[str, Any]] = {}
    for number, message in connection.execute(query):
        pairs = json.loads(message)
        found.setdefault(number, {}).update({name: value for pair in pairs for name, value in pair.items()})
    names = {row.name: row.name_id for row in connection.execute(sa.select(_name))}
    for name in sorted({name[:256] for values in found.values() for name in values} - names.keys()):
        names[name] = connection.execute(_name.insert().values(name=name).returning(_name.c.name_id)).scalar_one()
    rows = {
        (number, names[name[:256]]): _typed(value) for number, values in found.items() for name, value in values.items()
    }
    if rows:
        keyed = [{"run_number": run, "name_id": name, **value} for (run, name), value in rows.items()]
        connection.execute(_param.insert(), keyed)


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, float):
        return {"number": value, "text": None}
    number = float(value) if isinstance(value, int) and abs(value) < 2**53 else None
    return {"number": number, "text": json.dumps(value, ensure_ascii=False)}
