"""The table of controls: what is carried out, what is refused before anything changes."""

from __future__ import annotations

import pytest

from hanalife import ScheduledExecution
from hanalife.controls import table
from hanalife.errors import InvalidArgumentError, TaskNotFoundError
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
