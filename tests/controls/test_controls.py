"""The table of controls: what is carried out, what is refused before anything changes."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from hanalife import ConnectionContext, ScheduledExecution
from hanalife.controls import table
from hanalife.errors import CronError, Error, InvalidArgumentError, TaskNotFoundError
from tests.views import sample


def test_a_schedule_rests_and_goes_on(conn):
    sample.record_task(conn, "weekly")
    table.carry_out(conn, "task.pause", {"task_id": "weekly"})
    assert ScheduledExecution(conn).next_due("weekly") is None
    table.carry_out(conn, "task.resume", {"task_id": "weekly"})
    assert ScheduledExecution(conn).next_due("weekly") is not None


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("task.drop", {}, "control: 'task.drop' is not allowed; give one of .*task.pause"),
        ("task.pause", {}, "task.pause: task_id is missing"),
        ("task.pause", {"task_id": 7}, "task_id=7 is not allowed"),
        ("task.pause", {"task_id": "weekly", "sql": "x"}, "sql='x' is not allowed"),
    ],
)
def test_what_is_no_control_is_refused_by_name(conn, name, args, says):
    with pytest.raises(InvalidArgumentError, match=says):
        table.carry_out(conn, name, args)


def test_a_task_that_is_not_there_is_named(conn):
    with pytest.raises(TaskNotFoundError, match="nothing"):
        table.carry_out(conn, "task.pause", {"task_id": "nothing"})


def test_a_job_is_queued_with_parameters_of_its_own_and_cancelled(conn):
    scheduled = ScheduledExecution(conn)
    scheduled.create_sql_task("COUNT", "DELETE FROM hl_no_such WHERE n = :n", {"n": 1})
    answer = table.carry_out(conn, "task.run", {"task_id": "COUNT", "parameters": '{"n": 2}'})
    jobs = scheduled.get_executed_task_jobs("COUNT").collect()
    assert [str(number) for number in jobs["JOB_ID"]] == [answer["job_id"]]
    assert table.carry_out(conn, "task.cancel", {"task_id": "COUNT"}) == {"status": "CANCELLED"}
    assert list(scheduled.get_executed_task_jobs("COUNT").collect()["STATUS"]) == ["CANCELLED"]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [('{"n": ', "is not JSON"), ("[1]", "a JSON object"), ('{"unknown": 1}', "unknown")],
)
def test_parameters_that_a_task_cannot_take_queue_nothing(conn, parameters, says):
    scheduled = ScheduledExecution(conn)
    scheduled.create_sql_task("COUNT", "DELETE FROM hl_no_such WHERE n = :n", {"n": 1})
    with pytest.raises(Error, match=says):
        table.carry_out(conn, "task.run", {"task_id": "COUNT", "parameters": parameters})
    assert scheduled.get_executed_task_jobs("COUNT").collect().empty


def test_a_schedule_is_altered_removed_and_made_anew(conn):
    sample.record_task(conn, "weekly")
    scheduled = ScheduledExecution(conn)
    table.carry_out(conn, "schedule.alter", {"task_id": "weekly", "cron": "0 9 * * *", "timezone": "Europe/Berlin"})
    with pytest.raises(CronError, match="HOUR has '25'"):
        table.carry_out(conn, "schedule.alter", {"task_id": "weekly", "cron": "* * * * 25 0 0"})
    assert scheduled.next_due("weekly").astimezone(ZoneInfo("Europe/Berlin")).hour == 9
    table.carry_out(conn, "schedule.remove", {"task_id": "weekly"})
    assert scheduled.next_due("weekly") is None
    table.carry_out(conn, "schedule.create", {"task_id": "weekly", "cron": "* * * sun 7 0 0"})
    assert scheduled.next_due("weekly").strftime("%a %H") == "Sun 07"


def test_starting_a_worker_twice_gives_one_and_stopping_ends_it(conn):
    first = table.carry_out(conn, "worker.start", {})
    try:
        assert table.carry_out(conn, "worker.start", {}) == first
        assert list(ScheduledExecution(conn).get_workers().collect()["WORKER_ID"]) == [first["worker_id"]]
    finally:
        assert table.carry_out(conn, "worker.stop", {}) == first
    assert ScheduledExecution(conn).get_workers().collect().empty
    with pytest.raises(InvalidArgumentError, match="no worker was started from here"):
        table.carry_out(conn, "worker.stop", {})


def test_a_database_in_memory_has_no_worker():
    with ConnectionContext("sqlite://") as conn, pytest.raises(InvalidArgumentError, match="lives in this process"):
        table.carry_out(conn, "worker.start", {})
