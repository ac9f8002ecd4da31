"""How tests let jobs of scheduled execution run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanalife.database import dialects, leases, tasks
from tests.scheduling.engine import until

#: For what is decided from rows and verdicts alone, after other tests have read and written them on both databases.
on_sqlite = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def run(scheduler, task_id, parameters=None):
    """Execute a task once in a worker of this process and return the finished job."""
    job_id = scheduler.create_one_off_task_schedule(task_id, parameters)
    scheduler.start_worker()
    return until(lambda: finished(scheduler, task_id, job_id), seconds=60)


def finished(scheduler, task_id, job_id):
    with scheduler.connection_context.database.read() as connection:
        job = tasks.jobs(connection, [task_id])[0]
    assert job.job_id == job_id
    # What it used is noted last, after its last lines; a composite has no process.
    return job if job.ended_at and (job.cpu_seconds is not None or job.owner is None) else None


def store_job(conn, task_id, *, running=True):
    """Let a worker that does not exist hold a job."""
    with conn.database.write() as connection:
        now = dialects.now(connection)
        leases.queue(connection, task_id, now, now)
        job = tasks.jobs(connection, [task_id])[0]
        return leases.claim(connection, job, "gone", now, now + timedelta(minutes=1)) if running else None
