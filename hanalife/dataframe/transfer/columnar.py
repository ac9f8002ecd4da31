"""PostgreSQL in columns, through ADBC where it is installed.

ADBC has connections of its own, which see what is committed and nothing of the session.
A query without values is read by COPY. A query with values declares a server-side cursor: the
values are bound by the server as the cursor's parameters, never written into the text, and
the rows come in portions, so that memory stays bounded.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe.transfer import types
from hanalife.errors import UnreachableDatabaseError

# Large enough to cost nothing, small enough to be forgotten soon.
_PORTION_BYTES = 4 << 20
_LEAST_PORTION_BYTES = 1 << 20
_PORTION_ROWS = 20_000

_DROPPED = ("server closed the connection", "terminating connection", "no connection to the server")

_BINDABLE = (type(None), bool, int, float, str, bytes, Decimal, date, datetime, time)


def pool_for(url: sa.URL, record: Callable[[str], None]) -> Pool | None:
    """Return a pool for the database of a URL, or None if it has no columnar driver here."""
    if url.get_backend_name() not in dialects.COLUMNAR_DRIVERS:
        return None
    driver = dialects.COLUMNAR_DRIVERS[url.get_backend_name()]
    return Pool(url, driver, record) if importlib.util.find_spec(driver) else None


class Pool:
    """Columnar connections to one database, kept for the next use: opening one reads the catalogue."""

    def __init__(self, url: sa.URL, driver: str, record: Callable[[str], None]) -> None:
        self.record = record  #: takes note of each query that is sent
        self._uri = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
        self._dbapi = importlib.import_module(f"{driver}.dbapi")
        self._idle: list[Any] = []

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Give a connection in a transaction, which is rolled back unless the borrower commits it."""
        connection = self._idle.pop() if self._idle else self._open()
        try:
            yield connection
            connection.rollback()
        except BaseException as error:
            # It may be broken, or in the middle of a result; if the server went, so are the others.
            connection.close()
            self.close()
            if isinstance(error, self._dbapi.Error) or "[libpq]" in str(error):
                raise _in_words_of_sqlalchemy(error) from error
            raise
        self._idle.append(connection)

    def _open(self) -> Any:
        try:
            connection = self._dbapi.connect(self._uri)
        except self._dbapi.Error as error:
            raise UnreachableDatabaseError("The database cannot be opened; check that the server runs.") from error
        with connection.cursor() as cursor:
            cursor.execute(dialects.COLUMNAR_SETUP)
        connection.commit()
        return connection

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            self._idle.pop().close()


def _in_words_of_sqlalchemy(error: BaseException) -> sa.exc.DBAPIError:
    """Return the error that the other drivers' way would have raised."""
    # An error while rows arrive comes through Arrow, without its code.
    state = getattr(error, "sqlstate", None) or "22000"
    kinds = {"22": sa.exc.DataError, "23": sa.exc.IntegrityError, "42": sa.exc.ProgrammingError}
    if state.startswith(("08", "57P0")) or any(words in str(error) for words in _DROPPED):
        return sa.exc.OperationalError(None, None, error, connection_invalidated=True)
    return kinds.get(state[:2], sa.exc.OperationalError)(None, None, error)


def can_bind(query: sa.Select[Any]) -> bool:
    """Say whether all values of a query are of kinds that ADBC can send."""
    _, values = _compiled(query)
    return all(isinstance(value, _BINDABLE) and _fits_64_bits(value) for value in values)


def _fits_64_bits(value: object) -> bool:
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def stream(pool: Pool, query: sa.Select[Any], fields: Sequence[pa.Field], size: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows in batches of the declared types, of whatever size the driver gives."""
    text, values = _compiled(query)
    pool.record(text)
    with pool.lend() as connection, connection.cursor() as cursor:
        if values:
            read = _through_cursor(cursor, text, values, max(size, _PORTION_ROWS))
        else:
            read = _by_copy(cursor, text, size * len(fields) * 8)
        schema: pa.Schema | None = None
        for batch in read:
            if schema is None:
                schema = pa.schema([types.settled(f, _bare(b)) for f, b in zip(fields, batch.schema, strict=True)])
            arrays = [types.cast(array, field) for array, field in zip(batch.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _bare(field: pa.Field) -> pa.DataType:
    if getattr(field.type, "type_name", "") == "numeric":  # sent as text to stay exact
        return types.ANY_DECIMAL
    return getattr(field.type, "storage_type", field.type)


def _by_copy(cursor: Any, text: str, wanted: int) -> Iterator[pa.RecordBatch]:
    """Yield portions of about so many bytes as are wanted, or of as many as cost nothing."""
    portion = min(max(wanted, _LEAST_PORTION_BYTES), _PORTION_BYTES) if wanted else _PORTION_BYTES
    cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(portion)})
    cursor.execute(text)
    reader = cursor.fetch_record_batch()
    none = True
    for batch in reader:
        none = False
        yield batch
    if none:
        yield _empty(reader.schema)


def _through_cursor(cursor: Any, text: str, values: list[Any], size: int) -> Iterator[pa.RecordBatch]:
    cursor.execute("SET LOCAL cursor_tuple_fraction = 1")  # all rows are wanted, not the first few soon
    cursor.execute(f"DECLARE hl_stream NO SCROLL CURSOR FOR {text}", values)
    cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
    first = True
    while True:
        cursor.execute(f"FETCH {size} FROM hl_stream")
        table = cursor.fetch_arrow_table()
        if table.num_rows or first:
            yield from table.combine_chunks().to_batches() or [_empty(table.schema)]
        if table.num_rows < size:
            return
        first = False


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([_no_values(field.type) for field in schema], schema=schema)


def _no_values(kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, pa.array([], kind.storage_type))
    return pa.array([], kind)


def _compiled(query: sa.Select[Any]) -> tuple[str, list[Any]]:
    numbered = dialects.with_numbered_parameters()
    compiled: Any = query.compile(dialect=numbered, compile_kwargs={"render_postcompile": True})
    kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
    return str(compiled), [_sent(compiled.params[name], kinds.get(name), numbered) for name in compiled.positiontup]


def _sent(value: Any, kind: sa.types.TypeEngine[Any] | None, dialect: sa.Dialect) -> Any:
    process = kind.dialect_impl(dialect).bind_processor(dialect) if kind is not None else None
    return process(value) if process else value


def write(
    pool: Pool, target: sa.Table, statements: Sequence[str], batches: Iterator[pa.RecordBatch], fields: list[pa.Field]
) -> None:
    """Run statements, then append the batches to a table: all of it, or nothing.

    ``fields`` are the column types of the table itself, which the binary protocol insists on.
    """
    schema = pa.schema(fields)
    failures: list[Exception] = []

    def recast() -> Iterator[pa.RecordBatch]:
        try:
            for batch in batches:
                yield _recast(batch, schema)
        except Exception as error:
            failures.append(error)  # the driver makes a text of it
            raise

    reader = pa.RecordBatchReader.from_batches(schema, recast())
    try:
        with pool.lend() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            cursor.adbc_ingest(target.name, reader, mode="append", db_schema_name=target.schema)
            connection.commit()
    except sa.exc.DBAPIError:
        if failures:
            raise failures[0] from None
        raise


def _recast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    arrays = [types.cast(batch.column(field.name), field) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
