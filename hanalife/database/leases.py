"""The life of a job, as statements: due, queued, claimed, renewed, ended.

Many workers share the tables. Each step is an ``UPDATE ... WHERE <the values seen before>``
whose row count tells who won, so that the same statements hold on every database. A lease is
the right to execute one job; every later step names it and fails once it is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.database.tasks import append_log, job_of
from hanalife.errors import LostLeaseError
from hanalife.records import Job, JobStatus, Schedule, Tick

_job, _schedule, _tick = tables.job, tables.schedule, tables.tick

_OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to execute one job, for one attempt of one worker."""

    task_id: str
    job_id: int
    attempt: int
    owner: str

    def holds(self, run_out: datetime | None = None) -> sa.ColumnElement[bool]:
        """Return the condition that this lease is in force, or in force but run out at a moment."""
        held = sa.and_(
            _job.c.job_id == self.job_id,
            _job.c.attempt == self.attempt,
            _job.c.owner == self.owner,
            _job.c.status == JobStatus.RUNNING,
        )
        return held if run_out is None else sa.and_(held, _job.c.lease_until < run_out)


# --- due and queued ---------------------------------------------------------------------------


def due_schedules(connection: sa.Connection, now: datetime) -> list[Schedule]:
    """Return the enabled schedules with a due time that has passed, longest due first."""
    due = sa.select(_schedule).where(_schedule.c.enabled, _schedule.c.next_due <= now)
    return [Schedule(**row._mapping) for row in connection.execute(due.order_by(_schedule.c.next_due))]


def advance(connection: sa.Connection, seen: Schedule, next_due: datetime | None) -> bool:
    """Move a schedule on from the due time seen; False if it was moved or altered meanwhile."""
    unchanged = sa.and_(
        _schedule.c.task_id == seen.task_id,
        _schedule.c.next_due == seen.next_due,
        _schedule.c.cron == seen.cron,
        _schedule.c.timezone == seen.timezone,
        _schedule.c.enabled,
    )
    return connection.execute(_schedule.update().where(unchanged).values(next_due=next_due)).rowcount == 1


def recorded_dues(connection: sa.Connection, task_id: str, since: datetime) -> set[datetime]:
    """Return the due times of a task since a moment that the ledger has already."""
    query = sa.select(_tick.c.due).where(_tick.c.task_id == task_id, _tick.c.due >= since)
    return set(connection.execute(query).scalars())


def record_ticks(connection: sa.Connection, ticks: Sequence[Tick]) -> None:
    """Write what became of due times to the ledger."""
    rows = [
        {
            "task_id": tick.task_id,
            "due": tick.due,
            "status": tick.status,
            "job_id": tick.job_id,
            "recorded_at": tick.recorded_at,
        }
        for tick in ticks
    ]
    if rows:
        connection.execute(_tick.insert(), rows)


def queue(connection: sa.Connection, task_id: str, due: datetime, now: datetime) -> int:
    """Queue a job and return its number."""
    values = {
        "task_id": task_id,
        "due": due,
        "status": JobStatus.QUEUED,
        "attempt": 0,
        "cancel_requested": False,
        "created_at": now,
        "message": "",
    }
    job_id = int(connection.execute(_job.insert().values(**values).returning(_job.c.job_id)).scalar_one())
    append_log(connection, task_id, [("JOB", now, f"Queued for {due:%Y-%m-%d %H:%M:%S} UTC.")], job_id)
    return job_id


def waiting_job(connection: sa.Connection, task_id: str) -> int | None:
    """Return the number of the first job of a task that waits for a worker, or None."""
    waiting = sa.select(sa.func.min(_job.c.job_id)).where(_job.c.task_id == task_id, _job.c.status == JobStatus.QUEUED)
    return connection.execute(waiting).scalar()


# --- claimed and renewed ----------------------------------------------------------------------


def claimable(connection: sa.Connection, limit: int) -> list[Job]:
    """Return jobs that wait and whose task has no job running, longest due first."""
    other = _job.alias("other")
    running = sa.exists().where(other.c.task_id == _job.c.task_id, other.c.status == JobStatus.RUNNING)
    waiting = sa.select(_job).where(_job.c.status == JobStatus.QUEUED, ~running)
    return [job_of(row) for row in connection.execute(waiting.order_by(_job.c.due, _job.c.job_id).limit(limit))]


def claim(connection: sa.Connection, seen: Job, owner: str, now: datetime, lease_until: datetime) -> Lease | None:
    """Take a waiting job; None if another worker was quicker or the task has a job running.

    The caller holds the lock on the task's row: without it two workers could start two jobs
    of one task at the same moment.
    """
    other = _job.alias("other")
    running = sa.exists().where(other.c.task_id == seen.task_id, other.c.status == JobStatus.RUNNING)
    free = sa.and_(
        _job.c.job_id == seen.job_id, _job.c.status == JobStatus.QUEUED, _job.c.attempt == seen.attempt, ~running
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
    _log(connection, lease, now, f"Attempt {lease.attempt} started by worker {owner}.")
    return lease


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


def succeed(connection: sa.Connection, lease: Lease, now: datetime) -> bool:
    """End a job well; False if its lease is lost or it was asked to stop."""
    return _end(connection, lease, sa.and_(lease.holds(), ~_job.c.cancel_requested), JobStatus.SUCCEEDED, now, "")


def end(connection: sa.Connection, lease: Lease, status: JobStatus, now: datetime, message: str) -> bool:
    """End a job with any other status; False if its lease is lost, then nothing is written."""
    return _end(connection, lease, lease.holds(), status, now, message)


def retry(
    connection: sa.Connection,
    lease: Lease,
    now: datetime,
    reason: str,
    *,
    max_attempts: int,
    run_out: datetime | None = None,
) -> bool:
    """Queue a job again whose attempt came to nothing, or abandon it after too many attempts.

    With ``run_out`` the lease must have run out before that moment. A job that was asked to
    stop is not tried again. False if the lease is no longer as seen.
    """
    held = lease.holds(run_out)
    if connection.execute(sa.select(_job.c.cancel_requested).where(held)).scalar():
        return _end(connection, lease, held, JobStatus.CANCELLED, now, reason)
    if lease.attempt >= max_attempts:
        return _end(
            connection, lease, held, JobStatus.ABANDONED, now, f"{reason} Gave up after {lease.attempt} attempts."
        )
    values = {"status": JobStatus.QUEUED, "owner": None, "lease_until": None, "started_at": None, "message": reason}
    if connection.execute(_job.update().where(held).values(**values)).rowcount != 1:
        return False
    _log(connection, lease, now, f"{reason} Queued again.")
    return True


def _end(
    connection: sa.Connection,
    lease: Lease,
    held: sa.ColumnElement[bool],
    status: JobStatus,
    now: datetime,
    message: str,
) -> bool:
    values = {"status": status, "ended_at": now, "lease_until": None, "message": message}
    if connection.execute(_job.update().where(held).values(**values)).rowcount != 1:
        return False
    _log(connection, lease, now, f"{status}: {message}" if message else f"{status}.")
    return True


def request_cancel(connection: sa.Connection, task_id: str, now: datetime) -> list[int]:
    """Cancel the waiting jobs of a task, ask its running ones to stop, and return the numbers of all."""
    open_jobs = sa.and_(_job.c.task_id == task_id, _job.c.status.in_(_OPEN))
    asked = list(connection.execute(sa.select(_job.c.job_id).where(open_jobs).order_by(_job.c.job_id)).scalars())
    waiting = sa.and_(_job.c.task_id == task_id, _job.c.status == JobStatus.QUEUED)
    for job_id in asked:
        ended = {"status": JobStatus.CANCELLED, "ended_at": now}
        if connection.execute(_job.update().where(waiting, _job.c.job_id == job_id).values(**ended)).rowcount:
            append_log(connection, task_id, [("JOB", now, "CANCELLED before it started.")], job_id)
    connection.execute(_job.update().where(open_jobs).values(cancel_requested=True))
    return asked


def unfinished(connection: sa.Connection, job_ids: Collection[int]) -> list[int]:
    """Return those of some jobs that still wait or run."""
    open_jobs = sa.select(_job.c.job_id).where(_job.c.job_id.in_(job_ids), _job.c.status.in_(_OPEN))
    return list(connection.execute(open_jobs).scalars())


def _log(connection: sa.Connection, lease: Lease, now: datetime, message: str) -> None:
    append_log(connection, lease.task_id, [("JOB", now, message)], lease.job_id)
