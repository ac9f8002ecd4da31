"""Deleting runs and experiments."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, MLExperiments
from hanalife.clock import utc_now
from hanalife.database import run_values, runs, shared_records
from hanalife.errors import InvalidArgumentError
from hanalife.records import RunStatus
from hanalife.tracking import log
from tests.tracking.reporting import Model, until


def record(conn, experiment_id, *names):
    tracker, model = MLExperiments(conn, experiment_id), Model()
    for name in names:
        tracker.autologging(model, run_name=name)
        model.fit()
        tracker.add_tag_for_current_run("owner", "ann", 0)
    return tracker


def store(conn, read, *args):
    with conn.database.read() as connection:
        return read(connection, *args)


def names(conn):
    return [(run.experiment_id, run.name) for run in store(conn, runs.runs)]


def test_without_remove_mode_the_metadata_stay(conn):
    tracker = record(conn, "E", "r")
    run_id = store(conn, runs.newest, "E", "r").run_id
    log.delete_run_log(conn, "E", "r")
    assert tracker.get_tracking_log_for_current_run().collect().empty
    assert tracker.get_tags_for_current_run(0).collect().empty
    assert store(conn, run_values.metrics, [run_id]) == {run_id: {}}
    assert tracker.get_tracking_metadata_for_current_run().collect()["STATUS"].tolist() == ["DELETED"]
    assert names(conn) == []


def test_with_remove_mode_nothing_stays(conn):
    tracker = record(conn, "E", "r", "r", "q")
    log.delete_run_log(conn, "E", "r", remove_mode=True)
    assert log.get_tracking_metadata_by_run(conn, "E", "r").collect().empty
    assert store(conn, runs.attempts, "E", "r") == []
    assert names(conn) == [("E", "q")]
    assert tracker.get_tracking_log_for_current_run().count() == 12


def test_an_older_attempt_does_not_come_back(conn):
    record(conn, "E", "r", "r")
    log.delete_tracking_log_by_run(conn, "E", "r")
    assert [run.status for run in store(conn, runs.attempts, "E", "r")] == [RunStatus.DELETED] * 2
    record(conn, "E", "r")
    assert [(run.attempt, run.status) for run in store(conn, runs.runs)] == [(3, RunStatus.FINISHED)]


def test_an_experiment_is_deleted_by_its_exact_name(conn):
    for experiment_id in ("A", "AB", "A%", "a"):
        record(conn, experiment_id, "r")
    log.delete_experiment_log(conn, "A%")
    assert names(conn) == [("A", "r"), ("AB", "r"), ("a", "r")]
    log.delete_experiment_log(conn, "A", remove_mode=True)
    assert names(conn) == [("AB", "r"), ("a", "r")]
    assert [item.experiment_id for item in store(conn, runs.experiments)] == ["AB", "A%", "a"]


def test_what_is_not_there_is_only_logged(conn, caplog):
    with caplog.at_level(logging.INFO, "hanalife"):
        log.delete_experiment_log(conn, "none")
        log.delete_run_log(conn, "none", "r")
        log.delete_run_log(conn, "none", "r", remove_mode=True, is_force=True)
    assert len(caplog.records) == 3
    record(conn, "E", "r")
    log.delete_run_log(conn, "E", "other")
    assert names(conn) == [("E", "r")]


def test_a_run_that_goes_on_is_deleted_only_by_force(conn, caplog):
    tracker, model = record(conn, "E", "done"), Model()
    tracker.autologging(model, run_name="busy")

    def delete():
        for attempt in (
            lambda: log.delete_experiment_log(conn, "E"),
            lambda: log.delete_run_log(conn, "E", "busy", remove_mode=True),
        ):
            with pytest.raises(InvalidArgumentError, match=r"'busy'.*is_force=True"):
                attempt()
        assert names(conn) == [("E", "done"), ("E", "busy")]
        log.delete_experiment_log(conn, "E", is_force=True)

    model.fit(during=delete)
    assert "'busy'" in caplog.text
    assert names(conn) == []
    assert tracker.get_tracking_log_for_current_run().collect().empty


def test_what_another_is_about_to_use_is_left_without_waiting(postgres_url):
    in_time = sa.make_url(postgres_url).update_query_dict({"options": "-c lock_timeout=10s"})
    with ConnectionContext(in_time.render_as_string(hide_password=False)) as conn:
        record(conn, "E", "r")
        run = store(conn, runs.newest, "E", "r")
        kept = store(conn, shared_records.get, run.environment_id)
        with conn.database.write() as another:
            assert shared_records.put(another, kept.kind, "", kept.sha256) == kept.record_id
            log.delete_run_log(conn, "E", "r")
        assert store(conn, shared_records.get, run.environment_id) == kept
        assert names(conn) == []


@pytest.mark.parametrize("remove_mode", [False, True])
def test_a_call_after_the_deletion_begins_a_new_attempt(conn, remove_mode):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")
    first = model.score()
    log.delete_experiment_log(conn, "E", remove_mode=remove_mode)
    second = model.score()
    assert second != first
    assert [run.run_id for run in store(conn, runs.runs)] == [second]


def test_a_lost_run_does_not_hinder(conn):
    tracker, model = MLExperiments(conn, "E"), Model()
    tracker.autologging(model, run_name="r")

    def delete():
        until(lambda: store(conn, runs.newest, "E", "r").environment_id)  # what it has to say at first
        log.delete_experiment_log(conn, "E", clock=lambda: utc_now() + timedelta(seconds=61))

    model.fit(during=delete)
    assert names(conn) == []


def test_the_deprecated_form(conn):
    tracker = record(conn, "E", "r")
    with pytest.warns(DeprecationWarning, match="delete_run_log"):
        log.delete_tracking_log(conn, tracker.get_current_tracking_id(), remove_mode=True)
    assert names(conn) == []


@pytest.mark.parametrize("empty", ["", None])
def test_empty_names_are_refused(sqlite_conn, empty):
    with pytest.raises(ValueError, match="experiment_id"):
        log.delete_experiment_log(sqlite_conn, empty)
    with pytest.raises(ValueError, match="run_name"):
        log.delete_run_log(sqlite_conn, "E", empty)
