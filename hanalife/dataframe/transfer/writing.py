"""Batches into a table: one way for every driver, each the fastest that keeps the transaction.

A table that all can see, written outside a transaction, takes the columnar driver's way. Else
the session's own connection writes: PostgreSQL by COPY, SQLite and others by many rows a call.
Either way all rows are kept, or none.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.dataframe import relations
from hanalife.dataframe.transfer import columnar, types
from hanalife.errors import InvalidArgumentError, UnreachableDatabaseError

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

# Few enough to stay in the processor's cache on their way.
_SENT_ROWS = 2_000

_WIRE: tuple[tuple[type[sa.types.TypeEngine[Any]], pa.DataType], ...] = (
    (sa.BigInteger, pa.int64()),
    (sa.SmallInteger, pa.int16()),
    (sa.Integer, pa.int32()),
    (sa.REAL, pa.float32()),
)


def write_batches(
    context: ConnectionContext, target: sa.Table, batches: Iterator[pa.RecordBatch], *, create: bool = False
) -> None:
    """Append batches to a table, all rows or none.

    Parameters
    ----------
    context : ConnectionContext
        The open connection.
    target : sqlalchemy.Table
        The table; each of its columns must occur in the batches, by name.
    batches : iterator of pyarrow.RecordBatch
        The rows.
    create : bool, default False
        Drop a table of that name and make it anew first, in the same transaction.

    Raises
    ------
    InvalidArgumentError
        A value does not fit its column, or breaks a constraint of the table.
    """
    try:
        _write(context, target, batches, create=create)
    except (sa.exc.IntegrityError, sa.exc.DataError) as error:
        raise InvalidArgumentError(
            f"table {target.name!r} refused the rows: {str(error.orig).strip()}. Nothing was written."
        ) from error
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise UnreachableDatabaseError("The connection was dropped; nothing was written. Call again.") from error
        raise


def _write(context: ConnectionContext, target: sa.Table, batches: Iterator[pa.RecordBatch], *, create: bool) -> None:
    pool = context.columnar
    fields = _wire_fields(target)
    if pool is None or fields is None or context.needs_session(sa.select(target)):
        # A table of the session is nobody else's: on SQLite the others may go on writing meanwhile.
        with context.session(writes=not relations.is_temporary(target.name)) as connection:
            if create:
                relations.drop(connection, target.name, target.schema)
                target.create(connection)
            append(connection, target, batches)
    else:
        texts = _recreation(context, target) if create else []
        columnar.write(pool, target, texts, batches, fields)


def _recreation(context: ConnectionContext, target: sa.Table) -> list[str]:
    drop = context.reading(lambda connection: relations.drop_statement(connection, target.name, target.schema))
    statements = [drop, sa.schema.CreateTable(target)] if drop is not None else [sa.schema.CreateTable(target)]
    plain = dialects.with_numbered_parameters()  # the session's driver would double each % in a name
    return [str(statement.compile(dialect=plain)) for statement in statements]


def append(connection: sa.Connection, target: sa.Table, batches: Iterator[pa.RecordBatch]) -> None:
    """Append batches to a table in the transaction of a connection."""
    writers: dict[str, Callable[..., None]] = {"psycopg": _by_copy, "pysqlite": _by_tuples}
    writers.get(connection.dialect.driver, _by_insert)(connection, target, batches)  # type: ignore[no-untyped-call]


def _wire_fields(target: sa.Table) -> list[pa.Field] | None:
    """Return the types that the table has in the binary protocol, or None if one is not known there."""
    wire = [(column.name, _wire_type(column.type)) for column in target.columns]
    return None if any(kind is None for _, kind in wire) else [pa.field(name, kind) for name, kind in wire]


def _wire_type(kind: sa.types.TypeEngine[Any]) -> pa.DataType | None:
    narrow = next((wire for cls, wire in _WIRE if isinstance(kind, cls)), None)
    arrow = types.arrow_type(kind)
    return None if arrow == types.ANY_DECIMAL else narrow or arrow


def _names(target: sa.Table) -> list[str]:
    return [column.name for column in target.columns]


def _by_copy(connection: sa.Connection, target: sa.Table, batches: Iterator[pa.RecordBatch]) -> None:
    quote = connection.dialect.identifier_preparer
    columns = ", ".join(quote.quote_identifier(name) for name in _names(target))
    options = pa.csv.WriteOptions(include_header=False)
    # Quoting doubles each % for statements with parameters; this one has none, so the driver would leave them so.
    statement = f"COPY {quote.format_table(target)} ({columns}) FROM STDIN (FORMAT csv)".replace("%%", "%")
    with (
        _driver_cursor(connection) as cursor,
        cursor.copy(statement) as copy,
    ):
        for batch in batches:
            sink = pa.BufferOutputStream()
            pa.csv.write_csv(_as_text(batch.select(_names(target))), sink, options)
            copy.write(sink.getvalue().to_pybytes())


@contextmanager
def _driver_cursor(connection: sa.Connection) -> Iterator[Any]:
    """Give a cursor of the driver itself, whose errors become SQLAlchemy's, as of the statements that it sends."""
    dbapi = connection.dialect.loaded_dbapi
    raw = connection.connection
    with closing(raw.cursor()) as cursor:
        try:
            yield cursor
        except dbapi.Error as error:
            dropped = connection.dialect.is_disconnect(error, raw, cursor)
            if dropped:
                connection.invalidate(error)
            raise sa.exc.DBAPIError.instance(
                None, None, error, dbapi.Error, connection_invalidated=dropped, dialect=connection.dialect
            ) from error


def _as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    arrays = [_csv_column(array) for array in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _csv_column(array: pa.Array) -> pa.Array:
    if pa.types.is_large_binary(array.type):
        return pa.array([None if value is None else "\\x" + value.hex() for value in array.to_pylist()], pa.string())
    if pa.types.is_decimal(array.type):
        return array.cast(pa.string())
    return array


def _by_tuples(connection: sa.Connection, target: sa.Table, batches: Iterator[pa.RecordBatch]) -> None:
    statement = str(target.insert().compile(dialect=connection.dialect))
    with _driver_cursor(connection) as cursor:
        # One call, and each tuple forgotten before the next is made: zip then uses it again.
        cursor.executemany(statement, itertools.chain.from_iterable(_tuples(target, batches)))


def _tuples(target: sa.Table, batches: Iterator[pa.RecordBatch]) -> Iterator[Iterator[tuple[Any, ...]]]:
    for batch in batches:
        for piece in types.pieces(batch, _SENT_ROWS) if batch.num_rows else ():
            yield zip(*[_values(piece.column(name), name) for name in _names(target)], strict=True)


def _values(array: pa.Array, name: str) -> Sequence[Any]:
    """Return a column as SQLite keeps it: numbers, text and bytes."""
    kind = array.type
    if pa.types.is_boolean(kind):
        array = array.cast(pa.int8())
    elif pa.types.is_timestamp(kind):
        array = array.cast(pa.timestamp("us")).cast(pa.string())
    elif pa.types.is_date(kind) or pa.types.is_time(kind):
        array = array.cast(pa.string())
    elif pa.types.is_decimal(kind):
        return [_number(value, name) for value in array.to_pylist()]
    if array.null_count and pa.types.is_integer(array.type):
        return array.to_pylist()  # type: ignore[no-any-return]
    # Several times as fast; NaN for a missing float becomes NULL in the database.
    return array.to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]


def _number(value: Decimal | None, name: str) -> int | float | None:
    if value is None:
        return None
    if value == value.to_integral_value() and abs(value) < 2**63:
        return int(value)
    if Decimal(repr(float(value))) != value:
        raise InvalidArgumentError(
            f"{name}: this database keeps 15 digits of a DECIMAL, so {value} would be changed; "
            "declare the column NVARCHAR to keep it exactly, or DOUBLE to accept the nearest number."
        )
    return float(value)


def _by_insert(connection: sa.Connection, target: sa.Table, batches: Iterator[pa.RecordBatch]) -> None:
    statement = target.insert()
    for batch in batches:
        if batch.num_rows:
            connection.execute(statement, batch.select(_names(target)).to_pylist())
