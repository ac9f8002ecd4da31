"""Statements on what a job leaves beside its tables: texts such as an executed notebook, and its run."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables

_output, _run = tables.job_output, tables.run


def keep(connection: sa.Connection, job_id: int, name: str, content: str) -> None:
    """Keep a text of a job; one of an earlier attempt is replaced."""
    connection.execute(_output.delete().where(_output.c.job_id == job_id, _output.c.name == name))
    connection.execute(_output.insert().values(job_id=job_id, name=name, content=content))


def find(connection: sa.Connection, job_id: int, name: str) -> str | None:
    """Return a text of a job, or None."""
    query = sa.select(_output.c.content).where(_output.c.job_id == job_id, _output.c.name == name)
    return connection.execute(query).scalar()


def run_of(connection: sa.Connection, host: str, pid: int, since: datetime) -> str | None:
    """Return the newest run that a process has recorded since a moment, or None."""
    query = (
        sa.select(_run.c.run_id)
        .where(_run.c.host == host, _run.c.pid == pid, _run.c.created_at >= since)
        .order_by(_run.c.created_at.desc(), _run.c.run_id.desc())
    )
    return connection.execute(query.limit(1)).scalar()
