"""Statements on drift checks."""

from __future__ import annotations

import dataclasses
from typing import Any

import sqlalchemy as sa

from hanalife.database import tables
from hanalife.records import DriftCheck, DriftEffect, DriftResult, SpentBudget, TargetShift

_check, _result = tables.drift_check, tables.drift_result

#: Column -> field of the budget that a check belongs to.
_BUDGET = {
    "budget_task": "task_id",
    "budget_per": "per",
    "budget_false_alarms": "false_alarms",
    "budget_cost": "cost",
    "budget_spent": "spent",
    "alarm_threshold": "alarm_threshold",
}


def insert(connection: sa.Connection, check: DriftCheck) -> None:
    """Add a check and its results."""
    plain = [column.key for column in _check.columns if column.key not in _BUDGET]
    heads = {key: getattr(check, key) for key in plain} | {"notes": list(check.notes)}
    budget = {} if check.budget is None else {key: getattr(check.budget, name) for key, name in _BUDGET.items()}
    connection.execute(_check.insert().values(**heads, **budget))
    rows = [{"check_id": check.check_id, **_row(result)} for result in check.results]
    if rows:
        connection.execute(_result.insert(), rows)


def checks(connection: sa.Connection, limit: int = 100) -> list[DriftCheck]:
    """Return the newest checks with their results, newest first."""
    return _with_results(connection, sa.select(_check).limit(limit))


def find(connection: sa.Connection, check_id: str) -> DriftCheck | None:
    """Return a check with its results, or None."""
    return next(iter(_with_results(connection, sa.select(_check).where(_check.c.check_id == check_id))), None)


def beginning_with(connection: sa.Connection, check_id: str) -> list[DriftCheck]:
    """Return the checks whose id begins with a text, newest first."""
    return _with_results(connection, sa.select(_check).where(_check.c.check_id.startswith(check_id, autoescape=True)))


def of_series(
    connection: sa.Connection, reference: str, segment: str, limit: int, verdict: str | None = None
) -> list[DriftCheck]:
    """Return the newest checks of a segment against a reference, or those of a verdict, newest first."""
    newest = sa.select(_check).where(_check.c.reference == reference, _check.c.segment == segment)
    if verdict is not None:
        newest = newest.where(_check.c.verdict == verdict)
    return _with_results(connection, newest.limit(limit))


def _with_results(connection: sa.Connection, query: sa.Select[Any]) -> list[DriftCheck]:
    heads = connection.execute(query.order_by(_check.c.created_at.desc(), _check.c.check_id.desc())).all()
    ids = [head.check_id for head in heads]
    found: dict[str, list[DriftResult]] = {check_id: [] for check_id in ids}
    results = sa.select(_result).where(_result.c.check_id.in_(ids)).order_by(_result.c.column_name)
    for row in connection.execute(results):
        found[row.check_id].append(_result_of(row))
    return [_check_of(head, found[head.check_id]) for head in heads]


def _check_of(head: Any, results: list[DriftResult]) -> DriftCheck:
    plain = {key: value for key, value in head._mapping.items() if key not in _BUDGET}
    values = {name: getattr(head, key) for key, name in _BUDGET.items()}
    budget = None if head.budget_task is None else SpentBudget(**values)
    return DriftCheck(**{**plain, "notes": tuple(head.notes or ())}, results=tuple(results), budget=budget)


def history() -> sa.Select[Any]:
    """Return the query of all results with the heads of their checks, oldest check first."""
    heads = (_check.c.created_at, _check.c.check_id, _check.c.reference, _check.c.current)
    places = (_check.c.segment, _check.c.window, _check.c.current_rows)
    kept = [column for column in _result.columns if column.key not in ("check_id", "details", "drifted")]
    budget = [_check.c[key] for key in _BUDGET]
    query = sa.select(*heads, *places, *kept, *budget).join_from(
        _check, _result, _check.c.check_id == _result.c.check_id
    )
    return query.order_by(_check.c.created_at, _check.c.check_id, _result.c.column_name)


def alerts() -> sa.Select[Any]:
    """Return the query of what drifted, and who has seen it."""
    seen = tables.drift_acknowledgement
    query = history().where(_result.c.drifted).outerjoin(seen, seen.c.check_id == _check.c.check_id)
    return query.add_columns(seen.c.acknowledged_at, seen.c.acknowledged_by, seen.c.note.label("acknowledged_note"))


def _row(result: DriftResult) -> dict[str, Any]:
    effect = result.effect
    return {
        "column_name": result.column,
        "method": result.method,
        "statistic": result.statistic,
        "p_value": result.p_value,
        "psi": result.psi,
        "drifted": result.drifted,
        "role": result.role,
        "verdict": result.verdict,
        "measure": effect.measure if effect else None,
        "effect": effect.value if effect else None,
        "effect_low": effect.low if effect else None,
        "effect_high": effect.high if effect else None,
        "minimum": effect.minimum if effect else None,
        "indicator": result.indicator,
        "rows_needed": result.rows_needed,
        "reason": result.reason,
        "single_verdict": result.single_verdict,
        "e_value": result.e_value,
        "evidence": result.evidence,
        "details": {
            "effects": [dataclasses.asdict(other) for other in result.effects],
            "bins": [list(one) for one in result.bins],
            **({} if result.weights is None else {"weights": list(result.weights)}),
            **({"withheld": effect.withheld} if effect is not None and effect.withheld else {}),
            **({"identifier": True} if result.identifier else {}),
            **({} if result.p_no_drift is None else {"p_no_drift": result.p_no_drift}),
            **({"shifts": [dataclasses.asdict(one) for one in result.shifts]} if result.shifts else {}),
        },
    }


def _result_of(row: Any) -> DriftResult:
    details = row.details or {"effects": [], "bins": []}
    effect = (
        None
        if row.measure is None
        else DriftEffect(
            *(row.measure, row.effect, row.effect_low, row.effect_high, row.minimum),
            withheld=details.get("withheld", ""),
        )
    )
    return DriftResult(
        column=row.column_name,
        method=row.method,
        statistic=row.statistic,
        p_value=row.p_value,
        psi=row.psi,
        drifted=row.drifted,
        role=row.role,
        verdict=row.verdict,
        effect=effect,
        indicator=row.indicator,
        rows_needed=row.rows_needed,
        reason=row.reason,
        single_verdict=row.single_verdict,
        e_value=row.e_value,
        evidence=row.evidence,
        effects=tuple(DriftEffect(**other) for other in details["effects"]),
        bins=tuple((label, before, after) for label, before, after in details["bins"]),
        weights=tuple(details["weights"]) if "weights" in details else None,
        shifts=tuple(TargetShift(**one) for one in details.get("shifts", ())),
        identifier=details.get("identifier", False),
        p_no_drift=details.get("p_no_drift"),
    )
