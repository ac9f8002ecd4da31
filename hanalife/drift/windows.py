"""Windows of current rows: so many rows, or a stretch of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins, compatibility, reading
from hanalife.errors import InvalidArgumentError

#: The periods that may be windows, and how many a year has.
PERIODS_PER_YEAR = {"hour": 8766.0, "day": 365.25, "week": 365.25 / 7, "month": 12.0, "quarter": 4.0, "year": 1.0}


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
    if every not in PERIODS_PER_YEAR:
        raise InvalidArgumentError(f"every: expected one of {', '.join(PERIODS_PER_YEAR)}, got {every!r}.")
    kind = {spec.name: spec.type for spec in data.specs}[time_column]
    if compatibility.family(kind) != bins.MOMENT:
        raise InvalidArgumentError(f"time_column: {time_column} is {kind}; a date or moment is needed.")
    return reading.by_period(time_column, every)


def is_complete(window: str, rows: int, options: Mapping[str, Any], moment: datetime) -> bool:
    """Return whether no further row of a window is to come.

    Parameters
    ----------
    rows : int
        Those that it has.
    options : mapping
        ``rows`` or ``time_column`` and ``every``, as of :meth:`Drift.windows`.
    moment : datetime
        Windows of time are complete if their period has ended by then, in UTC.
    """
    if window == bins.MISSING:
        return False
    if options["rows"] is not None:
        return rows == int(options["rows"])
    wall = pa.array([moment.astimezone(UTC).replace(tzinfo=None)], pa.timestamp("us"))
    return window < str(reading.periods(wall, options["every"])[0])
