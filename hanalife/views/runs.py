"""One run of the store, with its log read, as the payload of its details."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from hanalife.database import run_values, runs
from hanalife.records import LogEntry, Run
from hanalife.views import figures
from hanalife.views.encoding import cut, facts, grid, instant, number, short_utc
from hanalife.views.experiments import run_row
from hanalife.views.payloads import CONTRACT, Fact, LogRow, RunDetail, SignatureTables

#: So many of the last entries of a log are shown.
MOST_LOG_ENTRIES = 500


@dataclass(slots=True)
class _Call:
    """The entries of one call, such as ``fit`` or ``score``: up to its end in the log."""

    method: str = ""
    parts: dict[str, Any] = field(default_factory=dict)  #: event key -> JSON value; the later one counts


def read(connection: sa.Connection, run_id: str) -> RunDetail | None:
    """Return all that is known of one run, or None if there is none of that id."""
    run = runs.run(connection, run_id)
    if run is None:
        return None
    metrics = run_values.metrics(connection, [run_id])[run_id]
    return detail(run, metrics, runs.log(connection, run_id), run_values.params(connection, [run_id])[run_id])


def detail(
    run: Run, metrics: Mapping[str, float | str], log: Sequence[LogEntry], params: Mapping[str, Any] | None = None
) -> RunDetail:
    """Return a run, its metrics and its log as one payload; ``params`` count where the log has none."""
    calls = list(_calls(log))
    first = calls[0].parts if calls else {}
    return {
        "contract": CONTRACT,
        "run": run_row(run, metrics),
        "overview": _overview(run, calls),
        "parameters": facts((_pairs(first.get("PARAMETER")) or dict(params or {})) | _optimal(calls)),
        "metrics": facts(
            {name: value if isinstance(value, str) else f"{value:.6g}" for name, value in metrics.items()}
        ),
        "dataset": _datasets(calls),
        "columns": grid(_rows(_mapping(first.get("DATASET")).get("COLUMN_SPEC"))),
        "importance": [
            {"name": name, "value": number(value)}
            for name, value in sorted(
                _pairs(_last(calls, "VARIABLE_IMPORTANCE")).items(), key=lambda pair: -float(number(pair[1]))
            )
        ],
        "curves": figures.curves(_mapping(_last(calls, "CONTINUOUS_FIGURE"))),
        "confusion": figures.confusion(_mapping(_last(calls, "DISCRETE_FIGURE")).get("CONFUSION_MATRIX", [])),
        "signature": _signature(calls),
        "log": [log_row(entry) for entry in log[-MOST_LOG_ENTRIES:]],
        "log_total": len(log),
    }


def log_row(entry: LogEntry) -> LogRow:
    """Return one entry of a log, cut if it is long."""
    return {
        "seq": entry.seq,
        "event_key": entry.event_key,
        "event_time": instant(entry.event_time),
        "message": cut(entry.message),
    }


# --- reading a log ----------------------------------------------------------------------------


def _calls(log: Iterable[LogEntry]) -> Iterator[_Call]:
    call = _Call()
    for entry in log:
        content = _content(entry.message)
        if entry.event_key == "END_OF_TRACK":
            call.method = str(_mapping(content).get("METHOD", ""))
            yield call
            call = _Call()
        else:
            call.parts[entry.event_key] = content
    if call.parts:
        yield call


def _content(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None  # by another program; the log shows it as it is


def _mapping(content: Any) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}


def _pairs(content: Any) -> dict[str, Any]:
    """Return ``[{name: value}, ...]`` as one mapping."""
    items = content if isinstance(content, list) else [content]
    return {name: value for item in items for name, value in _mapping(item).items()}


def _rows(content: Any) -> list[dict[str, Any]]:
    """Return the values of a list or mapping that are mappings themselves."""
    items = list(content.values()) if isinstance(content, dict) else content
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _last(calls: Sequence[_Call], event_key: str) -> Any:
    return next((call.parts[event_key] for call in reversed(calls) if event_key in call.parts), None)


# --- the parts --------------------------------------------------------------------------------


def _overview(run: Run, calls: Sequence[_Call]) -> list[Fact]:
    values = {
        "Experiment": run.experiment_id,
        "Description": run.description,
        "Attempt": run.attempt,
        "Calls": ", ".join(call.method for call in calls if call.method),
        "Procedure": run.procedure,
        "Dataset": run.dataset_name,
        "Source": run.dataset_source,
        "Owner": run.owner,
        "Process": f"{run.pid} on {run.host}",
        "Created": f"{short_utc(instant(run.created_at))} UTC",
        "Ended": f"{short_utc(instant(run.ended_at))} UTC" if run.ended_at else "",
        "Notes": run.notes,
        "Run id": run.run_id,
    }
    error = _mapping(_last(calls, "ERROR"))
    if error:
        values["Error"] = f"{error.get('TYPE', '')}: {error.get('MESSAGE', '')}"
    return facts({name: value for name, value in values.items() if value != ""})


def _optimal(calls: Sequence[_Call]) -> dict[str, Any]:
    return {f"optimal {name}": value for name, value in _pairs(_last(calls, "OPTIMAL_PARAMETER")).items()}


def _datasets(calls: Sequence[_Call]) -> list[Fact]:
    """Return the dataset of the first call, and of later ones what differs, named by their method."""
    found: dict[str, Any] = {}
    for position, call in enumerate(calls):
        dataset = {key: value for key, value in _mapping(call.parts.get("DATASET")).items() if key != "COLUMN_SPEC"}
        prefix = f"{call.method.upper()}_" if position else ""
        found |= {f"{prefix}{key}": value for key, value in dataset.items() if not position or found.get(key) != value}
    return facts(found)


def _signature(calls: Sequence[_Call]) -> SignatureTables:
    def rows(part: str) -> Any:
        return _last(calls, f"MODEL_SIGNATURE_{part}")

    parameters = _mapping(rows("PARAM_SPEC"))
    return {
        "properties": facts(_mapping(rows("PROPERTY"))),
        "inputs": grid(_rows(rows("INPUT_SCHEMA"))),
        "outputs": grid(_rows(rows("OUTPUT_SCHEMA"))),
        "parameters": grid({"NAME": name, **_mapping(spec)} for name, spec in parameters.items()),
    }
