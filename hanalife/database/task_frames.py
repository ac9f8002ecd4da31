"""Queries behind the frames of scheduled execution, with SAP HANA's column names.

A frame over such a query is live: it shows the store as it is when it is collected. Moments
are in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables

_task, _schedule, _job, _log = tables.task, tables.schedule, tables.job, tables.task_log

_WORD = sa.String(64)


def schedule(task_id: str, schema: str) -> sa.Select[Any]:
    """Select the one schedule of a task, with its owner."""
    return (
        sa.select(
            _task.c.owner.label("OWNER"),
            sa.literal(schema, sa.String(256)).label("SCHEMA_NAME"),
            *_schedule_columns("SCHEDULE_NAME", "CRON", "START_TIME", "END_TIME", "IS_ENABLED", "CREATE_TIME"),
        )
        .join_from(_schedule, _task)
        .where(_schedule.c.task_id == task_id)
    )


def schedule_validity(task_id: str) -> sa.Select[Any]:
    """Select the one schedule of a task, with whether it can still become due."""
    columns = ("SCHEDULE_NAME", "CRON", "START_TIME", "END_TIME", "IS_ENABLED", "IS_VALID", "CREATE_TIME")
    return sa.select(*_schedule_columns(*columns)).where(_schedule.c.task_id == task_id)


def removed_task(task_id: str, schema: str, procedure: str) -> sa.Select[Any]:
    """Select a task as its removal reports it."""
    return sa.select(
        _task.c.task_id.label("TASK_ID"),
        _task.c.owner.label("TASK_OWNER"),
        sa.literal(schema, sa.String(256)).label("PROC_SCHEMA"),
        sa.literal(procedure, sa.String(256)).label("PROC_NAME"),
    ).where(_task.c.task_id == task_id)


def chain(task_id: str) -> sa.Select[Any]:
    """Select a task with its place in a composite (it has none) and its latest job."""
    latest = sa.select(sa.func.max(_job.c.job_id)).where(_job.c.task_id == task_id).scalar_subquery()
    return sa.select(
        _task.c.task_id.label("TASK_ID"),
        _task.c.description.label("TASK_DESCRIPTION"),
        _nothing(sa.String(256)).label("PARENT_TASK_ID"),
        sa.func.upper(_task.c.kind, type_=_WORD).label("TASK_TYPE"),
        _nothing(sa.Integer()).label("SEQ_ORDER"),
        _nothing(_WORD).label("PARALLEL_ATTRIBUTE"),
        latest.label("CURRENT_JOB_ID"),
        _moment(_task.c.created_at).label("CREATED_AT"),
    ).where(_task.c.task_id == task_id)


def definition(task_id: str, schema: str, procedure: str) -> sa.Select[Any]:
    """Select the procedure of a task."""
    columns = removed_task(task_id, schema, procedure).selected_columns
    return sa.select(columns.TASK_ID, columns.PROC_SCHEMA, columns.PROC_NAME).where(_task.c.task_id == task_id)


def parameters(task_id: str, rows: Sequence[tuple[str, str | None, str, str]]) -> sa.Select[Any]:
    """Select rows (name, schema, argument, category) as the parameters of a task."""
    names = ("PARAM_NAME", "ARGUMENT_SCHEMA", "ARGUMENT", "ARGUMENT_CATEGORY")
    selects = [
        sa.select(
            sa.literal(task_id, sa.String(256)).label("TASK_ID"),
            *(_text(value).label(name) for name, value in zip(names, row, strict=True)),
        )
        for row in rows
    ]
    return sa.select(*sa.union_all(*selects).subquery().columns)


def task_log(task_id: str) -> sa.Select[Any]:
    """Select the whole log of a task in the order it was written."""
    return (
        sa.select(
            _log.c.task_id.label("TASK_ID"),
            _log.c.job_id.label("JOB_ID"),
            _log.c.seq.label("SEQ"),
            _log.c.event_key.label("EVENT_KEY"),
            _moment(_log.c.event_time).label("EVENT_TIMESTAMP"),
            _log.c.message.label("EVENT_MESSAGE"),
        )
        .where(_log.c.task_id == task_id)
        .order_by(_log.c.entry_id)
    )


def log_lines(task_id: str, since: datetime | None = None) -> sa.Select[Any]:
    """Select the log of a task without its keys, perhaps only from a moment on."""
    query = (
        sa.select(
            _log.c.task_id.label("TASK_ID"),
            _log.c.seq.label("SEQ"),
            _moment(_log.c.event_time).label("LOG_TIMESTAMP"),
            _log.c.message.label("LOG_MESSAGE"),
        )
        .where(_log.c.task_id == task_id)
        .order_by(_log.c.entry_id)
    )
    return query if since is None else query.where(_log.c.event_time >= since)


def job_tree(task_id: str, job_id: int) -> sa.Select[Any]:
    """Select one job of a task; a single task's tree is one row."""
    return (
        sa.select(
            _job.c.task_id.label("TASK_ID"),
            _nothing(sa.String(256)).label("PARENT_TASK_ID"),
            sa.func.upper(_task.c.kind, type_=_WORD).label("TASK_TYPE"),
            _nothing(sa.Integer()).label("SEQ_ORDER"),
            _nothing(_WORD).label("PARALLEL_ATTRIBUTE"),
            _job.c.status.label("STATUS"),
            _moment(_job.c.started_at).label("START_TIME"),
            _moment(_job.c.ended_at).label("END_TIME"),
        )
        .join_from(_job, _task, _task.c.task_id == _job.c.task_id)
        .where(_job.c.task_id == task_id, _job.c.job_id == job_id)
    )


def job_log(task_id: str, job_id: int) -> sa.Select[Any]:
    """Select the log of one job in the order it was written."""
    return (
        sa.select(
            _log.c.task_id.label("TASK_ID"),
            _log.c.event_key.label("LOG_TYPE"),
            _log.c.seq.label("SEQ"),
            _moment(_log.c.event_time).label("LOG_TIMESTAMP"),
            _log.c.message.label("LOG_MESSAGE"),
        )
        .where(_log.c.task_id == task_id, _log.c.job_id == job_id)
        .order_by(_log.c.entry_id)
    )


def jobs(task_id: str, job_id: int | None, *, descending: bool) -> sa.Select[Any]:
    """Select the jobs of a task by start; those that wait have none and come as the latest."""
    order = (_job.c.started_at.is_(None), _job.c.started_at, _job.c.job_id)
    query = (
        sa.select(
            _job.c.task_id.label("TASK_ID"),
            _job.c.job_id.label("JOB_ID"),
            _job.c.status.label("STATUS"),
            _moment(_job.c.due).label("DUE_TIME"),
            _moment(_job.c.started_at).label("START_TIME"),
            _moment(_job.c.ended_at).label("END_TIME"),
            _job.c.attempt.label("ATTEMPT"),
            _job.c.message.label("MESSAGE"),
        )
        .where(_job.c.task_id == task_id)
        .order_by(*(key.desc() if descending else key for key in order))
    )
    return query if job_id is None else query.where(_job.c.job_id == job_id)


def cancel_status(word: str) -> sa.Select[Any]:
    """Select what became of a wish to cancel."""
    return sa.select(sa.literal(word, sa.String(16)).label("CANCEL_STATUS"))


def frozen(connection: sa.Connection, query: sa.Select[Any]) -> sa.Select[Any]:
    """Return a query that gives the one row that another gives now, whatever happens to it later."""
    row = connection.execute(query).one()
    columns = query.selected_columns
    return sa.select(
        *(sa.literal(value, column.type).label(str(column.key)) for value, column in zip(row, columns, strict=True))
    )


def _schedule_columns(*names: str) -> list[sa.ColumnElement[Any]]:
    columns: dict[str, sa.ColumnElement[Any]] = {
        "SCHEDULE_NAME": _schedule.c.task_id,
        "CRON": _schedule.c.cron,
        "START_TIME": _moment(_schedule.c.start_time),
        "END_TIME": _moment(_schedule.c.end_time),
        "IS_ENABLED": _truth(_schedule.c.enabled),
        "IS_VALID": _truth(sa.or_(_schedule.c.next_due.is_not(None), ~_schedule.c.enabled)),
        "CREATE_TIME": _moment(_schedule.c.created_at),
    }
    return [columns[name].label(name) for name in names]


def _truth(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[str]:
    return sa.type_coerce(sa.case((condition, "TRUE"), else_="FALSE"), sa.String(5))


def _moment(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    return sa.type_coerce(column, sa.DateTime())  # a frame's TIMESTAMP has no zone


def _text(value: str | None) -> sa.ColumnElement[Any]:
    return _nothing(sa.String()) if value is None else sa.literal(value, sa.String())


def _nothing(kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.null(), kind)
