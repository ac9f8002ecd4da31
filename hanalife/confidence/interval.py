"""What an interval is, and what stands in its place where rows do not support one. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

#: Lower and upper bound.
Interval = tuple[float, float]

#: Of all intervals, unless a caller names another one.
LEVEL = 0.95

_HALVINGS = 45


@dataclass(frozen=True, slots=True)
class Withheld:
    """No interval, because none that these rows allow would hold its level."""

    reason: str


def rows_text(rows: int) -> str:
    """Return a number of rows with its noun.

    >>> rows_text(1), rows_text(1200)
    ('1 row', '1,200 rows')
    """
    return "1 row" if rows == 1 else f"{rows:,} rows"


def boundary(is_low: Callable[[float], bool], low: float, high: float) -> float:
    """Return where a condition that holds at ``low`` and fails at ``high`` ends, by bisection."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_low(middle) else (low, middle)
    return (low + high) / 2
