"""Words that every payload is made of."""

from __future__ import annotations

from typing import Literal, NewType, TypedDict

#: Raised when an older front end could not read what this one sends.
CONTRACT = 1

Instant = NewType("Instant", str)

#: A number as JSON can carry it.
JsonNumber = float | Literal["nan", "inf", "-inf"]

#: A metric is a number, or a text such as a list of one value for each fold.
MetricValue = float | str

RunStatusWord = Literal["ACTIVE", "FINISHED", "FAILED", "LOST", "DELETED"]
JobStatusWord = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "ABANDONED", "SKIPPED"]
TickStatusWord = Literal["RAN", "LATE", "SKIPPED", "MISSED", "MERGED"]


class Fact(TypedDict):
    """A name and what it stands for, both as text to show."""

    name: str
    value: str


class Grid(TypedDict):
    """A small table as text to show."""

    columns: list[str]
    rows: list[list[str]]
