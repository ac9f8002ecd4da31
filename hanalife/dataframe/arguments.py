"""Arguments of frame methods: column names, choices and values, checked before anything runs."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.dataframe import columns as names
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

Expression = sa.ColumnElement[Any]

NUMBERS = (sa.Integer, sa.Numeric, sa.Float)


def column_names(value: object, columns: Sequence[str], argument: str) -> list[str]:
    """Return the names in ``value``, a column name or some of them; all must be columns.

    Raises
    ------
    ArgumentTypeError
        ``value`` is neither text nor a list or tuple of texts.
    InvalidArgumentError
        It names no column at all.
    UnknownColumnError
        A name is not a column, exactly as spelt.
    """
    listed = texts(value, argument)
    if not listed:
        raise InvalidArgumentError(f"{argument}: name at least one column; the columns are: {', '.join(columns)}.")
    names.require(listed, columns, argument)
    return listed


def texts(value: object, argument: str) -> list[str]:
    """Return a text, or a list or tuple of texts, as a list."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(name, str) for name in listed):
        raise ArgumentTypeError(f"{argument}: expected a column name or a list of them, got {value!r}.")
    return list(listed)


def one_name(value: object, columns: Sequence[str], argument: str) -> str:
    """Return ``value`` if it is the name of one column."""
    return column_names(text(value, argument), columns, argument)[0]


def text(value: object, argument: str) -> str:
    """Return ``value`` if it is text."""
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{argument}: expected text, got {value!r}.")
    return value


def choice(value: object, allowed: Collection[str], argument: str) -> str:
    """Return the allowed word that ``value`` is, in any case."""
    word = next((word for word in allowed if isinstance(value, str) and word.lower() == value.lower()), None)
    if word is None:
        raise InvalidArgumentError(f"{argument}: {value!r} is not one of {', '.join(map(repr, allowed))}.")
    return word


def whole_number(value: object, least: int, argument: str) -> int:
    """Return ``value`` if it is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentTypeError(f"{argument}: expected a whole number, got {value!r}.")
    if value < least:
        raise InvalidArgumentError(f"{argument}: expected a number of at least {least}, got {value!r}.")
    return value


def fresh_names(wanted: Sequence[str], columns: Sequence[str], argument: str) -> None:
    """Refuse a new column whose name is taken, or two of one name."""
    taken = [name for position, name in enumerate(wanted) if name in columns or name in wanted[:position]]
    if taken:
        raise InvalidArgumentError(
            f"{argument}: a column {', '.join(map(repr, taken))} exists already; choose another name."
        )


def is_numeric(kind: sa.types.TypeEngine[Any]) -> bool:
    """Say whether a type is of numbers; a type that is not known might be."""
    return isinstance(kind, (*NUMBERS, sa.types.NullType))


def fits(value: object, kind: sa.types.TypeEngine[Any]) -> bool:
    """Say whether a Python value is of the sort that a column holds.

    >>> fits(1, sa.Double()), fits("a", sa.Double()), fits("2026-01-02", sa.Date())
    (True, False, True)
    """
    value = _plain(value)
    if value is None or isinstance(kind, sa.types.NullType):
        return True
    if isinstance(value, bool):
        return isinstance(kind, sa.Boolean)
    if isinstance(value, (int, float, decimal.Decimal)):
        return isinstance(kind, NUMBERS)
    if isinstance(value, str):
        return isinstance(kind, sa.String) or (isinstance(kind, (sa.Date, sa.DateTime)) and _moment(value) is not None)
    if isinstance(value, (dt.datetime, dt.date)):
        return isinstance(kind, (sa.Date, sa.DateTime))
    return isinstance(value, bytes) and isinstance(kind, sa.LargeBinary)


def bound(value: object, kind: sa.types.TypeEngine[Any], argument: str) -> Expression:
    """Return a Python value as a bound value that can be compared with a column of that type.

    Raises
    ------
    InvalidArgumentError
        The value does not fit the type; the message names both.
    """
    if not fits(value, kind):
        raise InvalidArgumentError(
            f"{argument}: the value {value!r} does not fit a column of type {names.name_of_type(kind)}."
        )
    value = _plain(value)
    if value is None:
        return sa.null()
    if isinstance(value, str) and isinstance(kind, (sa.Date, sa.DateTime)):
        value = _moment(value)
    if isinstance(value, dt.date) and isinstance(kind, (sa.Date, sa.DateTime)):
        return sa.literal(_as_kind(value, kind), sa.DateTime() if isinstance(kind, sa.DateTime) else sa.Date())
    return literal(value, argument)


def literal(value: object, argument: str) -> Expression:
    """Return a Python value as a bound value of its own type."""
    value = _plain(value)
    if value is None:
        return sa.null()
    kind = next((make(value) for cls, make in _KINDS if isinstance(value, cls)), None)
    if kind is None:
        raise ArgumentTypeError(
            f"{argument}: {value!r} cannot be a value in SQL; give text, a number, a bool, a date or a moment."
        )
    return sa.literal(value, kind)


_KINDS: tuple[tuple[type, Any], ...] = (
    (bool, lambda _: sa.Boolean()),
    (int, lambda value: sa.Integer() if abs(value) < 2**31 else sa.BigInteger()),
    (float, lambda _: sa.Double()),
    (decimal.Decimal, lambda _: sa.Numeric()),
    (str, lambda _: sa.String()),
    (dt.datetime, lambda _: sa.DateTime()),
    (dt.date, lambda _: sa.Date()),
    (bytes, lambda _: sa.LargeBinary()),
)


def _plain(value: object) -> object:
    """Return Python's own value of a NumPy number or a pandas moment."""
    for method in ("to_pydatetime", "item"):
        if hasattr(value, method):
            return getattr(value, method)()
    return value


def _moment(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def _as_kind(value: dt.date, kind: sa.types.TypeEngine[Any]) -> dt.date:
    if isinstance(kind, sa.DateTime):
        return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
    return value.date() if isinstance(value, dt.datetime) else value
