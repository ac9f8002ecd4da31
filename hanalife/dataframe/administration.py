"""What a connection does with tables, views, keys and schemas, beyond reading and writing rows."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe import arguments, relations
from hanalife.dataframe import columns as names
from hanalife.dataframe.hana_only import refused
from hanalife.dataframe.session import Session
from hanalife.errors import BadSQLError, InvalidArgumentError, NotSupportedError

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

# Words of statements after which the session may differ from other connections to the database.
_SETTING = re.compile(
    r"\b(SET|RESET|SET_CONFIG|ATTACH|DETACH|PRAGMA|TEMP|TEMPORARY|LOAD|DISCARD|DO|CALL)\b", re.IGNORECASE
)

_TABLE_TYPES = ("COLUMN", "ROW", "TEMPORARY")
_DROP_OPTIONS = (None, "CASCADE", "RESTRICT")


class Administration(Session):
    """Statements on the things that a database holds."""

    def execute_sql(self, sql: str) -> None:
        """Run statements in the SQL of this database: all of them take effect, or none.

        Parameters
        ----------
        sql : str
            One statement or several with semicolons, or the path of a ``.sql`` file. Whatever
            the connection's user may do they may do: never pass text that others wrote.

        Raises
        ------
        BadSQLError
            The database refuses a statement; the message shows which.
        """
        text = Path(sql).read_text("utf-8") if sql.lower().endswith(".sql") and "\n" not in sql else sql
        with self.session(writes=True) as connection:
            for statement in dialects.statements(text, self.dialect):
                try:
                    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
                except sa.exc.DatabaseError as error:
                    if error.connection_invalidated:
                        raise
                    raise BadSQLError(f"sql: the database refused {statement.strip()[:200]!r}: {error.orig}") from error
        if _SETTING.search(text):
            self._is_altered = True

    # --- schemas ------------------------------------------------------------------------------

    def get_current_schema(self) -> str:
        """Return the schema that unqualified tables are in."""
        return self.reading(dialects.current_schema)

    def create_schema(self, schema: str) -> None:
        """Create a schema.

        Raises
        ------
        NotSupportedError
            The database has no schemas (SQLite).
        """
        self._require(dialects.has_schemas(self.dialect), "create_schema", "begin the tables' names with a prefix")
        with self.session(writes=True) as connection:
            connection.execute(sa.schema.CreateSchema(sa.sql.quoted_name(schema, quote=True), if_not_exists=True))

    def has_schema(self, schema: str) -> bool:
        """Say whether a schema exists."""
        return schema in self._schemas()

    def get_schemas(self) -> pd.DataFrame:
        """Return the schemas of the database, in one column ``SCHEMA_NAME``."""
        return _list("SCHEMA_NAME", self._schemas())

    def _schemas(self) -> list[str]:
        return self.reading(lambda connection: sorted(sa.inspect(connection).get_schema_names()))

    # --- tables and views ---------------------------------------------------------------------

    def has_table(self, table: str, schema: str | None = None) -> bool:
        """Say whether a table exists; views are none. A name with ``#`` is looked up in this session."""
        return self.reading(lambda connection: relations.is_table(connection, table, schema))

    def get_tables(self, schema: str | None = None) -> pd.DataFrame:
        """Return the tables of a schema, in one column ``TABLE_NAME``."""
        found = self.reading(lambda connection: sorted(sa.inspect(connection).get_table_names(schema)))
        return _list("TABLE_NAME", found)

    def get_temporary_tables(
        self,
        schema: str | None = None,  # noqa: ARG002
        connection_id: int | None = None,
        list_other_connections: bool = False,
    ) -> pd.DataFrame:
        """Return this session's temporary tables, in columns ``TABLE_NAME`` and ``CONNECTION_ID``.

        Raises
        ------
        NotSupportedError
            Those of other connections are asked for; no other database shows them.
        """
        own = self.get_connection_id()
        if list_other_connections or connection_id not in (None, own):
            raise NotSupportedError("get_temporary_tables: other connections' tables are visible in SAP HANA only.")
        with self.session() as connection:
            found = _list("TABLE_NAME", sorted(sa.inspect(connection).get_temp_table_names()))
        return found.assign(CONNECTION_ID=own)

    def clean_up_temporary_tables(self) -> None:
        """Drop all temporary tables of this session."""
        for table in self.get_temporary_tables()["TABLE_NAME"]:
            self.drop_table(table)

    def create_table(
        self,
        table: str,
        table_structure: Mapping[str, str],
        schema: str | None = None,
        table_type: str = "COLUMN",
        prop: str = "",
        data_lake: bool = False,
        data_lake_container: str = "",  # noqa: ARG002
    ) -> None:
        """Create an empty table.

        Parameters
        ----------
        table : str
            Its name; one that begins with ``#`` lives as long as the connection.
        table_structure : mapping of str to str
            The HANA type of each column, such as ``{"ID": "INT", "NAME": "NVARCHAR(20)"}``.
        schema : str, optional
            Default: the current schema.
        table_type : {'COLUMN', 'ROW', 'TEMPORARY'}
            A temporary table's name must begin with ``#``; else it makes no difference.
        prop, data_lake, data_lake_container
            Of SAP HANA only.

        Raises
        ------
        InvalidArgumentError
            The table exists, a type is unknown, or there is no column.
        """
        if data_lake or prop:
            raise NotSupportedError("create_table(prop=, data_lake=): work inside SAP HANA only; leave them out.")
        if table_type.upper() not in _TABLE_TYPES:
            raise InvalidArgumentError(f"table_type: {table_type!r} is not one of {', '.join(_TABLE_TYPES)}.")
        if table_type.upper() == "TEMPORARY" and not relations.is_temporary(table):
            raise InvalidArgumentError(f"table: a temporary table's name begins with '#'; use {'#' + table!r}.")
        if not table_structure:
            raise InvalidArgumentError("table_structure: name at least one column and its type.")
        columns = [sa.column(name, names.type_from_name(kind)) for name, kind in table_structure.items()]
        with self.session(writes=True) as connection:
            if relations.exists(connection, table, schema):
                raise InvalidArgumentError(f"table: {table!r} exists; drop_table({table!r}) first, or choose a name.")
            relations.new_table(table, columns, schema).create(connection)

    def drop_table(
        self,
        table: str,
        schema: str | None = None,
        data_lake: bool = False,
        data_lake_container: str = "",  # noqa: ARG002
        drop_option: str | None = None,
    ) -> None:
        """Drop a table; dropping what does not exist is only logged.

        Parameters
        ----------
        drop_option : {None, 'CASCADE', 'RESTRICT'}
            ``'CASCADE'`` drops the views over it too, where the database knows them (PostgreSQL).
        """
        if data_lake:
            raise NotSupportedError("drop_table(data_lake=True): works inside SAP HANA only.")
        self._drop("table", table, schema, drop_option)

    def get_procedures(self, schema: str | None = None) -> pd.DataFrame:
        """Return the procedures of a schema, in one column ``PROCEDURE_NAME``; SQLite has none."""
        found = self.reading(lambda connection: dialects.procedures(connection, schema))
        return _list("PROCEDURE_NAME", found)

    def drop_procedure(self, proc: str, schema: str | None = None, drop_option: str | None = None) -> None:
        """Drop a procedure; dropping what does not exist is only logged."""
        if proc not in set(self.get_procedures(schema)["PROCEDURE_NAME"]):
            logger.info("Procedure %r does not exist; nothing was dropped.", proc)
            return
        option = f" {arguments.choice(drop_option, ('CASCADE', 'RESTRICT'), 'drop_option')}" if drop_option else ""
        with self.session(writes=True) as connection:
            place = connection.dialect.identifier_preparer.format_table(relations.named(proc, schema))
            relations.run_ddl(connection, f"DROP PROCEDURE {place}{option}")

    def drop_view(self, view: str, schema: str | None = None, drop_option: str | None = None) -> None:
        """Drop a view; dropping what does not exist is only logged."""
        self._drop("view", view, schema, drop_option)

    def _drop(self, kind: str, name: str, schema: str | None, option: str | None) -> None:
        if option not in _DROP_OPTIONS:
            raise InvalidArgumentError(f"drop_option: {option!r} is not one of None, 'CASCADE', 'RESTRICT'.")
        with self.session(writes=True) as connection:
            if not relations.exists(connection, name, schema):
                logger.info("%s %r does not exist; nothing was dropped.", kind.capitalize(), name)
                return
            try:
                self._drop_existing(connection, kind, name, schema, cascade=option == "CASCADE")
            except sa.exc.DatabaseError as error:
                if error.connection_invalidated:
                    raise
                raise InvalidArgumentError(
                    f"{kind}: {name!r} cannot be dropped: {str(error.orig).strip()}. "
                    "drop_option='CASCADE' drops what depends on it."
                ) from error

    def _drop_existing(
        self, connection: sa.Connection, kind: str, name: str, schema: str | None, *, cascade: bool
    ) -> None:
        old = relations.named(name, schema)
        statement = sa.schema.DropTable(old) if kind == "table" else sa.schema.DropView(old)
        suffix = " CASCADE" if cascade and dialects.has_schemas(self.dialect) else ""
        relations.run_ddl(connection, str(statement.compile(dialect=self.dialect)) + suffix)

    def truncate_table(self, table: str, schema: str | None = None) -> None:
        """Delete all rows of a table; the table stays."""
        with self.session(writes=True) as connection:
            self._require_table(connection, table, schema)
            connection.execute(relations.named(table, schema).delete())

    # --- keys ---------------------------------------------------------------------------------

    def add_primary_key(self, table: str, columns: str | Sequence[str], schema: str | None = None) -> None:
        """Make some columns the primary key of a table.

        Raises
        ------
        NotSupportedError
            The database cannot change the key of a table (SQLite).
        InvalidArgumentError
            The values are not unique or there is a NULL.
        """
        self._require_changes("add_primary_key")
        keys = [columns] if isinstance(columns, str) else list(columns)
        with self.session(writes=True) as connection:
            self._require_table(connection, table, schema)
            present = [str(column["name"]) for column in sa.inspect(connection).get_columns(table, schema)]
            names.require(keys, present, "columns")
            listed = ", ".join(map(names.quotename, keys))
            self._alter(connection, table, schema, f"ADD PRIMARY KEY ({listed})")

    def drop_primary_key(self, table: str, schema: str | None = None) -> None:
        """Take the primary key from a table; its columns stay. Without a key this is only logged."""
        self._require_changes("drop_primary_key")
        with self.session(writes=True) as connection:
            self._require_table(connection, table, schema)
            key = sa.inspect(connection).get_pk_constraint(table, schema)["name"]
            if key is None:
                logger.info("Table %r has no primary key; nothing was dropped.", table)
            else:
                self._alter(connection, table, schema, f"DROP CONSTRAINT {names.quotename(key)}")

    def add_auto_incremented_key(
        self, table: str, column: str, schema: str | None = None, starting_point: int = 1, auto_increment: int = 1
    ) -> None:
        """Add a BIGINT column that numbers the rows, old and new ones.

        Parameters
        ----------
        starting_point, auto_increment : int, default 1
            First number and distance to the next.
        """
        self._require_changes("add_auto_incremented_key")
        first, step = int(starting_point), int(auto_increment)
        with self.session(writes=True) as connection:
            self._require_table(connection, table, schema)
            identity = f"BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH {first} INCREMENT BY {step})"
            self._alter(connection, table, schema, f"ADD COLUMN {names.quotename(column)} {identity}")

    def _alter(self, connection: sa.Connection, table: str, schema: str | None, change: str) -> None:
        place = connection.dialect.identifier_preparer.format_table(relations.named(table, schema))
        try:
            relations.run_ddl(connection, f"ALTER TABLE {place} {change}")
        except (sa.exc.IntegrityError, sa.exc.ProgrammingError) as error:
            raise InvalidArgumentError(f"table {table!r} cannot be changed: {str(error.orig).strip()}.") from error

    # --- the session --------------------------------------------------------------------------

    def get_connection_id(self) -> int:
        """Return the database's number of this session; of an embedded database, of this process."""
        return self.reading(dialects.connection_id)

    def cancel_session_process(self, connection_id: int | None = None) -> None:
        """Cancel the statement that a session runs, from another connection; default: this session's."""
        self._require(
            dialects.has_schemas(self.dialect), "cancel_session_process", "an embedded database has no server to ask"
        )
        number = connection_id if connection_id is not None else self.get_connection_id()
        with self.database.connect() as connection:
            connection.execute(sa.select(sa.func.pg_cancel_backend(number)))

    def restart_session(self, connection_id: int | None = None) -> None:
        """Close this session and open a new one; its temporary tables and settings are gone.

        Raises
        ------
        NotSupportedError
            Another session's number is given.
        """
        if connection_id not in (None, self.get_connection_id()):
            raise NotSupportedError("restart_session: only this connection's own session; leave connection_id out.")
        self.clean_up_temporary_tables()
        self._reopen()

    def hana_version(self) -> str:
        """Return ``'0.00 (<database and version>)'``: not SAP HANA of any version, but this."""
        with self.session() as connection:
            version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return f"0.00 ({self.dialect.name} {version})"

    def hana_major_version(self) -> str:
        """Return ``'0'``: this is not SAP HANA of any version."""
        return self.hana_version().split(".")[0]

    def is_cloud_version(self) -> bool:
        """Say whether this is SAP HANA Cloud: it is not."""
        return False

    def to_sqlalchemy(self, **kwargs: Any) -> sa.Engine:
        """Return a SQLAlchemy engine for the same database: hanalife's own, or a new one with options."""
        return sa.create_engine(self.database.url, **kwargs) if kwargs else self.database.engine

    # --- SAP HANA only ------------------------------------------------------------------------

    enable_abap_sql = refused("enable_abap_sql", "write the database's own SQL")
    disable_abap_sql = refused("disable_abap_sql", "nothing is to be switched off")
    create_pse = refused("create_pse", "give certificates in the URL, such as ?sslrootcert=")
    create_certificate = refused("create_certificate", "give certificates in the URL, such as ?sslrootcert=")
    add_certificate_to_pse = refused("add_certificate_to_pse", "give certificates in the URL, such as ?sslrootcert=")
    create_remote_source = refused("create_remote_source", "open a second ConnectionContext and copy the rows")
    create_virtual_table = refused("create_virtual_table", "open a second ConnectionContext and copy the rows")
    copy_to_data_lake = refused("copy_to_data_lake", "use save()")
    explain_plan_statement = refused("explain_plan_statement", "use sql('EXPLAIN ...')")
    upsert_streams_data = refused("upsert_streams_data", "use create_dataframe_from_pandas(..., upsert=True)")
    update_streams_data = refused("update_streams_data", "use create_dataframe_from_pandas(..., upsert=True)")
    create_vector_index = refused("create_vector_index", "use execute_sql() with the database's own index")
    drop_vector_index = refused("drop_vector_index", "use execute_sql('DROP INDEX ...')")
    embed_query = refused("embed_query", "compute the embedding in Python")

    # --- what must hold -----------------------------------------------------------------------

    def _require(self, able: bool, method: str, remedy: str) -> None:
        if not able:
            raise NotSupportedError(f"{method}: not possible on {self.dialect.name}; {remedy}.")

    def _require_changes(self, method: str) -> None:
        self._require(
            dialects.can_change_keys(self.dialect),
            method,
            "make the table with its key: create_dataframe_from_pandas(..., primary_key=...)",
        )

    def _require_table(self, connection: sa.Connection, table: str, schema: str | None) -> None:
        if not relations.exists(connection, table, schema):
            raise relations.missing(connection, table, schema)


def _list(column: str, values: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({column: values}, dtype="str")
