"""The ledger, backfill, what is to come, triggers and notices, through the public methods."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from hanalife import ScheduledExecution
from hanalife.database import ledger, tables, tasks, triggers
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, TableNotFoundError, UnknownColumnError
from hanalife.lifecycle.hana_scheduler import HANAScheduler
from hanalife.records import Tick, TickStatus
from hanalife.scheduling import firing, preview_cron

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOURLY = "* * * * * 0 0"
HERE = "tests.lifecycle.procedures"


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self, _connection):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hourly(conn, clock):
    """Give a scheduler with a clock of its own and a task that is due every hour."""
    scheduler = ScheduledExecution(conn, "me", now=clock)
    scheduler.create_sql_task("T", "DELETE FROM hl_notice", task_desc="tidy up")
    scheduler.create_task_schedule("T", HOURLY)
    return scheduler


def fire(conn, moment):
    with conn.database.write() as connection:
        for schedule in ledger.due_schedules(connection, moment):
            firing.fire(connection, schedule, moment)


def statuses(scheduler, *bounds):
    return scheduler.query_ledger("T", *bounds).collect()["STATUS"].tolist()


def test_the_ledger_tells_what_became_of_each_due_time(hourly, conn, clock):
    fire(conn, NOW + timedelta(hours=1))
    clock.now = NOW + timedelta(hours=5, minutes=30)
    fire(conn, clock.now)
    frame = hourly.query_ledger("T").collect()
    assert list(frame.columns) == ["DUE_TIME", "STATUS", "JOB_ID", "JOB_STATUS", "RECORDED_AT"]
    assert frame["DUE_TIME"].tolist() == [
        pd.Timestamp(NOW.replace(tzinfo=None)) + pd.Timedelta(hours=hour) for hour in range(1, 6)
    ]
    # The first job still waits, so it stands for the others as well.
    assert frame["STATUS"].tolist() == ["RAN", "MISSED", "MISSED", "MISSED", "MISSED"]
    assert set(frame["JOB_ID"]) == {1}
    assert frame["JOB_STATUS"].tolist() == ["QUEUED"] * 5
    assert statuses(hourly, NOW + timedelta(hours=2), "2026-11-25 15:00:00") == ["MISSED", "MISSED"]


def test_what_passed_before_a_change_is_accounted_for(hourly, clock):
    clock.now = NOW + timedelta(hours=2, minutes=1)
    hourly.pause_task_schedule("T")
    clock.now = NOW + timedelta(hours=9)
    hourly.resume_task_schedule("T")
    assert statuses(hourly) == ["MISSED", "MISSED"]
    assert hourly.next_due("T") == NOW + timedelta(hours=10)


def test_backfill_queues_what_had_no_job(hourly, conn, clock):
    fire(conn, NOW + timedelta(hours=1))
    with conn.database.write() as connection:
        due = NOW + timedelta(hours=2)
        ledger.record_ticks(connection, [Tick("T", due, TickStatus.MISSED, None, due)])
    clock.now = NOW + timedelta(hours=4, minutes=30)
    jobs = hourly.backfill("T", NOW - timedelta(hours=1), NOW + timedelta(hours=3))
    assert len(jobs) == 4  # 11, 12, 14 and 15 o'clock; 13 had its job
    assert statuses(hourly) == ["LATE", "LATE", "RAN", "LATE", "LATE"]
    with conn.database.read() as connection:
        dues = {job.job_id: job.due for job in tasks.jobs(connection)}
    assert [dues[job] for job in jobs] == [NOW + timedelta(hours=hour) for hour in (-1, 0, 2, 3)]
    assert hourly.backfill("T", NOW - timedelta(hours=1), NOW + timedelta(hours=3)) == []
    fire(conn, clock.now)
    assert statuses(hourly)[-1] in ("MERGED", "MISSED", "LATE")
    assert len(statuses(hourly)) == 6


@pytest.mark.parametrize(
    ("start", "end", "error", "named"),
    [
        (NOW, NOW + timedelta(days=9), InvalidArgumentError, "in the future"),
        (NOW, NOW - timedelta(days=9), InvalidArgumentError, "before the start"),
        (NOW - timedelta(days=90), NOW, InvalidArgumentError, "more than 1000"),
        (None, NOW, InvalidArgumentError, "both are needed"),
        ("soon", NOW, InvalidArgumentError, "start, end: 'start' is 'soon'"),
        (5, NOW, ArgumentTypeError, "5"),
    ],
)
def test_a_bad_range_is_refused(hourly, start, end, error, named):
    with pytest.raises(error, match=named):
        hourly.backfill("T", start, end)
    assert hourly.query_ledger("T").count() == 0


def test_what_is_to_come(hourly):
    assert hourly.next_runs("T", 3) == [NOW + timedelta(hours=hour) for hour in (1, 2, 3)]
    assert hourly.next_runs("T", 3) == preview_cron(HOURLY, 3, after=NOW)
    hourly.alter_task_schedule("T", "* * * * 2 30 0", {"end": "2026-11-27"}, timezone="Europe/Berlin")
    assert hourly.next_runs("T") == [datetime(2026, 11, 26, 1, 30, tzinfo=UTC)]
    hourly.pause_task_schedule("T")
    assert hourly.next_runs("T") == []
    for call in (lambda: hourly.next_runs("T", 0), lambda: preview_cron(HOURLY, 0)):
        with pytest.raises(InvalidArgumentError, match="n: "):
            call()
    with pytest.raises(InvalidArgumentError, match="after"):
        preview_cron(HOURLY, after=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(InvalidArgumentError, match="Mars"):
        hourly.alter_task_schedule("T", timezone="Mars")


def test_the_schedules_of_an_owner(hourly, conn):
    names = "USER_NAME SCHEMA_NAME SCHEDULER_JOB_NAME PROCEDURE_SCHEMA_NAME PROCEDURE_NAME CRON START_TIME END_TIME"
    frame = hourly.get_task_schedules().collect()
    assert " ".join(frame.columns) == f"{names} IS_ENABLED IS_VALID COMMENTS CREATE_TIME"
    row = frame.iloc[0]
    assert list(row[["SCHEDULER_JOB_NAME", "PROCEDURE_NAME", "COMMENTS"]]) == ["T", "DELETE FROM hl_notice", "tidy up"]
    assert hourly.get_task_schedules("somebody else").count() == 0
    definition = hourly.get_task_definition("T").collect().iloc[0]
    assert list(definition[["PROC_NAME", "TASK_DESCRIPTION"]]) == ["DELETE FROM hl_notice", "tidy up"]


def test_a_policy_is_kept_and_shown(hourly, conn):
    assert hourly.set_task_policy("T", retries=2, time_limit_seconds=60).retries == 2
    kept = hourly.set_task_policy("T", misfire="skip")
    with conn.database.read() as connection:
        assert tasks.task(connection, "T").policy == kept
    assert (kept.retries, kept.time_limit_seconds, kept.misfire) == (2, 60, "skip")
    with pytest.raises(InvalidArgumentError, match="retries"):
        hourly.set_task_policy("T", retries=-1)


# --- triggers and notices ---------------------------------------------------------------------


def test_a_trigger_begins_with_what_is_there(hourly, conn):
    create_dataframe_from_pandas(conn, pd.DataFrame({"ID": [1, 2]}), "SALES")
    hourly.create_data_trigger("T", "SALES")
    with conn.database.read() as connection:
        assert triggers.find(connection, "T").seen == 2
    hourly.create_data_trigger("T", "SALES", key="ID", check_seconds=5)
    with conn.database.read() as connection:
        found = triggers.find(connection, "T")
    assert (found.seen, found.next_check) == (2, NOW + timedelta(seconds=5))
    assert hourly.remove_task_trigger("T")
    assert not hourly.remove_task_trigger("T")


def test_bad_triggers_are_refused(hourly, conn):
    create_dataframe_from_pandas(conn, pd.DataFrame({"ID": [1, 2]}), "SALES")
    for call, error, named in (
        (lambda: hourly.create_data_trigger("T", "GONE"), TableNotFoundError, "GONE"),
        (lambda: hourly.create_data_trigger("T", "SALES", key="DAY"), UnknownColumnError, "DAY"),
        (lambda: hourly.create_data_trigger("T", "SALES", check_seconds=0), InvalidArgumentError, "check_seconds"),
        (lambda: hourly.create_metric_trigger("T", "e", "AUC"), InvalidArgumentError, "threshold"),
        (lambda: hourly.create_metric_trigger("T", "e", "AUC", above="1"), ArgumentTypeError, "above"),
    ):
        with pytest.raises(error, match=named):
            call()
    with conn.database.read() as connection:
        assert triggers.find(connection, "T") is None


def test_no_secret_gets_into_the_store(hourly, conn):
    for given, named in (
        ({"webhook_variable": "https://hooks.example.org/secret"}, "environment variable"),
        ({"smtp_variable": "smtp://u:secret@host", "mail_to": "a@b"}, "environment variable"),
        ({}, "give one"),
        ({"smtp_variable": "MAIL"}, "mail_to"),
        ({"webhook_variable": "HOOK", "mail_to": "a@b"}, "mail_to"),
        ({"smtp_variable": "MAIL", "mail_to": "nobody"}, "'nobody'"),
        ({"smtp_variable": "MAIL", "mail_to": "a@b\nBcc: c@d"}, "no address"),
    ):
        with pytest.raises(InvalidArgumentError, match=named) as caught:
            hourly.set_task_notification("T", **given)
        assert "secret" not in str(caught.value) or "may be a secret" in str(caught.value)
    hourly.set_task_notification("T", webhook_variable="HOOK", smtp_variable="MAIL", mail_to="a@b")
    with conn.database.read() as connection:
        assert tasks.task(connection, "T").notifications["mail_to"] == ["a@b"]
    hourly.remove_task_notification("T")
    with conn.database.read() as connection:
        assert tasks.task(connection, "T").notifications is None
        assert "notifications" in tables.task.c


# --- the other face ---------------------------------------------------------------------------


def test_hana_scheduler_is_the_same_thing(conn, model, diabetes):
    face = HANAScheduler(conn)
    said = face.set_schedule("REPORT", "* * * mon 8 0 0", f"{HERE}:report", procedure_params={"note": "x"})
    assert "every Monday at 08:00:00 UTC" in said
    assert face.check_scheduler_job_exist("REPORT")
    face.set_schedule("REPORT", "* * * tue 8 0 0", status="inactive")
    assert face.list_schedules()[["CRON", "IS_ENABLED", "PROCEDURE_NAME"]].to_numpy().tolist() == [
        ["* * * tue 8 0 0", "FALSE", f"{HERE}:report"]
    ]
    face.create_applying_schedule("APPLY", model, "* * * wed 8 0 0", data=diabetes.deselect("CLASS"))
    with pytest.raises(InvalidArgumentError, match="data of score is not known"):
        face.create_scoring_schedule("SCORE", model, "* * * wed 8 0 0")
    with pytest.raises(ValueError, match="cron"):
        face.create_training_schedule("FIT", model, data=diabetes)
    face.create_training_schedule("FIT", model, "* * * thu 8 0 0", data=diabetes, status="inactive")
    assert face.get_job_names() == ["APPLY", "FIT", "REPORT"]
    shown = face.display_schedule_status(sort_by="SCHEDULER_JOB_NAME", ascending=True)
    assert shown["STATUS"].tolist() == ["SCHEDULED", "DISABLED", "DISABLED"]
    face.drop_procedure("PROC_FIT")
    assert face.check_scheduler_job_exist("FIT")
    face.delete_schedules(["APPLY", "FIT", "NOPE"])
    face.drop_procedure("PROC_FIT")
    face.clean_up_schedules()
    assert face.get_job_names() == ["REPORT"]
    with conn.database.read() as connection:
        assert [task.task_id for task in tasks.tasks(connection)] == ["APPLY", "REPORT"]
