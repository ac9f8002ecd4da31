"""Trouble from outside: clocks that disagree, a database that goes away, a disk that is full."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event

from hanalife.database import dialects, tasks
from hanalife.database.engine import Database
from hanalife.errors import UnwritableDatabaseError
from hanalife.records import JobStatus
from hanalife.scheduling import runner as runner_module
from hanalife.scheduling.runner import Limits, Runner
from tests.benchmarks.scheduling import under_kills
from tests.scheduling.engine import LAUNCHER, add_schedule, add_task, effects, job, pid_of, queue, until, work
from tests.scheduling.private_server import PrivateServer


def test_nothing_is_lost_or_done_twice_while_workers_and_children_are_killed(database, url):
    lost, doubled, again = under_kills(database, url, workers=2, jobs=24, kills=8, job_seconds=0.3)
    assert (lost, doubled) == ([], [])
    assert again, "some were interrupted, else the test says nothing"


def test_runners_whose_clocks_disagree_do_nothing_twice(database):
    add_task(database, seconds=0.2)
    add_schedule(database)
    skews = (timedelta(seconds=4), timedelta(seconds=-4), timedelta(0))
    runners = [
        Runner(database, LAUNCHER, Limits(), lambda connection, skew=skew: dialects.now(connection) + skew)
        for skew in skews
    ]

    def step():
        for runner in runners:
            runner.step()

    for runner in runners:
        runner.start()
    until(lambda: len(effects(database)) >= 4, 60, step)
    for runner in runners:
        runner.stop()
    with database.read() as connection:
        ticks = tasks.ticks(connection, "T")
    assert max(Counter(job_id for job_id, _ in effects(database)).values()) == 1
    dues = sorted(tick.due for tick in ticks)
    assert {later - earlier for earlier, later in pairwise(dues)} == {timedelta(seconds=1)}


def test_on_postgres_the_clock_of_a_workers_machine_does_not_matter(postgres_url, monkeypatch, tmp_path):
    database, ahead = Database(postgres_url), timedelta(hours=1)
    real = dialects.utc_now
    for module in (dialects, runner_module):
        monkeypatch.setattr(module, "utc_now", lambda: real() + ahead)
    gate = tmp_path / "gate"
    add_task(database, wait_for=str(gate))
    job_id = queue(database)
    first, second = Runner(database, LAUNCHER), Runner(database, LAUNCHER)
    first.start()
    work(first, lambda: pid_of(database, job_id))
    ahead = timedelta(hours=-1)
    second.start()
    second.step()
    assert job(database, job_id).status is JobStatus.RUNNING
    gate.touch()
    work(first, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    first.stop()
    second.stop()
    done = job(database, job_id)
    assert done.attempt == 1
    assert abs(done.ended_at - real()) < timedelta(minutes=1)
    database.close()


@pytest.fixture(scope="module")
def server():
    server = PrivateServer.find()
    if server is None:
        pytest.skip("no PostgreSQL of this machine's own")
    with server:
        yield server


def test_a_database_that_goes_away_is_waited_for_and_nothing_is_lost(server, tmp_path, caplog):
    database = Database(server.url)
    gate = tmp_path / "gate"
    add_task(database, wait_for=str(gate))
    add_task(database, "NEXT")
    long, following = queue(database), queue(database, "NEXT")
    runner = Runner(database, LAUNCHER, Limits(max_jobs=1, lease=timedelta(seconds=2)))
    runner.start()
    work(runner, lambda: pid_of(database, long))
    server.stop()
    for _ in range(3):
        runner.step()
    assert "tries again" in caplog.text
    gate.touch()  # the job's end finds no database
    server.start()
    work(runner, lambda: job(database, following).status is JobStatus.SUCCEEDED, seconds=60)
    runner.stop()
    assert job(database, long).status is JobStatus.SUCCEEDED
    assert sorted(job_id for job_id, _ in effects(database)) == [long, following]
    database.close()


def test_a_disk_that_is_full_for_the_worker_is_waited_for(sqlite_url, caplog):
    database = Database(sqlite_url)
    add_task(database)
    queue(database)
    small = Database(sqlite_url)
    limit = [0]

    @event.listens_for(small.engine, "checkout")
    def limit_pages(connection, _entry, _proxy):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={limit[0] or pages}")

    runner = Runner(small, LAUNCHER)
    with small.write() as connection:
        tasks.append_log(connection, "T", [("TASK", dialects.now(connection), "x")])
    filler = "x" * 4000
    with pytest.raises(UnwritableDatabaseError, match="full"), small.write() as connection:
        tasks.append_log(connection, "T", [("TASK", dialects.now(connection), filler)] * 50)
    for _ in range(60):
        runner.step()  # sooner or later it needs a page more
    limit[0] = 1_000_000
    work(runner, lambda: effects(database) == [(1, 1)])
    runner.stop()
    assert job(database, 1).status is JobStatus.SUCCEEDED
    small.close()
    database.close()


def test_a_job_that_fills_the_disk_fails_and_leaves_nothing_behind(sqlite_url):
    database = Database(sqlite_url)
    add_task(database, full_disk=True)
    job_id = queue(database)
    runner = Runner(database, LAUNCHER)
    runner.start()
    work(runner, lambda: job(database, job_id).ended_at is not None)
    runner.stop()
    assert job(database, job_id).status is JobStatus.FAILED
    assert any("full" in entry.message for entry in lines(database, job_id))
    assert effects(database) == []
    database.close()


def lines(database, job_id):
    with database.read() as connection:
        return tasks.task_log(connection, "T", job_id)


def test_a_child_that_dies_with_its_zygote_is_begun_again(database):
    from hanalife.scheduling.launchers import WarmLauncher

    launcher = WarmLauncher("tests.scheduling.job_process")
    runner = Runner(database, launcher)
    runner.start()
    add_task(database, seconds=0.5)
    job_id = queue(database)
    work(runner, lambda: pid_of(database, job_id))
    os.kill(launcher._zygote._process.pid, signal.SIGKILL)
    work(runner, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    runner.stop()
    assert len(effects(database)) == 1
