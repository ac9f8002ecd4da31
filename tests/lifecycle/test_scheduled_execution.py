"""Scheduled execution through its public methods, with real models and real processes."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from hanalife import (
    ConnectionContext,
    DataSets,
    ModelStorage,
    ScheduledExecution,
    UnifiedClassification,
    UnifiedRegression,
)
from hanalife.database import dialects, leases, tables, tasks
from hanalife.database.engine import Database
from hanalife.errors import (
    ArgumentTypeError,
    CronError,
    FitIncompleteError,
    InvalidArgumentError,
    LostLeaseError,
    ModelStorageError,
    TaskExistsError,
    TaskNotFoundError,
)
from hanalife.lifecycle import execution
from hanalife.lifecycle.execution import Result
from tests.lifecycle.workers import run, store_job
from tests.scheduling.engine import until

MONDAYS = "* * * mon 8 0 0"
SCHEDULE_COLUMNS = "OWNER SCHEMA_NAME SCHEDULE_NAME CRON START_TIME END_TIME IS_ENABLED CREATE_TIME"

# --- execution --------------------------------------------------------------------------------


def test_a_predict_task_writes_what_predict_gives(scheduler, model, data, task, conn):
    job = run(scheduler, task)
    assert (job.status, job.message) == ("SUCCEEDED", "")
    expected = model.predict(data, key="ID").collect()
    found = conn.table("out_WEEKLY0").sort("ID").collect()
    pd.testing.assert_frame_equal(found, expected.sort_values("ID", ignore_index=True))


def test_a_score_task_writes_four_tables(scheduler, model, diabetes, conn):
    inputs = {"data": diabetes, "key": "ID", "label": "CLASS"}
    scheduler.create_score_task(model, inputs, "CHECK", output_table_names=["PREDICTIONS"])
    assert run(scheduler, "CHECK").status == "SUCCEEDED"
    expected = [frame.collect() for frame in model.score(**inputs)]
    written = ["PREDICTIONS", "out_CHECK1", "out_CHECK2", "out_CHECK3"]
    for table, frame in zip(written, expected, strict=True):
        assert conn.table(table).collect().equals(frame)


def test_a_permanent_table_is_read_anew_by_each_job(scheduler, model, data, conn):
    data.filter("ID < 10").save("ARRIVED")
    scheduler.create_predict_task(model, {"data": conn.table("ARRIVED"), "key": "ID"}, "LIVE")
    run(scheduler, "LIVE")
    assert conn.table("out_LIVE0").count() == 10
    data.filter("ID >= 10 AND ID < 30").save("ARRIVED", append=True)
    run(scheduler, "LIVE")
    assert conn.table("out_LIVE0").count() == 30


def test_data_of_the_session_is_copied_once_and_the_log_says_so(scheduler, model, data, conn):
    passing = data.filter("ID < 7").save("#PASSING")
    scheduler.create_predict_task(model, {"data": passing.filter("AGE > 0"), "key": "ID"}, "COPY")
    assert conn.table("in_COPY0").count() == 7
    assert "in_COPY0" in " ".join(scheduler.get_task_log("COPY").collect()["EVENT_MESSAGE"])
    assert run(scheduler, "COPY").status == "SUCCEEDED"
    assert conn.table("out_COPY0").count() == 7
    scheduler.remove_task("COPY")
    assert not conn.has_table("in_COPY0")
    assert conn.has_table("out_COPY0")


def test_a_stored_model_is_kept_by_name_and_version(scheduler, model, data, conn):
    model.name = "finder"
    ModelStorage(conn).save_model(model)
    scheduler.create_predict_task(ModelStorage(conn).load_model("finder"), {"data": data, "key": "ID"}, "STORED")
    with conn.database.read() as connection:
        assert tasks.task(connection, "STORED").definition["model"] == {"name": "finder", "version": 1}
    assert run(scheduler, "STORED").status == "SUCCEEDED"


def test_a_task_by_alias_uses_the_version_that_the_alias_names_by_then(scheduler, model, data, conn):
    storage = ModelStorage(conn)
    model.name = "finder"
    storage.save_model(model)
    other = UnifiedClassification("HybridGradientBoostingTree", random_state=1, n_estimators=2)
    other.fit(DataSets.load_diabetes_data(conn)[0], key="ID", label="CLASS")
    other.name = "finder"
    storage.save_model(other)
    storage.promote("finder", 1)
    inputs = {"data": data, "key": "ID"}
    scheduler.create_predict_task(model, inputs, "STORED", alias="champion")
    for version, used in ((1, model), (2, other), (1, model)):
        storage.promote("finder", version)
        assert run(scheduler, "STORED").status == "SUCCEEDED"
        expected = used.predict(data, key="ID").collect().sort_values("ID", ignore_index=True)
        pd.testing.assert_frame_equal(conn.table("out_STORED0").sort("ID").collect(), expected)
    scheduler.create_one_off_task_schedule("STORED", parameters={"top_k_attributions": 1})
    storage.delete_alias("finder", "champion")
    job = run(scheduler, "STORED")
    assert job.status == "FAILED"
    assert "alias 'champion' is no longer stored" in job.message


def test_an_alias_that_names_another_kind_of_model_fails_with_the_reason(scheduler, model, diabetes, conn):
    storage = ModelStorage(conn)
    model.name = "finder"
    storage.save_model(model)
    storage.promote("finder", 1)
    scheduler.create_score_task(model, {"data": diabetes, "key": "ID", "label": "CLASS"}, "CHECK", alias="champion")
    other = UnifiedRegression("HybridGradientBoostingTree", random_state=1, n_estimators=2)
    other.fit(diabetes, key="ID", label="CLASS")
    other.name = "finder"
    storage.save_model(other)
    storage.promote("finder", 2)
    job = run(scheduler, "CHECK")
    assert job.status == "FAILED"
    assert "score of UnifiedRegression gives 2 tables, task 'CHECK' has 4" in job.message


def test_an_alias_that_is_not_there_is_refused(scheduler, model, data, conn):
    with pytest.raises(InvalidArgumentError, match="alias: obj is not stored"):
        scheduler.create_predict_task(model, {"data": data, "key": "ID"}, "STORED", alias="champion")
    model.name = "finder"
    ModelStorage(conn).save_model(model)
    with pytest.raises(ModelStorageError, match="no version under alias 'challenger'"):
        scheduler.create_score_schedule(
            model, {"data": data, "key": "ID", "label": "CLASS"}, "STORED", MONDAYS, alias="challenger"
        )
    with pytest.raises(TaskNotFoundError):
        scheduler.get_task_definition("STORED")


def test_a_job_whose_model_was_deleted_fails_with_the_reason_and_a_traceback(scheduler, model, data, conn):
    model.name = "finder"
    ModelStorage(conn).save_model(model)
    scheduler.create_predict_task(model, {"data": data, "key": "ID"}, "STORED")
    ModelStorage(conn).delete_model("finder", 1)
    job = run(scheduler, "STORED")
    assert job.status == "FAILED"
    assert "finder" in job.message
    lines = scheduler.query_schedule_job("STORED", job.job_id)[1].collect()
    assert any("Traceback" in line for line in lines[lines["LOG_TYPE"] == "ERROR"]["LOG_MESSAGE"])
    with pytest.raises(ModelStorageError, match="no longer stored"):
        scheduler.create_predict_task(model, {"data": data, "key": "ID"}, "AGAIN")


def test_a_replaced_task_keeps_no_bytes_of_its_old_model(scheduler, model, data, task, diabetes, conn):
    with conn.database.read() as connection:
        old = tasks.task(connection, task).definition["model"]["kept"]["content_hash"]
    other = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2, random_state=1)
    other.fit(diabetes, key="ID", label="CLASS")
    scheduler.create_predict_task(other, {"data": data, "key": "ID"}, task)
    with conn.database.read() as connection:
        assert old not in connection.execute(sa.select(tables.blob.c.sha256)).scalars().all()


# --- outputs are replaced, never missing ------------------------------------------------------


def test_readers_see_the_old_or_the_new_output_and_never_none(scheduler, task, data, conn, url):
    seen, stop = set(), threading.Event()
    data.head(5).save("out_WEEKLY0")

    def read():
        database = Database(url)
        while not stop.is_set():
            with database.read() as connection:
                seen.add(connection.execute(sa.text('SELECT count(*) FROM "out_WEEKLY0"')).scalar_one())
        database.close()

    reader = threading.Thread(target=read)
    reader.start()
    until(lambda: seen)
    for rows in (9, 5, 9, 5, 9):
        lease = store_job(conn, task)
        execution.commit(conn, lease, Result([data.head(rows)], ["out_WEEKLY0"]))
    until(lambda: 9 in seen)
    stop.set()
    reader.join()
    assert seen == {5, 9}


def test_without_the_lease_nothing_is_written(scheduler, task, data, conn):
    data.head(5).save("out_WEEKLY0")
    lease = store_job(conn, task)
    with conn.database.write() as connection:
        leases.request_cancel(connection, task, dialects.now(connection))
    with pytest.raises(LostLeaseError, match="has written nothing"):
        execution.commit(conn, lease, Result([data], ["out_WEEKLY0"]))
    assert conn.table("out_WEEKLY0").count() == 5


# --- schedules --------------------------------------------------------------------------------


def test_a_schedule_is_returned_with_hana_mls_columns(scheduler, task, conn):
    frame = scheduler.create_task_schedule(task, "* * * MON 8 0 0", {"start": "2030-01-01 00:00:00.0000000"})
    assert " ".join(frame.columns) == SCHEDULE_COLUMNS
    row = frame.collect().iloc[0]
    assert list(row[["OWNER", "SCHEDULE_NAME", "CRON", "IS_ENABLED"]]) == ["me", task, MONDAYS, "TRUE"]
    assert row["START_TIME"] == pd.Timestamp("2030-01-01")
    assert pd.isna(row["END_TIME"])
    assert scheduler.next_due(task) == datetime(2030, 1, 7, 8, tzinfo=UTC)


def test_a_schedule_may_follow_the_clock_of_a_zone(scheduler, task):
    scheduler.create_task_schedule(task, "2030 7 1 * 8 0 0", timezone="Europe/Berlin")
    assert scheduler.next_due(task) == datetime(2030, 7, 1, 6, tzinfo=UTC)


def test_five_cron_fields_are_stored_as_seven(scheduler, task):
    assert scheduler.create_task_schedule(task, "0 8 * * 1").collect()["CRON"][0] == MONDAYS


def test_a_schedule_is_paused_altered_and_resumed(scheduler, task):
    scheduler.create_task_schedule(task, MONDAYS)
    due = scheduler.next_due(task)
    assert scheduler.pause_task_schedule(task).collect()["IS_ENABLED"][0] == "FALSE"
    assert scheduler.next_due(task) is None
    assert scheduler.alter_task_schedule(task, "* * * tue 8 0 0").collect()["CRON"][0] == "* * * tue 8 0 0"
    assert scheduler.next_due(task) is None
    assert scheduler.resume_task_schedule(task).collect()["IS_ENABLED"][0] == "TRUE"
    assert scheduler.next_due(task).weekday() == 1
    end = scheduler.next_due(task) + timedelta(days=3)
    scheduler.alter_task_schedule(task, MONDAYS, {"END": due + timedelta(days=1)})
    assert scheduler.next_due(task) == due
    assert end.weekday() == 4


def test_removing_returns_what_was_there_and_tells_when_there_was_nothing(scheduler, task):
    assert scheduler.remove_task_schedule(task) is None
    scheduler.create_task_schedule(task, MONDAYS)
    with pytest.raises(TaskExistsError, match="remove_task_schedule"):
        scheduler.remove_task(task)
    removed = scheduler.remove_task_schedule(task)
    assert " ".join(removed.columns) == SCHEDULE_COLUMNS
    assert removed.collect()["CRON"][0] == MONDAYS
    scheduler.create_task_schedule(task, MONDAYS)
    gone = scheduler.remove_task(task, force=True).collect()
    assert list(gone.columns) == ["TASK_ID", "TASK_OWNER", "PROC_SCHEMA", "PROC_NAME"]
    assert list(gone.iloc[0][["TASK_ID", "TASK_OWNER", "PROC_NAME"]]) == [task, "me", "PROCEDURE_WEEKLY"]
    assert scheduler.remove_task(task) is None
    assert scheduler.remove_task_schedule(task) is None


def test_without_a_worker_a_schedule_warns_with_the_remedy(scheduler, task, caplog):
    scheduler.create_task_schedule(task, MONDAYS)
    assert "hanalife worker" in caplog.text
    assert "start_worker()" in caplog.text
    caplog.clear()
    scheduler.start_worker()
    scheduler.start_worker()
    scheduler.create_task_schedule(task, MONDAYS, force=True)
    assert "No worker" not in caplog.text
    workers = scheduler.get_workers().collect()
    assert list(workers.columns) == ["WORKER_ID", "HOST", "PID", "MAX_JOBS", "STARTED_AT", "HEARTBEAT_AT"]
    assert workers[["PID", "MAX_JOBS"]].to_numpy().tolist() == [[os.getpid(), 2]]


# --- queries ----------------------------------------------------------------------------------


def test_the_frames_of_queries_have_hana_mls_columns(scheduler, task):
    scheduler.create_task_schedule(task, MONDAYS)
    job_id = scheduler.create_one_off_task_schedule(task)
    frames = [*scheduler.query_task_schedule(task), *scheduler.query_task(task), scheduler.get_task_log(task)]
    frames += [*scheduler.query_schedule_job(task)]
    assert [" ".join(frame.collect().columns) for frame in frames] == [
        "SCHEDULE_NAME CRON START_TIME END_TIME IS_ENABLED IS_VALID CREATE_TIME",
        "TASK_ID SEQ LOG_TIMESTAMP LOG_MESSAGE",
        "TASK_ID TASK_DESCRIPTION PARENT_TASK_ID TASK_TYPE SEQ_ORDER PARALLEL_ATTRIBUTE CURRENT_JOB_ID CREATED_AT",
        "TASK_ID PROC_SCHEMA PROC_NAME",
        "TASK_ID PARAM_NAME ARGUMENT_SCHEMA ARGUMENT ARGUMENT_CATEGORY",
        "TASK_ID SEQ LOG_TIMESTAMP LOG_MESSAGE",
        "TASK_ID JOB_ID SEQ EVENT_KEY EVENT_TIMESTAMP EVENT_MESSAGE",
        "TASK_ID PARENT_TASK_ID TASK_TYPE SEQ_ORDER PARALLEL_ATTRIBUTE STATUS START_TIME END_TIME",
        "TASK_ID LOG_TYPE SEQ LOG_TIMESTAMP LOG_MESSAGE",
    ]
    chain, definition, parameters = (frame.collect() for frame in scheduler.query_task(task)[:3])
    assert (chain["TASK_TYPE"][0], chain["CURRENT_JOB_ID"][0]) == ("PREDICT", job_id)
    assert definition["PROC_NAME"][0] == "PROCEDURE_WEEKLY"
    assert dict(zip(parameters["PARAM_NAME"], parameters["ARGUMENT_CATEGORY"], strict=True)) == {
        "data": "VIEW",
        "key": "LITERAL",
    }
    assert scheduler.query_schedule_job(task)[0].collect()["STATUS"][0] == "QUEUED"
    keys = scheduler.get_task_log(task).collect()["EVENT_KEY"].tolist()
    assert keys == ["TASK", "SCHEDULE", "JOB"]


def test_a_log_can_be_limited_to_the_last_days(scheduler, task, conn):
    with conn.database.write() as connection:
        old = dialects.now(connection) - timedelta(days=3)
        tasks.append_log(connection, task, [("SCHEDULE", old, "long ago")])
    assert "long ago" in scheduler.query_task_schedule(task)[1].collect()["LOG_MESSAGE"].tolist()
    assert "long ago" not in scheduler.query_task_schedule(task, last_days=1)[1].collect()["LOG_MESSAGE"].tolist()


def test_jobs_come_in_the_order_of_their_start(scheduler, task, conn):
    with conn.database.write() as connection:
        now = dialects.now(connection)
        for _ in range(3):
            leases.queue(connection, task, now, now)
        for job in tasks.jobs(connection, [task])[1:]:  # the second is started before the first
            now += timedelta(seconds=1)
            leases.succeed(connection, leases.claim(connection, job, "w", now, now), now)
    assert scheduler.get_executed_task_jobs(task).collect()["JOB_ID"].tolist() == [3, 1, 2]
    assert scheduler.get_executed_task_jobs(task, order="asc").collect()["JOB_ID"].tolist() == [2, 1, 3]
    assert scheduler.get_executed_task_jobs(task, job_id=2).collect()["STATUS"].tolist() == ["SUCCEEDED"]


def test_cancelling(scheduler, task, conn, caplog):
    assert scheduler.cancel_schedule_job("NOPE", 1) is None
    assert "'NOPE'" in caplog.text
    assert scheduler.cancel_schedule_job(task, 1) is None
    assert "nothing was cancelled" in caplog.text
    store_job(conn, task, running=False)
    assert scheduler.cancel_schedule_job(task, 1).collect().to_dict("list") == {"CANCEL_STATUS": ["CANCELLED"]}
    store_job(conn, task)
    assert scheduler.cancel_schedule_job(task, 0.2).collect()["CANCEL_STATUS"][0] == "TIMEOUT"


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.create_task_schedule("NOPE", MONDAYS),
        lambda s: s.create_one_off_task_schedule("NOPE"),
        lambda s: s.query_task_schedule("NOPE"),
        lambda s: s.query_schedule_job("NOPE"),
        lambda s: s.query_task("NOPE"),
        lambda s: s.get_task_log("NOPE"),
        lambda s: s.get_executed_task_jobs("NOPE"),
        lambda s: s.next_runs("NOPE"),
        lambda s: s.query_ledger("NOPE"),
        lambda s: s.backfill("NOPE", "2026-01-01", "2026-01-02"),
        lambda s: s.set_task_policy("NOPE", retries=1),
        lambda s: s.get_task_definition("NOPE"),
        lambda s: s.get_task_param("NOPE"),
        lambda s: s.create_sequential_composite_task("C", ["NOPE"]),
        lambda s: s.create_metric_trigger("NOPE", "e", "AUC", above=0.5),
        lambda s: s.set_task_notification("NOPE", webhook_variable="HOOK"),
        lambda s: s.next_due("NOPE"),
        lambda s: s.pause_task_schedule("NOPE"),
    ],
)
def test_an_unknown_task_is_named(sqlite_conn, call):
    with pytest.raises(TaskNotFoundError, match="there is no task 'NOPE'; the tasks are: none"):
        call(ScheduledExecution(sqlite_conn))


def test_a_task_without_schedule_has_nothing_to_pause_or_alter(scheduler, task):
    for call in (scheduler.pause_task_schedule, scheduler.resume_task_schedule, scheduler.alter_task_schedule):
        with pytest.raises(TaskNotFoundError, match="no schedule"):
            call(task)


def test_what_exists_is_not_replaced_without_force(scheduler, task, model, data):
    with pytest.raises(TaskExistsError, match="force=True"):
        scheduler.create_predict_task(model, {"data": data, "key": "ID"}, task, force=False)
    scheduler.create_task_schedule(task, MONDAYS)
    with pytest.raises(TaskExistsError, match="force=True"):
        scheduler.create_task_schedule(task, "* * * tue 8 0 0")
    assert scheduler.query_task_schedule(task)[0].collect()["CRON"][0] == MONDAYS
    scheduler.create_task_schedule(task, "* * * tue 8 0 0", force=True)
    assert scheduler.query_task_schedule(task)[0].collect()["CRON"].tolist() == ["* * * tue 8 0 0"]


@pytest.mark.parametrize(
    ("cron", "recurrence_range", "error", "named"),
    [
        ("* * mon 8 0 0", None, CronError, "got 6"),
        (None, None, CronError, "7 fields"),
        ("* 2 30 * 0 0 0", None, CronError, "never becomes due"),
        ("2020 * * * 0 0 0", None, CronError, "never becomes due"),
        (MONDAYS, {"end": "2020-01-01"}, CronError, "never becomes due"),
        (MONDAYS, {"start": "2030-01-02", "end": "2030-01-01"}, InvalidArgumentError, "before the start"),
        (MONDAYS, {"begin": "2030-01-02"}, InvalidArgumentError, "'begin'"),
        (MONDAYS, {"start": "soon"}, InvalidArgumentError, "'soon'"),
        (MONDAYS, {"start": 20300101}, ArgumentTypeError, "20300101"),
    ],
)
def test_a_bad_schedule_is_refused_before_anything_is_written(scheduler, task, cron, recurrence_range, error, named):
    with pytest.raises(error, match=named):
        scheduler.create_task_schedule(task, cron, recurrence_range)
    assert scheduler.query_task_schedule(task)[0].count() == 0
    assert scheduler.get_task_log(task).collect()["EVENT_KEY"].tolist() == ["TASK"]


def test_an_unknown_zone_is_refused(scheduler, task):
    with pytest.raises(InvalidArgumentError, match="Mars"):
        scheduler.create_task_schedule(task, MONDAYS, timezone="Mars")


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        ({"obj": "a model"}, ArgumentTypeError, "'a model'"),
        ({"obj": UnifiedClassification(func="HybridGradientBoostingTree")}, FitIncompleteError, "fit"),
        ({"predict_params": None}, ArgumentTypeError, "predict_params"),
        ({"predict_params": {"key": "ID"}}, ArgumentTypeError, "'data'"),
        ({"predict_params": {"data": None, "key": object()}}, ArgumentTypeError, "key: <object"),
        ({"predict_params": {"data": None, "key": float("nan")}}, ArgumentTypeError, "key: nan"),
        ({"task_id": ""}, InvalidArgumentError, "task_id"),
        ({"task_id": "__SUBTASK__1"}, InvalidArgumentError, "__SUBTASK__"),
        ({"output_table_names": ["A", "B"]}, InvalidArgumentError, "gives 1 tables, got 2"),
    ],
)
def test_a_bad_task_is_refused_before_anything_is_written(scheduler, model, data, conn, change, error, named):
    good = {"obj": model, "predict_params": {"data": data, "key": "ID"}, "task_id": "T"}
    with pytest.raises(error, match=named):
        scheduler.create_predict_task(**(good | change))
    with conn.database.read() as connection:
        assert tasks.tasks(connection) == []
        assert connection.execute(sa.select(tables.task_log)).all() == []


def test_a_frame_of_another_database_is_refused(scheduler, model, tmp_path):
    with ConnectionContext(f"sqlite:///{tmp_path / 'other.db'}") as other:
        foreign = DataSets.load_diabetes_data(other)[0]
        with pytest.raises(InvalidArgumentError, match=r"other\.db"):
            scheduler.create_predict_task(model, {"data": foreign, "key": "ID"}, "T")


def test_a_name_too_long_for_a_table_is_refused(model, data, conn, scheduler):
    if conn.dialect.max_identifier_length > 200:  # SQLite takes names of any length
        scheduler.create_predict_task(model, {"data": data, "key": "ID"}, "T" * 60)
        assert run(scheduler, "T" * 60).status == "SUCCEEDED"
    else:
        with pytest.raises(InvalidArgumentError, match="too long"):
            scheduler.create_predict_task(model, {"data": data, "key": "ID"}, "T" * 60)


def test_a_worker_cannot_serve_a_database_in_memory():
    with ConnectionContext("sqlite://") as conn, pytest.raises(InvalidArgumentError, match=r"life\.db"):
        ScheduledExecution(conn).start_worker()
