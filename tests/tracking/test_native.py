"""Experiments and runs for anything that a notebook does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanalife import ConnectionContext, Experiment
from hanalife.database import runs
from hanalife.errors import ArgumentTypeError, ArtifactNotFoundError, InvalidArgumentError, RunNotFoundError
from hanalife.records import RunStatus
from hanalife.tracking import log
from tests.tracking.reporting import entries

HOSTILE = [
    "'; DROP TABLE hl_run; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "a\nb",
    "%_",
    "測定 🧪 \u202eabc",
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def experiment(conn):
    return conn.experiment("E", "by hand")


@pytest.fixture(scope="module")
def memory():
    with ConnectionContext("sqlite://") as connection:
        yield connection


def only_finite(value):
    if isinstance(value, list):
        return all(map(only_finite, value))
    if isinstance(value, dict):
        return all(map(only_finite, value.values()))
    return not isinstance(value, float) or math.isfinite(value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), json_values)
)
def test_parameters_come_back_with_their_types(memory, params):
    params = {name: value for name, value in params.items() if isinstance(value, float) or only_finite(value)}
    with memory.experiment("E").run("r") as run:
        run.log_params(params)
        found = run.params
    assert found == params
    assert {name: type(value) for name, value in found.items()} == {name: type(value) for name, value in params.items()}


def test_what_is_logged_is_read_back(conn, experiment):
    with experiment.run("r", description="first", tags={"owner": "ann"}) as run:
        run.log_params({"depth": 6, "rate": np.float64(0.1)})
        run.log_param("depth", 7)
        for step, value in enumerate([1.0, 0.5, math.nan, math.inf]):
            run.log_metric("loss", value, step=step)
        run.log_metric("auc", 0.75)
        run.set_tag("stage", "test")
        run.set_notes("looks fine")
        assert run.params == {"depth": 7, "rate": 0.1}
    again = conn.experiment("E").run("r")
    assert again.run_id == run.run_id
    assert again.metrics == {"auc": 0.75, "loss": math.inf}
    points = again.series("loss")
    assert [(point.step, str(point.value)) for point in points] == [(0, "1.0"), (1, "0.5"), (2, "nan"), (3, "inf")]
    assert (again.tags, again.notes) == ({"owner": "ann", "stage": "test"}, "looks fine")
    record = again.record
    assert (record.status, record.description, record.attempt) == (RunStatus.FINISHED, "first", 1)
    assert record.created_at <= points[0].time <= record.ended_at
    assert record.overhead_seconds > 0
    frame = log.get_tracking_log_by_run(conn, "E", "r")
    assert [key for key, _ in entries(frame)] == ["END_OF_TRACK"]
    assert log.get_tracking_log_header_by_run(conn, "E", "r").collect()["SEQ"].tolist() == [-1, -1]


def test_a_metric_without_steps_goes_on_from_the_last(experiment):
    with experiment.run("r") as run:
        run.log_metric("loss", 3)
        run.log_metric("loss", 2, step=10)
        run.log_metric("loss", 1)
        run.log_metric("loss", 9, step=5)
        run.log_metric("loss", 2.5, step=10)
    assert [(point.step, point.value) for point in run.series("loss")] == [(0, 3), (5, 9), (10, 2.5), (11, 1)]
    assert run.metrics == {"loss": 1}
    assert run.series("unknown") == []


def test_whole_series_are_logged_at_once(experiment):
    losses = np.linspace(1, 0, 1000)
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    with experiment.run("r") as run:
        run.log_metrics({"loss": losses, "auc": [0.5] * 1000}, step=range(0, 2000, 2))
        run.log_metrics(frame, step=frame.index)
        run.log_metrics({"x": 1, "y": 2}, step=7)
    assert [point.value for point in run.series("loss")] == losses.tolist()
    assert [point.step for point in run.series("auc")] == list(range(0, 2000, 2))
    assert run.metrics == {"auc": 0.5, "a": 2, "b": 4, "loss": 0, "x": 1, "y": 2}


def test_an_exception_makes_the_run_failed_with_its_traceback(conn, experiment):
    run = experiment.run("r")

    def fail():
        with run:
            run.log_metric("loss", 0.5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert run.record.status is RunStatus.FAILED
    assert run.metrics == {"loss": 0.5}
    (key, error), _ = entries(log.get_tracking_log_by_run(conn, "E", "r"))
    assert (key, error["TYPE"]) == ("ERROR", "ZeroDivisionError")
    assert "raise ZeroDivisionError" in error["TRACEBACK"]


def test_a_name_used_again_is_a_new_attempt_unless_it_is_resumed(experiment):
    with experiment.run("r") as first:
        first.log_metric("loss", 1.0)
        first.log_metric("loss", 0.5)
    with experiment.run("r", resume=True) as resumed:
        resumed.log_metric("loss", 0.25)
        assert resumed.record.status is RunStatus.ACTIVE
    assert resumed.run_id == first.run_id
    assert [point.value for point in first.series("loss")] == [1.0, 0.5, 0.25]
    times = [point.time for point in first.series("loss")]
    assert times == sorted(times)
    with experiment.run("r") as second:
        second.log_metric("loss", 9.0)
    assert (second.record.attempt, experiment.run("r").metrics, first.metrics) == (2, {"loss": 9.0}, {"loss": 0.25})
    with pytest.raises(RunNotFoundError, match="resume"):
        experiment.run("none", resume=True)


def test_one_object_may_begin_several_attempts(experiment):
    run = experiment.run("r")
    for _ in range(2):
        with run:
            run.log_metric("loss", 1.0)
    assert run.record.attempt == 2


def test_runs_lie_within_runs(conn, experiment):
    with experiment.run("search") as run:
        for fold in range(3):
            with run.child(f"fold {fold}") as child:
                child.log_metric("auc", fold / 4)
    assert run.children == ["search/fold 0", "search/fold 1", "search/fold 2"]
    assert conn.experiment("E").run("search/fold 2").metrics == {"auc": 0.5}
    assert experiment.run("search/fold 0").record.parent_run_id == run.run_id


def test_a_run_without_a_name_is_named_after_its_id(experiment):
    with experiment.run() as run:
        run.log_metric("loss", 1.0)
    assert run.name == run.run_id


def test_a_run_may_be_ended_within_its_block(experiment):
    with experiment.run("r") as run:
        run.end()
        with pytest.raises(InvalidArgumentError, match="with experiment"):
            run.log_metric("loss", 1.0)
    assert run.record.status is RunStatus.FINISHED


@pytest.mark.parametrize("name", [*HOSTILE, "x" * 256])
def test_names_are_only_names(experiment, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with experiment.run(name) as run:
        run.log_params({name: name})
        run.log_metric(name, 1.0)
        run.log_artifact(b"bytes", name=name)
        run.set_tag(name, name)
        run.set_notes(name)
    assert (run.params, run.metrics, run.tags, run.notes) == ({name: name}, {name: 1.0}, {name: name}, name)
    assert run.artifact(name) == b"bytes"
    assert experiment.run(name).run_id == run.run_id
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} <= {"life.db"}


def test_ten_megabytes_go_in_and_come_out(experiment):
    data = bytes(range(256)) * 40_960
    text = "Größe 測定 🧪" * 700_000
    with experiment.run("r") as run:
        run.log_artifact(data, name="data.bin")
        run.log_param("text", text)
        run.set_notes(text)
    assert run.artifact("data.bin") == data
    assert run.params["text"] == text == run.notes


# --- artifacts --------------------------------------------------------------------------------


def test_files_tables_and_figures_are_kept(experiment, tmp_path):
    from bqplot import Figure, LinearScale, Lines

    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    rows = pd.DataFrame({"a": [1, 2], "t": ["x", None], "when": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    scales = {"x": LinearScale(), "y": LinearScale()}
    with experiment.run("r") as run:
        run.log_artifact(path)
        run.log_table(rows)
        run.log_figure("curve", {"loss": [(0, 1.0), (1, 0.5)]})
        run.log_figure("drawn", Figure(marks=[Lines(x=[0, 1], y=[[1, 2], [3, 4]], scales=scales, labels=["a", "b"])]))
        run.log_figure("svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
        run.log_figure("png", b"\x89PNG\r\n\x1a\n...")
    kept = {each.name: (each.kind, each.media_type) for each in run.artifacts}
    assert kept == {
        "notes.csv": ("file", "text/csv"),
        "table": ("table", "application/vnd.apache.arrow.file"),
        "curve": ("figure", "application/vnd.hanalife.curves+json"),
        "drawn": ("figure", "application/vnd.hanalife.curves+json"),
        "svg": ("figure", "image/svg+xml"),
        "png": ("figure", "image/png"),
    }
    pd.testing.assert_frame_equal(run.table(), rows)
    assert run.artifact("notes.csv") == path.read_bytes()
    assert run.artifact("curve") == b'{"loss": [[0, 1.0], [1, 0.5]]}'
    assert run.artifact("drawn") == b'{"a": [[0, 1], [1, 2]], "b": [[0, 3], [1, 4]]}'
    with pytest.raises(ArtifactNotFoundError, match=r"'other'.*'curve'"):
        run.artifact("other")


def test_a_frame_of_the_database_is_kept_as_a_table(conn, experiment):
    from hanalife import create_dataframe_from_pandas

    frame = create_dataframe_from_pandas(conn, pd.DataFrame({"A": [1, 2, 3]}), "T")
    with experiment.run("r") as run:
        run.log_table(frame.filter("A > 1"), "large")
    assert run.table("large")["A"].tolist() == [2, 3]


def test_equal_bytes_are_stored_once_and_deleted_with_the_last_run(conn, experiment):
    import sqlalchemy as sa

    from hanalife.database import tables

    for name in ("a", "b"):
        with experiment.run(name) as run:
            run.log_artifact(b"same", name="first")
            run.log_artifact(b"same", name="second")

    def count(table):
        with conn.database.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

    assert (count(tables.blob), count(tables.run_artifact)) == (1, 4)
    log.delete_run_log(conn, "E", "a")
    assert (count(tables.blob), count(tables.run_artifact)) == (1, 2)
    log.delete_experiment_log(conn, "E", remove_mode=True)
    emptied = (tables.blob, tables.blob_chunk, tables.run_artifact, tables.record, tables.run_param, tables.run_metric)
    assert [count(table) for table in emptied] == [0] * 6


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda run: run.log_metric("", 1), InvalidArgumentError),
        (lambda run: run.log_metric("x" * 257, 1), InvalidArgumentError),
        (lambda run: run.log_metric("a\0", 1), InvalidArgumentError),
        (lambda run: run.log_metric("a", "high"), ArgumentTypeError),
        (lambda run: run.log_metric("a", None), ArgumentTypeError),
        (lambda run: run.log_metric("a", 1j), ArgumentTypeError),
        (lambda run: run.log_metric("a", 1, step=0.5), InvalidArgumentError),
        (lambda run: run.log_metric("a", 1, step="last"), InvalidArgumentError),
        (lambda run: run.log_metric("a", 1, step=2**63), InvalidArgumentError),
        (lambda run: run.log_metrics([1, 2]), ArgumentTypeError),
        (lambda run: run.log_metrics({"a": [1, 2]}, step=[1]), InvalidArgumentError),
        (lambda run: run.log_metrics({"a": [1, 2]}, step=1), InvalidArgumentError),
        (lambda run: run.log_metrics({"a": 1}, step=[1]), InvalidArgumentError),
        (lambda run: run.log_params([("a", 1)]), ArgumentTypeError),
        (lambda run: run.log_params({7: 1}), ArgumentTypeError),
        (lambda run: run.log_params({"fine": 1, "": 1}), InvalidArgumentError),
        (lambda run: run.set_tag("PAL_x", "v"), InvalidArgumentError),
        (lambda run: run.set_tag("x", "v" * 5001), InvalidArgumentError),
        (lambda run: run.set_tag("x", None), InvalidArgumentError),
        (lambda run: run.set_notes(7), ArgumentTypeError),
        (lambda run: run.log_artifact(b"x"), InvalidArgumentError),
        (lambda run: run.log_artifact("no such file"), InvalidArgumentError),
        (lambda run: run.log_artifact(7), ArgumentTypeError),
        (lambda run: run.log_figure("f", 7), ArgumentTypeError),
        (lambda run: run.log_table(7), ArgumentTypeError),
        (lambda run: run.log_table(pd.DataFrame({"a": [1, "x"]})), InvalidArgumentError),
        (lambda run: run.child(""), InvalidArgumentError),
    ],
)
def test_bad_input_is_refused_and_nothing_of_it_is_recorded(sqlite_conn, act, error):
    with sqlite_conn.experiment("E").run("r") as run:
        with pytest.raises(error):
            act(run)
        assert (run.params, run.metrics, run.tags, run.artifacts, run.notes) == ({}, {}, {}, [], "")
    assert run.record.status is RunStatus.FINISHED


@pytest.mark.parametrize("name", ["", None, "x" * 257, "a_<EXPERIMENT_SPLITTER>_b", "a\0"])
def test_a_name_that_cannot_be_used_is_refused(sqlite_conn, name):
    with pytest.raises(InvalidArgumentError, match="name"):
        Experiment(sqlite_conn, name)
    if name is not None and "SPLITTER" not in name:
        with pytest.raises(InvalidArgumentError, match="name"):
            sqlite_conn.experiment("E").run(name)
    assert sqlite_conn.get_tables()["TABLE_NAME"].tolist() == []


def test_an_unknown_run_cannot_be_read(sqlite_conn):
    with pytest.raises(RunNotFoundError, match="'none'"):
        _ = sqlite_conn.experiment("E").run("none").params


def test_a_run_is_not_entered_twice_and_not_after_it_was_deleted(sqlite_conn):
    experiment = sqlite_conn.experiment("E")
    with experiment.run("r") as run, pytest.raises(InvalidArgumentError, match="being written"):
        run.__enter__()
    resumed = experiment.run("r", resume=True)
    log.delete_run_log(sqlite_conn, "E", "r")
    with pytest.raises(RunNotFoundError, match="deleted"):
        resumed.__enter__()
    with sqlite_conn.database.read() as connection:
        assert runs.runs(connection) == []
