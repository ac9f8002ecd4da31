"""Statements on the stored references of drift checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables

_reference = tables.drift_reference


def insert(connection: sa.Connection, name: str, content: dict[str, Any], moment: datetime) -> int:
    """Add the next version of a reference and return its number."""
    highest = sa.select(sa.func.max(_reference.c.version)).where(_reference.c.name == name)
    version = (connection.execute(highest).scalar() or 0) + 1
    connection.execute(_reference.insert().values(name=name, version=version, content=content, created_at=moment))
    return int(version)


def find(connection: sa.Connection, name: str, version: int | None) -> tuple[int, dict[str, Any]] | None:
    """Return number and content of a version, by default the newest, or None."""
    query = sa.select(_reference.c.version, _reference.c.content).where(_reference.c.name == name)
    if version is not None:
        query = query.where(_reference.c.version == version)
    row = connection.execute(query.order_by(_reference.c.version.desc()).limit(1)).first()
    return None if row is None else (row.version, row.content)
