"""Numbered steps that bring the tables of a store up to date.

A fresh store takes all steps at once. Each step runs once, in one transaction under an
exclusive lock, however many processes start together.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from hanalife.database import dialects, tables
from hanalife.errors import IncompatibleStoreError


def _create_first_tables(connection: sa.Connection) -> None:
    tables.metadata.create_all(connection)


#: Step n brings version n-1 to version n. Released steps are never edited.
STEPS: tuple[Callable[[sa.Connection], None], ...] = (_create_first_tables,)


def is_current(connection: sa.Connection) -> bool:
    """Say, without a lock, whether the store is at this version; refuse a newer one."""
    return _version(connection) == len(STEPS)


def upgrade(connection: sa.Connection) -> None:
    """Apply the missing steps within the caller's write transaction."""
    dialects.lock_for_migration(connection)
    version = _version(connection)  # again: another process may have been quicker
    for number, step in enumerate(STEPS[version:], start=version + 1):
        step(connection)
        applied = {"version": number, "applied_at": datetime.now(UTC)}
        connection.execute(tables.schema_version.insert().values(**applied))


def _version(connection: sa.Connection) -> int:
    if not sa.inspect(connection).has_table(tables.schema_version.name):
        return 0
    version = connection.execute(sa.select(sa.func.max(tables.schema_version.c.version))).scalar() or 0
    if version > len(STEPS):
        raise IncompatibleStoreError(
            f"The store has version {version}, this hanalife knows up to {len(STEPS)}. "
            "Upgrade hanalife (pip install --upgrade hanalife)."
        )
    return int(version)
