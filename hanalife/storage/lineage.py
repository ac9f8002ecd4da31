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

from hanalife import evidence
from hanalife.database import run_values, runs
from hanalife.database.metrics_without_source import RunFacts, source_of
from hanalife.observation import MetricSource
from hanalife.records import ModelState

_OF_NUMBERS = "TEST_"  # before the statistics of a regression
_OF_SCORES = "SCORE_"  # before what a score measured after the fit of its run

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
    """Return the numbers of a model's statistics: ``{name: {value, source}}``, with ``low`` and ``high`` if known.

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
    return with_sources(found, state.tables)


def with_sources(metrics: Mapping[str, Mapping[str, Any]], tables: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the metrics of a version, each with its ``source``, which versions saved earlier lack.

    Parameters
    ----------
    metrics : mapping
        By their names among the statistics, ``{name: {value, ...}}``.
    tables : mapping
        The tables of the model's state. The statistic ``PARTITION`` says which rows were judged.
    """
    statistics = tables.get("statistics_", {})
    partition = next((text for name, text, *_ in statistics.get("rows", ()) if name == "PARTITION"), None)
    is_of_classes = any(name == "CLASS_NAME" for name, _ in statistics.get("columns", ()))
    fit = RunFacts("UNIFIED_CLASSIFICATION", "fit", partition)

    def source(name: str) -> MetricSource:
        if not is_of_classes and name.startswith(_OF_NUMBERS):  # of classes, this is said of folds
            return fit.plain_source
        return source_of(name, fit)

    return {name: {"source": str(source(name)), **kept} for name, kept in metrics.items()}


def scores(connection: sa.Connection, run_id: str | None) -> dict[str, dict[str, Any]]:
    """Return what scores of a run have measured, as in :func:`metrics`; a name of several sources has each."""
    if run_id is None:
        return {}
    measured = run_values.metrics(connection, [run_id])[run_id]
    values = {key: value for key, value in measured.items() if key.name.startswith(_OF_SCORES)}
    intervals = _intervals(connection, run_id) if values else {}
    return {
        label: {"value": value, "source": str(key.source), **intervals.get((key.name, value), {})}
        for key, label in evidence.labels(values).items()
        if isinstance(value := values[key], float) and math.isfinite(value)
    }


def _intervals(connection: sa.Connection, run_id: str) -> dict[tuple[str, Any], Mapping[str, Any]]:
    """Return the intervals in the log of a run, or why there is none, by name and value of the metric.

    Each call measures other rows, so that a name alone does not tell which interval is its own.
    """
    found: dict[tuple[str, Any], Mapping[str, Any]] = {}
    values: dict[str, Any] = {}
    for entry in runs.log(connection, run_id):
        if entry.event_key == "METRIC":
            values = {name: value for pair in json.loads(entry.message) for name, value in pair.items()}
        elif entry.event_key == "METRIC_INTERVAL":
            for name, bounds in json.loads(entry.message).items():
                found[name, values.get(name)] = _bounds(bounds)
        elif entry.event_key == "METRIC_INTERVAL_NOTE":
            for name, reason in json.loads(entry.message).items():
                found[name, values.get(name)] = {"no_interval": reason}
    return found


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _bounds(interval: Any) -> Mapping[str, float]:
    return {} if interval is None else {"low": float(interval[0]), "high": float(interval[1])}
