"""Rules of execution: retries, time limits, concurrency, priority, misfire, composites, resources."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanalife.database import dialects, leases, members, tasks
from hanalife.records import JobStatus, Task, TaskPolicy, TickStatus
from hanalife.scheduling import child as child_module
from hanalife.scheduling.launchers import WarmLauncher
from hanalife.scheduling.runner import Limits, Runner
from tests.scheduling.engine import (
    COLD,
    CREATED,
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


def add_composite(database, task_id, kind, parts, attribute=None, **policy):
    with database.write() as connection:
        task = Task(task_id, kind, {}, "", "me", CREATED, TaskPolicy(**policy), attribute)
        tasks.insert_task(connection, task)
        members.insert(connection, task_id, parts)


def children(database, job_id):
    with database.read() as connection:
        return members.children(connection, job_id)


def ended(database, job_id):
    return job(database, job_id).ended_at is not None


# --- retries and time limits ------------------------------------------------------------------


def test_a_failing_job_is_tried_again_after_a_while_that_grows(database):
    add_task(database, policy=TaskPolicy(retries=2, backoff_seconds=100), fail_until=3)
    job_id = queue(database)
    shift = timedelta(0)
    runner = Runner(database, LAUNCHER, now=lambda connection: dialects.now(connection) + shift)
    runner.start()
    for attempt, wait in ((1, 100), (2, 200)):
        work(runner, lambda attempt=attempt: job(database, job_id).failures == attempt)
        waiting = job(database, job_id)
        assert waiting.status is JobStatus.QUEUED
        assert waiting.message == f"RuntimeError: attempt {attempt}"
        remaining = waiting.not_before - (dialects.now(database.connect()) + shift)
        assert timedelta(seconds=wait - 30) < remaining <= timedelta(seconds=wait)
        runner.step()
        assert job(database, job_id).attempt == attempt
        shift += timedelta(seconds=wait)
    work(runner, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    runner.stop()
    assert effects(database) == [(job_id, 3)]


def test_when_no_retry_is_left_the_job_has_failed(database, runner):
    add_task(database, policy=TaskPolicy(retries=1, backoff_seconds=0), fail="no rows")
    job_id = queue(database)
    work(runner, lambda: ended(database, job_id))
    done = job(database, job_id)
    assert (done.status, done.attempt, done.failures) == (JobStatus.FAILED, 2, 1)
    assert any("Retry 1 of 1" in entry.message for entry in log(database, job_id=job_id))


def test_a_job_that_takes_too_long_is_killed_with_its_descendants(database, monkeypatch):
    monkeypatch.setattr(child_module, "STOP_SECONDS", 0.2)
    add_task(database, policy=TaskPolicy(time_limit_seconds=50), deaf=True, child=True, wait_for="/never/there")
    job_id = queue(database)
    seconds = 0.0
    runner = Runner(database, LAUNCHER, monotonic=lambda: seconds)
    runner.start()
    pid = work(runner, lambda: pid_of(database, job_id))
    said = work(runner, lambda: [e.message for e in log(database, job_id=job_id) if e.message.startswith("child ")])
    seconds = 49.0
    runner.step()
    assert job(database, job_id).status is JobStatus.RUNNING
    seconds = 51.0
    runner.step()  # asks it to end, which it does not hear
    seconds = 52.0
    work(runner, lambda: ended(database, job_id))
    runner.stop()
    done = job(database, job_id)
    assert (done.status, done.message) == (JobStatus.TIMED_OUT, "Its time limit of 50 s is over.")
    assert not is_running(pid)
    until(lambda: not is_running(int(said[0].split()[1])))
    assert effects(database) == []


def test_a_machines_sleep_is_not_counted_as_time_of_a_job(database, tmp_path):
    gate = tmp_path / "gate"
    add_task(database, policy=TaskPolicy(time_limit_seconds=30), wait_for=str(gate))
    add_schedule(database, "* * * * * 0 0")
    job_id = queue(database)
    shift = timedelta(0)
    runner = Runner(database, LAUNCHER, now=lambda connection: dialects.now(connection) + shift)
    runner.start()
    work(runner, lambda: pid_of(database, job_id))
    shift = timedelta(hours=8)  # the lid was closed
    runner.step()
    runner.step()
    assert (job(database, job_id).status, job(database, job_id).attempt) == (JobStatus.RUNNING, 1)
    gate.touch()
    work(runner, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    runner.stop()
    with database.read() as connection:
        ticks = tasks.ticks(connection, "T")
    assert len(ticks) == 8, "every due time of the night is in the ledger"
    assert {tick.status for tick in ticks[1:]} == {TickStatus.MISSED}
    assert ticks[0].status in (TickStatus.LATE, TickStatus.RAN)
    assert len({tick.job_id for tick in ticks}) == 1, "one job makes up for all"


# --- which job comes first --------------------------------------------------------------------


def test_a_higher_priority_is_claimed_first(database):
    add_task(database, "LOW", policy=TaskPolicy(priority=-1))
    add_task(database, "HIGH", policy=TaskPolicy(priority=5))
    add_task(database, "MIDDLE")
    for task_id in ("LOW", "MIDDLE", "HIGH"):
        queue(database, task_id)
    with database.read() as connection:
        found = leases.claimable(connection, dialects.now(connection), 10)
    assert [one.task_id for one in found] == ["HIGH", "MIDDLE", "LOW"]


def test_a_task_may_have_as_many_jobs_at_once_as_its_policy_says(database, tmp_path):
    gate = tmp_path / "gate"
    add_task(database, policy=TaskPolicy(concurrency=2), wait_for=str(gate))
    jobs = [queue(database) for _ in range(3)]
    runner = Runner(database, LAUNCHER, Limits(max_jobs=5))
    runner.start()
    work(runner, lambda: pid_of(database, jobs[0]) and pid_of(database, jobs[1]))
    runner.step()
    assert job(database, jobs[2]).status is JobStatus.QUEUED
    gate.touch()
    work(runner, lambda: all(ended(database, one) for one in jobs))
    runner.stop()


def test_each_due_time_of_a_downtime_gets_its_job_if_the_policy_says_so(database):
    with database.read() as connection:
        now = dialects.now(connection).replace(microsecond=0)
    add_task(database, policy=TaskPolicy(misfire="all"))
    add_schedule(database, next_due=now - timedelta(seconds=1500))
    runner = Runner(database, LAUNCHER, Limits(max_jobs=1), now=lambda _: now)
    runner.start()
    runner.step()
    runner.step()
    runner.stop()
    with database.read() as connection:
        ticks = tasks.ticks(connection, "T", limit=2000)
        jobs = tasks.jobs(connection, limit=2000)
    assert [tick.due for tick in ticks] == [now - timedelta(seconds=second) for second in range(1501)]
    assert {tick.job_id: tick.due for tick in ticks} == {one.job_id: one.due for one in jobs}


# --- composites -------------------------------------------------------------------------------


def test_parts_of_a_sequence_run_one_after_another_until_one_fails(database, runner):
    for name in ("A", "B", "D"):
        add_task(database, name)
    add_task(database, "C", fail="no rows")
    add_composite(database, "INNER", "parallel", ["A", "B"], "ALL")
    add_composite(database, "OUTER", "sequential", ["INNER", "C", "D"])
    job_id = queue(database, "OUTER")
    work(runner, lambda: ended(database, job_id))
    parts = children(database, job_id)
    assert [(part.task_id, part.status.value) for part in parts] == [
        ("INNER", "SUCCEEDED"),
        ("C", "FAILED"),
        ("D", "SKIPPED"),
    ]
    inner = children(database, parts[0].job_id)
    assert [part.task_id for part in inner] == ["A", "B"]
    assert parts[1].started_at >= max(part.ended_at for part in inner)
    done = job(database, job_id)
    assert (done.status, done.message) == (JobStatus.FAILED, "Subtask 'C' FAILED: RuntimeError: no rows")


def test_the_first_success_of_any_stops_the_others(database, runner):
    add_task(database, "QUICK")
    add_task(database, "SLOW", wait_for="/never/there")
    add_composite(database, "BOTH", "parallel", ["SLOW", "QUICK"], "ANY")
    job_id = queue(database, "BOTH")
    work(runner, lambda: ended(database, job_id))
    assert job(database, job_id).status is JobStatus.SUCCEEDED
    assert [part.status.value for part in children(database, job_id)] == ["CANCELLED", "SUCCEEDED"]


def test_cancelling_a_composite_stops_what_it_is_made_of(database, runner):
    add_task(database, "SLOW", wait_for="/never/there")
    add_composite(database, "INNER", "sequential", ["SLOW"])
    add_composite(database, "OUTER", "parallel", ["INNER"], "ALL")
    job_id = queue(database, "OUTER")

    def slow():
        with database.read() as connection:
            return next(iter(tasks.jobs(connection, ["SLOW"])), None)

    work(runner, lambda: slow() is not None and slow().status is JobStatus.RUNNING)
    with database.write() as connection:
        leases.request_cancel(connection, "OUTER", dialects.now(connection))
    work(runner, lambda: ended(database, job_id))
    assert {job(database, job_id).status, slow().status} == {JobStatus.CANCELLED}


def test_a_part_that_was_removed_fails_the_composite_and_says_so(database, runner):
    add_task(database, "A")
    add_composite(database, "C", "sequential", ["GONE", "A"])
    job_id = queue(database, "C")
    work(runner, lambda: ended(database, job_id))
    assert job(database, job_id).status is JobStatus.FAILED
    assert "'GONE' was removed" in " ".join(entry.message for entry in log(database, "C", job_id))


def test_a_composite_has_a_time_limit_for_all_of_it(database):
    add_task(database, "SLOW", wait_for="/never/there")
    add_composite(database, "C", "sequential", ["SLOW"], time_limit_seconds=60)
    job_id = queue(database, "C")
    shift = timedelta(0)
    runner = Runner(database, LAUNCHER, Limits(lease=timedelta(hours=1)), lambda c: dialects.now(c) + shift)
    runner.start()
    work(runner, lambda: children(database, job_id) and children(database, job_id)[0].status is JobStatus.RUNNING)
    shift = timedelta(seconds=61)
    work(runner, lambda: ended(database, job_id))
    runner.stop()
    assert job(database, job_id).status is JobStatus.TIMED_OUT
    assert children(database, job_id)[0].status is JobStatus.CANCELLED


# --- processes --------------------------------------------------------------------------------


def test_what_a_job_used_is_recorded(database, runner):
    add_task(database, burn=150_000_000)
    job_id = queue(database)
    work(runner, lambda: job(database, job_id).cpu_seconds is not None)
    done = job(database, job_id)
    assert 0.25 < done.cpu_seconds < 60
    assert 150_000_000 < done.peak_memory_bytes < 2_000_000_000


def test_without_a_zygote_jobs_start_cold(database, caplog):
    launcher = WarmLauncher("tests.scheduling.job_process", ["tests.scheduling.broken"])
    runner = Runner(database, launcher)
    runner.start()
    add_task(database)
    job_id = queue(database)
    work(runner, lambda: job(database, job_id).status is JobStatus.SUCCEEDED)
    runner.stop()
    assert "start cold from now on" in caplog.text
    assert effects(database) == [(job_id, 1)]


@pytest.mark.parametrize("launcher", [COLD, LAUNCHER])
def test_of_a_progress_bar_only_where_it_stands_is_logged(database, launcher):
    add_task(database, bar=True)
    job_id = queue(database)
    runner = Runner(database, launcher)
    runner.start()
    work(runner, lambda: any(entry.message == "done" for entry in log(database, job_id=job_id)))
    work(runner, lambda: ended(database, job_id))
    runner.stop()
    entries = [entry for entry in log(database, job_id=job_id) if entry.event_key in ("PROGRESS", "ERROR")]
    assert [entry.message for entry in entries][-2:] == ["99 of 99", "done"]
    assert len(entries) < 50
