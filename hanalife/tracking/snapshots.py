"""Rows as they were: data that runs have seen, kept in the store by their content hash.

A snapshot is a list of parts, each some thousand rows as a compressed Arrow stream. Parts are
addressed by their bytes, so a table that grew at its end shares all but its last part with the
snapshot before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from hanalife.clock import Clock, utc_now
from hanalife.database import snapshots
from hanalife.errors import DataNotFoundError

if TYPE_CHECKING:
    import pyarrow as pa

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame

PART_ROWS: Final = 10_000


def keep(connection_context: ConnectionContext, frame: DataFrame, *, clock: Clock = utc_now) -> str:
    """Keep the rows of a frame; return their content hash. Rows that are kept already cost no space.

    Notes
    -----
    The parts are in memory, compressed, until all are written in one transaction.
    """
    from hanalife.dataframe.transfer.hashing import ContentHash

    content, parts = ContentHash(), []
    for batch in _whole(frame.batches(PART_ROWS)):
        content.add(batch)
        parts.append(_to_bytes(batch))
    columns = [(spec.name, spec.type) for spec in frame.specs]
    content_hash = content.hexdigest()
    with connection_context.database.write() as connection:
        snapshots.insert(connection, content_hash, content.rows, columns, parts, clock())
    return content_hash


def read(connection_context: ConnectionContext, content_hash: str) -> DataFrame:
    """Return the rows of a content hash as a frame over a table of the session.

    Raises
    ------
    DataNotFoundError
        No snapshot of that content is kept.
    CorruptModelError
        Its bytes are damaged.
    """
    from hanalife.dataframe.transfer.pandas import gather

    with connection_context.database.read() as connection:
        columns = snapshots.columns(connection, content_hash)
        if columns is None:
            raise DataNotFoundError(
                f"content_hash: no snapshot of {content_hash} is kept; record runs with autologging(snapshot=True)."
            )
        parts = [gather(_from_bytes(part)) for part in snapshots.parts(connection, content_hash)]
    return connection_context.create_from_parts(parts, f"#HL_SNAPSHOT_{content_hash[:16]}", dict(columns))


def _whole(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield batches of the same size however they come, so that equal rows make equal parts."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= PART_ROWS:
            table = pa.Table.from_batches(waiting).combine_chunks()
            yield table.slice(0, PART_ROWS).to_batches()[0]
            waiting = table.slice(PART_ROWS).to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks().to_batches()[0] if len(waiting) > 1 else waiting[0]


def _to_bytes(batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _from_bytes(data: bytes) -> list[pa.RecordBatch]:
    import pyarrow as pa

    with pa.ipc.open_stream(data) as stream:
        return list(stream)
