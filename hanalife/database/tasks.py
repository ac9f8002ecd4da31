"""Statements on tasks, schedules, their history and the workers that execute them.

How a job is queued, claimed and ended is in :mod:`hanalife.database.leases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import Job, JobStatus, Schedule, Task, TaskLogEntry, Tick, TickStatus, Worker

_TASK_COLUMNS = [column for column in tables.task.columns if column.name != "content_hash"]
_LOG_COLUMNS = [column for column in tables.task_log.columns if column.name != "entry_id"]


def tasks(connection: sa.Connection, task_ids: Sequence[str] | None = None) -> list[Task]:
    """Return tasks in the order of their ids; ``None`` means all."""
    query = sa.select(*_TASK_COLUMNS).order_by(tables.task.c.task_id)
    return [Task(**row._mapping) for row in connection.execute(_of(query, tables.task, task_ids))]


def schedules(connection: sa.Connection, task_ids: Sequence[str] | None = None) -> list[Schedule]:
    """Return schedules in the order of their tasks' ids; ``None`` means all."""
    query = sa.select(tables.schedule).order_by(tables.schedule.c.task_id)
    return [Schedule(**row._mapping) for row in connection.execute(_of(query, tables.schedule, task_ids))]


def jobs(connection: sa.Connection, task_ids: Sequence[str] | None = None, limit: int = 1000) -> list[Job]:
    """Return jobs, newest first, of some tasks or of all."""
    query = _of(sa.select(tables.job), tables.job, task_ids)
    rows = connection.execute(query.order_by(tables.job.c.job_id.desc()).limit(limit))
    return [job_of(row) for row in rows]


def ticks(connection: sa.Connection, task_id: str, limit: int = 1000) -> list[Tick]:
    """Return what became of the due times of a task, newest first."""
    query = _of(sa.select(tables.tick), tables.tick, [task_id])
    rows = connection.execute(query.order_by(tables.tick.c.due.desc()).limit(limit))
    return [Tick(**{**row._mapping, "status": TickStatus(row.status)}) for row in rows]


def task_log(connection: sa.Connection, task_id: str, job_id: int | None = None) -> list[TaskLogEntry]:
    """Return the log of a task in the order it was written, or that of one of its jobs."""
    query = _of(sa.select(*_LOG_COLUMNS), tables.task_log, [task_id])
    if job_id is not None:
        query = query.where(tables.task_log.c.job_id == job_id)
    rows = connection.execute(query.order_by(tables.task_log.c.entry_id))
    return [TaskLogEntry(**row._mapping) for row in rows]


def workers(connection: sa.Connection, alive_since: datetime) -> list[Worker]:
    """Return the workers that gave a sign of life at that moment or later, oldest first."""
    query = sa.select(tables.worker).where(tables.worker.c.heartbeat_at >= alive_since)
    rows = connection.execute(query.order_by(tables.worker.c.started_at, tables.worker.c.worker_id))
    return [Worker(**row._mapping) for row in rows]


def job_of(row: sa.Row[tuple[object, ...]]) -> Job:
    """Make the record of a row of the job table."""
    return Job(**{**row._mapping, "status": JobStatus(row.status)})


def _of(
    query: sa.Select[tuple[object, ...]], table: sa.Table, task_ids: Sequence[str] | None
) -> sa.Select[tuple[object, ...]]:
    return query if task_ids is None else query.where(table.c.task_id.in_(task_ids))
