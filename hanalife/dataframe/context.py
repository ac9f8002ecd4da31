"""The connection: one database, one session for frames, a pool for the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe import columns as names
from hanalife.dataframe import definitions, expressions, extensions, relations, transfer
from hanalife.dataframe.administration import Administration
from hanalife.dataframe.frame import DataFrame
from hanalife.dataframe.session import URL_VARIABLE
from hanalife.errors import BadSQLError, NotSupportedError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["URL_VARIABLE", "ConnectionContext"]


class ConnectionContext(Administration):
    """A connection to a database that holds data, models, runs and schedules.

    Parameters
    ----------
    address : str, default ''
        A database URL: ``sqlite:///life.db`` or ``postgresql://user:password@host/database``.
        Empty: the environment variable ``HANALIFE_URL``, else ``hanalife.db`` in the working
        directory.
    port, user, password, userkey, pyodbc_connection, abap_sql, use_credentialstore
        SAP HANA's ways to connect; not supported yet.
    autocommit : bool, default True
        Each call is one transaction; nothing else is supported.
    **properties
        Options of SAP HANA's driver, such as ``encrypt``: accepted and ignored, because options
        of a database belong into its URL.

    Raises
    ------
    InvalidArgumentError
        The address is not a URL of a supported database.
    NotSupportedError
        An argument asks for SAP HANA.
    UnreachableDatabaseError
        The database cannot be opened.

    Examples
    --------
    >>> from hanalife import ConnectionContext
    >>> with ConnectionContext("sqlite://") as conn:
    ...     conn.has_table("NOTHING")
    False
    """

    # --- tables -------------------------------------------------------------------------------

    def sql(self, sql: str) -> DataFrame:
        """Return a frame over one SELECT statement in SAP HANA's SQL.

        Names without quotes are tried in upper case first, then as they are spelt in the
        database. For SQL of the database itself write ``DataFrame(conn, "...")``.

        Raises
        ------
        BadSQLError
            The text is not exactly one query, or the database refuses it.
        """
        known, flags = self._known_names(sql)
        return DataFrame(self, expressions.query(sql, self.dialect, "sql", known, flags))

    def _known_names(self, sql: str) -> tuple[set[str], set[str]]:
        """Return the names of tables and of the columns of those that a query may read; and which are BOOLEAN."""
        wanted = {name.rpartition(".")[2].upper() for name in expressions.source_tables(sql)}

        def read(connection: sa.Connection) -> tuple[set[str], set[str]]:
            inspector = sa.inspect(connection)
            tables = {*inspector.get_table_names(), *inspector.get_view_names(), *inspector.get_temp_table_names()}
            meant = [table for table in tables if table.upper() in wanted]
            columns = [(c["name"], c["type"]) for table in meant for c in inspector.get_columns(table)]
            others = {name for name, kind in columns if not isinstance(kind, sa.Boolean)}
            names_of_columns = {name for name, _ in columns}
            return tables | names_of_columns, names_of_columns - others

        return self.reading(read)

    def table(
        self, table: str, schema: str | None = None, save_source: bool = True, view_params: Any = None
    ) -> DataFrame:
        """Return a frame over all rows of a table or view.

        Parameters
        ----------
        table : str
            Its name, exactly as it is spelt.
        schema : str, optional
            Default: the current schema.
        save_source : bool, default True
            The frame knows its table (:attr:`DataFrame.source_table`).
        view_params
            Of SAP HANA only.

        Raises
        ------
        TableNotFoundError
            There is no such table or view.
        """
        if view_params is not None:
            raise NotSupportedError("view_params: views with parameters exist in SAP HANA only; use filter().")
        reflected = self._reflect(table, schema)
        source = {"SCHEMA_NAME": schema or self.get_current_schema(), "TABLE_NAME": table}
        return DataFrame.from_table(self, reflected, source if save_source else None)

    def _reflect(self, table: str, schema: str | None) -> sa.Table:
        def read(connection: sa.Connection) -> sa.Table:
            if not relations.exists(connection, table, schema):
                raise relations.missing(connection, table, schema)
            reflected = relations.named(table, schema, autoload_with=connection)
            if any(isinstance(column.type, sa.types.NullType) for column in reflected.columns):
                self._complete_types(connection, reflected)
            return reflected

        return self.reading(read)

    def _complete_types(self, connection: sa.Connection, view: sa.Table) -> None:
        """Give the computed columns of a view on SQLite, which declares no types for them, those of their values."""
        text = sa.select(*view.columns).compile(dialect=self.dialect)
        plain = sa.text(definitions.without_parameters(str(text), ()))
        types = dialects.types_of_query(connection, plain, [(column.name,) for column in view.columns])
        for column, kind in zip(view.columns, types, strict=True):
            column.type = kind

    # --- what is recorded -----------------------------------------------------------------------

    def experiment(self, name: str, description: str | None = None, primary_metric: str | None = None) -> Any:
        """Return an experiment of this connection; see :class:`hanalife.tracking.native.Experiment`.

        Tracking is built on connections, so it is found through
        :mod:`hanalife.dataframe.extensions` and imported by this call.

        Examples
        --------
        >>> from hanalife import ConnectionContext
        >>> with ConnectionContext("sqlite://") as conn, conn.experiment("E").run("r") as run:
        ...     run.log_metric("loss", 0.5)
        """
        return extensions.call("experiment", self, name, description, primary_metric)

    @property
    def drift(self) -> Any:
        """Drift checks of this connection; see :class:`hanalife.drift.native.Drift`.

        Examples
        --------
        >>> from hanalife import ConnectionContext, DataSets
        >>> with ConnectionContext("sqlite://") as conn:
        ...     data, *_ = DataSets.load_diabetes_data(conn)
        ...     check = conn.drift.check(data.filter("ID < 600"), data.filter("ID >= 600 AND CLASS = 1"), label="CLASS")
        >>> check.verdict
        'drift'
        """
        return extensions.call("drift", self)

    # --- what frames ask for ------------------------------------------------------------------

    def text_order(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Order text by its bytes, the same on every backend."""
        return dialects.text_order(column, self.dialect)

    def describe_query(self, text: str) -> sa.Select[Any]:
        """Wrap the text of one query so that its columns are known."""
        plain = sa.text(definitions.without_parameters(text, ()))
        shape: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(plain.columns().subquery()).limit(0)

        def read(connection: sa.Connection) -> tuple[Any, list[sa.types.TypeEngine[Any]]]:
            try:
                described = connection.execute(shape).cursor.description
            except sa.exc.DatabaseError as error:
                if error.connection_invalidated:
                    raise
                raise BadSQLError(f"select_statement: the database refused {text!r}: {error.orig}") from error
            if not described:
                raise BadSQLError(f"select_statement: {text!r} has no column.")
            return described, dialects.types_of_query(connection, plain, described)

        described, types = self.reading(read)
        columns = [sa.column(row[0], kind) for row, kind in zip(described, types, strict=True)]
        inner = plain.columns(*columns).subquery()
        return sa.select(*inner.columns)

    def has_relation(self, name: str, schema: str | None = None) -> bool:
        """Say whether a table or view of that name exists."""
        return self.reading(lambda connection: relations.exists(connection, name, schema))

    def create_view_as(self, view: str, query: sa.Select[Any], schema: str | None = None) -> None:
        """Save a query as a view, its values written in; an old table or view is replaced."""
        statement = sa.schema.CreateView(
            query, sa.sql.quoted_name(view, quote=True), schema=schema, temporary=relations.is_temporary(view)
        )
        with self.session(writes=True) as connection:
            relations.drop(connection, view, schema)
            connection.execute(statement)

    def create_table_as(self, table: str, query: sa.Select[Any], schema: str | None = None) -> None:
        """Write the rows of a query to a new table; an old one is replaced in the same transaction."""
        staging = f"{table}__staging"
        with self.session(writes=True) as connection:
            if relations.exists(connection, staging, schema):
                connection.execute(sa.schema.DropTable(relations.named(staging, schema)))
            # Rows first: the query may read the very table that is going to be replaced.
            target = relations.like(staging, query, schema)
            target.create(connection)
            connection.execute(target.insert().from_select([column.key for column in target.columns], query))
            relations.drop(connection, table, schema)
            prefix = f"{names.quotename(schema)}." if schema else ""
            connection.exec_driver_sql(
                f"ALTER TABLE {prefix}{names.quotename(staging)} RENAME TO {names.quotename(table)}"
            )

    def insert_query(self, table: str, query: sa.Select[Any], schema: str | None = None) -> None:
        """Add the rows of a query to an existing table, column by name."""
        target = self._reflect(table, schema)
        keys = [str(column.key) for column in query.selected_columns]
        names.require(keys, [str(column.key) for column in target.columns], "append")
        with self.session(writes=True) as connection:
            connection.execute(target.insert().from_select(keys, query))

    def create_from_pandas(
        self, data: pd.DataFrame, table: str, types: Mapping[str, str], schema: str | None = None
    ) -> DataFrame:
        """Write a pandas frame to a new table, ``types`` in HANA's words; replaces an old table."""
        columns = [sa.column(name, names.type_from_name(kind)) for name, kind in types.items()]
        target = relations.new_table(table, columns, schema)
        transfer.write_pandas(self, target, data, create=True)
        return self.table(table, schema)

    def create_from_parts(self, parts: Iterable[pd.DataFrame], table: str, types: Mapping[str, str]) -> DataFrame:
        """Write pandas frames, one after another as they come, to a new table; replaces an old table."""
        columns = [sa.column(name, names.type_from_name(kind)) for name, kind in types.items()]
        transfer.write_parts(self, relations.new_table(table, columns, None), parts)
        return self.table(table)

    # --- frames as values ---------------------------------------------------------------------

    def define(self, query: sa.Select[Any]) -> dict[str, Any]:
        """Return a query as JSON values; see :meth:`DataFrame.definition`."""
        return definitions.define(query, self.dialect)

    def frame_from_definition(self, definition: Mapping[str, Any]) -> DataFrame:
        """Make the frame that :meth:`DataFrame.definition` described.

        Raises
        ------
        BadSQLError
            The definition is not exactly one query.
        """
        query = definitions.query_of(definition, self.dialect)
        return DataFrame.from_query(self, query, definition.get("source_table"))
