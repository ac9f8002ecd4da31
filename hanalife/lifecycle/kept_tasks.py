"""Tasks with all that hangs on them: created and removed as a whole, within the caller's transaction."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database import dialects, leases, tasks
from hanalife.dataframe.context import ConnectionContext
from hanalife.lifecycle.calls import Call
from hanalife.records import Task


def create(connection: sa.Connection, task_id: str, call: Call, owner: str) -> None:
    """Keep a captured call as a task and say so in its log."""
    now = dialects.now(connection)
    task = Task(task_id, call.method, call.to_json(), "", owner, now)
    tasks.insert_task(connection, task, call.content_hash)
    lines = [f"Created: {call.method} into {', '.join(call.outputs)}."]
    lines += [f"Data of the session was copied once, to table {table}." for table in call.copies]
    tasks.append_log(connection, task_id, [("TASK", now, line) for line in lines])


def remove(connection: sa.Connection, context: ConnectionContext, task_id: str) -> None:
    """Remove a locked task with its schedule, its jobs that wait or run, and its copies of data.

    The connection is the session's: dropping a copy is part of the same transaction.
    """
    now = dialects.now(connection)
    for table in tasks.task(connection, task_id).definition["copies"]:
        context.drop_table(table)
    tasks.delete_schedule(connection, task_id)
    leases.request_cancel(connection, task_id, now)
    tasks.delete_task(connection, task_id)
    tasks.append_log(connection, task_id, [("TASK", now, "Removed.")])
