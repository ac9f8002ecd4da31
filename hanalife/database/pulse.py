"""Statements on what asks for attention: jobs under way, failures, drift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import JobStatus

_FAILURES = (JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.ABANDONED)

_job, _check, _result = tables.job, tables.drift_check, tables.drift_result
_seen = tables.drift_acknowledgement


def count_jobs(connection: sa.Connection, status: JobStatus) -> int:
    """Return the number of jobs with a status."""
    return connection.execute(sa.select(sa.func.count()).where(_job.c.status == status)).scalar_one()


def failure_times(connection: sa.Connection, limit: int) -> Sequence[datetime]:
    """Return when the newest jobs that failed ended, newest first."""
    ended = sa.select(_job.c.ended_at).where(_job.c.status.in_(_FAILURES), _job.c.ended_at.is_not(None))
    return connection.execute(ended.order_by(_job.c.ended_at.desc()).limit(limit)).scalars().all()


def drift_times(connection: sa.Connection, limit: int) -> Sequence[datetime]:
    """Return when the newest open alerts were raised, newest first."""
    return [head.created_at for head in connection.execute(_drifted().limit(limit))]


def drifted_checks(connection: sa.Connection, limit: int) -> list[tuple[sa.Row[Any], list[str]]]:
    """Return the heads of the newest checks with an open alert, and the columns that drifted, strongest first."""
    heads = connection.execute(_drifted().limit(limit)).all()
    columns: dict[str, list[str]] = {head.check_id: [] for head in heads}
    query = sa.select(_result.c.check_id, _result.c.column_name).where(
        _result.c.check_id.in_(list(columns)), _result.c.drifted
    )
    for row in connection.execute(query.order_by(_result.c.indicator.desc(), _result.c.column_name)):
        columns[row.check_id].append(row.column_name)
    return [(head, columns[head.check_id]) for head in heads]


def _drifted() -> sa.Select[Any]:
    found = sa.exists().where(_result.c.check_id == _check.c.check_id, _result.c.drifted)
    acknowledged = sa.exists().where(_seen.c.check_id == _check.c.check_id)
    return sa.select(_check).where(found, ~acknowledged).order_by(_check.c.created_at.desc(), _check.c.check_id.desc())
