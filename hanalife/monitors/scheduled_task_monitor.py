"""Scheduled tasks and their jobs, live in the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import Monitor, check_ids
from hanalife.views import answers, changes, static, tasks
from hanalife.views.payloads import TaskDetail, TasksDelta, TasksPayload

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import MonitorBox


class ScheduledTaskMonitor(Monitor[TasksPayload]):
    """Watch scheduled tasks, their jobs, ledger and log in the notebook.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    task_ids : str or list of str, optional
        What to show; None, the default, is everything. An id that does not exist yet is shown
        as such and appears once it does.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Raises
    ------
    InvalidArgumentError
        ``task_ids`` is none of None, str, list of str.

    Examples
    --------
    >>> from hanalife import ConnectionContext, ScheduledTaskMonitor
    >>> with ConnectionContext("sqlite://") as conn:
    ...     ScheduledTaskMonitor(conn).snapshot()["tasks"]
    []
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        task_ids: str | Sequence[str] | None = None,
        *,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__(connection_context, check_ids(task_ids, "task_ids"), clock)

    def _read(self, connection: sa.Connection, previous: TasksPayload | None) -> TasksPayload:  # noqa: ARG002
        return tasks.read(connection, self._database.label, self._clock(), self._ids)

    def _between(self, old: TasksPayload, new: TasksPayload) -> TasksDelta | None:
        return changes.between_tasks(old, new)

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import MonitorBox, TaskTable

        first = self._latest["tasks"][0]["task_id"] if self._latest and self._latest["tasks"] else ""
        methods = {"task": self._answer_task, "snapshot": self._answer_snapshot, "cancel": self._answer_cancel}
        return MonitorBox(TaskTable(methods, selected=first), [], self._picture)

    def _picture(self) -> str:
        with self._lock:
            return static.tasks_table(self._latest) if self._latest else "<p>Scheduled Task Monitor</p>"

    def _answer_task(self, args: Mapping[str, str]) -> TaskDetail:
        with self._database.read() as connection:
            return answers.task(connection, args["task_id"])

    def _answer_snapshot(self, _args: Mapping[str, str]) -> TasksPayload | None:
        return self._latest

    def _answer_cancel(self, _args: Mapping[str, str]) -> str:
        return self._cancel()
