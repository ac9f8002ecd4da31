"""Drift with intervals: what a verdict is about, and the stored references."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database.types import JsonText, UtcDateTime

_KEY, _WORD = sa.String(256), sa.String(32)


def upgrade(connection: sa.Connection) -> None:
    """Widen the tables of checks and results; make that of references."""
    for table, columns in _columns().items():
        for column in columns:
            description = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {description}")
    _reference.create(connection)


_reference = sa.Table(
    "hl_drift_reference",
    sa.MetaData(),
    sa.Column("name", _KEY, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", JsonText, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "hl_drift_check": [
            sa.Column("segment", sa.Text, nullable=False, server_default=""),
            sa.Column("window", sa.Text, nullable=False, server_default=""),
            sa.Column("error_rate", sa.Double, nullable=False, server_default="0.05"),
            sa.Column("notes", JsonText),
        ],
        "hl_drift_result": [
            sa.Column("role", _WORD, nullable=False, server_default="feature"),
            sa.Column("verdict", _WORD, nullable=False, server_default="unknown"),
            sa.Column("measure", _WORD),
            sa.Column("effect", sa.Double),
            sa.Column("effect_low", sa.Double),
            sa.Column("effect_high", sa.Double),
            sa.Column("minimum", sa.Double),
            sa.Column("indicator", sa.Double, nullable=False, server_default="0"),
            sa.Column("rows_needed", sa.BigInteger),
            sa.Column("reason", sa.Text, nullable=False, server_default=""),
            sa.Column("details", JsonText),
        ],
    }
