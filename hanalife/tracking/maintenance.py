"""The health of a store: what is damaged, forgotten or missing, and what can be freed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hanalife.database import blobs, dialects, integrity, shared_records, snapshots
from hanalife.tracking import spool

if TYPE_CHECKING:
    import sqlalchemy as sa

    from hanalife.dataframe.context import ConnectionContext


@dataclass(frozen=True, slots=True)
class Health:
    """What was found in a store."""

    damaged: Mapping[str, str]  #: hash of a blob -> what is wrong with it
    missing_bytes: tuple[tuple[str, str], ...]  #: table and hash of bytes that are referred to and not there
    orphans: Mapping[str, int]  #: table.column -> rows that refer to nothing
    missing_indexes: tuple[str, ...]
    waiting_files: tuple[str, ...]  #: spool files that are not yet in the store
    repaired: tuple[str, ...]  #: what was done about it
    freeable_bytes: int  #: that :func:`collect_garbage` would free
    sizes: Mapping[str, tuple[int, int | None]]  #: table -> rows, and bytes if the database tells them

    @property
    def is_good(self) -> bool:
        """Say whether nothing is wrong; what can be freed is not wrong."""
        parts = self.damaged, self.missing_bytes, self.orphans, self.missing_indexes, self.waiting_files
        return not any(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the findings as plain JSON values."""
        return {"is_good": self.is_good, **asdict(self)}

    def __str__(self) -> str:
        lines = [f"damaged bytes {sha256}: {fault}" for sha256, fault in self.damaged.items()]
        lines += [f"missing bytes {sha256}, used by {table}" for table, sha256 in self.missing_bytes]
        lines += [f"{count} rows of {place} refer to nothing" for place, count in self.orphans.items()]
        lines += [f"missing index {name}" for name in self.missing_indexes]
        lines += [f"not yet in the store: {path}" for path in self.waiting_files]
        lines += [f"repaired: {what}" for what in self.repaired]
        lines.append("nothing is wrong" if self.is_good else "something is wrong")
        lines.append(f"can be freed: {self.freeable_bytes} bytes (hanalife gc)")
        for table, (rows, size) in self.sizes.items():
            lines.append(f"  {table:20} {rows:12} rows {'' if size is None else f'{size:14} bytes'}".rstrip())
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Garbage:
    """What nothing needs any more."""

    blobs: int
    snapshots: int
    records: int
    bytes: int  #: of blobs and records; the database's own overhead comes on top
    is_dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        word = "would free" if self.is_dry_run else "freed"
        return (
            f"{word} {self.bytes} bytes: {self.blobs} blobs, {self.snapshots} snapshots, {self.records} shared records"
        )


def check_store(connection_context: ConnectionContext, *, repair: bool = False) -> Health:
    """Look a store through.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    repair : bool, default False
        Create missing indexes and write to the store what waits in spool files. Damaged bytes cannot be
        repaired: restore the database from a backup, or delete what uses them.

    Returns
    -------
    Health
        Every stored byte is read and held against its hash, so this takes as long as reading the store.
    """
    database = connection_context.database
    repaired: list[str] = []
    if repair:
        with database.write() as connection:
            repaired += [f"index {name}" for name in integrity.create_missing_indexes(connection)]
        repaired += [f"run {run_id}" for run_id in spool.replay_spool(connection_context).runs]
    with database.read() as connection:
        return Health(
            damaged=dict(integrity.damaged_blobs(connection)),
            missing_bytes=tuple(integrity.missing_blobs(connection)),
            orphans=integrity.orphans(connection),
            missing_indexes=tuple(integrity.missing_indexes(connection)),
            waiting_files=tuple(str(path) for path in spool.files(database)),
            repaired=tuple(repaired),
            freeable_bytes=_find_garbage(connection).bytes,
            sizes=integrity.sizes(connection),
        )


def collect_garbage(connection_context: ConnectionContext, *, dry_run: bool = False) -> Garbage:
    """Delete what nothing refers to: bytes, snapshots of data that no run has seen, shared records.

    What is in use is never touched, and doing it again finds nothing. The freed pages go back to the
    file system where the database can do so.
    """
    database = connection_context.database
    if dry_run:
        with database.read() as connection:
            return _find_garbage(connection)
    with database.write() as connection:
        found = _find_garbage(connection)
        for content_hash in snapshots.unused(connection):
            snapshots.delete(connection, content_hash)
        blobs.collect_garbage(connection)
        shared_records.drop_unused(connection, [record_id for record_id, _ in integrity.unused_records(connection)])
    dialects.give_back_space(database.engine)
    return Garbage(found.blobs, found.snapshots, found.records, found.bytes, is_dry_run=False)


def _find_garbage(connection: sa.Connection) -> Garbage:
    unused = dict(integrity.unused_blobs(connection))
    kept = snapshots.unused(connection)
    unused |= snapshots.only_used_by(connection, kept)
    records = integrity.unused_records(connection)
    size = sum(unused.values()) + sum(length for _, length in records)
    n_snapshots = len(kept) - len(snapshots.digests_among(connection, kept))  # digests hold no rows
    return Garbage(len(unused), n_snapshots, len(records), size, is_dry_run=True)
