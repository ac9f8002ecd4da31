"""Values of one type as values of another: CAST and the TO_ functions."""

from __future__ import annotations

import re

import sqlalchemy as sa

from hanalife.database.functions import Call
from hanalife.database.sqlite_functions import read_moment
from hanalife.dataframe.columns import name_of_type
from hanalife.dataframe.sqltext.grammar import Refusal
from hanalife.dataframe.sqltext.values import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    TEXT,
    TIMESTAMP,
    Expression,
    Operand,
    Type,
    kind_of_type,
    literal_as,
    null_of,
    typed,
)

_FORMAT = re.compile(r"(?:YYYY|MM|DD|HH24|MI|SS|FF[1-7]?|[-/.,:; ])+")


def converted(operand: Operand, target: Type) -> Expression:
    """Return an operand as a value of another type, as ``CAST`` does.

    Decimals are cut off, not rounded, when a number becomes a whole one or a shorter
    DECIMAL (SAP Note 1895981).
    """
    wanted = kind_of_type(target)
    if operand.kind == "null":
        return null_of(target)
    if wanted == "text":
        return _shortened(as_text(operand), getattr(target, "length", None))
    if operand.is_literal and operand.kind == "text" and not _is_scaled(target):
        return literal_as(operand, target, None)
    make = {"number": _as_number, "date": _as_date, "timestamp": _as_timestamp, "boolean": _as_boolean}.get(wanted)
    made = make(operand, target) if make else None
    if made is None:
        raise Refusal(operand.node, f"is {operand.type_name()}, which cannot become {name_of_type(target)}")
    return made


def as_text(operand: Operand) -> Expression:
    """Return an operand as the text that SAP HANA shows it as."""
    value, kind = operand.value, operand.kind
    if kind == "text":
        return value
    if kind == "null":
        return null_of(TEXT)
    if kind == "boolean":
        condition = operand.condition()
        return sa.case((condition, sa.literal("TRUE", TEXT)), (sa.not_(condition), sa.literal("FALSE", TEXT)))
    if kind == "number":
        return _text_of_number(value)
    if kind == "binary":
        raise Refusal(operand.node, "is BLOB, which is not text")
    names = {"date": "text_of_date", "timestamp": "text_of_timestamp", "unknown": "text_of_anything"}
    return Call(names[kind], TEXT, value)


def _text_of_number(value: Expression) -> Expression:
    if isinstance(value.type, sa.Integer):
        return Call("text_of_integer", TEXT, value)
    if isinstance(value.type, sa.Float):
        return Call("text_of_double", TEXT, value)
    scale = getattr(value.type, "scale", None)
    if scale is None:
        return Call("text_of_decimal", TEXT, value)
    return Call("text_of_scaled", TEXT, value, sa.literal(scale, INTEGER))


def _shortened(text: Expression, length: int | None) -> Expression:
    if length is None:
        return typed(text, TEXT)
    return Call("left", sa.String(length), text, sa.literal(length, INTEGER))


def _is_scaled(target: Type) -> bool:
    return isinstance(target, sa.Numeric) and target.scale is not None


def _as_number(operand: Operand, target: Type) -> Expression | None:
    value, kind = operand.value, operand.kind
    if kind == "boolean":
        condition = operand.condition()
        value = sa.case((condition, sa.literal(1, INTEGER)), (sa.not_(condition), sa.literal(0, INTEGER)))
        return typed(value, target)
    if kind not in ("number", "text", "unknown"):
        return None
    if isinstance(target, sa.Numeric) and target.scale is not None:
        number = Call("decimal_of_text", sa.Numeric(), value) if kind == "text" else value
        digits = [str(int(target.precision or 38)), str(int(target.scale))]
        return Call("scaled_of", target, number, *(sa.literal_column(text, INTEGER) for text in digits))
    name = "double_of" if isinstance(target, sa.Float) else "decimal_of"
    if isinstance(target, sa.Integer):
        name = "bigint_of" if isinstance(target, sa.BigInteger) else "integer_of"
        if isinstance(value.type, sa.Integer) and not (
            isinstance(target, sa.BigInteger) ^ isinstance(value.type, sa.BigInteger)
        ):
            return typed(value, target)
    return Call(name if kind == "number" else f"{name}_text", target, value)


def _as_date(operand: Operand, _target: Type) -> Expression | None:
    forms = {"date": None, "timestamp": "date_of", "text": "read_date", "unknown": "read_date"}
    return _as_moment(operand, forms, DATE)


def _as_timestamp(operand: Operand, _target: Type) -> Expression | None:
    forms = {"timestamp": None, "date": "midnight", "text": "read_timestamp", "unknown": "read_timestamp"}
    return _as_moment(operand, forms, TIMESTAMP)


def _as_moment(operand: Operand, forms: dict[str, str | None], kind: Type) -> Expression | None:
    if operand.kind not in forms:
        return None
    name = forms[operand.kind]
    return Call(name, kind, operand.value) if name else operand.value


def _as_boolean(operand: Operand, _target: Type) -> Expression | None:
    if operand.kind == "number":
        return operand.value != 0
    return operand.value if operand.kind in ("boolean", "unknown") else None


def to_int(value: Operand) -> Expression:
    """Return a value as INT, decimals cut off."""
    return converted(value, INTEGER)


def to_bigint(value: Operand) -> Expression:
    """Return a value as BIGINT, decimals cut off."""
    return converted(value, BIGINT)


def to_double(value: Operand) -> Expression:
    """Return a value as DOUBLE."""
    return converted(value, DOUBLE)


def to_decimal(value: Operand, precision: Operand | None = None, scale: Operand | None = None) -> Expression:
    """Return a value as DECIMAL, cut off at the scale."""
    if precision is None:
        return converted(value, sa.Numeric())
    return converted(value, sa.Numeric(_size(precision), _size(scale) if scale is not None else 0))


def _size(operand: Operand) -> int:
    size = operand.constant
    if not isinstance(size, int) or not 0 <= size <= 38:
        raise Refusal(operand.node, "is not a number of digits from 0 to 38")
    return size


def to_varchar(value: Operand, form: Operand | None = None) -> Expression:
    """Return a value as text; a date or timestamp in a format such as ``DD.MM.YYYY``."""
    if form is None:
        return converted(value, TEXT)
    written = date_format(form)
    text = Call("text_as", TEXT, value.moment(), sa.literal(written.replace("FF7", "FF6"), TEXT))
    return text.concat(sa.literal("0", TEXT)) if written.endswith("FF7") else text


def to_date(value: Operand, form: Operand | None = None) -> Expression:
    """Return text as a date, in ``YYYY-MM-DD`` or the given format."""
    return converted(value, DATE) if form is None else _read(value, form, DATE)


def to_timestamp(value: Operand, form: Operand | None = None) -> Expression:
    """Return text as a timestamp, in ``YYYY-MM-DD HH24:MI:SS.FF7`` or the given format."""
    return converted(value, TIMESTAMP) if form is None else _read(value, form, TIMESTAMP)


def _read(value: Operand, form: Operand, kind: Type) -> Expression:
    if value.kind in ("date", "timestamp"):
        return converted(value, kind)  # a format says how to read text, and this is none
    written = date_format(form).replace("FF7", "FF6")
    if value.is_literal:
        try:
            moment = read_moment(str(value.constant), written)
        except ValueError:
            raise Refusal(value.node, f"is not a date of the format {written}") from None
        return sa.literal(moment.date() if kind is DATE else moment, kind)
    name = "read_date_as" if kind is DATE else "read_timestamp_as"
    return Call(name, kind, value.text(), sa.literal(written, TEXT))


def date_format(operand: Operand) -> str:
    """Return a date format in capitals, or refuse what does not mean the same everywhere."""
    text = str(operand.constant).upper()
    if not _FORMAT.fullmatch(text):
        raise Refusal(operand.node, "is not a date format of YYYY, MM, DD, HH24, MI, SS, FF1 to FF7 and -/.,:; signs")
    return re.sub(r"FF(?!\d)", "FF7", text)
