"""Statements on the alarm budgets of drift tasks: how far their checks have come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import AlarmBudgetState

_budget, _evidence, _check = tables.alarm_budget, tables.alarm_evidence, tables.drift_check


def insert(connection: sa.Connection, task_id: str, reference_version: int) -> None:
    """Create the budget of a new task, with no evidence."""
    delete(connection, task_id)
    connection.execute(_budget.insert().values(task_id=task_id, reference_version=reference_version))


def delete(connection: sa.Connection, task_id: str) -> None:
    """Delete the budget of a task, if it has one."""
    connection.execute(_evidence.delete().where(_evidence.c.task_id == task_id))
    connection.execute(_budget.delete().where(_budget.c.task_id == task_id))


def find(connection: sa.Connection, task_id: str, *, lock: bool = False) -> AlarmBudgetState | None:
    """Return the state of a task's budget, or None; ``lock`` holds its row until the transaction ends."""
    query = sa.select(_budget).where(_budget.c.task_id == task_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    streams = sa.select(_evidence.c.segment, _evidence.c.column_name, _evidence.c.evidence)
    evidence = {
        (segment, column): value
        for segment, column, value in connection.execute(streams.where(_evidence.c.task_id == task_id))
    }
    return AlarmBudgetState(**row._mapping, evidence=evidence)


def update(connection: sa.Connection, state: AlarmBudgetState) -> None:
    """Store the state of a task's budget and the evidence of all of its streams."""
    values = {column.key: getattr(state, column.key) for column in _budget.columns if column.key != "task_id"}
    connection.execute(_budget.update().where(_budget.c.task_id == state.task_id).values(**values))
    connection.execute(_evidence.delete().where(_evidence.c.task_id == state.task_id))
    rows = _rows(state.task_id, state.evidence)
    if rows:
        connection.execute(_evidence.insert(), rows)


def _rows(task_id: str, evidence: Mapping[tuple[str, str], float]) -> list[dict[str, object]]:
    return [
        {"task_id": task_id, "segment": segment, "column_name": column, "evidence": value}
        for (segment, column), value in sorted(evidence.items())
    ]


def spent(connection: sa.Connection, task_id: str, since: datetime) -> float:
    """Return the false alarms that the checks of a task since a moment can have raised in the mean, at most."""
    costs = sa.select(sa.func.sum(_check.c.budget_cost))
    return float(
        connection.execute(costs.where(_check.c.budget_task == task_id, _check.c.created_at > since)).scalar() or 0.0
    )
