"""What the tests of the engine share."""

from __future__ import annotations

import os
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hanalife.database import dialects, leases, tasks
from hanalife.records import Schedule, Task, TaskPolicy
from hanalife.scheduling.launchers import ColdLauncher, WarmLauncher
from hanalife.scheduling.policies import first_due
from tests.scheduling.job_process import EFFECTS


class Shared(WarmLauncher):
    """One zygote for all tests of a session."""

    def close(self):
        """Stay, for the next worker."""


LAUNCHER = Shared("tests.scheduling.job_process")
COLD = ColdLauncher((sys.executable, "-m", "tests.scheduling.job_process"))
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def until(condition, seconds=30, between=lambda: None):
    """Wait for a condition and return its value; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        between()
        threading.Event().wait(0.05)
    return value


def work(runner, condition, seconds=30):
    return until(condition, seconds, between=runner.step)


def add_task(database, task_id="T", policy=TaskPolicy(), **definition):  # noqa: B008 - a frozen value
    with database.write() as connection:
        EFFECTS.create(connection, checkfirst=True)
        tasks.insert_task(connection, Task(task_id, "test", definition, "", "me", CREATED, policy))


def add_schedule(database, cron="* * * * * * *", task_id="T", next_due=None, **values):
    with database.write() as connection:
        now = dialects.now(connection)
        schedule = Schedule(task_id, cron, "UTC", True, None, None, next_due, now)  # noqa: FBT003
        due = next_due or first_due(schedule, now)
        schedule = Schedule(task_id, cron, "UTC", True, values.get("start"), values.get("end"), due, now)  # noqa: FBT003
        tasks.insert_schedule(connection, schedule)


def queue(database, task_id="T"):
    with database.write() as connection:
        now = dialects.now(connection)
        return leases.queue(connection, task_id, now - timedelta(seconds=1), now)


def job(database, job_id):
    with database.read() as connection:
        return next(job for job in tasks.jobs(connection) if job.job_id == job_id)


def log(database, task_id="T", job_id=None):
    with database.read() as connection:
        return tasks.task_log(connection, task_id, job_id)


def effects(database):
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(EFFECTS))]


def pid_of(database, job_id):
    """Return the process that the newest attempt at a job runs in, or None before it has said so."""
    said = [entry.message for entry in log(database, job_id=job_id) if entry.message.startswith("pid ")]
    return int(said[-1].removeprefix("pid ")) if said else None


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
