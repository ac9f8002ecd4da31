"""Due times by the clock on the wall of a time zone, across its changes. Pure.

A time of day with a fixed hour happens once a day: where the clock is set back, at the first of
its two passes; where it is set forward and the time is left out, as long after the change as
the time lies within what was left out. Every other text goes by what the clock shows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Gives the first matching time of day at or after one, both without a zone; None if there is none.
Find = Callable[[datetime], datetime | None]

_TICK = timedelta(microseconds=1)
_LONGEST_GAP = timedelta(hours=26)  # Apia once left out a whole day
_FAR = timedelta(days=3)


def next_due(find: Find, zone: ZoneInfo, after: datetime, *, fixed_hour: bool) -> datetime | None:
    """Return the first due time later than a moment, in UTC, or None if there is none."""
    lower = after.astimezone(UTC) + _TICK
    while True:
        offset = _offset(zone, lower)
        wall = find(lower.replace(tzinfo=None) + offset)
        made_up = _left_out(find, zone, lower) if fixed_hour else None
        if wall is None:
            return made_up
        due = (wall - offset).replace(tzinfo=UTC)
        if made_up is None and due - lower > _FAR:
            lower = due - _FAR + timedelta(days=1)  # nothing matches before; what is near is looked at closely
            continue
        change = _first_change(zone, lower, due)
        if change is not None and (made_up is None or change <= made_up):
            lower = change
        elif made_up is not None and made_up <= due:
            return made_up
        elif fixed_hour and due.astimezone(zone).fold:
            lower = due + _TICK
        else:
            return due


def _left_out(find: Find, zone: ZoneInfo, lower: datetime) -> datetime | None:
    """Return the first due time at or after a moment whose time of day was left out by a change shortly before."""
    day, changes = lower - _LONGEST_GAP, [moment for moment in _changes_around(zone, lower) if moment <= lower]
    if not changes or changes[-1] < day:
        return None
    change = changes[-1]
    before, behind = _offset(zone, change - timedelta(seconds=1)), _offset(zone, change)
    first = change.replace(tzinfo=None) + before  # what the clock would have shown
    wall = find(first + (lower - change))
    if wall is None or wall >= first + (behind - before):
        return None
    return change + (wall - first)


def _first_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """Return the first change of a zone's clock later than the start and not later than the end."""
    day = start.date()
    while day <= end.date():
        for change in _changes(zone.key, day):
            if start < change <= end:
                return change
        day += timedelta(days=1)
    return None


def _changes_around(zone: ZoneInfo, moment: datetime) -> list[datetime]:
    days = (moment.date() - timedelta(days=number) for number in (2, 1, 0))
    return [change for day in days for change in _changes(zone.key, day)]


@lru_cache(maxsize=4096)
def _changes(zone_name: str, day: date) -> tuple[datetime, ...]:
    """Return the moments of a UTC day at which a zone's clock is changed."""
    zone = ZoneInfo(zone_name)
    low = datetime.combine(day, time(), UTC) - timedelta(seconds=1)
    high = low + timedelta(days=1)
    if _offset(zone, low) == _offset(zone, high):
        return ()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(zone, middle) == _offset(zone, low) else (low, middle)
    return (high,)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)
