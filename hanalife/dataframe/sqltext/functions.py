"""The functions that SQL text may call, by SAP HANA's names and in its order of arguments."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlglot import exp

from hanalife.database.functions import Call, Predicate, glob_pattern
from hanalife.dataframe.sqltext import conversions
from hanalife.dataframe.sqltext.grammar import Refusal
from hanalife.dataframe.sqltext.values import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    TEXT,
    TIMESTAMP,
    Expression,
    Operand,
    Type,
    kind_of,
    together,
    typed,
)

Build = Callable[..., Expression]


@dataclass(frozen=True)
class Function:
    """How to build a call, and how many arguments it takes."""

    build: Build
    least: int
    most: int | None


FUNCTIONS: dict[str, Function] = {}


def function(*names: str) -> Callable[[Build], Build]:
    """Enter a builder into the table; its signature says how many arguments the function takes."""

    def enter(build: Build) -> Build:
        parameters = list(inspect.signature(build).parameters.values())
        plain = [item for item in parameters if item.kind is not item.VAR_POSITIONAL]
        least = sum(item.default is item.empty for item in plain)
        entry = Function(build, least, len(plain) if len(plain) == len(parameters) else None)
        FUNCTIONS.update(dict.fromkeys(names, entry))
        return build

    return enter


def called(node: exp.Expr, name: str, arguments: Sequence[Operand]) -> Expression:
    """Return the call of a function.

    Raises
    ------
    Refusal
        It is not on the list, or its arguments do not fit.
    """
    entry = FUNCTIONS.get(name.upper())
    if entry is None:
        near = difflib.get_close_matches(name.upper(), FUNCTIONS, n=1, cutoff=0.75)
        raise Refusal(node, f"is not a function that is allowed{f'; did you mean {near[0]}?' if near else ''}")
    if len(arguments) < entry.least or (entry.most is not None and len(arguments) > entry.most):
        most = "or more" if entry.most is None else f"to {entry.most}"
        many = str(entry.least) if entry.least == entry.most else f"{entry.least} {most}"
        raise Refusal(node, f"has {len(arguments)} arguments, but {name.upper()} takes {many}")
    return entry.build(*arguments)


for _names, _build in {
    ("TO_INT", "TO_INTEGER", "TO_SMALLINT", "TO_TINYINT"): conversions.to_int,
    ("TO_BIGINT",): conversions.to_bigint,
    ("TO_DOUBLE", "TO_REAL"): conversions.to_double,
    ("TO_DECIMAL",): conversions.to_decimal,
    ("TO_VARCHAR", "TO_NVARCHAR", "TO_CHAR", "TO_NCHAR"): conversions.to_varchar,
    ("TO_DATE",): conversions.to_date,
    ("TO_TIMESTAMP", "TO_SECONDDATE"): conversions.to_timestamp,
}.items():
    function(*_names)(_build)


# --- moments ----------------------------------------------------------------------------------


def _moved(name: str) -> Build:
    def build(moment: Operand, count: Operand) -> Expression:
        start = moment.moment()
        moved = Call(name, TIMESTAMP, start, count.integer())
        return Call("date_of", DATE, moved) if kind_of(start) == "date" else moved

    return build


for _name in ("ADD_DAYS", "ADD_MONTHS", "ADD_YEARS"):
    function(_name)(_moved(_name.lower()))


@function("ADD_SECONDS")
def _add_seconds(moment: Operand, seconds: Operand) -> Expression:
    return Call("add_seconds", TIMESTAMP, conversions.converted(moment, TIMESTAMP), seconds.number())


@function("DAYS_BETWEEN")
def _days_between(start: Operand, end: Operand) -> Expression:
    return Call("days_between", INTEGER, start.moment(), end.moment())


@function("SECONDS_BETWEEN")
def _seconds_between(start: Operand, end: Operand) -> Expression:
    return Call("seconds_between", BIGINT, start.moment(), end.moment())


def part_of(name: str) -> Build:
    """Return how to take a part, such as the year, of a moment."""
    return lambda moment: Call(name, INTEGER, moment.moment())


for _name in ("YEAR", "MONTH", "DAYOFMONTH", "HOUR", "MINUTE", "SECOND", "WEEKDAY", "DAYOFYEAR"):
    function(_name)(part_of(_name.lower()))


@function("LAST_DAY")
def _last_day(moment: Operand) -> Expression:
    return Call("last_day", DATE, moment.moment())


@function("NOW")
def current_timestamp() -> Expression:
    """Return the present moment in UTC."""
    return Call("current_timestamp", TIMESTAMP)


def current_date() -> Expression:
    """Return the present day in UTC."""
    return Call("current_date", DATE)


# --- numbers ----------------------------------------------------------------------------------


@function("ABS")
def _abs(value: Operand) -> Expression:
    number = value.number()
    return sa.func.abs(number, type_=number.type)


def _whole(name: str) -> Build:
    def build(value: Operand) -> Expression:
        number = value.number()
        return number if isinstance(number.type, sa.Integer) else Call(name, number.type, number)

    return build


function("FLOOR")(_whole("floor"))
function("CEIL", "CEILING")(_whole("ceil"))


@function("ROUND")
def _round(value: Operand, digits: Operand | None = None) -> Expression:
    number = value.number()
    places = digits.integer() if digits is not None else sa.literal(0, INTEGER)
    rounded = Call("round_double" if isinstance(number.type, sa.Float) else "round", number.type, number, places)
    if isinstance(number.type, sa.Integer):
        return Call("bigint_of" if isinstance(number.type, sa.BigInteger) else "integer_of", number.type, rounded)
    return rounded


@function("POWER")
def _power(base: Operand, exponent: Operand) -> Expression:
    return Call("power", DOUBLE, base.double(), exponent.double())


def _real(name: str) -> Build:
    return lambda value: Call(name, DOUBLE, value.double())


for _name in ("SQRT", "EXP", "LN"):
    function(_name)(_real(_name.lower()))


@function("LOG")
def _log(base: Operand, value: Operand) -> Expression:
    return Call("log", DOUBLE, base.double(), value.double())


@function("SIGN")
def _sign(value: Operand) -> Expression:
    return Call("sign", INTEGER, value.number())


@function("MOD")
def modulo(value: Operand, divisor: Operand) -> Expression:
    """Return the remainder; its sign is that of the value."""
    value.number()
    divisor.number()
    (left, right), kind = together([value, divisor])
    if isinstance(kind, sa.Integer):
        return Call("mod", kind, left, right)
    return Call("mod_double", DOUBLE, left, right)


@function("BITAND")
def _bitand(left: Operand, right: Operand) -> Expression:
    values, kind = together([Operand(item.node, item.integer()) for item in (left, right)])
    return Call("bitand", kind, *values)


@function("RAND")
def _rand() -> Expression:
    return Call("rand", DOUBLE)


def _extreme(name: str) -> Build:
    def build(first: Operand, *others: Operand) -> Expression:
        values, kind = together([first, *others])
        if not others:
            return values[0]
        return Call(f"{name}_text" if isinstance(kind, sa.String) else name, kind, *values)

    return build


function("GREATEST")(_extreme("greatest"))
function("LEAST")(_extreme("least"))


# --- text -------------------------------------------------------------------------------------


@function("UPPER", "UCASE")
def _upper(text: Operand) -> Expression:
    return Call("upper", TEXT, text.text())


@function("LOWER", "LCASE")
def _lower(text: Operand) -> Expression:
    return Call("lower", TEXT, text.text())


@function("LENGTH")
def _length(text: Operand) -> Expression:
    return sa.func.length(conversions.as_text(text), type_=INTEGER)


@function("LOCATE")
def _locate(text: Operand, part: Operand, start: Operand | None = None) -> Expression:
    if start is None:
        return Call("locate", INTEGER, text.text(), part.text())
    if not isinstance(start.constant, int) or start.constant < 1:
        raise Refusal(start.node, "is not a position from 1 on")
    return Call("locate_from", INTEGER, text.text(), part.text(), start.value)


@function("SUBSTR", "SUBSTRING")
def _substring(text: Operand, start: Operand, length: Operand | None = None) -> Expression:
    whole = conversions.as_text(text)
    if length is None:
        return Call("substring", TEXT, whole, start.integer())
    return Call("substring_of", TEXT, whole, start.integer(), length.integer())


@function("LEFT")
def _left(text: Operand, count: Operand) -> Expression:
    return Call("left", TEXT, conversions.as_text(text), count.integer())


@function("RIGHT")
def _right(text: Operand, count: Operand) -> Expression:
    return Call("right", TEXT, conversions.as_text(text), count.integer())


def _padded(name: str) -> Build:
    def build(text: Operand, length: Operand, pad: Operand | None = None) -> Expression:
        filling = pad.text() if pad is not None else sa.literal(" ", TEXT)
        return Call(name, TEXT, conversions.as_text(text), length.integer(), filling)

    return build


function("LPAD")(_padded("lpad"))
function("RPAD")(_padded("rpad"))


def trimmed(name: str) -> Build:
    """Return how to cut signs off one end of a text, or off ``both``."""

    def build(text: Operand, signs: Operand | None = None) -> Expression:
        return Call(name, TEXT, text.text(), signs.text() if signs is not None else sa.literal(" ", TEXT))

    return build


function("LTRIM")(trimmed("ltrim"))
function("RTRIM")(trimmed("rtrim"))


@function("REPLACE")
def _replace(text: Operand, old: Operand, new: Operand) -> Expression:
    return sa.func.replace(text.text(), old.text(), new.text(), type_=TEXT)


@function("CONCAT")
def concatenated(first: Operand, *others: Operand) -> Expression:
    """Return texts joined; NULL if one is NULL."""
    joined = conversions.as_text(first)
    for other in others:
        joined = joined.concat(conversions.as_text(other))
    return typed(joined, TEXT)


# --- conditions -------------------------------------------------------------------------------


@function("COALESCE", "IFNULL", "NVL")
def _coalesce(first: Operand, *others: Operand) -> Expression:
    values, kind = together([first, *others])
    return sa.func.coalesce(*values, type_=kind)


@function("NULLIF")
def _nullif(value: Operand, other: Operand) -> Expression:
    (left, right), _ = together([value, other])
    return sa.func.nullif(left, right, type_=left.type)


@function("MAP")
def _map(value: Operand, first: Operand, result: Operand, *rest: Operand) -> Expression:
    pairs = [first, result, *rest]
    default = [pairs.pop()] if len(pairs) % 2 else []
    (base, *keys), _ = together([value, *pairs[::2]])
    return choice([base == key for key in keys], [*pairs[1::2], *default])


def choice(conditions: Sequence[Expression], results: Sequence[Operand]) -> Expression:
    """Return a CASE; one result more than conditions is the ELSE."""
    values, kind = together(results)
    branches: list[tuple[Expression, Expression]] = list(zip(conditions, values, strict=False))
    default: Type | Expression | None = values[-1] if len(values) > len(conditions) else None
    return typed(sa.case(*branches, else_=default), kind)


def like(value: Operand, pattern: Operand, escape: Operand | None = None) -> Expression:
    """Return whether text is of a LIKE pattern, with regard to case."""
    text = conversions.as_text(value)
    if not pattern.is_literal:
        if escape is not None:
            raise Refusal(pattern.node, "must be a plain text beside ESCAPE")
        return Predicate("like_any_pattern", BOOLEAN, text, pattern.text())
    wanted = pattern.text()
    glob = sa.literal(glob_pattern(str(pattern.constant), _escape_sign(pattern, escape)), TEXT)
    if escape is None:
        return Predicate("like", BOOLEAN, text, wanted, glob)
    return Predicate("like_escaped", BOOLEAN, text, wanted, glob, escape.value)


def _escape_sign(pattern: Operand, escape: Operand | None) -> str | None:
    if escape is None:
        return None
    sign = escape.constant
    if not isinstance(sign, str) or len(sign) != 1:
        raise Refusal(escape.node, "is not one character, as ESCAPE needs")
    if re.sub(f"{re.escape(sign)}.", "", str(pattern.constant), flags=re.DOTALL).endswith(sign):
        raise Refusal(pattern.node, "must not end with its escape character")
    return sign


def matches(value: Operand, pattern: Operand) -> Expression:
    """Return whether text contains a match of a regular expression."""
    if pattern.is_literal:
        try:
            re.compile(str(pattern.constant))
        except re.error as error:
            raise Refusal(pattern.node, f"is not a regular expression: {error}") from None
    return Predicate("matches", BOOLEAN, conversions.as_text(value), pattern.text())
