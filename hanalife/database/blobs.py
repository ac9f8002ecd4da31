"""Large bytes in the store: addressed by their SHA-256, in shared chunks, verified when read.

Whoever keeps a blob has a foreign key on ``hl_blob.sha256``; those keys are what counts references,
so a table that begins to keep blobs needs no entry here.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import BinaryIO

import sqlalchemy as sa

from hanalife.database import dialects, tables
from hanalife.errors import CorruptModelError

#: One value of some hundred megabytes costs several times its size in memory; chunks do not.
CHUNK_BYTES = 4 * 1024 * 1024

_blob, _chunk, _part = tables.blob, tables.chunk, tables.blob_chunk


def put(connection: sa.Connection, data: bytes) -> str:
    """Store bytes once and return their SHA-256, hexadecimal."""
    return put_file(connection, io.BytesIO(data))


def put_file(connection: sa.Connection, file: BinaryIO) -> str:
    """Store all that a file holds, once, and return its SHA-256; memory holds one chunk at a time."""
    file.seek(0)
    whole, size, chunks = hashlib.sha256(), 0, []
    for data in _pieces(file):
        whole.update(data)
        size += len(data)
        chunks.append(hashlib.sha256(data).hexdigest())
    sha256 = whole.hexdigest()
    dialects.enter_bytes(connection)
    head = {"sha256": sha256, "size": size, "chunks": len(chunks)}
    if dialects.insert_or_ignore(connection, _blob, head):
        file.seek(0)
        for seq, (data, name) in enumerate(zip(_pieces(file), chunks, strict=True)):
            dialects.insert_or_ignore(connection, _chunk, {"sha256": name, "data": data})
            connection.execute(_part.insert(), {"sha256": sha256, "seq": seq, "chunk_sha256": name})
    return sha256


def get(connection: sa.Connection, sha256: str) -> bytes:
    """Return the bytes of a hash.

    Raises
    ------
    CorruptModelError
        The bytes are missing or are not what was stored.
    """
    file = io.BytesIO()
    get_file(connection, sha256, file)
    return file.getvalue()


def part(connection: sa.Connection, sha256: str, seq: int) -> tuple[bytes, int]:
    """Return one of the parts that make up the bytes of a hash, from 0, and how many there are; of none, no bytes."""
    count = connection.execute(sa.select(_blob.c.chunks).where(_blob.c.sha256 == sha256)).scalar() or 0
    joined = _part.join(_chunk, _chunk.c.sha256 == _part.c.chunk_sha256)
    query = sa.select(_chunk.c.data).select_from(joined).where(_part.c.sha256 == sha256, _part.c.seq == seq)
    return connection.execute(query).scalar() or b"", int(count)


def get_file(connection: sa.Connection, sha256: str, file: BinaryIO) -> None:
    """Write the bytes of a hash into a file, verified; raises as :func:`get` does."""
    head = connection.execute(sa.select(_blob).where(_blob.c.sha256 == sha256)).first()
    if head is None:
        raise CorruptModelError(f"The store has no bytes of SHA-256 {sha256}; save the model again.")
    found, size = hashlib.sha256(), 0
    parts = sa.select(_part.c.chunk_sha256).where(_part.c.sha256 == sha256).order_by(_part.c.seq)
    for name in connection.execute(parts).scalars().all():
        data = connection.execute(sa.select(_chunk.c.data).where(_chunk.c.sha256 == name)).scalar()
        found.update(data or b"")
        size += file.write(data or b"")
        del data  # before the next one comes
    if found.hexdigest() != sha256:
        raise CorruptModelError(
            f"Stored bytes are damaged: expected {head.size} bytes of SHA-256 {sha256}, "
            f"found {size} bytes of {found.hexdigest()}. Restore the database from a backup or save the model again."
        )


def references() -> tuple[sa.Column[str], ...]:
    """Return the columns of other tables that refer to bytes."""
    return tuple(
        key.parent
        for table in tables.metadata.tables.values()
        if table is not _part
        for key in table.foreign_keys
        if key.column is _blob.c.sha256
    )


def drop_unused(connection: sa.Connection, sha256: str) -> None:
    """Delete bytes that nothing refers to any more; while others write bytes, leave that to :func:`collect_garbage`."""
    if dialects.clear_bytes(connection, wait=False):
        _drop(connection, _blob.c.sha256 == sha256)


def garbage(connection: sa.Connection) -> tuple[int, int]:
    """Return how many blobs nothing refers to, and their bytes."""
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(_blob.c.size), 0)).where(_is_unused())
    count, size = connection.execute(query).one()
    return int(count), int(size)


def collect_garbage(connection: sa.Connection) -> tuple[int, int]:
    """Delete all bytes that nothing refers to; return the number of blobs and their bytes."""
    dialects.clear_bytes(connection, wait=True)
    found = garbage(connection)
    _drop(connection, sa.true())
    return found


def _drop(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> None:
    for name in connection.execute(sa.select(_blob.c.sha256).where(chosen, _is_unused())).scalars().all():
        chunks = connection.execute(sa.select(_part.c.chunk_sha256).where(_part.c.sha256 == name)).scalars().all()
        connection.execute(_part.delete().where(_part.c.sha256 == name))
        connection.execute(_blob.delete().where(_blob.c.sha256 == name))
        held = sa.exists().where(_part.c.chunk_sha256 == _chunk.c.sha256)
        connection.execute(_chunk.delete().where(_chunk.c.sha256.in_(chunks), ~held))


def _is_unused() -> sa.ColumnElement[bool]:
    return sa.and_(*(~sa.exists().where(column == _blob.c.sha256) for column in references()))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(CHUNK_BYTES):
        yield data
