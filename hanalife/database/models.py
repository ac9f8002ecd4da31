"""Statements on stored model versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from hanalife.database import blobs, tables
from hanalife.records import ModelVersion

_table = tables.model_version


def insert(connection: sa.Connection, version: ModelVersion) -> None:
    """Add a version; the key (name, version) must be free."""
    connection.execute(_table.insert().values(**asdict(version)))


def version(connection: sa.Connection, name: str, number: int | None = None) -> ModelVersion | None:
    """Return a version of a name, the highest if no number is given, or None."""
    query = sa.select(_table).where(_table.c.name == name).order_by(_table.c.version.desc()).limit(1)
    if number is not None:
        query = query.where(_table.c.version == number)
    row = connection.execute(query).first()
    return None if row is None else ModelVersion(**row._mapping)


def versions(connection: sa.Connection, pattern: str | None = None, number: int | None = None) -> list[ModelVersion]:
    """Return versions ordered by name and number; ``%`` in the pattern stands for any text."""
    query = sa.select(_table).order_by(_table.c.name, _table.c.version)
    if pattern is not None:
        escaped = pattern.replace("\\", "\\\\").replace("_", "\\_")
        # Case counts: LIKE finds candidates, on SQLite in any case.
        query = query.where(_table.c.name.like(escaped, escape="\\"))
    if number is not None:
        query = query.where(_table.c.version == number)
    found = [ModelVersion(**row._mapping) for row in connection.execute(query)]
    return found if pattern is None else [item for item in found if _matches(item.name, pattern.split("%"))]


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


def delete(connection: sa.Connection, name: str, number: int) -> bool:
    """Delete one version and its bytes unless they are used elsewhere; return whether it was there."""
    found = version(connection, name, number)
    if found is None:
        return False
    connection.execute(_table.delete().where(_table.c.name == name, _table.c.version == number))
    blobs.drop_unused(connection, found.content_hash)
    return True
