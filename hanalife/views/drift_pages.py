"""Drift checks as HTML that needs no kernel and no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from hanalife.clock import Clock, utc_now
from hanalife.drawing import charts, page
from hanalife.views import drift, encoding, pages
from hanalife.views.payloads.drift import (
    CheckDetail,
    CheckedColumn,
    DriftCell,
    DriftDetail,
    DriftMeasure,
    DriftPayload,
    DriftWindow,
    PerformancePoint,
)
from hanalife.views.payloads.words import JsonNumber

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

#: A saved output has so many columns and windows of the selected series.
MOST_COLUMNS_IN_CELL = 15
MOST_WINDOWS_IN_CELL = 12
MOST_ROWS = 1_000
MOST_DETAILS = 20
MOST_POINTS = 60
#: Distributions of a page, for each series.
MOST_DISTRIBUTIONS = 6

#: A sign before each verdict, so that it is not told by colour.
SIGNS = {"drift": "▲ drift", "no_drift": "✓ no drift", "unknown": "? unknown"}


def write(
    connection_context: ConnectionContext,
    path: str | Path,
    references: Sequence[str] | None = None,
    *,
    clock: Clock = utc_now,
) -> Path:
    """Write drift checks, with heat maps and distributions, as one HTML file and return its path.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    path : str or Path
        The file to write; an old one is replaced.
    references : sequence of str, optional
        Tables of reference rows; all by default. The first 20 series are shown in detail.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.
    """
    database = connection_context.database
    with database.read() as connection:
        payload = drift.read(connection, database.label, references)
        found = [drift.read_series(connection, row["series_id"]) for row in payload["series"][:MOST_DETAILS]]
        shown = [detail for detail in found if detail is not None]
        newest = [
            drift.read_check(connection, detail["windows"][-1]["check_id"]) if detail["windows"] else None
            for detail in shown
        ]
    details = (_details(detail, check) for detail, check in zip(shown, newest, strict=True))
    body = [_list(payload, MOST_ROWS, sortable=True), *pages.bounded(details)]
    return pages.save(path, "Drift", database.label, clock, body)


def table(payload: DriftPayload, detail: DriftDetail | None) -> str:
    """Return the list of series, and the selected one, for a saved output."""
    return _list(payload, MOST_WINDOWS_IN_CELL) + (_series(detail, MOST_COLUMNS_IN_CELL) if detail else "")


def _list(payload: DriftPayload, most: int, *, sortable: bool = False) -> str:
    absent = f"<p>Nothing compared yet with: {escape(', '.join(payload['absent']))}.</p>" if payload["absent"] else ""
    rows = [
        [
            page.folded(row["reference"]),
            page.cell(row["segment"]),
            page.word(SIGNS[row["recent"][-1]["verdict"]] if row["recent"] else ""),
            page.number(row["open_alerts"]),
            page.number(row["checks"]),
            page.word(encoding.short_utc(row["last_at"])),
        ]
        for row in payload["series"][:most]
    ]
    count = f"{len(payload['series'])} series of drift checks"
    head = ["Reference", "Segment", "Last verdict", "Open alerts", "Checks", "Last check (UTC)"]
    return absent + page.table(count, head, rows, ("Open alerts", "Checks"), sortable=sortable)


def _details(detail: DriftDetail, newest: CheckDetail | None) -> str:
    title = " · ".join(text for text in (detail["series"]["reference"], detail["series"]["segment"]) if text)
    return (
        f"<details open><summary>{escape(title)}</summary>{_series(detail, MOST_ROWS)}"
        f"{_check(newest) if newest else ''}</details>"
    )


def _series(detail: DriftDetail, most_columns: int) -> str:
    windows = detail["windows"][-MOST_WINDOWS_IN_CELL:]
    parts = [_map(detail, windows, most_columns) if windows else "", *_performance(detail)]
    return f"<div class='parts'>{''.join(parts)}</div>"


def _map(detail: DriftDetail, windows: Sequence[DriftWindow], most: int) -> str:
    columns = [column["name"] for column in detail["columns"]][:most]
    cells = [[_strength(window["cells"][i]) for window in windows] for i in range(len(columns))]
    title = "Columns x windows: how sure it is that a column moved"
    return f"<div class='scroll'>{charts.strength_map(title, columns, [label(one) for one in windows], cells)}</div>"


def _strength(cell: DriftCell | None) -> tuple[float, str] | None:
    return None if cell is None else (_finite(cell["indicator"]), SIGNS[cell["verdict"]])


def label(window: DriftWindow) -> str:
    """Return what a window is called: its name, else when it was checked."""
    return window["window"] or encoding.short_utc(window["created_at"])[:16]


def _performance(detail: DriftDetail) -> list[str]:
    points = detail["performance"]
    places = {name: place for place, name in enumerate(dict.fromkeys(p["window"] or p["check_id"] for p in points), 1)}
    drawn = []
    for metric in dict.fromkeys(point["metric"] for point in points):
        series = [
            {
                "name": kind,
                "points": [
                    (places[one["window"] or one["check_id"]], _finite(one["value"]))
                    for one in points
                    if one["metric"] == metric and one["kind"] == kind
                ],
            }
            for kind in ("measured", "estimated")
        ]
        drawn.append(charts.line_chart(f"{metric} over windows", "Window, in order", metric, series))
    return [*(f"<div>{chart}</div>" for chart in drawn), *([_performance_table(points)] if points else [])]


def _performance_table(points: Sequence[PerformancePoint]) -> str:
    """Return the newest points as a table: each with its interval and, on the same line, what it assumes."""
    rows = [
        [
            page.cell(point["window"]),
            page.cell(point["metric"]),
            page.word(point["kind"]),
            page.number(point["value"]),
            page.word(_bounds(point)),
            page.number(point["current_rows"]),
            page.cell(point["reason"]),
        ]
        for point in reversed(points[-MOST_POINTS:])
    ]
    head = ["Window", "Metric", "Known how", "Value", "95 % interval", "Rows", "Assumption or reason"]
    return page.table("Performance, newest first", head, rows, ("Value", "Rows"))


def _bounds(point: PerformancePoint) -> str:
    low, high = _finite(point["low"]), _finite(point["high"])
    return f"{low:.4g} to {high:.4g}" if math.isfinite(low) and math.isfinite(high) else ""


def _check(check: CheckDetail) -> str:
    rows = [
        [
            page.cell(column["name"]),
            page.word(column["role"]),
            page.word(SIGNS[column["verdict"]]),
            page.word(_interval(column["effect"])),
            page.number(None if column["effect"] is None else column["effect"]["minimum"]),
            page.number(column["rows_needed"]),
            page.folded(column["reason"]),
        ]
        for column in check["columns"]
    ]
    head = ["Column", "Role", "Verdict", "Effect", "Minimum", "Rows needed", "Reason"]
    shown = [column for column in check["columns"] if column["bins"]][:MOST_DISTRIBUTIONS]
    name = check["window"] or encoding.short_utc(check["created_at"])
    title = f"The newest window, {name}: {check['current_rows']:,} rows of {encoding.cut(check['current'], 100)}"
    drawn = "".join(f"<div>{_distribution(check, column)}</div>" for column in shown)
    return page.table(title, head, rows, ("Minimum", "Rows needed")) + f"<div class='parts'>{drawn}</div>"


def _interval(effect: DriftMeasure | None) -> str:
    if effect is None:
        return ""
    value, low, high = (_finite(effect[key]) for key in ("value", "low", "high"))
    interval = f"[{low:.3g}, {high:.3g}]" if math.isfinite(low + high) else "(no interval)"
    return f"{effect['measure']} {value:.3g} {interval}"


def _distribution(check: CheckDetail, column: CheckedColumn) -> str:
    before = [100 * one["reference"] / max(check["reference_rows"], 1) for one in column["bins"]]
    after = [100 * one["current"] / max(check["current_rows"], 1) for one in column["bins"]]
    names = [one["label"] for one in column["bins"]]
    return charts.paired_bars(column["name"], names, ("Reference, % of rows", before), ("Current, % of rows", after))


def _finite(value: JsonNumber) -> float:
    return value if isinstance(value, float | int) else float("nan")
