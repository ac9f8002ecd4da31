"""Statements on drift checks."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import DriftCheck, DriftResult

_check, _result = tables.drift_check, tables.drift_result


def insert(connection: sa.Connection, check: DriftCheck) -> None:
    """Add a check and its results."""
    heads = {column.key: getattr(check, column.key) for column in _check.columns}
    connection.execute(_check.insert().values(**heads))
    rows = [
        {
            "check_id": check.check_id,
            "column_name": result.column,
            "method": result.method,
            "statistic": result.statistic,
            "p_value": result.p_value,
            "psi": result.psi,
            "drifted": result.drifted,
        }
        for result in check.results
    ]
    if rows:
        connection.execute(_result.insert(), rows)


def checks(connection: sa.Connection, limit: int = 100) -> list[DriftCheck]:
    """Return the newest checks with their results, newest first."""
    newest = sa.select(_check).order_by(_check.c.created_at.desc(), _check.c.check_id.desc()).limit(limit)
    heads = connection.execute(newest).all()
    ids = [head.check_id for head in heads]
    found: dict[str, list[DriftResult]] = {check_id: [] for check_id in ids}
    query = sa.select(_result).where(_result.c.check_id.in_(ids)).order_by(_result.c.column_name)
    for row in connection.execute(query):
        values = row.column_name, row.method, row.statistic, row.p_value, row.psi, row.drifted
        found[row.check_id].append(DriftResult(*values))
    return [DriftCheck(**head._mapping, results=tuple(found[head.check_id])) for head in heads]
