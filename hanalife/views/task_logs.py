"""The log of a task as payloads: a page of lines, a stretch of a long message."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database import task_logs
from hanalife.errors import TaskNotFoundError
from hanalife.records import TaskLogLine
from hanalife.views.encoding import LONGEST_TEXT, instant
from hanalife.views.payloads.tasks import LogMessage, TaskLogPage, TaskLogRow
from hanalife.views.payloads.words import CONTRACT

#: Lines of a page, and characters of a stretch.
MOST_LINES = 200
MOST_CHARACTERS = 50_000


def page(connection: sa.Connection, task_id: str, before: int = 0, job_id: int = 0) -> TaskLogPage:
    """Return the last lines of a log: of a task or one of its jobs, all or only those before an entry."""
    lines, total = task_logs.page(connection, task_id, MOST_LINES, LONGEST_TEXT, before=before, job_id=job_id)
    return {"contract": CONTRACT, "log": [log_row(line) for line in lines], "older": total - len(lines)}


def message(connection: sa.Connection, task_id: str, entry_id: int, offset: int) -> LogMessage:
    """Return characters of a message from an offset on.

    Raises
    ------
    TaskNotFoundError
        The log of the task has no such line.
    """
    found = task_logs.stretch(connection, task_id, entry_id, offset, MOST_CHARACTERS)
    if found is None:
        raise TaskNotFoundError(f"entry_id: the log of task {task_id!r} has no line {entry_id}.")
    text, length = found
    return {"contract": CONTRACT, "text": text, "offset": offset, "length": length}


def log_row(line: TaskLogLine) -> TaskLogRow:
    """Return one line of a log."""
    return {
        "entry_id": str(line.entry_id),
        "job_id": None if line.job_id is None else str(line.job_id),
        "event_key": line.event_key,
        "event_time": instant(line.event_time),
        "message": line.message,
        "length": line.length,
    }
