"""Names and places of columns, new columns, the index: what changes no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import sqlalchemy as sa

from hanalife.dataframe import arguments
from hanalife.dataframe import columns as names
from hanalife.dataframe.column import Column
from hanalife.dataframe.selection import Selection
from hanalife.errors import ArgumentTypeError, InvalidArgumentError


class Arrangement(Selection):
    """Methods that name, move and add columns."""

    # --- in place -----------------------------------------------------------------------------

    def set_index(self, keys: str | list[str]) -> Self:
        """Name the columns that identify a row; changes this frame and returns it."""
        arguments.column_names(keys, self.columns, "keys")
        self.index = keys if isinstance(keys, str) else list(keys)
        return self

    def set_name(self, name: str) -> Self:
        """Give this frame a name for join conditions; changes this frame and returns it."""
        self.name = arguments.text(name, "name")
        return self

    def set_source_table(self, table: str, schema: str | None = None) -> Self:
        """Say which table this frame stands for; changes this frame and returns it."""
        schema = schema or self.connection_context.get_current_schema()
        self.source_table = {"SCHEMA_NAME": schema, "TABLE_NAME": arguments.text(table, "table")}
        return self

    # --- names and places ---------------------------------------------------------------------

    def alias(self, alias: str) -> Self:
        """Return the same rows under a name that join conditions can use."""
        frame = self._derive(self.query)
        frame.source_table = dict(self.source_table) if self.source_table else None
        return frame.set_name(alias)

    def rename_columns(self, names: list[str] | dict[str, str]) -> Self:
        """Return the same rows with other column names.

        Parameters
        ----------
        names : list of str, or dict of str
            The names of all columns in order, or ``{old: new}``.

        Raises
        ------
        InvalidArgumentError
            Too many or not enough names, or two columns of one name.
        UnknownColumnError
            An old name is not a column.
        """
        new = self._new_names(names)
        arguments.fresh_names(new, [], "names")
        return self._project([column.label(name) for column, name in zip(self._known.values(), new, strict=True)])

    def _new_names(self, wanted: object) -> list[str]:
        if isinstance(wanted, Mapping):
            names.require(list(wanted), self.columns, "names")
            return arguments.texts([wanted.get(name, name) for name in self.columns], "names")
        listed = arguments.texts(wanted if isinstance(wanted, list) else None, "names")
        if len(listed) != len(self.columns):
            what = "too many" if len(listed) > len(self.columns) else "not enough"
            raise InvalidArgumentError(f"names: {what} names, {len(listed)} for {len(self.columns)} columns.")
        return listed

    def to_head(self, col: str) -> Self:
        """Return all columns, this one first."""
        first = arguments.one_name(col, self.columns, "col")
        return self.select([first, *(name for name in self.columns if name != first)])

    def to_tail(self, col: str) -> Self:
        """Return all columns, this one last."""
        last = arguments.one_name(col, self.columns, "col")
        return self.select([*(name for name in self.columns if name != last), last])

    def rearrange(
        self,
        key: str | None = None,
        features: str | list[str] | None = None,
        label: str | None = None,
        type_ts: bool = False,
        for_predict: bool = False,
    ) -> Self:
        """Return the columns in the order that learning expects: key, features, label.

        Parameters
        ----------
        key : str, optional
            Default: the index, if there is one.
        features : str or list of str, optional
            Default: all columns but the key and the label.
        label : str, optional
            Default: the last column that is neither key nor, if given, a feature.
        type_ts : bool, default False
            Time series: key, label, features.
        for_predict : bool, default False
            There is no label.
        """
        keys = self._index_names() if key is None else arguments.column_names(key, self.columns, "key")
        others = [name for name in self.columns if name not in keys]
        chosen = None if features is None else arguments.column_names(features, self.columns, "features")
        labels = [] if for_predict else self._labels(label, [name for name in others if name not in (chosen or [])])
        if chosen is None:
            chosen = [name for name in others if name not in labels]
        return self.select([*keys, *labels, *chosen] if type_ts else [*keys, *chosen, *labels])

    def _labels(self, label: str | None, candidates: list[str]) -> list[str]:
        if label is not None:
            return [arguments.one_name(label, self.columns, "label")]
        if not candidates:
            raise InvalidArgumentError("label: no column is left for the label; name it, or use for_predict=True.")
        return candidates[-1:]

    # --- new columns --------------------------------------------------------------------------

    def add_id(
        self, id_col: str | None = None, ref_col: str | Sequence[str] | None = None, starting_point: int = 1
    ) -> Self:
        """Return all columns behind a number of the row, counted from ``starting_point``.

        Parameters
        ----------
        id_col : str, default 'ID'
            Name of the new INT column.
        ref_col : str or list of str, optional
            The order in which rows are counted; by default the database's.
        starting_point : int, default 1
            Number of the first row.
        """
        name = arguments.text("ID" if id_col is None else id_col, "id_col")
        arguments.fresh_names([name], self.columns, "id_col")
        by = [] if ref_col is None else arguments.column_names(ref_col, self.columns, "ref_col")
        place = sa.func.row_number().over(order_by=self._order(by) or None)
        number = sa.cast(place + (arguments.whole_number(starting_point, -(2**31), "starting_point") - 1), sa.Integer)
        return self._project([number.label(name), *self._known.values()])

    def add_constant(self, column_name: str, value: Any) -> Self:
        """Return all columns and one more that holds the same value in each row."""
        arguments.fresh_names([arguments.text(column_name, "column_name")], self.columns, "column_name")
        constant = arguments.literal(value, "value")
        return self._project([*self._known.values(), sa.cast(constant, constant.type).label(column_name)])

    def mutate(self, **kwargs: Column) -> Self:
        """Return all columns and new ones made of column expressions.

        Parameters
        ----------
        **kwargs : Column
            ``df.mutate(TWICE=df.A * 2)``; the name of an old column replaces it, at the end.

        Raises
        ------
        ArgumentTypeError
            A value is not a column expression.
        """
        wrong = [name for name, value in kwargs.items() if not isinstance(value, Column)]
        if wrong:
            raise ArgumentTypeError(
                f"{wrong[0]}: expected an expression such as df.A + 1, got {kwargs[wrong[0]]!r}; "
                "a plain value is added with add_constant()."
            )
        kept = [name for name in self.columns if name not in kwargs]
        return self.select(*kept, *((value, name) for name, value in kwargs.items()))
