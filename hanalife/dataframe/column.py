"""A column of a frame in Python expressions: ``df.filter(df.AGE > 30)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import sqlalchemy as sa

from hanalife.dataframe import arguments, expressions
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

if TYPE_CHECKING:
    from hanalife.dataframe.frame import DataFrame

Expression = sa.ColumnElement[Any]
Build = Callable[[Mapping[str, Expression]], Expression]
Symbol = Literal["+", "-", "*", "/", "=", "<>", "<", "<=", ">", ">="]


class Column:
    """An expression over the columns of one frame.

    ``+ - * /`` compute, ``+`` with text joins texts, ``== != < <= > >=`` compare, ``& | ~``
    combine conditions. They mean what the same words mean in SQL text: a NULL makes the result
    NULL, ``/`` keeps the fraction, ``== None`` asks for NULL.

    Examples
    --------
    >>> from hanalife import ConnectionContext, DataSets
    >>> data, *_ = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))
    >>> data.filter((data.AGE > 60) & (data.CLASS == 1)).count()
    7
    """

    def __init__(self, frame: DataFrame, name: str, build: Build, *, condition: bool = False) -> None:
        self.frame = frame
        self.name = name
        self._build = build
        self._condition = condition

    @classmethod
    def of(cls, frame: DataFrame, name: str) -> Column:
        """Return a column of a frame, by its name."""
        return cls(frame, name, lambda known: known[name])

    def __repr__(self) -> str:
        return f"Column({self.name})"

    def __bool__(self) -> NoReturn:
        raise ArgumentTypeError(
            f"A column has no truth value: {self.name}; combine conditions with & | ~, each in brackets."
        )

    __hash__ = object.__hash__

    def to_dataframe(self) -> DataFrame:
        """Return the frame of this column alone."""
        return self.frame.select(self)

    # --- what frames ask for ------------------------------------------------------------------

    def value(self, known: Mapping[str, Expression]) -> Expression:
        """Return the expression as a value; a condition becomes 1 or 0."""
        built = self._build(known)
        return sa.case((built, 1), else_=0) if self._condition else built

    def predicate(self, known: Mapping[str, Expression]) -> Expression:
        """Return the expression as a condition."""
        built = self._build(known)
        if not self._condition and not isinstance(built.type, sa.Boolean):
            raise ArgumentTypeError(f"condition: {self.name} is no condition; compare it, as in df.A > 3.")
        return built

    # --- operators ----------------------------------------------------------------------------

    def __add__(self, other: object) -> Column:
        return _sum(self, _operand(self, other))

    def __radd__(self, other: object) -> Column:
        return _sum(_operand(self, other), self)

    def __sub__(self, other: object) -> Column:
        return _arithmetic(self, "-", _operand(self, other))

    def __rsub__(self, other: object) -> Column:
        return _arithmetic(_operand(self, other), "-", self)

    def __mul__(self, other: object) -> Column:
        return _arithmetic(self, "*", _operand(self, other))

    def __rmul__(self, other: object) -> Column:
        return _arithmetic(_operand(self, other), "*", self)

    def __truediv__(self, other: object) -> Column:
        return _arithmetic(self, "/", _operand(self, other))

    def __rtruediv__(self, other: object) -> Column:
        return _arithmetic(_operand(self, other), "/", self)

    def __neg__(self) -> Column:
        return _arithmetic(_operand(self, 0), "-", self)

    def __eq__(self, other: object) -> Column:  # type: ignore[override]
        return _null_test(self, "IS NULL") if other is None else _comparison(self, "=", other)

    def __ne__(self, other: object) -> Column:  # type: ignore[override]
        return _null_test(self, "IS NOT NULL") if other is None else _comparison(self, "<>", other)

    def __lt__(self, other: object) -> Column:
        return _comparison(self, "<", other)

    def __le__(self, other: object) -> Column:
        return _comparison(self, "<=", other)

    def __gt__(self, other: object) -> Column:
        return _comparison(self, ">", other)

    def __ge__(self, other: object) -> Column:
        return _comparison(self, ">=", other)

    def __and__(self, other: object) -> Column:
        return _conjunction(self, "AND", other)

    def __or__(self, other: object) -> Column:
        return _conjunction(self, "OR", other)

    def __invert__(self) -> Column:
        return Column(self.frame, f"NOT ({self.name})", lambda known: sa.not_(self.predicate(known)), condition=True)

    def isin(self, values: list[Any]) -> Column:
        """Return the condition that the value is one of a list; None in the list means NULL."""
        if not isinstance(values, (list, tuple, set)):
            raise ArgumentTypeError(f"isin: expected a list of values, got {values!r}.")
        kind = _type(self)
        chosen = [arguments.bound(value, kind, f"isin of {self.name}") for value in values if value is not None]

        def build(known: Mapping[str, Expression]) -> Expression:
            value = self.value(known)
            found = value.in_(chosen) if chosen else sa.false()
            return sa.or_(found, value.is_(None)) if None in values else found

        return Column(self.frame, f"{self.name} IN {list(values)!r}", build, condition=True)


def _type(column: Column) -> sa.types.TypeEngine[Any]:
    return column.value(column.frame._known).type  # noqa: SLF001  # a column is a part of its frame


def _operand(column: Column, other: object) -> Column:
    """Return the other side of an operator as a column, a plain value as one that is always the same."""
    if isinstance(other, Column):
        if other.frame is not column.frame:
            raise InvalidArgumentError(
                f"{column.name} and {other.name} are columns of different frames; join the frames first."
            )
        return other
    value = arguments.literal(other, f"operand of {column.name}")
    return Column(column.frame, repr(other), lambda _: value)


def _combine(left: Column, symbol: Symbol, right: Column) -> Build:
    dialect = left.frame.connection_context.dialect

    def build(known: Mapping[str, Expression]) -> Expression:
        parts = {"L": left.value(known), "R": right.value(known)}
        return expressions.parse(f"L {symbol} R", parts, dialect, "expression")

    return build


def _arithmetic(left: Column, symbol: Symbol, right: Column) -> Column:
    for side in (left, right):
        if not arguments.is_numeric(_type(side)):
            raise ArgumentTypeError(f"{left.name} {symbol} {right.name}: {side.name} is not a number.")
    return Column(left.frame, f"({left.name} {symbol} {right.name})", _combine(left, symbol, right))


def _sum(left: Column, right: Column) -> Column:
    if not any(isinstance(_type(side), sa.String) for side in (left, right)):
        return _arithmetic(left, "+", right)
    dialect = left.frame.connection_context.dialect

    def build(known: Mapping[str, Expression]) -> Expression:
        sides = [side.value(known) for side in (left, right)]
        texts = [
            side if isinstance(side.type, sa.String) else expressions.parse("TO_NVARCHAR(X)", {"X": side}, dialect)
            for side in sides
        ]
        return texts[0].concat(texts[1])

    return Column(left.frame, f"({left.name} || {right.name})", build)


def _comparison(left: Column, symbol: Symbol, other: object) -> Column:
    if isinstance(other, Column):
        right = _operand(left, other)
    else:
        value = arguments.bound(other, _type(left), f"{left.name} {symbol}")
        right = Column(left.frame, repr(other), lambda _: value)
    return Column(left.frame, f"({left.name} {symbol} {right.name})", _combine(left, symbol, right), condition=True)


def _null_test(column: Column, words: Literal["IS NULL", "IS NOT NULL"]) -> Column:
    def build(known: Mapping[str, Expression]) -> Expression:
        value = column.value(known)
        return value.is_(None) if words == "IS NULL" else value.is_not(None)

    return Column(column.frame, f"({column.name} {words})", build, condition=True)


def _conjunction(left: Column, symbol: Literal["AND", "OR"], other: object) -> Column:
    if not isinstance(other, Column):
        raise ArgumentTypeError(
            f"{left.name} {symbol} {other!r}: expected a condition; put brackets around each comparison."
        )
    right = _operand(left, other)
    combine = sa.and_ if symbol == "AND" else sa.or_
    return Column(
        left.frame,
        f"({left.name} {symbol} {right.name})",
        lambda known: combine(left.predicate(known), right.predicate(known)),
        condition=True,
    )
