"""Who has seen an alert of drift, when, and what was made of it."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database.types import UtcDateTime


def upgrade(connection: sa.Connection) -> None:
    """Make the table of acknowledgements."""
    metadata = sa.MetaData()
    check_id = sa.Column("check_id", sa.String(64), primary_key=True)
    sa.Table("hl_drift_check", metadata, check_id)  # only referred to
    acknowledgement = sa.Table(
        "hl_drift_acknowledgement",
        metadata,
        sa.Column("check_id", sa.String(64), sa.ForeignKey("hl_drift_check.check_id"), primary_key=True),
        sa.Column("acknowledged_at", UtcDateTime, nullable=False),
        sa.Column("acknowledged_by", sa.String(256), nullable=False),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
    )
    acknowledgement.create(connection)
