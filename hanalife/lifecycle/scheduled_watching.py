"""What makes a task due beside its schedule, and whom its failure is told to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import tasks, triggers
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, UnknownColumnError
from hanalife.lifecycle.scheduled_base import ScheduledBase
from hanalife.records import Trigger

_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class ScheduledWatching(ScheduledBase):
    """Triggers and notices of tasks."""

    def create_data_trigger(
        self,
        task_id: str,
        table_name: str,
        schema: str | None = None,
        key: str | None = None,
        check_seconds: float = 60,
    ) -> None:
        """Execute a task whenever a table has new rows.

        Parameters
        ----------
        task_id : str
            An existing task; its trigger, if it has one, is replaced.
        table_name : str
            The table or view to watch.
        schema : str, optional
            Its schema.
        key : str, optional
            A column whose greatest value grows with new rows; an index on it makes each check
            cheap. Without it the rows are counted, and more of them are new data.
        check_seconds : float, default 60
            How often a worker looks.

        Raises
        ------
        TableNotFoundError, UnknownColumnError
            There is no such table or column.
        InvalidArgumentError
            ``check_seconds`` is less than 0.1.
        """
        columns = self.connection_context.table(table_name, schema).columns
        if key is not None and key not in columns:
            raise UnknownColumnError([key], columns, "key")
        watched = {"table": table_name, "schema": schema, "key": key}
        with self._locked(task_id) as (connection, _):
            self._create_trigger(
                connection, task_id, "new_data", watched, triggers.observe_table(connection, watched), check_seconds
            )

    def create_metric_trigger(
        self,
        task_id: str,
        experiment_id: str,
        metric: str,
        above: float | None = None,
        below: float | None = None,
        check_seconds: float = 60,
    ) -> None:
        """Execute a task whenever the newest run of an experiment has a metric beyond a threshold.

        Each run makes it due once. The run that is the newest now does not.

        Parameters
        ----------
        task_id : str
            An existing task; its trigger, if it has one, is replaced.
        experiment_id : str
            The experiment to watch; it need not have a run yet.
        metric : str
            Name of the metric, for example ``'AUC'``.
        above, below : float, optional
            The thresholds, themselves not beyond; one or both.
        check_seconds : float, default 60
            How often a worker looks.

        Raises
        ------
        ArgumentTypeError, InvalidArgumentError
            Neither threshold is given, or one is no number.
        """
        if above is None and below is None:
            raise InvalidArgumentError("above, below: give a threshold, one or both.")
        for name, value in (("above", above), ("below", below)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ArgumentTypeError(f"{name}: expected a number, got {value!r}.")
        watched = {"experiment_id": experiment_id, "metric": metric, "above": above, "below": below}
        with self._locked(task_id) as (connection, _):
            self._create_trigger(
                connection, task_id, "metric", watched, triggers.observe_metric(connection, watched), check_seconds
            )

    def remove_task_trigger(self, task_id: str) -> bool:
        """Remove the trigger of a task; False if it has none."""
        with self._locked(task_id) as (connection, now):
            removed = triggers.delete(connection, task_id)
            if removed:
                tasks.append_log(connection, task_id, [("TRIGGER", now, "Trigger removed.")])
        return removed

    def _create_trigger(
        self,
        connection: sa.Connection,
        task_id: str,
        kind: str,
        watched: dict[str, Any],
        seen: Any,
        check_seconds: float,
    ) -> None:
        if isinstance(check_seconds, bool) or not isinstance(check_seconds, int | float) or not check_seconds >= 0.1:
            raise InvalidArgumentError(f"check_seconds: expected a number of at least 0.1, got {check_seconds!r}.")
        now = self._now(connection)
        next_check = now + timedelta(seconds=check_seconds)
        triggers.replace(connection, Trigger(task_id, kind, watched, seen, check_seconds, next_check))
        what = ", ".join(f"{name} {value}" for name, value in watched.items() if value is not None)
        tasks.append_log(connection, task_id, [("TRIGGER", now, f"Trigger on {kind.replace('_', ' ')}: {what}.")])
        self._warn_without_worker(connection, now)

    # --- notices ------------------------------------------------------------------------------

    def set_task_notification(
        self,
        task_id: str,
        webhook_variable: str | None = None,
        smtp_variable: str | None = None,
        mail_to: str | Sequence[str] = (),
        mail_from: str = "hanalife@localhost",
    ) -> None:
        """Tell somebody when a task fails, and when it has recovered: once for each incident.

        Parameters
        ----------
        task_id : str
            An existing task.
        webhook_variable : str, optional
            Name of the environment variable of the worker that holds the address to POST to. The
            body is JSON with ``event`` (failure or recovery), ``task_id``, ``job_id``,
            ``status``, ``message``, ``due``, ``ended_at`` and ``text``.
        smtp_variable : str, optional
            Name of the environment variable of the worker that holds the mail server,
            ``smtp://user:password@host:port`` (or ``smtps://``).
        mail_to : str or list of str
            Whom to mail to.
        mail_from : str, default 'hanalife@localhost'
            The sender.

        Raises
        ------
        InvalidArgumentError
            Nothing is given, or something that is no name of a variable, such as the address
            itself, which would be a secret in the store.
        """
        recipients = [mail_to] if isinstance(mail_to, str) else list(mail_to)
        for name, value in (("webhook_variable", webhook_variable), ("smtp_variable", smtp_variable)):
            if value is not None and not (isinstance(value, str) and _VARIABLE.fullmatch(value)):
                raise InvalidArgumentError(
                    f"{name}: expected the name of an environment variable of the worker, not the address itself; "
                    "that may be a secret and does not belong in the store."
                )
        if webhook_variable is None and smtp_variable is None:
            raise InvalidArgumentError("webhook_variable, smtp_variable: give one, or remove_task_notification.")
        if (smtp_variable is None) != (not recipients):
            raise InvalidArgumentError("mail_to: a mail needs both smtp_variable and mail_to.")
        for address in (*recipients, mail_from):
            if not isinstance(address, str) or "@" not in address or set(address) & set("\r\n"):
                raise InvalidArgumentError(f"mail_to, mail_from: {address!r} is no address of a mail.")
        notifications = {
            "webhook_variable": webhook_variable,
            "smtp_variable": smtp_variable,
            "mail_to": recipients,
            "mail_from": mail_from,
        }
        with self._locked(task_id) as (connection, now):
            tasks.update_task(connection, task_id, notifications=notifications)
            tasks.append_log(connection, task_id, [("NOTICE", now, "Failure and recovery are told of from now on.")])

    def remove_task_notification(self, task_id: str) -> None:
        """Tell nobody of a task's failures any more."""
        with self._locked(task_id) as (connection, now):
            tasks.update_task(connection, task_id, notifications=None, incident_job=None)
            tasks.append_log(connection, task_id, [("NOTICE", now, "Nobody is told of failures any more.")])
