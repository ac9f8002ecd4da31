"""The monitors without a browser: what they give, when, and how they end."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, ExperimentMonitor, ScheduledTaskMonitor
from hanalife.clock import utc_now
from hanalife.database import leases
from hanalife.database import runs as store
from hanalife.errors import InvalidArgumentError
from hanalife.monitors import base, scheduled_task_monitor
from hanalife.records import RunStatus
from tests.monitors.watching import Box, until
from tests.views import sample

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("ids", [7, [1], {"A"}, b"A"])
@pytest.mark.parametrize("kind", [ExperimentMonitor, ScheduledTaskMonitor])
def test_other_types_of_ids_are_refused_by_name(sqlite_conn, kind, ids):
    with pytest.raises(InvalidArgumentError, match=r"_ids: .* give None \(all\), a str, or a list of str"):
        kind(sqlite_conn, ids)


def test_the_snapshot_needs_no_start(conn):
    sample.record_run(conn, "A", "one", 0.75)
    sample.record_run(conn, "B", "two")
    assert [row["name"] for row in ExperimentMonitor(conn, "A").snapshot()["runs"]] == ["one"]
    assert ScheduledTaskMonitor(conn, ["UNBORN"]).snapshot()["absent"] == ["UNBORN"]


def test_only_what_changed_is_sent(conn, watched):
    sample.record_run(conn, "A", "one")
    _, table = watched(ExperimentMonitor)
    until(lambda: table.payloads)
    run_id = sample.record_run(conn, "A", "two", 0.9)
    until(lambda: table.deltas and table.deltas[-1]["runs"]["changed"][0]["status"] == "FINISHED")
    assert len(table.payloads) == 1
    assert [row["run_id"] for delta in table.deltas for row in delta["runs"]["changed"]] == [run_id] * len(table.deltas)
    assert [delta["seq"] for delta in table.deltas] == list(range(1, len(table.deltas) + 1))


def test_the_newest_run_is_selected_until_somebody_selects(conn, watched):
    first = sample.record_run(conn, "A", "one")
    monitor, table = watched(ExperimentMonitor)
    until(lambda: table.selection["run_id"] == first)
    sample.record_run(conn, "A", "two")
    until(lambda: len(monitor._latest["runs"]) == 2)
    assert table.selection["run_id"] == first


def test_candidates_and_curves_of_the_selected_run_are_sent_while_it_goes_on(conn, watched):
    run_id, observer = sample.begin_run(conn, "A", "searching")
    _, table = watched(ExperimentMonitor)
    until(lambda: table.details)
    observer.call_progressed(sample.searching(rounds=3))
    until(lambda: table.details[-1][1]["searches"])
    observer.call_progressed(sample.searching(rounds=5))
    until(lambda: [len(one["series"][0]["points"]) for one in table.details[-1][1]["learning"]] == [5])
    assert {name for name, _ in table.details} == {run_id}
    assert table.details[-1][1]["run"]["status"] == "ACTIVE"
    observer.call_finished(sample.outcome(0.8))


def test_the_parts_of_a_composite_are_sent_as_they_go_on(conn, watched):
    sample.record_composite(conn, "NIGHTLY")
    _, table = watched(ScheduledTaskMonitor, "NIGHTLY")
    until(lambda: table.details)
    assert [part["job"]["status"] for part in table.details[-1][1]["parts"]] == ["SUCCEEDED", "FAILED", "SKIPPED"]
    with conn.database.write() as connection:
        whole = leases.queue(connection, "NIGHTLY", sample.NOW, sample.NOW)
        leases.queue(connection, "NIGHTLY_LOAD", sample.NOW, sample.NOW, parent=(whole, 1))
    until(
        lambda: (
            [part["job"] and part["job"]["status"] for part in table.details[-1][1]["parts"]] == ["QUEUED", None, None]
        )
    )


def test_nothing_is_sent_while_nothing_changes(conn, watched, monkeypatch):
    monkeypatch.setattr(base, "TEND_SECONDS", 0.1)
    monkeypatch.setattr(base, "POLL_SECONDS", 0.1)
    sample.record_run(conn, "A", "one")
    monitor, table = watched(ExperimentMonitor)
    until(lambda: table.payloads)
    looks = []
    tend = monitor._tend
    monitor._tend = lambda: (looks.append(1), tend())
    until(lambda: len(looks) > 3)
    assert table.deltas == []


def test_a_run_whose_process_is_silent_becomes_lost(conn, watched):
    run_id, _ = sample.begin_run(conn, "A", "one", clock=lambda: utc_now() - 2 * store.LOST_AFTER)

    def has_said_what_it_has_to_say_at_first():
        with conn.database.read() as connection:
            return store.run(connection, run_id).environment_id

    until(has_said_what_it_has_to_say_at_first)
    monitor, table = watched(ExperimentMonitor)
    until(lambda: table.payloads)
    with conn.database.read() as connection:
        assert store.run(connection, run_id).status is RunStatus.LOST
    assert monitor.snapshot()["runs"][0]["status"] == "LOST"


def test_a_lost_database_is_told_of_and_found_again(postgres_url):
    with ConnectionContext(postgres_url) as conn:
        sample.record_run(conn, "A", "one")
        monitor = ExperimentMonitor(conn)
        monitor._box = Box()
        table = monitor._box.table
        monitor.start()
        until(lambda: table.payloads)
        admin = sa.create_engine(sa.make_url(postgres_url).set(database="postgres"), isolation_level="AUTOCOMMIT")
        name = sa.make_url(postgres_url).database
        with admin.connect() as connection:
            connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
            connection.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
            )
        until(lambda: table.words[-1][0] == "lost")
        with admin.connect() as connection:
            connection.execute(sa.text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
        until(lambda: table.words[-1] == ("live", ""), seconds=20)
        with ConnectionContext(postgres_url) as other:
            sample.record_run(other, "A", "two")
        until(lambda: table.deltas)
        monitor._cancel()
        monitor._thread.join(10)
        admin.dispose()


def test_cancel_prints_the_time_and_ends_the_thread(conn, capsys):
    monitor = ExperimentMonitor(conn, clock=lambda: sample.NOW)
    assert monitor.start() is None
    monitor.cancel()
    assert capsys.readouterr().out == "Cancelled at 2026-03-02 08:00:00 UTC\n"
    monitor._thread.join(10)
    assert not monitor._thread.is_alive()


def test_a_cancelled_monitor_can_be_started_again(conn, watched):
    monitor, table = watched(ExperimentMonitor)
    until(lambda: table.payloads)
    first = monitor._thread
    monitor._cancel()
    assert re.match("Cancelled at ", table.words[-1][1])
    monitor.start()
    sample.record_run(conn, "A", "one")
    until(lambda: table.deltas)
    assert monitor._thread is not first
    assert table.words[-1] == ("live", "")


def test_two_monitors_and_a_writer_at_once(conn, watched):
    _, experiments = watched(ExperimentMonitor)
    _, tasks = watched(ScheduledTaskMonitor)
    writers = [
        threading.Thread(target=lambda name=name: sample.record_run(conn, "A", name))
        for name in ("one", "two", "three")
    ]
    for writer in writers:
        writer.start()
    sample.record_task(conn, "WEEKLY")
    for writer in writers:
        writer.join()

    def names():
        changed = [row for delta in experiments.deltas for row in delta["runs"]["changed"]]
        shown = [row for payload in experiments.payloads for row in payload["runs"]]
        return {row["name"] for row in shown + changed if row["status"] == "FINISHED"}

    until(lambda: names() == {"one", "two", "three"})
    until(lambda: any(delta["tasks"]["changed"] for delta in tasks.deltas) or tasks.payloads[0]["tasks"])
    assert not [word for word, _ in experiments.words + tasks.words if word == "lost"]


def test_a_monitor_does_not_keep_plain_python_alive(sqlite_url):
    program = (
        "import sys; from hanalife import *; "
        f"monitor = ExperimentMonitor(ConnectionContext({sqlite_url!r})); "
        "print(monitor.start(), 'IPython' in sys.modules, 'bqplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "None False False\n", "")


def test_runs_are_read_again_only_once_somebody_wrote(sqlite_url, monkeypatch):
    monkeypatch.setattr(base, "TEND_SECONDS", 0.05)
    monkeypatch.setattr(base, "POLL_SECONDS", 0.02)
    with ConnectionContext(sqlite_url) as context:
        sample.record_run(context, "A", "one")
        monitor = ExperimentMonitor(context)
        tended, tend = [], monitor._tend
        monitor._tend = lambda: (tended.append(1), tend())
        monitor._box = Box()
        monitor.start()
        try:
            until(lambda: len(tended) > 10)
            assert monitor._readings == 1
            sample.record_run(context, "A", "two")
            until(lambda: any(delta["runs"]["changed"] for delta in monitor._box.table.deltas))
        finally:
            monitor._cancel()


def test_tasks_are_read_again_only_once_somebody_wrote(sqlite_url, monkeypatch):
    readings, agings = [], []
    whole, workers = scheduled_task_monitor.tasks.read, scheduled_task_monitor.tasks.read_workers
    monkeypatch.setattr(
        scheduled_task_monitor.tasks, "read_workers", lambda *args: agings.append(args) or workers(*args)
    )
    monkeypatch.setattr(scheduled_task_monitor.tasks, "read", lambda *args: readings.append(args) or whole(*args))
    monkeypatch.setattr(base, "TEND_SECONDS", 0.05)
    monkeypatch.setattr(base, "POLL_SECONDS", 0.02)
    with ConnectionContext(sqlite_url) as context:
        sample.record_task(context, "FIRST")
        sample.sign_of_life(context, utc_now())
        monitor = ScheduledTaskMonitor(context)
        monitor._box = Box()
        monitor.start()
        try:
            until(lambda: len(agings) > 10)
            assert len(readings) == 1
            sample.record_task(context, "SECOND")
            until(lambda: any(delta["tasks"]["changed"] for delta in monitor._box.table.deltas))
            # A worker that falls silent writes nothing, and is missed all the same.
            monitor._clock = lambda: utc_now() + timedelta(hours=1)
            until(lambda: any(delta["workers"]["removed"] for delta in monitor._box.table.deltas))
            assert len(readings) == 2
        finally:
            monitor._cancel()
