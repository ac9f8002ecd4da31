"""The lazy SQL frame: a query and the connection it runs on."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.dataframe import columns as names
from hanalife.dataframe import expressions, transfer
from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.observation import ColumnSpec, DatasetFacts

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

logger = logging.getLogger(__name__)

Where = str | tuple[str | None, str]


class DataFrame:
    """A query that runs when its rows are asked for.

    Frames are never changed: each method returns a new one. Nothing is sent to the database
    until :meth:`collect`, :meth:`count`, :attr:`shape`, :meth:`save` or a fit or predict call.

    Parameters
    ----------
    connection_context : ConnectionContext
        The open connection.
    select_statement : str
        One SELECT statement in the SQL of the connection's database.

    Raises
    ------
    BadSQLError
        The text is not exactly one query.
    """

    def __init__(self, connection_context: ConnectionContext, select_statement: str) -> None:
        text = expressions.one_query(select_statement, connection_context.dialect, "select_statement")
        self.connection_context = connection_context
        self.query: sa.Select[Any] = connection_context.describe_query(text)
        self.source_table: dict[str, str] | None = None

    @classmethod
    def from_query(
        cls,
        connection_context: ConnectionContext,
        query: sa.Select[Any],
        source_table: Mapping[str, str] | None = None,
    ) -> Self:
        """Make a frame of a SQLAlchemy query; ``source_table`` is set if it is all of one table."""
        frame = cls.__new__(cls)
        frame.connection_context = connection_context
        frame.query = query
        frame.source_table = dict(source_table) if source_table else None
        return frame

    def __repr__(self) -> str:
        return f"DataFrame({', '.join(self.columns)})"

    def _over(self) -> tuple[sa.Subquery, dict[str, sa.ColumnElement[Any]]]:
        inner = self.query.subquery()
        return inner, {str(column.key): column for column in inner.columns}

    def _derive(self, query: sa.Select[Any]) -> DataFrame:
        return DataFrame.from_query(self.connection_context, query)

    # --- what it is ---------------------------------------------------------------------------

    @property
    def columns(self) -> list[str]:
        """The column names."""
        return [str(column.key) for column in self.query.selected_columns]

    @property
    def specs(self) -> tuple[ColumnSpec, ...]:
        """Name and HANA type of each column."""
        return names.specs(list(self.query.selected_columns))

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_rows, n_columns)``; counts the rows in the database."""
        return self.count(), len(self.columns)

    @property
    def select_statement(self) -> str:
        """The query as text with its values written in, for reading; it is never sent like this."""
        compiled = self.query.compile(dialect=self.connection_context.dialect, compile_kwargs={"literal_binds": True})
        return str(compiled)

    def dtypes(self, subset: Sequence[str] | None = None) -> list[tuple[str, str, int, int, int, int]]:
        """Return ``(name, type, display size, internal size, precision, scale)`` of each column."""
        if subset is not None:
            names.require(subset, self.columns, "subset")
        sizes = {"INT": 10, "BIGINT": 19, "SMALLINT": 5, "DOUBLE": 15, "NVARCHAR": 5000, "TIMESTAMP": 27, "DATE": 10}
        wanted = [spec for spec in self.specs if subset is None or spec.name in subset]
        return [(spec.name, spec.type, *(sizes.get(spec.type, 0),) * 3, 0) for spec in wanted]

    def has(self, col: str) -> bool:
        """Say whether a column of that name exists."""
        return col in self.columns

    # --- rows and columns ---------------------------------------------------------------------

    def __getitem__(self, item: str | list[str]) -> DataFrame:
        if not isinstance(item, (str, list)):
            raise ArgumentTypeError(f"item: expected a column name or a list of them, got {item!r}.")
        return self.select(item)

    def select(self, *cols: str | list[str] | tuple[str, str]) -> DataFrame:
        """Return some columns, in the order given.

        Parameters
        ----------
        *cols : str, list of str or (str, str)
            Column names, ``'*'`` for all, or ``(expression, alias)``: SQL text and its name.

        Raises
        ------
        UnknownColumnError
            A name is not a column.
        BadSQLError
            An expression is not one SQL expression.

        Examples
        --------
        >>> from hanalife import ConnectionContext, DataSets
        >>> conn = ConnectionContext("sqlite://")
        >>> data, *_ = DataSets.load_diabetes_data(conn)
        >>> data.select("ID", ("AGE * 2", "TWICE_AGE")).head(1).collect().values.tolist()
        [[0, 100]]
        """
        wanted: list[Any] = []
        for col in cols:
            wanted.extend(col if isinstance(col, list) else [col])
        inner, known = self._over()
        names.require([col for col in wanted if isinstance(col, str) and col != "*"], self.columns, "cols")
        chosen: list[sa.ColumnElement[Any]] = []
        for col in wanted:
            if col == "*":
                chosen.extend(known.values())
            elif isinstance(col, str):
                chosen.append(known[col])
            elif isinstance(col, tuple) and len(col) == 2:
                text, alias = col
                chosen.append(expressions.parse(text, known, self.connection_context.dialect, "cols").label(alias))
            else:
                raise ArgumentTypeError(f"cols: expected a name or (expression, alias), got {col!r}.")
        return self._derive(sa.select(*chosen).select_from(inner))

    def deselect(self, cols: str | Sequence[str]) -> DataFrame:
        """Return all columns but these; names that do not occur are ignored."""
        unwanted = {cols} if isinstance(cols, str) else set(cols)
        return self.select([name for name in self.columns if name not in unwanted])

    def drop(self, cols: str | Sequence[str]) -> DataFrame:
        """Return all columns but these; a name that does not occur is an error."""
        unwanted = [cols] if isinstance(cols, str) else list(cols)
        names.require(unwanted, self.columns, "cols")
        return self.deselect(unwanted)

    def filter(self, condition: str | list[str]) -> DataFrame:
        """Return the rows that meet a condition.

        Parameters
        ----------
        condition : str or list of str
            SQL text such as ``"AGE > 30 AND CLASS = 1"``; the parts of a list must all hold.
            Unquoted names find their column in any case; values become bound parameters.

        Raises
        ------
        BadSQLError
            The text is not one SQL condition.
        UnknownColumnError
            A name in it is not a column.
        """
        parts = condition if isinstance(condition, list) else [condition]
        inner, known = self._over()
        clauses = [expressions.parse(part, known, self.connection_context.dialect) for part in parts]
        return self._derive(sa.select(*known.values()).select_from(inner).where(*clauses))

    def head(self, n: int = 1) -> DataFrame:
        """Return the first ``n`` rows; order them with :meth:`sort` first if it matters."""
        if not isinstance(n, int) or n < 0:
            raise InvalidArgumentError(f"n: expected a number of rows of at least 0, got {n!r}.")
        inner, known = self._over()
        # Both databases keep the order of an ordered sub-query under a bare LIMIT.
        return self._derive(sa.select(*known.values()).select_from(inner).limit(n))

    def sort(self, cols: str | Sequence[str], desc: bool = False) -> DataFrame:
        """Return the rows in the order of some columns; text is ordered by its bytes."""
        by = [cols] if isinstance(cols, str) else list(cols)
        if not by:
            raise InvalidArgumentError("cols: name at least one column to sort by.")
        names.require(by, self.columns, "cols")
        inner, known = self._over()
        keys = [self.connection_context.text_order(known[name]) for name in by]
        order = [key.desc() if desc else key.asc() for key in keys]
        return self._derive(sa.select(*known.values()).select_from(inner).order_by(*order))

    # --- rows out -----------------------------------------------------------------------------

    def count(self) -> int:
        """Return the number of rows."""
        inner, _ = self._over()
        with self.connection_context.session() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(inner)).scalar_one())

    def empty(self) -> bool:
        """Say whether there is no row."""
        with self.connection_context.session() as connection:
            return connection.execute(self.query.limit(1)).first() is None

    def collect(self) -> pd.DataFrame:
        """Return all rows as a pandas frame of shape ``(n_rows, n_columns)``."""
        with self.connection_context.session() as connection:
            return transfer.read(connection, self.query)

    def facts(self, rows: pd.DataFrame) -> DatasetFacts:
        """Describe the rows that this frame gave: count, types, query, content hash."""
        source = self.source_table
        return DatasetFacts(
            rows=len(rows),
            columns=self.specs,
            sql=self.select_statement,
            content_hash=transfer.content_hash(rows, self.specs),
            source_table=source["TABLE_NAME"] if source else None,
        )

    def save(self, where: Where, table_type: str | None = None, force: bool = False, append: bool = False) -> DataFrame:
        """Write the rows to a table and return a frame over it.

        Parameters
        ----------
        where : str or (str, str)
            Table name, or ``(schema, name)``. A name that begins with ``#`` makes a table that
            lives as long as the connection.
        table_type : str, optional
            Accepted for compatibility; ``'VIEW'`` is not supported yet.
        force : bool, default False
            Replace an existing table.
        append : bool, default False
            Add the rows to an existing table.

        Notes
        -----
        If the table exists and neither ``force`` nor ``append`` is given, nothing is written, a
        warning says so, and the frame over the old table is returned.
        """
        if table_type is not None and table_type.upper() == "VIEW":
            raise InvalidArgumentError("table_type: 'VIEW' is not supported; save a table instead.")
        schema, table = where if isinstance(where, tuple) else (None, where)
        context = self.connection_context
        exists = context.has_table(table, schema)
        if exists and not (force or append):
            logger.warning(
                "Table %r exists; nothing was written. Use save(..., force=True) to replace it "
                "or append=True to add the rows.",
                table,
            )
        elif exists and append:
            context.insert_query(table, self.query, schema)
        else:
            context.create_table_as(table, self.query, schema)
        return context.table(table, schema)

    def definition(self) -> dict[str, Any]:
        """Return the query as JSON values: text with named parameters, their values, the columns.

        :meth:`ConnectionContext.frame_from_definition` makes the frame again, later or in
        another process; the rows are then read anew.
        """
        return self.connection_context.define(self.query) | {"source_table": self.source_table}
