"""Tasks of every kind, by real workers: functions, SQL, notebooks, fits, composites."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from hanalife import ModelStorage, ScheduledExecution, UnifiedClassification
from hanalife.database import tasks
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.errors import (
    ArgumentTypeError,
    BadSQLError,
    InvalidArgumentError,
    TaskExistsError,
    TaskNotFoundError,
)
from hanalife.lifecycle import notebooks, procedures
from hanalife.records import Task
from tests.lifecycle.workers import run
from tests.scheduling.engine import CREATED

HERE = "tests.lifecycle.procedures"


@pytest.fixture
def values(conn):
    return create_dataframe_from_pandas(conn, pd.DataFrame({"ID": [1, 2], "VALUE": [10.0, 20.0]}), "VALUES_IN")


@pytest.fixture
def allowed(scheduler):
    """Give a scheduler whose worker may call the functions of this folder."""
    scheduler.start_worker(allow=HERE)
    return scheduler


def job_lines(scheduler, task_id, job):
    return scheduler.query_schedule_job(task_id, job.job_id)[1].collect()["LOG_MESSAGE"].tolist()


# --- functions --------------------------------------------------------------------------------


def test_a_function_gets_frames_and_its_result_becomes_a_table(allowed, values, conn):
    made = allowed.create_task(
        "DOUBLE", f"{HERE}:double", "ANY", task_params=[("data", None, "VALUES_IN", 0), ("factor", None, 3, 2)]
    )
    assert list(made.collect().iloc[0]) == ["DOUBLE", "me", conn.get_current_schema(), f"{HERE}:double"]
    assert run(allowed, "DOUBLE").message == ""
    assert conn.table("out_DOUBLE0").sort("ID").collect()["VALUE"].tolist() == [30.0, 60.0]
    assert run(allowed, "DOUBLE", {"factor": 10}).status == "SUCCEEDED"
    assert conn.table("out_DOUBLE0").sort("ID").collect()["VALUE"].tolist() == [100.0, 200.0]
    parameters = allowed.get_task_param("DOUBLE").collect()
    assert parameters["ARGUMENT_CATEGORY"].tolist() == ["TABLE", "LITERAL"]


def test_results_are_added_with_the_job_if_that_is_asked_for(allowed, values, conn):
    allowed.create_task(
        "KEEP", f"{HERE}:double", task_params={"data": values}, output_table_names="HISTORY", append=True
    )
    first, second = run(allowed, "KEEP"), run(allowed, "KEEP")
    rows = conn.table("HISTORY").sort(["JOB_ID", "ID"]).collect()
    assert list(rows.columns) == ["JOB_ID", "RUN_TIME", "ID", "VALUE"]
    assert rows["JOB_ID"].tolist() == [first.job_id] * 2 + [second.job_id] * 2
    assert (rows["RUN_TIME"] <= pd.Timestamp(second.ended_at.replace(tzinfo=None))).all()


def test_a_function_may_return_several_frames(allowed, conn):
    allowed.create_task("TWO", f"{HERE}:two_frames", output_table_names=["FIRST", "SECOND"])
    run(allowed, "TWO")
    assert (conn.table("FIRST").count(), conn.table("SECOND").count()) == (1, 2)


def test_a_function_may_have_what_the_job_knows(allowed):
    allowed.create_task("REPORT", f"{HERE}:report", task_params={"note": "weekly"})
    job = run(allowed, "REPORT")
    lines = job_lines(allowed, "REPORT", job)
    assert f"due {job.due:%Y-%m-%d} job {job.job_id} rows 1" in lines
    assert "report: note weekly" in lines


def test_a_run_that_a_job_records_is_linked(allowed, conn):
    allowed.create_task("TRACK", f"{HERE}:track")
    job = run(allowed, "TRACK")
    with conn.database.read() as connection:
        runs = connection.exec_driver_sql("SELECT run_id, experiment_id FROM hl_run").all()
    assert [tuple(one) for one in runs] == [(job.run_id, "scheduled")]
    assert job.peak_memory_bytes > 10_000_000


def test_a_worker_that_does_not_allow_a_function_says_so(scheduler):
    scheduler.create_task("DOUBLE", f"{HERE}:where")
    job = run(scheduler, "DOUBLE")
    assert job.status == "FAILED"
    assert f"hanalife worker --allow {HERE}:where" in job.message


def test_allow_lists(monkeypatch):
    monkeypatch.setenv(procedures.VARIABLE, "a.b, c.d:e")
    assert procedures.is_allowed("a.b:any")
    assert procedures.is_allowed("c.d:e")
    for path in ("c.d:f", "a:b", "a.b.c:d", "os:system"):
        assert not procedures.is_allowed(path)


@pytest.mark.parametrize(
    ("function", "parameters", "error", "named"),
    [
        (f"{HERE}:nothing", {}, InvalidArgumentError, "cannot be imported"),
        ("no_such_module:run", {}, InvalidArgumentError, "cannot be imported"),
        (f"{HERE}:NOT_A_FUNCTION", {}, InvalidArgumentError, "no function"),
        ("just_a_name", {}, InvalidArgumentError, "create_sql_task"),
        (lambda: 0, {}, InvalidArgumentError, "lambda"),
        (5, {}, ArgumentTypeError, "5"),
        (f"{HERE}:double", {"data": 1, "weight": 2}, InvalidArgumentError, "weight"),
        (f"{HERE}:double", {}, InvalidArgumentError, "data"),
        (f"{HERE}:double", [("data", None, 1)], ArgumentTypeError, "kind"),
        (f"{HERE}:double", {"data": object()}, ArgumentTypeError, "data: <object"),
    ],
)
def test_a_bad_function_is_refused_before_anything_is_written(sqlite_conn, function, parameters, error, named):
    scheduler = ScheduledExecution(sqlite_conn, "me")
    with pytest.raises(error, match=named):
        scheduler.create_task("T", function, task_params=parameters)
    assert scheduler.remove_task("T") is None


def test_parameters_that_a_function_does_not_take_are_refused_for_one_job_too(allowed):
    allowed.create_task("REPORT", f"{HERE}:report")
    with pytest.raises(InvalidArgumentError, match="weight"):
        allowed.create_one_off_task_schedule("REPORT", {"weight": 1})
    with pytest.raises(TaskExistsError, match="force=True"):
        allowed.create_task("REPORT", f"{HERE}:report")


def test_a_kind_that_a_worker_does_not_know_fails_and_the_schedule_goes_on(scheduler, conn):
    with conn.database.write() as connection:
        tasks.insert_task(connection, Task("ODD", "shell", {"command": "rm"}, "", "me", CREATED))
    scheduler.create_task_schedule("ODD", "* * * mon 8 0 0")
    job = run(scheduler, "ODD")
    assert (job.status, "'shell'" in job.message) == ("FAILED", True)
    assert scheduler.next_due("ODD") is not None


# --- SQL --------------------------------------------------------------------------------------


def test_statements_take_effect_once_in_the_transaction_of_the_job(scheduler, values, conn):
    sql = 'INSERT INTO "VALUES_IN" ("ID", "VALUE") VALUES (:id, 0); '
    sql += 'UPDATE "VALUES_IN" SET "VALUE" = :job_id WHERE "ID" = :id'
    scheduler.create_sql_task("ADD", sql, {"id": 3})
    job = run(scheduler, "ADD")
    assert conn.table("VALUES_IN").filter("ID = 3").collect()["VALUE"].tolist() == [float(job.job_id)]
    scheduler.create_sql_task("BAD", f'{sql}; INSERT INTO "GONE" VALUES (1)', {"id": 4})
    assert run(scheduler, "BAD").status == "FAILED"
    assert conn.table("VALUES_IN").filter("ID = 4").count() == 0


def test_the_rows_of_a_query_become_a_table(scheduler, values, conn):
    scheduler.create_sql_task("SUM", 'SELECT SUM(VALUE) AS "TOTAL" FROM VALUES_IN', output_table_names="TOTALS")
    run(scheduler, "SUM")
    assert conn.table("TOTALS").collect()["TOTAL"].tolist() == [30.0]
    conn.drop_table("VALUES_IN")
    job = run(scheduler, "SUM")
    assert job.status == "FAILED"
    assert "VALUES_IN" in " ".join(job_lines(scheduler, "SUM", job))
    assert conn.table("TOTALS").count() == 1


@pytest.mark.parametrize(
    ("sql", "parameters", "error", "named"),
    [
        ("", None, InvalidArgumentError, "empty"),
        (5, None, ArgumentTypeError, "5"),
        ("SELECT FROM WHERE", None, BadSQLError, "FROM"),
        ("SELECT 1 FROM DUMMY", {"a": 1}, InvalidArgumentError, "a query takes none"),
        ("DELETE FROM T WHERE A = :a", None, InvalidArgumentError, ":a has no value"),
        ("DELETE FROM T", {"a": 1}, InvalidArgumentError, "does not occur as :a"),
        ("DELETE FROM T WHERE A = :a", {"a": {1, 2}}, ArgumentTypeError, "a: "),
    ],
)
def test_bad_sql_is_refused(sqlite_conn, sql, parameters, error, named):
    with pytest.raises(error, match=named):
        ScheduledExecution(sqlite_conn, "me").create_sql_task("T", sql, parameters)


# --- notebooks --------------------------------------------------------------------------------


def write_notebook(folder, *cells):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    notebook = new_notebook(
        cells=[new_code_cell("threshold = 1", metadata={"tags": ["parameters"]}), *map(new_code_cell, cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / "report.ipynb")


def test_a_notebook_is_executed_with_parameters_and_kept(scheduler, values, tmp_path, conn):
    write_notebook(
        tmp_path,
        "from hanalife import ConnectionContext\nconn = ConnectionContext()\n"
        "print('rows', conn.table('VALUES_IN').filter(f'VALUE > {threshold}').count(), 'job', job_id)",
        "if fail: raise ValueError('too few')",
    )
    scheduler.start_worker(notebook_folder=str(tmp_path))
    scheduler.create_notebook_task("NB", "report.ipynb", {"threshold": 15, "fail": False})
    job = run(scheduler, "NB")
    assert (job.status, job.message) == ("SUCCEEDED", "")
    assert f"rows 1 job {job.job_id}" in scheduler.get_executed_notebook("NB")
    failed = run(scheduler, "NB", {"fail": True})
    assert failed.status == "FAILED"
    assert "report.ipynb: ValueError: too few" in failed.message
    kept = json.loads(scheduler.get_executed_notebook("NB", failed.job_id))
    assert any(output["output_type"] == "error" for output in kept["cells"][-1]["outputs"])


def test_a_notebook_out_of_the_folder_is_refused(sqlite_conn, tmp_path, monkeypatch):
    scheduler = ScheduledExecution(sqlite_conn, "me")
    for name in ("/etc/report.ipynb", "../report.ipynb", "report.py", None):
        with pytest.raises(InvalidArgumentError, match="notebook"):
            scheduler.create_notebook_task("NB", name)
    with pytest.raises(InvalidArgumentError, match="'a b'"):
        scheduler.create_notebook_task("NB", "report.ipynb", {"a b": 1})
    with pytest.raises(InvalidArgumentError, match="--notebooks"):
        notebooks.find("report.ipynb")
    monkeypatch.setenv(notebooks.VARIABLE, str(tmp_path))
    with pytest.raises(InvalidArgumentError, match="there is no 'report"):
        scheduler.create_notebook_task("NB", "report.ipynb")
    (tmp_path / "inside.ipynb").symlink_to("/etc/hostname")
    with pytest.raises(InvalidArgumentError, match="there is no"):
        notebooks.find("inside.ipynb")
    scheduler.create_sql_task("NO", "DELETE FROM hl_notice")
    with pytest.raises(TaskNotFoundError, match="no executed notebook"):
        scheduler.get_executed_notebook("NO")


# --- fits -------------------------------------------------------------------------------------


def test_a_fit_task_stores_a_new_version_each_time_and_its_tables(scheduler, diabetes, conn):
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=3, random_state=1)
    model.name = "weekly"
    inputs = {"data": diabetes, "key": "ID", "label": "CLASS"}
    scheduler.create_fit_task(model, inputs, "FIT", experiment_id="weekly fits")
    assert scheduler.list_output_tables_fit() == [f"out_FIT{number}" for number in range(8)]
    first = run(scheduler, "FIT")
    assert (first.status, first.message) == ("SUCCEEDED", "")
    assert run(scheduler, "FIT").status == "SUCCEEDED"
    assert ModelStorage(conn).list_models("weekly")["VERSION"].tolist() == [1, 2]
    here = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=3, random_state=1).fit(**inputs)
    assert conn.table("out_FIT2").collect().equals(here.statistics_.collect())
    assert conn.table("out_FIT7").count() == 0
    assert first.run_id is not None
    assert ModelStorage(conn).load_model("weekly", 1).run_id == first.run_id
    assert '"save_as": "weekly"' in scheduler.get_fit_sql_proc_create_statement()


def test_a_task_and_its_schedule_in_one(scheduler, model, data, conn):
    inputs = {"data": data, "key": "ID"}
    with pytest.raises(ValueError, match="got 2"):
        scheduler.create_predict_schedule(model, inputs, "WEEKLY", "* *")
    assert scheduler.remove_task("WEEKLY") is None
    frame = scheduler.create_predict_schedule(model, inputs, "WEEKLY", "* * * mon 8 0 0", timezone="Europe/Berlin")
    assert frame.collect()["SCHEDULE_NAME"].tolist() == ["WEEKLY"]
    assert scheduler.list_output_tables_predict() == ["out_WEEKLY0"]
    assert scheduler.list_materialized_tables_predict() == []


# --- composites -------------------------------------------------------------------------------


def test_a_composite_of_real_tasks(allowed, values, conn):
    allowed.create_task("DOUBLE", f"{HERE}:double", task_params={"data": values})
    allowed.create_sql_task("SUM", 'SELECT SUM(VALUE) AS "TOTAL" FROM VALUES_IN')
    allowed.create_parallel_composite_task("BOTH", ["DOUBLE", "SUM"])
    made = allowed.create_sequential_composite_task("ALL", ["DOUBLE", "BOTH"], "the night's work")
    assert made.collect().to_dict("list") == {"TASK_ID": ["ALL"], "TASK_OWNER": ["me"], "TASK_TYPE": ["SEQUENTIAL"]}
    job = run(allowed, "ALL")
    assert (job.status, job.message) == ("SUCCEEDED", "")
    tree = allowed.query_schedule_job("ALL")[0].collect()
    assert tree[["TASK_ID", "STATUS"]].to_numpy().tolist() == [
        [name, "SUCCEEDED"] for name in ("ALL", "DOUBLE", "BOTH", "DOUBLE", "SUM")
    ]
    assert tree["PARENT_TASK_ID"].tolist()[1:] == ["ALL", "ALL", "BOTH", "BOTH"]
    chain = allowed.query_task("ALL")[0].collect()
    assert chain["TASK_ID"].tolist() == ["ALL", "DOUBLE", "BOTH", "DOUBLE", "SUM"]
    assert chain["SEQ_ORDER"].tolist()[1:] == [1, 2, 1, 2]
    assert chain["PARALLEL_ATTRIBUTE"].tolist()[2] == "ALL"
    assert allowed.query_task("ALL")[1].collect()["TASK_ID"].tolist() == ["DOUBLE", "SUM"]
    with pytest.raises(InvalidArgumentError, match="composite takes none"):
        allowed.create_one_off_task_schedule("ALL", {"a": 1})


def test_bad_composites_are_refused(sqlite_conn):
    scheduler = ScheduledExecution(sqlite_conn, "me")
    scheduler.create_sql_task("A", "DELETE FROM hl_notice")
    scheduler.create_sequential_composite_task("B", ["A"])
    scheduler.create_parallel_composite_task("C", ["B", "A"], parallel_attribute="ANY")
    for call, error, named in (
        (lambda: scheduler.create_sequential_composite_task("B", ["C"]), InvalidArgumentError, "a part of itself"),
        (lambda: scheduler.create_sequential_composite_task("B", ["B"]), InvalidArgumentError, "a part of itself"),
        (lambda: scheduler.create_sequential_composite_task("D", ["NOPE"]), TaskNotFoundError, "NOPE"),
        (lambda: scheduler.create_sequential_composite_task("D", []), InvalidArgumentError, "at least one"),
        (lambda: scheduler.create_sequential_composite_task("D", "A"), ArgumentTypeError, "list"),
        (lambda: scheduler.create_sequential_composite_task("D", [1]), ArgumentTypeError, "list"),
        (lambda: scheduler.create_sequential_composite_task("__SUBTASK__", ["A"]), InvalidArgumentError, "__SUBTASK__"),
        (lambda: scheduler.create_parallel_composite_task("D", ["A"], "", "MOST"), InvalidArgumentError, "'MOST'"),
        (lambda: scheduler.create_parallel_composite_task("C", ["A"], force=False), TaskExistsError, "force"),
        (lambda: scheduler.set_task_policy("C", retries=1), InvalidArgumentError, "composite"),
        (lambda: scheduler.set_task_policy("A", colour=1), ArgumentTypeError, "colour"),
        (lambda: scheduler.remove_task("A"), TaskExistsError, "a part of B, C"),
    ):
        with pytest.raises(error, match=named):
            call()
    assert scheduler.query_task("C")[0].collect()["TASK_ID"].tolist() == ["C", "B", "A", "A"]


def test_removing_a_composite_with_what_it_is_made_of(sqlite_conn):
    scheduler = ScheduledExecution(sqlite_conn, "me")
    for name in ("A", "B", "S"):
        scheduler.create_sql_task(name, "DELETE FROM hl_notice")
    scheduler.create_parallel_composite_task("INNER", ["A", "S"])
    scheduler.create_sequential_composite_task("OUTER", ["INNER", "B"])
    scheduler.create_sequential_composite_task("OTHER", ["S"])
    removed = scheduler.remove_task("OUTER", with_hierarchy=True).collect()
    assert list(removed.columns) == [
        "TASK_ID",
        "TASK_OWNER",
        "TASK_TYPE",
        "PARALLEL_ATTRIBUTE",
        "PROC_SCHEMA",
        "PROC_NAME",
    ]
    assert removed["TASK_ID"].tolist() == ["OUTER", "INNER", "B", "A"]
    assert scheduler.query_task("OTHER")[0].count() == 2
    assert scheduler.remove_task("S", force=True).collect()["TASK_ID"].tolist() == ["S"]
