"""Queries behind the frames of scheduled execution, with SAP HANA's column names.

A frame over such a query is live: it shows the store as it is when it is collected. Moments
are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables

_task, _member, _job, _log = tables.task, tables.task_member, tables.job, tables.task_log

_WORD = sa.String(64)


def removed(task_ids: Sequence[str], schema: str, procedures: Mapping[str, str], *, kinds: bool) -> sa.Select[Any]:
    """Select tasks as their removal reports them, with their kinds if it is asked for."""
    rank = sa.case({name: place for place, name in enumerate(task_ids)}, value=_task.c.task_id)
    of_kind = (_kind().label("TASK_TYPE"), _task.c.parallel_attribute.label("PARALLEL_ATTRIBUTE")) if kinds else ()
    return (
        sa.select(
            _task.c.task_id.label("TASK_ID"),
            _task.c.owner.label("TASK_OWNER"),
            *of_kind,
            sa.literal(schema, sa.String(256)).label("PROC_SCHEMA"),
            procedure_of(procedures).label("PROC_NAME"),
        )
        .where(_task.c.task_id.in_(task_ids))
        .order_by(rank)
    )


def composite(task_id: str, *, parallel: bool) -> sa.Select[Any]:
    """Select a composite as its creation reports it."""
    attribute = (_task.c.parallel_attribute.label("PARALLEL_ATTRIBUTE"),) if parallel else ()
    columns = (_task.c.task_id.label("TASK_ID"), _task.c.owner.label("TASK_OWNER"), _kind().label("TASK_TYPE"))
    return sa.select(*columns, *attribute).where(_task.c.task_id == task_id)


def chain(task_id: str) -> sa.Select[Any]:
    """Select a task and all that it is made of, with their places there and their latest jobs."""
    first = sa.select(
        sa.literal(task_id, sa.String(256)).label("task_id"),
        _nothing(sa.String(256)).label("parent_id"),
        _nothing(sa.Integer()).label("seq_order"),
        sa.cast(sa.literal(""), sa.Text()).label("path"),
    )
    tree = first.cte("tree", recursive=True)
    below = sa.select(_member.c.member_id, _member.c.task_id, _member.c.seq_order, _path(tree, _member.c.seq_order))
    tree = tree.union_all(below.join_from(tree, _member, _member.c.task_id == tree.c.task_id))
    latest = sa.select(sa.func.max(_job.c.job_id)).where(_job.c.task_id == tree.c.task_id).scalar_subquery()
    return (
        sa.select(
            tree.c.task_id.label("TASK_ID"),
            _task.c.description.label("TASK_DESCRIPTION"),
            tree.c.parent_id.label("PARENT_TASK_ID"),
            _kind().label("TASK_TYPE"),
            tree.c.seq_order.label("SEQ_ORDER"),
            _task.c.parallel_attribute.label("PARALLEL_ATTRIBUTE"),
            latest.label("CURRENT_JOB_ID"),
            moment(_task.c.created_at).label("CREATED_AT"),
        )
        .join_from(tree, _task, _task.c.task_id == tree.c.task_id)
        .order_by(tree.c.path)
    )


def rows(names: Sequence[str], values: Sequence[Sequence[str | None]]) -> sa.Select[Any]:
    """Select texts that are known already, in their order."""
    selects = [
        sa.select(
            sa.literal(place, sa.Integer()).label("place"),
            *(_text(value).label(name) for name, value in zip(names, row, strict=True)),
        )
        for place, row in enumerate(values)
    ]
    none = sa.select(_nothing(sa.Integer()).label("place"), *(_nothing(sa.String()).label(name) for name in names))
    found = sa.union_all(*selects).subquery() if selects else none.where(sa.false()).subquery()
    return sa.select(*(found.c[name] for name in names)).order_by(found.c.place)


def task_log(task_id: str) -> sa.Select[Any]:
    """Select the whole log of a task in the order it was written."""
    return (
        sa.select(
            _log.c.task_id.label("TASK_ID"),
            _log.c.job_id.label("JOB_ID"),
            _log.c.seq.label("SEQ"),
            _log.c.event_key.label("EVENT_KEY"),
            moment(_log.c.event_time).label("EVENT_TIMESTAMP"),
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
            moment(_log.c.event_time).label("LOG_TIMESTAMP"),
            _log.c.message.label("LOG_MESSAGE"),
        )
        .where(_log.c.task_id == task_id)
        .order_by(_log.c.entry_id)
    )
    return query if since is None else query.where(_log.c.event_time >= since)


def job_tree(job_id: int) -> sa.Select[Any]:
    """Select one job with the jobs that are its parts, at any depth."""
    first = sa.select(_job.c.job_id, _nothing(sa.String(256)).label("parent_id"), sa.cast("", sa.Text()).label("path"))
    tree = first.where(_job.c.job_id == job_id).cte("tree", recursive=True)
    above, part = _job.alias("above"), _job.alias("part")
    below = (
        sa.select(part.c.job_id, above.c.task_id, _path(tree, part.c.seq_order))
        .join_from(tree, part, part.c.parent_job_id == tree.c.job_id)
        .join(above, above.c.job_id == tree.c.job_id)
    )
    tree = tree.union_all(below)
    return (
        sa.select(
            _job.c.task_id.label("TASK_ID"),
            tree.c.parent_id.label("PARENT_TASK_ID"),
            _kind().label("TASK_TYPE"),
            _job.c.seq_order.label("SEQ_ORDER"),
            _task.c.parallel_attribute.label("PARALLEL_ATTRIBUTE"),
            _job.c.status.label("STATUS"),
            moment(_job.c.started_at).label("START_TIME"),
            moment(_job.c.ended_at).label("END_TIME"),
        )
        .join_from(tree, _job, _job.c.job_id == tree.c.job_id)
        .join(_task, _task.c.task_id == _job.c.task_id, isouter=True)
        .order_by(tree.c.path)
    )


def job_log(task_id: str, job_id: int) -> sa.Select[Any]:
    """Select the log of one job in the order it was written."""
    return (
        sa.select(
            _log.c.task_id.label("TASK_ID"),
            _log.c.event_key.label("LOG_TYPE"),
            _log.c.seq.label("SEQ"),
            moment(_log.c.event_time).label("LOG_TIMESTAMP"),
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
            moment(_job.c.due).label("DUE_TIME"),
            moment(_job.c.started_at).label("START_TIME"),
            moment(_job.c.ended_at).label("END_TIME"),
            _job.c.attempt.label("ATTEMPT"),
            _job.c.message.label("MESSAGE"),
            _job.c.cpu_seconds.label("CPU_SECONDS"),
            _job.c.peak_memory_bytes.label("PEAK_MEMORY_BYTES"),
            _job.c.run_id.label("RUN_ID"),
            _job.c.parent_job_id.label("PARENT_JOB_ID"),
            _job.c.verdict.label("VERDICT"),
        )
        .where(_job.c.task_id == task_id)
        .order_by(*(key.desc() if descending else key for key in order))
    )
    return query if job_id is None else query.where(_job.c.job_id == job_id)


def cancel_status(word: str) -> sa.Select[Any]:
    """Select what became of a wish to cancel."""
    return sa.select(sa.literal(word, sa.String(16)).label("CANCEL_STATUS"))


def workers(alive_since: datetime) -> sa.Select[Any]:
    """Select the workers with a sign of life at that moment or later, oldest first."""
    worker = tables.worker
    return (
        sa.select(
            worker.c.worker_id.label("WORKER_ID"),
            worker.c.host.label("HOST"),
            worker.c.pid.label("PID"),
            worker.c.max_jobs.label("MAX_JOBS"),
            moment(worker.c.started_at).label("STARTED_AT"),
            moment(worker.c.heartbeat_at).label("HEARTBEAT_AT"),
        )
        .where(worker.c.heartbeat_at >= alive_since)
        .order_by(worker.c.started_at, worker.c.worker_id)
    )


def frozen(connection: sa.Connection, query: sa.Select[Any]) -> sa.Select[Any]:
    """Return a query that gives the rows that another gives now, whatever happens to them later."""
    columns = query.selected_columns
    selects = [
        sa.select(
            sa.literal(place, sa.Integer()).label("place"),
            *(
                sa.literal(value, column.type).label(str(column.key))
                for value, column in zip(row, columns, strict=True)
            ),
        )
        for place, row in enumerate(connection.execute(query))
    ]
    found = sa.union_all(*selects).subquery()
    return sa.select(*(found.c[str(column.key)] for column in columns)).order_by(found.c.place)


def procedure_of(procedures: Mapping[str, str]) -> sa.ColumnElement[str]:
    """Return the procedure of each task, as it was known when it was asked for."""
    if not procedures:
        return sa.literal("", sa.String(256))
    return sa.type_coerce(sa.case(procedures, value=_task.c.task_id, else_=""), sa.String(256))


def truth(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[str]:
    """Return SAP HANA's word for whether a condition holds."""
    return sa.type_coerce(sa.case((condition, "TRUE"), else_="FALSE"), sa.String(5))


def moment(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    """Return a moment as a frame has it: a TIMESTAMP, which has no zone."""
    return sa.type_coerce(column, sa.DateTime())


def _kind() -> sa.ColumnElement[str]:
    return sa.func.upper(_task.c.kind, type_=_WORD)


def _path(tree: sa.CTE, place: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Return a text that sorts below that of the parent, by place; a composite has less than 100,000 parts."""
    return (tree.c.path + "/" + sa.cast(place + 100_000, sa.Text())).label("path")


def _text(value: str | None) -> sa.ColumnElement[Any]:
    return _nothing(sa.String()) if value is None else sa.literal(value, sa.String())


def _nothing(kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    return sa.cast(sa.null(), kind)
