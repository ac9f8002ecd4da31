"""Several frames in one: joins, unions, intersections, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import sqlalchemy as sa
from sqlglot.tokenizer_core import Token, TokenType

from hanalife.dataframe import arguments, expressions
from hanalife.dataframe import columns as names
from hanalife.dataframe.arrangement import Arrangement
from hanalife.dataframe.base import Expression
from hanalife.dataframe.sqltext import grammar
from hanalife.errors import ArgumentTypeError, BadSQLError, InvalidArgumentError, UnknownParameterError

#: How a join treats rows without a partner: (left outer, full outer, sides swapped).
_JOINS: dict[str, dict[str, bool]] = {
    "inner": {},
    "left": {"isouter": True},
    "right": {"isouter": True},
    "outer": {"full": True},
    "cross": {},
}

Side = Mapping[str, Expression]
Halves = tuple[Side, Side]


class Combination(Arrangement):
    """Methods that bring frames together."""

    def join(
        self,
        other: Self | Sequence[Self],
        condition: str | None = None,
        how: str = "inner",
        select: Sequence[Any] | None = None,
    ) -> Self:
        """Return the rows of this and another frame that belong together.

        Parameters
        ----------
        other : DataFrame, or list of DataFrame
            The right-hand side; a list only without ``condition``.
        condition : str, optional
            SQL text such as ``'L.ID = R.ID'``, with the names that :meth:`alias` gave. Without
            it, the frames are joined on their indexes, column by column in their order.
        how : {'inner', 'left', 'right', 'outer', 'cross'}
            Which rows without a partner stay.
        select : list, optional
            Columns of the result: names, ``'L.*'``, ``'R.A'``, ``(expression, alias)``.
            Default: all; those of the right-hand index are left out when the indexes are
            joined, and the left ones hold the value of whichever side has the row.

        Raises
        ------
        UnknownParameterError
            ``how`` is not one of the five.
        InvalidArgumentError
            A condition with 'cross', no index where one is needed, indexes of different length,
            or a column name that would occur twice.

        Examples
        --------
        >>> from hanalife import ConnectionContext
        >>> conn = ConnectionContext("sqlite://")
        >>> left, right = conn.sql("SELECT 1 AS A").alias("L"), conn.sql("SELECT 1 AS B, 5 AS C").alias("R")
        >>> left.join(right, "L.A = R.B").collect().values.tolist()
        [[1, 1, 5]]
        """
        if how not in _JOINS:
            raise UnknownParameterError(f"how: {how!r} is not one of {', '.join(map(repr, _JOINS))}.")
        others = self._partners(other)
        if condition is not None or how == "cross":
            if len(others) != 1:
                raise InvalidArgumentError("other: a list of frames is joined on indexes only; leave condition out.")
            return self._join_on(others[0], condition, how, select)
        joined = self
        for frame in others:
            joined = joined._join_indexes(frame, how)
        return joined if select is None else joined.select(list(select))

    def _partners(self, other: Self | Sequence[Self]) -> list[Self]:
        others: list[Any] = list(other) if isinstance(other, (list, tuple)) else [other]
        if not others or not all(isinstance(frame, Combination) for frame in others):
            raise ArgumentTypeError(f"other: expected a DataFrame or a list of them, got {other!r}.")
        if any(frame.connection_context is not self.connection_context for frame in others):
            raise InvalidArgumentError("other: belongs to another connection; load both frames from one.")
        return others

    def _join_on(self, other: Self, condition: str | None, how: str, select: Sequence[Any] | None) -> Self:
        if how == "cross" and condition is not None:
            raise InvalidArgumentError(f"condition: a cross join takes none, got {condition!r}; use how='inner'.")
        left, right = self._source.alias(), other._source.alias()
        if self.name == other.name:
            raise InvalidArgumentError(f"other: both frames are named {self.name!r}; give them names with alias().")
        on: Expression = sa.true()
        if condition is not None:
            text, known = qualified(condition, {self.name: _side(left), other.name: _side(right)}, "condition")
            on = expressions.condition(text, known, self.connection_context.dialect)
        source, halves = _outer(left, right, on) if how == "outer" else _joined(left, right, on, how)
        sides = dict(zip((self.name, other.name), halves, strict=True))
        chosen = [column for wish in ("*" if select is None else select) for column in self._wished_of(wish, sides)]
        return self._derive(sa.select(*_unique(chosen, sides)).select_from(source))

    def _join_indexes(self, other: Self, how: str) -> Self:
        for side, frame in (("left", self), ("right", other)):
            if not frame.index:
                raise InvalidArgumentError(
                    f"condition: the {side} frame has no index; give a condition or call set_index() on every frame."
                )
        if len(self._index_names()) != len(other._index_names()):
            raise InvalidArgumentError(
                f"other: its index {other.index!r} and {self.index!r} differ in length; they are joined in pairs."
            )
        left, right = self._source.alias(), other._source.alias()
        pairs = dict(zip(self._index_names(), other._index_names(), strict=True))
        on = sa.and_(*[left.c[name] == right.c[partner] for name, partner in pairs.items()])
        chosen = [_either(column, right.c[pairs[name]]) if name in pairs else column for name, column in _items(left)]
        chosen += [column for name, column in _items(right) if name not in pairs.values()]
        source, halves = _joined(left, right, on, how)
        sides = dict(zip(("left", "right"), halves, strict=True))
        return self._derive(sa.select(*_unique(chosen, sides)).select_from(source))

    def _over_both(self, text: str, sides: Mapping[str, Side]) -> Expression:
        text, known = qualified(text, sides, "select")
        return expressions.parse(text, known, self.connection_context.dialect, "select")

    def _wished_of(self, wish: Any, sides: Mapping[str, Side]) -> list[Expression]:
        if wish == "*":
            return [column for side in sides.values() for column in side.values()]
        if isinstance(wish, str) and wish.endswith(".*"):
            return list(names.resolve(wish[:-2].strip('"'), quoted=False, columns=sides, argument="select").values())
        if isinstance(wish, str):
            plain = names.quotename(wish) if any(wish in side for side in sides.values()) else wish
            return [self._over_both(plain, sides)]
        if isinstance(wish, tuple) and len(wish) == 2:
            return [self._over_both(wish[0], sides).label(arguments.text(wish[1], "select"))]
        raise ArgumentTypeError(f"select: expected a name, 'L.*' or (expression, alias), got {wish!r}.")

    # --- sets of rows -------------------------------------------------------------------------

    def union(self, other: Self | Sequence[Self], all: bool = True) -> Self:  # noqa: A002  # hana_ml's name
        """Return the rows of all frames, column by position; ``all=False`` drops duplicates."""
        return self.set_operations(other, all=all)

    def set_operations(self, other: Self | Sequence[Self], all: bool = True, op: str = "UNION") -> Self:  # noqa: A002
        """Combine the rows of frames as sets; columns go by position and keep this frame's names.

        Parameters
        ----------
        other : DataFrame or list of DataFrame
            Frames with as many columns.
        all : bool, default True
            Keep duplicates; only 'UNION' asks.
        op : {'UNION', 'INTERSECT', 'EXCEPT'}
            The rows in any, in all, or in this frame only.

        Raises
        ------
        InvalidArgumentError
            An unknown operation, or another number of columns.
        """
        operation = arguments.choice(op, ("UNION", "INTERSECT", "EXCEPT"), "op")
        others = self._partners(other)
        for frame in others:
            if len(frame.columns) != len(self.columns):
                raise InvalidArgumentError(
                    f"other: has {len(frame.columns)} columns and this frame {len(self.columns)}; select the same."
                )
        combine = {"UNION": sa.union_all if all else sa.union, "INTERSECT": sa.intersect, "EXCEPT": sa.except_}
        parts = [frame.select("*").query for frame in (self, *others)]
        combined = combine[operation](*parts).cte()
        return self._derive(sa.select(*combined.columns))


def _items(side: sa.FromClause) -> list[tuple[str, Expression]]:
    return [(str(column.key), column) for column in side.columns]


def _side(side: sa.FromClause) -> dict[str, Expression]:
    return dict(_items(side))


def _joined(left: sa.FromClause, right: sa.FromClause, on: Expression, how: str) -> tuple[sa.FromClause, Halves]:
    """Return a join, and the columns of its sides."""
    first, second = (right, left) if how == "right" else (left, right)
    return first.join(second, on, **_JOINS[how]), (_side(left), _side(right))


def _outer(left: sa.FromClause, right: sa.FromClause, on: Expression) -> tuple[sa.FromClause, Halves]:
    """Return a full join on any condition, where PostgreSQL's own takes equalities only."""
    columns = [*left.columns, *right.columns]
    matched = sa.select(*columns).select_from(left.outerjoin(right, on))
    partner = sa.select(sa.literal(1)).select_from(left).where(on).correlate(right)
    nothing = [sa.type_coerce(sa.null(), column.type) for column in left.columns]
    unmatched = sa.select(*nothing, *right.columns).select_from(right).where(~partner.exists())
    numbered = [f"hl_{place}" for place in range(len(columns))]
    both = sa.union_all(_named(matched, numbered), _named(unmatched, numbered)).cte()
    named = [both.c[number].label(str(column.key)) for number, column in zip(numbered, columns, strict=True)]
    half = len(left.columns)
    return both, ({str(c.key): c for c in named[:half]}, {str(c.key): c for c in named[half:]})


def _named(query: sa.Select[*tuple[Any, ...]], names_in_order: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    columns = zip(query.selected_columns, names_in_order, strict=True)
    return query.with_only_columns(*[column.label(name) for column, name in columns])


def _either(left: Expression, right: Expression) -> Expression:
    return sa.func.coalesce(left, right, type_=left.type).label(str(left.key))


def _unique(chosen: list[Expression], sides: Mapping[str, Side]) -> list[Expression]:
    keys = [str(column.key) for column in chosen]
    twice = sorted({name for name in keys if keys.count(name) > 1})
    if twice:
        first, second = sides
        raise InvalidArgumentError(
            f"select: both frames have a column {', '.join(map(repr, twice))}; choose or rename them, "
            f"as in select=['{first}.*', ('{second}.{twice[0]}', 'NEW')], or drop them on one side."
        )
    return chosen


def qualified(text: str, sides: Mapping[str, Side], argument: str) -> tuple[str, dict[str, Expression]]:
    """Resolve ``ALIAS.COLUMN`` in SQL text.

    Returns
    -------
    tuple of str and dict
        The text with each such pair as one quoted name, and the columns by these names; a
        column that only one side has is also known by its own name.
    """
    counts = [name for side in sides.values() for name in side]
    known = {name: column for side in sides.values() for name, column in side.items() if counts.count(name) == 1}
    try:
        words = grammar.tokens_of(text)
    except grammar.Refusal:
        return text, known  # the parser says what is wrong with it
    dots = [place for place, word in enumerate(words) if word.token_type == TokenType.DOT]
    for place in reversed(dots):
        if not 0 < place < len(words) - 1:
            raise BadSQLError(f"{argument}: {text!r} is not SQL text: a dot stands between two names.")
        first, last = words[place - 1], words[place + 1]
        side = names.resolve(first.text, quoted=_is_quoted(first), columns=sides, argument=f"{argument}, alias")
        column = names.resolve(last.text, quoted=_is_quoted(last), columns=side, argument=argument)
        name = f"{first.text}.{last.text}"
        known[name] = column
        text = text[: first.start] + names.quotename(name) + text[last.end + 1 :]
    return text, known


def _is_quoted(word: Token) -> bool:
    return bool(word.token_type == TokenType.IDENTIFIER)
