"""What a front end is told of tasks beside their rows: bars, days, logs by the page, schedules to be, outputs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife import ScheduledExecution
from hanalife.database import leases, ledger
from hanalife.database import tasks as store
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.errors import InvalidArgumentError, TaskNotFoundError
from hanalife.records import JobStatus, Tick, TickStatus
from hanalife.scheduling import cron as cron_text
from hanalife.views import schedules, task_answers, task_logs, tasks
from tests.views import sample

SECOND = timedelta(seconds=1)


def record_jobs(conn, task_id, ends):
    """Execute a task once for each status and number of seconds."""
    with conn.database.write() as connection:
        for place, (status, seconds) in enumerate(ends):
            begin = sample.NOW + timedelta(minutes=place)
            waiting = store.job(connection, leases.queue(connection, task_id, begin, begin))
            lease = leases.claim(connection, waiting, "worker-1", begin, begin + 30 * SECOND)
            leases.end(connection, lease, status, begin + seconds * SECOND, "")


def ask(conn, name, **args):
    with conn.database.read() as connection:
        answer = task_answers.QUESTIONS[name].ask(connection, args)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    return answer


def test_the_last_twenty_ends_of_jobs_come_oldest_first(conn):
    for task_id in ("MANY", "FEW", "NONE"):
        ScheduledExecution(conn).create_sql_task(task_id, "DELETE FROM t")
    ends = [(JobStatus.FAILED if i % 5 == 0 else JobStatus.SUCCEEDED, i) for i in range(1, 26)]
    record_jobs(conn, "MANY", ends)
    record_jobs(conn, "FEW", [(JobStatus.TIMED_OUT, 2)])
    with conn.database.read() as connection:
        rows = {row["task_id"]: row for row in tasks.read(connection, "label", sample.NOW)["tasks"]}
    assert [(bar["status"], bar["seconds"]) for bar in rows["MANY"]["recent"]] == ends[5:]
    assert rows["FEW"]["recent"] == [{"status": "TIMED_OUT", "seconds": 2.0}]
    assert rows["NONE"]["recent"] == []


def test_a_later_look_says_the_same_as_a_first_one(conn):
    ScheduledExecution(conn).create_sql_task("ONE", "DELETE FROM t")
    ScheduledExecution(conn).create_sql_task("TWO", "DELETE FROM t")
    record_jobs(conn, "ONE", [(JobStatus.SUCCEEDED, 1)])
    with conn.database.read() as connection:
        before = tasks.read(connection, "label", sample.NOW)
    record_jobs(conn, "TWO", [(JobStatus.SUCCEEDED, 3), (JobStatus.FAILED, 4)])
    with conn.database.read() as connection:
        assert tasks.read(connection, "label", sample.NOW, previous=before) == tasks.read(
            connection, "label", sample.NOW
        )


def test_the_ledger_is_counted_by_the_day(conn):
    sample.record_task(conn, "HOURLY")
    first = datetime(2026, 1, 30, 22, tzinfo=UTC)
    words = [TickStatus.RAN, TickStatus.LATE, TickStatus.RAN, TickStatus.RAN, TickStatus.MISSED]
    ticks = [Tick("HOURLY", first + i * timedelta(hours=1), word, None, first) for i, word in enumerate(words)]
    too_old = Tick("HOURLY", first - timedelta(days=400), TickStatus.RAN, None, first)
    with conn.database.write() as connection:
        ledger.record_ticks(connection, [*ticks, too_old])
    with conn.database.read() as connection:
        days = tasks.read_one(connection, "HOURLY")["ledger_days"]
    assert days == [
        {"day": "2026-01-30", "counts": {"LATE": 1, "RAN": 1}},
        {"day": "2026-01-31", "counts": {"MISSED": 1, "RAN": 2}},
        {"day": "2026-02-23", "counts": {"RAN": 1}},
    ]


def test_a_log_is_read_back_page_by_page(conn):
    sample.record_task(conn, "TALKS")
    lines = [("OUT", sample.NOW, f"line {i}") for i in range(2 * task_logs.MOST_LINES)]
    with conn.database.write() as connection:
        store.append_log(connection, "TALKS", lines)
    with conn.database.read() as connection:
        written = [entry.message for entry in store.task_log(connection, "TALKS")]
    read, before, older = [], "0", 1
    while older:
        page = ask(conn, "task_log", task_id="TALKS", before=before, job_id="0")
        read = page["log"] + read
        before, older = page["log"][0]["entry_id"], page["older"]
        assert len(read) + older == len(written)
    assert [row["message"] for row in read] == written


def test_the_log_of_one_job_alone(conn):
    job_id = sample.record_task(conn, "TALKS")
    with conn.database.write() as connection:
        store.append_log(connection, "TALKS", [("OUT", sample.NOW, "of the job")], job_id)
    page = ask(conn, "task_log", task_id="TALKS", before="0", job_id=str(job_id))
    assert "of the job" in [row["message"] for row in page["log"]]
    assert {row["job_id"] for row in page["log"]} == {str(job_id)}


def test_a_message_of_ten_million_characters_comes_in_stretches(conn):
    sample.record_task(conn, "TALKS")
    whole = "".join(f"{i:09d}\n" for i in range(1_000_000))
    with conn.database.write() as connection:
        store.append_log(connection, "TALKS", [("OUT", sample.NOW, whole)])
    line = ask(conn, "task_log", task_id="TALKS", before="0", job_id="0")["log"][-1]
    assert line["length"] == len(whole)
    assert whole.startswith(line["message"])
    assert len(line["message"]) < 10_000
    end = ask(conn, "log_message", task_id="TALKS", entry_id=line["entry_id"], offset="9990000")
    assert (end["text"], end["length"]) == (whole[9_990_000:], len(whole))
    with pytest.raises(TaskNotFoundError, match="no line"):
        ask(conn, "log_message", task_id="OTHER", entry_id=line["entry_id"], offset="0")


def test_the_next_due_times_of_a_schedule_to_be(conn):
    sample.record_task(conn, "WEEKLY")
    answer = ask(conn, "schedule_preview", task_id="WEEKLY", cron="30 8 * * 1-5", timezone="Europe/Berlin")
    assert answer["words"] == "every Monday, Tuesday, Wednesday, Thursday and Friday at 08:30:00 Europe/Berlin"
    assert len(answer["due"]) == schedules.MOST_DUE_TIMES
    moments = [datetime.fromisoformat(due["at"]) for due in answer["due"]]
    assert moments == sorted(moments)
    expected = pd.to_datetime([moment.isoformat() for moment in moments]).tz_convert("Europe/Berlin")
    assert [due["local"] for due in answer["due"]] == list(expected.strftime("%a %Y-%m-%d 08:30:00"))


@pytest.mark.parametrize(
    ("cron", "place"),
    [
        ("* * * mon 25 0 0", "25"),
        ("  * *   * mon 0,61:5 0 0", "61:5"),
        ("0 25 * * *", "25"),
        ("0 8 * * 1-9", "1-9"),
        ("* * 30 * * * 61", "61"),
        ("every Monday", "every Monday"),
        ("2020 * * * 0 0 0", "2020 * * * 0 0 0"),
        ("* 2 30 * 0 0 0", "* 2 30 * 0 0 0"),
    ],
)
def test_a_wrong_cron_text_is_told_with_its_place(sqlite_conn, cron, place):
    sample.record_task(sqlite_conn, "WEEKLY")
    answer = ask(sqlite_conn, "schedule_preview", task_id="WEEKLY", cron=cron, timezone="UTC")
    problem = answer["problem"]
    assert (problem["argument"], cron[problem["start"] : problem["end"]]) == ("cron", place)
    assert (answer["due"], answer["words"]) == ([], "")


def test_an_unknown_time_zone_is_told_as_such(sqlite_conn):
    sample.record_task(sqlite_conn, "WEEKLY")
    problem = ask(sqlite_conn, "schedule_preview", task_id="WEEKLY", cron="0 8 * * *", timezone="Mars")["problem"]
    assert problem["argument"] == "timezone"
    assert "'Mars'" in problem["message"]


@given(st.lists(st.sampled_from(["*", "8", "61", "*/0", "mon", "a:b", "1,99", "  "]), max_size=8).map(" ".join))
def test_whatever_is_typed_has_a_meaning_or_a_place(cron):
    answer = schedules.preview(None, cron, "UTC", sample.NOW)
    if answer["problem"] is None:
        moments = [datetime.fromisoformat(due["at"]) for due in answer["due"]]
        assert moments[:2] == cron_text.preview_cron(cron, 5, after=sample.NOW)[:2]
    else:
        assert 0 <= answer["problem"]["start"] <= answer["problem"]["end"] <= len(cron)


def test_output_tables_are_shown_and_no_others(conn):
    sample.record_task(conn, "WEEKLY")
    missing = ask(conn, "output_table", task_id="WEEKLY", table="out_WEEKLY0")
    assert missing["grid"] == {"columns": [], "rows": []}
    rows = pd.DataFrame({"ID": range(60), "SCORE": [0.5, None] * 30, "NOTE": ["<b>"] * 60})
    create_dataframe_from_pandas(conn, rows, "out_WEEKLY0")
    found = ask(conn, "output_table", task_id="WEEKLY", table="out_WEEKLY0")
    assert found["grid"]["columns"] == ["ID", "SCORE", "NOTE"]
    assert found["grid"]["rows"][:2] == [["0", "0.5", "<b>"], ["1", "", "<b>"]]
    assert len(found["grid"]["rows"]) == task_answers.MOST_ROWS
    assert found["more"]
    with pytest.raises(InvalidArgumentError, match="writes no 'hl_task'; it writes out_WEEKLY0"):
        ask(conn, "output_table", task_id="WEEKLY", table="hl_task")


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("task_log", {"before": "0"}, "job_id: missing"),
        ("task_log", {"before": "-1", "job_id": "0"}, "before: '-1'"),
        ("task_log", {"before": "9" * 40, "job_id": "0"}, "before: '999"),
        ("log_message", {"entry_id": "x", "offset": "0"}, "entry_id: 'x'"),
    ],
)
def test_arguments_that_are_none_are_refused(sqlite_conn, name, args, says):
    with pytest.raises(InvalidArgumentError, match=says):
        ask(sqlite_conn, name, task_id="WEEKLY", **args)


def test_parameters_that_a_job_may_be_given_anew_are_told_as_json(conn):
    sample.record_task(conn, "WEEKLY")
    sample.record_composite(conn, "NIGHTLY")
    with conn.database.read() as connection:
        weekly, nightly = (tasks.read_one(connection, name) for name in ("WEEKLY", "NIGHTLY"))
    assert weekly["arguments"] == [{"name": "key", "json": '"ID"'}]  # the frame of ``data`` stays as it is
    assert (weekly["takes_arguments"], nightly["takes_arguments"]) == (True, False)
