"""Where the rows of a query come from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from hanalife.dataframe import expressions


def tables_of(query: sa.Select[Any], default_schema: str) -> list[dict[str, str]]:
    """Return the tables that a query reads, anywhere in it, as hana_ml writes a source table."""
    found = set()
    for element in visitors.iterate(query):
        if isinstance(element, sa.Table):
            found.add((element.schema or default_schema, element.name))
        elif isinstance(element, sa.TextClause):
            text = element.text.replace("\\:", ":")  # as SQLAlchemy escapes what is no parameter
            parts = [name.rpartition(".") for name in expressions.source_tables(text)]
            found |= {(schema or default_schema, table) for schema, _, table in parts}
    return [{"SCHEMA_NAME": str(schema), "TABLE_NAME": str(table)} for schema, table in sorted(found)]
