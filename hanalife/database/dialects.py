"""The differences between databases. No other module asks which database it is."""

from __future__ import annotations

import functools
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from hanalife.clock import utc_now
from hanalife.database.chains import compile_deep_chains
from hanalife.database.direct import Direct
from hanalife.database.sqlite_functions import add_functions
from hanalife.database.sqlite_turns import BUSY_SECONDS, lock_for_writing, use_write_ahead_log
from hanalife.errors import InvalidArgumentError

#: Execution option of a connection that is going to write.
WRITES = "hanalife_writes"

#: Execution option of a writing connection: whether its transactions end only once the disk has them.
DURABLE = "hanalife_durable"

_MIGRATION_LOCK = (1212240969, 1)  # any constant pair, the same in every process


def create_engine(url: sa.URL) -> sa.Engine:
    """Return an engine set up so that many processes can read and write at once."""
    if url.get_backend_name() == "sqlite":
        engine = _sqlite_engine(url)
        compile_deep_chains(engine.dialect)
        return engine
    if url.get_backend_name() == "postgresql":
        engine = sa.create_engine(url, pool_pre_ping=True)
        event.listen(engine, "connect", _prepare_postgres)
        event.listen(engine, "begin", _begin_postgres)
        compile_deep_chains(engine.dialect)
        return engine
    raise InvalidArgumentError(
        f"url: {url.get_backend_name()!r} is not a supported database; "
        "use sqlite:///file.db or postgresql://user@host/database."
    )


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": BUSY_SECONDS}}
    if is_in_memory(url):
        # One connection for all, because each new one would be a new, empty database.
        options["poolclass"] = StaticPool
        options["connect_args"]["check_same_thread"] = False
    engine = sa.create_engine(url, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", functools.partial(_begin_sqlite, file_of(url)))
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    use_write_ahead_log(connection)
    connection.execute("PRAGMA foreign_keys=ON")
    add_functions(connection)


def _prepare_postgres(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # Moments are UTC everywhere: the present day and moments read from text as well.
    connection.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _begin_sqlite(database: Path | None, connection: sa.Connection) -> None:
    # A writer takes its lock at once; a reader never does. A read transaction that
    # turned into a write could only fail with "database is locked".
    options = connection.get_execution_options()
    if not options.get(WRITES):
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    cursor = connection.connection.cursor()
    # FULL: what was acknowledged survives power loss. NORMAL writes to the same log; the next FULL waits for both.
    cursor.execute(f"PRAGMA synchronous={'FULL' if options.get(DURABLE, True) else 'NORMAL'}")
    if not lock_for_writing(cursor, database):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails, as SQLAlchemy's errors do


def _begin_postgres(connection: sa.Connection) -> None:
    if not connection.get_execution_options().get(DURABLE, True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


def why_unwritable(error: sa.exc.DBAPIError) -> str | None:
    """Return the cause and the remedy if a database takes no writes at all, or None."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if code == sqlite3.SQLITE_FULL or state == "53100":
        return "the disk is full; free some space"
    if code == sqlite3.SQLITE_READONLY or state == "25006":
        return "it may only be read; give the right to write it, or connect to another"
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) or state.startswith("58"):
        return f"its disk or files fail ({error.orig}); check the disk, then run `hanalife doctor`"
    return None


def is_in_memory(url: sa.URL) -> bool:
    """Say whether the database of a URL dies with its connection."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def lock_for_migration(connection: sa.Connection) -> None:
    """Hold off all other processes that want to migrate, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(*_MIGRATION_LOCK)))
    # SQLite: the write transaction itself is the lock.


_BYTES_LOCK = 1212240970


def enter_bytes(connection: sa.Connection) -> None:
    """Hold off whoever deletes large bytes, until the transaction ends; many may enter at once."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_BYTES_LOCK)))
    # SQLite: the write transaction itself is the lock.


def clear_bytes(connection: sa.Connection, *, wait: bool) -> bool:
    """Hold off whoever writes large bytes, until the transaction ends; return whether that was possible."""
    if connection.dialect.name != "postgresql":
        return True
    if wait:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_BYTES_LOCK)))
        return True
    return bool(connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_BYTES_LOCK))).scalar_one())


def store_uncompressed(table: sa.TableClause, connection: sa.Connection, **_options: Any) -> None:
    """Have a table's bytes stored as they are; to try to compress a model costs more than it saves."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ALTER COLUMN data SET STORAGE EXTERNAL")


def insert_or_ignore(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> bool:
    """Insert a row unless its key exists; one statement, so nobody comes between. Return whether it went in."""
    # Without the option SQLAlchemy forgets how many rows an INSERT made on PostgreSQL.
    statement = _insert_or_ignore(connection.dialect.name, table).execution_options(preserve_rowcount=True)
    return connection.execute(statement, values).rowcount > 0


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert those rows whose key does not exist."""
    if rows:
        connection.execute(_insert_or_ignore(connection.dialect.name, table), rows)


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; where the primary key exists the other columns are changed to theirs."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table), rows)


def upsert_many(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Do the same with all columns in each row: a third of the time for a million."""
    if rows:
        _upsert_directly(connection.dialect.name, table).write_many(connection, rows)


@functools.cache
def _upsert_directly(dialect: str, table: sa.Table) -> Direct:
    return Direct(_upsert(dialect, table), table.columns.keys())


@functools.cache  # making a statement costs more than running it
def _insert_or_ignore(dialect: str, table: sa.Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing()


@functools.cache
def _upsert(dialect: str, table: sa.Table) -> Any:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changes = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def _insert(dialect: str, table: sa.Table) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return (postgresql if dialect == "postgresql" else sqlite).insert(table)


def change_marker(connection: sa.Connection) -> Callable[[], object] | None:
    """Return a cheap question whose answer differs once anybody else has written, or None."""
    if connection.dialect.name != "sqlite":
        return None
    cursor = connection.connection.cursor()  # the raw one: no transaction is wanted here
    return lambda: cursor.execute("PRAGMA data_version").fetchone()[0]


def write_marker(connection: sa.Connection) -> Callable[[], object]:
    """Return a cheap question whose answer differs once anybody has written, be it elsewhere on the server.

    The connection is for this question only from then on.
    """
    if connection.dialect.name == "postgresql":
        cursor = connection.execution_options(isolation_level="AUTOCOMMIT").connection.cursor()
        return lambda: cursor.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
    marker = change_marker(connection)
    assert marker is not None
    return marker


def text_order(column: sa.ColumnElement[Any], dialect: sa.Dialect) -> sa.ColumnElement[Any]:
    """Order text by its bytes on every backend, so that results repeat."""
    if dialect.name == "postgresql" and isinstance(column.type, sa.String):
        return sa.collate(column, "C")
    return column


def now(connection: sa.Connection) -> datetime:
    """Return the present moment by the database's clock, on which all hosts agree; UTC."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    return utc_now()


def database_user(connection: sa.Connection) -> str:
    """Return the database's user; an embedded database has none, so the system's."""
    if connection.dialect.name == "postgresql":
        return str(connection.execute(sa.select(sa.func.current_user())).scalar_one())
    return os.environ.get("USER") or os.environ.get("USERNAME") or "local"


def current_schema(connection: sa.Connection) -> str:
    """Return the name of the schema that unqualified tables are in."""
    if connection.dialect.name == "postgresql":
        return str(connection.execute(sa.select(sa.func.current_schema())).scalar_one())
    return "main"


def procedures(connection: sa.Connection, schema: str | None) -> list[str]:
    """Return the names of the stored procedures of a schema, in order; an embedded database has none."""
    if connection.dialect.name != "postgresql":
        return []
    routines = sa.table("routines", *map(sa.column, ("routine_name", "routine_schema", "routine_type")))
    routines.schema = "information_schema"
    found = sa.select(routines.c.routine_name).where(
        routines.c.routine_type == "PROCEDURE",
        routines.c.routine_schema == (sa.func.current_schema() if schema is None else schema),
    )
    return sorted(connection.execute(found).scalars())


def types_of_query(
    connection: sa.Connection, text: sa.TextClause, described: Sequence[Sequence[Any]]
) -> list[sa.types.TypeEngine[Any]]:
    """Return the types of a query's columns; ``described`` is the driver's description of them."""
    if connection.dialect.name == "postgresql":
        return [_POSTGRES_TYPES.get(row[1], sa.types.NullType()) for row in described]
    return _sqlite_types(connection, text, [row[0] for row in described])


_POSTGRES_TYPES: dict[object, sa.types.TypeEngine[Any]] = {
    16: sa.Boolean(),
    17: sa.LargeBinary(),
    20: sa.BigInteger(),
    21: sa.SmallInteger(),
    23: sa.Integer(),
    25: sa.String(),
    114: sa.JSON(),
    700: sa.Double(),
    701: sa.Double(),
    1042: sa.String(),
    1043: sa.String(),
    1082: sa.Date(),
    1083: sa.Time(),
    1114: sa.DateTime(),
    1184: sa.DateTime(timezone=True),
    1186: sa.Interval(),
    1700: sa.Numeric(),
    2950: sa.Uuid(),
    3802: sa.JSON(),
}

# Rows of a query that tell the types of its computed columns.
_SQLITE_SAMPLE = 1_000


def _sqlite_types(
    connection: sa.Connection, text: sa.TextClause, names: Sequence[str]
) -> list[sa.types.TypeEngine[Any]]:
    """Return declared types, as a view over the query shows them; of computed columns, what values show."""
    view = sa.table("#hl_shape")
    connection.exec_driver_sql(f'CREATE TEMPORARY VIEW "#hl_shape" AS {text.compile(dialect=connection.dialect)}')
    try:
        declared = [column["type"] for column in sa.inspect(connection).get_columns("#hl_shape")]
        if any(isinstance(kind, sa.types.NullType) for kind in declared):
            sample = connection.execute(sa.select(sa.text("*")).select_from(view).limit(_SQLITE_SAMPLE)).all()
            for place, name in enumerate(names):
                if isinstance(declared[place], sa.types.NullType):
                    values = [row[place] for row in sample if row[place] is not None]
                    column: sa.ColumnClause[Any] = sa.column(name)
                    later = sa.select(column).select_from(view).where(column.is_not(None)).limit(1)
                    declared[place] = _sqlite_type(values or connection.execute(later).scalars().all())
    finally:
        connection.exec_driver_sql('DROP VIEW "#hl_shape"')
    return declared


def _sqlite_type(values: Sequence[Any]) -> sa.types.TypeEngine[Any]:
    kinds = {type(value) for value in values}
    types: tuple[tuple[set[type], sa.types.TypeEngine[Any]], ...] = (
        ({int}, sa.BigInteger()),
        ({int, float}, sa.Double()),
        ({str}, sa.String()),
        ({bytes}, sa.LargeBinary()),
    )
    return next((kind for allowed, kind in types if kinds and kinds <= allowed), sa.types.NullType())


def with_named_parameters(dialect: sa.Dialect) -> sa.Dialect:
    """Return a dialect that writes ``:name`` for each value, as :func:`sqlalchemy.text` reads it."""
    from sqlalchemy.dialects.postgresql.base import PGDialect
    from sqlalchemy.dialects.sqlite.base import SQLiteDialect

    # The base classes: a driver's own would add a cast to each value, which hides its name.
    make: Any = PGDialect if dialect.name == "postgresql" else SQLiteDialect
    plain: sa.Dialect = make(paramstyle="named")
    return compile_deep_chains(plain)


def file_of(url: sa.URL) -> Path | None:
    """Return the file of an embedded database, or None."""
    if url.get_backend_name() != "sqlite" or is_in_memory(url):
        return None
    return Path(url.database or "").absolute()


#: The package that reads and writes a database in columns, by the name in its URL.
COLUMNAR_DRIVERS = {"postgresql": "adbc_driver_postgresql"}

#: What a columnar connection starts with, so that it answers as the others do.
COLUMNAR_SETUP = "SET TIME ZONE 'UTC'"


def with_numbered_parameters() -> sa.Dialect:
    """Return PostgreSQL's dialect with ``$1`` for the first value, and its type, as the server itself reads it."""
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    numbered: sa.Dialect = PGDialect_psycopg(  # type: ignore[no-untyped-call]
        paramstyle="numeric_dollar"
    )
    return compile_deep_chains(numbered)


def has_schemas(dialect: sa.Dialect) -> bool:
    """Say whether a database has a server with schemas, or is one file."""
    return dialect.name == "postgresql"


def can_change_keys(dialect: sa.Dialect) -> bool:
    """Say whether the key of an existing table can be changed."""
    return dialect.name == "postgresql"


def connection_id(connection: sa.Connection) -> int:
    """Return the server's number of a connection; of an embedded database, that of the process."""
    if connection.dialect.name == "postgresql":
        return int(connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one())
    return os.getpid()


def statements(text: str, dialect: sa.Dialect) -> list[str]:
    """Cut a script into what one call of the driver can run; PostgreSQL runs a whole one."""
    if dialect.name == "postgresql":
        return [text] if text.strip() else []
    return single_statements(text)


def single_statements(text: str) -> list[str]:
    """Cut a script into single statements, each of which may have parameters; a body in dollars is left whole."""
    if re.search(r"\$\w*\$", text):
        return [text]
    found, rest = [], ""
    for part in text.split(";"):
        rest += part + ";"
        if sqlite3.complete_statement(rest):  # knows quotes, comments and the bodies of triggers
            found.append(rest)
            rest = ""
    return [statement for statement in (*found, rest.removesuffix(";")) if statement.strip(" \n\t\r;")]


def table_sizes(connection: sa.Connection) -> dict[str, int]:
    """Return the bytes of each table with its indexes; empty where the database does not tell them."""
    if connection.dialect.name == "postgresql":
        query = (
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND left(relname, 3) = 'hl_'"
        )
    elif connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'").first():
        query = "SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
    else:
        return {}
    return {name: int(size) for name, size in connection.exec_driver_sql(query)}


def give_back_space(engine: sa.Engine) -> None:
    """Give pages that are free back to the file system; PostgreSQL uses them again by itself."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()  # not in a transaction
    try:
        connection.cursor().execute("VACUUM")
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def create_reading_engine(url: sa.URL) -> sa.Engine:
    """Return an engine for the database of another program, which is left as it is."""
    file = file_of(url)
    if file is not None:
        return sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True))
    return sa.create_engine(url)
