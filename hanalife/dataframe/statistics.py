"""Aggregates: numbers about columns, computed in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.dataframe import arguments, expressions
from hanalife.dataframe.base import Expression
from hanalife.dataframe.selection import Selection
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd


class Statistics(Selection):
    """Methods that aggregate rows."""

    # --- one number a column ------------------------------------------------------------------

    def min(self) -> Any:
        """Return the least value: a scalar of one column, else a pandas Series by column."""
        return self._of_each("min")

    def max(self) -> Any:
        """Return the greatest value: a scalar of one column, else a pandas Series by column."""
        return self._of_each("max")

    def sum(self) -> Any:
        """Return the sum: a scalar of one column, else a pandas Series by column."""
        return self._of_each("sum", numeric=True)

    def mean(self) -> Any:
        """Return the mean: a scalar of one column, else a pandas Series by column."""
        return self._of_each("avg", numeric=True)

    def median(self) -> Any:
        """Return the median: a scalar of one column, else a pandas Series by column."""
        return self._of_each("median", numeric=True)

    def stddev(self) -> Any:
        """Return the sample standard deviation: a scalar of one column, else a pandas Series by column."""
        return self._of_each("stddev", numeric=True)

    def _of_each(self, function: str, *, numeric: bool = False) -> Any:
        if numeric:
            self._require_numeric(self.columns, function)
        numbers = [self._aggregate(function, column).label(name) for name, column in self._known.items()]
        found = self._rows(sa.select(*numbers).select_from(self._source))[0]
        return found[0] if len(found) == 1 else _series(found, self.columns)

    def _aggregate(self, function: str, column: Expression) -> Expression:
        return expressions.aggregate(function, column, self.connection_context.dialect)

    def _require_numeric(self, chosen: Sequence[str], argument: str) -> None:
        specs = {spec.name: spec.type for spec in self.specs}
        wrong = [name for name in chosen if not arguments.is_numeric(self._known[name].type)]
        if wrong:
            listed = ", ".join(f"{name!r} ({specs[name]})" for name in wrong)
            raise InvalidArgumentError(f"{argument}: not a number: {listed}; select numeric columns first.")

    # --- frames of aggregates -----------------------------------------------------------------

    def agg(self, agg_list: list[tuple[str, str, str]], group_by: str | Sequence[str] | None = None) -> Self:
        """Return aggregates of columns, of all rows or of each group.

        Parameters
        ----------
        agg_list : list of (function, column, alias)
            The function is one of min, max, count, sum, avg, median, stddev, var and their kin.
        group_by : str or list of str, optional
            The group columns come first in the result.

        Examples
        --------
        >>> from hanalife import ConnectionContext, DataSets
        >>> data, *_ = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))
        >>> data.agg([("count", "ID", "N"), ("max", "AGE", "OLDEST")], "CLASS").sort("CLASS").collect().values.tolist()
        [[0, 500, 81], [1, 268, 70]]
        """
        if not isinstance(agg_list, list):
            raise ArgumentTypeError(f"agg_list: expected a list of (function, column, alias), got {agg_list!r}.")
        if not agg_list:
            raise InvalidArgumentError("agg_list: name at least one (function, column, alias).")
        groups = [] if group_by is None else arguments.column_names(group_by, self.columns, "group_by")
        aggregates = [self._aggregated(item) for item in agg_list]
        arguments.fresh_names([str(column.key) for column in aggregates], groups, "agg_list")
        keys = [self._known[name] for name in groups]
        return self._derive(sa.select(*keys, *aggregates).select_from(self._source).group_by(*keys))

    def _aggregated(self, item: object) -> Expression:
        if not (isinstance(item, tuple) and len(item) == 3 and all(isinstance(part, str) for part in item)):
            raise ArgumentTypeError(f"agg_list: expected (function, column, alias), got {item!r}.")
        function, column, alias = item
        known = self._known[arguments.one_name(column, self.columns, "agg_list")]
        return self._aggregate(function, known).label(alias)

    def value_counts(self, subset: str | Sequence[str] | None = None) -> Self:
        """Return how often each value occurs in some columns, by default in all.

        Returns
        -------
        DataFrame
            ``VALUES``, each value as text, then ``NUM_<column>`` per column, NULL where the
            value is absent. NULL itself is not counted.
        """
        chosen = self._known if subset is None else arguments.column_names(subset, self.columns, "subset")
        parts = [
            sa.select(
                self._sql("CAST(X AS NVARCHAR(255))", X=self._known[name]).label("VALUES"),
                sa.literal(position).label("hl_column"),
            )
            .select_from(self._source)
            .where(self._known[name].is_not(None))
            for position, name in enumerate(chosen)
        ]
        values = sa.union_all(*parts).cte()
        counts = [
            sa.func.sum(sa.case((values.c.hl_column == position, 1))).label(f"NUM_{name}")
            for position, name in enumerate(chosen)
        ]
        return self._derive(sa.select(values.c.VALUES, *counts).group_by(values.c.VALUES))

    def corr(self, first_col: str, second_col: str) -> Self:
        """Return one row with Pearson's correlation of two columns, ``CORR_COEFF``.

        Rows with a NULL in either column do not count; the result is NULL if there are fewer
        than two others or one column is constant.
        """
        chosen = [
            arguments.one_name(first_col, self.columns, "first_col"),
            arguments.one_name(second_col, self.columns, "second_col"),
        ]
        self._require_numeric(chosen, "first_col, second_col")
        x, y = (self._known[name] for name in chosen)
        coefficient = expressions.aggregate("corr", x, self.connection_context.dialect, second=y)
        return self._project([coefficient.label("CORR_COEFF")])


def _series(values: Sequence[Any], columns: Sequence[str]) -> pd.Series[Any]:
    import pandas as pd

    return pd.Series(list(values), index=list(columns))
