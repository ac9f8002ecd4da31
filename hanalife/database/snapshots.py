"""Statements on snapshots: rows addressed by their content, in parts that are stored once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import blobs, dialects, tables

_snapshot, _part = tables.snapshot, tables.snapshot_part


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
    seen = {json.loads(content).get("CONTENT_HASH") for content in connection.execute(query).scalars()}
    return [content_hash for content_hash in kept if content_hash not in seen]


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
