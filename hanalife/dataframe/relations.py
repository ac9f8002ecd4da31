"""Tables and views by their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.errors import TableNotFoundError


def is_temporary(table: str) -> bool:
    """Say whether a name is that of a table of the session."""
    return table.startswith("#")


def named(table: str, schema: str | None, **options: Any) -> sa.Table:
    """Return a table of that name, quoted exactly as it is spelt."""
    return sa.Table(sa.sql.quoted_name(table, quote=True), sa.MetaData(), schema=schema, **options)


def new_table(
    table: str,
    columns: Sequence[sa.ColumnClause[Any]],
    schema: str | None,
    primary_key: Collection[str] = (),
    not_nulls: Collection[str] = (),
) -> sa.Table:
    """Return a table to be created."""
    return sa.Table(
        sa.sql.quoted_name(table, quote=True),
        sa.MetaData(),
        *(
            sa.Column(
                sa.sql.quoted_name(str(column.key), quote=True),
                column.type,
                primary_key=column.key in primary_key,
                autoincrement=False,
                nullable=column.key not in primary_key and column.key not in not_nulls,
            )
            for column in columns
        ),
        schema=schema,
        prefixes=["TEMPORARY"] if is_temporary(table) else [],
    )


def like(table: str, query: sa.Select[Any], schema: str | None) -> sa.Table:
    """Return a table to be created for the rows of a query; what has no known type is text."""
    kinds = {
        str(column.key): sa.String() if isinstance(column.type, sa.types.NullType) else column.type
        for column in query.selected_columns
    }
    return new_table(table, [sa.column(name, kind) for name, kind in kinds.items()], schema)


def is_table(connection: sa.Connection, table: str, schema: str | None) -> bool:
    """Say whether a table exists that is no view."""
    inspector = sa.inspect(connection)
    return table in (inspector.get_temp_table_names() if is_temporary(table) else inspector.get_table_names(schema))


def exists(connection: sa.Connection, table: str, schema: str | None) -> bool:
    """Say whether a table or view exists."""
    inspector = sa.inspect(connection)
    if is_temporary(table):
        return table in (*inspector.get_temp_table_names(), *inspector.get_temp_view_names())
    return inspector.has_table(table, schema)


def drop_statement(connection: sa.Connection, name: str, schema: str | None) -> sa.schema.ExecutableDDLElement | None:
    """Return the statement that drops a table or view, or None if there is none of that name."""
    inspector = sa.inspect(connection)
    views = inspector.get_temp_view_names() if is_temporary(name) else inspector.get_view_names(schema)
    old = named(name, schema)
    if name in views:
        return sa.schema.DropView(old)
    return sa.schema.DropTable(old) if exists(connection, name, schema) else None


def drop(connection: sa.Connection, name: str, schema: str | None) -> None:
    """Drop a table or view if there is one."""
    statement = drop_statement(connection, name, schema)
    if statement is not None:
        connection.execute(statement)


def missing(connection: sa.Connection, table: str, schema: str | None) -> TableNotFoundError:
    """Return the error for a table that does not exist; it lists those that do."""
    others = sorted(name for name in sa.inspect(connection).get_table_names(schema) if not name.startswith("hl_"))
    return TableNotFoundError(f"table: {table!r} does not exist; the tables are: {', '.join(others) or 'none'}.")


def run_ddl(connection: sa.Connection, statement: str) -> None:
    """Run a statement that SQLAlchemy has no words for; the names in it are quoted already."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
