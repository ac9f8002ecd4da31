"""The report on a fitted model as a page. Pure: tables and facts in, HTML out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from hanalife.drawing import charts, figures, page
from hanalife.learning.results.tables import INTERVAL_NOTES, SIDES, Table, is_number

#: More rows of a table are left out of a page, and said so.
MOST_ROWS = 200
_MOST_BARS = 30

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a report tells of a model."""

    title: str
    facts: Mapping[str, Any]  #: such as function, label and seconds
    parameters: Mapping[str, Any]
    tables: Mapping[str, Table]  #: by attribute
    inputs: Sequence[tuple[str, str, str]]  #: name, type and what training saw
    score: Mapping[str, Table] = field(default_factory=dict)  #: of the last score, by attribute


def model_page(model: ModelFacts) -> str:
    """Return the page."""
    parts = [
        _section(
            "Model", [_facts("Facts", model.facts), _facts("Parameters", model.parameters), _inputs(model.inputs)]
        ),
        _section("Fit", _results(model.tables)),
        _section("Search", _search(model.tables)),
        _section("Score", _results(model.score)),
    ]
    return page.whole(model.title, f"<h1>{escape(model.title)}</h1>{''.join(parts)}")


def _section(title: str, parts: Iterable[str]) -> str:
    content = "".join(parts)
    return f"<h2>{escape(title)}</h2><div class='parts'>{content}</div>" if content else ""


def _results(tables: Mapping[str, Table]) -> list[str]:
    grouped = any(table.columns[0][0] == "GROUP_ID" for table in tables.values())
    notes = tables.get(INTERVAL_NOTES)
    found = [_statistics(tables["statistics_"], notes)] if "statistics_" in tables and not grouped else []
    if grouped:
        return [_table(name.strip("_"), table) for name, table in tables.items() if table.rows]
    curves = _curves(tables["metrics_"]) if "metrics_" in tables else {}
    found += [f"<div>{charts.curve(chart)}</div>" for chart in figures.curves(curves)]
    if "confusion_matrix_" in tables:
        counts = figures.confusion(tables["confusion_matrix_"].rows)
        found += [f"<div>{charts.heat_map('Confusion Matrix', counts)}</div>"] if counts else []
    for name, title in (("importance_", "Variable Importance"), ("permutation_importance_", "Permutation Importance")):
        bars = [{"name": row[0], "value": row[1]} for row in tables[name].rows[:_MOST_BARS]] if name in tables else []
        found += [f"<div>{charts.bars(title, bars)}</div>"] if bars else []
    return found


def _statistics(table: Table, notes: Table | None) -> str:
    """Return the statistics with each interval, or the reason for having none, beside its number."""
    bounds = {(row[0], *row[2:]): row[1] for row in table.rows if row[0].rpartition(".")[2] in SIDES}
    reasons = {(name, of): reason for name, of, reason in notes.rows} if notes else {}
    rows = []
    for row in table.rows:
        name, value, *of = row
        if (name, *of) in bounds:
            continue
        low, high = (bounds.get((f"{name}.{side}", *of)) for side in SIDES)
        reason = reasons.get((name, of[0] if of else None))
        interval = f"no interval: {reason}" if reason else ""
        if low is not None and high is not None:
            interval = f"{_short(low)} to {_short(high)}"
        rows.append([page.word(name), page.cell(str(of[0] or "") if of else ""), _value(value), page.word(interval)])
    return page.part("Statistics", page.table("", ["Name", "Class", "Value", "95 % interval"], rows, ["Value"]))


def _curves(table: Table) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {}
    for name, x, y in table.rows:
        found.setdefault(name, []).append((x, y))
    return found


def _search(tables: Mapping[str, Table]) -> list[str]:
    found = tables.get("search_results_")
    if found is None or not found.rows or found.columns[0][0] == "GROUP_ID":
        return []
    places = {name: place for place, (name, _) in enumerate(found.columns)}
    scores: dict[tuple[int, str, str], list[float]] = {}
    for row in found.rows:
        if row[places["SCORE"]] is not None:
            key = (row[places["CANDIDATE"]], row[places["PARAMETERS"]], row[places["METRIC"]])
            scores.setdefault(key, []).append(row[places["SCORE"]])
    rows = [
        [page.number(candidate), page.cell(_words(parameters)), page.cell(metric), page.number(sum(all_) / len(all_))]
        for (candidate, parameters, metric), all_ in list(scores.items())[:MOST_ROWS]
    ]
    title = "Candidates" if len(scores) <= MOST_ROWS else f"Candidates: {MOST_ROWS} of {len(scores)} rows"
    head = ["Candidate", "Parameters", "Metric", "Mean score"]
    return [page.part(title, page.table("", head, rows, ["Candidate", "Mean score"]))]


def _words(parameters: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in json.loads(parameters).items())


def _inputs(inputs: Sequence[tuple[str, str, str]]) -> str:
    rows = [[page.word(part) for part in row] for row in inputs[:MOST_ROWS]]
    return page.part("Inputs", page.table("", ["Column", "Type", "Seen in training"], rows)) if rows else ""


def _facts(title: str, facts: Mapping[str, Any]) -> str:
    rows = [[page.word(name), page.folded(_text(value))] for name, value in facts.items() if value is not None]
    return page.part(title, page.table("", ["Name", "Value"], rows)) if rows else ""


def _table(title: str, table: Table) -> str:
    shown = [[page.cell(_text(value)) for value in row] for row in table.rows[:MOST_ROWS]]
    more = f": {MOST_ROWS} of {len(table.rows)} rows" if len(table.rows) > MOST_ROWS else ""
    return page.part(f"{title}{more}", page.table("", [name for name, _ in table.columns], shown))


def _value(text: str) -> str:
    if is_number(text):
        return page.number(float(text))
    parts = text.split(", ")
    return page.cell(", ".join(_short(part) if is_number(part) else part for part in parts))


def _short(text: str) -> str:
    return f"{float(text):.4g}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
