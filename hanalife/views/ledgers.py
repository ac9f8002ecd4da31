"""The ledger of a task as payloads: its last due times one by one, and further back by the day."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from hanalife.database import ledger
from hanalife.records import Tick
from hanalife.views.encoding import instant
from hanalife.views.payloads.tasks import TickDay, TickRow

#: How far back the days go: 26 weeks.
DAYS = 182


def days(connection: sa.Connection, task_id: str, newest: datetime) -> list[TickDay]:
    """Return the days with due times in the half year that ends with a moment, oldest first."""
    found: dict[str, dict[str, int]] = {}
    for day, status, number in ledger.days(connection, task_id, newest - timedelta(days=DAYS)):
        found.setdefault(day, {})[status.value] = number
    return [{"day": day, "counts": counts} for day, counts in found.items()]


def tick_row(tick: Tick) -> TickRow:
    """Return one due time for the ledger."""
    return {
        "due": instant(tick.due),
        "status": tick.status.value,
        "job_id": None if tick.job_id is None else str(tick.job_id),
        "recorded_at": instant(tick.recorded_at),
    }
