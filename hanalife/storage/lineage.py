"""Where a model comes from and how good it was, as JSON values to keep beside it."""

from __future__ import annotations

import functools
import json
import math
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import sqlalchemy as sa

from hanalife.database import runs
from hanalife.records import ModelState

_PACKAGES = ("hanalife", "numpy", "pandas", "scikit-learn", "scipy", "skops", "xgboost", "xgboost-cpu")


#: Of the statistics that are the ends of another one's interval.
_ENDS = {"LOW": "low", "HIGH": "high"}


@functools.cache
def environment() -> dict[str, str]:
    """Return the versions of Python, the system and the packages that a model depends on."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def dataset_hash(connection: sa.Connection, run_id: str | None) -> str | None:
    """Return the content hash of the first rows that a run read, which are those of its fit."""
    if run_id is None:
        return None
    for entry in runs.log(connection, run_id):
        if entry.event_key == "DATASET":
            found = json.loads(entry.message).get("CONTENT_HASH")
            return None if found is None else str(found)
    return None


def metrics(state: ModelState) -> dict[str, dict[str, Any]]:
    """Return the numbers of a model's statistics: ``{name: {value}}``, with ``low`` and ``high`` if known.

    Those of one class are under ``RECALL_<class>`` and so on. Intervals come from the fact
    ``intervals``: ``{name: [low, high]}``. One that was withheld has its reason under ``no_interval``.
    """
    intervals = state.facts.get("intervals", {})
    notes = state.tables.get("interval_notes_", {}).get("rows", ())
    reasons = {name if of is None else f"{name}_{of}": reason for *_, name, of, reason in notes}
    found: dict[str, dict[str, Any]] = {}
    for name, text, *of in state.tables.get("statistics_", {}).get("rows", ()):
        base, _, end = name.rpartition(".")
        number_of = base if end in _ENDS else name
        key = number_of if not of or of[0] is None else f"{number_of}_{of[0]}"
        value = _number(text)
        if value is None:
            continue
        if end in _ENDS and key in found:
            found[key][_ENDS[end]] = value
        else:
            found[key] = {"value": value, **_bounds(intervals.get(key))}
            if key in reasons:
                found[key]["no_interval"] = reasons[key]
    return found


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _bounds(interval: Any) -> Mapping[str, float]:
    return {} if interval is None else {"low": float(interval[0]), "high": float(interval[1])}
