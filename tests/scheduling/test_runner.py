"""The engine with real child processes, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from hanalife.database import dialects, leases, ledger, tables, tasks
from hanalife.database.engine import Database
from hanalife.errors import InvalidArgumentError, LostLeaseError
from hanalife.records import JobStatus, TickStatus
from hanalife.scheduling.launchers import ColdLauncher
from hanalife.scheduling.runner import Limits, Runner
from hanalife.scheduling.worker import WorkerThread, run_worker
from tests.scheduling.engine import (
    LAUNCHER,
    add_schedule,
    add_task,
    effects,
    is_running,
    job,
    log,
    pid_of,
    queue,
    until,
    work,
)


def test_a_queued_job_is_executed_and_its_output_is_in_the_log(database, runner):
    add_task(database)
    job_id = queue(database)
    work(runner, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    work(runner, lambda: any(entry.event_key == "OUT" for entry in log(database, job_id=job_id)))
    assert effects(database) == [(job_id, 1)]
    entries = log(database, job_id=job_id)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.message for entry in entries if entry.event_key == "JOB"][-1] == "SUCCEEDED."
    done = job(database, job_id)
    assert done.created_at <= done.started_at <= done.ended_at


def test_lines_written_at_once_have_numbers_of_their_own(database):
    add_task(database)
    job_id = queue(database)

    def write(who):
        for _ in range(25):
            with database.write() as connection:
                tasks.append_log(connection, "T", [("OUT", dialects.now(connection), who)], job_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))
    numbers = [entry.seq for entry in log(database, job_id=job_id)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 100


def test_a_failing_job_says_why(database, runner):
    add_task(database, fail="no rows in WEEK_3")
    job_id = queue(database)
    work(runner, lambda: job(database, job_id).status is JobStatus.FAILED)
    assert job(database, job_id).message == "RuntimeError: no rows in WEEK_3"
    errors = [entry.message for entry in log(database, job_id=job_id) if entry.event_key == "ERROR"]
    assert errors[0] == "Traceback (most recent call last):"
    assert job(database, job_id).attempt == 1
    assert effects(database) == []


def test_a_job_that_cannot_start_fails(database):
    runner = Runner(database, ColdLauncher(["/does/not/exist"]))
    runner.start()
    add_task(database)
    job_id = queue(database)
    runner.step()
    runner.stop()
    assert job(database, job_id).status is JobStatus.FAILED
    assert "/does/not/exist" in job(database, job_id).message


def test_a_job_whose_process_keeps_dying_is_abandoned(database):
    runner = Runner(database, LAUNCHER, Limits(max_deaths=2))
    runner.start()
    add_task(database, die=True)
    job_id = queue(database)
    work(runner, lambda: job(database, job_id).status is JobStatus.ABANDONED)
    runner.stop()
    assert job(database, job_id).attempt == 2
    assert "signal 9" in job(database, job_id).message


def test_a_cancelled_job_stops_and_its_process_is_gone(database, runner):
    add_task(database, wait_for="/never/there")
    job_id, waiting = queue(database), queue(database)
    pid = work(runner, lambda: pid_of(database, job_id))
    with database.write() as connection:
        assert leases.request_cancel(connection, "T", dialects.now(connection)) == [job_id, waiting]
    work(runner, lambda: job(database, job_id).status is JobStatus.CANCELLED, seconds=2)
    assert not is_running(pid)
    assert job(database, waiting).status is JobStatus.CANCELLED
    assert effects(database) == []


def test_one_task_never_has_two_jobs_running(database, runner, tmp_path):
    gate = tmp_path / "gate"
    add_task(database, wait_for=str(gate))
    first, second = queue(database), queue(database)
    work(runner, lambda: pid_of(database, first))
    runner.step()
    assert (job(database, first).status, job(database, second).status) == (JobStatus.RUNNING, JobStatus.QUEUED)
    gate.touch()
    work(runner, lambda: job(database, second).status is JobStatus.SUCCEEDED)
    assert job(database, second).started_at >= job(database, first).ended_at


def test_jobs_that_wait_for_their_own_task_do_not_hold_up_others(database, runner):
    add_task(database, "SLOW", wait_for="/never/there")
    add_task(database, "OTHER")
    slow = [queue(database, "SLOW") for _ in range(4)]
    other = queue(database, "OTHER")
    work(runner, lambda: job(database, other).status is JobStatus.SUCCEEDED)
    assert [job(database, job_id).status for job_id in slow] == [JobStatus.RUNNING] + [JobStatus.QUEUED] * 3


def test_of_two_workers_that_see_a_due_time_one_moves_the_schedule_on(database):
    add_task(database)
    add_schedule(database, "* * * * * * 0")
    with database.write() as connection:
        seen = tasks.schedule(connection, "T")
        later = seen.next_due + timedelta(minutes=1)
        assert ledger.due_schedules(connection, later) == [seen]
        assert ledger.advance(connection, seen, later)
        assert not ledger.advance(connection, seen, later + timedelta(minutes=1))
        assert tasks.schedule(connection, "T").next_due == later


def test_due_times_have_no_gap_and_no_job_twice_with_two_workers(database):
    add_task(database, "A")
    add_task(database, "B")
    add_schedule(database, task_id="A")
    add_schedule(database, task_id="B")

    def enough():
        with database.read() as connection:
            done = Counter(job.task_id for job in tasks.jobs(connection) if job.status is JobStatus.SUCCEEDED)
        return min(done["A"], done["B"]) >= 2

    workers = [WorkerThread(database, LAUNCHER), WorkerThread(database, LAUNCHER)]
    until(enough)
    for worker in workers:
        worker.stop()
    with database.read() as connection:
        jobs = tasks.jobs(connection)
        for task_id in ("A", "B"):
            dues = sorted(tick.due for tick in tasks.ticks(connection, task_id))
            assert {later - earlier for earlier, later in pairwise(dues)} == {timedelta(seconds=1)}
            ran = [tick for tick in tasks.ticks(connection, task_id) if tick.status is not TickStatus.MERGED]
            assert {tick.job_id: tick.due for tick in ran} == {
                job.job_id: job.due for job in jobs if job.task_id == task_id
            }
    assert max(Counter(job_id for job_id, _ in effects(database)).values()) == 1


def test_after_a_downtime_one_run_makes_up_for_all_due_times(database):
    with database.read() as connection:
        now = dialects.now(connection).replace(second=0, microsecond=0)
    add_task(database)
    add_schedule(database, "* * * * * * 30", next_due=now - timedelta(minutes=59, seconds=30))
    later = now + timedelta(minutes=2)
    runner = Runner(database, LAUNCHER, now=lambda _: later)
    runner.start()
    runner.step()
    runner.stop()
    with database.read() as connection:
        ticks = tasks.ticks(connection, "T")
        assert len(tasks.jobs(connection)) == 1
        assert tasks.schedule(connection, "T").next_due == later + timedelta(seconds=30)
    assert [tick.status for tick in ticks] == [TickStatus.RAN] + [TickStatus.MISSED] * 61
    assert {tick.job_id for tick in ticks} == {1}


def test_a_late_run_is_called_late(database):
    with database.read() as connection:
        now = dialects.now(connection).replace(microsecond=0)
    add_task(database)
    add_schedule(database, "* * * * 0 0 0", next_due=now - timedelta(seconds=61))
    runner = Runner(database, LAUNCHER, now=lambda _: now)
    runner.start()
    runner.step()
    runner.stop()
    with database.read() as connection:
        assert [tick.status for tick in tasks.ticks(connection, "T")] == [TickStatus.LATE]


def test_a_killed_worker_takes_its_child_along_and_another_worker_finishes_the_job(database, url, tmp_path):
    gate = tmp_path / "gate"
    add_task(database, wait_for=str(gate))
    job_id = queue(database)
    worker = [sys.executable, "-m", "tests.scheduling.worker_process"]
    environment = {**os.environ, "HANALIFE_URL": url}
    with subprocess.Popen(worker, env=environment) as first:
        pid = until(lambda: pid_of(database, job_id))
        first.send_signal(signal.SIGKILL)
    until(lambda: not is_running(pid))
    gate.touch()
    with subprocess.Popen(worker, env=environment) as second:
        until(lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
        second.kill()
    assert effects(database) == [(job_id, 2)]
    assert any("gave no sign of life" in entry.message for entry in log(database, job_id=job_id))


def test_whoever_lost_the_lease_can_write_nothing(database):
    add_task(database)
    job_id = queue(database)
    with database.write() as connection:
        now = dialects.now(connection)
        old = leases.claim(connection, tasks.jobs(connection)[0], "old", now, now + timedelta(seconds=1))
    later = now + timedelta(seconds=2)
    with database.write() as connection:
        assert leases.expired(connection, later) == [old]
        assert leases.retry(connection, old, later, "Gone.", max_deaths=3, run_out=later)
        new = leases.claim(connection, tasks.jobs(connection)[0], "new", later, later + timedelta(seconds=9))
    with database.write() as connection:
        assert not leases.renew(connection, old, later)
        assert not leases.succeed(connection, old, later)
        assert not leases.end(connection, old, JobStatus.FAILED, later, "")
        with pytest.raises(LostLeaseError, match=f"Job {job_id}"):
            leases.find(connection, job_id, old.attempt, old.owner)
        assert leases.succeed(connection, new, later)


def test_a_renewed_lease_is_not_taken_away(database):
    add_task(database)
    queue(database)
    with database.write() as connection:
        now = dialects.now(connection)
        lease = leases.claim(connection, tasks.jobs(connection)[0], "w", now, now + timedelta(seconds=1))
        later = now + timedelta(seconds=2)
        assert leases.renew(connection, lease, later + timedelta(seconds=1))
        assert not leases.retry(connection, lease, later, "Gone.", max_deaths=3, run_out=later)
        assert leases.expired(connection, later) == []


def test_an_orderly_stop_gives_the_job_back_and_forgets_the_worker(database):
    add_task(database, wait_for="/never/there")
    job_id = queue(database)
    worker = WorkerThread(database, LAUNCHER)
    with database.read() as connection:
        alive = tasks.workers(connection, dialects.now(connection) - timedelta(seconds=20))
    assert [known.worker_id for known in alive] == [worker.worker_id]
    pid = until(lambda: pid_of(database, job_id))
    worker.stop()
    assert not worker.is_alive
    assert not is_running(pid)
    assert job(database, job_id).status is JobStatus.QUEUED
    with database.read() as connection:
        assert tasks.workers(connection, dialects.now(connection) - timedelta(days=1)) == []


def test_a_database_that_is_away_for_a_moment_is_waited_for(database, caplog):
    answers = iter([sa.exc.OperationalError("SELECT 1", {}, Exception("server closed the connection"))])

    def now(connection):
        for error in answers:
            raise error
        return dialects.now(connection)

    runner = Runner(database, LAUNCHER, now=now)
    runner.step()
    assert "tries again" in caplog.text
    runner.start()
    add_task(database)
    job_id = queue(database)
    work(runner, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    runner.stop()


def test_the_password_is_neither_in_the_store_nor_in_a_command_line(postgres_url):
    url = sa.make_url(postgres_url).set(password="open/sesame!")
    database = Database(url)
    add_task(database, "WAITS", wait_for="/never/there")
    add_task(database, "FAILS", fail="no rows")
    waits, fails = queue(database, "WAITS"), queue(database, "FAILS")
    worker = WorkerThread(database, LAUNCHER)
    until(lambda: job(database, fails).status is JobStatus.FAILED)
    pid = until(lambda: next((int(e.message[4:]) for e in log(database, "WAITS", waits) if "pid" in e.message), None))
    command_line = Path(f"/proc/{pid}/cmdline").read_text()
    with database.read() as connection:
        rows = [str(row) for table in tables.metadata.sorted_tables for row in connection.execute(sa.select(table))]
    worker.stop()
    database.close()
    assert "job_process" in command_line
    for text in (command_line, *rows):
        assert "open" not in text
    assert any("about to fail with postgresql://postgres:***@" in row for row in rows)


@pytest.mark.parametrize("start", [WorkerThread, lambda *args: run_worker(*args, threading.Event())])
def test_a_database_in_memory_is_refused_with_a_remedy(start):
    with pytest.raises(InvalidArgumentError, match=r"sqlite:///life\.db"):
        start(Database("sqlite://"), LAUNCHER)
