"""The range of time in which a schedule is in force. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hanalife.errors import ArgumentTypeError, InvalidArgumentError

Range = tuple[datetime | None, datetime | None]
RecurrenceRange = Mapping[str, str | datetime]


def parse_range(
    recurrence_range: Mapping[str, str | datetime | None] | None, argument: str = "recurrence_range"
) -> Range:
    """Return start and end of a recurrence range as aware moments.

    Parameters
    ----------
    recurrence_range : mapping or None
        Keys ``start`` and ``end``, in any case, both optional; values are text such as
        ``'2026-01-31 12:00:00'`` or moments, in UTC unless they name a zone.
    argument : str, default 'recurrence_range'
        What an error calls it.

    Raises
    ------
    ArgumentTypeError
        A value is neither text nor a moment.
    InvalidArgumentError
        A key is unknown, a text is not a time, or the end is before the start.

    Examples
    --------
    >>> parse_range({"START": "2026-01-31 12:00:00"})
    (datetime.datetime(2026, 1, 31, 12, 0, tzinfo=datetime.timezone.utc), None)
    """
    given = {key.lower(): value for key, value in (recurrence_range or {}).items()}
    unknown = sorted(set(given) - {"start", "end"})
    if unknown:
        raise InvalidArgumentError(f"{argument}: unknown key {unknown[0]!r}; the keys are 'start' and 'end'.")
    start, end = (_moment(given.get(key), key, argument) for key in ("start", "end"))
    if start is not None and end is not None and end < start:
        raise InvalidArgumentError(f"{argument}: the end {end} is before the start {start}.")
    return start, end


def _moment(value: object, key: str, argument: str) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str | datetime):
        raise ArgumentTypeError(f"{argument}: {key!r} must be text or a datetime, got {value!r}.")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise InvalidArgumentError(f"{argument}: {key!r} is {value!r}; write it as '2026-01-31 12:00:00'.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
