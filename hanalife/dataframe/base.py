"""What every frame is: a connection, a query over it, and where its rows come from."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.dataframe import columns as names
from hanalife.dataframe import expressions
from hanalife.errors import InvalidArgumentError
from hanalife.observation import ColumnSpec

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

Expression = sa.ColumnElement[Any]

_numbers = itertools.count()

_MOST_STEPS = 400


class Frame:
    """A query and the connection it runs on; a value that is never changed.

    The sub-queries of a frame are common table expressions: a chain of a hundred calls is then
    a list for the database's parser and not a hundred nested brackets, and a frame that is used
    twice in one query is written once.
    """

    connection_context: ConnectionContext
    query: sa.Select[Any]
    source_table: dict[str, str] | None
    name: str
    index: str | list[str] | None
    parent: Frame | None  #: the frame this one was made of
    steps: int  #: how many sub-queries deep it is

    @classmethod
    def from_query(
        cls,
        connection_context: ConnectionContext,
        query: sa.Select[Any],
        source_table: Mapping[str, str] | None = None,
    ) -> Self:
        """Make a frame of a SQLAlchemy query; ``source_table`` is set if it is all of one table."""
        frame = cls.__new__(cls)
        Frame.__init__(frame, connection_context, query, source_table)
        return frame

    @classmethod
    def from_table(
        cls, connection_context: ConnectionContext, table: sa.Table, source_table: Mapping[str, str] | None
    ) -> Self:
        """Make a frame of all rows of a table."""
        frame = cls.from_query(connection_context, sa.select(*table.columns), source_table)
        frame._source = table  # noqa: SLF001
        return frame

    def __init__(
        self,
        connection_context: ConnectionContext,
        query: sa.Select[Any],
        source_table: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> None:
        self.connection_context = connection_context
        self.query = query
        self.source_table = dict(source_table) if source_table else None
        self.name = name or f"DT_{next(_numbers)}"
        self.index = None
        self.parent = None
        self.steps = 0

    @property
    def columns(self) -> list[str]:
        """The column names."""
        return [str(column.key) for column in self.query.selected_columns]

    @property
    def specs(self) -> tuple[ColumnSpec, ...]:
        """Name and HANA type of each column."""
        return names.specs(list(self.query.selected_columns))

    @cached_property
    def _source(self) -> sa.FromClause:
        """The query as a part of others."""
        return self.query.cte()

    @cached_property
    def _known(self) -> dict[str, Expression]:
        """Each column of :attr:`_source` by its name."""
        return {str(column.key): column for column in self._source.columns}

    def _derive(self, query: sa.Select[Any]) -> Self:
        """Return a frame of another query; the index stays as long as its columns do."""
        frame = self.from_query(self.connection_context, query)
        frame.parent, frame.steps = self, self.steps + 1
        if frame.steps > _MOST_STEPS:
            raise InvalidArgumentError(
                f"A frame of more than {_MOST_STEPS} steps is too deep for the parsers of databases; save what you "
                "have in a table of the session, as in frame = frame.save('#STEPS', force=True), and go on from there."
            )
        if self.index and set(self._index_names()) <= set(frame.columns):
            frame.index = self.index
        return frame

    def _project(self, columns: Iterable[Expression]) -> Self:
        """Return the same rows with other columns."""
        return self._derive(sa.select(*columns).select_from(self._source))

    def _replace(self, changed: Mapping[str, Expression]) -> Self:
        """Return the same rows with some columns computed anew, in their places."""
        return self._project([changed[name].label(name) if name in changed else c for name, c in self._known.items()])

    def _where(self, *clauses: Expression) -> Self:
        """Return the rows that meet all conditions."""
        return self._derive(sa.select(*self._known.values()).select_from(self._source).where(*clauses))

    def _numbered(
        self,
        number: Expression,
        keep: Callable[[Expression], Expression],
        order: Callable[[Expression], Expression] | None = None,
    ) -> Self:
        """Return the rows whose number, a window function, is to be kept."""
        inner = sa.select(*self._known.values(), number.label("hl_number")).select_from(self._source).cte()
        query = sa.select(*[inner.c[name] for name in self._known]).where(keep(inner.c.hl_number))
        return self._derive(query.order_by(order(inner.c.hl_number)) if order else query)

    def _order(self, by: Sequence[str], *, desc: bool = False) -> list[Expression]:
        """Return the terms that order rows the same on every backend: NULL is least, text is bytes."""
        keys = [self.connection_context.text_order(self._known[name]) for name in by]
        return [key.desc().nulls_last() if desc else key.asc().nulls_first() for key in keys]

    def _sql(self, text: str, argument: str = "expression", /, **parts: Expression) -> Expression:
        """Return what SQL text of ours means, with expressions in the place of its names."""
        return expressions.parse(text, parts, self.connection_context.dialect, argument)

    def _text_of(self, name: str) -> Expression:
        """Return the text of a column's values."""
        column = self._known[name]
        return column if isinstance(column.type, sa.String) else self._sql("TO_NVARCHAR(X)", X=column)

    def _rows(self, query: sa.Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Run a query and return its rows."""
        return self.connection_context.reading(
            lambda connection: [tuple(row) for row in connection.execute(query)],
        )

    def _index_names(self) -> list[str]:
        return [self.index] if isinstance(self.index, str) else list(self.index or [])
