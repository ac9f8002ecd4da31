"""Stored models as HTML that needs no kernel and no network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from hanalife.clock import Clock, utc_now
from hanalife.drawing import page
from hanalife.evidence import HELD_OUT, MetricKey
from hanalife.observation import MetricSource
from hanalife.views import encoding, models, pages, ranking
from hanalife.views.payloads.models import (
    ModelComparison,
    ModelDetail,
    ModelEventRow,
    ModelMetric,
    ModelRow,
    ModelsPayload,
    VersionRow,
)

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

#: A saved output lists so many models, and so many versions and events of the selected one.
MOST_IN_CELL = 20
#: A page lists so many models, so many of them in detail.
MOST_ROWS = 1_000
MOST_DETAILS = 50
#: Metrics that are columns.
MOST_METRICS = 6


def write(
    connection_context: ConnectionContext,
    path: str | Path,
    names: Sequence[str] | None = None,
    *,
    clock: Clock = utc_now,
) -> Path:
    """Write models, their versions, aliases, history and newest changes as one HTML file and return its path.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    path : str or Path
        The file to write; an old one is replaced.
    names : sequence of str, optional
        Exact names of models; all by default. The first 1,000 are listed, the first 50 in detail.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.
    """
    database = connection_context.database
    with database.read() as connection:
        payload = models.read(connection, database.label, names)
        listed = list(dict.fromkeys(row["name"] for row in payload["models"]))[:MOST_DETAILS]
        found = [detail for name in listed if (detail := models.read_one(connection, name)) is not None]
        compared = [_newest_two(detail) for detail in found]
        sides = [
            models.compare(connection, detail["name"], pair) if pair else None
            for detail, pair in zip(found, compared, strict=True)
        ]
    details = (_details(detail, side) for detail, side in zip(found, sides, strict=True))
    body = [_list(payload, MOST_ROWS, sortable=True), *pages.bounded(details)]
    return pages.save(path, "Models", database.label, clock, body)


def _newest_two(detail: ModelDetail) -> str:
    """Return the version before the newest and the newest, as text to compare; empty if there is one only."""
    numbers = [str(row["version"]) for row in detail["versions"][:2]]
    return ",".join(reversed(numbers)) if len(numbers) > 1 else ""


def table(payload: ModelsPayload, detail: ModelDetail | None) -> str:
    """Return the list of models, and the versions of the selected one, for a saved output."""
    return _list(payload, MOST_IN_CELL) + (_versions(detail, MOST_IN_CELL) if detail else "")


def _list(payload: ModelsPayload, most: int, *, sortable: bool = False) -> str:
    groups: dict[str, list[ModelRow]] = {}
    for row in payload["models"]:
        groups.setdefault(row["name"], []).append(row)
    absent = f"<p>Not stored yet: {escape(', '.join(payload['absent']))}.</p>" if payload["absent"] else ""
    rows = [_model_cells(name, versions) for name, versions in list(groups.items())[:most]]
    count = f"{len(groups)} model{'' if len(groups) == 1 else 's'}"
    head = ["Model", "Aliases", "Versions", "Newest", "Kind", "Saved (UTC)"]
    return absent + page.table(count, head, rows, ("Versions", "Newest"), sortable=sortable)


def _model_cells(name: str, versions: Sequence[ModelRow]) -> list[str]:
    newest = versions[-1]
    named = [f"{alias} → {row['version']}" for row in versions for alias in row["aliases"]]
    return [
        page.cell(name),
        page.cell(", ".join(named)),
        page.number(len(versions)),
        page.number(newest["version"]),
        page.cell(newest["kind"]),
        page.word(encoding.short_utc(newest["created_at"])),
    ]


def _details(detail: ModelDetail, side: ModelComparison | None) -> str:
    parts = [
        page.part("Aliases", _aliases(detail)) if detail["aliases"] else "",
        page.part("What changed with the newest version", _comparison(side)) if side else "",
        page.part("History", _history(detail["history"], MOST_ROWS)),
    ]
    return (
        f"<details><summary>{escape(detail['name'])} <small>{len(detail['versions'])} versions</small></summary>"
        f"{_versions(detail, MOST_ROWS)}<div class='parts'>{''.join(parts)}</div></details>"
    )


def _versions(detail: ModelDetail, most: int) -> str:
    rows = detail["versions"][:most]
    numbers = Counter(_key(metric) for row in rows for metric in row["metrics"])
    chief = ranking.primary("", ranking.Summary(numbers, frozenset()))
    held = [key for key in numbers if key.source in HELD_OUT]
    metrics = ranking.columns(held, chief, MOST_METRICS)
    titles = [ranking.title(key) for key in metrics] or ["Held-out metric"]
    head = ["Version", "Aliases", "Kind", *titles, "Saved (UTC)", "By", "Notes"]
    cells = [_version_cells(row, metrics) for row in rows]
    title = f"Versions of {detail['name']}; brackets hold 95 % intervals"
    return page.table(title, head, cells, ("Version", *titles))


def _key(metric: ModelMetric) -> MetricKey:
    return MetricKey(metric["name"], MetricSource(metric["source"]))


def _version_cells(row: VersionRow, metrics: Sequence[MetricKey]) -> list[str]:
    known = {_key(metric): metric for metric in row["metrics"]}
    values = [page.word(_metric(known[key])) if key in known else page.cell("") for key in metrics]
    if not any(key in known for key in metrics):
        values[:1] = [page.cell("no held-out value")]
    return [
        page.number(row["version"]),
        page.cell(_state(row)),
        page.cell(row["kind"]),
        *values,
        page.word(encoding.short_utc(row["created_at"])),
        page.cell(row["created_by"]),
        page.folded(row["notes"]),
    ]


def _state(row: VersionRow) -> str:
    """Return the aliases of a version, and why it was taken back if it was."""
    back = row["rolled_back"]
    words = f"{back['alias']} rolled back{': ' if back['note'] else ''}{back['note']}" if back else ""
    return "; ".join(text for text in (", ".join(row["aliases"]), words) if text)


def _metric(metric: ModelMetric) -> str:
    value, low, high = metric["value"], metric["low"], metric["high"]
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    if isinstance(low, float) and isinstance(high, float):
        return f"{text} [{low:.3g}, {high:.3g}]"
    return f"{text} (no interval: {metric['no_interval']})" if metric["no_interval"] else text


def _aliases(detail: ModelDetail) -> str:
    rows = [
        [
            page.cell(row["alias"]),
            page.number(row["version"]),
            page.cell("everybody" if row["movers"] is None else ", ".join(row["movers"])),
            page.word(encoding.short_utc(row["moved_at"])),
            page.cell(row["moved_by"]),
        ]
        for row in detail["aliases"]
    ]
    return page.table("", ["Alias", "Version", "May be moved by", "Since (UTC)", "Moved by"], rows, ("Version",))


def _comparison(side: ModelComparison) -> str:
    rows = [
        [page.cell(row["section"].lower()), page.cell(row["name"]), *(page.folded(value) for value in row["values"])]
        for row in side["rows"]
        if row["different"]
    ]
    head = ["", "Name", *(f"Version {version}" for version in side["versions"])]
    return page.table("", head, rows) if rows else "<p>Nothing but the fit itself.</p>"


def _history(events: Sequence[ModelEventRow], most: int) -> str:
    rows = [
        [
            page.word(encoding.short_utc(event["happened_at"])),
            page.cell(event["event"].lower().replace("_", " ")),
            page.cell(event["alias"] or ""),
            page.number(event["before"]),
            page.number(event["version"]),
            page.cell(event["happened_by"]),
            page.folded(event["note"]),
        ]
        for event in events[:most]
    ]
    return page.table("", ["Time (UTC)", "Event", "Alias", "From", "Version", "By", "Why"], rows, ("From", "Version"))
