"""Models, and tasks with a model of their own, keep the keys of the rows that these were trained on."""

from __future__ import annotations

import sqlalchemy as sa


def upgrade(connection: sa.Connection) -> None:
    """Add the columns; of models that are stored the training rows stay unknown."""
    for table in ("hl_model_version", "hl_task"):
        connection.exec_driver_sql(
            f"ALTER TABLE {table} ADD COLUMN training_keys VARCHAR(64) REFERENCES hl_blob(sha256)"
        )
