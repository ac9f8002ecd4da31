"""Step 3: rows that runs have seen, kept by their content."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database.types import UtcDateTime

_metadata = sa.MetaData()
_ID = sa.String(64)

_blob = sa.Table("hl_blob", _metadata, sa.Column("sha256", _ID, primary_key=True))

_snapshot = sa.Table(
    "hl_snapshot",
    _metadata,
    sa.Column("content_hash", _ID, primary_key=True),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("columns", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

_snapshot_part = sa.Table(
    "hl_snapshot_part",
    _metadata,
    sa.Column("content_hash", _ID, sa.ForeignKey("hl_snapshot.content_hash"), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sha256", _ID, sa.ForeignKey("hl_blob.sha256"), nullable=False, index=True),
)


def upgrade(connection: sa.Connection) -> None:
    """Make the tables."""
    _metadata.create_all(connection, tables=[_snapshot, _snapshot_part])
