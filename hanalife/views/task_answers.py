"""Answers to what a front end asks about one task, by the name of the question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa

from hanalife.arguments import whole_number
from hanalife.database import dialects, previews, tasks
from hanalife.errors import InvalidArgumentError
from hanalife.views import schedules, task_logs
from hanalife.views.encoding import text
from hanalife.views.payloads.tasks import LogMessage, SchedulePreview, TablePreview, TaskLogPage
from hanalife.views.payloads.words import CONTRACT

MOST_ROWS = 50
_whole = partial(whole_number, digits=18)  # of entries and jobs


def log_page(connection: sa.Connection, task_id: str, before: str, job_id: str) -> TaskLogPage:
    """Return the lines of a log before an entry; ``'0'`` stands for the end, and for all jobs."""
    return task_logs.page(connection, task_id, _whole("before", before), _whole("job_id", job_id))


def log_message(connection: sa.Connection, task_id: str, entry_id: str, offset: str) -> LogMessage:
    """Return characters of a long message from an offset on."""
    return task_logs.message(connection, task_id, _whole("entry_id", entry_id), _whole("offset", offset))


def schedule_preview(connection: sa.Connection, task_id: str, cron: str, timezone: str) -> SchedulePreview:
    """Return when a task would be due by another cron text and time zone."""
    tasks.task(connection, task_id)
    return schedules.preview(tasks.schedule(connection, task_id), cron, timezone, dialects.now(connection))


def output_table(connection: sa.Connection, task_id: str, table: str) -> TablePreview:
    """Return the first rows of an output table of a task.

    Raises
    ------
    InvalidArgumentError
        The task does not write that table; no other is shown.
    """
    outputs = tasks.task(connection, task_id).definition.get("outputs", [])
    if table not in outputs:
        raise InvalidArgumentError(
            f"table: task {task_id!r} writes no {table!r}; it writes {', '.join(outputs) or 'none'}."
        )
    columns, rows = previews.first_rows(connection, table, MOST_ROWS + 1) or ([], [])
    cells = [["" if value is None else text(value) for value in row] for row in rows[:MOST_ROWS]]
    return {
        "contract": CONTRACT,
        "table": table,
        "grid": {"columns": columns, "rows": cells},
        "more": len(rows) > MOST_ROWS,
    }


@dataclass(frozen=True)
class TaskQuestion:
    """What answers a question, and the names of its arguments beside the task's."""

    answer: Callable[..., Mapping[str, Any]]
    arguments: tuple[str, ...]

    def ask(self, connection: sa.Connection, args: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the answer.

        Raises
        ------
        InvalidArgumentError
            An argument is missing.
        """
        names = ("task_id", *self.arguments)
        if missing := [name for name in names if name not in args]:
            raise InvalidArgumentError(f"{missing[0]}: missing; give text for {', '.join(names)}.")
        return self.answer(connection, *(args[name] for name in names))


QUESTIONS: Mapping[str, TaskQuestion] = {
    "task_log": TaskQuestion(log_page, ("before", "job_id")),
    "log_message": TaskQuestion(log_message, ("entry_id", "offset")),
    "schedule_preview": TaskQuestion(schedule_preview, ("cron", "timezone")),
    "output_table": TaskQuestion(output_table, ("table",)),
}
