"""Which columns and which rows: select, filter, order, the first and the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, cast

import sqlalchemy as sa

from hanalife.dataframe import arguments, expressions
from hanalife.dataframe import columns as names
from hanalife.dataframe.base import Expression, Frame
from hanalife.dataframe.column import Column
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

if TYPE_CHECKING:
    from hanalife.dataframe.frame import DataFrame

#: One wish of ``select``: a name, ``'*'``, (expression, alias), or a column expression.
Wish = str | tuple[str | Column, str] | Column


class Selection(Frame):
    """Methods that choose columns and rows."""

    def __getitem__(self, item: str | list[str]) -> Self:
        if not isinstance(item, (str, list)):
            raise ArgumentTypeError(f"item: expected a column name or a list of them, got {item!r}.")
        return self.select(item)

    def __getattr__(self, name: str) -> Column:
        # Only for what is no attribute; private names are never columns, and some are asked
        # for before the frame has a query.
        if hasattr(type(self), name):
            object.__getattribute__(self, name)  # a property that failed raises its own error again
        if name.startswith("_") or name not in self.columns:
            known = "" if name.startswith("_") else f"; the columns are: {', '.join(self.columns)}"
            raise AttributeError(f"DataFrame has no method and no column {name!r}{known}")
        return Column.of(cast("DataFrame", self), name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(name for name in self.columns if name.isidentifier())})

    # --- columns ------------------------------------------------------------------------------

    def select(self, *cols: Wish | list[Wish] | list[str]) -> Self:
        """Return some columns, in the order given.

        Parameters
        ----------
        *cols : str, Column, (str or Column, str), or a list of these
            Column names; ``'*'`` for all; ``(expression, alias)``, where the expression is SQL
            text; column expressions such as ``df.A * 2``.

        Raises
        ------
        UnknownColumnError
            A name is not a column.
        BadSQLError
            An expression is not one SQL expression.
        InvalidArgumentError
            Two columns of the result have the same name.

        Examples
        --------
        >>> from hanalife import ConnectionContext, DataSets
        >>> conn = ConnectionContext("sqlite://")
        >>> data, *_ = DataSets.load_diabetes_data(conn)
        >>> data.select("ID", ("AGE * 2", "TWICE_AGE")).head(1).collect().values.tolist()
        [[0, 100]]
        """
        wanted: list[Any] = [item for col in cols for item in (col if isinstance(col, list) else [col])]
        names.require([col for col in wanted if isinstance(col, str) and col != "*"], self.columns, "cols")
        chosen = [expression for wish in wanted for expression in self._wished(wish)]
        if not chosen:
            raise InvalidArgumentError(f"cols: name at least one column; the columns are: {', '.join(self.columns)}.")
        arguments.fresh_names([str(column.key) for column in chosen], [], "cols")
        return self._project(chosen)

    def _wished(self, wish: Wish) -> list[Expression]:
        if isinstance(wish, str):
            return list(self._known.values()) if wish == "*" else [self._known[wish]]
        if isinstance(wish, Column):
            return [self._value(wish).label(wish.name)]
        if isinstance(wish, tuple) and len(wish) == 2 and isinstance(wish[1], str):
            expression, alias = wish
            return [self._value(expression).label(alias)]
        raise ArgumentTypeError(f"cols: expected a name, (expression, alias) or a Column, got {wish!r}.")

    def _value(self, expression: str | Column) -> Expression:
        if isinstance(expression, Column):
            self._own(expression)
            return expression.value(self._known)
        return expressions.parse(expression, self._known, self.connection_context.dialect, "cols")

    def _own(self, column: Column) -> None:
        """Refuse a column expression over a frame that this one was not made of."""
        frame: Frame | None = self
        while frame is not None and frame is not column.frame:
            frame = frame.parent
        if frame is None:
            raise InvalidArgumentError(f"{column.name} is a column of another frame; join the frames first.")

    def deselect(self, cols: str | Sequence[str]) -> Self:
        """Return all columns but these; names that do not occur are ignored."""
        unwanted = set(arguments.texts(cols, "cols"))
        return self.select([name for name in self.columns if name not in unwanted])

    def drop(self, cols: str | Sequence[str]) -> Self:
        """Return all columns but these; a name that does not occur is an error."""
        return self.deselect(arguments.column_names(cols, self.columns, "cols"))

    # --- rows ---------------------------------------------------------------------------------

    def filter(self, condition: str | Column | list[str | Column]) -> Self:
        """Return the rows that meet a condition.

        Parameters
        ----------
        condition : str, Column or list of these
            SQL text such as ``"AGE > 30 AND CLASS = 1"``, or ``df.AGE > 30``; the parts of a
            list must all hold. Unquoted names find their column in any case; values become
            bound parameters.

        Raises
        ------
        BadSQLError
            The text is not one SQL condition.
        UnknownColumnError
            A name in it is not a column.
        """
        parts = condition if isinstance(condition, list) else [condition]
        return self._where(*[self._predicate(part) for part in parts])

    def _predicate(self, condition: str | Column) -> Expression:
        if isinstance(condition, Column):
            self._own(condition)
            return condition.predicate(self._known)
        return expressions.condition(condition, self._known, self.connection_context.dialect)

    def distinct(self, cols: str | Sequence[str] | None = None) -> Self:
        """Return the distinct rows of some columns, by default of all; the result has just those."""
        chosen = self.columns if cols is None else arguments.column_names(cols, self.columns, "cols")
        return self._derive(sa.select(*[self._known[name] for name in chosen]).distinct().select_from(self._source))

    def drop_duplicates(self, subset: str | Sequence[str] | None = None) -> Self:
        """Return one row for each value of some columns, with all columns.

        Parameters
        ----------
        subset : str or list of str, optional
            Default: all columns. Of the rows that are alike in the subset, the first in the
            order of the other columns stays.
        """
        if subset is None:
            return self.distinct()
        alike = arguments.column_names(subset, self.columns, "subset")
        others = [name for name in self.columns if name not in alike]
        order = self._order(others) or [sa.null()]
        place = sa.func.row_number().over(partition_by=[self._known[name] for name in alike], order_by=order)
        return self._numbered(place, lambda rank: rank == 1)

    def head(self, n: int = 1) -> Self:
        """Return the first ``n`` rows; order them with :meth:`sort` first if it matters."""
        arguments.whole_number(n, 0, "n")
        # Both databases keep the order of an ordered sub-query under a bare LIMIT.
        return self._derive(sa.select(*self._known.values()).select_from(self._source).limit(n))

    def tail(self, n: int = 1, ref_col: str | Sequence[str] | None = None) -> Self:
        """Return the last ``n`` rows in the order of ``ref_col``, by default of the database."""
        arguments.whole_number(n, 0, "n")
        by = [] if ref_col is None else arguments.column_names(ref_col, self.columns, "ref_col")
        place = sa.func.row_number().over(order_by=self._order(by) or None)
        before = sa.func.count().over() - place
        return self._numbered(before, lambda rows_after: rows_after < n, order=lambda rows_after: rows_after.desc())

    # --- order --------------------------------------------------------------------------------

    def sort(self, cols: str | Sequence[str], desc: bool = False) -> Self:
        """Return the rows in the order of some columns; NULL is least, text is ordered by its bytes."""
        by = arguments.column_names(cols, self.columns, "cols")
        ordered = self._order(by, desc=desc)
        return self._derive(sa.select(*self._known.values()).select_from(self._source).order_by(*ordered))

    def sort_values(self, by: str | Sequence[str], ascending: bool = True) -> Self:
        """Return the rows in the order of some columns, as :meth:`sort` does."""
        return self.sort(arguments.column_names(by, self.columns, "by"), desc=not ascending)

    def sort_index(self, ascending: bool = True) -> Self:
        """Return the rows in the order of the index.

        Raises
        ------
        InvalidArgumentError
            The frame has no index; :meth:`set_index` gives it one.
        """
        if not self.index:
            raise InvalidArgumentError("sort_index: the frame has no index; call set_index() first.")
        return self.sort(self._index_names(), desc=not ascending)
