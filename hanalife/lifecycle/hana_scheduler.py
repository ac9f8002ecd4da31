"""``HANAScheduler``: another face of scheduled execution, where a schedule is called a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from hanalife.database import schedule_frames, tasks
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import CronError, InvalidArgumentError
from hanalife.lifecycle.procedure_names import procedure_of
from hanalife.lifecycle.scheduled_base import logger
from hanalife.lifecycle.scheduled_execution import ScheduledExecution
from hanalife.scheduling.recurrence import RecurrenceRange

Moment = str | datetime | None


class HANAScheduler:
    """Schedules by name. Each is the schedule of the :class:`ScheduledExecution` task of that name.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where the tasks are kept.
    """

    def __init__(self, connection_context: ConnectionContext) -> None:
        self.connection_context = connection_context
        self._execution = ScheduledExecution(connection_context)

    def check_scheduler_job_exist(self, job_name: str) -> bool:
        """Say whether there is a schedule of that name."""
        with self.connection_context.database.read() as connection:
            return tasks.schedule(connection, job_name) is not None

    def get_job_names(self) -> list[str]:
        """Return the names of all schedules."""
        with self.connection_context.database.read() as connection:
            return [schedule.task_id for schedule in tasks.schedules(connection)]

    def list_schedules(self) -> pd.DataFrame:
        """Return all schedules in the columns of :meth:`ScheduledExecution.get_task_schedules`."""
        schema = self.connection_context.get_current_schema()
        query = schedule_frames.of_owner(None, schema, self._procedures())
        return DataFrame.from_query(self.connection_context, query).collect()

    def display_schedule_status(self, sort_by: str = "START_TIME", ascending: bool = False) -> pd.DataFrame:
        """Return SCHEMA_NAME, SCHEDULER_JOB_NAME, STATUS, START_TIME of schedules and their latest jobs.

        STATUS is that of the latest job; SCHEDULED if there has been none, DISABLED while paused.
        """
        rows = []
        with self.connection_context.database.read() as connection:
            for schedule in tasks.schedules(connection):
                job = tasks.last_job(connection, schedule.task_id)
                idle = "SCHEDULED" if schedule.enabled else "DISABLED"
                started = job.started_at if job else schedule.next_due
                moment = None if started is None else started.replace(tzinfo=None)
                rows.append((schedule.task_id, job.status.value if job else idle, moment))
        frame = pd.DataFrame(rows, columns=["SCHEDULER_JOB_NAME", "STATUS", "START_TIME"])
        frame.insert(0, "SCHEMA_NAME", self.connection_context.get_current_schema())
        if sort_by not in frame.columns:
            raise InvalidArgumentError(f"sort_by: expected one of {', '.join(frame.columns)}, got {sort_by!r}.")
        return frame.sort_values(sort_by, ascending=ascending, ignore_index=True)

    def set_schedule(
        self,
        job_name: str,
        cron: str | None = None,
        procedure_name: str | None = None,
        job_start_time: Moment = None,
        job_end_time: Moment = None,
        status: str = "active",
        procedure_params: dict[str, Any] | None = None,
        force: bool = False,
        disable_timezone_check: bool = True,  # noqa: ARG002 - SAP HANA's; times are UTC here
    ) -> str:
        """Create a schedule, or alter the one of that name.

        Parameters
        ----------
        job_name : str
            The schedule's name.
        cron : str, optional
            Needed for a new schedule.
        procedure_name : str, optional
            ``'package.module:function'``; needed unless there is a task of that name.
        job_start_time, job_end_time : str or datetime, optional
            When the schedule is in force, UTC unless they name a zone.
        status : {'active', 'inactive'}
            An inactive schedule is paused.
        procedure_params : dict, optional
            Arguments of the function.
        force : bool, default False
            Create it anew.

        Returns
        -------
        str
            What was done, in words: there is no statement of SQL.
        """
        if status not in ("active", "inactive"):
            raise InvalidArgumentError(f"status: expected 'active' or 'inactive', got {status!r}.")
        execution = self._execution
        times = _range(job_start_time, job_end_time)
        if procedure_name is not None:
            execution.create_task(job_name, procedure_name, task_params=procedure_params, force=True)
        if self.check_scheduler_job_exist(job_name) and not force:
            execution.alter_task_schedule(job_name, cron, times)
        else:
            execution.create_task_schedule(job_name, _needed(cron), times, force=force)
        (execution.pause_task_schedule if status == "inactive" else execution.resume_task_schedule)(job_name)
        return f"{job_name}: {execution.get_task_log(job_name).collect()['EVENT_MESSAGE'].iloc[-1]}"

    def create_training_schedule(
        self,
        job_name: str,
        obj: Any,
        cron: str | None = None,
        job_start_time: Moment = None,
        job_end_time: Moment = None,
        status: str = "active",
        output_table_names: str | Sequence[str] | None = None,
        procedure_name: str | None = None,
        force: bool = True,
        data: DataFrame | None = None,
    ) -> None:
        """Fit again, on a schedule, as ``obj`` was fitted last; see :meth:`ScheduledExecution.create_fit_task`."""
        parameters = _last_call(obj, "fit", data)
        name = procedure_name or f"PROC_{job_name}"
        text = _needed(cron)
        self._execution.create_fit_task(obj, parameters, job_name, output_table_names, name, force)
        self._schedule(job_name, text, job_start_time, job_end_time, status)

    def create_applying_schedule(
        self,
        job_name: str,
        obj: Any,
        cron: str | None = None,
        job_start_time: Moment = None,
        job_end_time: Moment = None,
        status: str = "active",
        output_table_names: str | Sequence[str] | None = None,
        procedure_name: str | None = None,
        force: bool = True,
        model_table_names: str | Sequence[str] | None = None,  # noqa: ARG002 - SAP HANA's
        data: DataFrame | None = None,
    ) -> None:
        """Predict ``data`` again and again, on a schedule, as ``obj`` predicted last."""
        parameters = _last_call(obj, "predict", data)
        name = procedure_name or f"PROC_{job_name}"
        text = _needed(cron)
        self._execution.create_predict_task(obj, parameters, job_name, name, output_table_names, force)
        self._schedule(job_name, text, job_start_time, job_end_time, status)

    def create_scoring_schedule(
        self,
        job_name: str,
        obj: Any,
        cron: str | None = None,
        job_start_time: Moment = None,
        job_end_time: Moment = None,
        status: str = "active",
        output_table_names: str | Sequence[str] | None = None,
        procedure_name: str | None = None,
        force: bool = True,
        data: DataFrame | None = None,
    ) -> None:
        """Score again, on a schedule, as ``obj`` scored last."""
        parameters = _last_call(obj, "score", data)
        name = procedure_name or f"PROC_{job_name}"
        text = _needed(cron)
        self._execution.create_score_task(obj, parameters, job_name, name, output_table_names, force)
        self._schedule(job_name, text, job_start_time, job_end_time, status)

    def delete_schedule(self, job_name: str) -> None:
        """Delete a schedule; its task stays. One that does not exist is only logged."""
        self._execution.remove_task_schedule(job_name)

    def delete_schedules(self, job_names: Iterable[str]) -> None:
        """Delete schedules."""
        for name in job_names:
            self.delete_schedule(name)

    def clean_up_schedules(self) -> None:
        """Delete the schedules that never become due again."""
        with self.connection_context.database.read() as connection:
            over = [one.task_id for one in tasks.schedules(connection) if one.enabled and one.next_due is None]
        self.delete_schedules(over)

    def drop_procedure(self, procedure_name: str) -> None:
        """Remove the tasks whose procedure has that name, if they have no schedule."""
        for task_id, procedure in self._procedures().items():
            if procedure == procedure_name and self.check_scheduler_job_exist(task_id):
                logger.warning("Task %r has a schedule and stays; delete_schedule first.", task_id)
            elif procedure == procedure_name:
                self._execution.remove_task(task_id)

    def _schedule(self, job_name: str, cron: str, start: Moment, end: Moment, status: str) -> None:
        self._execution.create_task_schedule(job_name, cron, _range(start, end), force=True)
        if status == "inactive":
            self._execution.pause_task_schedule(job_name)

    def _procedures(self) -> dict[str, str]:
        with self.connection_context.database.read() as connection:
            return {task.task_id: procedure_of(task) for task in tasks.tasks(connection)}


def _range(start: Moment, end: Moment) -> RecurrenceRange | None:
    given = {key: value for key, value in (("start", start), ("end", end)) if value is not None}
    return given or None


def _needed(cron: str | None) -> str:
    if cron is None:
        raise CronError(
            "cron: it is needed for a new schedule, for example '* * * mon 8 0 0' for Mondays at 08:00 UTC."
        )
    return cron


def _last_call(obj: Any, method: str, data: DataFrame | None) -> dict[str, Any]:
    """Return the arguments of the last call of a method, as hana_ml's models keep them."""
    kept = {"fit": "training_data", "score": "testing_data"}
    frame = getattr(obj, kept.get(method, ""), None) if data is None else data
    if frame is None:
        raise InvalidArgumentError(
            f"obj: the data of {method} is not known; call {method} first or pass data=, "
            f"or use ScheduledExecution.create_{method}_task."
        )
    return {"data": frame, **getattr(obj, f"hanaml_{method}_params", {})}
