"""The controls of tasks, their schedules and their jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError
from hanalife.lifecycle.scheduled_execution import ScheduledExecution

#: A front end waits so long for jobs to stop; if they have not by then, it sees it happen.
CANCEL_SECONDS = 3.0


def run(context: ConnectionContext, args: Mapping[str, str]) -> dict[str, str]:
    """Queue a job now, perhaps with other parameters than the task's own."""
    parameters = _parameters(args["parameters"]) if "parameters" in args else None
    job_id = ScheduledExecution(context).create_one_off_task_schedule(args["task_id"], parameters)
    return {"job_id": str(job_id)}


def cancel(context: ConnectionContext, args: Mapping[str, str]) -> dict[str, str]:
    """Stop the jobs of a task: CANCELLED, TIMEOUT if one still runs, NONE if there was nothing to stop."""
    frame = ScheduledExecution(context).cancel_schedule_job(args["task_id"], CANCEL_SECONDS)
    return {"status": "NONE" if frame is None else str(frame.collect().iat[0, 0])}


def pause(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Let a schedule rest."""
    ScheduledExecution(context).pause_task_schedule(args["task_id"])


def resume(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Let a paused schedule go on."""
    ScheduledExecution(context).resume_task_schedule(args["task_id"])


def create_schedule(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Give a task a schedule."""
    timezone = args.get("timezone", "UTC")
    ScheduledExecution(context).create_task_schedule(args["task_id"], args["cron"], timezone=timezone)


def alter_schedule(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Change when a schedule is due."""
    ScheduledExecution(context).alter_task_schedule(args["task_id"], args["cron"], timezone=args.get("timezone"))


def remove_schedule(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Take the schedule of a task away; the task, its jobs and its ledger stay."""
    ScheduledExecution(context).remove_task_schedule(args["task_id"])


def _parameters(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InvalidArgumentError(f"parameters: {text!r} is not JSON: {error}.") from None
    if not isinstance(values, dict):
        raise InvalidArgumentError(f"parameters: {text!r} is not allowed; give a JSON object of names and values.")
    return values


CONTROLS: Mapping[str, Control] = {
    "task.run": Control(run, ("task_id",), ("parameters",)),
    "task.cancel": Control(cancel, ("task_id",)),
    "task.pause": Control(pause, ("task_id",)),
    "task.resume": Control(resume, ("task_id",)),
    "schedule.create": Control(create_schedule, ("task_id", "cron"), ("timezone",)),
    "schedule.alter": Control(alter_schedule, ("task_id", "cron"), ("timezone",)),
    "schedule.remove": Control(remove_schedule, ("task_id",)),
}
