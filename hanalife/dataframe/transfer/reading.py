"""A query's rows as a stream of Arrow batches.

Where the driver offers columns (ADBC for PostgreSQL) they are taken as they come; every other
driver's rows are turned into columns a few thousand at a time, while they are still in the
processor's cache. Memory is bounded by the size of a batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import sqlalchemy as sa

from hanalife.dataframe.session import dropping
from hanalife.dataframe.transfer import BATCH_ROWS, columnar, types
from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

_FETCH_ROWS = 2_000


def batches(context: ConnectionContext, query: sa.Select[Any], size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in batches of at most ``size`` rows.

    Parameters
    ----------
    context : ConnectionContext
        The open connection.
    query : sqlalchemy.Select
        What to read.
    size : int, default 50_000
        Most rows of one batch.

    Yields
    ------
    pyarrow.RecordBatch
        At least one, so that the types are known even where there is no row.

    Raises
    ------
    InvalidArgumentError
        ``size`` is not a positive number, or a value is not of its column's declared type.

    Notes
    -----
    The rows are those of one moment: what others write while the stream runs is not seen. A
    stream over a temporary table, or within an open transaction, has the session to itself
    until it ends; any other has a connection of its own.
    """
    if not isinstance(size, int) or size < 1:
        raise InvalidArgumentError(f"size: expected a number of rows of at least 1, got {size!r}.")
    return _begun(context, types.portable(query), size)


def portions(context: ConnectionContext, query: sa.Select[Any]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in batches of whatever size is cheapest, for those who copy them on at once."""
    with dropping():
        yield from _stream(context, types.portable(query), None)


def _begun(context: ConnectionContext, query: sa.Select[Any], size: int) -> Iterator[pa.RecordBatch]:
    def begin() -> tuple[pa.RecordBatch, Iterator[pa.RecordBatch]]:
        stream = _stream(context, query, size)
        return next(stream), stream

    first, rest = context.read_again_if_dropped(begin)
    with dropping():
        yield first
        yield from rest


def _stream(context: ConnectionContext, query: sa.Select[Any], size: int | None) -> Iterator[pa.RecordBatch]:
    pool = context.columnar
    if context.needs_session(query):
        with context.session() as connection:
            yield from _from_rows(connection, query, size or _FETCH_ROWS)
    elif pool is not None and columnar.can_bind(query):
        for batch in columnar.stream(pool, query, types.declared_fields(query), size or 0):
            yield from types.pieces(batch, size or max(batch.num_rows, 1))
    else:
        with context.database.connect() as connection:
            yield from _from_rows(connection, query, size or _FETCH_ROWS)


def from_connection(
    connection: sa.Connection, query: sa.Select[Any], size: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a query in batches, in the transaction of a connection; see :func:`batches`."""
    return _from_rows(connection, types.portable(query), size)


def _from_rows(connection: sa.Connection, query: sa.Select[Any], size: int) -> Iterator[pa.RecordBatch]:
    fields = types.declared_fields(query)
    streams = connection.dialect.supports_server_side_cursors
    result = connection.execute(query, execution_options={"stream_results": True} if streams else {})
    # Where it can be, the driver's own: types are given below, a column at a time.
    cursor = result if streams else result.cursor
    try:
        parts: list[pa.RecordBatch] = []
        is_first = True
        for rows in _fetched(cursor, size):
            if any(pa.types.is_null(field.type) for field in fields):
                fields = _settled(fields, rows)
            parts.append(_batch(rows, fields))
            del rows  # before the next come
            if sum(part.num_rows for part in parts) == size:
                batch, parts, is_first = pa.concat_batches(parts), [], False
                yield batch
                del batch
        if parts or is_first:
            yield pa.concat_batches(parts or [_batch([], _settled(fields, []))])
    finally:
        result.close()


def _fetched(cursor: Any, size: int) -> Iterator[list[tuple[Any, ...]]]:
    # Never more than what is missing to a full batch.
    missing = size
    while rows := cursor.fetchmany(min(_FETCH_ROWS, missing)):
        missing = missing - len(rows) or size
        yield rows
        del rows


def _batch(rows: list[tuple[Any, ...]], fields: list[pa.Field]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else itertools.repeat((), len(fields))
    arrays = [types.array_of(column, field) for column, field in zip(columns, fields, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _settled(fields: list[pa.Field], rows: list[tuple[Any, ...]]) -> list[pa.Field]:
    return [
        types.settled(field, _found([row[position] for row in rows]) if pa.types.is_null(field.type) else field.type)
        for position, field in enumerate(fields)
    ]


def _found(values: list[Any]) -> pa.DataType:
    try:
        return pa.array(values).type
    except (pa.ArrowException, OverflowError):
        return pa.large_string()  # values of several kinds have only their text in common
