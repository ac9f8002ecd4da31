"""The engine: turns due times into jobs, claims jobs, runs each in a process of its own.

Any number of runners may share a database; none is the leader. A job's right to be executed
is a lease that its runner renews. If a runner dies, its leases run out and others take its
jobs; whatever the dead one's process might still write is refused with its lost lease.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote_plus

import sqlalchemy as sa

from hanalife.clock import utc_now
from hanalife.database import dialects, leases, ledger, members, tasks, triggers
from hanalife.database.engine import Database
from hanalife.database.leases import Lease, Pulse
from hanalife.database.watch import WriteWatch
from hanalife.dataframe.context import URL_VARIABLE
from hanalife.errors import UnreachableDatabaseError
from hanalife.records import Job, JobStatus, TaskPolicy, Worker
from hanalife.scheduling import composite_jobs, firing
from hanalife.scheduling.child import DATABASE_AWAY_STATUS, Child, Launcher, Line
from hanalife.scheduling.messenger import Messenger

logger = logging.getLogger(__name__)

#: A worker whose last sign of life is older than this counts as dead.
ALIVE = timedelta(seconds=15)

_BEAT = ALIVE / 4
_IDLE_SECONDS = 2.0
_GLANCE_SECONDS = 0.1
_EXIT_GRACE = timedelta(seconds=10)
_FORGOTTEN = timedelta(days=1)
_DATABASE_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, UnreachableDatabaseError)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a runner takes on, and how long it is trusted without a sign."""

    max_jobs: int = 2  #: jobs at the same time
    lease: timedelta = timedelta(seconds=15)  #: renewed when a third of it is over
    max_deaths: int = 3  #: a job whose process or worker died so often is abandoned


@dataclass(slots=True)
class Execution:
    """A job this runner executes: its lease, its process, and lines not yet in the log."""

    lease: Lease
    policy: TaskPolicy
    child: Child
    renewed_at: datetime
    lines: list[Line] = field(default_factory=list)
    ended: bool = False
    timed_out: bool = False

    def listen(self) -> None:
        """Take what the process has written; clear up after it if it has ended."""
        self.lines += self.child.take_lines()
        if not self.ended and self.child.has_ended():
            self.lines += self.child.close()
            self.ended = True


@dataclass(frozen=True, slots=True)
class View:
    """What a runner sees at one moment."""

    now: datetime
    pulse: Pulse
    lost: list[Lease]  #: leases of workers that gave no sign of life
    jobs: dict[int, Job]  #: the jobs of this runner's executions

    def is_due(self, moment: datetime | None) -> bool:
        """Say whether a moment has come."""
        return moment is not None and moment <= self.now


class Runner:
    """One worker of a database: :meth:`start`, :meth:`step` again and again, :meth:`stop`.

    Parameters
    ----------
    database : Database
        Where the tasks are.
    launcher : Launcher
        Starts a job's process, with the number of the job, the attempt and the worker as its
        arguments. The database's URL is in the environment variable ``HANALIFE_URL``.
    limits : Limits
        How many jobs at once, and for how long a lease holds.
    now : callable
        Gives the present moment of a connection; by default the database's clock.
    monotonic : callable
        Seconds by which time limits are measured; a machine's sleep does not add to them.
    """

    def __init__(
        self,
        database: Database,
        launcher: Launcher,
        limits: Limits | None = None,
        now: Callable[[sa.Connection], datetime] = dialects.now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        host, pid = socket.gethostname(), os.getpid()
        self.worker_id = f"{host}:{pid}:{secrets.token_hex(4)}"
        self._host, self._pid = host, pid
        self._database = database
        self._launcher = launcher
        self._limits = limits or Limits()
        self._now = now
        self._monotonic = monotonic
        self._messenger = Messenger(database)
        self._url = database.url.render_as_string(hide_password=False)
        self._executions: list[Execution] = []
        self._started_at: datetime | None = None
        self._beaten_at: datetime | None = None
        self._seen: View | None = None
        self._watch = WriteWatch(database)
        self._mark: object = None
        self._ahead = timedelta(0)  # by so much the database's clock is ahead of this machine's

    def start(self) -> None:
        """Make the worker known, and forget those that died long ago."""
        with self._database.write() as connection:
            self._started_at = self._now(connection)
            self._beat(connection, self._started_at)
            tasks.forget_workers(connection, self._started_at - _FORGOTTEN)

    def stop(self) -> None:
        """Kill the running jobs, queue them again, and forget the worker."""
        for execution in self._executions:
            execution.child.kill()
            execution.listen()
        self._launcher.close()
        self._messenger.close()
        self._watch.close()
        try:
            self._give_back()
        except _DATABASE_AWAY as error:
            logger.warning("Worker %s cannot give its jobs back; their leases run out: %s", self.worker_id, error)
        self._executions.clear()

    def _give_back(self) -> None:
        with self._database.write() as connection:
            now = self._now(connection)
            for execution in self._executions:
                self._write_log(connection, execution)
                # An orderly stop is nobody's failure, so no attempt is one too many.
                leases.retry(connection, execution.lease, now, "The worker was stopped.", max_deaths=None)
            tasks.delete_worker(connection, self.worker_id)
            self._messenger.note_sent(now)

    def step(self) -> None:
        """Do all that is due at this moment; a database that is away for a while is waited for."""
        self._seen = None
        try:
            view = self._look()
            self._keep_alive(view.now)
            fired = self._make_due(view)
            if fired or view.pulse.open_jobs or self._executions:
                for execution in list(self._executions):
                    self._look_after(execution, view)
                for lease in view.lost:
                    self._rescue(lease, view.now)
                self._lead_composites(view.now)
                self._claim_jobs(view.now)
            self._seen = view
        except _DATABASE_AWAY as error:
            logger.warning("Worker %s cannot use the database and tries again: %s", self.worker_id, error)

    def wait(self, stop: threading.Event, poll_seconds: float) -> None:
        """Wait before the next step: to the next due time, at most as long as given, or until it must stop.

        A runner without jobs waits longer, and wakes up when somebody has written.
        """
        idle = self._seen is not None and not self._executions and not self._has_changed()
        deadline = time.monotonic() + self._seconds_to_next(_IDLE_SECONDS if idle else poll_seconds)
        while (remaining := deadline - time.monotonic()) > 0 and not stop.wait(min(remaining, _GLANCE_SECONDS)):
            if idle and self._has_changed():
                return

    def _seconds_to_next(self, most: float) -> float:
        pulse = self._seen.pulse if self._seen is not None else None
        known = (pulse.next_due, pulse.next_check, pulse.next_notice) if pulse is not None else ()
        moments = [moment for moment in known if moment is not None]
        if not moments:
            return most
        remaining = (min(moments) - self._ahead - utc_now()).total_seconds()
        return min(max(remaining, 0.01), most)

    def _has_changed(self) -> bool:
        """Say whether anybody, this runner as well, has written since the last time it was asked."""
        before, self._mark = self._mark, self._watch.mark()
        return before != self._mark

    def _look(self) -> View:
        with self._database.read() as connection:
            now = self._now(connection)
            pulse = leases.pulse(connection)
            if not pulse.open_jobs and not self._executions:
                view = View(now, pulse, [], {})
            else:
                mine = [execution.lease for execution in self._executions]
                jobs = leases.jobs_of(connection, mine) if mine else {}
                view = View(now, pulse, leases.expired(connection, now), jobs)
        self._ahead = now - utc_now()
        return view

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
        sign = Worker(self.worker_id, self._host, self._pid, started_at, now, self._limits.max_jobs)
        tasks.beat(connection, sign)
        self._beaten_at = now

    # --- what is due --------------------------------------------------------------------------

    def _make_due(self, view: View) -> bool:
        """Turn due times and observations into jobs, and incidents into notices; say if any were due."""
        if view.is_due(view.pulse.next_due):
            with self._database.read() as connection:
                due = ledger.due_schedules(connection, view.now)
            for schedule in due:
                with self._database.write() as connection:
                    firing.fire(connection, schedule, view.now)
        if view.is_due(view.pulse.next_check):
            with self._database.read() as connection:
                watching = triggers.due(connection, view.now)
            for trigger in watching:
                firing.check(self._database, trigger, view.now)
        if view.is_due(view.pulse.next_notice):
            self._messenger.send_due(view.now)
        self._messenger.note_sent(view.now)
        return view.is_due(view.pulse.next_due) or view.is_due(view.pulse.next_check)

    # --- jobs ---------------------------------------------------------------------------------

    def _lead_composites(self, now: datetime) -> None:
        with self._database.read() as connection:
            waiting = leases.claimable(connection, now, limit=100, composite=True)
            running = members.running_composites(connection)
            running = [job for job in running if composite_jobs.wants_step(connection, job, now)]
        for job in waiting:
            with self._database.write() as connection:
                if tasks.lock(connection, job.task_id):
                    leases.claim(connection, job, None, now, None)
        for job in running:
            with self._database.write() as connection:
                composite_jobs.lead(connection, job, now)

    def _claim_jobs(self, now: datetime) -> None:
        free = self._limits.max_jobs - len(self._executions)
        if free <= 0 or not self._launcher.is_ready():
            return
        with self._database.read() as connection:
            waiting = leases.claimable(connection, now, free)
        for job in waiting:
            self._claim(job)

    def _claim(self, job: Job) -> None:
        with self._database.write() as connection:
            now = self._now(connection)
            if not tasks.lock(connection, job.task_id):
                leases.request_cancel(connection, job.task_id, now)  # its task was removed
                return
            lease = leases.claim(connection, job, self.worker_id, now, now + self._limits.lease)
            policy = tasks.task(connection, job.task_id).policy
        if lease is not None:
            self._start(lease, policy, now)

    def _start(self, lease: Lease, policy: TaskPolicy, now: datetime) -> None:
        arguments = [str(lease.job_id), str(lease.attempt), self.worker_id]
        try:
            child = Child(
                self._launcher, arguments, {URL_VARIABLE: self._url}, self._redact, self._moment, self._monotonic
            )
        except OSError as error:
            with self._database.write() as connection:
                leases.end(connection, lease, JobStatus.FAILED, now, f"Its process could not be started: {error}")
            return
        self._executions.append(Execution(lease, policy, child, renewed_at=now))

    def _moment(self) -> datetime:
        return utc_now() + self._ahead  # on the clock that all hosts agree on

    def _redact(self, line: str) -> str:
        """Take the database's password out of what a job prints."""
        password = self._database.url.password
        if password:
            for spelling in (str(password), quote_plus(str(password))):
                line = line.replace(spelling, "***")
        return line

    def _look_after(self, execution: Execution, view: View) -> None:
        """Keep the log of a job up to date, stop it if it must stop, note its end."""
        limit = execution.policy.time_limit_seconds
        job = view.jobs[execution.lease.job_id]
        if limit is not None and execution.child.seconds > limit and job.status is JobStatus.RUNNING:
            execution.timed_out = True
        if execution.timed_out or _must_stop(job, execution.lease, view.now):
            execution.child.stop()
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
        lease, ended = execution.lease, execution.child.ended
        assert ended is not None
        tasks.lock(connection, lease.task_id)
        leases.note_use(connection, lease, ended.cpu_seconds, ended.peak_memory_bytes)
        if leases.jobs_of(connection, [lease])[lease.job_id].cancel_requested:
            leases.end(connection, lease, JobStatus.CANCELLED, now, "Stopped on request.")
        elif execution.timed_out:
            reason = f"Its time limit of {execution.policy.time_limit_seconds:g} s is over."
            leases.fail(connection, lease, JobStatus.TIMED_OUT, now, reason, execution.policy)
        elif ended.returncode < 0 or ended.returncode == DATABASE_AWAY_STATUS:
            reason = f"Its process was killed by signal {-ended.returncode}."
            if ended.returncode == DATABASE_AWAY_STATUS:
                reason = f"The database was away: {execution.child.last_error}"
            leases.retry(connection, lease, now, reason, max_deaths=self._limits.max_deaths)
        else:
            reason = execution.child.last_error or f"Its process ended with status {ended.returncode} and no result."
            leases.fail(connection, lease, JobStatus.FAILED, now, reason, execution.policy)

    def _rescue(self, lease: Lease, now: datetime) -> None:
        """Queue again the job of a worker that died."""
        reason = f"Worker {lease.owner} gave no sign of life."
        limit = self._limits.max_deaths
        with self._database.write() as connection:
            leases.retry(connection, lease, now, reason, max_deaths=limit, run_out=now)


def _must_stop(job: Job, lease: Lease, now: datetime) -> bool:
    """Say whether a process has no business to run: cancelled, lease lost, or hanging after its end."""
    if job.status is JobStatus.SUCCEEDED:
        return job.ended_at is not None and now - job.ended_at > _EXIT_GRACE
    held = (job.status, job.attempt, job.owner) == (JobStatus.RUNNING, lease.attempt, lease.owner)
    return job.cancel_requested or not held
