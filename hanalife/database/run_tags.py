"""Statements on the tags of runs: one value per run, log entry and name."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from hanalife.database import dialects, tables

#: In place of the number of a log entry: the tag belongs to the run itself.
RUN_ITSELF = -1

_tag = tables.run_tag


def value(connection: sa.Connection, run_id: str, seq: int, name: str) -> str | None:
    """Return the value of a tag, or None."""
    return connection.execute(sa.select(_tag.c.value).where(_key(run_id, seq, name))).scalar()


def of_run(connection: sa.Connection, run_id: str) -> dict[str, str]:
    """Return the tags of a run itself, ordered by name."""
    here = sa.and_(_tag.c.run_id == run_id, _tag.c.track_entity_seq == RUN_ITSELF)
    rows = connection.execute(sa.select(_tag.c.name, _tag.c.value).where(here).order_by(_tag.c.name))
    return {row.name: row.value for row in rows}


def put(connection: sa.Connection, run_id: str, seq: int, values: Mapping[str, str]) -> None:
    """Set tags, whether or not there were such."""
    rows = [{"run_id": run_id, "track_entity_seq": seq, "name": name, "value": values[name]} for name in sorted(values)]
    dialects.upsert(connection, _tag, rows)


def add(connection: sa.Connection, run_id: str, seq: int, name: str, value: str) -> bool:
    """Add a tag; return False if the entry has one of that name."""
    row = {"run_id": run_id, "track_entity_seq": seq, "name": name, "value": value}
    return dialects.insert_or_ignore(connection, _tag, row)


def change(connection: sa.Connection, run_id: str, seq: int, name: str, old: str, new: str) -> bool:
    """Change the value of a tag; return False if there is no such tag of the old value."""
    here = sa.and_(_key(run_id, seq, name), _tag.c.value == old)
    return connection.execute(_tag.update().where(here).values(value=new)).rowcount > 0


def remove(connection: sa.Connection, run_id: str, seq: int, name: str, value: str) -> bool:
    """Remove a tag; return False if there is no such tag of that value."""
    here = sa.and_(_key(run_id, seq, name), _tag.c.value == value)
    return connection.execute(_tag.delete().where(here)).rowcount > 0


def _key(run_id: str, seq: int, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(_tag.c.run_id == run_id, _tag.c.track_entity_seq == seq, _tag.c.name == name)
