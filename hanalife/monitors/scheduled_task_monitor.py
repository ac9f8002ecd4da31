"""Scheduled tasks and their jobs, live in the cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.monitors.base import check_ids
from hanalife.monitors.list_monitor import ListMonitor
from hanalife.views import answers, changes, pages, static, task_answers, tasks
from hanalife.views.payloads.tasks import TaskDetail, TasksDelta, TasksPayload

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.monitors.widgets import MonitorBox


class ScheduledTaskMonitor(ListMonitor[TasksPayload]):
    """Watch scheduled tasks, their jobs, ledger and log in the notebook, and control them.

    Buttons run a task, with other parameters if wanted, cancel its jobs, pause, resume, change and
    remove its schedule, and start a worker in this process where none is running. All of it goes
    through the database, as by the methods of :class:`ScheduledExecution`.

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
        self._detail: TaskDetail | None = None
        self._detail_at: object = None

    def _read(self, connection: sa.Connection, previous: TasksPayload | None) -> TasksPayload:
        return tasks.read(connection, self._database.label, self._clock(), self._ids, previous)

    def _aged(self, connection: sa.Connection, latest: TasksPayload) -> TasksPayload:
        # A worker that falls silent writes nothing.
        return {**latest, "workers": tasks.read_workers(connection, self._clock())}

    def _export(self, path: Path) -> Path:
        return pages.write_tasks(self.connection_context, path, self._ids, clock=self._clock)

    def _between(self, old: TasksPayload, new: TasksPayload) -> TasksDelta | None:
        return changes.between_tasks(old, new)

    # --- the selected task ----------------------------------------------------------------------

    def _look_closer(self, connection: sa.Connection) -> None:
        selected = self._selected()
        if selected is None or self._detail_at == (self._readings, selected):
            return
        self._detail_at = (self._readings, selected)
        detail = tasks.read_one(connection, selected, self._detail)
        if detail != self._detail:
            self._detail = detail
            self._show_detail(selected, detail)

    def _names(self, payload: TasksPayload) -> list[str]:
        return [row["task_id"] for row in payload["tasks"]]

    # --- the view -------------------------------------------------------------------------------

    def _make_box(self) -> MonitorBox:
        from hanalife.monitors.widgets import TaskTable

        about = {name: self._reading(question.ask) for name, question in task_answers.QUESTIONS.items()}
        return self._list_box(TaskTable, self._methods(task=self._asking(answers.task, "task_id"), **about))

    def _picture(self) -> str:
        with self._lock:
            return static.tasks_table(self._latest) if self._latest else "<p>Scheduled Task Monitor</p>"
