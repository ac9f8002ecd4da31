"""Values of a translation: which kind each one is, literals, and what may meet what."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlglot import exp

from hanalife.database.functions import Call
from hanalife.dataframe.columns import name_of_type
from hanalife.dataframe.sqltext.grammar import Refusal, written

Expression = sa.ColumnElement[Any]
Type = sa.types.TypeEngine[Any]
Kind = Literal["number", "text", "date", "timestamp", "boolean", "binary", "null", "unknown"]

INTEGER, BIGINT = sa.Integer(), sa.BigInteger()
DOUBLE: sa.Double[float] = sa.Double()
TEXT, DATE, TIMESTAMP, BOOLEAN = sa.String(), sa.Date(), sa.DateTime(), sa.Boolean()

_KINDS: tuple[tuple[type[Type], Kind], ...] = (
    (sa.Boolean, "boolean"),
    (sa.Integer, "number"),
    (sa.Float, "number"),
    (sa.Numeric, "number"),
    (sa.String, "text"),
    (sa.DateTime, "timestamp"),
    (sa.Date, "date"),
    (sa.LargeBinary, "binary"),
)

_DATE_TEXT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_TIMESTAMP_TEXT = re.compile(_DATE_TEXT.pattern + r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?")


def kind_of(value: Expression) -> Kind:
    """Return which kind of value an expression is; ``unknown`` where a database tells no type."""
    return "null" if isinstance(value, sa.sql.elements.Null) else kind_of_type(value.type)


def kind_of_type(kind: Type) -> Kind:
    """Return which kind of value a type holds."""
    return _kind_of_class(type(kind))  # type: ignore[arg-type]


@cache
def _kind_of_class(cls: type[Type]) -> Kind:
    return next((kind for parent, kind in _KINDS if issubclass(cls, parent)), "unknown")


@dataclass(frozen=True)
class Operand:
    """A translated part of the text, beside the part itself for messages."""

    node: exp.Expr
    value: Expression

    @property
    def kind(self) -> Kind:
        """Which kind of value it is."""
        return kind_of(self.value)

    @property
    def is_literal(self) -> bool:
        """Whether it is a value that stands in the text."""
        return isinstance(self.value, sa.BindParameter)

    @property
    def constant(self) -> Any:
        """The value that stands in the text."""
        if not isinstance(self.value, sa.BindParameter):
            raise Refusal(self.node, "must be a plain value here, not a column or a formula")
        return self.value.value

    def described(self) -> str:
        """Return what it is, for a message: its text and its type."""
        return f"{written(self.node)} is {self.type_name()}"

    def type_name(self) -> str:
        """Return HANA's word for its type."""
        return "NULL" if self.kind == "null" else name_of_type(self.value.type)

    def text(self) -> Expression:
        """Return it as text that a text function takes."""
        return self._as(("text",), TEXT)

    def number(self) -> Expression:
        """Return it as a number."""
        return self._as(("number",), DOUBLE)

    def double(self) -> Expression:
        """Return it as a DOUBLE."""
        number = self.number()
        return number if isinstance(number.type, sa.Float) else Call("double_of", DOUBLE, number)

    def integer(self) -> Expression:
        """Return it as a whole number."""
        number = self._as(("number",), INTEGER)
        return number if isinstance(number.type, sa.Integer) else Call("integer_of", INTEGER, number)

    def moment(self) -> Expression:
        """Return it as a date or a timestamp."""
        if self.is_literal and self.kind == "text":
            form = DATE if _DATE_TEXT.fullmatch(self.constant.strip()) else TIMESTAMP
            return coerced(self, form, None)
        return self._as(("date", "timestamp"), TIMESTAMP)

    def condition(self) -> Expression:
        """Return it as a condition."""
        value = self._as(("boolean",), BOOLEAN)
        return sa.and_(value) if isinstance(value, sa.ColumnClause) else value

    def _as(self, kinds: Sequence[Kind], otherwise: Type) -> Expression:
        if self.kind in (*kinds, "unknown"):
            return self.value
        if self.kind == "null" or (self.is_literal and self.kind == "text" and "number" in kinds):
            return coerced(self, otherwise, None)
        wanted = {"text": "text", "number": "a number", "boolean": "a condition"}.get(kinds[0], "a date or timestamp")
        raise Refusal(self.node, f"is {self.type_name()}, but {wanted} is needed")


# --- literals ---------------------------------------------------------------------------------


def number(node: exp.Expr, text: str) -> Expression:
    """Return a number of the text as a bound value: INT, BIGINT, DECIMAL if longer, DOUBLE with a point."""
    try:
        exact = Decimal(text)
    except InvalidOperation:
        raise Refusal(node, "is not a number") from None
    if "." in text or "e" in text.lower():
        value = float(exact)
        if value in (float("inf"), float("-inf")):
            raise Refusal(node, "is too large for a DOUBLE")
        return sa.literal(value, DOUBLE)
    whole = int(exact)
    if abs(whole) < 2**31:
        return sa.literal(whole, INTEGER)
    return sa.literal(whole, BIGINT) if -(2**63) <= whole < 2**63 else sa.literal(exact, sa.Numeric())


def null_of(kind: Type) -> Expression:
    """Return NULL as a value; SQLAlchemy would turn ``= NULL`` into ``IS NULL``."""
    return sa.cast(sa.null(), TEXT if isinstance(kind, sa.types.NullType) else kind)


def date_from(text: str) -> dt.date:
    """Return the date of text such as ``2024-01-15`` or ``20240115``; a time of day is cut off."""
    return timestamp_from(text).date()


def timestamp_from(text: str) -> dt.datetime:
    """Return the moment of text such as ``2024-01-15 10:30:00.5``; without a time of day, midnight.

    Raises
    ------
    ValueError
        It is not one.
    """
    match = _TIMESTAMP_TEXT.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, fraction = match.groups()
    return dt.datetime(  # noqa: DTZ001 - the database's moments have no zone
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "").ljust(6, "0")[:6]),
    )


def _boolean_from(text: str) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}[text.strip().lower()]


def _integer_from(text: str) -> int | Decimal:
    value = Decimal(text.strip())
    return int(value) if value == value.to_integral_value() else value


_READERS: tuple[tuple[type[Type], Callable[[str], Any]], ...] = (
    (sa.Boolean, _boolean_from),
    (sa.Integer, _integer_from),
    (sa.Float, lambda text: float(text.strip())),
    (sa.Numeric, lambda text: Decimal(text.strip())),
    (sa.DateTime, timestamp_from),
    (sa.Date, date_from),
)


def literal_as(operand: Operand, target: Type, other: Operand | None) -> Expression:
    """Return text of the statement as a bound value of another type: ``'2024-01-15'`` as a DATE.

    SQLite would compare it as text, and PostgreSQL refuse it.
    """
    reader = next((read for cls, read in _READERS if isinstance(target, cls)), None)
    whose = f", the type of {written(other.node)}" if other is not None else ""
    try:
        value = reader(operand.constant) if reader else None
    except (ValueError, KeyError, ArithmeticError):
        value = None
    if value is None:
        raise Refusal(operand.node, f"is not {name_of_type(target)}{whose}")
    if isinstance(value, Decimal) or (isinstance(target, sa.Integer) and abs(value) >= 2**31):
        return number(operand.node, str(value)) if value == int(value) else sa.literal(value, sa.Numeric())
    return sa.literal(value, target)


# --- what may meet what -----------------------------------------------------------------------


def coerced(operand: Operand, target: Type, other: Operand | None) -> Expression:
    """Return an operand as a value that may stand beside one of the target type.

    Raises
    ------
    Refusal
        The types do not fit; the message names both.
    """
    wanted = kind_of_type(target)
    if operand.kind == "null":
        return null_of(target)
    if operand.is_literal and operand.kind == "text" and wanted not in ("text", "unknown"):
        return literal_as(operand, target, other)
    if operand.is_literal and operand.kind == "number" and wanted == "boolean" and operand.constant in (0, 1):
        return sa.literal(bool(operand.constant), BOOLEAN)
    if operand.is_literal and isinstance(operand.constant, float) and isinstance(target, sa.Numeric):
        return sa.literal(Decimal(repr(operand.constant)), sa.Numeric())
    if operand.kind == "date" and wanted == "timestamp":
        return Call("midnight", TIMESTAMP, operand.value)
    if operand.kind == wanted or "unknown" in (operand.kind, wanted):
        return operand.value
    against = other.described() if other is not None else f"{name_of_type(target)} is needed"
    raise Refusal(operand.node, f"is {operand.type_name()}, which does not fit: {against}")


def together(operands: Sequence[Operand]) -> tuple[list[Expression], Type]:
    """Return operands as values of one kind, and the type that holds them all.

    Text of the statement takes the type of the columns it meets, and a date among
    timestamps becomes midnight.
    """
    leading = [item for item in operands if item.kind != "null" and not (item.is_literal and item.kind == "text")]
    if not leading:
        leading = [item for item in operands if item.kind != "null"]
    if not leading:
        return [item.value for item in operands], sa.types.NULLTYPE
    # A literal gives way to a column: FLAG = 1.
    first = min(leading, key=lambda item: (item.is_literal, item.kind == "unknown"))
    if first.kind == "date":
        first = next((item for item in leading if item.kind == "timestamp"), first)
    target = _common_type(first, leading)
    return [coerced(item, target, None if item is first else first) for item in operands], target


def _common_type(first: Operand, operands: Sequence[Operand]) -> Type:
    if first.kind == "number":
        if any(item.kind == "unknown" for item in operands):
            return sa.types.NULLTYPE  # it may have a fraction
        numbers = [item for item in operands if item.kind == "number"]
        held = widest([item.value.type for item in numbers if not item.is_literal])
        # 0.5 beside a DECIMAL column is a DECIMAL, and a DOUBLE elsewhere.
        return held if isinstance(held, sa.Numeric) else widest([item.value.type for item in numbers])
    # Text of several lengths has none.
    return TEXT if first.kind == "text" else first.value.type


def widest(types: Sequence[Type]) -> Type:
    """Return the narrowest number type that holds the others: INT, BIGINT, DECIMAL, DOUBLE."""
    for cls, kind in ((sa.Float, DOUBLE), (sa.Numeric, None), (sa.BigInteger, BIGINT)):
        found = [item for item in types if isinstance(item, cls)]
        if found:
            return kind or (found[0] if len(found) == len(types) else sa.Numeric())
    return INTEGER


def typed(value: Expression, kind: Type) -> Expression:
    """Return an expression under a type that SQLAlchemy does not infer; the SQL stays."""
    return value if value.type is kind else sa.type_coerce(value, kind)
