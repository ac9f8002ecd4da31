"""Statements on series of drift checks, and on who has seen their alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import DriftAcknowledgement, DriftSeries

_check, _result, _seen = tables.drift_check, tables.drift_result, tables.drift_acknowledgement


def series(connection: sa.Connection, references: Sequence[str] | None = None) -> list[DriftSeries]:
    """Return the series of checks against some references, or all, ordered by reference and segment."""
    is_open = (_check.c.verdict == "drift") & _seen.c.check_id.is_(None)
    query = (
        sa.select(
            sa.func.min(_check.c.check_id).label("series_id"),  # ids sort by time
            _check.c.reference,
            _check.c.segment,
            sa.func.count().label("checks"),
            sa.func.max(_check.c.created_at).label("last_at"),
            sa.func.sum(sa.case((is_open, 1), else_=0)).label("open_alerts"),
        )
        .outerjoin(_seen, _seen.c.check_id == _check.c.check_id)
        .group_by(_check.c.reference, _check.c.segment)
        .order_by(_check.c.reference, _check.c.segment)
    )
    if references is not None:
        query = query.where(_check.c.reference.in_(references))
    return [DriftSeries(**row._mapping) for row in connection.execute(query)]


def recent(
    connection: sa.Connection, most: int, references: Sequence[str] | None = None
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return window and verdict of the newest checks of each series, the oldest first; without those of performance."""
    place = (
        sa.func.row_number()
        .over(
            partition_by=(_check.c.reference, _check.c.segment),
            order_by=(_check.c.created_at.desc(), _check.c.check_id.desc()),
        )
        .label("place")
    )
    query = sa.select(_check, place).where(~_is_performance())
    if references is not None:
        query = query.where(_check.c.reference.in_(references))
    ranked = query.subquery()
    newest = sa.select(ranked.c.reference, ranked.c.segment, ranked.c.window, ranked.c.verdict)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in connection.execute(newest.where(ranked.c.place <= most).order_by(ranked.c.place.desc())):
        found.setdefault((row.reference, row.segment), []).append((row.window, row.verdict))
    return found


def _is_performance() -> sa.ColumnElement[bool]:
    return sa.exists().where(_result.c.check_id == _check.c.check_id, _result.c.role == "performance")


def series_of(connection: sa.Connection, check_id: str) -> DriftSeries | None:
    """Return the series that a check belongs to, or None if there is no such check."""
    place = sa.select(_check.c.reference, _check.c.segment).where(_check.c.check_id == check_id)
    head = connection.execute(place).first()
    if head is None:
        return None
    return next(one for one in series(connection, [head.reference]) if one.segment == head.segment)


def acknowledgements(connection: sa.Connection, check_ids: Sequence[str]) -> dict[str, DriftAcknowledgement]:
    """Return who has seen the alerts of checks, by check."""
    query = sa.select(_seen).where(_seen.c.check_id.in_(check_ids))
    return {row.check_id: DriftAcknowledgement(**row._mapping) for row in connection.execute(query)}


def acknowledge(connection: sa.Connection, seen: DriftAcknowledgement) -> None:
    """Note that somebody has seen an alert; nobody may have before."""
    connection.execute(_seen.insert().values(**asdict(seen)))
