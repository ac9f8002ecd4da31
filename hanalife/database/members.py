"""Statements on composites: which tasks they are made of, and the jobs of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.database.tasks import job_of
from hanalife.records import Job, JobStatus

#: The kinds of tasks that are made of other tasks.
COMPOSITES = ("sequential", "parallel")

_member, _job = tables.task_member, tables.job


def insert(
    connection: sa.Connection, task_id: str, members: Sequence[str], gates: Mapping[str, str] | None = None
) -> None:
    """Make a composite of tasks, in their order from 1; a gate is the verdict that a member waits for."""
    waits = gates or {}
    rows = [
        {"task_id": task_id, "seq_order": place, "member_id": name, "gate": waits.get(name)}
        for place, name in enumerate(members, 1)
    ]
    connection.execute(_member.insert(), rows)


def of(connection: sa.Connection, task_id: str) -> list[str]:
    """Return the members of a composite in their order; none of a single task."""
    query = sa.select(_member.c.member_id).where(_member.c.task_id == task_id)
    return list(connection.execute(query.order_by(_member.c.seq_order)).scalars())


def gates(connection: sa.Connection, task_id: str) -> dict[int, str]:
    """Return the gates of a composite: place of a member -> the verdict of the one before that it waits for."""
    query = sa.select(_member.c.seq_order, _member.c.gate).where(_member.c.task_id == task_id)
    return {row.seq_order: row.gate for row in connection.execute(query.where(_member.c.gate.is_not(None)))}


def composites_with(connection: sa.Connection, task_id: str) -> list[str]:
    """Return the composites that have a task as a direct member."""
    query = sa.select(_member.c.task_id).distinct().where(_member.c.member_id == task_id)
    return list(connection.execute(query.order_by(_member.c.task_id)).scalars())


def all_below(connection: sa.Connection, task_ids: Sequence[str]) -> set[str]:
    """Return tasks with everything that they are made of, at any depth."""
    found: set[str] = set()
    waiting = list(task_ids)
    while waiting:
        task_id = waiting.pop()
        if task_id not in found:
            found.add(task_id)
            waiting += of(connection, task_id)
    return found


def running_composites(connection: sa.Connection) -> list[Job]:
    """Return the jobs of composites that wait for their parts."""
    query = sa.select(_job).where(_job.c.status == JobStatus.RUNNING, _job.c.owner.is_(None))
    return [job_of(row) for row in connection.execute(query.order_by(_job.c.job_id))]


def hold(connection: sa.Connection, job_id: int) -> Job | None:
    """Return the running job of a composite and keep all others from changing it; None if it has ended."""
    query = sa.select(_job).where(_job.c.job_id == job_id, _job.c.status == JobStatus.RUNNING, _job.c.owner.is_(None))
    row = connection.execute(query.with_for_update()).first()
    return None if row is None else job_of(row)


def children(connection: sa.Connection, job_id: int) -> list[Job]:
    """Return the jobs that are direct parts of a composite's job."""
    query = sa.select(_job).where(_job.c.parent_job_id == job_id).order_by(_job.c.seq_order, _job.c.job_id)
    return [job_of(row) for row in connection.execute(query)]


def insert_ended(
    connection: sa.Connection, parent: Job, place: int, task_id: str, status: JobStatus, now: datetime, message: str
) -> None:
    """Record a part of a composite's job that is not executed, and why."""
    values = {
        "task_id": task_id,
        "due": parent.due,
        "status": status,
        "attempt": 0,
        "cancel_requested": False,
        "created_at": now,
        "ended_at": now,
        "message": message,
        "parent_job_id": parent.job_id,
        "seq_order": place,
    }
    connection.execute(_job.insert().values(**values))
