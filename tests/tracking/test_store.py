"""The statements on runs that monitors read with."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from hanalife.database import run_values, runs
from hanalife.records import RunStatus
from tests.views import crowd

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def draft(run_id, experiment_id="E", name="r", moment=NOON):
    return crowd.draft(run_id, experiment_id, name, moment, procedure="P")


def begin(conn, *args, **kwargs):
    with conn.database.write() as connection:
        return runs.begin(connection, draft(*args, **kwargs), "about it")


def test_an_experiment_is_made_with_its_first_run_and_kept_by_later_ones(conn):
    begin(conn, "1")
    begin(conn, "2", moment=NOON + timedelta(hours=1))
    with conn.database.read() as connection:
        (experiment,) = runs.experiments(connection, ["E", "other"])
        assert runs.experiments(connection, []) == []
    assert (experiment.experiment_id, experiment.description, experiment.owner) == ("E", "about it", "ann")
    assert experiment.created_at == NOON


def test_runs_are_the_newest_attempts_oldest_first(conn):
    begin(conn, "1", name="a")
    begin(conn, "2", name="b", moment=NOON + timedelta(seconds=1))
    begin(conn, "3", name="a", moment=NOON + timedelta(seconds=2))
    begin(conn, "4", experiment_id="F", moment=NOON + timedelta(seconds=3))
    with conn.database.read() as connection:
        assert [(run.run_id, run.attempt) for run in runs.runs(connection)] == [("2", 1), ("3", 2), ("4", 1)]
        assert [run.run_id for run in runs.runs(connection, ["F"])] == ["4"]
        assert runs.revisions(connection) == {"2": 0, "3": 0, "4": 0}
        assert runs.run(connection, "1").attempt == 1
        assert runs.run(connection, "none") is None
        assert runs.newest(connection, "E", "a").run_id == "3"
        assert [run.run_id for run in runs.attempts(connection, "E", "a")] == ["1", "3"]


def test_entries_are_numbered_without_gaps_and_raise_the_revision(conn):
    begin(conn, "1")
    with conn.database.write() as connection:
        assert runs.append(connection, "1", [("PARAMETER", "[]"), ("DATASET", "{}")], NOON)
        assert runs.append(connection, "1", [("END_OF_TRACK", "{}")], NOON, {"status": RunStatus.FINISHED})
        assert not runs.append(connection, "none", [("DATASET", "{}")], NOON)
    with conn.database.read() as connection:
        entries = runs.log(connection, "1")
        assert [(entry.seq, entry.event_key) for entry in entries] == [
            (0, "PARAMETER"),
            (1, "DATASET"),
            (2, "END_OF_TRACK"),
        ]
        assert {entry.event_time for entry in entries} == {NOON}
        run = runs.run(connection, "1")
    assert (run.status, run.next_seq, run.revision) == (RunStatus.FINISHED, 3, 2)
    assert isinstance(run.status, RunStatus)


def add(conn, run_id, values):
    with conn.database.write() as connection:
        number = runs.append(connection, run_id, [], NOON)
        new = [run_values.NewPoint(name, None, value, 0) for name, value in values.items()]
        run_values.write(connection, number, {}, new)


def test_metrics_hold_the_latest_value_numbers_texts_and_non_finite(conn):
    begin(conn, "1")
    add(conn, "1", {"AUC": 0.25, "F": "0.1,0.2", "N": math.nan, "I": -math.inf})
    add(conn, "1", {"AUC": 0.5})
    with conn.database.read() as connection:
        found = run_values.metrics(connection, ["1", "none"])
    assert found["none"] == {}
    assert math.isnan(found["1"].pop(("N", "user")))
    assert found["1"] == {("AUC", "user"): 0.5, ("F", "user"): "0.1,0.2", ("I", "user"): -math.inf}


def test_metrics_of_more_runs_than_a_statement_may_have_parameters(conn):
    begin(conn, "1")
    add(conn, "1", {"AUC": 0.5})
    with conn.database.read() as connection:
        found = run_values.metrics(connection, [*map(str, range(70_000))])
    assert len(found) == 70_000
    assert found["1"] == {("AUC", "user"): 0.5}


def test_a_run_without_a_heartbeat_is_lost_until_it_beats_again(conn):
    begin(conn, "1")
    soon, late = NOON + timedelta(seconds=60), NOON + timedelta(seconds=61)
    with conn.database.write() as connection:
        assert runs.stale(connection, soon) == []
        assert runs.mark_lost(connection, soon) == 0
        assert runs.stale(connection, late) == ["1"]
        assert runs.mark_lost(connection, late) == 1
        lost = runs.run(connection, "1")
        assert runs.beat(connection, "1", late)
        alive = runs.run(connection, "1")
    assert (lost.status, lost.ended_at, lost.revision) == (RunStatus.LOST, NOON, 1)
    assert (alive.status, alive.ended_at, alive.revision) == (RunStatus.ACTIVE, None, 2)


def test_a_heartbeat_alone_is_no_change_to_read_again_but_progress_is(conn):
    begin(conn, "1")
    with conn.database.write() as connection:
        runs.beat(connection, "1", NOON + timedelta(seconds=5))
        assert runs.run(connection, "1").revision == 0
        runs.beat(connection, "1", NOON + timedelta(seconds=6), (3, 12, "fold 3"))
        run = runs.run(connection, "1")
    assert (run.progress_done, run.progress_total, run.progress_text, run.revision) == (3, 12, "fold 3", 1)


def test_an_ended_run_does_not_beat(conn):
    begin(conn, "1")
    with conn.database.write() as connection:
        runs.append(connection, "1", [], NOON, {"status": RunStatus.FINISHED})
        assert not runs.beat(connection, "1", NOON)
        assert runs.run(connection, "1").status is RunStatus.FINISHED


def test_a_forgotten_log_leaves_a_deleted_run_that_readers_do_not_list(conn):
    begin(conn, "1")
    with conn.database.write() as connection:
        number = runs.append(connection, "1", [("PARAMETER", "[]")], NOON)
        run_values.write(connection, number, {}, [run_values.NewPoint("AUC", None, 1.0, 0)])
        runs.forget_logs(connection, ["1"])
        assert not runs.append(connection, "1", [("METRIC", "[]")], NOON)
        assert runs.log(connection, "1") == []
        assert run_values.metrics(connection, ["1"]) == {"1": {}}
        assert runs.runs(connection) == []
        assert runs.revisions(connection) == {}
        assert runs.run(connection, "1").status is RunStatus.DELETED
        runs.forget_runs(connection, ["1"])
        runs.forget_experiment(connection, "E")
        assert runs.run(connection, "1") is None
        assert runs.experiments(connection) == []
