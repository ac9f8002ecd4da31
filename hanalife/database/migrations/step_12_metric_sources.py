"""Step 12: each metric has a source, and an experiment may have a primary metric."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from hanalife.database.metrics_without_source import RunFacts, source_of
from hanalife.database.types import big_identity
from hanalife.evidence import MetricKey

_KEY, _WORD = sa.String(256), sa.String(32)
_metadata = sa.MetaData()
sa.Table("hl_run", _metadata, sa.Column("number", sa.BigInteger, primary_key=True))  # only referred to

_name = sa.Table(
    "hl_metric_name",
    _metadata,
    sa.Column("name_id", big_identity(), sa.Identity(), primary_key=True),
    sa.Column("name", _KEY, nullable=False),
    sa.Column("source", _WORD, nullable=False),
    sa.Column("metric", _KEY, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.UniqueConstraint("name", "source"),
    sa.Index("hl_metric_name_metric", "metric", "rank"),
)


def _values(name: str, *columns: sa.Column[Any]) -> sa.Table:
    return sa.Table(
        name,
        _metadata,
        sa.Column("run_number", sa.BigInteger, sa.ForeignKey("hl_run.number"), primary_key=True, autoincrement=False),
        sa.Column("name_id", sa.BigInteger, sa.ForeignKey("hl_metric_name.name_id"), primary_key=True),
        *columns,
        sqlite_with_rowid=False,
    )


def _of_value() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return sa.Column("value", sa.Double), sa.Column("text", sa.Text)


_metric = _values(
    "hl_run_metric",
    *_of_value(),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("step", "offset_ms", "points")),
)
_point = _values(
    "hl_run_point",
    sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    *_of_value(),
    sa.Column("offset_ms", sa.BigInteger, nullable=False),
)
_outline = _values("hl_run_outline", sa.Column("data", sa.LargeBinary, nullable=False))

# What is known of the old names while the step lasts.
_facts = sa.Table(
    "old_run_facts",
    sa.MetaData(),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("facts", sa.Integer, nullable=False),  # runs of equal facts have equal sources
    prefixes=["TEMPORARY"],
)
_renamed = sa.Table(
    "old_name",
    sa.MetaData(),
    sa.Column("facts", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("old_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("new_id", sa.BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)


def upgrade(connection: sa.Connection) -> None:
    """Give each metric the source that its name and its run tell; values stay what they are."""
    column = sa.schema.CreateColumn(sa.Column("primary_metric", _KEY)).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE hl_experiment ADD COLUMN {column}")
    for table in (_facts, _renamed, _name):
        table.create(connection)
    kinds = _classify(connection)
    _rename(connection, kinds)
    for table in (_metric, _point, _outline):
        _move(connection, table)
    for table in (_facts, _renamed):
        table.drop(connection)


def _classify(connection: sa.Connection) -> list[RunFacts]:
    """Note which runs have equal facts; return these facts."""
    run = sa.table("hl_run", sa.column("number"), sa.column("run_id"), sa.column("procedure"))
    methods, partitions, partition_methods = (
        dict(map(tuple, connection.execute(query))) for query in (_methods(), _partitions(), _partition_methods())
    )
    numbers: dict[RunFacts, int] = {}
    rows = []
    for number, run_id, procedure in connection.execute(sa.select(run)):
        facts = RunFacts()
        if procedure:
            partition_method = json.loads(partition_methods.get(number) or "null")
            method = json.loads(methods.get(run_id) or "{}").get("METHOD")
            facts = RunFacts(procedure, method, partitions.get(number), partition_method)
        rows.append({"number": number, "facts": numbers.setdefault(facts, len(numbers))})
    _insert(connection, _facts, rows)
    return list(numbers)


def _methods() -> sa.Select[Any]:
    """Select run id and text of the first entry of each log that ends a call."""
    log = sa.table("hl_run_log", *map(sa.column, ("run_id", "seq", "event_key", "message")))
    is_end = log.c.event_key == "END_OF_TRACK"
    first = sa.select(log.c.run_id, sa.func.min(log.c.seq).label("seq")).where(is_end).group_by(log.c.run_id).subquery()
    is_first = sa.and_(first.c.run_id == log.c.run_id, first.c.seq == log.c.seq)
    return sa.select(log.c.run_id, log.c.message).join_from(log, first, is_first)


def _partitions() -> sa.Select[Any]:
    """Select run number and text of the metric PARTITION."""
    return _texts_of("hl_run_metric", "PARTITION")


def _partition_methods() -> sa.Select[Any]:
    """Select run number and JSON of the parameter PARTITION_METHOD."""
    return _texts_of("hl_run_param", "PARTITION_METHOD")


def _texts_of(table: str, name: str) -> sa.Select[Any]:
    values = sa.table(table, *map(sa.column, ("run_number", "name_id", "text")))
    names = _old_names()
    query = sa.select(values.c.run_number, values.c.text).join_from(values, names, names.c.name_id == values.c.name_id)
    return query.where(names.c.name == name)


def _old_names() -> sa.TableClause:
    return sa.table("hl_value_name", sa.column("name_id"), sa.column("name"))


def _rename(connection: sa.Connection, kinds: list[RunFacts]) -> None:
    """Add each name with its source, and note which old name it takes the place of."""
    values, names = sa.table("hl_run_metric", sa.column("run_number"), sa.column("name_id")), _old_names()
    query = sa.select(_facts.c.facts, names.c.name_id, names.c.name).distinct()
    query = query.join_from(values, _facts, _facts.c.number == values.c.run_number)
    used = connection.execute(query.join(names, names.c.name_id == values.c.name_id)).all()
    keys = {(facts, old_id): MetricKey(name, source_of(name, kinds[facts])) for facts, old_id, name in used}
    new = [
        {"name": key.name, "source": str(key.source), "metric": key.metric, "rank": key.rank}
        for key in sorted(set(keys.values()))
    ]
    _insert(connection, _name, new)
    ids = {
        (name, source): name_id
        for name_id, name, source in connection.execute(sa.select(_name.c.name_id, _name.c.name, _name.c.source))
    }
    rows = [{"facts": facts, "old_id": old, "new_id": ids[key]} for (facts, old), key in keys.items()]
    _insert(connection, _renamed, rows)


def _move(connection: sa.Connection, table: sa.Table) -> None:
    """Make a table anew with the new numbers of names."""
    old_name = f"old_{table.name}"
    connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO {old_name}")
    table.create(connection)
    old = sa.table(old_name, *(sa.column(column.name) for column in table.columns))
    columns = [_renamed.c.new_id if column.name == "name_id" else column for column in old.columns]
    query = sa.select(*columns).join_from(old, _facts, _facts.c.number == old.c.run_number)
    query = query.join(_renamed, sa.and_(_renamed.c.facts == _facts.c.facts, _renamed.c.old_id == old.c.name_id))
    connection.execute(table.insert().from_select([column.name for column in table.columns], query))
    connection.exec_driver_sql(f"DROP TABLE {old_name}")


def _insert(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        connection.execute(table.insert(), listed)
