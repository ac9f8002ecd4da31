"""The connection: one database, one session for frames, a pool for the store."""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.database.engine import Database, parse_url
from hanalife.dataframe import columns as names
from hanalife.dataframe import expressions, transfer
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import BadSQLError, InvalidArgumentError, NotSupportedError, TableNotFoundError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

# What sqlalchemy.text() takes for a parameter.
_COLON_WORD = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")

URL_VARIABLE = "HANALIFE_URL"
DEFAULT_URL = "sqlite:///hanalife.db"


class ConnectionContext:
    """A connection to a database that holds data, models, runs and schedules.

    Parameters
    ----------
    address : str, default ''
        A database URL: ``sqlite:///life.db`` or ``postgresql://user:password@host/database``.
        Empty: the environment variable ``HANALIFE_URL``, else ``hanalife.db`` in the working
        directory.
    port, user, password
        The four-argument form of SAP HANA; not supported yet.

    Raises
    ------
    InvalidArgumentError
        The address is not a URL of a supported database.
    UnreachableDatabaseError
        The database cannot be opened.

    Examples
    --------
    >>> from hanalife import ConnectionContext
    >>> with ConnectionContext("sqlite://") as conn:
    ...     conn.has_table("NOTHING")
    False
    """

    def __init__(self, address: str = "", port: int = 0, user: str = "", password: str | None = None) -> None:
        if port or user or password:
            raise NotSupportedError(
                "ConnectionContext(address, port, user, password): SAP HANA is not supported yet; "
                "use ConnectionContext('sqlite:///life.db') or a postgresql:// URL."
            )
        self.database = Database(_absolute(parse_url(address or os.environ.get(URL_VARIABLE) or DEFAULT_URL)))
        self._lock = threading.RLock()
        self._session: sa.Connection | None = self.database.connect()

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ConnectionContext({self.database.label!r})"

    @property
    def dialect(self) -> sa.Dialect:
        """The SQL dialect of the database."""
        return self.database.engine.dialect

    @property
    def connection(self) -> Any:
        """The raw DBAPI connection of the session."""
        with self._lock:
            return self._open_session().connection.driver_connection

    def close(self) -> None:
        """Close the session and the pool; temporary tables are gone."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None
            self.database.close()

    def copy(self) -> ConnectionContext:
        """Return a new connection to the same database."""
        return ConnectionContext(self.database.url.render_as_string(hide_password=False))

    def _open_session(self) -> sa.Connection:
        if self._session is None:
            raise InvalidArgumentError("The connection is closed; open a new ConnectionContext.")
        return self._session

    @property
    def columnar(self) -> Pool | None:
        """The columnar connections to the database, or None where its driver has none."""
        from hanalife.dataframe.transfer import columnar

        with self._lock:
            if not self._columnar:
                self._columnar = [columnar.pool_for(self.database.url)]
            return self._columnar[0]

    def needs_session(self, query: sa.ClauseElement) -> bool:
        """Say whether only the session can answer a query.

        It can where a transaction is open, where a temporary table is named, and where the
        caller may have set something on the session that other connections do not have.
        """
        with self._lock:
            if self._is_altered or self._open_session().in_transaction() or dialects.is_in_memory(self.database.url):
                return True
        return '"#' in str(query.compile(dialect=self.dialect))

    def read_again_if_dropped(self, read: Callable[[], T]) -> T:
        """Return what a reading gives; if the connection was dropped meanwhile, read once more."""
        try:
            return read()
        except Exception as error:
            if self._open_session().in_transaction() or not _is_dropped(error):
                raise
            logger.warning("The connection to %s was dropped; reading once more.", self.database.label)
            return read()

    @contextmanager
    def session(self, *, writes: bool = False) -> Iterator[sa.Connection]:
        """Give the session's connection in one transaction; an inner call joins the outer one.

        The session is where temporary tables live. One thread at a time has it.
        """
        with self._lock:
            connection = self._open_session()
            if connection.in_transaction():
                yield connection
            else:
                connection.execution_options(**{dialects.WRITES: writes})
                with connection.begin():
                    yield connection

    # --- tables -------------------------------------------------------------------------------

    def sql(self, sql: str) -> DataFrame:
        """Return a frame over one SELECT statement in the SQL of this database."""
        return DataFrame(self, sql)

    def table(self, table: str, schema: str | None = None) -> DataFrame:
        """Return a frame over all rows of a table.

        Raises
        ------
        TableNotFoundError
            There is no such table or view.
        """
        reflected = self._reflect(table, schema)
        source = {"SCHEMA_NAME": schema or self.get_current_schema(), "TABLE_NAME": table}
        return DataFrame.from_table(self, reflected, source)

    def has_table(self, table: str, schema: str | None = None) -> bool:
        """Say whether a table or view exists; a name with ``#`` is looked up in this session."""
        with self.session() as connection:
            return _exists(connection, table, schema)

    def drop_table(self, table: str, schema: str | None = None) -> None:
        """Drop a table; dropping what does not exist is only logged."""
        with self.session(writes=True) as connection:
            if _exists(connection, table, schema):
                connection.execute(sa.schema.DropTable(_named(table, schema)))
            else:
                logger.info("Table %r does not exist; nothing was dropped.", table)

    def get_current_schema(self) -> str:
        """Return the schema that unqualified tables are in."""
        return dialects.default_schema(self.dialect)

    def get_tables(self, schema: str | None = None) -> pd.DataFrame:
        """Return the tables of a schema, in one column ``TABLE_NAME``."""
        import pandas as pd

        with self.session() as connection:
            return pd.DataFrame({"TABLE_NAME": sorted(sa.inspect(connection).get_table_names(schema))})

    def _reflect(self, table: str, schema: str | None) -> sa.Table:
        with self.session() as connection:
            if not _exists(connection, table, schema):
                near = ", ".join(
                    sorted(
                        name for name in sa.inspect(connection).get_table_names(schema) if not name.startswith("hl_")
                    )
                )
                raise TableNotFoundError(f"table: {table!r} does not exist; the tables are: {near or 'none'}.")
            return _named(table, schema, autoload_with=connection)

    # --- what frames ask for ------------------------------------------------------------------

    def text_order(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Order text by its bytes, the same on every backend."""
        return dialects.text_order(column, self.dialect)

    def describe_query(self, text: str) -> sa.Select[Any]:
        """Wrap the text of one query so that its columns are known."""
        plain = sa.text(_without_parameters(text, ()))
        shape: sa.Select[Any] = sa.select(sa.literal_column("*")).select_from(plain.columns().subquery()).limit(0)
        try:
            with self.session() as connection:
                described = connection.execute(shape).cursor.description
        except sa.exc.DatabaseError as error:
            raise BadSQLError(f"select_statement: the database refused {text!r}: {error.orig}") from error
        if not described:
            raise BadSQLError(f"select_statement: {text!r} has no column.")
        columns = [sa.column(row[0], dialects.type_of_code(row[1], self.dialect)) for row in described]
        inner = plain.columns(*columns).subquery()
        return sa.select(*inner.columns)

    def has_relation(self, name: str, schema: str | None = None) -> bool:
        """Say whether a table or view of that name exists."""
        with self.session() as connection:
            return _exists(connection, name, schema)

    def create_view_as(self, view: str, query: sa.Select[Any], schema: str | None = None) -> None:
        """Save a query as a view, its values written in; an old table or view is replaced."""
        statement = sa.schema.CreateView(
            query, sa.sql.quoted_name(view, quote=True), schema=schema, temporary=_is_temporary(view)
        )
        with self.session(writes=True) as connection:
            _drop(connection, view, schema)
            connection.execute(statement)

    def create_table_as(self, table: str, query: sa.Select[Any], schema: str | None = None) -> None:
        """Write the rows of a query to a new table; an old one is replaced in the same transaction."""
        staging = f"{table}__staging"
        with self.session(writes=True) as connection:
            if _exists(connection, staging, schema):
                connection.execute(sa.schema.DropTable(_named(staging, schema)))
            # Rows first: the query may read the very table that is going to be replaced.
            target = _like(staging, query, schema)
            target.create(connection)
            connection.execute(target.insert().from_select([column.key for column in target.columns], query))
            _drop(connection, table, schema)
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
        target = _new_table(table, columns, schema)
        transfer.write_pandas(self, target, data, create=True)
        return self.table(table, schema)

    # --- frames as values ---------------------------------------------------------------------

    def define(self, query: sa.Select[Any]) -> dict[str, Any]:
        """Return a query as JSON values; see :meth:`DataFrame.definition`."""
        named = dialects.with_named_parameters(self.dialect)
        compiled: Any = query.compile(dialect=named, compile_kwargs={"render_postcompile": True})
        types = {name: names.name_of_type(bind.type) for bind, name in compiled.bind_names.items()}
        return {
            "sql": _without_parameters(str(compiled), compiled.params),
            "parameters": {
                name: [types.get(name, _type_of(value)), _to_json(value)] for name, value in compiled.params.items()
            },
            "columns": [[spec.name, spec.type] for spec in names.specs(list(query.selected_columns))],
        }

    def frame_from_definition(self, definition: Mapping[str, Any]) -> DataFrame:
        """Make the frame that :meth:`DataFrame.definition` described.

        Raises
        ------
        BadSQLError
            The definition is not exactly one query.
        """
        text = expressions.one_query(definition["sql"], self.dialect, "definition")
        columns = [sa.column(name, names.type_from_name(kind)) for name, kind in definition["columns"]]
        values = [
            sa.bindparam(name, _from_json(value), names.type_from_name(kind))
            for name, (kind, value) in definition["parameters"].items()
        ]
        inner = sa.text(text).bindparams(*values).columns(*columns).subquery()
        return DataFrame.from_query(self, sa.select(*inner.columns), definition.get("source_table"))


def _absolute(url: sa.URL) -> sa.URL:
    # Jobs run in processes with another working directory.
    if url.get_backend_name() != "sqlite" or dialects.is_in_memory(url):
        return url
    return url.set(database=str(Path(url.database or "").absolute()))


def _is_temporary(table: str) -> bool:
    return table.startswith("#")


def _named(table: str, schema: str | None, **options: Any) -> sa.Table:
    return sa.Table(sa.sql.quoted_name(table, quote=True), sa.MetaData(), schema=schema, **options)


def _new_table(table: str, columns: list[sa.ColumnClause[Any]], schema: str | None) -> sa.Table:
    prefixes = ["TEMPORARY"] if _is_temporary(table) else []
    return sa.Table(
        sa.sql.quoted_name(table, quote=True),
        sa.MetaData(),
        *(sa.Column(sa.sql.quoted_name(str(column.key), quote=True), column.type) for column in columns),
        schema=schema,
        prefixes=prefixes,
    )


def _like(table: str, query: sa.Select[Any], schema: str | None) -> sa.Table:
    return _new_table(table, [sa.column(str(column.key), column.type) for column in query.selected_columns], schema)


def _exists(connection: sa.Connection, table: str, schema: str | None) -> bool:
    inspector = sa.inspect(connection)
    if _is_temporary(table):
        return table in (*inspector.get_temp_table_names(), *inspector.get_temp_view_names())
    return inspector.has_table(table, schema)


def _drop(connection: sa.Connection, name: str, schema: str | None) -> None:
    """Drop a table or view if there is one."""
    inspector = sa.inspect(connection)
    views = inspector.get_temp_view_names() if _is_temporary(name) else inspector.get_view_names(schema)
    old = _named(name, schema)
    if name in views:
        connection.execute(sa.schema.DropView(old))
    elif _exists(connection, name, schema):
        connection.execute(sa.schema.DropTable(old))


def _without_parameters(text: str, parameters: Iterable[str]) -> str:
    """Escape each ``:word`` in SQL text that is not one of the parameters but part of a name or a value."""
    known = set(parameters)
    return _COLON_WORD.sub(lambda match: match[0] if match[1] in known else "\\" + match[0], text)


def _type_of(value: object) -> str:
    """Return the type of a value of an IN list, which SQLAlchemy names only when it is sent."""
    kinds = ((bool, "BOOLEAN"), (int, "BIGINT"), (float, "DOUBLE"), (dt.datetime, "TIMESTAMP"), (dt.date, "DATE"))
    return next((kind for cls, kind in kinds if isinstance(value, cls)), "NVARCHAR")


def _to_json(value: object) -> Any:
    if isinstance(value, dt.datetime):
        return {"timestamp": value.isoformat()}
    if isinstance(value, dt.date):
        return {"date": value.isoformat()}
    return value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict) and "timestamp" in value:
        return dt.datetime.fromisoformat(value["timestamp"])
    if isinstance(value, dict) and "date" in value:
        return dt.date.fromisoformat(value["date"])
    return value
