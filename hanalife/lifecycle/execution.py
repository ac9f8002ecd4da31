"""One job of a task: what its definition says is done, and written together with its end.

A definition is data from the database. What this hanalife does not know in it is refused.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace as changed
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import sqlalchemy as sa

from hanalife.database import dialects, job_outputs, leases
from hanalife.database.leases import Lease
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import Error, LostLeaseError
from hanalife.lifecycle import calls, drift_tasks, notebooks, pipeline_steps, procedures, statements
from hanalife.lifecycle.outcomes import FACTS, Result
from hanalife.records import Job, Task
from hanalife.storage.storage import ModelStorage


def execute(context: ConnectionContext, task: Task, job: Job, lease: Lease) -> Result:
    """Do what a task says.

    Raises
    ------
    Error
        The task is of a kind that this hanalife does not know, or cannot be done; the message
        says why and how to mend it.
    """
    kinds: dict[str, Callable[[ConnectionContext, Task, Job, Lease], Result]] = {
        **dict.fromkeys(calls.METHODS, _call_model),
        "callable": _call_function,
        "sql": _execute_sql,
        "notebook": _execute_notebook,
        "drift": drift_tasks.execute,
        **pipeline_steps.KINDS,
    }
    if task.kind not in kinds:
        raise Error(f"Task {task.task_id!r} is of kind {task.kind!r}, which this hanalife does not know; upgrade it.")
    return kinds[task.kind](context, task, job, lease)


def commit(context: ConnectionContext, lease: Lease, result: Result) -> None:
    """Write the output tables and end the job well: all of it, or nothing.

    The lease is checked last, because the row of the job stays locked from then on: its worker
    and all others must be able to renew and read it while long outputs are written.

    Raises
    ------
    LostLeaseError
        Another worker has taken the job over; nothing was written.
    """
    with context.session(writes=True) as connection:
        now = dialects.now(connection)
        for table, frame in zip(result.outputs, result.frames, strict=True):
            if result.append:
                _append(context, table, frame, lease.job_id, now)
            else:
                context.create_table_as(table, frame.query)
        finding = None if result.write is None else result.write(connection)
        if finding is not None:
            job_outputs.keep(connection, lease.job_id, FACTS, json.dumps(dict(finding.facts)))
            print(f"{finding.verdict}: {finding.reason}")  # noqa: T201 - into the job's log
        said = (None, "") if finding is None else (finding.verdict, finding.reason)
        if not leases.succeed(connection, lease, now, recorded_run(connection, now), *said):
            raise LostLeaseError(
                f"Job {lease.job_id} was cancelled or taken over by another worker; "
                f"attempt {lease.attempt} has written nothing."
            )


def recorded_run(connection: sa.Connection, now: datetime) -> str | None:
    """Return the run that this process has recorded, or None; a day ago its number was another's."""
    return job_outputs.run_of(connection, socket.gethostname(), os.getpid(), now - timedelta(days=1))


def _append(context: ConnectionContext, table: str, frame: DataFrame, job_id: int, now: datetime) -> None:
    rows = frame.query.subquery()
    marks = (
        sa.literal(job_id, sa.BigInteger()).label("JOB_ID"),
        sa.literal(now.replace(tzinfo=None), sa.DateTime()).label("RUN_TIME"),
    )
    query = sa.select(*marks, *rows.columns)
    if context.has_relation(table):
        context.insert_query(table, query)
    else:
        context.create_table_as(table, query)


# --- the kinds of tasks -----------------------------------------------------------------------


def _call_model(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    call = calls.Call(**task.definition)
    values = {name: {"value": value} for name, value in (job.parameters or {}).items()}
    call = changed(call, parameters={**call.parameters, **values})
    outcome = calls.execute(context, call, task.task_id, f"{task.task_id} job {job.job_id}")
    fitted = outcome.fitted

    def save(connection: sa.Connection) -> None:
        ModelStorage(context).within(connection).save_model(fitted)
        print(f"Stored as model {fitted.name!r}, version {fitted.version}.")  # noqa: T201 - into the job's log

    write = save if fitted is not None and fitted.name is not None else None
    return Result(outcome.frames, call.outputs, call.append, write)


def _call_function(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    definition = task.definition
    kept = {name: calls.revive(context, name, value) for name, value in definition["parameters"].items()}
    given = {"connection_context": context, "due": job.due, "job_id": job.job_id}
    found = procedures.call(definition["path"], kept | dict(job.parameters or {}), given)
    several = isinstance(found, list | tuple) and found
    frames = [_frame(context, one, place) for place, one in enumerate(found if several else [found])]
    if any(frame is None for frame in frames):
        if found is not None:
            print(f"Returned: {found!r}")  # noqa: T201 - into the job's log
        return Result()
    outputs = calls.output_names(context, task.task_id, len(frames), definition["outputs"][: len(frames)])
    return Result([frame for frame in frames if frame is not None], outputs, definition["append"])


def _frame(context: ConnectionContext, value: Any, place: int) -> DataFrame | None:
    if isinstance(value, pd.DataFrame):
        return create_dataframe_from_pandas(context, value, f"#HL_OUTPUT_{place}", force=True)
    return value if isinstance(value, DataFrame) else None


def _execute_sql(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    definition = task.definition
    sql = statements.check(context, definition["sql"], _values(task, job))
    if statements.is_query(sql):
        return Result([context.sql(sql)], definition["outputs"], definition["append"])

    def write(connection: sa.Connection) -> None:
        rows = statements.execute(connection, sql, _values(task, job), job.due, job.job_id)
        print(f"Rows changed: {', '.join(map(str, rows))}.")  # noqa: T201 - into the job's log

    return Result(write=write)


def _execute_notebook(context: ConnectionContext, task: Task, job: Job, lease: Lease) -> Result:
    url = context.database.url.render_as_string(hide_password=False)
    name = task.definition["notebook"]
    try:
        content = notebooks.execute(name, _values(task, job), job.due, job.job_id, url)
    except notebooks.NotebookFailedError as error:
        with context.database.write() as connection:
            _keep_notebook(connection, context, lease, error.content)
        raise
    return Result(write=lambda connection: _keep_notebook(connection, context, lease, content))


def _keep_notebook(connection: sa.Connection, context: ConnectionContext, lease: Lease, content: str) -> None:
    password = context.database.url.password
    text = content.replace(str(password), "***") if password else content
    job_outputs.keep(connection, lease.job_id, notebooks.OUTPUT, text)


def _values(task: Task, job: Job) -> Mapping[str, Any]:
    return {**task.definition["parameters"], **(job.parameters or {})}
