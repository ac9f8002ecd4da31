"""Large bytes in the store: addressed by their SHA-256, in chunks, verified when read."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from hanalife.database import dialects, tables
from hanalife.errors import CorruptModelError

#: One value of some hundred megabytes costs several times its size in memory; chunks do not.
CHUNK_BYTES = 4 * 1024 * 1024


def put(connection: sa.Connection, data: bytes) -> str:
    """Store bytes once and return their SHA-256, hexadecimal."""
    sha256 = hashlib.sha256(data).hexdigest()
    starts = range(0, len(data), CHUNK_BYTES)
    head = {"sha256": sha256, "size": len(data), "chunks": len(starts)}
    if dialects.insert_or_ignore(connection, tables.blob, head):
        for seq, start in enumerate(starts):
            chunk = {"sha256": sha256, "seq": seq, "data": data[start : start + CHUNK_BYTES]}
            connection.execute(tables.blob_chunk.insert().values(**chunk))
    return sha256


def get(connection: sa.Connection, sha256: str) -> bytes:
    """Return the bytes of a hash.

    Raises
    ------
    CorruptModelError
        The bytes are missing or are not what was stored.
    """
    head = connection.execute(sa.select(tables.blob).where(tables.blob.c.sha256 == sha256)).first()
    if head is None:
        raise CorruptModelError(f"The store has no bytes of SHA-256 {sha256}; save the model again.")
    chunk = tables.blob_chunk
    rows = connection.execute(sa.select(chunk.c.data).where(chunk.c.sha256 == sha256).order_by(chunk.c.seq))
    data = b"".join(bytes(row.data) for row in rows)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise CorruptModelError(
            f"Stored bytes are damaged: expected {head.size} bytes of SHA-256 {sha256}, "
            f"found {len(data)} bytes of {found}. Restore the database from a backup or save the model again."
        )
    return data


def references() -> tuple[sa.Column[str], ...]:
    """Return the columns that refer to bytes: of models, tasks, artifacts of runs, and snapshots."""
    return (
        tables.model_version.c.content_hash,
        tables.task.c.content_hash,
        tables.run_artifact.c.sha256,
        tables.snapshot_part.c.sha256,
    )


def drop_unused(connection: sa.Connection, sha256: str) -> None:
    """Delete bytes that nothing refers to any more."""
    for column in references():
        if connection.execute(sa.select(column).where(column == sha256).limit(1)).first():
            return
    connection.execute(tables.blob_chunk.delete().where(tables.blob_chunk.c.sha256 == sha256))
    connection.execute(tables.blob.delete().where(tables.blob.c.sha256 == sha256))
