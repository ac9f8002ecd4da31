"""Tasks, their schedules and their jobs: calls of models that the database keeps and workers execute."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, leases, task_frames, tasks
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError, TaskExistsError, TaskNotFoundError
from hanalife.lifecycle import calls, kept_tasks
from hanalife.lifecycle.job import COMMAND
from hanalife.records import Schedule
from hanalife.scheduling import cron as cron_text
from hanalife.scheduling.policies import with_next_due
from hanalife.scheduling.recurrence import parse_range
from hanalife.scheduling.runner import ALIVE
from hanalife.scheduling.worker import WorkerThread

logger = logging.getLogger(__name__)

RecurrenceRange = Mapping[str, str | datetime]

_SUBTASK = "__SUBTASK__"
_POLL_SECONDS = 0.1


class ScheduledExecution:
    """Scheduled calls of models.

    A task says what to do, a schedule when, a job is one execution. All three are rows of the
    database; jobs are executed by workers: ``hanalife worker`` in a terminal, or
    :meth:`start_worker` in this process. Result frames are live: they show the store as it is
    when they are collected.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where the tasks are kept.
    current_user : str, optional
        The owner of new tasks; default: the user of the database.

    Raises
    ------
    TaskNotFoundError
        By every method that names a task or schedule, if there is none, except those that
        remove it.
    """

    def __init__(self, connection_context: ConnectionContext, current_user: str | None = None) -> None:
        self.connection_context = connection_context
        self._database = connection_context.database
        self._worker: WorkerThread | None = None
        with self._database.read() as connection:
            self.current_user = current_user or dialects.database_user(connection)

    # --- tasks --------------------------------------------------------------------------------

    def create_predict_task(
        self,
        obj: Any,
        predict_params: Mapping[str, Any],
        task_id: str,
        proc_name: str | None = None,
        output_table_names: str | Sequence[str] | None = None,
        force: bool = True,
    ) -> None:
        """Keep a call of ``obj.predict`` as a task.

        Frames over permanent tables are read anew by each job; what is based on tables of this
        session is copied once, now, to ``in_<task_id><i>``, and the task's log says so.

        Parameters
        ----------
        obj : fitted model
            One loaded from or saved to :class:`ModelStorage` is kept by name and version, any
            other by its present state.
        predict_params : dict
            The arguments of ``predict``, with the frame ``data``.
        task_id : str
            The task's name.
        proc_name : str, optional
            The name shown as the task's procedure, default ``PROCEDURE_<task_id>``.
        output_table_names : str or list of str, optional
            Where each job puts its result, default ``out_<task_id>0``; replaced each time.
        force : bool, default True
            Replace a task of the same name, with its schedule.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        ArgumentTypeError, InvalidArgumentError
            The object is no model, or the arguments do not fit.
        FitIncompleteError
            The model is not fitted.
        """
        self._create_call("predict", obj, predict_params, task_id, proc_name, output_table_names, force=force)

    def create_score_task(
        self,
        obj: Any,
        score_params: Mapping[str, Any],
        task_id: str,
        proc_name: str | None = None,
        output_table_names: str | Sequence[str] | None = None,
        force: bool = True,
    ) -> None:
        """Keep a call of ``obj.score`` as a task with four output tables.

        Arguments and errors are those of :meth:`create_predict_task`; the tables are
        ``out_<task_id>0`` (predictions), ``1`` (statistics), ``2`` (confusion matrix) and
        ``3`` (metrics).
        """
        self._create_call("score", obj, score_params, task_id, proc_name, output_table_names, force=force)

    def remove_task(self, task_id: str, force: bool = False) -> DataFrame | None:
        """Remove a task; its jobs' history, its log and its output tables stay.

        Parameters
        ----------
        task_id : str
            A task that does not exist is only logged.
        force : bool, default False
            Remove its schedule as well.

        Returns
        -------
        DataFrame or None
            TASK_ID, TASK_OWNER, PROC_SCHEMA, PROC_NAME of the removed task.

        Raises
        ------
        TaskExistsError
            The task has a schedule and ``force`` is False.
        """
        with self.connection_context.session(writes=True) as connection:
            if not tasks.lock(connection, task_id):
                logger.info("Task %r does not exist; nothing was removed.", task_id)
                return None
            if not force and tasks.schedule(connection, task_id) is not None:
                raise TaskExistsError(
                    f"task_id: task {task_id!r} has a schedule; remove_task_schedule first, or pass force=True."
                )
            procedure = tasks.task(connection, task_id).definition["procedure"]
            schema = self.connection_context.get_current_schema()
            removed = task_frames.frozen(connection, task_frames.removed_task(task_id, schema, procedure))
            kept_tasks.remove(connection, self.connection_context, task_id)
        return self._frame(removed)

    def query_task(self, task_id: str) -> tuple[DataFrame, DataFrame, DataFrame, DataFrame]:
        """Return four frames on a task: chain, definition, parameters, log."""
        with self._database.read() as connection:
            call = calls.Call(**tasks.task(connection, task_id).definition)
        schema = self.connection_context.get_current_schema()
        return (
            self._frame(task_frames.chain(task_id)),
            self._frame(task_frames.definition(task_id, schema, call.procedure)),
            self._frame(
                task_frames.parameters(task_id, [_parameter(*item, schema) for item in call.parameters.items()])
            ),
            self._frame(task_frames.log_lines(task_id)),
        )

    def get_task_log(self, task_id: str) -> DataFrame:
        """Return the log of a task and its jobs.

        Columns TASK_ID, JOB_ID, SEQ, EVENT_KEY, EVENT_TIMESTAMP, EVENT_MESSAGE. EVENT_KEY is
        TASK, SCHEDULE or JOB for what happened to these, OUT and ERROR for what a job's
        process wrote to standard output and standard error.
        """
        self._check_task(task_id)
        return self._frame(task_frames.task_log(task_id))

    # --- schedules ----------------------------------------------------------------------------

    def create_task_schedule(
        self,
        task_id: str,
        cron: str,
        recurrence_range: RecurrenceRange | None = None,
        force: bool = False,
        timezone: str = "UTC",
    ) -> DataFrame:
        """Execute a task at the times of a cron text. A task has at most one schedule.

        Parameters
        ----------
        task_id : str
            An existing task.
        cron : str
            ``YEAR MONTH MONTHDAY WEEKDAY HOUR MINUTE SECOND``, for example
            ``'* * * mon 8 0 0'``, or the five fields of Unix.
        recurrence_range : dict, optional
            ``start`` and ``end``: text or datetime, UTC unless they name a zone, inclusive.
        force : bool, default False
            Replace the present schedule.
        timezone : str, default 'UTC'
            IANA name of the zone whose clock the cron text means.

        Returns
        -------
        DataFrame
            OWNER, SCHEMA_NAME, SCHEDULE_NAME, CRON, START_TIME, END_TIME, IS_ENABLED,
            CREATE_TIME.

        Raises
        ------
        CronError
            The text is not of the grammar, or never becomes due.
        TaskExistsError
            There is a schedule and ``force`` is False.
        """
        fields, (start, end) = cron_text.normalize(cron), parse_range(recurrence_range)
        with self._locked(task_id) as (connection, now):
            if tasks.schedule(connection, task_id) is not None:
                if not force:
                    raise TaskExistsError(
                        f"task_id: task {task_id!r} has a schedule; pass force=True to replace it, "
                        "or use alter_task_schedule."
                    )
                tasks.delete_schedule(connection, task_id)
            new = Schedule(
                task_id, fields, timezone, enabled=True, start_time=start, end_time=end, next_due=None, created_at=now
            )
            schedule = with_next_due(new, now)
            tasks.insert_schedule(connection, schedule)
            self._log_schedule(connection, schedule, now, "Scheduled")
            self._warn_without_worker(connection, now)
        return self._schedule_frame(task_id)

    def alter_task_schedule(
        self, task_id: str, cron: str | None = None, recurrence_range: RecurrenceRange | None = None
    ) -> DataFrame:
        """Change the times of a schedule; what is None stays as it is. Returns as :meth:`create_task_schedule`."""
        with self._locked(task_id) as (connection, now):
            schedule = _scheduled(connection, task_id)
            if cron is not None:
                schedule = replace(schedule, cron=cron_text.normalize(cron))
            if recurrence_range is not None:
                start, end = parse_range(recurrence_range)
                schedule = replace(schedule, start_time=start, end_time=end)
            if schedule.enabled:
                schedule = with_next_due(schedule, now)
            tasks.update_schedule(connection, schedule)
            self._log_schedule(connection, schedule, now, "Altered")
        return self._schedule_frame(task_id)

    def pause_task_schedule(self, task_id: str) -> DataFrame:
        """Let a schedule become due no more until :meth:`resume_task_schedule`."""
        with self._locked(task_id) as (connection, now):
            schedule = replace(_scheduled(connection, task_id), enabled=False, next_due=None)
            tasks.update_schedule(connection, schedule)
            self._log_schedule(connection, schedule, now, "Paused")
        return self._schedule_frame(task_id)

    def resume_task_schedule(self, task_id: str) -> DataFrame:
        """Let a paused schedule go on from now; due times during the pause are not made up for."""
        with self._locked(task_id) as (connection, now):
            schedule = with_next_due(replace(_scheduled(connection, task_id), enabled=True), now)
            tasks.update_schedule(connection, schedule)
            self._log_schedule(connection, schedule, now, "Resumed")
            self._warn_without_worker(connection, now)
        return self._schedule_frame(task_id)

    def remove_task_schedule(self, task_id: str) -> DataFrame | None:
        """Remove the schedule of a task and return it, or None if there is none."""
        query = task_frames.schedule(task_id, self.connection_context.get_current_schema())
        with self._database.write() as connection:
            if not tasks.lock(connection, task_id) or tasks.schedule(connection, task_id) is None:
                logger.info("Task %r has no schedule; nothing was removed.", task_id)
                return None
            removed = task_frames.frozen(connection, query)
            tasks.delete_schedule(connection, task_id)
            tasks.append_log(connection, task_id, [("SCHEDULE", dialects.now(connection), "Schedule removed.")])
        return self._frame(removed)

    def query_task_schedule(self, task_id: str, last_days: int = 0) -> tuple[DataFrame, DataFrame]:
        """Return two frames: the schedule of a task and its log.

        Parameters
        ----------
        task_id : str
            An existing task.
        last_days : int, default 0
            Only the log of so many days; 0 means all of it.
        """
        _check_no_subtask(task_id)
        self._check_task(task_id)
        with self._database.read() as connection:
            since = dialects.now(connection) - timedelta(days=last_days) if last_days else None
        return self._frame(task_frames.schedule_validity(task_id)), self._frame(task_frames.log_lines(task_id, since))

    def next_due(self, task_id: str) -> datetime | None:
        """Return the next due time of a task in UTC, or None if nothing makes it due."""
        with self._database.read() as connection:
            tasks.task(connection, task_id)
            schedule = tasks.schedule(connection, task_id)
        return None if schedule is None else schedule.next_due

    # --- jobs ---------------------------------------------------------------------------------

    def create_one_off_task_schedule(self, task_id: str) -> int:
        """Queue one execution of a task, now, and return the number of the job."""
        with self._locked(task_id) as (connection, now):
            job_id = leases.queue(connection, task_id, now, now)
            self._warn_without_worker(connection, now)
        return job_id

    def query_schedule_job(self, task_id: str, job_id: int = 0) -> tuple[DataFrame, DataFrame]:
        """Return two frames on a job: its tree of tasks and its log; ``job_id`` 0 means the latest."""
        _check_no_subtask(task_id)
        self._check_task(task_id)
        if not job_id:
            with self._database.read() as connection:
                latest = tasks.jobs(connection, [task_id], limit=1)
            job_id = latest[0].job_id if latest else 0
        return self._frame(task_frames.job_tree(task_id, job_id)), self._frame(task_frames.job_log(task_id, job_id))

    def get_executed_task_jobs(self, task_id: str, job_id: int | None = None, order: str = "desc") -> DataFrame:
        """Return the jobs of a task, or one of them, by their start.

        Parameters
        ----------
        task_id : str
            An existing task.
        job_id : int, optional
            Only this job.
        order : {'desc', 'asc'}
            Latest or earliest first.
        """
        if order not in ("asc", "desc"):
            raise InvalidArgumentError(f"order: expected 'asc' or 'desc', got {order!r}.")
        self._check_task(task_id)
        return self._frame(task_frames.jobs(task_id, job_id, descending=order == "desc"))

    def cancel_schedule_job(self, task_id: str, max_wait_duration: float) -> DataFrame | None:
        """Stop the jobs of a task and wait until they have stopped.

        Parameters
        ----------
        task_id : str
            An existing task.
        max_wait_duration : float
            Seconds to wait.

        Returns
        -------
        DataFrame or None
            CANCEL_STATUS: CANCELLED, or TIMEOUT if a job still runs. None, with a warning, if
            nothing was waiting or running.
        """
        with self._locked(task_id) as (connection, now):
            asked = leases.request_cancel(connection, task_id, now)
        if not asked:
            logger.warning("Task %r has no job that waits or runs; nothing was cancelled.", task_id)
            return None
        deadline = time.monotonic() + max_wait_duration
        while stopping := self._unfinished(asked):
            if time.monotonic() >= deadline:
                logger.warning("Jobs %s of task %r have not stopped yet.", stopping, task_id)
                return self._frame(task_frames.cancel_status("TIMEOUT"))
            time.sleep(_POLL_SECONDS)
        return self._frame(task_frames.cancel_status("CANCELLED"))

    # --- the worker of this process -----------------------------------------------------------

    def start_worker(self, max_jobs: int = 2) -> None:
        """Execute jobs in child processes of this one, until :meth:`stop_worker` or its end.

        Parameters
        ----------
        max_jobs : int, default 2
            Jobs at the same time.

        Raises
        ------
        InvalidArgumentError
            The database lives in memory, where a child process cannot see it.
        """
        if self._worker is not None and self._worker.is_alive:
            logger.info("Worker %s is running already.", self._worker.worker_id)
            return
        self._worker = WorkerThread(self._database, COMMAND, max_jobs)

    def stop_worker(self) -> None:
        """End the worker of this process; its running jobs are killed and queued again."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    # --- inside -------------------------------------------------------------------------------

    def _create_call(
        self,
        method: str,
        obj: Any,
        parameters: Mapping[str, Any],
        task_id: str,
        proc_name: str | None,
        output_table_names: str | Sequence[str] | None,
        *,
        force: bool,
    ) -> None:
        _check_id(task_id)
        # One transaction of the session: copies of its temporary tables are part of it.
        with self.connection_context.session(writes=True) as connection:
            if tasks.lock(connection, task_id):
                if not force:
                    raise TaskExistsError(f"task_id: task {task_id!r} exists; pass force=True to replace it.")
                kept_tasks.remove(connection, self.connection_context, task_id)
            call = calls.capture(
                connection, self.connection_context, task_id, obj, method, parameters, output_table_names, proc_name
            )
            kept_tasks.create(connection, task_id, call, self.current_user)

    def _log_schedule(self, connection: sa.Connection, schedule: Schedule, now: datetime, verb: str) -> None:
        said = cron_text.describe(schedule.cron, schedule.timezone)
        then = f"next at {schedule.next_due:%Y-%m-%d %H:%M:%S} UTC" if schedule.next_due else "no next time"
        tasks.append_log(connection, schedule.task_id, [("SCHEDULE", now, f"{verb}: {said}; {then}.")])

    def _warn_without_worker(self, connection: sa.Connection, now: datetime) -> None:
        if not tasks.workers(connection, now - ALIVE):
            logger.warning(
                "No worker is running, so nothing will be executed. Start one: `hanalife worker --url %s` "
                "in a terminal, or ScheduledExecution.start_worker() here.",
                self._database.label,
            )

    def _unfinished(self, job_ids: Sequence[int]) -> list[int]:
        with self._database.read() as connection:
            return leases.unfinished(connection, job_ids)

    @contextmanager
    def _locked(self, task_id: str) -> Iterator[tuple[sa.Connection, datetime]]:
        """Give a transaction that alone may change a task and what hangs on it, and its moment."""
        with self._database.write() as connection:
            if not tasks.lock(connection, task_id):
                tasks.task(connection, task_id)  # raises with the names there are
            yield connection, dialects.now(connection)

    def _check_task(self, task_id: str) -> None:
        with self._database.read() as connection:
            tasks.task(connection, task_id)

    def _schedule_frame(self, task_id: str) -> DataFrame:
        return self._frame(task_frames.schedule(task_id, self.connection_context.get_current_schema()))

    def _frame(self, query: sa.Select[Any]) -> DataFrame:
        return DataFrame.from_query(self.connection_context, query)


def _check_id(task_id: object) -> None:
    if not isinstance(task_id, str) or not task_id.strip() or len(task_id) > 200:
        raise InvalidArgumentError(f"task_id: expected text of 1 to 200 characters, got {task_id!r}.")
    _check_no_subtask(task_id)


def _check_no_subtask(task_id: str) -> None:
    if task_id.startswith(_SUBTASK):
        raise InvalidArgumentError(
            f"task_id: {task_id!r} begins with {_SUBTASK}, which names parts of a composite task."
        )


def _scheduled(connection: sa.Connection, task_id: str) -> Schedule:
    schedule = tasks.schedule(connection, task_id)
    if schedule is None:
        raise TaskNotFoundError(f"task_id: task {task_id!r} has no schedule; make one with create_task_schedule.")
    return schedule


def _parameter(name: str, kept: Mapping[str, Any], schema: str) -> tuple[str, str | None, str, str]:
    """Return a parameter as SAP HANA lists it: name, schema, argument, category."""
    if "frame" not in kept:
        return name, None, str(kept["value"]), "LITERAL"
    source = kept["frame"].get("source_table")
    if source:
        return name, source["SCHEMA_NAME"], source["TABLE_NAME"], "TABLE"
    return name, schema, kept["frame"]["sql"], "VIEW"
