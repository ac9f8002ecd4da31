"""The entries of a run's log: what a model reported, as typed JSON.

Pure: no clock, no database. The shapes are those that SAP HANA's monitor reads. JSON has no
word for NaN and infinities; they become the texts ``"nan"``, ``"inf"`` and ``"-inf"``.
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

from hanalife.database.types import json_text
from hanalife.observation import CallOutcome, CallStart, ColumnSpec, DatasetFacts, FoldScore, Json, Signature
from hanalife.records import RunStatus


class EventKey(StrEnum):
    """What an entry of the log holds; the shape of its JSON."""

    PARAMETER = "PARAMETER"  #: ``[{name: value}, ...]``, all in force
    DATASET = "DATASET"  #: ``{NAME, SOURCE, ROWS, COLUMNS, CONTENT_HASH, SQL, COLUMN_SPEC}``
    OPTIMAL_PARAMETER = "OPTIMAL_PARAMETER"  #: ``[{name: value}, ...]``, chosen by a search
    METRIC = "METRIC"  #: ``[{name: value}, ...]``; a text with commas is a list per fold
    METRIC_SOURCE = "METRIC_SOURCE"  #: ``{SOURCE, NOTE}``, where the rows need a note: how many were trained on
    METRIC_INTERVAL = "METRIC_INTERVAL"  #: ``{name: [low, high]}``, level 95 %
    METRIC_INTERVAL_NOTE = "METRIC_INTERVAL_NOTE"  #: ``{name: reason}``, why a metric has no interval
    VARIABLE_IMPORTANCE = "VARIABLE_IMPORTANCE"  #: ``[{feature: importance}, ...]``
    DISCRETE_FIGURE = "DISCRETE_FIGURE"  #: ``{CONFUSION_MATRIX: [[actual, predicted, count], ...]}``
    CONTINUOUS_FIGURE = "CONTINUOUS_FIGURE"  #: ``{curve: [[x, y], ...], ...}``
    MODEL_SIGNATURE_PROPERTY = "MODEL_SIGNATURE_PROPERTY"  #: ``{name: value}``
    #: ``{"0": {COLUMN_NAME, COLUMN_TYPE}, ...}``, and CATEGORIES or MINIMUM and MAXIMUM seen in training
    MODEL_SIGNATURE_INPUT_SCHEMA = "MODEL_SIGNATURE_INPUT_SCHEMA"
    MODEL_SIGNATURE_OUTPUT_SCHEMA = "MODEL_SIGNATURE_OUTPUT_SCHEMA"  #: ``{"0": {COLUMN_NAME, COLUMN_TYPE}, ...}``
    MODEL_SIGNATURE_PARAM_SPEC = "MODEL_SIGNATURE_PARAM_SPEC"  #: ``{name: {key: value}}``
    #: ``[{CANDIDATE, PARAMETERS, METRIC, FOLD, SCORE, RUNG, FOLDS}, ...]``, while a search goes on
    SEARCH = "SEARCH"
    ARTIFACT = "ARTIFACT"  #: ``{NAME, KIND, MEDIA_TYPE, SHA256, SIZE}``
    ERROR = "ERROR"  #: ``{TYPE, MESSAGE, TRACEBACK}``
    END_OF_TRACK = "END_OF_TRACK"  #: ``{STATUS, METHOD, SECONDS}``; ends the entries of one call


#: Key and JSON text of one entry.
Event = tuple[EventKey, str]


@dataclass(frozen=True, slots=True)
class LogSwitches:
    """Which kinds of facts a run records of its calls; its metrics always."""

    parameters: bool = True
    dataset: bool = True
    signature: bool = True
    figures: bool = True
    importance: bool = True


ALL = LogSwitches()


def of_start(start: CallStart, switches: LogSwitches = ALL) -> list[Event]:
    """Return the entries that a call begins with."""
    return [_event(EventKey.PARAMETER, _pairs(start.parameters))] if switches.parameters else []


def of_outcome(
    outcome: CallOutcome,
    method: str,
    dataset_name: str,
    dataset_source: str,
    prefix: str,
    switches: LogSwitches = ALL,
) -> list[Event]:
    """Return the entries that a good call ends with; ``prefix`` goes before each metric's name."""
    entries = []
    if switches.dataset:
        entries.append(_event(EventKey.DATASET, dataset_facts(outcome.dataset, dataset_name, dataset_source)))
    if switches.parameters and outcome.optimal_parameters:
        entries.append(_event(EventKey.OPTIMAL_PARAMETER, _pairs(outcome.optimal_parameters)))
    entries += _of_metrics(outcome, prefix)
    if switches.importance and outcome.importance:
        entries.append(_event(EventKey.VARIABLE_IMPORTANCE, _pairs(outcome.importance)))
    if switches.figures and outcome.confusion:
        entries.append(_event(EventKey.DISCRETE_FIGURE, {"CONFUSION_MATRIX": outcome.confusion}))
    if switches.figures and outcome.curves:
        entries.append(_event(EventKey.CONTINUOUS_FIGURE, outcome.curves))
    if switches.signature and outcome.signature is not None:
        entries.extend(_of_signature(outcome.signature))
    return [*entries, of_end(RunStatus.FINISHED, method, outcome.seconds)]


def _of_metrics(outcome: CallOutcome, prefix: str) -> list[Event]:
    """Return the entries on metrics, their rows and their intervals."""
    entries = []
    if outcome.metrics:
        entries.append(_event(EventKey.METRIC, _pairs(prefixed(outcome.metrics, prefix))))
    if outcome.metrics and outcome.source_note:
        entries.append(_event(EventKey.METRIC_SOURCE, {"SOURCE": outcome.source, "NOTE": outcome.source_note}))
    if outcome.intervals:
        intervals = {f"{prefix}{name}": bounds for name, bounds in outcome.intervals.items()}
        entries.append(_event(EventKey.METRIC_INTERVAL, intervals))
    if outcome.interval_notes:
        notes = {f"{prefix}{name}": reason for name, reason in outcome.interval_notes.items()}
        entries.append(_event(EventKey.METRIC_INTERVAL_NOTE, notes))
    return entries


def of_fold_scores(scores: Iterable[FoldScore]) -> Event:
    """Return the entry on what a search has found since the last one."""
    rows = [
        {
            "CANDIDATE": score.candidate,
            "PARAMETERS": score.parameters,
            "METRIC": score.metric,
            "FOLD": score.fold,
            "SCORE": score.score,
            "RUNG": score.rung,
            "FOLDS": score.folds,
        }
        for score in scores
    ]
    return _event(EventKey.SEARCH, rows)


def of_parameters(values: Mapping[str, Any]) -> Event:
    """Return an entry on parameters."""
    return _event(EventKey.PARAMETER, _pairs(values))


def of_artifact(artifact: Mapping[str, Json]) -> Event:
    """Return the entry on an artifact that a run keeps from now on."""
    return _event(EventKey.ARTIFACT, artifact)


def of_failure(error: BaseException, method: str, seconds: float) -> list[Event]:
    """Return the entries that a failed call ends with."""
    cause = {
        "TYPE": type(error).__name__,
        "MESSAGE": str(error),
        "TRACEBACK": "".join(traceback.format_exception(error)),
    }
    return [_event(EventKey.ERROR, cause), of_end(RunStatus.FAILED, method, seconds)]


def prefixed(metrics: Mapping[str, float | str], prefix: str) -> dict[str, float | str]:
    """Return metrics with a prefix before each name."""
    return {f"{prefix}{name}": value for name, value in metrics.items()}


def to_json(value: object) -> str:
    """Return any value as JSON text: numbers of NumPy as numbers, what JSON cannot hold as text.

    >>> to_json({"a": float("nan"), "b": (1, 2.5), 3: None})
    '{"a": "nan", "b": [1, 2.5], "3": null}'
    """
    return json_text(plain(value))


def _event(key: EventKey, content: object) -> Event:
    return key, to_json(content)


def of_end(status: RunStatus, method: str, seconds: float) -> Event:
    """Return the entry that closes those of one call."""
    return _event(EventKey.END_OF_TRACK, {"STATUS": status, "METHOD": method, "SECONDS": seconds})


def _pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{name: value} for name, value in values.items()]


def dataset_facts(facts: DatasetFacts, name: str, source: str) -> dict[str, object]:
    """Return what is recorded of the rows that a call read."""
    return {
        "NAME": name,
        "SOURCE": source,
        "ROWS": facts.rows,
        "COLUMNS": len(facts.columns),
        "CONTENT_HASH": facts.content_hash,
        "SQL": facts.sql,
        "COLUMN_SPEC": [_column(spec) for spec in facts.columns],
    }


def _of_signature(signature: Signature) -> list[Event]:
    return [
        _event(EventKey.MODEL_SIGNATURE_PROPERTY, signature.properties),
        _event(EventKey.MODEL_SIGNATURE_INPUT_SCHEMA, _schema(signature.inputs, signature.seen)),
        _event(EventKey.MODEL_SIGNATURE_OUTPUT_SCHEMA, _schema(signature.outputs)),
        _event(EventKey.MODEL_SIGNATURE_PARAM_SPEC, signature.parameters),
    ]


def _schema(
    columns: Iterable[ColumnSpec], seen: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> dict[str, dict[str, Any]]:
    return {str(position): {**_column(spec), **seen.get(spec.name, {})} for position, spec in enumerate(columns)}


def _column(spec: ColumnSpec) -> dict[str, Any]:
    return {"COLUMN_NAME": spec.name, "COLUMN_TYPE": spec.type}


def plain(value: object) -> Json:
    """Return any value as what JSON can hold."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Real):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    to_python = getattr(value, "tolist", None)  # NumPy's arrays and truth values
    return plain(to_python()) if callable(to_python) else str(value)


def parameter(value: object) -> Json:
    """Return the value of a parameter as what JSON can hold, or as a float of any kind."""
    is_float = isinstance(value, Real) and not isinstance(value, Integral)
    return float(value) if is_float else plain(value)  # type: ignore[arg-type]


def _number(value: Real) -> Json:
    if isinstance(value, Integral):
        return int(value)
    number = float(value)
    return number if math.isfinite(number) else str(number)
