"""The life of a job, as statements: queued, claimed, renewed, ended.

Many workers share the tables. Each step is an ``UPDATE ... WHERE <the values seen before>``
whose row count tells who won, so that the same statements hold on every database. A lease is
the right to execute one job; every later step names it and fails once it is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import notices, tables, tasks
from hanalife.database.members import COMPOSITES
from hanalife.database.notices import WAITING
from hanalife.database.tasks import append_log, job_of
from hanalife.errors import LostLeaseError
from hanalife.records import Job, JobStatus, TaskPolicy

_job, _schedule, _task = tables.job, tables.schedule, tables.task

_OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to execute one job, for one attempt of one worker."""

    task_id: str
    job_id: int
    attempt: int
    owner: str | None  #: None of a composite, which any worker leads on

    def holds(self, run_out: datetime | None = None) -> sa.ColumnElement[bool]:
        """Return the condition that this lease is in force, or in force but run out at a moment."""
        held = sa.and_(
            _job.c.job_id == self.job_id,
            _job.c.attempt == self.attempt,
            _job.c.owner == self.owner if self.owner else _job.c.owner.is_(None),
            _job.c.status == JobStatus.RUNNING,
        )
        return held if run_out is None else sa.and_(held, _job.c.lease_until < run_out)


# --- queued -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pulse:
    """When there is something to do for a worker; None: nothing of that kind waits."""

    next_due: datetime | None
    next_check: datetime | None
    next_notice: datetime | None
    open_jobs: int


def pulse(connection: sa.Connection) -> Pulse:
    """Return in one cheap question whether anything is to be done."""
    trigger, notice = tables.trigger, tables.notice
    waiting = sa.select(sa.func.min(notice.c.next_attempt)).where(notice.c.status == WAITING)
    row = connection.execute(
        sa.select(
            sa.select(sa.func.min(_schedule.c.next_due)).where(_schedule.c.enabled).scalar_subquery(),
            sa.select(sa.func.min(trigger.c.next_check)).scalar_subquery(),
            waiting.scalar_subquery(),
            sa.select(sa.func.count()).select_from(_job).where(_job.c.status.in_(_OPEN)).scalar_subquery(),
        )
    ).one()
    return Pulse(*row)


def queue(
    connection: sa.Connection,
    task_id: str,
    due: datetime,
    now: datetime,
    parameters: Mapping[str, Any] | None = None,
    parent: tuple[int, int] | None = None,
) -> int:
    """Queue a job and return its number; ``parent`` is the job it is a part of and its place there."""
    return queue_all(connection, task_id, [due], now, parameters, parent)[0]


def queue_all(
    connection: sa.Connection,
    task_id: str,
    dues: Sequence[datetime],
    now: datetime,
    parameters: Mapping[str, Any] | None = None,
    parent: tuple[int, int] | None = None,
) -> list[int]:
    """Queue a job for each due time and return their numbers."""
    parent_job_id, seq_order = parent or (None, None)
    rows = [
        {
            "task_id": task_id,
            "due": due,
            "status": JobStatus.QUEUED,
            "attempt": 0,
            "cancel_requested": False,
            "created_at": now,
            "message": "",
            "parent_job_id": parent_job_id,
            "seq_order": seq_order,
            "parameters": parameters,
        }
        for due in dues
    ]
    insert = _job.insert().returning(_job.c.job_id, sort_by_parameter_order=True)
    job_ids = [int(job_id) for job_id in connection.execute(insert, rows).scalars()]
    lines = [
        {
            "task_id": task_id,
            "job_id": job_id,
            "seq": 1,
            "event_key": "JOB",
            "event_time": now,
            "message": f"Queued for {due:%Y-%m-%d %H:%M:%S} UTC.",
        }
        for job_id, due in zip(job_ids, dues, strict=True)
    ]
    connection.execute(tables.task_log.insert(), lines)
    return job_ids


def waiting_job(connection: sa.Connection, task_id: str) -> int | None:
    """Return the number of the first job of a task that waits and can stand for any due time, or None."""
    waiting = sa.select(sa.func.min(_job.c.job_id)).where(
        _job.c.task_id == task_id,
        _job.c.status == JobStatus.QUEUED,
        _job.c.parent_job_id.is_(None),
        _job.c.parameters.is_(None),
    )
    return connection.execute(waiting).scalar()


def is_busy(connection: sa.Connection, task_id: str) -> bool:
    """Say whether a task has a job that waits or runs."""
    query = sa.select(_job.c.job_id).where(_job.c.task_id == task_id, _job.c.status.in_(_OPEN)).limit(1)
    return connection.execute(query).first() is not None


# --- claimed and renewed ----------------------------------------------------------------------


def claimable(connection: sa.Connection, now: datetime, limit: int, *, composite: bool = False) -> list[Job]:
    """Return jobs that wait and whose task may have one more running, first by priority, then longest due.

    Composites need no process, so they are asked for on their own.
    """
    kind = _task.c.kind.in_(COMPOSITES) if composite else sa.or_(_task.c.kind.is_(None), ~_task.c.kind.in_(COMPOSITES))
    waiting = (
        sa.select(_job)
        .join_from(_job, _task, _task.c.task_id == _job.c.task_id, isouter=True)
        .where(_job.c.status == JobStatus.QUEUED, kind, _running(_job.c.task_id) < _allowed(_job.c.task_id))
        .where(sa.or_(_job.c.not_before.is_(None), _job.c.not_before <= now))
        .order_by(sa.func.coalesce(_task.c.priority, 0).desc(), _job.c.due, _job.c.job_id)
    )
    return [job_of(row) for row in connection.execute(waiting.limit(limit))]


def claim(
    connection: sa.Connection, seen: Job, owner: str | None, now: datetime, lease_until: datetime | None
) -> Lease | None:
    """Take a waiting job; None if another worker was quicker or the task has enough jobs running.

    The caller holds the lock on the task's row: without it two workers could start two jobs
    of one task at the same moment. The job of a composite has no owner and no lease: any worker
    may lead it on, and none can lose it.
    """
    free = sa.and_(
        _job.c.job_id == seen.job_id,
        _job.c.status == JobStatus.QUEUED,
        _job.c.attempt == seen.attempt,
        _running(seen.task_id) < _allowed(seen.task_id),
    )
    values = {
        "status": JobStatus.RUNNING,
        "owner": owner,
        "attempt": seen.attempt + 1,
        "lease_until": lease_until,
        "started_at": now,
    }
    if connection.execute(_job.update().where(free).values(**values)).rowcount != 1:
        return None
    lease = Lease(seen.task_id, seen.job_id, seen.attempt + 1, owner)
    by = f"Attempt {lease.attempt} started by worker {owner}." if owner else "Started."
    _log(connection, lease, now, by)
    return lease


def _running(task_id: Any) -> sa.ScalarSelect[Any]:
    other = _job.alias("other")
    running = sa.select(sa.func.count()).where(other.c.task_id == task_id, other.c.status == JobStatus.RUNNING)
    return running.select_from(other).scalar_subquery()


def _allowed(task_id: Any) -> sa.ColumnElement[int]:
    own = _task.alias("own")
    allowed = sa.select(own.c.concurrency).where(own.c.task_id == task_id).scalar_subquery()
    return sa.func.coalesce(allowed, 1)


def jobs_of(connection: sa.Connection, leases: Collection[Lease]) -> dict[int, Job]:
    """Return the present rows of the jobs of some leases, by number."""
    rows = connection.execute(sa.select(_job).where(_job.c.job_id.in_([lease.job_id for lease in leases])))
    return {row.job_id: job_of(row) for row in rows}


def find(connection: sa.Connection, job_id: int, attempt: int, owner: str) -> Lease:
    """Return the lease of one attempt at a job.

    Raises
    ------
    LostLeaseError
        The job is not, or no longer, executed by this attempt.
    """
    task_id = connection.execute(sa.select(_job.c.task_id).where(Lease("", job_id, attempt, owner).holds())).scalar()
    if task_id is None:
        raise LostLeaseError(f"Job {job_id} is no longer executed by attempt {attempt} of worker {owner}.")
    return Lease(task_id, job_id, attempt, owner)


def renew(connection: sa.Connection, lease: Lease, lease_until: datetime) -> bool:
    """Extend a lease; False if it is lost."""
    return connection.execute(_job.update().where(lease.holds()).values(lease_until=lease_until)).rowcount == 1


def expired(connection: sa.Connection, now: datetime) -> list[Lease]:
    """Return the leases that were not renewed in time."""
    rows = connection.execute(sa.select(_job).where(_job.c.status == JobStatus.RUNNING, _job.c.lease_until < now))
    return [Lease(row.task_id, row.job_id, row.attempt, row.owner) for row in rows]


# --- ended ------------------------------------------------------------------------------------


def succeed(
    connection: sa.Connection,
    lease: Lease,
    now: datetime,
    run_id: str | None = None,
    verdict: str | None = None,
    message: str = "",
) -> bool:
    """End a job well, with what it found and why; False if its lease is lost or it was asked to stop."""
    held = sa.and_(lease.holds(), ~_job.c.cancel_requested)
    return _end(connection, lease, held, JobStatus.SUCCEEDED, now, message, run_id=run_id, verdict=verdict)


def end(
    connection: sa.Connection,
    lease: Lease,
    status: JobStatus,
    now: datetime,
    message: str,
    verdict: str | None = None,
) -> bool:
    """End a job with any status; False if its lease is lost, then nothing is written."""
    return _end(connection, lease, lease.holds(), status, now, message, verdict=verdict)


def fail(
    connection: sa.Connection, lease: Lease, status: JobStatus, now: datetime, message: str, policy: TaskPolicy
) -> bool:
    """Queue a failed job again for later if its task's policy has a retry left, else end it with a status."""
    failures = connection.execute(sa.select(_job.c.failures).where(lease.holds())).scalar()
    if failures is None or failures >= policy.retries:
        return end(connection, lease, status, now, message)
    wait = backoff(policy, failures)
    values = {"failures": failures + 1, "not_before": now + wait}
    said = f"{status}: {message} Retry {failures + 1} of {policy.retries} follows in {wait.total_seconds():g} s."
    return _requeue(connection, lease, lease.holds(), now, message, said, values)


def backoff(policy: TaskPolicy, failures: int) -> timedelta:
    """Return how long to wait after the failures so far and one more: doubled each time, at most an hour.

    >>> [backoff(TaskPolicy(backoff_seconds=10), failures).seconds for failures in (0, 1, 2, 99)]
    [10, 20, 40, 3600]
    """
    return timedelta(seconds=min(policy.backoff_seconds * 2 ** min(failures, 32), 3600))


def retry(
    connection: sa.Connection,
    lease: Lease,
    now: datetime,
    reason: str,
    *,
    max_deaths: int | None,
    run_out: datetime | None = None,
) -> bool:
    """Queue a job again whose process or worker died, or abandon it after too many deaths.

    With ``run_out`` the lease must have run out before that moment. A job that was asked to
    stop is not tried again. False if the lease is no longer as seen.
    """
    tasks.lock(connection, lease.task_id)
    held = lease.holds(run_out)
    seen = connection.execute(sa.select(_job.c.cancel_requested, _job.c.failures).where(held)).first()
    if seen is None:
        return False
    if seen.cancel_requested:
        return _end(connection, lease, held, JobStatus.CANCELLED, now, reason)
    deaths = lease.attempt - seen.failures
    if max_deaths is not None and deaths >= max_deaths:
        said = f"{reason} Gave up after {deaths} attempts."
        return _end(connection, lease, held, JobStatus.ABANDONED, now, said)
    return _requeue(connection, lease, held, now, reason, f"{reason} Queued again.", {})


def _requeue(
    connection: sa.Connection,
    lease: Lease,
    held: sa.ColumnElement[bool],
    now: datetime,
    reason: str,
    said: str,
    more: Mapping[str, Any],
) -> bool:
    values = {"status": JobStatus.QUEUED, "owner": None, "lease_until": None, "started_at": None, "message": reason}
    if connection.execute(_job.update().where(held).values(**values, **more)).rowcount != 1:
        return False
    _log(connection, lease, now, said)
    return True


def _end(
    connection: sa.Connection,
    lease: Lease,
    held: sa.ColumnElement[bool],
    status: JobStatus,
    now: datetime,
    message: str,
    **more: Any,
) -> bool:
    tasks.lock(connection, lease.task_id)  # before the job, in the order of everybody who locks both
    values = {"status": status, "ended_at": now, "lease_until": None, "message": message, **more}
    if connection.execute(_job.update().where(held).values(**values)).rowcount != 1:
        return False
    _log(connection, lease, now, f"{status}: {message}" if message else f"{status}.")
    notices.note_end(connection, lease.task_id, lease.job_id, status, now)
    return True


def note_use(connection: sa.Connection, lease: Lease, cpu_seconds: float, peak_memory_bytes: int) -> None:
    """Note what an attempt at a job has used."""
    at = sa.and_(_job.c.job_id == lease.job_id, _job.c.attempt == lease.attempt)
    values = {"cpu_seconds": cpu_seconds, "peak_memory_bytes": peak_memory_bytes}
    connection.execute(_job.update().where(at).values(**values))


def revise(connection: sa.Connection, job_id: int, old: str, new: str) -> bool:
    """Change the verdict of a job that has ended; False if it is another than the old one."""
    held = sa.and_(_job.c.job_id == job_id, _job.c.verdict == old)
    return connection.execute(_job.update().where(held).values(verdict=new)).rowcount == 1


def link_run(connection: sa.Connection, lease: Lease, run_id: str) -> None:
    """Note the run that an attempt at a job has recorded."""
    connection.execute(_job.update().where(lease.holds()).values(run_id=run_id))


def request_cancel(connection: sa.Connection, task_id: str, now: datetime) -> list[int]:
    """Cancel the waiting jobs of a task, ask its running ones to stop, and return the numbers of all.

    What a composite is made of is stopped with it.
    """
    open_jobs = sa.select(_job.c.job_id).where(_job.c.task_id == task_id, _job.c.status.in_(_OPEN))
    asked = list(connection.execute(open_jobs.order_by(_job.c.job_id)).scalars())
    stop_jobs(connection, asked, now)
    return asked


def stop_jobs(connection: sa.Connection, job_ids: Collection[int], now: datetime) -> None:
    """Cancel those of some jobs that wait, ask those that run to stop, and their parts with them."""
    for job_id in job_ids:
        waiting = sa.and_(_job.c.job_id == job_id, _job.c.status == JobStatus.QUEUED)
        ended = {"status": JobStatus.CANCELLED, "ended_at": now, "cancel_requested": True}
        cancelled = _job.update().where(waiting).values(**ended).returning(_job.c.task_id)
        task_id = connection.execute(cancelled).scalar()
        if task_id is not None:
            append_log(connection, task_id, [("JOB", now, "CANCELLED before it started.")], job_id)
            continue
        running = sa.and_(_job.c.job_id == job_id, _job.c.status == JobStatus.RUNNING)
        connection.execute(_job.update().where(running).values(cancel_requested=True))
        parts = sa.select(_job.c.job_id).where(_job.c.parent_job_id == job_id, _job.c.status.in_(_OPEN))
        stop_jobs(connection, list(connection.execute(parts).scalars()), now)


def unfinished(connection: sa.Connection, job_ids: Collection[int]) -> list[int]:
    """Return those of some jobs that still wait or run."""
    open_jobs = sa.select(_job.c.job_id).where(_job.c.job_id.in_(job_ids), _job.c.status.in_(_OPEN))
    return list(connection.execute(open_jobs).scalars())


def _log(connection: sa.Connection, lease: Lease, now: datetime, message: str) -> None:
    append_log(connection, lease.task_id, [("JOB", now, message)], lease.job_id)
