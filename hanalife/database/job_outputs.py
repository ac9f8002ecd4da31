"""Statements on what a job leaves beside its tables: texts such as an executed notebook, and its run."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables

_output, _run, _job = tables.job_output, tables.run, tables.job


def keep(connection: sa.Connection, job_id: int, name: str, content: str) -> None:
    """Keep a text of a job; one of an earlier attempt is replaced."""
    connection.execute(_output.delete().where(_output.c.job_id == job_id, _output.c.name == name))
    connection.execute(_output.insert().values(job_id=job_id, name=name, content=content))


def find(connection: sa.Connection, job_id: int, name: str) -> str | None:
    """Return a text of a job, or None."""
    query = sa.select(_output.c.content).where(_output.c.job_id == job_id, _output.c.name == name)
    return connection.execute(query).scalar()


def of_task(connection: sa.Connection, task_id: str, name: str) -> list[tuple[int, datetime, str]]:
    """Return job, its creation and text of each output of that name of a task's jobs, oldest job first."""
    query = sa.select(_job.c.job_id, _job.c.created_at, _output.c.content).join(_job, _job.c.job_id == _output.c.job_id)
    query = query.where(_job.c.task_id == task_id, _output.c.name == name).order_by(_output.c.job_id)
    return [(row.job_id, row.created_at, row.content) for row in connection.execute(query)]


def run_of(connection: sa.Connection, host: str, pid: int, since: datetime) -> str | None:
    """Return the newest run that a process has recorded since a moment, or None."""
    query = (
        sa.select(_run.c.run_id)
        .where(_run.c.host == host, _run.c.pid == pid, _run.c.created_at >= since)
        .order_by(_run.c.created_at.desc(), _run.c.run_id.desc())
    )
    return connection.execute(query.limit(1)).scalar()
