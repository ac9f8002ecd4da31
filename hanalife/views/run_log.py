"""Reading a run's log: its entries by call, as far as they are what the contract of the log says. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hanalife.records import LogEntry


@dataclass(slots=True)
class Call:
    """The entries of one call, such as ``fit`` or ``score``: up to its end in the log."""

    method: str = ""
    parts: dict[str, Any] = field(default_factory=dict)  #: event key -> JSON value; the later one counts


def calls(log: Iterable[LogEntry]) -> Iterator[Call]:
    """Give the calls of a log, the one that goes on last."""
    call = Call()
    for entry in log:
        if entry.event_key == "END_OF_TRACK":
            call.method = str(mapping(content(entry)).get("METHOD", ""))
            yield call
            call = Call()
        elif entry.event_key != "SEARCH":  # of which each entry counts, see search_rows()
            call.parts[entry.event_key] = content(entry)
    if call.parts:
        yield call


def search_rows(log: Iterable[LogEntry]) -> list[dict[str, Any]]:
    """Return what the searches of a log found, in order: one row a candidate and fold."""
    return [row for entry in log if entry.event_key == "SEARCH" for row in rows(content(entry))]


def content(entry: LogEntry) -> Any:
    """Return the JSON value of an entry, or None if it has none."""
    try:
        return json.loads(entry.message)
    except ValueError:
        return None  # by another program; the log shows it as it is


def mapping(value: Any) -> dict[str, Any]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def pairs(value: Any) -> dict[str, Any]:
    """Return ``[{name: value}, ...]`` as one mapping."""
    items = value if isinstance(value, list) else [value]
    return {name: item for each in items for name, item in mapping(each).items()}


def rows(value: Any) -> list[dict[str, Any]]:
    """Return the values of a list or mapping that are mappings themselves."""
    items = list(value.values()) if isinstance(value, dict) else value
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def last(found: Sequence[Call], event_key: str) -> Any:
    """Return the last value of an event, or None."""
    return next((call.parts[event_key] for call in reversed(found) if event_key in call.parts), None)


def merged(found: Sequence[Call], event_key: str) -> dict[str, Any]:
    """Return the mappings of an event in all calls as one; the later one counts."""
    return {name: value for call in found for name, value in mapping(call.parts.get(event_key)).items()}
