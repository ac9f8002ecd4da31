"""What all parts of scheduled execution share: the connection, the moment, checks and frames."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, tasks
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError
from hanalife.scheduling.runner import ALIVE

logger = logging.getLogger("hanalife.lifecycle.scheduled_execution")

Now = Callable[[sa.Connection], datetime]

_SUBTASK = "__SUBTASK__"


class ScheduledBase:
    """A connection, and who asks."""

    def __init__(
        self, connection_context: ConnectionContext, current_user: str | None = None, *, now: Now = dialects.now
    ) -> None:
        self.connection_context = connection_context
        self._database = connection_context.database
        self._now = now
        with self._database.read() as connection:
            self.current_user = current_user or dialects.database_user(connection)

    @contextmanager
    def _locked(self, task_id: str) -> Iterator[tuple[sa.Connection, datetime]]:
        """Give a transaction that alone may change a task and what hangs on it, and its moment."""
        with self._database.write() as connection:
            if not tasks.lock(connection, task_id):
                tasks.task(connection, task_id)  # raises with the names there are
            yield connection, self._now(connection)

    def _check_task(self, task_id: str) -> None:
        with self._database.read() as connection:
            tasks.task(connection, task_id)

    def _warn_without_worker(self, connection: sa.Connection, now: datetime) -> None:
        if not tasks.workers(connection, now - ALIVE):
            logger.warning(
                "No worker is running, so nothing will be executed. Start one: `hanalife worker --url %s` "
                "in a terminal, or ScheduledExecution.start_worker() here.",
                self._database.label,
            )

    def _schema(self) -> str:
        return self.connection_context.get_current_schema()

    def _frame(self, query: sa.Select[Any]) -> DataFrame:
        return DataFrame.from_query(self.connection_context, query)


def check_id(task_id: object) -> str:
    """Return the name of a task to be.

    Raises
    ------
    InvalidArgumentError
        It is no text, empty, too long, or of those that name parts of a composite.
    """
    if not isinstance(task_id, str) or not task_id.strip() or len(task_id) > 200:
        raise InvalidArgumentError(f"task_id: expected text of 1 to 200 characters, got {task_id!r}.")
    check_no_subtask(task_id)
    return task_id


def check_no_subtask(task_id: str) -> None:
    """Refuse the name of a part of a composite.

    Raises
    ------
    InvalidArgumentError
        It is one.
    """
    if task_id.startswith(_SUBTASK):
        raise InvalidArgumentError(
            f"task_id: {task_id!r} begins with {_SUBTASK}, which names parts of a composite task."
        )
