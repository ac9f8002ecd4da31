"""Windows of current rows: so many rows, or a stretch of time."""

from __future__ import annotations

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins, checking, reading
from hanalife.errors import InvalidArgumentError

_PERIODS = ("hour", "day", "week", "month", "quarter", "year")


def window_split(data: DataFrame, rows: int | None, time_column: str | None, every: str) -> reading.Split:
    """Return what splits rows into windows.

    Raises
    ------
    InvalidArgumentError
        Not exactly one of rows and time column is given, or it cannot be used.
    """
    if (rows is None) == (time_column is None):
        raise InvalidArgumentError("rows, time_column: give one of both.")
    if rows is not None:
        if rows < 1:
            raise InvalidArgumentError(f"rows: expected at least 1, got {rows!r}.")
        return reading.by_rows(rows)
    assert time_column is not None
    names.require([time_column], data.columns, "time_column")
    if every not in _PERIODS:
        raise InvalidArgumentError(f"every: expected one of {', '.join(_PERIODS)}, got {every!r}.")
    kind = {spec.name: spec.type for spec in data.specs}[time_column]
    if checking.family(kind) != bins.MOMENT:
        raise InvalidArgumentError(f"time_column: {time_column} is {kind}; a date or moment is needed.")
    return reading.by_period(time_column, every)
