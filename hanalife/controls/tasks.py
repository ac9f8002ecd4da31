"""The controls of tasks and their schedules."""

from __future__ import annotations

from collections.abc import Mapping

from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.lifecycle.scheduled_execution import ScheduledExecution


def pause(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Let a schedule rest."""
    ScheduledExecution(context).pause_task_schedule(args["task_id"])


def resume(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Let a paused schedule go on."""
    ScheduledExecution(context).resume_task_schedule(args["task_id"])


CONTROLS: Mapping[str, Control] = {
    "task.pause": Control(pause, ("task_id",)),
    "task.resume": Control(resume, ("task_id",)),
}
