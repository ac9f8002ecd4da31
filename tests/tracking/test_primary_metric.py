"""What the runs of an experiment are ranked by."""

from __future__ import annotations

import logging

import pytest

from hanalife import MLExperiments
from hanalife.database import runs
from hanalife.errors import DataNotFoundError, InvalidArgumentError
from hanalife.tracking.primary_metric import set_primary_metric
from tests.tracking.reporting import Model


def stored(conn, name):
    with conn.database.read() as connection:
        (found,) = runs.experiments(connection, [name])
    return found.primary_metric


def test_it_is_kept_when_a_run_begins_and_changed_later(conn):
    tracker, model = MLExperiments(conn, "E", primary_metric="AUC@test"), Model()
    tracker.autologging(model)
    model.fit()
    assert stored(conn, "E") == "AUC@test"
    tracker.set_primary_metric("KAPPA")
    model.fit()
    assert stored(conn, "E") == "KAPPA", "a later run does not take it back"
    set_primary_metric(conn, "E", None)
    assert stored(conn, "E") is None


def test_an_experiment_in_the_store_keeps_its_own_and_says_so(conn, caplog):
    with conn.experiment("E", primary_metric="loss").run("a") as run:
        run.log_metric("loss", 0.5)
    with (
        caplog.at_level(logging.WARNING),
        conn.experiment("E", primary_metric="AUC").run("b"),
    ):
        pass
    assert stored(conn, "E") == "loss"
    assert "set_primary_metric('AUC')" in caplog.text
    conn.experiment("E").set_primary_metric("AUC")
    assert stored(conn, "E") == "AUC"


@pytest.mark.parametrize(
    ("metric", "words"),
    [("", "names nothing"), ("@test", "name of a metric"), ("AUC@tset", "not a source"), ("AUC@train", "fitted on")],
)
def test_what_cannot_rank_runs_is_refused(sqlite_conn, metric, words):
    for make in (
        lambda: MLExperiments(sqlite_conn, "E", primary_metric=metric),
        lambda: sqlite_conn.experiment("E", primary_metric=metric),
        lambda: set_primary_metric(sqlite_conn, "E", metric),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            make()


def test_an_experiment_that_is_not_recorded_is_named(sqlite_conn):
    sqlite_conn.database.migrate()
    with pytest.raises(DataNotFoundError, match="'nowhere'"):
        set_primary_metric(sqlite_conn, "nowhere", "AUC")
