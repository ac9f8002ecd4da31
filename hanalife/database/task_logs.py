"""Statements that read the logs of tasks a page at a time; messages may be of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import TaskLogLine

_entry = tables.task_log


def page(
    connection: sa.Connection, task_id: str, most: int, longest: int, *, before: int = 0, job_id: int = 0
) -> tuple[list[TaskLogLine], int]:
    """Return the last lines of a log in the order they were written, and how many there are in all up to them.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        An open connection.
    task_id : str
        Whose log; its jobs' lines are part of it.
    most : int
        How many lines.
    longest : int
        How many characters of each message.
    before : int, default 0
        Only lines whose entry id is less; 0 means all.
    job_id : int, default 0
        Only lines of this job; 0 means all.
    """
    chosen = _chosen(task_id, before, job_id)
    columns = [_entry.c.entry_id, _entry.c.job_id, _entry.c.event_key, _entry.c.event_time]
    message = sa.func.substr(_entry.c.message, 1, longest).label("message")
    length = sa.func.length(_entry.c.message).label("length")
    query = sa.select(*columns, message, length).where(*chosen).order_by(_entry.c.entry_id.desc()).limit(most)
    lines = [TaskLogLine(**row._mapping) for row in connection.execute(query)]
    total = connection.execute(sa.select(sa.func.count()).select_from(_entry).where(*chosen)).scalar_one()
    return lines[::-1], int(total)


def stretch(connection: sa.Connection, task_id: str, entry_id: int, offset: int, most: int) -> tuple[str, int] | None:
    """Return characters of a message from an offset on, and its whole length; None if there is no such line."""
    text = sa.func.substr(_entry.c.message, offset + 1, most)
    query = sa.select(text, sa.func.length(_entry.c.message))
    row = connection.execute(query.where(_entry.c.task_id == task_id, _entry.c.entry_id == entry_id)).first()
    return None if row is None else (str(row[0]), int(row[1]))


def _chosen(task_id: str, before: int, job_id: int) -> Sequence[sa.ColumnElement[Any]]:
    chosen = [_entry.c.task_id == task_id]
    if before:
        chosen.append(_entry.c.entry_id < before)
    if job_id:
        chosen.append(_entry.c.job_id == job_id)
    return chosen
