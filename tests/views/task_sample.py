"""A store of tasks with a past: jobs of many durations, ledgers of months, composites under way."""

from __future__ import annotations

import random
from datetime import timedelta

import pandas as pd

from hanalife import ScheduledExecution
from hanalife.database import leases, ledger, members
from hanalife.database import tasks as store
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.records import JobStatus, Schedule, Task, Tick, TickStatus

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
HOSTILE = "<img src=x onerror=alert(1)> '; DROP TABLE hl_task; -- \u202eevil"


def record_task(connection, task_id, kind, cron, now, **options):
    """Record a task with a schedule."""
    parameters = options.pop("parameters", {})
    outputs = options.pop("outputs", [])
    description = options.pop("description", "")
    definition = {"parameters": parameters, "outputs": outputs, "copies": [], "path": "package.module:function"}
    task = Task(task_id, kind, definition, description, "me", now - 200 * DAY, **options)
    store.insert_task(connection, task)
    if cron:
        store.insert_schedule(
            connection,
            Schedule(
                task_id, cron, "UTC", enabled=True, start_time=None, end_time=None, next_due=now + 3 * HOUR,
                created_at=task.created_at,
            ),
        )  # fmt: skip


def record_job(connection, task_id, begin, seconds, status, *, message="", parent=None, seq=None, log=()):
    """Execute a task at a moment of the past; without seconds it is still running."""
    family = (parent, seq) if parent else None
    job_id = leases.queue(connection, task_id, begin, begin, parent=family)
    lease = leases.claim(connection, store.job(connection, job_id), "worker-1", begin, begin + DAY)
    leases.note_use(connection, lease, cpu_seconds=(seconds or 1) * 0.8, peak_memory_bytes=2**27)
    store.append_log(connection, task_id, [("OUT", begin, line) for line in log], job_id)
    if seconds is not None:
        leases.end(connection, lease, status, begin + seconds * SECOND, message)
    return job_id


def record_past(connection, task_id, now, seed, *, days=150, seconds=20.0):
    """Record half a year of daily due times, most of them well, and jobs of the last weeks."""
    chance = random.Random(seed)
    words = [TickStatus.RAN] * 40 + [TickStatus.LATE] * 3 + [TickStatus.MISSED, TickStatus.SKIPPED, TickStatus.MERGED]
    ticks = []
    for back in range(days, 0, -1):
        due = (now - back * DAY).replace(hour=6, minute=0, second=0, microsecond=0)
        word = TickStatus.MISSED if 70 < back < 74 else chance.choice(words)
        job_id = None
        if word in (TickStatus.RAN, TickStatus.LATE) and back < 30:
            failed = chance.random() < 0.12
            status = JobStatus.FAILED if failed else JobStatus.SUCCEEDED
            took = seconds * chance.uniform(0.6, 1.6) * (1 + (30 - back) / 40)
            message = "ValueError: data: column 'AGE' has no values" if failed else ""
            job_id = record_job(connection, task_id, due, took, status, message=message)
        ticks.append(Tick(task_id, due, word, job_id, due))
    ledger.record_ticks(connection, ticks)


def record_nightly(connection, now, name="NIGHTLY"):
    """Record a composite that is executing just now: load, then three fits of which one is enough, then score."""
    leaves = [
        f"{name}_{part}" for part in ("LOAD", "CHECK", "FIT_HGBT", "FIT_FOREST", "FIT_LINEAR", "SCORE", "PUBLISH")
    ]
    for leaf in leaves:
        record_task(connection, leaf, "callable", None, now)
    record_task(connection, f"{name}_FITS", "parallel", None, now, parallel_attribute="ANY")
    members.insert(connection, f"{name}_FITS", leaves[2:5])
    record_task(
        connection, name, "sequential", "* * * * 2 0 0", now, description="Load, fit three models, score with the best"
    )
    members.insert(connection, name, [*leaves[:2], f"{name}_FITS", *leaves[5:]])
    whole = leases.queue(connection, name, now - 95 * SECOND, now - 95 * SECOND)
    leases.claim(connection, store.job(connection, whole), None, now - 95 * SECOND, now + DAY)
    lines = ["reading 1,204,331 rows", "written to PATIENTS"]
    record_job(connection, leaves[0], now - 95 * SECOND, 12.4, JobStatus.SUCCEEDED, parent=whole, seq=1, log=lines)
    record_job(connection, leaves[1], now - 82 * SECOND, 3.1, JobStatus.SUCCEEDED, parent=whole, seq=2)
    fits = leases.queue(connection, f"{name}_FITS", now, now, parent=(whole, 3))
    leases.claim(connection, store.job(connection, fits), None, now - 79 * SECOND, now + DAY)
    log = [f"round {i}: validation AUC {0.7 + i / 200:.4f}" for i in range(1, 13)]
    record_job(connection, leaves[2], now - 79 * SECOND, None, None, parent=fits, seq=1, log=log)
    record_job(
        connection, leaves[3], now - 79 * SECOND, 41.0, JobStatus.FAILED, parent=fits, seq=2,
        message="MemoryError: 12.1 GiB asked for",
    )  # fmt: skip
    record_job(connection, leaves[4], now - 79 * SECOND, None, None, parent=fits, seq=3)


def record_store(context, now):
    """Record all of these, a paused task and one with a hostile name."""
    scores = pd.DataFrame({"ID": range(1, 9), "SCORE": [0.12 * i for i in range(8)], "CLASS": list("01101001")})
    create_dataframe_from_pandas(context, scores, "PATIENT_SCORES", force=True)
    values = {"key": {"value": "ID"}, "threshold": {"value": 0.5}, "data": {"frame": {"sql": 'SELECT * FROM "NEW"'}}}
    with context.database.write() as connection:
        record_nightly(connection, now)
        record_task(
            connection, "WEEKLY_SCORES", "predict", "* * * mon:fri 8 0 0", now, parameters=values,
            outputs=["PATIENT_SCORES", "PATIENT_REASONS"], description="Score the new patients before the clinic opens",
        )  # fmt: skip
        record_past(connection, "WEEKLY_SCORES", now, 4)
        record_task(connection, "DRIFT_CHECK", "drift", "* * * * * 0 0", now)
        record_past(connection, "DRIFT_CHECK", now, 7, days=90, seconds=3)
        record_task(connection, HOSTILE, "sql", None, now, description=HOSTILE)
        record_job(connection, HOSTILE, now - DAY, 0.2, JobStatus.TIMED_OUT, message=HOSTILE, log=[HOSTILE])
        record_task(connection, "REPORT", "notebook", "* * 1 * 7 0 0", now)
    ScheduledExecution(context).pause_task_schedule("REPORT")
