"""Searches for parameters: how far each has come, and what it has found so far."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database.types import UtcDateTime

_KEY, _ID, _WORD = sa.String(256), sa.String(64), sa.String(32)
_metadata = sa.MetaData()

_search = sa.Table(
    "hl_search",
    _metadata,
    sa.Column("search_id", _KEY, primary_key=True),
    sa.Column("identity", _ID, nullable=False),
    sa.Column("status", _WORD, nullable=False),
    sa.Column("owner", _ID, nullable=False),
    sa.Column("host", _KEY, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("seeds", sa.Text, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("cancel_requested", sa.Boolean, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)

_score = sa.Table(
    "hl_search_score",
    _metadata,
    sa.Column("search_id", _KEY, sa.ForeignKey("hl_search.search_id"), primary_key=True),
    sa.Column("score_key", _ID, primary_key=True),
    sa.Column("candidate", sa.Integer, nullable=False),
    sa.Column("parameters", sa.Text, nullable=False),
    sa.Column("rung", sa.Integer, nullable=False),
    sa.Column("fold", sa.Integer, nullable=False),
    sa.Column("scores", sa.Text, nullable=False),
)


def upgrade(connection: sa.Connection) -> None:
    """Make the two tables."""
    _metadata.create_all(connection, tables=(_search, _score))
