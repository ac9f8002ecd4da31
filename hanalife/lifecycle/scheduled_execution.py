"""Tasks, their schedules and their jobs: work that the database keeps and workers execute."""

from __future__ import annotations

from hanalife.lifecycle.scheduled_jobs import ScheduledJobs
from hanalife.lifecycle.scheduled_pipelines import ScheduledPipelines
from hanalife.lifecycle.scheduled_watching import ScheduledWatching


class ScheduledExecution(ScheduledPipelines, ScheduledJobs, ScheduledWatching):
    """Scheduled execution of tasks.

    A task says what to do, a schedule when, a job is one execution. All three are rows of the
    database; jobs are executed by workers: ``hanalife worker`` in a terminal, or
    :meth:`start_worker` in this process. Result frames are live: they show the store as it is
    when they are collected.

    The process of a job writes its output tables and its status in one transaction, which is
    refused if another worker has taken the job over: whatever dies at whatever moment, no job
    is lost and none takes effect twice. For what else a function or notebook does see
    :meth:`create_task`.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where the tasks are kept.
    current_user : str, optional
        The owner of new tasks; default: the user of the database.
    now : callable
        Gives the present moment of a connection; by default the database's clock.

    Raises
    ------
    TaskNotFoundError
        By every method that names a task or schedule, if there is none, except those that
        remove it or cancel its jobs.
    """
