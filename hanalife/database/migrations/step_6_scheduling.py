"""Composites, policies, triggers, notices, outputs and use of resources of scheduled tasks."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database.types import JsonText, UtcDateTime, big_identity

_KEY, _ID, _WORD = sa.String(256), sa.String(64), sa.String(32)


def upgrade(connection: sa.Connection) -> None:
    """Add the columns and tables."""
    for table, columns in _columns().items():
        for column in columns:
            text = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {text}")
    connection.exec_driver_sql("CREATE INDEX ix_hl_job_parent_job_id ON hl_job (parent_job_id)")
    for new in _tables():
        new.create(connection)


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "hl_task": [
            sa.Column("parallel_attribute", _WORD),
            sa.Column("retries", sa.Integer, nullable=False, server_default="0"),
            sa.Column("backoff_seconds", sa.Double, nullable=False, server_default="10"),
            sa.Column("time_limit_seconds", sa.Double),
            sa.Column("concurrency", sa.Integer, nullable=False, server_default="1"),
            sa.Column("misfire", _WORD, nullable=False, server_default="one"),
            sa.Column("grace_seconds", sa.Double, nullable=False, server_default="60"),
            sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
            sa.Column("notifications", JsonText),
            sa.Column("incident_job", sa.BigInteger),
        ],
        "hl_schedule": [sa.Column("revision", sa.Integer, nullable=False, server_default="0")],
        "hl_job": [
            sa.Column("parent_job_id", sa.BigInteger),
            sa.Column("seq_order", sa.Integer),
            sa.Column("parameters", JsonText),
            sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
            sa.Column("not_before", UtcDateTime),
            sa.Column("cpu_seconds", sa.Double),
            sa.Column("peak_memory_bytes", sa.BigInteger),
            sa.Column("run_id", _ID),
        ],
        "hl_worker": [sa.Column("max_jobs", sa.Integer, nullable=False, server_default="1")],
    }


def _tables() -> list[sa.Table]:
    metadata = sa.MetaData()
    sa.Table("hl_task", metadata, sa.Column("task_id", _KEY, primary_key=True))  # only referred to
    return [
        sa.Table(
            "hl_task_member",
            metadata,
            sa.Column("task_id", _KEY, sa.ForeignKey("hl_task.task_id"), primary_key=True),
            sa.Column("seq_order", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("member_id", _KEY, nullable=False, index=True),
        ),
        sa.Table(
            "hl_trigger",
            metadata,
            sa.Column("task_id", _KEY, sa.ForeignKey("hl_task.task_id"), primary_key=True),
            sa.Column("kind", _WORD, nullable=False),
            sa.Column("definition", JsonText, nullable=False),
            sa.Column("seen", JsonText),
            sa.Column("check_seconds", sa.Double, nullable=False),
            sa.Column("next_check", UtcDateTime, nullable=False, index=True),
            sa.Column("message", sa.Text, nullable=False),
        ),
        sa.Table(
            "hl_job_output",
            metadata,
            sa.Column("job_id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("name", _KEY, primary_key=True),
            sa.Column("content", sa.Text, nullable=False),
        ),
        sa.Table(
            "hl_notice",
            metadata,
            sa.Column("notice_id", big_identity(), sa.Identity(), primary_key=True),
            sa.Column("task_id", _KEY, nullable=False),
            sa.Column("job_id", sa.BigInteger, nullable=False),
            sa.Column("event", _WORD, nullable=False),
            sa.Column("status", _WORD, nullable=False, index=True),
            sa.Column("attempt", sa.Integer, nullable=False),
            sa.Column("next_attempt", UtcDateTime, nullable=False),
            sa.Column("created_at", UtcDateTime, nullable=False),
        ),
    ]
