"""Statements that look a store through: damaged or forgotten bytes, missing indexes, sizes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from hanalife.database import blobs, dialects, tables

_blob, _chunk, _part = tables.blob, tables.chunk, tables.blob_chunk


def damaged_blobs(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    """Yield hash and fault of every blob that is not what was stored; one chunk in memory at a time."""
    for head in connection.execute(sa.select(_blob).order_by(_blob.c.sha256)).all():
        digest, size, chunks = hashlib.sha256(), 0, 0
        names = sa.select(_part.c.chunk_sha256).where(_part.c.sha256 == head.sha256).order_by(_part.c.seq)
        for name in connection.execute(names).scalars().all():
            data = connection.execute(sa.select(_chunk.c.data).where(_chunk.c.sha256 == name)).scalar()
            digest.update(data or b"")
            size, chunks = size + len(data or b""), chunks + (data is not None)
        if (size, chunks) != (head.size, head.chunks):
            yield head.sha256, f"{size} of {head.size} bytes in {chunks} of {head.chunks} chunks"
        elif digest.hexdigest() != head.sha256:
            yield head.sha256, f"its bytes have SHA-256 {digest.hexdigest()}"


def unused_blobs(connection: sa.Connection) -> list[tuple[str, int]]:
    """Return hash and size of the blobs that nothing refers to."""
    query = sa.select(_blob.c.sha256, _blob.c.size).order_by(_blob.c.sha256)
    for column in blobs.references():
        query = query.where(~sa.exists().where(column == _blob.c.sha256))
    return [(row.sha256, row.size) for row in connection.execute(query)]


def missing_blobs(connection: sa.Connection) -> list[tuple[str, str]]:
    """Return table and hash of references to bytes that are not there."""
    found = []
    for column in blobs.references():
        query = sa.select(column).where(column.is_not(None), ~sa.exists().where(_blob.c.sha256 == column)).distinct()
        found += [(column.table.name, sha256) for sha256 in connection.execute(query).scalars()]
    return sorted(found)


def orphans(connection: sa.Connection) -> dict[str, int]:
    """Return how many rows of each table refer to a row that is not there."""
    found = {}
    for table in tables.metadata.sorted_tables:
        child = table.alias("child")
        for key in table.foreign_keys:
            value = child.c[key.parent.name]
            there = sa.exists().where(key.column == value).correlate(child)
            count = sa.select(sa.func.count()).select_from(child).where(value.is_not(None), ~there)
            if number := connection.execute(count).scalar_one():
                found[f"{table.name}.{key.parent.name}"] = number
    return dict(sorted(found.items()))


def missing_indexes(connection: sa.Connection) -> list[str]:
    """Return the names of indexes, and of tables, that the store should have and has not."""
    inspector = sa.inspect(connection)
    present = set(inspector.get_table_names())
    missing = [table.name for table in tables.metadata.sorted_tables if table.name not in present]
    for table in tables.metadata.sorted_tables:
        if table.name in present:
            known = {index["name"] for index in inspector.get_indexes(table.name)}
            missing += sorted(str(index.name) for index in table.indexes if index.name not in known)
    return missing


def create_missing_indexes(connection: sa.Connection) -> list[str]:
    """Create what :func:`missing_indexes` names, but for tables; return the names."""
    missing = set(missing_indexes(connection))
    created = []
    for table in tables.metadata.sorted_tables:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name in missing:
                index.create(connection)
                created.append(str(index.name))
    return created


def sizes(connection: sa.Connection) -> dict[str, tuple[int, int | None]]:
    """Return rows, and bytes where the database tells them, of each table of the store."""
    bytes_of = dialects.table_sizes(connection)
    present = set(sa.inspect(connection).get_table_names())
    found: dict[str, tuple[int, int | None]] = {}
    for table in tables.metadata.sorted_tables:
        if table.name in present:
            rows = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            found[table.name] = rows, bytes_of.get(table.name)
    return found


def unused_records(connection: sa.Connection) -> list[tuple[int, int]]:
    """Return number and characters of shared records that no run refers to."""
    record, run = tables.record, tables.run
    query = sa.select(record.c.record_id, sa.func.length(record.c.content))
    for column in (run.c.environment_id, run.c.code_id, run.c.cells_id, run.c.dataset_id):
        query = query.where(~sa.exists().where(column == record.c.record_id))
    return [(row[0], row[1]) for row in connection.execute(query)]
