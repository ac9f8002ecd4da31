"""Alarm budgets of drift tasks: verdicts of the detector beside those of single checks, and its state."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database.types import JsonText, UtcDateTime

_KEY, _WORD = sa.String(256), sa.String(32)


def upgrade(connection: sa.Connection) -> None:
    """Widen the tables of checks and results; make those of budgets and their evidence."""
    for table, columns in _columns().items():
        for column in columns:
            description = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {description}")
    connection.exec_driver_sql("CREATE INDEX ix_hl_drift_check_budget ON hl_drift_check (budget_task, created_at)")
    _metadata.create_all(connection)


def _columns() -> dict[str, list[sa.Column[object]]]:
    return {
        "hl_drift_check": [
            sa.Column("single_verdict", _WORD),
            sa.Column("budget_task", _KEY),
            sa.Column("budget_per", _WORD),
            sa.Column("budget_false_alarms", sa.Double),
            sa.Column("budget_cost", sa.Double),
            sa.Column("budget_spent", sa.Double),
            sa.Column("alarm_threshold", sa.Double),
        ],
        "hl_drift_result": [
            sa.Column("single_verdict", _WORD),
            sa.Column("e_value", sa.Double),
            sa.Column("evidence", sa.Double),
        ],
    }


_metadata = sa.MetaData()

sa.Table(
    "hl_drift_alarm_budget",
    _metadata,
    sa.Column("task_id", _KEY, primary_key=True),
    sa.Column("reference_version", sa.Integer, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("checks", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_due", UtcDateTime),
    sa.Column("last_window", sa.Text, nullable=False, server_default=""),
    sa.Column("last_rows", JsonText),
)

sa.Table(
    "hl_drift_alarm_evidence",
    _metadata,
    sa.Column("task_id", _KEY, primary_key=True),
    sa.Column("segment", sa.Text, primary_key=True),
    sa.Column("column_name", _KEY, primary_key=True),
    sa.Column("evidence", sa.Double, nullable=False),
)
