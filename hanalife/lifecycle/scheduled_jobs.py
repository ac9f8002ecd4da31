"""Jobs: executions of tasks, by the schedule or on request, and the workers that execute them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.database import job_outputs, leases, members, task_frames, tasks
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError, TaskNotFoundError
from hanalife.lifecycle import calls, notebooks, procedures, statements
from hanalife.lifecycle.job import launcher
from hanalife.lifecycle.outcomes import VERDICTS
from hanalife.lifecycle.scheduled_base import ScheduledBase, check_no_subtask, logger
from hanalife.records import Task
from hanalife.scheduling.runner import ALIVE
from hanalife.scheduling.worker import WorkerThread

_POLL_SECONDS = 0.1


class ScheduledJobs(ScheduledBase):
    """Jobs of tasks."""

    _worker: WorkerThread | None = None

    def create_one_off_task_schedule(self, task_id: str, parameters: Mapping[str, Any] | None = None) -> int:
        """Queue one execution of a task, now, and return the number of the job.

        Parameters
        ----------
        task_id : str
            An existing task.
        parameters : dict, optional
            Take the place of the task's own for this job; JSON values.

        Raises
        ------
        ArgumentTypeError, InvalidArgumentError
            A value cannot be written as JSON, or the task does not take the parameter.
        """
        values = calls.keep_values(parameters) or None
        with self._locked(task_id) as (connection, now):
            if values is not None:
                self._check_parameters(connection, tasks.task(connection, task_id), values)
            job_id = leases.queue(connection, task_id, now, now, values)
            self._warn_without_worker(connection, now)
        return job_id

    def _check_parameters(self, connection: sa.Connection, task: Task, values: Mapping[str, Any]) -> None:
        """Refuse parameters that a task does not take."""
        if task.kind in members.COMPOSITES:
            raise InvalidArgumentError("parameters: a composite takes none; give them to the tasks it is made of.")
        if task.kind in VERDICTS:
            raise InvalidArgumentError(f"parameters: a {task.kind} task takes none; create it anew with others.")
        own = task.definition["parameters"]
        if task.kind == "callable":
            procedures.check_parameters(task.definition["path"], [*{*own, *values}])
        elif task.kind == "sql":
            statements.check(self.connection_context, task.definition["sql"], {**own, **values})
        elif task.kind == "notebook":
            notebooks.check_parameters(values)
        else:
            taken = calls.parameters_taken(connection, task.definition)
            unknown = [name for name in values if name not in taken]
            if unknown:
                raise InvalidArgumentError(
                    f"parameters: {task.kind} takes no {unknown[0]!r}; it takes {', '.join(taken)}."
                )

    def query_schedule_job(self, task_id: str, job_id: int = 0) -> tuple[DataFrame, DataFrame]:
        """Return two frames on a job: its tree of tasks and its log; ``job_id`` 0 means the latest."""
        check_no_subtask(task_id)
        job_id = self._job_id(task_id, job_id)
        return self._frame(task_frames.job_tree(job_id)), self._frame(task_frames.job_log(task_id, job_id))

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

        Returns
        -------
        DataFrame
            TASK_ID, JOB_ID, STATUS, DUE_TIME, START_TIME, END_TIME, ATTEMPT, MESSAGE,
            CPU_SECONDS, PEAK_MEMORY_BYTES, RUN_ID, PARENT_JOB_ID, VERDICT.
        """
        if order not in ("asc", "desc"):
            raise InvalidArgumentError(f"order: expected 'asc' or 'desc', got {order!r}.")
        self._check_task(task_id)
        return self._frame(task_frames.jobs(task_id, job_id, descending=order == "desc"))

    def get_executed_notebook(self, task_id: str, job_id: int = 0) -> str:
        """Return the notebook that a job has executed, with its outputs: the text of an ``.ipynb`` file.

        Parameters
        ----------
        task_id : str
            A notebook task.
        job_id : int, default 0
            0 means the latest job.

        Raises
        ------
        TaskNotFoundError
            The job has not executed a notebook, or not yet.
        """
        number = self._job_id(task_id, job_id)
        with self._database.read() as connection:
            content = job_outputs.find(connection, number, notebooks.OUTPUT)
        if content is None:
            raise TaskNotFoundError(f"job_id: job {number} of task {task_id!r} has no executed notebook.")
        return content

    def cancel_schedule_job(self, task_id: str, max_wait_duration: float) -> DataFrame | None:
        """Stop the jobs of a task and wait until they have stopped.

        Parameters
        ----------
        task_id : str
            A task; the parts of a composite are stopped with it.
        max_wait_duration : float
            Seconds to wait.

        Returns
        -------
        DataFrame or None
            CANCEL_STATUS: CANCELLED, or TIMEOUT if a job still runs. None, with a warning, if
            there is no such task or nothing was waiting or running.
        """
        with self._database.write() as connection:
            asked = []
            if tasks.lock(connection, task_id):
                asked = leases.request_cancel(connection, task_id, self._now(connection))
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

    # --- workers ------------------------------------------------------------------------------

    def get_workers(self) -> DataFrame:
        """Return WORKER_ID, HOST, PID, MAX_JOBS, STARTED_AT, HEARTBEAT_AT of the workers that are alive."""
        with self._database.read() as connection:
            since = self._now(connection) - ALIVE
        return self._frame(task_frames.workers(since))

    def start_worker(
        self, max_jobs: int = 2, allow: str | Sequence[str] = (), notebook_folder: str | None = None
    ) -> None:
        """Execute jobs in child processes of this one, until :meth:`stop_worker` or its end.

        Parameters
        ----------
        max_jobs : int, default 2
            Jobs at the same time.
        allow : str or list of str, optional
            Functions (``package.module:function``) or modules that jobs may call.
        notebook_folder : str, optional
            Where the notebooks are that jobs may execute.

        Raises
        ------
        InvalidArgumentError
            The database lives in memory, where a child process cannot see it.
        """
        if self._worker is not None and self._worker.is_alive:
            logger.info("Worker %s is running already.", self._worker.worker_id)
            return
        allowed = [allow] if isinstance(allow, str) else list(allow)
        self._worker = WorkerThread(self._database, launcher(allowed, notebook_folder), max_jobs)

    def stop_worker(self) -> None:
        """End the worker of this process; its running jobs are killed and queued again."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None

    # --- inside -------------------------------------------------------------------------------

    def _job_id(self, task_id: str, job_id: int) -> int:
        self._check_task(task_id)
        if job_id:
            return job_id
        with self._database.read() as connection:
            latest = tasks.last_job(connection, task_id)
        return latest.job_id if latest else 0

    def _unfinished(self, job_ids: Sequence[int]) -> list[int]:
        with self._database.read() as connection:
            return leases.unfinished(connection, job_ids)
