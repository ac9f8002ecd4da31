"""Queries behind the frames on schedules and their ledger, with SAP HANA's column names. Moments are in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.database.task_frames import moment, procedure_of, truth

_task, _schedule, _tick, _job = tables.task, tables.schedule, tables.tick, tables.job


def schedule(task_id: str, schema: str) -> sa.Select[Any]:
    """Select the one schedule of a task, with its owner."""
    return (
        sa.select(
            _task.c.owner.label("OWNER"),
            sa.literal(schema, sa.String(256)).label("SCHEMA_NAME"),
            *_columns("SCHEDULE_NAME", "CRON", "START_TIME", "END_TIME", "IS_ENABLED", "CREATE_TIME"),
        )
        .join_from(_schedule, _task)
        .where(_schedule.c.task_id == task_id)
    )


def schedule_validity(task_id: str) -> sa.Select[Any]:
    """Select the one schedule of a task, with whether it can still become due."""
    columns = ("SCHEDULE_NAME", "CRON", "START_TIME", "END_TIME", "IS_ENABLED", "IS_VALID", "CREATE_TIME")
    return sa.select(*_columns(*columns)).where(_schedule.c.task_id == task_id)


def of_owner(owner: str | None, schema: str, procedures: Mapping[str, str]) -> sa.Select[Any]:
    """Select the schedules of an owner's tasks, or of all, in the columns of SAP HANA's SCHEDULER_JOBS."""
    query = sa.select(
        _task.c.owner.label("USER_NAME"),
        sa.literal(schema, sa.String(256)).label("SCHEMA_NAME"),
        _schedule.c.task_id.label("SCHEDULER_JOB_NAME"),
        sa.literal(schema, sa.String(256)).label("PROCEDURE_SCHEMA_NAME"),
        procedure_of(procedures).label("PROCEDURE_NAME"),
        *_columns("CRON", "START_TIME", "END_TIME", "IS_ENABLED", "IS_VALID"),
        _task.c.description.label("COMMENTS"),
        *_columns("CREATE_TIME"),
    ).join_from(_schedule, _task)
    query = query if owner is None else query.where(_task.c.owner == owner)
    return query.order_by(_schedule.c.task_id)


def ledger(task_id: str, start: datetime | None, end: datetime | None) -> sa.Select[Any]:
    """Select what became of the due times of a task in a range that includes both ends."""
    query = (
        sa.select(
            moment(_tick.c.due).label("DUE_TIME"),
            _tick.c.status.label("STATUS"),
            _tick.c.job_id.label("JOB_ID"),
            _job.c.status.label("JOB_STATUS"),
            moment(_tick.c.recorded_at).label("RECORDED_AT"),
        )
        .join_from(_tick, _job, _job.c.job_id == _tick.c.job_id, isouter=True)
        .where(_tick.c.task_id == task_id)
        .order_by(_tick.c.due)
    )
    query = query if start is None else query.where(_tick.c.due >= start)
    return query if end is None else query.where(_tick.c.due <= end)


def _columns(*names: str) -> list[sa.ColumnElement[Any]]:
    columns: dict[str, sa.ColumnElement[Any]] = {
        "SCHEDULE_NAME": _schedule.c.task_id,
        "CRON": _schedule.c.cron,
        "START_TIME": moment(_schedule.c.start_time),
        "END_TIME": moment(_schedule.c.end_time),
        "IS_ENABLED": truth(_schedule.c.enabled),
        "IS_VALID": truth(sa.or_(_schedule.c.next_due.is_not(None), ~_schedule.c.enabled)),
        "CREATE_TIME": moment(_schedule.c.created_at),
    }
    return [columns[name].label(name) for name in names]
