"""Checks as a page that needs nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from hanalife.drawing import charts
from hanalife.drawing import page as pages
from hanalife.drift import verdict
from hanalife.records import DriftCheck, DriftEffect, DriftResult, TargetShift

TITLE = "Data Drift Report"
_LEVELS = (
    "The verdict follows from the indicator, which is 1 less the p-value of an effect up to the minimum, adjusted "
    "for the number of columns; each interval has the level 95 % for its column alone."
)
_MOST_CHARTS = 20
_MOST_ROWS = 50
_WORDS = {verdict.DRIFT: "drift", verdict.NO_DRIFT: "no drift", verdict.UNKNOWN: "unknown"}


def page(checks: Sequence[DriftCheck], label: str | None = None, threshold: float | None = None) -> str:
    """Return the page of the checks of one detection, or of several windows or segments."""
    parts = [f"<h1>{TITLE}</h1>", _overview(checks, label, threshold)]
    if len(checks) > 1:
        parts.append(_map(checks))
    parts += [_details(check) for check in checks]
    return pages.whole(TITLE, "".join(parts))


def _overview(checks: Sequence[DriftCheck], label: str | None, threshold: float | None) -> str:
    rows = [
        [
            pages.word(_place(check)),
            pages.word(_WORDS[check.verdict]),
            pages.number(check.reference_rows),
            pages.number(check.current_rows),
            pages.cell(", ".join(one.column for one in _ranked(check) if one.drifted)),
            pages.word(f"{check.created_at:%Y-%m-%d %H:%M:%S} UTC"),
        ]
        for check in checks
    ]
    head = ["Rows", "Verdict", "Reference Dataset Weight", "New Dataset Weight", "Drifted", "Date"]
    facts = [
        *([f"Target variable: {label}."] if label is not None else []),
        *([f"Threshold: {threshold:g}."] if threshold is not None else []),
        f"Chance of a false alarm among all columns of a check: at most {checks[0].error_rate:.3g}.",
        _LEVELS,
    ]
    drifted = any(check.verdict == verdict.DRIFT for check in checks)
    result = "Columns have drifted; the tables below show which." if drifted else _quiet(checks)
    text = "".join(f"<p>{escape(line)}</p>" for line in (result, *facts))
    return text + pages.table("Overview", head, rows, head[2:4])


def _quiet(checks: Sequence[DriftCheck]) -> str:
    if all(check.verdict == verdict.NO_DRIFT for check in checks):
        return "No drift: every column lies below the minimum effect."
    return "Inconclusive: no drift was found, but it is not ruled out; the tables say what each column needs."


def _place(check: DriftCheck) -> str:
    return " ".join(part for part in (check.segment, check.window) if part) or check.current[:60]


def _ranked(check: DriftCheck) -> list[DriftResult]:
    return sorted(check.results, key=lambda one: (-one.indicator, -one.psi, one.column))


def _map(checks: Sequence[DriftCheck]) -> str:
    names = sorted({one.column for check in checks for one in check.results})
    cells = []
    for name in names:
        found = [next((one for one in check.results if one.column == name), None) for check in checks]
        cells.append([None if one is None else (one.indicator, _WORDS[one.verdict]) for one in found])
    picture = charts.strength_map("Columns x windows: indicator", names, [_place(check) for check in checks], cells)
    return f"<h2>Columns over windows</h2><div class='scroll'>{picture}</div>"


def _details(check: DriftCheck) -> str:
    ranked = _ranked(check)
    head = [
        "Column",
        "Role",
        "Verdict",
        "Indicator",
        "Measure",
        "Effect",
        "95 % interval",
        "Minimum",
        "Rows needed",
        "Also",
    ]
    rows = [_row(result) for result in ranked]
    bars = charts.bars(
        "Variable drift: deviation indicator",
        [{"name": one.column, "value": one.indicator} for one in ranked[:_MOST_CHARTS]],
    )
    shown = [one for one in ranked if one.bins][:_MOST_CHARTS]
    notes = "".join(f"<p>{escape(note)}</p>" for note in check.notes)
    return (
        f"<h2>{escape(_place(check))}: {_WORDS[check.verdict]}</h2>{notes}"
        f"{pages.table('', head, rows, ('Indicator', 'Effect', 'Minimum', 'Rows needed'))}"
        f"<div class='parts'>{bars}{''.join(_distributions(check, one) for one in shown)}</div>"
        f"{_target_based('Target-Based Category Drift', check, grouped=False)}"
        f"{_target_based('Target-Based Group Drift', check, grouped=True)}"
    )


def _target_based(title: str, check: DriftCheck, *, grouped: bool) -> str:
    """Return how the label moved within values, or within ranges, of the columns where it moved most."""
    found = [
        (one, moved) for one in check.results if (moved := [shift for shift in one.shifts if shift.grouped is grouped])
    ]
    if not found:
        return ""
    found = sorted(found, key=lambda pair: -max(shift.indicator for shift in pair[1]))[:_MOST_CHARTS]
    pictures = (
        charts.bars(one.column, [{"name": shift.bin, "value": shift.indicator} for shift in moved])
        for one, moved in found
    )
    head = ["Column", "Group" if grouped else "Category", "Verdict", "Indicator", "Target", "Reference", "New"]
    rows = sorted(((one.column, shift) for one, moved in found for shift in moved), key=lambda row: -row[1].indicator)
    where = "ranges" if grouped else "values"
    facts = pages.table(
        f"How the label moved within {where} of other columns; no verdict above is about it",
        [*head, "Change", "95 % interval"],
        [_shift_row(*row) for row in rows[:_MOST_ROWS]],
        ("Indicator", "Reference", "New", "Change"),
    )
    return f"<h3>{title}</h3><div class='parts'>{''.join(pictures)}</div>{facts}"


def _shift_row(column: str, shift: TargetShift) -> list[str]:
    return [
        pages.cell(column),
        pages.cell(shift.bin),
        pages.word(_WORDS[shift.verdict]),
        pages.number(shift.indicator),
        pages.cell(f"share of {shift.target}" if shift.target else "mean"),
        *map(pages.number, (shift.reference, shift.current, shift.change)),
        pages.word(f"{shift.low:.3g} to {shift.high:.3g}"),
    ]


def _row(result: DriftResult) -> list[str]:
    effect = result.effect
    return [
        pages.cell(result.column),
        pages.word(result.role),
        pages.word(_WORDS[result.verdict]),
        pages.number(result.indicator),
        pages.word("" if effect is None else effect.measure),
        pages.number(None if effect is None else effect.value),
        pages.word("" if effect is None else effect.interval),
        pages.number(None if effect is None else effect.minimum),
        pages.number(result.rows_needed),
        pages.cell("; ".join(filter(None, (result.reason, _others(result.effects))))),
    ]


def _others(effects: Iterable[DriftEffect]) -> str:
    return "; ".join(f"{one.measure} {one.value:.3g} ({one.interval})" for one in effects)


def _distributions(check: DriftCheck, result: DriftResult) -> str:
    """Return the shares of the bins of both sides, side by side."""
    names, before, after = zip(*result.bins, strict=True)
    return charts.paired_bars(
        result.column,
        names,
        ("Reference, % of rows", [100 * count / max(check.reference_rows, 1) for count in before]),
        ("New, % of rows", [100 * count / max(check.current_rows, 1) for count in after]),
    )
