"""What belongs to a run is found by an index: its child runs, its jobs, and the models that it made."""

from __future__ import annotations

import sqlalchemy as sa

#: Few rows have a run: the others need no room in an index.
_INDEXES = (
    ("hl_run_parent", "hl_run", "parent_run_id"),
    ("hl_job_run", "hl_job", "run_id"),
    ("hl_model_version_run", "hl_model_version", "run_id"),
)


def upgrade(connection: sa.Connection) -> None:
    """Make the indexes; the first was there, with a place for every run."""
    connection.exec_driver_sql("DROP INDEX hl_run_parent")
    for name, table, column in _INDEXES:
        connection.exec_driver_sql(f"CREATE INDEX {name} ON {table} ({column}) WHERE {column} IS NOT NULL")
