"""Tasks with all that hangs on them: created and removed as a whole, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, leases, members, tasks
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError, TaskExistsError
from hanalife.lifecycle.outcomes import VERDICTS
from hanalife.records import Task


def make_room(connection: sa.Connection, context: ConnectionContext, task_id: str, *, force: bool) -> None:
    """Remove a task of that name if it may be replaced.

    Raises
    ------
    TaskExistsError
        There is one, and ``force`` is False.
    """
    if tasks.lock(connection, task_id):
        if not force:
            raise TaskExistsError(f"task_id: task {task_id!r} exists; pass force=True to replace it.")
        remove(connection, context, task_id)


def create(
    connection: sa.Connection,
    task: Task,
    said: Sequence[str],
    *,
    content_hash: str | None = None,
    training_keys: str | None = None,
) -> None:
    """Keep a task and say so in its log."""
    tasks.insert_task(connection, task, content_hash, training_keys)
    tasks.append_log(connection, task.task_id, [("TASK", task.created_at, line) for line in said])


def remove(connection: sa.Connection, context: ConnectionContext, task_id: str) -> None:
    """Remove a locked task with its schedule, its jobs that wait or run, and its copies of data.

    The connection is the session's: dropping a copy is part of the same transaction.
    """
    now = dialects.now(connection)
    for table in tasks.task(connection, task_id).definition.get("copies", ()):
        if context.has_relation(table):
            context.drop_table(table)
    tasks.delete_schedule(connection, task_id)
    leases.request_cancel(connection, task_id, now)
    tasks.delete_task(connection, task_id)
    tasks.append_log(connection, task_id, [("TASK", now, "Removed.")])


def check_members(connection: sa.Connection, task_id: str, subtasks: Sequence[Any]) -> None:
    """Refuse members that do not exist, or that are made of the composite itself.

    Raises
    ------
    TaskNotFoundError
        A member does not exist.
    InvalidArgumentError
        There are none, or the composite would be a part of itself.
    """
    if not subtasks:
        raise InvalidArgumentError("subtasks: a composite needs at least one task, got none.")
    for name in subtasks:
        if name != task_id:
            tasks.task(connection, name)
        if task_id in members.all_below(connection, [name]):
            raise InvalidArgumentError(
                f"subtasks: {name!r} is or holds {task_id!r}, which would be a part of itself; leave it out."
            )


def check_gates(connection: sa.Connection, subtasks: Sequence[str], gates: Mapping[str, str]) -> None:
    """Refuse gates that could never open.

    Raises
    ------
    InvalidArgumentError
        A gate stands before no subtask or before the first, or waits for a verdict that the subtask
        before it does not give.
    """
    for name, word in gates.items():
        if name not in subtasks[1:]:
            raise InvalidArgumentError(f"gates: {name!r} is no subtask with another before it.")
        for place in (place for place, one in enumerate(subtasks) if place and one == name):
            _check_gate(connection, name, word, subtasks[place - 1])


def _check_gate(connection: sa.Connection, name: str, word: str, before: str) -> None:
    kind = tasks.task(connection, before).kind
    words = VERDICTS.get(kind)
    if kind != "sequential" and words is None:
        raise InvalidArgumentError(
            f"gates: {name!r} comes after {before!r}, a {kind} task, which gives no verdict; put a drift task there."
        )
    if words is not None and word not in words:
        raise InvalidArgumentError(f"gates: {before!r} gives {', '.join(words)}; {name!r} waits for {word!r}.")
