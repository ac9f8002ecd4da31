"""The loop: verdicts of jobs, and gates of composites that open on them."""

from __future__ import annotations

import sqlalchemy as sa

_WORD = sa.String(32)


def upgrade(connection: sa.Connection) -> None:
    """Widen the tables of jobs and of what composites are made of."""
    for table, column in (("hl_job", sa.Column("verdict", _WORD)), ("hl_task_member", sa.Column("gate", _WORD))):
        description = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {description}")
