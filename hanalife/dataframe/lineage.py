"""Where the rows of a query come from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from hanalife.dataframe import expressions


def tables_of(query: sa.Select[Any], dialect: sa.Dialect, default_schema: str) -> list[dict[str, str]]:
    """Return the tables that a query reads, anywhere in it, as hana_ml writes a source table."""
    found = set()
    for element in visitors.iterate(query):
        if isinstance(element, sa.Table):
            found.add((element.schema or default_schema, element.name))
        elif isinstance(element, sa.TextClause):
            found |= {(default_schema, name) for name in expressions.tables_of(element.text, dialect)}
    return [{"SCHEMA_NAME": str(schema), "TABLE_NAME": str(table)} for schema, table in sorted(found)]
