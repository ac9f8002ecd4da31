"""Aggregates by SAP HANA's names, for ``agg`` and for windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.functions import FunctionElement
from sqlglot import exp

from hanalife.database import dialects
from hanalife.database.functions import Call, OrderedStrings
from hanalife.dataframe.sqltext.conversions import as_text
from hanalife.dataframe.sqltext.grammar import Refusal
from hanalife.dataframe.sqltext.values import BIGINT, DOUBLE, TEXT, Expression, Operand, together

NAMES = (
    *("AVG", "CORR", "COUNT", "MAX", "MEDIAN", "MIN", "STDDEV", "STDDEV_POP", "STDDEV_SAMP"),
    *("STRING_AGG", "SUM", "VAR", "VAR_POP", "VAR_SAMP"),
)
_SPREADS = {
    "STDDEV": "stddev",
    "STDDEV_SAMP": "stddev",
    "STDDEV_POP": "stddev_pop",
    "VAR": "var",
    "VAR_SAMP": "var",
    "VAR_POP": "var_pop",
    "MEDIAN": "median",
}
#: Window functions that are no aggregates: name -> (fewest, most arguments).
WINDOW_ONLY = {
    "ROW_NUMBER": (0, 0),
    "RANK": (0, 0),
    "DENSE_RANK": (0, 0),
    "PERCENT_RANK": (0, 0),
    "CUME_DIST": (0, 0),
    "NTILE": (1, 1),
    "LAG": (1, 3),
    "LEAD": (1, 3),
    "FIRST_VALUE": (1, 1),
    "LAST_VALUE": (1, 1),
}


def _as_it_is(value: Expression) -> Expression:
    return value


@dataclass(frozen=True)
class Aggregate:
    """A function, and what is still to be done to its result, which must stand outside of OVER."""

    function: FunctionElement[Any]
    finish: Callable[[Expression], Expression] = _as_it_is

    @property
    def value(self) -> Expression:
        """The aggregate of all rows of a group."""
        return self.finish(self.function)


def aggregate(
    node: exp.Expr, name: str, operands: Sequence[Operand], dialect: sa.Dialect, *, distinct: bool = False
) -> Aggregate:
    """Return an aggregate; no operand is ``COUNT(*)``.

    Raises
    ------
    Refusal
        It is not an aggregate, or its columns do not fit.
    """
    name = name.upper()
    if name not in NAMES:
        raise Refusal(node, f"is not an aggregate; use one of {', '.join(NAMES)}")
    if distinct and name != "COUNT":
        raise Refusal(node, "takes no DISTINCT; only COUNT does")
    if name == "COUNT":
        return _count(node, operands, distinct=distinct)
    wanted = 2 if name in ("CORR", "STRING_AGG") else 1
    if not (1 if name == "STRING_AGG" else wanted) <= len(operands) <= wanted:
        raise Refusal(node, f"takes {wanted} argument{'s' * (wanted > 1)}, not {len(operands)}")
    first = operands[0]
    if name == "CORR":
        return Aggregate(Call("corr", DOUBLE, first.double(), operands[1].double()))
    if name == "STRING_AGG":
        return Aggregate(Call("string_agg", TEXT, as_text(first), _separator(operands)))
    if name in _SPREADS:
        return Aggregate(Call(_SPREADS[name], DOUBLE, first.double()))
    if name == "AVG":
        return Aggregate(sa.func.avg(first.double(), type_=DOUBLE))
    return _sum(first) if name == "SUM" else _extreme(name, first, dialect)


def _count(node: exp.Expr, operands: Sequence[Operand], *, distinct: bool) -> Aggregate:
    if not operands:
        return Aggregate(sa.func.count(type_=BIGINT))
    if len(operands) > 1:
        raise Refusal(node, "takes 1 argument")
    value = operands[0].value
    return Aggregate(sa.func.count(sa.distinct(value) if distinct else value, type_=BIGINT))


def _sum(operand: Operand) -> Aggregate:
    number = operand.number()
    if isinstance(number.type, sa.BigInteger):
        # PostgreSQL's sum of BIGINT is a DECIMAL.
        return Aggregate(sa.func.sum(number, type_=BIGINT), lambda total: sa.cast(total, BIGINT))
    whole = isinstance(number.type, sa.Integer)
    return Aggregate(sa.func.sum(number, type_=BIGINT if whole else number.type))


def _extreme(name: str, operand: Operand, dialect: sa.Dialect) -> Aggregate:
    if operand.kind == "boolean":
        return Aggregate(Call("any_true" if name == "MAX" else "all_true", operand.value.type, operand.value))
    if isinstance(operand.value.type, sa.LargeBinary):
        raise Refusal(operand.node, f"is BLOB, which has no {name.lower()}imum")
    value = dialects.text_order(operand.value, dialect)
    return Aggregate(sa.func.max(value) if name == "MAX" else sa.func.min(value))


def _separator(operands: Sequence[Operand]) -> Expression:
    return operands[1].text() if len(operands) > 1 else sa.literal("", TEXT)


def ordered_strings(
    value: Operand, separator: Operand | None, keys: Sequence[tuple[Operand, bool]], dialect: sa.Dialect
) -> Expression:
    """Return STRING_AGG in the order of keys, each with whether it descends; NULL is the smallest."""
    ordered = [dialects.text_order(key.value, dialect) for key, _ in keys]
    directions = "".join("d" if descending else "a" for _, descending in keys)
    between = separator.text() if separator is not None else sa.literal("", TEXT)
    return OrderedStrings(as_text(value), between, ordered, directions)


def window_function(node: exp.Expr, name: str, operands: Sequence[Operand], dialect: sa.Dialect) -> Aggregate:
    """Return what stands before OVER.

    Raises
    ------
    Refusal
        It has no window form that means the same on every database.
    """
    name = name.upper()
    if name == "MEDIAN":
        raise Refusal(node, "has no window form on PostgreSQL; use agg() and join its result")
    if name not in WINDOW_ONLY:
        return aggregate(node, name, operands, dialect)
    least, most = WINDOW_ONLY[name]
    if not least <= len(operands) <= most:
        raise Refusal(node, f"has {len(operands)} arguments, but {name} takes {least} to {most}")
    if name in ("LAG", "LEAD"):
        return Aggregate(_shifted(name, operands))
    if name in ("FIRST_VALUE", "LAST_VALUE"):
        value = operands[0].value
        return Aggregate(getattr(sa.func, name.lower())(value, type_=value.type))
    if name == "NTILE":
        return Aggregate(sa.func.ntile(_position(operands[0]), type_=BIGINT))
    kind = DOUBLE if name in ("PERCENT_RANK", "CUME_DIST") else BIGINT
    return Aggregate(getattr(sa.func, name.lower())(type_=kind))


def _shifted(name: str, operands: Sequence[Operand]) -> FunctionElement[Any]:
    values, kind = together([operands[0], *operands[2:]])
    offset = [_position(operands[1])] if len(operands) > 1 else []
    shifted: FunctionElement[Any] = getattr(sa.func, name.lower())(values[0], *offset, *values[1:], type_=kind)
    return shifted


def _position(operand: Operand) -> Expression:
    if not isinstance(operand.constant, int) or operand.constant < 0:
        raise Refusal(operand.node, "is not a number of rows")
    return operand.value
