"""Label bins so that people can read them and tell them apart. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400
_FEWEST_DIGITS, _MOST_DIGITS = 6, 17
#: Numbers between these bounds are written without an exponent.
_SMALL, _LARGE = 1e-5, 1e16
#: Seconds since 1970 of the years 1 to 9999, which a calendar shows.
_CALENDAR = (-62_135_596_800, 253_402_300_799)


def numbers(values: Sequence[float]) -> list[str]:
    """Return distinct numbers with as many digits as show how far they are apart, 6 at least.

    >>> numbers([1234567.25, 1234567.5])
    ['1234567.2', '1234567.5']
    >>> numbers([-0.5, 1000000, 2.5e-7])
    ['-0.5', '1000000', '2.5e-07']
    """
    gap = float(np.diff(np.unique(np.asarray(values, dtype=float))).min(initial=np.inf))
    texts: list[str] = []
    for digits in range(_FEWEST_DIGITS, _MOST_DIGITS + 1):
        texts = [_number(value, digits) for value in values]
        if all(abs(float(text) - value) <= gap / 2 for text, value in zip(texts, values, strict=True)):
            break
    return texts


def number(value: float) -> str:
    """Return the shortest text of exactly that number.

    >>> number(0.1), number(3.0), number(1e20)
    ('0.1', '3', '1e+20')
    """
    return repr(float(value)).removesuffix(".0")


def moments(seconds: Sequence[float]) -> list[str]:
    """Return distinct moments, in seconds since 1970, as days, minutes, seconds or parts of these.

    >>> moments([0, 86400])
    ['1970-01-01', '1970-01-02']
    >>> moments([0, 30])
    ['1970-01-01 00:00:00', '1970-01-01 00:00:30']
    """
    if not all(_CALENDAR[0] <= value <= _CALENDAR[1] for value in seconds):
        return numbers(seconds)
    shown = [_EPOCH + timedelta(seconds=value) for value in seconds]
    texts: list[str] = []
    for formatted in _FORMATS if all(value % _DAY == 0 for value in seconds) else _FORMATS[1:]:
        texts = [formatted(moment) for moment in shown]
        if len(set(texts)) == len(set(shown)):
            break
    return texts


_FORMATS: tuple[Callable[[datetime], str], ...] = (
    lambda moment: moment.strftime("%Y-%m-%d"),
    lambda moment: moment.strftime("%Y-%m-%d %H:%M"),
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
    lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
)


def between(edges: Sequence[str]) -> list[str]:
    """Return the intervals that edges make of all numbers.

    >>> between(["0", "5"])
    ['[-inf ; 0[', '[0 ; 5[', '[5 ; inf[']
    """
    return [f"[{low} ; {high}[" for low, high in itertools.pairwise(["-inf", *edges, "inf"])]


def _number(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    if "e" in text and _SMALL <= abs(value) < _LARGE:
        return f"{Decimal(text):f}"
    return text
