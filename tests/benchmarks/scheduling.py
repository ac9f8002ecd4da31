"""What the engine promises, measured: ``python -m tests.benchmarks.scheduling [jobs] [kills]``.

Jobs under kill -9 of runners and children (0 lost, 0 with two effects), start latency, due times
on a grid of one second, time to cancel, the cost of an idle worker. Nothing fails by the clock.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hanalife.database import dialects, leases, tasks
from hanalife.database.engine import Database
from hanalife.records import JobStatus, TaskPolicy
from hanalife.scheduling.launchers import WarmLauncher
from hanalife.scheduling.runner import Limits, Runner
from hanalife.scheduling.worker import POLL_SECONDS
from tests.postgres import find_server
from tests.scheduling.engine import add_schedule, add_task, effects, log, queue, until

MAX_DEATHS = 60  # a job may die as often as the harness likes


def work_until_killed(url, lease_seconds, max_jobs):
    """Be a worker."""
    limits = Limits(max_jobs=int(max_jobs), lease=timedelta(seconds=float(lease_seconds)), max_deaths=MAX_DEATHS)
    runner = Runner(Database(url), WarmLauncher("tests.scheduling.job_process"), limits)
    runner.start()
    stop = threading.Event()
    while True:
        runner.step()
        runner.wait(stop, POLL_SECONDS)


class Workers:
    """Worker processes, to be killed and replaced."""

    def __init__(self, url, count, lease_seconds=3.0, max_jobs=4):
        self._command = [sys.executable, "-m", "tests.benchmarks.scheduling", "--worker", url]
        self._command += [str(lease_seconds), str(max_jobs)]
        self.running = [self._start() for _ in range(count)]

    def _start(self):
        return subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill_one(self, chance):
        """Kill a worker, and start another in its place."""
        worker = self.running.pop(chance.randrange(len(self.running)))
        worker.kill()
        worker.wait()
        self.running.append(self._start())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self.running:
            worker.kill()
            worker.wait()


def newest_pids(database):
    """Return the processes of jobs that run, as they have said."""
    with database.read() as connection:
        running = [job for job in tasks.jobs(connection, limit=5000) if job.status is JobStatus.RUNNING]
        lines = [entry for job in running for entry in tasks.task_log(connection, job.task_id, job.job_id)]
    return [int(line.message[4:]) for line in lines if line.message.startswith("pid ")]


def statuses(database):
    with database.read() as connection:
        return Counter(job.status.value for job in tasks.jobs(connection, limit=10_000))


def under_kills(database, url, workers, jobs, kills, seed=1, job_seconds=0.2):
    """Execute jobs while workers and children are killed; return jobs lost and jobs with two effects."""
    chance = random.Random(seed)
    for number in range(10):
        add_task(database, f"T{number}", policy=TaskPolicy(concurrency=3), seconds=job_seconds)
    with Workers(url, workers) as crew:
        numbers = [queue(database, f"T{number % 10}") for number in range(jobs)]
        for kill in range(kills):
            wanted = jobs * (kill + 1) // (kills + 2)
            until(lambda wanted=wanted: statuses(database)["SUCCEEDED"] >= wanted, seconds=600)
            pids = newest_pids(database)
            if kill % 2 and pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chance.choice(pids), signal.SIGKILL)
            else:
                crew.kill_one(chance)
        until(lambda: not ({"QUEUED", "RUNNING"} & set(statuses(database))), seconds=600)
    found = Counter(job_id for job_id, _ in effects(database))
    attempts = Counter(job.attempt for job in all_jobs(database))
    lost = [job_id for job_id in numbers if not found[job_id]]
    doubled = [job_id for job_id, times in found.items() if times > 1]
    return lost, doubled, sum(times for attempt, times in attempts.items() if attempt > 1)


def all_jobs(database):
    with database.read() as connection:
        return tasks.jobs(connection, limit=10_000)


def first_line_after(database, task_id, job_id):
    """Return how long after its due time the first line of a job was written."""

    def line():
        return next((entry for entry in log(database, task_id, job_id) if entry.event_key == "OUT"), None)

    said = until(line, 60)
    with database.read() as connection:
        return (said.event_time - tasks.job(connection, job_id).due).total_seconds()


def latencies(database, count=20):
    """Return the start latencies of jobs queued at random moments, and of jobs by a schedule."""
    chance = random.Random(2)
    add_task(database, "NOW")
    asked = []
    for _ in range(count):
        time.sleep(chance.uniform(0.2, 0.8))
        with database.write() as connection:
            now = dialects.now(connection)
            job_id = leases.queue(connection, "NOW", now, now)
        asked.append(first_line_after(database, "NOW", job_id))
    add_task(database, "TIMED")
    add_schedule(database, "* * * * * * */2", "TIMED")
    until(lambda: sum(job.task_id == "TIMED" for job in all_jobs(database)) >= count // 2, 120)
    timed = [job for job in all_jobs(database) if job.task_id == "TIMED"][1:]
    with database.write() as connection:
        tasks.delete_schedule(connection, "TIMED")
    return asked, [first_line_after(database, "TIMED", job.job_id) for job in timed]


def cancel_seconds(database):
    add_task(database, "LONG", wait_for="/never/there")
    job_id = queue(database, "LONG")
    until(lambda: any(entry.message.startswith("pid") for entry in log(database, "LONG", job_id)))
    started = time.perf_counter()
    with database.write() as connection:
        leases.request_cancel(connection, "LONG", dialects.now(connection))
    until(lambda: next(job for job in all_jobs(database) if job.job_id == job_id).ended_at is not None)
    return time.perf_counter() - started


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def grid(database, dues=1000):
    """Return how long it takes to account for due times of a downtime, and how many jobs a second then end."""
    with database.read() as connection:
        now = dialects.now(connection).replace(microsecond=0)
    add_task(database, "GRID", policy=TaskPolicy(misfire="all", concurrency=4))
    add_schedule(database, f"{now.year} * * * * * *", "GRID", next_due=now - timedelta(seconds=dues - 1), end=now)
    started = time.perf_counter()
    until(lambda: len(ticks(database)) >= dues, 60)
    accounted = time.perf_counter() - started
    until(lambda: not ({"QUEUED", "RUNNING"} & set(statuses(database))), 900)
    seconds = time.perf_counter() - started
    jobs = {job.job_id: job.due for job in all_jobs(database) if job.task_id == "GRID"}
    entries = ticks(database)
    exact = {tick.job_id: tick.due for tick in entries} == jobs and len(jobs) == dues
    return accounted, dues / seconds, exact


def ticks(database):
    with database.read() as connection:
        return tasks.ticks(connection, "GRID", limit=5000)


def measure(name, url, workers, jobs, kills):
    database = Database(url)
    started = time.perf_counter()
    lost, doubled, again = under_kills(database, url, workers, jobs, kills)
    taken = time.perf_counter() - started
    print(
        f"{name}: {jobs} jobs, {workers} workers, {kills} kills in {taken:.0f} s: {len(lost)} lost, "
        f"{len(doubled)} with two effects, {again} begun again",
        flush=True,
    )
    with Workers(url, 1) as crew:
        until(lambda: cpu_seconds(crew.running[0].pid) > 0.2)
        time.sleep(8)
        before = cpu_seconds(crew.running[0].pid)
        time.sleep(20)
        idle = (cpu_seconds(crew.running[0].pid) - before) / 20
        asked, timed = latencies(database)
        print(
            f"{name}: start latency, median (worst): asked for {statistics.median(asked):.3f} s ({max(asked):.3f}), "
            f"by the clock {statistics.median(timed):.3f} s ({max(timed):.3f}); "
            f"cancel {cancel_seconds(database):.2f} s; an idle worker takes {100 * idle:.2f} % of a core",
            flush=True,
        )
        accounted, rate, exact = grid(database)
        print(
            f"{name}: 1000 due times of a one-second grid: in the ledger after {accounted:.2f} s, "
            f"{rate:.1f} jobs a second, each due time one job: {exact}",
            flush=True,
        )
    database.close()


def main(jobs, kills):
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{Path(folder) / 'jobs.db'}", 2, jobs, kills)
    with find_server() as server:
        measure("PostgreSQL", server.url, 4, jobs, kills)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work_until_killed(*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, int(sys.argv[2]) if len(sys.argv) > 2 else 10)
