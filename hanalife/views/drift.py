"""Drift checks as payloads: series of windows, and one check with its distributions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import sqlalchemy as sa

from hanalife.database import alerts, checks
from hanalife.drift.performance_check import ESTIMATED, MEASURED, PERFORMANCE
from hanalife.records import DriftAcknowledgement, DriftCheck, DriftEffect, DriftResult, DriftSeries
from hanalife.views.encoding import cut, instant, number
from hanalife.views.payloads.drift import (
    Acknowledgement,
    CheckDetail,
    CheckedColumn,
    DriftAlert,
    DriftBin,
    DriftCell,
    DriftColumn,
    DriftDetail,
    DriftMeasure,
    DriftPayload,
    DriftSeriesRow,
    DriftWindow,
    PerformancePoint,
    SpentAlarmBudget,
    VerdictWord,
)
from hanalife.views.payloads.words import CONTRACT

#: So many of the newest checks of a series are shown.
MOST_WINDOWS = 60
#: And so many of its newest alerts.
MOST_ALERTS = 100
#: Of these, so many in the list.
MOST_RECENT = 20
#: Rows may come from a query of any length.
LONGEST_SOURCE = 400


def read(connection: sa.Connection, database: str, references: Sequence[str] | None = None) -> DriftPayload:
    """Return all series of checks, or those against some references; one without checks is listed as absent."""
    found = alerts.series(connection, references)
    recent = alerts.recent(connection, MOST_RECENT, references)
    present = {one.reference for one in found}
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": database,
        "absent": [wanted for wanted in references or [] if wanted not in present],
        "series": [series_row(one, recent.get((one.reference, one.segment), [])) for one in found],
    }


def series_row(series: DriftSeries, recent: Sequence[tuple[str, str]]) -> DriftSeriesRow:
    """Return one series for a list; ``recent`` has window and verdict of its newest checks."""
    return {
        "series_id": series.series_id,
        "reference": cut(series.reference, LONGEST_SOURCE),
        "segment": series.segment,
        "checks": series.checks,
        "open_alerts": series.open_alerts,
        "last_at": instant(series.last_at),
        "recent": [{"window": window, "verdict": _word(verdict)} for window, verdict in recent],
    }


def read_series(connection: sa.Connection, check_id: str) -> DriftDetail | None:
    """Return the series that a check belongs to, or None if there is no such check."""
    series = alerts.series_of(connection, check_id)
    if series is None:
        return None
    newest = checks.of_series(connection, series.reference, series.segment, MOST_WINDOWS)
    drifted = checks.of_series(connection, series.reference, series.segment, MOST_ALERTS, "drift")
    seen = alerts.acknowledgements(connection, [check.check_id for check in drifted])
    return detail(series, newest, [alert_row(check, seen.get(check.check_id)) for check in drifted])


def detail(series: DriftSeries, newest: Sequence[DriftCheck], drifted: Sequence[DriftAlert]) -> DriftDetail:
    """Return a series from its newest checks, newest first; a window that was checked again counts once."""
    compared = _in_order(check for check in newest if not _is_performance(check))
    judged = [check for check in reversed(newest) if _is_performance(check)]
    columns = _columns(compared)
    estimates = [check for check in judged if check.results[0].method == ESTIMATED]
    return {
        "contract": CONTRACT,
        "series": series_row(series, [(check.window, check.verdict) for check in compared[-MOST_RECENT:]]),
        "columns": columns,
        "windows": [_window(check, columns) for check in compared],
        "performance": [point for check in judged for point in _points(check)],
        "alerts": list(drifted),
        "assumptions": list(estimates[-1].notes) if estimates else [],
        "budget": _budget(compared[-1]) if compared else None,
    }


def _is_performance(check: DriftCheck) -> bool:
    return any(result.role == PERFORMANCE for result in check.results)


def _in_order(newest_first: Iterable[DriftCheck]) -> list[DriftCheck]:
    """Return the newest check of each window, in the order in which the windows were first checked."""
    first: dict[tuple[str, str], DriftCheck] = {}
    last: dict[tuple[str, str], DriftCheck] = {}
    for check in newest_first:
        key = (check.current, check.window) if check.window else ("", check.check_id)
        first[key] = check
        last.setdefault(key, check)
    return [last[key] for key in sorted(first, key=lambda key: (first[key].created_at, first[key].window))]


def _columns(compared: Sequence[DriftCheck]) -> list[DriftColumn]:
    """Return the columns, those that drifted most often and most first."""
    rank: dict[str, tuple[int, float]] = {}
    roles: dict[str, str] = {}
    for check in compared:
        for result in check.results:
            times, strength = rank.get(result.column, (0, 0.0))
            rank[result.column] = (times + result.drifted, max(strength, result.indicator))
            roles[result.column] = result.role
    order = sorted(rank, key=lambda name: (-rank[name][0], -rank[name][1], name))
    return [{"name": name, "role": roles[name]} for name in order]


def _window(check: DriftCheck, columns: Sequence[DriftColumn]) -> DriftWindow:
    found = {result.column: result for result in check.results}
    return {
        "check_id": check.check_id,
        "window": check.window,
        "current": cut(check.current, LONGEST_SOURCE),
        "reference_rows": check.reference_rows,
        "current_rows": check.current_rows,
        "verdict": _word(check.verdict),
        "single_verdict": _word_or_none(check.single_verdict),
        "created_at": instant(check.created_at),
        "cells": [_cell(found[column["name"]]) if column["name"] in found else None for column in columns],
    }


def _cell(result: DriftResult) -> DriftCell:
    return {
        "verdict": _word(result.verdict),
        "indicator": number(result.indicator),
        "effect": _measure_or_none(result.effect),
    }


def alert_row(check: DriftCheck, seen: DriftAcknowledgement | None) -> DriftAlert:
    """Return the alert of a check that found drift."""
    return {
        "check_id": check.check_id,
        "window": check.window,
        "current": cut(check.current, LONGEST_SOURCE),
        "current_rows": check.current_rows,
        "created_at": instant(check.created_at),
        "what": [result.column for result in _ranked(check) if result.drifted],
        "acknowledged": _acknowledgement(seen),
    }


def _points(check: DriftCheck) -> list[PerformancePoint]:
    return [
        {
            "check_id": check.check_id,
            "window": check.window,
            "created_at": instant(check.created_at),
            "current_rows": check.current_rows,
            "metric": result.column,
            "kind": "measured" if result.method == MEASURED else "estimated",
            "value": number(level.value),
            "low": number(level.low),
            "high": number(level.high),
            "change": _measure_or_none(result.effect),
            "verdict": _word(result.verdict),
            "reason": result.reason,
        }
        for result in check.results
        for level in result.effects[:1]
    ]


def read_check(connection: sa.Connection, check_id: str) -> CheckDetail | None:
    """Return all that one check found, or None if there is none of that id."""
    check = checks.find(connection, check_id)
    series = alerts.series_of(connection, check_id)
    if check is None or series is None:
        return None
    return check_detail(check, series.series_id, alerts.acknowledgements(connection, [check_id]).get(check_id))


def check_detail(check: DriftCheck, series_id: str, seen: DriftAcknowledgement | None) -> CheckDetail:
    """Return all that one check found."""
    return {
        "contract": CONTRACT,
        "check_id": check.check_id,
        "series_id": series_id,
        "reference": cut(check.reference),
        "current": cut(check.current),
        "segment": check.segment,
        "window": check.window,
        "reference_rows": check.reference_rows,
        "current_rows": check.current_rows,
        "verdict": _word(check.verdict),
        "error_rate": number(check.error_rate),
        "created_at": instant(check.created_at),
        "notes": list(check.notes),
        "acknowledged": _acknowledgement(seen),
        "columns": [_checked(result) for result in _ranked(check)],
        "single_verdict": _word_or_none(check.single_verdict),
        "budget": _budget(check),
    }


def _ranked(check: DriftCheck) -> list[DriftResult]:
    return sorted(check.results, key=lambda one: (not one.drifted, -one.indicator, -one.psi, one.column))


def _checked(result: DriftResult) -> CheckedColumn:
    return {
        "name": result.column,
        "role": result.role,
        "verdict": _word(result.verdict),
        "indicator": number(result.indicator),
        "p_value": number(result.p_value),
        "effect": _measure_or_none(result.effect),
        "others": [_measure(other) for other in result.effects],
        "rows_needed": result.rows_needed,
        "reason": result.reason,
        "bins": [_bin(*one) for one in result.bins],
        "single_verdict": _word_or_none(result.single_verdict),
        "evidence": None if result.evidence is None else number(result.evidence),
    }


def _budget(check: DriftCheck) -> SpentAlarmBudget | None:
    budget = check.budget
    if budget is None:
        return None
    return {
        "task_id": budget.task_id,
        "per": budget.per,
        "false_alarms": number(budget.false_alarms),
        "spent": number(budget.spent),
        "evidence": number(max((result.evidence or 0.0 for result in check.results), default=0.0)),
        "alarm_threshold": number(budget.alarm_threshold),
    }


def _bin(label: str, before: float, after: float) -> DriftBin:
    return {"label": label, "reference": round(before), "current": round(after)}


def _measure(effect: DriftEffect) -> DriftMeasure:
    return {
        "measure": effect.measure,
        "value": number(effect.value),
        "low": number(effect.low),
        "high": number(effect.high),
        "minimum": None if effect.minimum is None else number(effect.minimum),
        "withheld": effect.withheld,
    }


def _measure_or_none(effect: DriftEffect | None) -> DriftMeasure | None:
    return None if effect is None else _measure(effect)


def _acknowledgement(seen: DriftAcknowledgement | None) -> Acknowledgement | None:
    if seen is None:
        return None
    return {"at": instant(seen.acknowledged_at), "by": seen.acknowledged_by, "note": cut(seen.note)}


def _word(verdict: str) -> VerdictWord:
    return cast("VerdictWord", verdict)


def _word_or_none(verdict: str | None) -> VerdictWord | None:
    return None if verdict is None else _word(verdict)
