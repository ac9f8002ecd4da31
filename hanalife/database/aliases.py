"""Statements on aliases: movable names for versions of models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import ModelAlias

_table = tables.model_alias


def find(connection: sa.Connection, name: str, alias: str) -> ModelAlias | None:
    """Return an alias, or None."""
    row = connection.execute(sa.select(_table).where(_table.c.name == name, _table.c.alias == alias)).first()
    return None if row is None else ModelAlias(**row._mapping)


def of_models(connection: sa.Connection, names: Sequence[str] | None = None) -> list[ModelAlias]:
    """Return the aliases of models, or of all, ordered by name and alias."""
    query = sa.select(_table).order_by(_table.c.name, _table.c.alias)
    if names is not None:
        query = query.where(_table.c.name.in_(names))
    return [ModelAlias(**row._mapping) for row in connection.execute(query)]


def put(connection: sa.Connection, alias: ModelAlias) -> None:
    """Write an alias as it shall be; its model's name must be reserved."""
    remove(connection, alias.name, alias.alias)
    connection.execute(_table.insert().values(**asdict(alias)))


def remove(connection: sa.Connection, name: str, alias: str) -> None:
    """Delete an alias."""
    connection.execute(_table.delete().where(_table.c.name == name, _table.c.alias == alias))
