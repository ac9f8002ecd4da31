"""Schedules that are due, and the ledger of what became of their due times, as statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import Schedule, Tick, TickStatus

_schedule, _tick = tables.schedule, tables.tick


def due_schedules(connection: sa.Connection, now: datetime) -> list[Schedule]:
    """Return the enabled schedules with a due time that has passed, longest due first."""
    due = sa.select(_schedule).where(_schedule.c.enabled, _schedule.c.next_due <= now)
    return [Schedule(**row._mapping) for row in connection.execute(due.order_by(_schedule.c.next_due))]


def advance(connection: sa.Connection, seen: Schedule, next_due: datetime | None) -> bool:
    """Move a schedule on from the due time seen; False if it was moved, paused or altered meanwhile."""
    unchanged = sa.and_(
        _schedule.c.task_id == seen.task_id,
        _schedule.c.next_due == seen.next_due,
        _schedule.c.revision == seen.revision,
        _schedule.c.created_at == seen.created_at,
        _schedule.c.enabled,
    )
    return connection.execute(_schedule.update().where(unchanged).values(next_due=next_due)).rowcount == 1


def between(connection: sa.Connection, task_id: str, start: datetime, end: datetime | None = None) -> list[Tick]:
    """Return the recorded due times of a task in a range that includes both ends, oldest first."""
    query = sa.select(_tick).where(_tick.c.task_id == task_id, _tick.c.due >= start)
    if end is not None:
        query = query.where(_tick.c.due <= end)
    return [Tick(**row._mapping) for row in connection.execute(query.order_by(_tick.c.due))]


def days(connection: sa.Connection, task_id: str, since: datetime) -> list[tuple[str, TickStatus, int]]:
    """Return how many due times of each day (UTC) since a moment came to what: day, status, number; oldest first."""
    day = sa.func.date(_tick.c.due)
    query = sa.select(day, _tick.c.status, sa.func.count()).where(_tick.c.task_id == task_id, _tick.c.due >= since)
    rows = connection.execute(query.group_by(day, _tick.c.status).order_by(day, _tick.c.status))
    return [(str(one), TickStatus(status), int(number)) for one, status, number in rows]


def record_ticks(connection: sa.Connection, ticks: Sequence[Tick]) -> None:
    """Write what became of due times to the ledger."""
    if ticks:
        connection.execute(_tick.insert(), [_row(tick) for tick in ticks])


def correct_ticks(connection: sa.Connection, ticks: Sequence[Tick]) -> None:
    """Write what became of due times, in place of what the ledger had of them."""
    for tick in ticks:
        connection.execute(_tick.delete().where(_tick.c.task_id == tick.task_id, _tick.c.due == tick.due))
    record_ticks(connection, ticks)


def _row(tick: Tick) -> dict[str, Any]:
    return {
        "task_id": tick.task_id,
        "due": tick.due,
        "status": tick.status,
        "job_id": tick.job_id,
        "recorded_at": tick.recorded_at,
    }
