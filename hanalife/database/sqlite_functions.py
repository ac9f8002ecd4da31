"""Functions that SAP HANA and PostgreSQL have and SQLite has not; added to every connection.

Moments are the text that SQLAlchemy stores: ``YYYY-MM-DD`` or ``YYYY-MM-DD HH:MM:SS.ffffff``.
A NULL argument gives NULL. Numbers round as PostgreSQL rounds them.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache, wraps
from typing import Any

from hanalife.database.sqlite_aggregates import WINDOW_AGGREGATES, StringAgg

#: Parts of a date format: word -> (field, most digits).
FORMAT_WORDS = {
    "YYYY": ("year", 4),
    "MM": ("month", 2),
    "DD": ("day", 2),
    "HH24": ("hour", 2),
    "MI": ("minute", 2),
    "SS": ("second", 2),
    **{f"FF{digits}": ("microsecond", digits) for digits in range(1, 7)},
}
_FORMAT_TOKEN = re.compile("|".join(sorted(FORMAT_WORDS, key=len, reverse=True)) + "|.", re.DOTALL)


# --- moments ----------------------------------------------------------------------------------


def read_moment(text: str, form: str) -> dt.datetime:
    """Return the moment that text in a format such as ``DD.MM.YYYY`` means.

    Raises
    ------
    ValueError
        The text is not of that format.
    """
    pattern, fields = _reader(form)
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not of the format {form}")
    values = {"year": 1900, "month": 1, "day": 1}
    for field, digits in zip(fields, match.groups(), strict=True):
        values[field] = int(digits.ljust(6, "0")) if field == "microsecond" else int(digits)
    return dt.datetime(**values)  # type: ignore[arg-type]  # noqa: DTZ001 - the database's moments have no zone


@lru_cache(maxsize=64)
def _reader(form: str) -> tuple[re.Pattern[str], list[str]]:
    parts, fields = [], []
    for token in _FORMAT_TOKEN.findall(form):
        if token in FORMAT_WORDS:
            field, width = FORMAT_WORDS[token]
            fields.append(field)
            parts.append(rf"(\d{{1,{width}}})")
        else:
            parts.append(re.escape(token))
    return re.compile("".join(parts)), fields


def write_moment(moment: dt.datetime, form: str) -> str:
    """Return a moment in a format such as ``DD.MM.YYYY``."""

    def written(token: re.Match[str]) -> str:
        word = token[0]
        if word not in FORMAT_WORDS:
            return word
        field, width = FORMAT_WORDS[word]
        value = getattr(moment, field)
        return f"{value:06d}"[:width] if field == "microsecond" else f"{value:0{width}d}"

    return _FORMAT_TOKEN.sub(written, form)


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _stored(moment: dt.datetime, like: str) -> str:
    """Return a moment as a date or a timestamp, whichever the other one is."""
    return moment.isoformat()[:10] if len(like) <= 10 else _timestamp(moment)


def _timestamp(moment: dt.datetime) -> str:
    return moment.isoformat(" ", "microseconds")


def _add_days(text: str, days: float) -> str:
    return _stored(_moment(text) + dt.timedelta(days=int(days)), text)


def _add_months(text: str, months: float) -> str:
    moment = _moment(text)
    year, month = divmod(moment.year * 12 + moment.month - 1 + int(months), 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return _stored(moment.replace(year=year, month=month + 1, day=day), text)


def _add_seconds(text: str, seconds: float) -> str:
    return _timestamp(_moment(text) + dt.timedelta(seconds=seconds))


def _days_between(start: str, end: str) -> int:
    return int((_moment(end) - _moment(start)) / dt.timedelta(days=1))


def _seconds_between(start: str, end: str) -> int:
    microseconds = (_moment(end) - _moment(start)) // dt.timedelta(microseconds=1)
    return -(-microseconds // 1_000_000) if microseconds < 0 else microseconds // 1_000_000


def _exact_seconds(start: str, end: str) -> float:
    return (_moment(end) - _moment(start)) / dt.timedelta(seconds=1)


def _read_date(text: str, form: str | None = None) -> str:
    moment = read_moment(text, form) if form else _moment(text.strip())
    return moment.isoformat()[:10]


def _read_timestamp(text: str, form: str | None = None) -> str:
    moment = read_moment(text, form) if form else _moment(text.strip())
    return _timestamp(moment)


def _text_as(text: str, form: str) -> str:
    return write_moment(_moment(text), form)


# --- text -------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return text_of_number(value) if isinstance(value, float) else str(value)


def text_of_number(value: float) -> str:
    """Return a number as PostgreSQL writes it.

    >>> text_of_number(0.5), text_of_number(3.0), text_of_number(1e-5)
    ('0.5', '3', '1e-05')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value and not 1e-4 <= abs(value) < 1e15:
        sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
        first, rest = str(digits[0]), "".join(map(str, digits[1:]))
        power = int(exponent) + len(rest)
        return f"{'-' * sign}{first}{'.' * bool(rest)}{rest}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return repr(value).removesuffix(".0")


def _text_scaled(value: float, digits: int) -> str:
    return f"{_decimal(value):.{digits}f}"


def _upper(text: str) -> str:
    if text.isascii():
        return text.upper()
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def _lower(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _padding(text: str, length: float, pad: str) -> str:
    missing = max(int(length) - len(text), 0)
    return (pad * missing)[:missing] if pad else ""


def _lpad(text: str, length: float, pad: str) -> str:
    return (_padding(text, length, pad) + text)[: max(int(length), 0)]


def _rpad(text: str, length: float, pad: str) -> str:
    return (text + _padding(text, length, pad))[: max(int(length), 0)]


def _locate(text: str, part: str, start: int) -> int:
    return text.find(part, max(start, 1) - 1) + 1


def _matches(text: str, pattern: str) -> bool:
    return re.search(pattern, text) is not None


def _replace_matches(text: str, pattern: str, new: str) -> str:
    return re.sub(pattern, new, text)


def _like(text: str, pattern: str) -> bool:
    return _like_pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _like_pattern(pattern: str) -> re.Pattern[str]:
    parts = {"%": ".*", "_": "."}
    return re.compile("".join(parts.get(char, re.escape(char)) for char in pattern), re.DOTALL)


# --- numbers ----------------------------------------------------------------------------------


def _decimal(value: float) -> Decimal:
    # 15 digits: what PostgreSQL keeps of a DOUBLE that becomes a NUMERIC.
    return Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")


def _to_scale(value: float, digits: float, rounding: str) -> float:
    if not math.isfinite(value):
        return value
    scaled = _decimal(value).quantize(Decimal(1).scaleb(-int(digits)), rounding=rounding)
    return int(scaled) if isinstance(value, int) else float(scaled)


def _round(value: float, digits: float) -> float:
    if isinstance(value, float) and 0 <= digits < 6 and abs(value) < 1e8:
        shifted = abs(value) * 10 ** int(digits)
        if abs(shifted - int(shifted) - 0.5) > 1e-4:
            return round(value, int(digits))  # ten times as fast, and the same but for ties
    return _to_scale(value, digits, ROUND_HALF_UP)


def _truncate(value: float, digits: float) -> float:
    return _to_scale(value, digits, ROUND_DOWN)


def _floor(value: float) -> float:
    return float(math.floor(value)) if isinstance(value, float) and math.isfinite(value) else value


def _ceil(value: float) -> float:
    return float(math.ceil(value)) if isinstance(value, float) and math.isfinite(value) else value


def _log(base: float, value: float) -> float:
    exact = {2: math.log2, 10: math.log10}.get(int(base) if base == int(base) else 0)
    return exact(value) if exact else math.log(value) / math.log(base)


def _integer(value: Any) -> int:
    return int(value)  # text with decimals is refused, as in PostgreSQL


def _unless_null(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def called(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return called


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "hl_add_days": _add_days,
    "hl_add_months": _add_months,
    "hl_add_seconds": _add_seconds,
    "hl_days_between": _days_between,
    "hl_seconds_between": _seconds_between,
    "hl_exact_seconds": _exact_seconds,
    "hl_read_date": _read_date,
    "hl_read_timestamp": _read_timestamp,
    "hl_text_as": _text_as,
    "hl_text": _text,
    "hl_text_scaled": _text_scaled,
    "hl_upper": _upper,
    "hl_lower": _lower,
    "hl_lpad": _lpad,
    "hl_rpad": _rpad,
    "hl_locate": _locate,
    "hl_matches": _matches,
    "hl_replace_matches": _replace_matches,
    "hl_like": _like,
    "hl_integer": _integer,
    "hl_double": float,
    "hl_round": _round,
    "hl_truncate": _truncate,
    "hl_mod": math.fmod,
    "hl_power": math.pow,
    "hl_sqrt": math.sqrt,
    "hl_exp": math.exp,
    "hl_ln": math.log,
    "hl_log": _log,
    "hl_floor": _floor,
    "hl_ceil": _ceil,
    # SQLAlchemy adds functions of these names that raise on NULL.
    "floor": _floor,
    "regexp": lambda pattern, text: _matches(text, pattern),
}


def add_functions(connection: Any) -> None:
    """Add all functions to a ``sqlite3`` connection."""
    for name, function in _FUNCTIONS.items():
        fixed = 1 if name == "floor" else 2 if name == "regexp" else -1
        connection.create_function(name, fixed, _unless_null(function), deterministic=True)
    for name, (arguments, aggregate) in WINDOW_AGGREGATES.items():
        connection.create_window_function(name, arguments, aggregate)
    connection.create_aggregate("hl_string_agg", -1, StringAgg)
