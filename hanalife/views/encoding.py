"""How values become what JSON and people can read; the one place that knows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from hanalife.clock import format_utc
from hanalife.views.payloads.words import Fact, Grid, Instant, JsonNumber

#: A text longer than this is cut; the store keeps all of it.
LONGEST_TEXT = 2_000

#: What stands for numbers that JSON has none for.
NOT_FINITE = ("nan", "inf", "-inf")


def instant(moment: datetime) -> Instant:
    """Return a moment as the contract writes it."""
    return Instant(format_utc(moment))


def instant_or_none(moment: datetime | None) -> Instant | None:
    """Return a moment as the contract writes it, or None."""
    return None if moment is None else instant(moment)


def seconds_between(start: datetime | None, end: datetime | None) -> float | None:
    """Return the seconds from start to end, or None while one of them is unknown."""
    return None if start is None or end is None else (end - start).total_seconds()


def number(value: object) -> JsonNumber:
    """Return a number as JSON can carry it; what is no number is ``'nan'``.

    >>> [number(value) for value in (0.5, float("-inf"), "inf", "many")]
    [0.5, '-inf', 'inf', 'nan']
    """
    if isinstance(value, str):
        return cast("JsonNumber", value if value in NOT_FINITE else "nan")
    if not isinstance(value, int | float):
        return "nan"
    return cast("JsonNumber", float(value) if math.isfinite(value) else str(float(value)))


def metric(value: float | str) -> float | str:
    """Return a metric as JSON can carry it: a text stays a text."""
    return value if isinstance(value, str) or math.isfinite(value) else number(value)


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text, shortened with a note of its true length if it is long.

    >>> cut("abcdef", longest=3)
    'abc ... (6 characters)'
    """
    return text if len(text) <= longest else f"{text[:longest]} ... ({len(text):,} characters)"


def text(value: object) -> str:
    """Return a JSON value as text to show."""
    if isinstance(value, str):
        return cut(value)
    return cut(json.dumps(value, ensure_ascii=False, default=str)) if isinstance(value, list | dict) else str(value)


def facts(values: Mapping[str, Any]) -> list[Fact]:
    """Return names and values as texts to show."""
    return [{"name": name, "value": text(value)} for name, value in values.items()]


def grid(rows: Iterable[Mapping[str, Any]]) -> Grid:
    """Return rows as a table of texts; its columns are all names that occur, in order."""
    listed = list(rows)
    columns = list(dict.fromkeys(name for row in listed for name in row))
    return {"columns": columns, "rows": [[text(row.get(name, "")) for name in columns] for row in listed]}


def size(count: int) -> str:
    """Return a number of bytes in the greatest unit that it fills.

    >>> [size(count) for count in (900, 2_048, 5_000_000_000)]
    ['900 B', '2.0 KiB', '4.7 GiB']
    """
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            break
        amount /= 1024
    return f"{count} B" if unit == "B" else f"{amount:,.1f} {unit}"


def short_utc(moment: str | None) -> str:
    """Return an instant of the contract to the second, for people who know it is UTC.

    >>> short_utc("2026-01-02T03:04:05.678901Z")
    '2026-01-02 03:04:05'
    """
    return "" if moment is None else moment[:19].replace("T", " ")
