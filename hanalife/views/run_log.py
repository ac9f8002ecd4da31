"""Reading a run's log: its entries by call, as far as they are what the contract of the log says. Pure."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from hanalife.records import LogEntry
from hanalife.views.encoding import LONGEST_TEXT, instant
from hanalife.views.payloads.runs import LogRow

#: So many of the last entries of a log are shown at once.
MOST_LOG_ENTRIES = 500
#: The entries that are more than shown: their whole message is read.
READ_WHOLE = (
    *("PARAMETER", "OPTIMAL_PARAMETER", "DATASET", "METRIC", "METRIC_SOURCE", "METRIC_INTERVAL"),
    *("METRIC_INTERVAL_NOTE", "VARIABLE_IMPORTANCE", "DISCRETE_FIGURE"),
    *("CONTINUOUS_FIGURE", "MODEL_SIGNATURE_PROPERTY", "MODEL_SIGNATURE_INPUT_SCHEMA", "MODEL_SIGNATURE_OUTPUT_SCHEMA"),
    *("MODEL_SIGNATURE_PARAM_SPEC", "SEARCH", "ERROR", "END_OF_TRACK"),
)


@dataclass(slots=True)
class Call:
    """The entries of one call, such as ``fit`` or ``score``: up to its end in the log."""

    method: str = ""
    parts: dict[str, Any] = field(default_factory=dict)  #: event key -> JSON value; the later one counts

    def measured(self, name: str, value: float | str) -> bool:
        """Say whether a metric is of this call: two scores may give values of one name from different sources."""
        return bool(pairs(self.parts.get("METRIC")).get(name) == value)


class RunLog:
    """What is to be shown of a log, which can be given on with what was written since."""

    def __init__(self) -> None:
        self.last_seq = -1
        self.total = 0
        #: The rows of all searches, one a candidate and fold.
        self.search_rows: list[dict[str, Any]] = []
        self.end: deque[LogRow] = deque(maxlen=MOST_LOG_ENTRIES)
        self._ended: list[Call] = []
        self._call = Call()

    @classmethod
    def of(cls, entries: Iterable[LogEntry]) -> Self:
        """Return a log of some entries."""
        log = cls()
        log.add((entry, len(entry.message)) for entry in entries)
        return log

    @property
    def calls(self) -> list[Call]:
        """The calls in order, the one that goes on last."""
        return [*self._ended, self._call] if self._call.parts else [*self._ended]

    def add(self, entries: Iterable[tuple[LogEntry, int]]) -> None:
        """Read on; with each entry comes the length of its message, which may be cut."""
        for entry, length in entries:
            self.last_seq = entry.seq
            self.total += 1
            self.end.append(log_row(entry, length))
            if entry.event_key == "END_OF_TRACK":
                self._call.method = str(mapping(content(entry)).get("METHOD", ""))
                self._ended.append(self._call)
                self._call = Call()
            elif entry.event_key == "SEARCH":  # of which each entry counts
                self.search_rows += rows(content(entry))
            elif entry.event_key in READ_WHOLE:
                self._call.parts[entry.event_key] = content(entry)


def log_row(entry: LogEntry, length: int) -> LogRow:
    """Return one entry of a log, cut if it is long."""
    is_long = length > LONGEST_TEXT
    return {
        "seq": entry.seq,
        "event_key": entry.event_key,
        "event_time": instant(entry.event_time),
        "message": f"{entry.message[:LONGEST_TEXT]} ... ({length:,} characters)" if is_long else entry.message,
        "length": length,
    }


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
