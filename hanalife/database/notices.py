"""The outbox of notices: one of each incident when it begins, one when it is over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import JobStatus, Notice

WAITING, SENT, GIVEN_UP = "WAITING", "SENT", "GIVEN_UP"

_FAILURES = (JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.ABANDONED)

_notice, _task = tables.notice, tables.task


def note_end(connection: sa.Connection, task_id: str, job_id: int, status: JobStatus, now: datetime) -> None:
    """Open an incident with the first failure of a task, close it with the next success.

    It is part of the transaction that ends the job, so that an incident is told of once,
    however many workers and failures there are.
    """
    if status in _FAILURES:
        before, after, event = _task.c.incident_job.is_(None), job_id, "failure"
    elif status is JobStatus.SUCCEEDED:
        before, after, event = _task.c.incident_job.is_not(None), None, "recovery"
    else:
        return
    at = sa.and_(_task.c.task_id == task_id, _task.c.notifications.is_not(None), before)
    if connection.execute(_task.update().where(at).values(incident_job=after)).rowcount:
        values = {
            "task_id": task_id,
            "job_id": job_id,
            "event": event,
            "status": WAITING,
            "attempt": 0,
            "next_attempt": now,
            "created_at": now,
        }
        connection.execute(_notice.insert().values(**values))


def due(connection: sa.Connection, now: datetime) -> list[Notice]:
    """Return the notices that are to be sent now, oldest first."""
    query = sa.select(_notice).where(_notice.c.status == WAITING, _notice.c.next_attempt <= now)
    return [Notice(**row._mapping) for row in connection.execute(query.order_by(_notice.c.notice_id))]


def take(connection: sa.Connection, seen: Notice, next_attempt: datetime) -> bool:
    """Take a notice for one attempt to send it; False if another worker was quicker."""
    same = sa.and_(
        _notice.c.notice_id == seen.notice_id, _notice.c.attempt == seen.attempt, _notice.c.status == WAITING
    )
    values = {"attempt": seen.attempt + 1, "next_attempt": next_attempt}
    return connection.execute(_notice.update().where(same).values(**values)).rowcount == 1


def settle(connection: sa.Connection, notice_id: int, status: str) -> None:
    """Note that a notice was sent, or that no further attempt is made."""
    connection.execute(_notice.update().where(_notice.c.notice_id == notice_id).values(status=status))
