"""Stored models as payloads: all versions, one model with its history, and versions side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.database import aliases, models
from hanalife.errors import InvalidArgumentError
from hanalife.records import ModelAlias, ModelEvent, ModelHead
from hanalife.storage import comparison, lineage
from hanalife.storage.aliases import MOVES, earlier_versions
from hanalife.storage.base import not_found
from hanalife.views.encoding import cut, facts, instant, number
from hanalife.views.payloads.models import (
    AliasRow,
    ModelComparison,
    ModelDetail,
    ModelEventRow,
    ModelMetric,
    ModelRow,
    ModelsPayload,
    RollBack,
)
from hanalife.views.payloads.words import CONTRACT

#: So many of the newest versions of a model, and of its events, are shown.
MOST_VERSIONS = 500
MOST_EVENTS = 500
#: So many versions stand side by side.
MOST_COMPARED = 8


def read(connection: sa.Connection, database: str, names: Sequence[str] | None = None) -> ModelsPayload:
    """Return all versions of all models, or of some, with the aliases that name them."""
    named = _named(aliases.of_models(connection, names))
    heads = [head for head in models.heads(connection) if names is None or head.name in names]
    present = {head.name for head in heads}
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": database,
        "absent": [wanted for wanted in names or [] if wanted not in present],
        "models": [model_row(head, named.get((head.name, head.version), [])) for head in heads],
    }


def _named(found: Sequence[ModelAlias]) -> dict[tuple[str, int | None], list[str]]:
    named: dict[tuple[str, int | None], list[str]] = {}
    for alias in found:
        named.setdefault((alias.name, alias.version), []).append(alias.alias)
    return named


def model_row(version: ModelHead | sa.Row[Any], named: Sequence[str]) -> ModelRow:
    """Return one version for a list."""
    return {
        "key": f"{version.name}/{version.version}",
        "name": version.name,
        "version": version.version,
        "kind": version.class_path.rpartition(".")[2],
        "library": version.library,
        "run_id": version.run_id,
        "created_at": instant(version.created_at),
        "aliases": list(named),
    }


def read_one(connection: sa.Connection, name: str) -> ModelDetail | None:
    """Return all that is known of one model, or None if there is none of that name."""
    versions = models.described(connection, name, MOST_VERSIONS)
    found = aliases.of_models(connection, [name])
    if not versions and not found:
        return None
    named, tags = _named(found), models.tags_of_versions(connection, name)
    history = models.events(connection, name)
    stored = models.numbers(connection, name)
    backs = _roll_backs(history)
    metrics = _metrics(connection, name, versions)
    return {
        "contract": CONTRACT,
        "name": name,
        "versions": [
            {
                **model_row(row, named.get((name, row.version), [])),
                "created_by": row.created_by or "",
                "dataset_hash": row.dataset_hash or "",
                "format": row.format,
                "notes": cut(row.notes or ""),
                "tags": facts(tags.get(row.version, {})),
                "metrics": metrics[row.version],
                "rolled_back": backs.get(row.version),
            }
            for row in versions
        ],
        "aliases": [_alias_row(alias, history, stored) for alias in found],
        "history": [_event_row(event) for event in reversed(history[-MOST_EVENTS:])],
        "history_total": len(history),
    }


def _roll_backs(history: Sequence[ModelEvent]) -> dict[int, RollBack]:
    """Return for each version the roll-back that took an alias from it, unless the alias has come back since."""
    found: dict[int, RollBack] = {}
    for event in history:
        if event.alias is None or event.event not in MOVES:
            continue
        known = found.get(event.version or 0)
        if known and known["alias"] == event.alias:
            del found[event.version or 0]
        before = event.details.get("from")
        if event.event == "ROLLED_BACK" and isinstance(before, int):
            found[before] = {
                "alias": event.alias,
                "version": event.version,
                "happened_at": instant(event.happened_at),
                "happened_by": event.happened_by,
                "note": cut(event.note),
            }
    return found


def _metrics(connection: sa.Connection, name: str, versions: Sequence[sa.Row[Any]]) -> dict[int, list[ModelMetric]]:
    """Return the metrics of each version by base name and source."""
    old = [row.version for row in versions if any("source" not in kept for kept in (row.metrics or {}).values())]
    tables = models.tables_of(connection, name, old) if old else {}  # they tell the sources of older versions
    return {
        row.version: [
            _metric(label, kept)
            for label, kept in comparison.labelled(
                comparison.with_bounds(lineage.with_sources(row.metrics or {}, tables.get(row.version, {})))
            ).items()
        ]
        for row in versions
    }


def _metric(label: str, kept: Mapping[str, Any]) -> ModelMetric:
    low, high = kept.get("low"), kept.get("high")
    return {
        "name": label.removesuffix(f"@{kept['source']}"),
        "source": kept["source"],
        "value": number(kept["value"]),
        "low": None if low is None else number(low),
        "high": None if high is None else number(high),
        "no_interval": cut(str(kept.get("no_interval", ""))),
    }


def _alias_row(alias: ModelAlias, history: Sequence[ModelEvent], stored: Sequence[int]) -> AliasRow:
    moves = [event for event in history if event.alias == alias.alias and event.event in MOVES]
    back = [version for version in earlier_versions(moves) if version in stored]
    return {
        "alias": alias.alias,
        "version": alias.version,
        "movers": None if alias.movers is None else list(alias.movers),
        "moved_at": instant(alias.moved_at),
        "moved_by": alias.moved_by,
        "back_to": back[-1] if back else None,
    }


def _event_row(event: ModelEvent) -> ModelEventRow:
    return {
        "event": event.event,
        "version": event.version,
        "before": event.details.get("from") if event.alias else None,
        "alias": event.alias,
        "happened_at": instant(event.happened_at),
        "happened_by": event.happened_by,
        "note": cut(event.note),
    }


def compare(connection: sa.Connection, name: str, versions: str) -> ModelComparison:
    """Return versions side by side; their numbers come as text, with commas between.

    Raises
    ------
    InvalidArgumentError
        The text holds something else, or too many.
    ModelNotFoundError
        One of them is not stored.
    """
    numbers = _numbers(versions)
    found = {wanted: models.version(connection, name, wanted) for wanted in numbers}
    missing = next((wanted for wanted, version in found.items() if version is None), None)
    if missing is not None:
        raise not_found(connection, name, missing)
    rows = comparison.side_by_side([comparison.facts(version) for version in found.values() if version is not None])
    return {
        "contract": CONTRACT,
        "name": name,
        "versions": numbers,
        "rows": [
            {"section": section, "name": what, "values": [cut(text) for text in texts], "different": different}
            for section, what, *texts, different in rows
        ],
    }


def _numbers(versions: str) -> list[int]:
    parts = [part.strip() for part in versions.split(",")]
    if len(parts) > MOST_COMPARED or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise InvalidArgumentError(
            f"versions: {cut(versions, 100)!r} is not allowed; give up to {MOST_COMPARED} numbers, such as '1,2'."
        )
    return [int(part) for part in dict.fromkeys(parts)]
