"""Statements on stored model versions, their tags and their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from hanalife.database import blobs, dialects, tables
from hanalife.records import ModelEvent, ModelHead, ModelVersion

_table, _alias, _tag, _event = tables.model_version, tables.model_alias, tables.model_tag, tables.model_event
_HEAD = [_table.c[field.name] for field in fields(ModelHead)]

# Statements that every save needs are made once: making them costs more than running them.
_HOLD = (
    tables.model.update()
    .where(tables.model.c.name == sa.bindparam("the_name"))
    .values(highest_version=tables.model.c.highest_version)
    .returning(tables.model.c.highest_version)
)
_RAISE = (
    tables.model.update()
    .where(tables.model.c.name == sa.bindparam("the_name"), tables.model.c.highest_version < sa.bindparam("version"))
    .values(highest_version=sa.bindparam("version"))
)


def reserve(connection: sa.Connection, name: str) -> int:
    """Hold a name until the transaction ends and return the highest version number it ever had, or 0."""
    dialects.insert_or_ignore(connection, tables.model, {"name": name, "highest_version": 0})
    return int(connection.execute(_HOLD, {"the_name": name}).scalar_one())


def insert(connection: sa.Connection, version: ModelVersion) -> None:
    """Add a version; the key (name, version) must be free and the name reserved."""
    connection.execute(_table.insert(), {field.name: getattr(version, field.name) for field in fields(version)})
    connection.execute(_RAISE, {"the_name": version.name, "version": version.version})


def update(connection: sa.Connection, name: str, number: int, values: Mapping[str, Any]) -> bool:
    """Change what is known of a version; return whether it is there."""
    return connection.execute(_table.update().where(*_is(name, number)).values(**values)).rowcount > 0


def version(connection: sa.Connection, name: str, number: int | None = None) -> ModelVersion | None:
    """Return a version of a name, the highest if no number is given, or None."""
    query = sa.select(_table).where(_table.c.name == name).order_by(_table.c.version.desc()).limit(1)
    if number is not None:
        query = query.where(_table.c.version == number)
    return _version(connection.execute(query).first())


def version_of_alias(connection: sa.Connection, name: str, alias: str) -> ModelVersion | None:
    """Return the version that an alias names, or None."""
    joined = _table.join(_alias, (_alias.c.name == _table.c.name) & (_alias.c.version == _table.c.version))
    query = sa.select(_table).select_from(joined).where(_alias.c.name == name, _alias.c.alias == alias)
    return _version(connection.execute(query).first())


def find(
    connection: sa.Connection, name: str, number: int | None = None, alias: str | None = None
) -> ModelVersion | None:
    """Return the version of an alias if one is given, else that of a number or the highest, or None."""
    return version(connection, name, number) if alias is None else version_of_alias(connection, name, alias)


def heads(connection: sa.Connection, pattern: str | None = None, number: int | None = None) -> list[ModelHead]:
    """Return versions ordered by name and number; ``%`` in the pattern stands for any text."""
    return [ModelHead(*cast("tuple[Any, ...]", row)) for row in rows(connection, _HEAD, pattern, number)]


def described(connection: sa.Connection, name: str, limit: int) -> list[sa.Row[Any]]:
    """Return the newest versions of a name as in :func:`heads`, with metrics and notes, newest first."""
    query = sa.select(*_HEAD, _table.c.metrics, _table.c.notes).where(_table.c.name == name)
    return [*connection.execute(query.order_by(_table.c.version.desc()).limit(limit))]


def tables_of(connection: sa.Connection, name: str, numbers: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return the tables of the states of some versions."""
    query = sa.select(_table.c.version, _table.c.tables).where(_table.c.name == name, _table.c.version.in_(numbers))
    return {row.version: row.tables or {} for row in connection.execute(query)}


def rows(
    connection: sa.Connection,
    columns: Sequence[sa.ColumnElement[Any]],
    pattern: str | None = None,
    number: int | None = None,
) -> list[sa.Row[Any]]:
    """Return columns, of which one is the name, of versions as :func:`heads` chooses them."""
    query = sa.select(*columns).order_by(_table.c.name, _table.c.version)
    if pattern is not None:
        escaped = pattern.replace("\\", "\\\\").replace("_", "\\_")
        # Case counts: LIKE finds candidates, on SQLite in any case.
        query = query.where(_table.c.name.like(escaped, escape="\\"))
    if number is not None:
        query = query.where(_table.c.version == number)
    found = connection.execute(query).all()
    return [*found] if pattern is None else [row for row in found if _matches(row.name, pattern.split("%"))]


def of_run(connection: sa.Connection, run_id: str) -> list[tuple[str, int]]:
    """Return name and number of the versions that came of a run, in order."""
    query = sa.select(_table.c.name, _table.c.version).where(_table.c.run_id == run_id)
    return [(row.name, row.version) for row in connection.execute(query.order_by(_table.c.name, _table.c.version))]


def names(connection: sa.Connection) -> list[str]:
    """Return the names that have a version, in order."""
    query = sa.select(_table.c.name).distinct().order_by(_table.c.name)
    return list(connection.execute(query).scalars())


def numbers(connection: sa.Connection, name: str) -> list[int]:
    """Return the version numbers of a name, in order."""
    query = sa.select(_table.c.version).where(_table.c.name == name).order_by(_table.c.version)
    return list(connection.execute(query).scalars())


def delete(connection: sa.Connection, name: str, number: int) -> bool:
    """Delete one version and its bytes unless they are used elsewhere; return whether it was there."""
    found = connection.execute(sa.select(_table.c.content_hash, _table.c.training_keys).where(*_is(name, number)))
    hashes = found.first()
    if hashes is None:
        return False
    connection.execute(_tag.delete().where(_tag.c.name == name, _tag.c.version == number))
    connection.execute(_table.delete().where(*_is(name, number)))
    for sha256 in filter(None, hashes):
        blobs.drop_unused(connection, sha256)
    return True


# --- tags -------------------------------------------------------------------------------------


def set_tag(connection: sa.Connection, name: str, number: int, tag: str, value: str | None) -> None:
    """Set one tag of a version; None removes it."""
    connection.execute(_tag.delete().where(_tag.c.name == name, _tag.c.version == number, _tag.c.tag == tag))
    if value is not None:
        connection.execute(_tag.insert().values(name=name, version=number, tag=tag, value=value))


def tags(connection: sa.Connection, name: str, number: int) -> dict[str, str]:
    """Return the tags of a version."""
    query = sa.select(_tag.c.tag, _tag.c.value).where(_tag.c.name == name, _tag.c.version == number)
    return {row.tag: row.value for row in connection.execute(query.order_by(_tag.c.tag))}


def tags_of_versions(connection: sa.Connection, name: str) -> dict[int, dict[str, str]]:
    """Return the tags of all versions of a name that have any."""
    found: dict[int, dict[str, str]] = {}
    for row in connection.execute(sa.select(_tag).where(_tag.c.name == name).order_by(_tag.c.version, _tag.c.tag)):
        found.setdefault(row.version, {})[row.tag] = row.value
    return found


# --- history ----------------------------------------------------------------------------------


def note_event(
    connection: sa.Connection,
    event: str,
    name: str,
    number: int | None,
    moment: datetime,
    *,
    alias: str | None = None,
    note: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add to the history what the user of this connection did."""
    row = {
        "name": name,
        "version": number,
        "alias": alias,
        "event": event,
        "happened_at": moment,
        "happened_by": dialects.database_user(connection),
        "note": note,
        "details": details or {},
    }
    connection.execute(_event.insert(), row)


def events(
    connection: sa.Connection, name: str, alias: str | None = None, kinds: Iterable[str] = ()
) -> list[ModelEvent]:
    """Return what happened to a model, or to one of its aliases, the oldest first."""
    query = sa.select(_event).where(_event.c.name == name).order_by(_event.c.event_id)
    if alias is not None:
        query = query.where(_event.c.alias == alias)
    if kinds:
        query = query.where(_event.c.event.in_([*kinds]))
    return [ModelEvent(**row._mapping) for row in connection.execute(query)]


def _version(row: sa.Row[Any] | None) -> ModelVersion | None:
    if row is None:
        return None
    return ModelVersion(**dict(row._mapping) | {"tables": row.tables or {}})


def _is(name: str, number: int) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return _table.c.name == name, _table.c.version == number


def _matches(name: str, parts: Sequence[str]) -> bool:
    """Say whether a name is the parts in order with any text between, with regard to case."""
    if len(parts) == 1:
        return name == parts[0]
    if not name.startswith(parts[0]):
        return False
    position = len(parts[0])
    for part in parts[1:-1]:
        position = name.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return len(name) - position >= len(parts[-1]) and name.endswith(parts[-1])
