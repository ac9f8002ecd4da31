"""Plans of the model storage as tasks: fit a stored model's like again, on new rows, as its next version."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError
from hanalife.lifecycle import calls
from hanalife.lifecycle.scheduled_execution import ScheduledExecution
from hanalife.records import ModelVersion
from hanalife.scheduling import cron

if TYPE_CHECKING:
    import pandas as pd


def check(context: ConnectionContext, version: ModelVersion, plan: Mapping[str, Any]) -> None:
    """Refuse a plan that could not be carried out.

    Raises
    ------
    CronError, BadSQLError, InvalidArgumentError, NotSupportedError
        Its time, its query, its parameters or its class are of no use.
    """
    cron.normalize(plan["schedule_time"])
    context.sql(plan["training_dataset_select_statement"])
    model = _unfitted(version, plan)
    unknown = [name for name in _fit_parameters(version, plan) if name not in inspect.signature(model.fit).parameters]
    if unknown:
        raise InvalidArgumentError(f"fit_params: {', '.join(unknown)} are no arguments of fit.")


def start(context: ConnectionContext, version: ModelVersion, plan: Mapping[str, Any]) -> None:
    """Create the task and its schedule; an old task of that name is replaced."""
    model = _unfitted(version, plan)
    data = context.sql(plan["training_dataset_select_statement"])
    scheduler: Any = ScheduledExecution(context)
    scheduler.create_fit_schedule(
        obj=model,
        fit_params={"data": data, **_fit_parameters(version, plan)},
        task_id=plan["job_name"],
        cron=plan["schedule_time"],
        recurrence_range=_range(plan),
        force=True,
    )


def terminate(context: ConnectionContext, plan: Mapping[str, Any]) -> None:
    """Remove the task with its schedule, if it is there."""
    ScheduledExecution(context).remove_task(plan["job_name"], force=True)


def show(context: ConnectionContext, plan: Mapping[str, Any]) -> pd.DataFrame:
    """Return the schedule as the database lists it."""
    return ScheduledExecution(context).query_task_schedule(plan["job_name"])[0].collect()


def _unfitted(version: ModelVersion, plan: Mapping[str, Any]) -> Any:
    return calls.unfitted_like(version, plan["init_params"])


def _fit_parameters(version: ModelVersion, plan: Mapping[str, Any]) -> dict[str, Any]:
    return {**version.state["fit_parameters"], **plan["fit_params"]}


def _range(plan: Mapping[str, Any]) -> dict[str, str] | None:
    given = {"start": plan["job_start_time"], "end": plan["job_end_time"]}
    return {name: moment for name, moment in given.items() if moment} or None
