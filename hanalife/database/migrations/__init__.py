"""Numbered steps that bring the tables of a store up to date.

A fresh store is made from ``tables.py`` at once and counts as having taken every step. An older
one takes the steps it lacks, each once, in one transaction under an exclusive lock, however
many processes start together. What a step does is frozen in its own module: it never looks at
``tables.py``, which moves on. The views of the contract hold no data: each upgrade makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from hanalife.database import contract_views, dialects, tables
from hanalife.database.migrations import (
    step_2_tracking,
    step_3_snapshots,
    step_4_search,
    step_5_storage,
    step_6_scheduling,
    step_7_drift,
    step_8_loop,
    step_9_alerts,
    step_10_run_indexes,
    step_11_training_keys,
    step_12_metric_sources,
    step_13_alarm_budgets,
)
from hanalife.errors import IncompatibleStoreError

Step = Callable[[sa.Connection], None]

#: Step n brings version n to version n + 1; version 1 is the first. Released steps are never edited.
STEPS: tuple[Step, ...] = (
    step_2_tracking.upgrade,
    step_3_snapshots.upgrade,
    step_4_search.upgrade,
    step_5_storage.upgrade,
    step_6_scheduling.upgrade,
    step_7_drift.upgrade,
    step_8_loop.upgrade,
    step_9_alerts.upgrade,
    step_10_run_indexes.upgrade,
    step_11_training_keys.upgrade,
    step_12_metric_sources.upgrade,
    step_13_alarm_budgets.upgrade,
)

#: The version of a store that is up to date.
VERSION = 1 + len(STEPS)


def is_current(connection: sa.Connection) -> bool:
    """Say, without a lock, whether the store is at this version; refuse a newer one."""
    return _version(connection) == VERSION


def upgrade(connection: sa.Connection) -> None:
    """Make the tables, or apply the missing steps, within the caller's write transaction."""
    dialects.lock_for_migration(connection)
    version = _version(connection)  # again: another process may have been quicker
    contract_views.drop(connection)
    if not version:
        tables.metadata.create_all(connection)
    for step in STEPS[version - 1 :] if version else ():
        step(connection)
    contract_views.create(connection)
    for number in range(version + 1, VERSION + 1):
        applied = {"version": number, "applied_at": datetime.now(UTC)}
        connection.execute(tables.schema_version.insert().values(**applied))


def _version(connection: sa.Connection) -> int:
    if not sa.inspect(connection).has_table(tables.schema_version.name):
        return 0
    version = connection.execute(sa.select(sa.func.max(tables.schema_version.c.version))).scalar() or 0
    if version > VERSION:
        raise IncompatibleStoreError(
            f"The store has version {version}, this hanalife knows up to {VERSION}. "
            "Upgrade hanalife (pip install --upgrade hanalife)."
        )
    return int(version)
