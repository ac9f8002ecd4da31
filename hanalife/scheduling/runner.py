"""The engine: fires schedules, claims jobs, runs each in a process of its own.

Any number of runners may share a database; none is the leader. A job's right to be executed
is a lease that its runner renews. If a runner dies, its leases run out and others take its
jobs; whatever the dead one's process might still write is refused with its lost lease.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus

import sqlalchemy as sa

from hanalife.database import dialects, leases, tasks
from hanalife.database.engine import Database
from hanalife.database.leases import Lease
from hanalife.dataframe.context import URL_VARIABLE
from hanalife.errors import UnreachableDatabaseError
from hanalife.records import Job, JobStatus, Schedule, Tick, TickStatus, Worker
from hanalife.scheduling import policies
from hanalife.scheduling.child import Child, Line

logger = logging.getLogger(__name__)

#: A worker whose last sign of life is older than this counts as dead.
ALIVE = timedelta(seconds=15)

_BEAT = ALIVE / 4
_EXIT_GRACE = timedelta(seconds=10)
_DATABASE_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, UnreachableDatabaseError)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a runner takes on, and how long it is trusted without a sign."""

    max_jobs: int = 2  #: jobs at the same time
    lease: timedelta = timedelta(seconds=15)  #: renewed when a third of it is over
    max_attempts: int = 3  #: a job whose process or worker died so often is abandoned


@dataclass(slots=True)
class Execution:
    """A job this runner executes: its lease, its process, and lines not yet in the log."""

    lease: Lease
    child: Child
    renewed_at: datetime
    lines: list[Line] = field(default_factory=list)
    ended: bool = False

    def listen(self) -> None:
        """Take what the process has written; clear up after it if it has ended."""
        self.lines += self.child.take_lines()
        if not self.ended and self.child.returncode is not None:
            self.lines += self.child.close()
            self.ended = True


@dataclass(frozen=True, slots=True)
class View:
    """What a runner sees at one moment."""

    now: datetime
    due: list[Schedule]
    lost: list[Lease]  #: leases of workers that gave no sign of life
    jobs: dict[int, Job]  #: the jobs of this runner's executions


class Runner:
    """One worker of a database: :meth:`start`, :meth:`step` again and again, :meth:`stop`.

    Parameters
    ----------
    database : Database
        Where the tasks are.
    command : sequence of str
        What executes a job; number of the job, attempt and worker are added to it. The
        database's URL is in the environment variable ``HANALIFE_URL``.
    limits : Limits
        How many jobs at once, and for how long a lease holds.
    now : callable
        Gives the present moment of a connection; by default the database's clock.
    """

    def __init__(
        self,
        database: Database,
        command: Sequence[str],
        limits: Limits | None = None,
        now: Callable[[sa.Connection], datetime] = dialects.now,
    ) -> None:
        host, pid = socket.gethostname(), os.getpid()
        self.worker_id = f"{host}:{pid}:{secrets.token_hex(4)}"
        self._host, self._pid = host, pid
        self._database = database
        self._command = tuple(command)
        self._limits = limits or Limits()
        self._now = now
        self._url = database.url.render_as_string(hide_password=False)
        self._executions: list[Execution] = []
        self._started_at: datetime | None = None
        self._beaten_at: datetime | None = None

    def start(self) -> None:
        """Make the worker known."""
        with self._database.write() as connection:
            self._started_at = self._now(connection)
            self._beat(connection, self._started_at)

    def stop(self) -> None:
        """Kill the running jobs, queue them again, and forget the worker."""
        for execution in self._executions:
            execution.child.kill()
            execution.listen()
        with self._database.write() as connection:
            now = self._now(connection)
            for execution in self._executions:
                self._write_log(connection, execution)
                # An orderly stop is nobody's failure, so no attempt is one too many.
                attempts = execution.lease.attempt + 1
                leases.retry(connection, execution.lease, now, "The worker was stopped.", max_attempts=attempts)
            tasks.delete_worker(connection, self.worker_id)
        self._executions.clear()

    def step(self) -> None:
        """Do all that is due at this moment; a database that is away for a while is waited for."""
        try:
            view = self._look()
            self._keep_alive(view.now)
            for execution in list(self._executions):
                self._look_after(execution, view)
            for schedule in view.due:
                self._fire(schedule, view.now)
            for lease in view.lost:
                self._rescue(lease, view.now)
            self._claim_jobs()
        except _DATABASE_AWAY as error:
            logger.warning("Worker %s cannot use the database and tries again: %s", self.worker_id, error)

    def _look(self) -> View:
        with self._database.read() as connection:
            now = self._now(connection)
            mine = [execution.lease for execution in self._executions]
            return View(
                now,
                leases.due_schedules(connection, now),
                leases.expired(connection, now),
                leases.jobs_of(connection, mine) if mine else {},
            )

    def _keep_alive(self, now: datetime) -> None:
        """Show that the worker lives and renew its leases, long before either runs out."""
        aging = [one for one in self._executions if now - one.renewed_at > self._limits.lease / 3]
        if not aging and self._beaten_at is not None and now - self._beaten_at < _BEAT:
            return
        with self._database.write() as connection:
            self._beat(connection, now)
            for execution in aging:
                leases.renew(connection, execution.lease, now + self._limits.lease)
        for execution in aging:
            execution.renewed_at = now

    def _beat(self, connection: sa.Connection, now: datetime) -> None:
        started_at = self._started_at or now
        tasks.beat(connection, Worker(self.worker_id, self._host, self._pid, started_at, now))
        self._beaten_at = now

    # --- schedules ----------------------------------------------------------------------------

    def _fire(self, schedule: Schedule, now: datetime) -> None:
        """Account for the due times that have passed and queue at most one job, all or nothing."""
        found = policies.passed(schedule, now)
        with self._database.write() as connection:
            if not leases.advance(connection, schedule, found.next_due):
                return  # another worker was quicker, or the schedule was altered
            recorded = leases.recorded_dues(connection, schedule.task_id, found.dues[0])
            dues = [due for due in found.dues if due not in recorded]
            waiting = leases.waiting_job(connection, schedule.task_id)
            more_to_come = found.next_due is not None and found.next_due <= now
            decisions = policies.decide(dues, now, waiting=waiting is not None or more_to_come)
            job_id = waiting
            if decisions and decisions[-1].status is not TickStatus.MERGED:
                job_id = leases.queue(connection, schedule.task_id, decisions[-1].due, now)
            ticks = [Tick(schedule.task_id, one.due, one.status, job_id, now) for one in decisions]
            leases.record_ticks(connection, ticks)

    # --- jobs ---------------------------------------------------------------------------------

    def _claim_jobs(self) -> None:
        free = self._limits.max_jobs - len(self._executions)
        if free <= 0:
            return
        with self._database.read() as connection:
            waiting = leases.claimable(connection, free)
        for job in waiting:
            self._claim(job)

    def _claim(self, job: Job) -> None:
        with self._database.write() as connection:
            now = self._now(connection)
            if not tasks.lock(connection, job.task_id):
                leases.request_cancel(connection, job.task_id, now)  # its task was removed
                return
            lease = leases.claim(connection, job, self.worker_id, now, now + self._limits.lease)
        if lease is not None:
            self._start(lease, now)

    def _start(self, lease: Lease, now: datetime) -> None:
        command = [*self._command, str(lease.job_id), str(lease.attempt), lease.owner]
        try:
            child = Child(command, {URL_VARIABLE: self._url}, self._redact)
        except OSError as error:
            with self._database.write() as connection:
                leases.end(connection, lease, JobStatus.FAILED, now, f"Its process could not be started: {error}")
            return
        self._executions.append(Execution(lease, child, renewed_at=now))

    def _redact(self, line: str) -> str:
        """Take the database's password out of what a job prints."""
        password = self._database.url.password
        if password:
            for spelling in (str(password), quote_plus(str(password))):
                line = line.replace(spelling, "***")
        return line

    def _look_after(self, execution: Execution, view: View) -> None:
        """Keep the log of a job up to date, stop it if it must stop, note its end."""
        if _must_stop(view.jobs[execution.lease.job_id], execution.lease, view.now):
            execution.child.kill()
        execution.listen()
        if execution.lines or execution.ended:
            with self._database.write() as connection:
                self._write_log(connection, execution)
                if execution.ended:
                    self._note_end(connection, execution, self._now(connection))
            execution.lines.clear()  # not before they are in the database
        if execution.ended:
            self._executions.remove(execution)

    def _write_log(self, connection: sa.Connection, execution: Execution) -> None:
        tasks.append_log(connection, execution.lease.task_id, execution.lines, execution.lease.job_id)

    def _note_end(self, connection: sa.Connection, execution: Execution, now: datetime) -> None:
        """Give the job the status that the end of its process means, unless it has one already."""
        lease, returncode = execution.lease, execution.child.returncode or 0
        job = leases.jobs_of(connection, [lease])[lease.job_id]
        if job.cancel_requested:
            leases.end(connection, lease, JobStatus.CANCELLED, now, "Stopped on request.")
        elif returncode < 0:
            reason = f"Its process was killed by signal {-returncode}."
            leases.retry(connection, lease, now, reason, max_attempts=self._limits.max_attempts)
        else:
            reason = execution.child.last_error or f"Its process ended with status {returncode} and no result."
            leases.end(connection, lease, JobStatus.FAILED, now, reason)

    def _rescue(self, lease: Lease, now: datetime) -> None:
        """Queue again the job of a worker that died."""
        reason = f"Worker {lease.owner} gave no sign of life."
        limit = self._limits.max_attempts
        with self._database.write() as connection:
            leases.retry(connection, lease, now, reason, max_attempts=limit, run_out=now)


def _must_stop(job: Job, lease: Lease, now: datetime) -> bool:
    """Say whether a process has no business to run: cancelled, lease lost, or hanging after its end."""
    if job.status is JobStatus.SUCCEEDED:
        return job.ended_at is not None and now - job.ended_at > _EXIT_GRACE
    held = (job.status, job.attempt, job.owner) == (JobStatus.RUNNING, lease.attempt, lease.owner)
    return job.cancel_requested or not held
