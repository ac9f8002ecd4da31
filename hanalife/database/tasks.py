"""Statements on tasks, schedules, their history and the workers that execute them.

How a job is queued, claimed and ended is in :mod:`hanalife.database.leases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import alarm_budgets, blobs, tables
from hanalife.errors import TaskNotFoundError
from hanalife.records import Job, JobStatus, Schedule, Task, TaskLogEntry, TaskPolicy, Tick, TickStatus, Worker

_POLICY = [field.name for field in fields(TaskPolicy)]
_NOT_READ = ("content_hash", "training_keys", "incident_job")
_TASK_COLUMNS = [column for column in tables.task.columns if column.name not in _NOT_READ]
_LOG_COLUMNS = [column for column in tables.task_log.columns if column.name != "entry_id"]


def tasks(connection: sa.Connection, task_ids: Sequence[str] | None = None) -> list[Task]:
    """Return tasks in the order of their ids; ``None`` means all."""
    query = sa.select(*_TASK_COLUMNS).order_by(tables.task.c.task_id)
    return [task_of(row) for row in connection.execute(_of(query, tables.task, task_ids))]


def schedules(connection: sa.Connection, task_ids: Sequence[str] | None = None) -> list[Schedule]:
    """Return schedules in the order of their tasks' ids; ``None`` means all."""
    query = sa.select(tables.schedule).order_by(tables.schedule.c.task_id)
    return [Schedule(**row._mapping) for row in connection.execute(_of(query, tables.schedule, task_ids))]


def jobs(connection: sa.Connection, task_ids: Sequence[str] | None = None, limit: int = 1000) -> list[Job]:
    """Return jobs, newest first, of some tasks or of all."""
    query = _of(sa.select(tables.job), tables.job, task_ids)
    rows = connection.execute(query.order_by(tables.job.c.job_id.desc()).limit(limit))
    return [job_of(row) for row in rows]


def last_jobs(connection: sa.Connection, task_ids: Sequence[str]) -> dict[str, Job]:
    """Return the newest job of each task that has one, by task."""
    of_task = tables.job.alias()
    newest = sa.select(sa.func.max(of_task.c.job_id)).where(of_task.c.task_id == tables.task.c.task_id)
    chosen = sa.select(newest.correlate(tables.task).scalar_subquery()).where(tables.task.c.task_id.in_(task_ids))
    rows = connection.execute(sa.select(tables.job).where(tables.job.c.job_id.in_(chosen)))
    return {row.task_id: job_of(row) for row in rows}


def ends_of_jobs(
    connection: sa.Connection, task_ids: Sequence[str], most: int
) -> dict[str, list[tuple[JobStatus, float]]]:
    """Return how the last jobs of some tasks ended and how many seconds they took, oldest first, by task."""
    job, one = tables.job, tables.job.alias()
    latest = sa.select(one.c.job_id).where(
        one.c.task_id == tables.task.c.task_id, one.c.started_at.is_not(None), one.c.ended_at.is_not(None)
    )
    latest = latest.order_by(one.c.job_id.desc()).limit(most).correlate(tables.task)
    columns = (job.c.task_id, job.c.status, job.c.started_at, job.c.ended_at)
    query = sa.select(*columns).select_from(tables.task.join(job, job.c.job_id.in_(latest.scalar_subquery())))
    query = query.where(tables.task.c.task_id.in_(task_ids)).order_by(job.c.job_id)
    ends: dict[str, list[tuple[JobStatus, float]]] = {}
    for task_id, status, started, ended in connection.execute(query):
        ends.setdefault(task_id, []).append((JobStatus(status), (ended - started).total_seconds()))
    return ends


def jobs_of_run(connection: sa.Connection, run_id: str) -> list[Job]:
    """Return the jobs that made a run, oldest first."""
    rows = connection.execute(sa.select(tables.job).where(tables.job.c.run_id == run_id).order_by(tables.job.c.job_id))
    return [job_of(row) for row in rows]


def last_job(connection: sa.Connection, task_id: str) -> Job | None:
    """Return the newest job of a task, or None."""
    return next(iter(jobs(connection, [task_id], limit=1)), None)


def job(connection: sa.Connection, job_id: int) -> Job:
    """Return one job that exists."""
    return job_of(connection.execute(sa.select(tables.job).where(tables.job.c.job_id == job_id)).one())


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


# --- changes ----------------------------------------------------------------------------------


def lock(connection: sa.Connection, task_id: str) -> bool:
    """Hold off others who lock the task until the transaction ends; False if there is no such task."""
    query = sa.select(tables.task.c.task_id).where(tables.task.c.task_id == task_id)
    return connection.execute(query.with_for_update()).first() is not None


def task(connection: sa.Connection, task_id: str) -> Task:
    """Return one task.

    Raises
    ------
    TaskNotFoundError
        There is no such task.
    """
    found = tasks(connection, [task_id])
    if not found:
        known = [known.task_id for known in tasks(connection)]
        raise TaskNotFoundError(
            f"task_id: there is no task {task_id!r}; the tasks are: {', '.join(known) or 'none'}. "
            "Create one with create_predict_task or create_task."
        )
    return found[0]


def insert_task(
    connection: sa.Connection, new: Task, content_hash: str | None = None, training_keys: str | None = None
) -> None:
    """Add a task; the hashes name the bytes and the training keys of the model that it keeps for itself."""
    values = asdict(new)
    values |= values.pop("policy")
    connection.execute(tables.task.insert().values(**values, content_hash=content_hash, training_keys=training_keys))


def update_task(connection: sa.Connection, task_id: str, **values: Any) -> None:
    """Change columns of a task."""
    connection.execute(tables.task.update().where(tables.task.c.task_id == task_id).values(**values))


def delete_task(connection: sa.Connection, task_id: str) -> None:
    """Delete a task, its trigger, alarm budget and the model bytes that only it used; its jobs and log stay."""
    at = tables.task.c.task_id == task_id
    connection.execute(tables.task_member.delete().where(tables.task_member.c.task_id == task_id))
    connection.execute(tables.trigger.delete().where(tables.trigger.c.task_id == task_id))
    alarm_budgets.delete(connection, task_id)
    hashes = connection.execute(sa.select(tables.task.c.content_hash, tables.task.c.training_keys).where(at)).first()
    connection.execute(tables.task.delete().where(at))
    for sha256 in filter(None, hashes or ()):
        blobs.drop_unused(connection, sha256)


def schedule(connection: sa.Connection, task_id: str) -> Schedule | None:
    """Return the schedule of a task, or None."""
    return next(iter(schedules(connection, [task_id])), None)


def insert_schedule(connection: sa.Connection, new: Schedule) -> None:
    """Add a schedule to a task that has none."""
    connection.execute(tables.schedule.insert().values(**asdict(new)))


def update_schedule(connection: sa.Connection, changed: Schedule) -> None:
    """Write all values of a schedule; views of it that were taken before are out of date from now on."""
    at = tables.schedule.c.task_id == changed.task_id
    values = asdict(replace(changed, revision=changed.revision + 1))
    connection.execute(tables.schedule.update().where(at).values(**values))


def delete_schedule(connection: sa.Connection, task_id: str) -> None:
    """Delete the schedule of a task; the ledger of its due times stays."""
    connection.execute(tables.schedule.delete().where(tables.schedule.c.task_id == task_id))


def append_log(
    connection: sa.Connection,
    task_id: str,
    lines: Sequence[tuple[str, datetime, str]],
    job_id: int | None = None,
) -> None:
    """Add lines (event key, moment, message) to the log of a task or of one of its jobs."""
    entry = tables.task_log
    # A job's own process and its worker write at once, and each line has a number of its own.
    owner = tables.task.c.task_id == task_id if job_id is None else tables.job.c.job_id == job_id
    connection.execute(sa.select(sa.literal(1)).where(owner).with_for_update())
    of_job = entry.c.job_id.is_(None) if job_id is None else entry.c.job_id == job_id
    last = connection.execute(sa.select(sa.func.max(entry.c.seq)).where(entry.c.task_id == task_id, of_job)).scalar()
    rows = [
        {
            "task_id": task_id,
            "job_id": job_id,
            "seq": seq,
            "event_key": event_key,
            "event_time": moment,
            "message": message,
        }
        for seq, (event_key, moment, message) in enumerate(lines, start=(last or 0) + 1)
    ]
    if rows:
        connection.execute(entry.insert(), rows)


def beat(connection: sa.Connection, sign: Worker) -> None:
    """Note that a worker is alive; the first time makes it known."""
    at = tables.worker.c.worker_id == sign.worker_id
    seen = connection.execute(tables.worker.update().where(at).values(heartbeat_at=sign.heartbeat_at)).rowcount
    if not seen:
        connection.execute(tables.worker.insert().values(**asdict(sign)))


def forget_workers(connection: sa.Connection, silent_since: datetime) -> None:
    """Forget workers that gave no sign of life since a moment."""
    connection.execute(tables.worker.delete().where(tables.worker.c.heartbeat_at < silent_since))


def delete_worker(connection: sa.Connection, worker_id: str) -> None:
    """Forget a worker that has ended."""
    connection.execute(tables.worker.delete().where(tables.worker.c.worker_id == worker_id))


def task_of(row: sa.Row[Any]) -> Task:
    """Make the record of a row of the task table."""
    values = dict(row._mapping)
    policy = TaskPolicy(**{name: values.pop(name) for name in _POLICY})
    return Task(**values, policy=policy)


def job_of(row: sa.Row[Any]) -> Job:
    """Make the record of a row of the job table."""
    return Job(**{**row._mapping, "status": JobStatus(row.status)})


def _of(
    query: sa.Select[tuple[object, ...]], table: sa.Table, task_ids: Sequence[str] | None
) -> sa.Select[tuple[object, ...]]:
    return query if task_ids is None else query.where(table.c.task_id.in_(task_ids))
