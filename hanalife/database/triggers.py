"""Statements on triggers, and the observations that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from hanalife import evidence
from hanalife.conditions import Field, Kind
from hanalife.database import search_values, tables
from hanalife.records import Trigger

_trigger = tables.trigger


def find(connection: sa.Connection, task_id: str) -> Trigger | None:
    """Return the trigger of a task, or None."""
    row = connection.execute(sa.select(_trigger).where(_trigger.c.task_id == task_id)).first()
    return None if row is None else Trigger(**row._mapping)


def replace(connection: sa.Connection, new: Trigger) -> None:
    """Give a task its one trigger."""
    delete(connection, new.task_id)
    connection.execute(_trigger.insert().values(**asdict(new)))


def delete(connection: sa.Connection, task_id: str) -> bool:
    """Take the trigger of a task away; False if it has none."""
    return connection.execute(_trigger.delete().where(_trigger.c.task_id == task_id)).rowcount > 0


def due(connection: sa.Connection, now: datetime) -> list[Trigger]:
    """Return the triggers whose next check is due."""
    query = sa.select(_trigger).where(_trigger.c.next_check <= now).order_by(_trigger.c.next_check)
    return [Trigger(**row._mapping) for row in connection.execute(query)]


def advance(connection: sa.Connection, before: Trigger, after: Trigger) -> bool:
    """Write what a check found; False if another worker was quicker or the trigger was changed."""
    same = sa.and_(_trigger.c.task_id == before.task_id, _trigger.c.next_check == before.next_check)
    values = {"seen": after.seen, "next_check": after.next_check, "message": after.message}
    return connection.execute(_trigger.update().where(same).values(**values)).rowcount == 1


def observe_table(connection: sa.Connection, watched: Mapping[str, Any]) -> Any:
    """Return the number of rows of a table, or the greatest value of its key, as JSON."""
    columns: list[sa.ColumnClause[Any]] = (
        [] if watched["key"] is None else [sa.column(sa.sql.quoted_name(watched["key"], quote=True))]
    )
    table = sa.table(
        sa.sql.quoted_name(watched["table"], quote=True),
        *columns,
        schema=sa.sql.quoted_name(watched["schema"], quote=True) if watched["schema"] else None,
    )
    what = sa.func.max(columns[0]) if columns else sa.func.count()
    found = connection.execute(sa.select(what).select_from(table)).scalar()
    if isinstance(found, Decimal):
        return float(found)
    return found.isoformat() if isinstance(found, date) else found


def observe_metric(connection: sa.Connection, watched: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return run and value of the newest run of an experiment that has a metric, or None.

    Of several values that of the source that counts most as evidence.
    """
    run, metric, known = tables.run, tables.run_metric, tables.metric_name
    field = Field(Kind.METRIC, *evidence.parse_metric(watched["metric"], "metric"))
    query = (
        sa.select(run.c.run_id, metric.c.value)
        .join_from(run, metric, metric.c.run_number == run.c.number)
        .join(known, known.c.name_id == metric.c.name_id)
        .where(run.c.experiment_id == watched["experiment_id"], search_values.is_metric(field))
        .where(metric.c.value.is_not(None))
        .order_by(run.c.created_at.desc(), run.c.run_id.desc(), known.c.rank)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else {"run_id": row.run_id, "value": row.value}
