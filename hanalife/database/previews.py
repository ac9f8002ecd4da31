"""The first rows of a table, to look at."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def first_rows(connection: sa.Connection, table: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]] | None:
    """Return the columns of a table and its first rows in the database's order; None if it does not exist."""
    if not sa.inspect(connection).has_table(table):
        return None
    found = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)).limit(most))
    return list(found.keys()), [tuple(row) for row in found]
