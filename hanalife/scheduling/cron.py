"""Cron texts: read, explained, and asked for the next time. Pure: no clock, no database.

The grammar is SAP HANA's: seven fields ``YEAR MONTH MONTHDAY WEEKDAY HOUR MINUTE SECOND``,
each ``*``, ``*/n``, ``a``, ``a:b``, ``a:b/n`` or several of these with commas. All fields must
match. The five fields of Unix are read as well and turned into seven.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hanalife.clock import utc_now
from hanalife.errors import CronError, InvalidArgumentError
from hanalife.scheduling.wall_clock import next_due

if TYPE_CHECKING:
    from apscheduler.triggers.cron import CronTrigger

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_UNIX_WEEKDAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the grammar: its name, what it takes, and the trigger's word for it."""

    name: str
    low: int
    high: int
    keyword: str
    names: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What a single value may be."""
        return ", ".join(self.names) if self.names else f"{self.low} to {self.high}"


FIELDS = (
    Field("YEAR", 1970, 9999, "year"),
    Field("MONTH", 1, 12, "month"),
    Field("MONTHDAY", 1, 31, "day"),
    Field("WEEKDAY", 0, 6, "day_of_week", WEEKDAYS),
    Field("HOUR", 0, 23, "hour"),
    Field("MINUTE", 0, 59, "minute"),
    Field("SECOND", 0, 59, "second"),
)
_GRAMMAR = " ".join(field.name for field in FIELDS)


@dataclass(frozen=True, slots=True)
class Item:
    """One part of a field between commas: all values from first to last by a step."""

    first: int
    last: int
    step: int

    @property
    def values(self) -> range:
        """The values that match."""
        return range(self.first, self.last + 1, self.step)


def normalize(cron: str) -> str:
    """Return a cron text as seven checked fields with single blanks, in lower case.

    Parameters
    ----------
    cron : str
        Seven fields, or the five of Unix: minute, hour, day, month and weekday, the latter as
        a name or a number from 0 or 7 (Sunday) to 6.

    Raises
    ------
    CronError
        The text is not of the grammar; the message names the field, its value and a remedy.

    Examples
    --------
    >>> normalize("* * * MON 8 0 0")
    '* * * mon 8 0 0'
    >>> normalize("30 8 * * 1-5")
    '* * * mon,tue,wed,thu,fri 8 30 0'
    """
    texts = cron.lower().split() if isinstance(cron, str) else []
    if len(texts) == 5:
        texts = _from_unix(texts, cron)
    if len(texts) != 7:
        raise CronError(
            f"cron: expected 7 fields ({_GRAMMAR}) or 5 (minute hour day month weekday), "
            f"got {len(texts)} in {cron!r}. For every Monday at 08:00:00 UTC write '* * * mon 8 0 0'; "
            "a list has commas and no blanks."
        )
    for field, text in zip(FIELDS, texts, strict=True):
        _items(field, text)
    return " ".join(texts)


def next_after(cron: str, moment: datetime, timezone: str = "UTC") -> datetime | None:
    """Return the first due time later than a moment, in UTC, or None if there is none.

    Parameters
    ----------
    cron : str
        A cron text.
    moment : datetime
        An aware moment.
    timezone : str, default 'UTC'
        The IANA name of the zone whose clock the cron text means. Where that clock is set
        back, a due time with a fixed hour happens once, at the first of the two; where it is
        set forward, one that is left out happens as if the clock had not been set.

    Raises
    ------
    CronError
        The text is not of the grammar.
    InvalidArgumentError
        The zone is unknown.

    Examples
    --------
    >>> next_after("* * * mon 8 0 0", datetime(2026, 1, 1, tzinfo=UTC))
    datetime.datetime(2026, 1, 5, 8, 0, tzinfo=datetime.timezone.utc)
    """
    return next(times_after(cron, moment, timezone), None)


def times_after(cron: str, moment: datetime, timezone: str = "UTC") -> Iterator[datetime]:
    """Give all due times later than a moment, in order, in UTC; see :func:`next_after`."""
    text = normalize(cron)
    trigger, place = _trigger(text), zone(timezone)
    fixed_hour = not text.split()[4].startswith("*")

    def find(wall: datetime) -> datetime | None:
        found: datetime | None = trigger.get_next_fire_time(None, wall.replace(tzinfo=UTC))
        return None if found is None else found.replace(tzinfo=None)

    due: datetime | None = moment
    while due is not None:
        due = next_due(find, place, due, fixed_hour=fixed_hour)
        if due is not None:
            yield due


def preview_cron(cron: str, n: int = 5, timezone: str = "UTC", after: datetime | None = None) -> list[datetime]:
    """Return the next due times of a cron text, to look at before trusting it.

    Parameters
    ----------
    cron : str
        A cron text.
    n : int, default 5
        How many due times; fewer come back if there are no more.
    timezone : str, default 'UTC'
        The IANA name of the zone whose clock the cron text means.
    after : datetime, optional
        An aware moment; default: now.

    Returns
    -------
    list of datetime
        In UTC.

    Raises
    ------
    CronError
        The text is not of the grammar.
    InvalidArgumentError
        The zone is unknown, ``n`` is less than 1, or ``after`` has no zone.

    Examples
    --------
    >>> [f"{due:%a %d %b %H:%M}" for due in preview_cron("* * * mon 8 0 0", 2, after=datetime(2026, 1, 1, tzinfo=UTC))]
    ['Mon 05 Jan 08:00', 'Mon 12 Jan 08:00']
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InvalidArgumentError(f"n: expected a whole number of at least 1, got {n!r}.")
    if after is not None and after.tzinfo is None:
        raise InvalidArgumentError(f"after: {after!r} has no time zone; write datetime(..., tzinfo=UTC).")
    return list(itertools.islice(times_after(cron, after or utc_now(), timezone), n))


@lru_cache(maxsize=256)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises
    ------
    InvalidArgumentError
        There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgumentError(
            f"timezone: {name!r} is not a time zone; use an IANA name such as 'UTC' or 'Europe/Berlin'."
        ) from None


@lru_cache(maxsize=256)
def _trigger(cron: str) -> CronTrigger:
    from apscheduler.triggers.cron import CronTrigger

    # The trigger drops the step of a range of weekday names without a word, so it gets numbers.
    fields = {
        field.keyword: ",".join(_translate(field, part) for part in text.split(","))
        for field, text in zip(FIELDS, cron.split(), strict=True)
    }
    # It is asked for times of day without a zone, which it calls UTC: around the changes of a zone's
    # clock it leaves out due times.
    return CronTrigger(**fields, timezone=UTC)


def _translate(field: Field, part: str) -> str:
    if part.startswith("*"):
        return part
    item = _item(field, part)
    if item.first == item.last:
        return str(item.first)
    return f"{item.first}-{item.last}" + (f"/{item.step}" if item.step > 1 else "")


# --- the grammar ------------------------------------------------------------------------------

_PART = re.compile(r"(?:(?P<any>\*)|(?P<first>\w+)(?::(?P<last>\w+))?)(?:/(?P<step>\w+))?", re.ASCII)


def _items(field: Field, text: str) -> list[Item]:
    return [_item(field, part) for part in text.split(",")]


def _item(field: Field, part: str) -> Item:
    match = _PART.fullmatch(part)
    if match is None or (match["step"] and not match["any"] and not match["last"]):
        raise _refused(field, part, "write *, */n, a, a:b, a:b/n, or several of these with commas")
    first = field.low if match["any"] else _value(field, match["first"], part)
    last = field.high if match["any"] else _value(field, match["last"] or match["first"], part)
    if first > last:
        raise _refused(field, part, "a range must not run backwards; write it as two, with a comma")
    return Item(first, last, _step(field, match["step"], part, last - first))


def _value(field: Field, text: str, part: str) -> int:
    if field.names:
        if text in field.names:
            return field.names.index(text)
    elif text.isdecimal() and field.low <= int(text) <= field.high:
        return int(text)
    raise _refused(field, part, f"a value is one of {field.allowed}" if field.names else f"a value is {field.allowed}")


def _step(field: Field, text: str | None, part: str, span: int) -> int:
    if text is None:
        return 1
    if not text.isdecimal() or not 1 <= int(text) <= max(span, 1):
        raise _refused(field, part, f"the step must be a whole number from 1 to {max(span, 1)}")
    return int(text)


def _refused(field: Field, part: str, remedy: str) -> CronError:
    return CronError(f"cron: field {field.name} has {part!r}; {remedy}.", field.name, part)


# --- five fields ------------------------------------------------------------------------------


def _from_unix(texts: list[str], cron: str) -> list[str]:
    minute, hour, day, month, weekday = (text.replace("-", ":") for text in texts)
    if day != "*" and weekday != "*":
        # Unix means "either", HANA means "both": neither reading would be plain to everyone.
        raise CronError(
            f"cron: the five fields {cron!r} name both a day and a weekday. Write seven fields to mean "
            "both at once, or two schedules to mean either."
        )
    return ["*", month, day, _unix_weekday(weekday), hour, minute, "0"]


def _unix_weekday(text: str) -> str:
    if text == "*":
        return text
    field = Field("WEEKDAY", 0, 7, "day_of_week")
    chosen: set[int] = set()
    for part in text.split(","):
        numbers = re.sub("[a-z]+", lambda match: str(_UNIX_WEEKDAYS.get(match[0], match[0])), part)
        numbers = re.sub(r"^([1-7]):0\b", r"\1:7", numbers)  # a range may end on Sunday
        chosen.update((number - 1) % 7 for number in _item(field, numbers).values)
    return "*" if len(chosen) == 7 else ",".join(WEEKDAYS[number] for number in sorted(chosen))


# --- plain English ----------------------------------------------------------------------------


def describe(cron: str, timezone: str = "UTC") -> str:
    """Return what a cron text means, in plain English.

    Examples
    --------
    >>> describe("* * * mon 8 0 0")
    'every Monday at 08:00:00 UTC'
    >>> describe("* 2 1,15 * 8:17 */30 0")
    'on day 1 and 15 of February, every 30 minutes, hour 8 to 17 UTC'
    """
    year, month, day, weekday, *time = normalize(cron).split()
    days, times = _days(month, day, weekday), _times(*time)
    if year != "*":
        days += f" in {_list('YEAR', year)}"
    if times.startswith("at "):
        return f"{days} {times} {timezone}"
    return f"{times} {timezone}" if days == "every day" else f"{days}, {times} {timezone}"


def _days(month: str, day: str, weekday: str) -> str:
    months = "" if month == "*" else _list("MONTH", month, _MONTHS)
    names = _list("WEEKDAY", weekday, _DAYS)
    if day == "*":
        days = "every day" if weekday == "*" else f"every {names}"
        return f"{days} in {months}" if months else days
    numbers = f"day {_list('MONTHDAY', day)} of {months or 'every month'}"
    return f"on {numbers}" if weekday == "*" else f"every {names} that is {numbers}"


def _times(hour: str, minute: str, second: str) -> str:
    fixed = [text.split(",") for text in (hour, minute, second)]
    clocks = list(itertools.product(*fixed))
    if len(clocks) <= 4 and all(part.isdecimal() for clock in clocks for part in clock):
        return "at " + _joined([":".join(part.zfill(2) for part in clock) for clock in clocks])
    phrases: list[str] = []
    for name, text in (("SECOND", second), ("MINUTE", minute), ("HOUR", hour)):
        said = any(phrase.startswith("every") for phrase in phrases)
        if not (text == "*" and said) and not (name == "SECOND" and text == "0"):
            phrases.append(_every(name, text))
    return ", ".join(phrases)


def _every(name: str, text: str) -> str:
    unit = name.lower()
    if text == "*":
        return f"every {unit}"
    if text.startswith("*/"):
        return f"every {text[2:]} {unit}s"
    return f"{unit} {_list(name, text)}"


def _list(name: str, text: str, words: Sequence[str] | None = None) -> str:
    """Say the values of a field; three or more in a row as a range."""
    field = next(field for field in FIELDS if field.name == name)

    def word(value: int) -> str:
        return words[value - field.low] if words else str(value)

    said: list[str] = []
    for item in _items(field, text):
        if item.step == 1 and len(item.values) > 2:
            said.append(f"{word(item.first)} to {word(item.last)}")
        elif len(item.values) > len(_DAYS):
            said.append(f"{word(item.first)} to {word(item.last)} in steps of {item.step}")
        else:
            said.extend(word(value) for value in item.values)
    return _joined(said)


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
