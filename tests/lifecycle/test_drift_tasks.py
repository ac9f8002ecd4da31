"""Drift checks as tasks, and gates that wait for what they say."""

from __future__ import annotations

import numpy as np
import pytest

from hanalife.database import tables, tasks
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.errors import ArgumentTypeError, DataNotFoundError, InvalidArgumentError, UnknownColumnError
from hanalife.lifecycle import execution
from hanalife.views import answers
from tests.lifecycle.pipeline import rows, table
from tests.lifecycle.workers import on_sqlite, run


@pytest.fixture
def before(conn):
    return table(conn, "BEFORE", rows(800, 1))


def results(conn, name="out_CHECK0"):
    return conn.table(name).collect().set_index("COLUMN_NAME")


def test_a_check_says_what_drifted_and_keeps_it(conn, scheduler, before):
    now = table(conn, "NOW", rows(800, 2, shift=1.0))
    made = scheduler.create_drift_task("CHECK", before, now, features=["A", "B"], label="Y", experiment_id="watching")
    assert made.collect()["TASK_ID"].tolist() == ["CHECK"]
    job = run(scheduler, "CHECK")
    assert (job.status, job.verdict) == ("SUCCEEDED", "drift")
    assert job.message.startswith("A (psi ")
    assert results(conn)["VERDICT"].to_dict() == {"A": "drift", "B": "no_drift", "Y": "no_drift"}
    assert results(conn).loc["A", "EFFECT_LOW"] > results(conn).loc["A", "MINIMUM"]
    assert conn.drift.alerts().collect()["column_name"].tolist() == ["A"]
    recorded = conn.experiment("watching").run(f"CHECK job {job.job_id}")
    assert (recorded.run_id, recorded.tags["verdict"]) == (job.run_id, "drift")
    assert recorded.metrics["psi.A"] == pytest.approx(results(conn).loc["A", "EFFECT"])


def test_each_job_reads_the_rows_of_its_time_and_the_reference_stays(conn, scheduler, before):
    now = table(conn, "NOW", rows(3000, 2))
    scheduler.create_drift_task("CHECK", before, now, features=["A", "B"], append=True)
    assert run(scheduler, "CHECK").verdict == "no_drift"
    table(conn, "NOW", rows(3000, 3, shift=1.0))
    table(conn, "BEFORE", rows(800, 4, shift=1.0))
    assert run(scheduler, "CHECK").verdict == "drift"
    assert conn.table("out_CHECK0").collect()["CHECK_VERDICT"].value_counts().to_dict() == {"no_drift": 2, "drift": 2}


@on_sqlite
def test_unknown_says_how_many_rows_it_needs(conn, scheduler, before):
    scheduler.create_drift_task("CHECK", before, table(conn, "FEW", rows(40, 5, shift=0.3)), features="A")
    job = run(scheduler, "CHECK")
    assert (job.status, job.verdict) == ("SUCCEEDED", "unknown")
    needed = int(results(conn).loc["A", "ROWS_NEEDED"])
    needs = f"needs about {needed - 40:,} more rows, if the effect is what was measured."
    assert job.message == f"Inconclusive with 40 rows. A: {needs}"


@on_sqlite
def test_no_rows_are_unknown(conn, scheduler, before):
    scheduler.create_drift_task("CHECK", before, before.filter("ID < 0"), features=["A"])
    job = run(scheduler, "CHECK")
    assert (job.status, job.verdict) == ("SUCCEEDED", "unknown")


def test_the_last_window_speaks_for_the_check(conn, scheduler, before):
    both = table(
        conn,
        "BOTH",
        rows(1000, 6, shift=1.0).assign(A=lambda frame: frame["A"].where(frame["ID"] < 500, frame["A"] - 1)),
    )
    conn.drift.reference(before, features=["A"], name="frozen")
    scheduler.create_drift_task("CHECK", "frozen", both.sort("ID"), rows=500)
    job = run(scheduler, "CHECK")
    assert job.verdict != "drift"
    windows = conn.table("out_CHECK0").sort("CHECK_WINDOW").collect()
    assert windows["CHECK_VERDICT"].tolist()[0] == "drift"
    assert len(windows) == 2


def test_each_segment_is_checked_with_a_reference_of_its_own(conn, scheduler):
    kinds = {"ID": "INT", "A": "DOUBLE", "B": "DOUBLE", "Y": "INT", "S": "NVARCHAR(5)"}
    before = rows(6000, 1).assign(S=lambda frame: np.where(frame["ID"] % 2 == 0, "even", "odd"))
    now = rows(6000, 2).assign(S=before["S"])
    moved = now.assign(A=now["A"].where(now["S"] == "odd", now["A"] + 1))
    frames = {name: conn.create_from_pandas(data, name, kinds) for name, data in (("BEFORE", before), ("NOW", now))}
    options = {"features": ["A", "B"], "segment_column_name": "S", "experiment_id": "segments"}
    scheduler.create_drift_task("CHECK", frames["BEFORE"], conn.table("NOW"), **options)
    assert run(scheduler, "CHECK").verdict == "no_drift"
    create_dataframe_from_pandas(conn, moved, "NOW", force=True, table_structure=kinds, disable_progressbar=True)
    job = run(scheduler, "CHECK")
    assert job.verdict == "drift"
    assert job.message.endswith("in segment even")
    found = conn.table("out_CHECK0").collect().set_index(["CHECK_SEGMENT", "COLUMN_NAME"])["VERDICT"]
    assert found.to_dict() == {
        ("even", "A"): "drift",
        ("even", "B"): "no_drift",
        ("odd", "A"): "no_drift",
        ("odd", "B"): "no_drift",
    }
    recorded = conn.experiment("segments").run(f"CHECK job {job.job_id}").metrics
    assert recorded["psi.A.even"] > 0.5 > recorded["psi.A.odd"]
    odd = now[now["S"] == "odd"]
    create_dataframe_from_pandas(conn, odd, "NOW", force=True, table_structure=kinds, disable_progressbar=True)
    job = run(scheduler, "CHECK")
    assert (job.verdict, job.message) == ("unknown", "no current rows are of segment even")
    with pytest.raises(InvalidArgumentError, match="reference: has the segments even, odd"):
        conn.drift.check("CHECK", conn.table("NOW"))


def test_a_task_may_make_the_two_sample_test_with_rows_that_it_keeps(conn, scheduler):
    """Both columns keep their distributions, and no longer go together."""
    before = rows(3000, 1).assign(B=lambda frame: frame["A"])
    now = rows(3000, 2).assign(B=lambda frame: -frame["A"])
    frames = table(conn, "BEFORE", before), table(conn, "NOW", now)
    options = {"features": ["A", "B"], "minimum_effect": 0.2}
    scheduler.create_drift_task("CHECK", *frames, two_sample=True, seed=3, **options)
    table(conn, "BEFORE", before.head(1))
    job = run(scheduler, "CHECK")
    assert job.verdict == "drift"
    assert results(conn)["VERDICT"].to_dict() == {"A": "no_drift", "B": "no_drift", "(all columns)": "drift"}
    table(conn, "BEFORE", before)
    check = conn.drift.check(*frames, seed=3, keep=False, **options)
    assert results(conn).loc["(all columns)", "EFFECT"] == pytest.approx(
        next(one for one in check.results if one.column == "(all columns)").effect.value
    )


def test_a_check_whose_job_has_not_ended_is_not_kept(conn, scheduler, before):
    scheduler.create_drift_task("CHECK", before, before, features=["A"])
    job_id = scheduler.create_one_off_task_schedule("CHECK")
    with conn.database.read() as connection:
        task, job = tasks.task(connection, "CHECK"), tasks.job(connection, job_id)
        kept = connection.execute(tables.drift_check.select()).all()
    execution.execute(conn, task, job, None)
    with conn.database.read() as connection:
        assert connection.execute(tables.drift_check.select()).all() == kept == []


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"task_id": " "}, InvalidArgumentError, "task_id"),
        ({"reference": "nothing"}, DataNotFoundError, "nothing"),
        ({"reference": 1}, ArgumentTypeError, "reference"),
        ({"features": ["C"]}, UnknownColumnError, "C"),
        ({"label": "C"}, UnknownColumnError, "C"),
        ({"minimum_effect": 0}, InvalidArgumentError, "minimum_effect"),
        ({"error_rate": 1}, InvalidArgumentError, "error_rate"),
        ({"rows": 0}, InvalidArgumentError, "rows"),
        ({"rows": 5, "segment_column_name": "Y"}, InvalidArgumentError, "segments or windows"),
        ({"segment_column_name": "C"}, UnknownColumnError, "C"),
        ({"rows": 5, "time_column": "A"}, InvalidArgumentError, "rows, time_column"),
        ({"time_column": "A"}, InvalidArgumentError, "time_column"),
        ({"output_table_names": ["X", "Y"]}, InvalidArgumentError, "output_table_names"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_written(conn, scheduler, before, changes, error, words):
    with pytest.raises(error, match=words):
        scheduler.create_drift_task(**{"task_id": "CHECK", "reference": before, "current": before} | changes)
    with conn.database.read() as connection:
        assert tasks.tasks(connection) == []
        assert connection.execute(tables.drift_reference.select()).all() == []


@on_sqlite
def test_weeks_of_one_outcome_drift_and_the_week_before_does_not(conn, scheduler, diabetes):
    """Week 20 is like any other, week 21 has only positive outcomes, week 22 only negative ones."""
    known = diabetes.filter("ID >= 100").save("KNOWN")
    diabetes.filter("ID < 100").save("WEEK")
    scheduler.create_drift_task("CHECK", known.deselect("ID"), conn.table("WEEK"), label="CLASS")
    before = run(scheduler, "CHECK")
    assert before.verdict == "unknown"
    assert "Inconclusive with 100 rows. " in before.message
    assert "more rows, if the effect is what was measured." in before.message
    assert results(conn).loc["CLASS", "VERDICT"] == "no_drift"
    for outcome in (1, 0):
        diabetes.filter(f"ID < 100 AND CLASS = {outcome}").save("WEEK", force=True)
        job = run(scheduler, "CHECK")
        assert job.verdict == "drift"
        assert results(conn).loc["CLASS", "VERDICT"] == "drift"
    # Of the features a week of 37 rows says little; all positive outcomes say it of glucose.
    diabetes.filter("CLASS = 1").save("WEEK", force=True)
    run(scheduler, "CHECK")
    assert {"CLASS", "GLUCOSE"} <= set(results(conn).query("VERDICT == 'drift'").index)


# --- gates ------------------------------------------------------------------------------------


def test_a_gate_opens_for_its_verdict_only(conn, scheduler, before):
    now = table(conn, "NOW", rows(800, 2, shift=1.0))
    scheduler.create_drift_task("CHECK", before, now, features=["A"])
    scheduler.create_sql_task("TELL", "SELECT 1 AS A")
    scheduler.create_sequential_composite_task("CHAIN", ["CHECK", "TELL"], gates={"TELL": "drift"})
    job = run(scheduler, "CHAIN")
    assert (job.status, conn.table("out_TELL0").count()) == ("SUCCEEDED", 1)
    table(conn, "NOW", rows(8, 2))
    job = run(scheduler, "CHAIN")
    assert (job.status, job.verdict) == ("SUCCEEDED", "unknown")
    with conn.database.read() as connection:
        skipped = tasks.last_job(connection, "TELL")
        parts = answers.task(connection, "CHAIN")["parts"]
    assert skipped.status == "SKIPPED"
    assert [(part["gate"], part["job"]["verdict"]) for part in parts] == [(None, "unknown"), ("drift", None)]
    assert skipped.message.endswith("('CHECK' gave the verdict 'unknown'; the next step needs 'drift')")


@on_sqlite
def test_gates_nest(conn, scheduler, before):
    """A composite says what its last part has said."""
    now = table(conn, "NOW", rows(800, 2, shift=1.0))
    scheduler.create_drift_task("CHECK", before, now, features=["A"])
    scheduler.create_sql_task("TELL", "SELECT 1 AS A")
    scheduler.create_sequential_composite_task("INNER", ["CHECK"])
    scheduler.create_sequential_composite_task("OUTER", ["INNER", "TELL"], gates={"TELL": "no_drift"})
    job = run(scheduler, "OUTER")
    assert (job.status, job.verdict) == ("SUCCEEDED", "drift")
    assert not conn.has_table("out_TELL0")


@on_sqlite
@pytest.mark.parametrize(
    ("gates", "words"),
    [
        ({"NONE": "drift"}, "'NONE' is no subtask"),
        ({"CHECK": "drift"}, "'CHECK' is no subtask with another before it"),
        ({"TELL": "driftt"}, "'TELL' waits for 'driftt'"),
        ({"LAST": "drift"}, "which gives no verdict"),
    ],
)
def test_a_gate_that_could_never_open_is_refused(scheduler, before, gates, words):
    scheduler.create_drift_task("CHECK", before, before, features=["A"])
    for name in ("TELL", "LAST"):
        scheduler.create_sql_task(name, "SELECT 1 AS A")
    with pytest.raises(InvalidArgumentError, match=words):
        scheduler.create_sequential_composite_task("CHAIN", ["CHECK", "TELL", "LAST"], gates=gates)


@on_sqlite
def test_a_drift_task_takes_no_parameters_of_one_execution(scheduler, before):
    scheduler.create_drift_task("CHECK", before, before, features=["A"])
    with pytest.raises(InvalidArgumentError, match="takes none"):
        scheduler.create_one_off_task_schedule("CHECK", {"current": 1})
