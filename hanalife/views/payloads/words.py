"""Words that every payload is made of."""

from __future__ import annotations

from typing import Literal, NewType, TypedDict, get_args

from hanalife import evidence

#: Raised when an older front end could not read what this one sends.
CONTRACT = 2

Instant = NewType("Instant", str)

#: A number as JSON can carry it.
JsonNumber = float | Literal["nan", "inf", "-inf"]

#: A metric is a number, or a text such as a list of one value for each fold.
MetricValue = float | str

#: The rows that a metric was measured on, see :class:`hanalife.observation.MetricSource`.
MetricSourceWord = Literal["test", "validation", "cv", "train", "production", "user"]

#: Sources in the order of evidence; those of rows that the model was not fitted on.
SOURCES: tuple[MetricSourceWord, ...] = get_args(MetricSourceWord)
HELD_OUT: tuple[MetricSourceWord, ...] = tuple(source for source in SOURCES if source in evidence.HELD_OUT)
#: Parts of names of metrics that say which values are better, see :func:`hanalife.evidence.direction`.
HIGHER_IS_BETTER: tuple[str, ...] = tuple(sorted(evidence.HIGHER_IS_BETTER))
LOWER_IS_BETTER: tuple[str, ...] = tuple(sorted(evidence.LOWER_IS_BETTER))

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
