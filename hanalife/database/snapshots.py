"""Statements on snapshots: rows addressed by their content, in parts that are stored once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import blobs, dialects, tables

_snapshot, _part = tables.snapshot, tables.snapshot_part

#: What the record of a dataset calls the version of its content hash (version 1 has none), and the snapshot of
#: its rows' digests.
HASH_VERSION, ROW_DIGESTS = "HASH_VERSION", "ROW_DIGESTS"

#: What a snapshot of digests says of its columns.
_NO_COLUMNS = json.dumps([])


def insert(
    connection: sa.Connection,
    content_hash: str,
    row_count: int,
    columns: Sequence[tuple[str, str]],
    parts: Sequence[bytes],
    moment: datetime,
) -> None:
    """Keep the parts of a snapshot, unless it is kept already."""
    row = {"content_hash": content_hash, "row_count": row_count, "columns": json.dumps(columns), "created_at": moment}
    if dialects.insert_or_ignore(connection, _snapshot, row):
        hashes = [blobs.put(connection, part) for part in parts]
        rows = [{"content_hash": content_hash, "seq": seq, "sha256": sha256} for seq, sha256 in enumerate(hashes)]
        if rows:
            connection.execute(_part.insert(), rows)


def insert_digests(connection: sa.Connection, data: bytes, moment: datetime) -> str:
    """Keep the digests of rows as a snapshot of one part, named by its bytes; return the name."""
    name = hashlib.sha256(data).hexdigest()
    insert(connection, name, 0, [], [data], moment)
    return name


def columns(connection: sa.Connection, content_hash: str) -> list[tuple[str, str]] | None:
    """Return names and types of a snapshot's columns, or None if there is no such snapshot."""
    text = connection.execute(sa.select(_snapshot.c.columns).where(_snapshot.c.content_hash == content_hash)).scalar()
    return None if text is None else [(name, kind) for name, kind in json.loads(text)]


def parts(connection: sa.Connection, content_hash: str) -> Iterator[bytes]:
    """Yield the parts of a snapshot in order, each checked against its hash."""
    query = sa.select(_part.c.sha256).where(_part.c.content_hash == content_hash).order_by(_part.c.seq)
    for sha256 in connection.execute(query).scalars().all():
        yield blobs.get(connection, sha256)


def unused(connection: sa.Connection) -> list[str]:
    """Return the hashes of snapshots whose data no recorded run has seen."""
    kept = connection.execute(sa.select(_snapshot.c.content_hash)).scalars().all()
    record, run = tables.record, tables.run
    query = sa.select(record.c.content).join_from(record, run, run.c.dataset_id == record.c.record_id).distinct()
    records = [json.loads(content) for content in connection.execute(query).scalars()]
    seen = {found.get(name) for found in records for name in ("CONTENT_HASH", ROW_DIGESTS)}
    return [content_hash for content_hash in kept if content_hash not in seen]


def digests_among(connection: sa.Connection, names: Sequence[str]) -> set[str]:
    """Return those of some snapshots that hold digests of rows, not rows."""
    query = sa.select(_snapshot.c.content_hash).where(_snapshot.c.columns == _NO_COLUMNS)
    return set(names) & set(connection.execute(query).scalars())


def only_used_by(connection: sa.Connection, content_hashes: Sequence[str]) -> dict[str, int]:
    """Return hash and size of the bytes that nothing but these snapshots uses."""
    wanted = set(content_hashes)
    blob = tables.blob
    size_of: dict[str, int] = {}
    users: dict[str, set[str]] = {}
    query = sa.select(_part.c.sha256, _part.c.content_hash, blob.c.size).join_from(_part, blob)
    for row in connection.execute(query):
        size_of[row.sha256] = row.size
        users.setdefault(row.sha256, set()).add(row.content_hash)
    others = [column for column in blobs.references() if column.table is not _part]
    elsewhere = {sha256 for column in others for sha256 in connection.execute(sa.select(column)).scalars()}
    return {sha256: size_of[sha256] for sha256, those in users.items() if those <= wanted and sha256 not in elsewhere}


def delete(connection: sa.Connection, content_hash: str) -> None:
    """Delete a snapshot and those of its bytes that nothing else uses."""
    here = _part.c.content_hash == content_hash
    hashes = connection.execute(sa.select(_part.c.sha256).where(here).distinct()).scalars().all()
    connection.execute(_part.delete().where(here))
    connection.execute(_snapshot.delete().where(_snapshot.c.content_hash == content_hash))
    for sha256 in hashes:
        blobs.drop_unused(connection, sha256)
