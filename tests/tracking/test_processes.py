"""Several processes, and processes that die."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, MLExperiments
from hanalife.clock import utc_now
from hanalife.database import run_values, runs
from hanalife.observation import CallProgress, LearningPoint
from hanalife.records import RunStatus
from hanalife.tracking.batches import Batch
from hanalife.tracking.spool import files, replay_spool
from hanalife.tracking.writer import RunWriter, mark_lost_runs
from hanalife.tracking.writing_thread import TICK_SECONDS
from tests.crowd import crowd
from tests.tracking.reporting import Model, entries, until
from tests.views.crowd import draft


def store(conn, read, *args):
    with conn.database.read() as connection:
        return read(connection, *args)


@pytest.fixture
def spooled(tmp_path, monkeypatch):
    """Give a function that lists the spool files of a connection's database."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return lambda conn: files(conn.database)


def child_dies(url, busy, how):
    conn = ConnectionContext(url)
    model = Model()
    MLExperiments(conn, "E").autologging(model, run_name="r")
    model.fit()

    def during():
        model.progress(3, 12, "fold 3")
        busy.set()
        if how == "exit":
            os._exit(3)
        threading.Event().wait()  # until killed

    model.score(during=during)


@pytest.mark.parametrize("how", ["kill", "exit"])
def test_the_run_of_a_process_that_dies_becomes_lost_and_keeps_what_was_written(conn, url, how):
    busy = crowd.Event()
    child = crowd.Process(target=child_dies, args=(url, busy, how))
    child.start()
    assert busy.wait(60)
    if how == "kill":
        until(lambda: store(conn, runs.newest, "E", "r").progress_done == 3)
        child.kill()
    child.join(30)
    assert child.exitcode == (-9 if how == "kill" else 3)
    before = store(conn, runs.newest, "E", "r")
    assert (before.status, before.pid) == (RunStatus.ACTIVE, child.pid)
    assert mark_lost_runs(conn.database, before.heartbeat_at + timedelta(seconds=60)) == 0
    assert mark_lost_runs(conn.database, before.heartbeat_at + timedelta(seconds=61)) == 1
    assert mark_lost_runs(conn.database, before.heartbeat_at + timedelta(seconds=62)) == 0
    run = store(conn, runs.newest, "E", "r")
    assert (run.status, run.ended_at, run.attempt) == (RunStatus.LOST, before.heartbeat_at, 1)
    assert run.revision == before.revision + 1
    keys = [entry.event_key for entry in store(conn, runs.log, run.run_id)]
    assert (len(keys), keys[-2:]) == (13, ["END_OF_TRACK", "PARAMETER"])
    assert store(conn, run_values.metrics, [run.run_id])[run.run_id]["AUC", "validation"] == 0.75


def test_a_new_call_marks_the_runs_that_were_lost_meanwhile(conn):
    tracker, model, other = MLExperiments(conn, "E"), Model(), Model()
    tracker.autologging(model, run_name="silent")

    def later():
        until(lambda: store(conn, runs.newest, "E", "silent").environment_id)  # what it has to say at first
        later_tracker = MLExperiments(conn, "F", clock=lambda: utc_now() + timedelta(seconds=61))
        later_tracker.autologging(other, run_name="later")
        other.fit()
        assert store(conn, runs.newest, "E", "silent").status is RunStatus.LOST

    model.fit(during=later)


def child_fits(url, barrier, number):
    with ConnectionContext(url) as conn:
        tracker, model = MLExperiments(conn, "E", "shared"), Model()
        barrier.wait(120)
        for name in ("shared", f"own {number}"):
            tracker.autologging(model, run_name=name)
            model.fit(parameters={"number": number})


def test_eight_processes_create_the_same_experiment_and_run_at_once(conn, url):
    barrier = crowd.Barrier(8)
    children = [crowd.Process(target=child_fits, args=(url, barrier, number)) for number in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join(180)
    assert [child.exitcode for child in children] == [0] * 8
    assert len(store(conn, runs.experiments)) == 1
    shared = store(conn, runs.attempts, "E", "shared")
    assert sorted(run.attempt for run in shared) == list(range(1, 9))
    found = [*shared, *(run for run in store(conn, runs.runs) if run.name != "shared")]
    assert len(found) == 16
    for run in found:
        assert run.status is RunStatus.FINISHED
        assert [entry.seq for entry in store(conn, runs.log, run.run_id)] == list(range(12))
        assert len(store(conn, run_values.metrics, [run.run_id])[run.run_id]) == 2


def child_writes(url, done):
    with ConnectionContext(url) as conn:
        tracker, model = MLExperiments(conn, "E"), Model()
        for number in range(25):
            tracker.autologging(model, run_name=f"r{number:02}")
            model.fit()
    done.set()


def test_what_another_process_writes_is_seen_run_by_run_and_whole(conn, url):
    done = crowd.Event()
    child = crowd.Process(target=child_writes, args=(url, done))
    child.start()
    seen = {}

    def read():
        finished = done.is_set()  # asked first: what is read after it is the end
        for run_id, revision in store(conn, runs.revisions).items():
            assert revision >= seen.get(run_id, 0)
            seen[run_id] = revision
            run = store(conn, runs.run, run_id)
            keys = [entry.event_key for entry in store(conn, runs.log, run_id)]
            if run.status is RunStatus.FINISHED:
                assert (len(keys), keys[-1]) == (12, "END_OF_TRACK")
            assert len(keys) in (1, 12)
        return finished

    until(read, 120)
    child.join(30)
    assert len(seen) == 25


def child_logs(url, acknowledged, how):
    with ConnectionContext(url) as conn, conn.experiment("E").run("r") as run:
        for step in range(1_000_000):
            run.log_metric("loss", step / 2, step=step)
            if step % 100 == 99:
                run.flush()
                acknowledged.value = step  # written, as flush() promised
            if how == "exit" and step == 150:
                raise SystemExit(3)


def test_nothing_that_was_acknowledged_is_lost_with_its_process(conn, url):
    acknowledged = crowd.Value("i", -1)
    child = crowd.Process(target=child_logs, args=(url, acknowledged, "kill"))
    child.start()
    until(lambda: acknowledged.value >= 299, 120)
    child.kill()
    child.join(30)
    run = conn.experiment("E").run("r")
    found = {point.step: point.value for point in run.series("loss")}
    assert all(found[step] == step / 2 for step in range(acknowledged.value + 1))
    assert list(found) == list(range(len(found)))
    assert run.record.status is RunStatus.ACTIVE
    mark_lost_runs(conn.database, run.record.heartbeat_at + timedelta(seconds=61))
    assert run.record.status is RunStatus.LOST


def test_a_process_that_leaves_in_the_middle_of_a_run_has_failed_it(conn, url):
    acknowledged = crowd.Value("i", -1)
    child = crowd.Process(target=child_logs, args=(url, acknowledged, "exit"))
    child.start()
    child.join(120)
    run = conn.experiment("E").run("r")
    assert (child.exitcode, run.record.status, len(run.series("loss"))) == (3, RunStatus.FAILED, 151)


LEAVES_A_RUN_OPEN = """
import sys, hanalife
run = hanalife.ConnectionContext(sys.argv[1]).experiment("E").run("r")
run.__enter__()
run.log_metric("loss", 0.5)
"""


def test_what_was_logged_is_written_when_a_process_ends_and_the_run_is_not_called_finished(conn, url):
    subprocess.run([sys.executable, "-c", LEAVES_A_RUN_OPEN, url], check=True, timeout=120)
    run = conn.experiment("E").run("r")
    assert (run.metrics, run.record.status) == ({"loss": 0.5}, RunStatus.ACTIVE)


def child_begins(url, barrier, number):
    barrier.wait(240)
    with ConnectionContext(url) as conn, conn.experiment("same", "shared").run("r") as run:
        run.log_param("number", number)


def test_sixteen_processes_create_the_same_experiment_in_an_empty_database(bare_url):
    barrier = crowd.Barrier(16)
    children = [crowd.Process(target=child_begins, args=(bare_url, barrier, number)) for number in range(16)]
    for child in children:
        child.start()
    for child in children:
        child.join(300)
    assert [child.exitcode for child in children] == [0] * 16
    with ConnectionContext(bare_url) as conn:
        assert [each.experiment_id for each in store(conn, runs.experiments)] == ["same"]
        found = store(conn, runs.attempts, "same", "r")
        assert sorted(run.attempt for run in found) == list(range(1, 17))
        params = store(conn, run_values.params, [run.run_id for run in found])
        assert sorted(values["number"] for values in params.values()) == list(range(16))
        assert {run.status for run in found} == {RunStatus.FINISHED}


def child_writes_heavily(url):
    with ConnectionContext(url) as conn, conn.experiment("E").run() as run:
        for _ in range(30):
            run.log_metrics({"loss": [0.5] * 100})
            run.flush()


def test_readers_see_whole_states_while_others_write_heavily(sqlite_conn, sqlite_url):
    sqlite_conn.database.migrate()
    children = [crowd.Process(target=child_writes_heavily, args=(sqlite_url,)) for _ in range(3)]
    for child in children:
        child.start()
    seen = {}

    def read():
        alive = any(child.is_alive() for child in children)  # asked first: what is read after it is the end
        for run_id in store(sqlite_conn, runs.revisions):
            with sqlite_conn.database.read() as connection:  # one moment
                revision = runs.run(connection, run_id).revision
                count = len(run_values.points(connection, run_id, "loss"))
            assert count % 100 == 0
            assert (revision, count) >= seen.get(run_id, (0, 0))
            seen[run_id] = (revision, count)
        return not alive

    until(read, 120)
    assert [child.exitcode for child in children] == [0] * 3
    assert [count for _, count in seen.values()] == [3000] * 3
    assert {run.status for run in store(sqlite_conn, runs.runs)} == {RunStatus.FINISHED}


# --- heartbeat and progress -------------------------------------------------------------------


def test_progress_is_written_while_the_call_goes_on(conn):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")

    def work():
        for done in range(1, 4):
            model.progress(done, 3, f"fold {done}")
            until(lambda: store(conn, runs.newest, "E", "r").progress_done == done)  # noqa: B023
        assert store(conn, runs.newest, "E", "r").progress_text == "fold 3"

    model.fit(during=work)


def test_progress_reported_in_quick_succession_is_written_seldom(conn):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")
    model.fit()
    written = []

    def note(_connection, _cursor, statement, *_):
        if "progress_text" in statement and statement.startswith("UPDATE"):
            written.append(statement)

    def work():
        sa.event.listen(conn.database.engine, "after_cursor_execute", note)
        begin = time.monotonic()
        done = 0
        while time.monotonic() < begin + 1:
            done += 1
            model.progress(done, 0)
        until(lambda: store(conn, runs.newest, "E", "r").progress_done == done)
        sa.event.remove(conn.database.engine, "after_cursor_execute", note)
        assert 1 <= len(written) <= 1 + (time.monotonic() - begin) / TICK_SECONDS

    model.score(during=work)


def test_the_heart_beats_until_it_is_stopped(conn):
    before = set(threading.enumerate())
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")

    def work():
        first = store(conn, runs.newest, "E", "r")
        writer = RunWriter(conn.database, beat_seconds=0.01)
        writer.take_up(first, Batch())
        begun = store(conn, runs.newest, "E", "r")
        beats = {begun.heartbeat_at}
        until(lambda: beats.add(store(conn, runs.newest, "E", "r").heartbeat_at) or len(beats) > 3)
        writer.report(CallProgress(1, 2))
        writer.stop()
        stopped = store(conn, runs.newest, "E", "r")
        assert stopped.revision <= begun.revision + 2  # beats are nothing to read again

    model.fit(during=work)
    until(lambda: set(threading.enumerate()) <= before)


def test_the_start_of_a_run_is_made_durable_soon_even_if_nothing_is_logged(conn):
    writer = RunWriter(conn.database, beat_seconds=3600)
    begun = writer.begin(draft("1", "E", "r", utc_now()), "", Batch())
    try:
        until(lambda: store(conn, runs.newest, "E", "r").heartbeat_at > begun.heartbeat_at)
    finally:
        writer.stop()


def test_a_sign_of_life_that_comes_late_does_not_undo_the_end(conn, monkeypatch):
    writer = RunWriter(conn.database)
    writer.begin(draft("1", "E", "r", utc_now()), "", Batch())
    flush = writer._flush

    def after_a_late_tick(**given):
        flush()
        return flush(**given)

    monkeypatch.setattr(writer, "_flush", after_a_late_tick)
    writer.end(RunStatus.FINISHED, Batch(tags={"a": "b"}))
    run = store(conn, runs.newest, "E", "r")
    assert (run.status, run.ended_at) == (RunStatus.FINISHED, run.heartbeat_at)


def refuse_writes(conn, when=lambda _statement: True):
    """Let the database fail as a broken disk does; return what makes it whole again, and the tries."""
    tries = []

    def fail(_connection, _cursor, statement, parameters, *_):
        if statement.startswith(("UPDATE", "INSERT")) and when(statement):
            tries.append(statement)
            raise sa.exc.OperationalError(statement, parameters, Exception("disk I/O error"))

    sa.event.listen(conn.database.engine, "before_cursor_execute", fail)
    return lambda: sa.event.remove(conn.database.engine, "before_cursor_execute", fail), tries


def test_what_cannot_be_written_is_kept_in_a_file_and_written_at_the_end_of_the_call(conn, caplog, spooled):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")

    def work():
        mend, tries = refuse_writes(conn)
        for done in range(2):
            model.observer.call_progressed(
                CallProgress(done, 2, points=(LearningPoint("loss", "training", done, 0.5),))
            )
            until(lambda: tries and len(spooled(conn)) == 1)
        mend()

    model.fit(during=work)
    assert caplog.text.count("cannot be recorded") == 1
    assert len(entries(tracker.get_tracking_log_for_current_run())) == 12
    run = store(conn, runs.newest, "E", "r")
    assert run.status is RunStatus.FINISHED
    assert store(conn, run_values.metrics, [run.run_id])[run.run_id]["TRAINING_LOSS", "train"] == 0.5
    assert spooled(conn) == []


def test_a_failure_that_cannot_be_recorded_does_not_hide_the_error_of_the_call(conn, caplog, spooled):
    mend = []

    def work():
        mend.append(refuse_writes(conn)[0])
        raise ValueError("the call's own error")

    model = Model()
    MLExperiments(conn, "E").autologging(model, run_name="r")
    with pytest.raises(ValueError, match="own error"):
        model.fit(during=work)
    assert "cannot be recorded" in caplog.text
    assert store(conn, runs.newest, "E", "r").status is RunStatus.ACTIVE  # and LOST in a minute
    mend[0]()
    assert len(replay_spool(conn).runs) == 1
    run = store(conn, runs.newest, "E", "r")
    assert run.status is RunStatus.FAILED
    assert [entry.event_key for entry in store(conn, runs.log, run.run_id)] == ["PARAMETER", "ERROR", "END_OF_TRACK"]
    assert spooled(conn) == []


def test_a_session_that_reads_does_not_hold_up_recording(conn):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")
    with conn.session() as session:
        session.execute(sa.select(1)).all()
        model.fit()
    assert store(conn, runs.newest, "E", "r").status is RunStatus.FINISHED
