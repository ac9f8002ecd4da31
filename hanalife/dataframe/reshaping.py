"""Frames in another shape: pivoted, melted, binned, compared with the rows before."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.dataframe import arguments
from hanalife.dataframe.base import Expression
from hanalife.dataframe.statistics import Statistics
from hanalife.errors import ArgumentTypeError, InvalidArgumentError

if TYPE_CHECKING:
    from hanalife.dataframe.frame import DataFrame

logger = logging.getLogger(__name__)

_BINS = 10
_WINDOW_AGGREGATES = ("SUM", "AVG", "MIN", "MAX", "COUNT", "STDDEV", "STDDEV_POP", "VAR", "VAR_POP")
_SHIFTS = ("LAG", "LEAD")
_DIFFERENCES = {"days": "DAYS_BETWEEN", "seconds": "SECONDS_BETWEEN"}
_FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class Reshaping(Statistics):
    """Methods that change the shape of a frame."""

    def pivot_table(
        self,
        values: str | Sequence[str],
        index: str | Sequence[str],
        columns: str | Sequence[str],
        aggfunc: str = "avg",
    ) -> Self:
        """Return a row for each value of ``index`` and a column for each value of ``columns``.

        Parameters
        ----------
        values : str or list of str
            Columns that are aggregated; with several, the new columns are named
            ``<value of columns>|<name of values>``.
        index : str or list of str
            Columns that stay, first.
        columns : str or list of str
            Columns whose values, read now, become names; several are joined with ``_``, NULL
            becomes ``'None'``. The new columns are in the order of the values.
        aggfunc : str, default 'avg'
            An aggregate, as in :meth:`agg`.
        """
        measured = arguments.column_names(values, self.columns, "values")
        keys = arguments.column_names(index, self.columns, "index")
        spread = arguments.column_names(columns, self.columns, "columns")
        cells: list[Expression] = []
        found = self._rows(self.distinct(spread).sort(spread).query)
        for name, values_of_name in zip(_cell_names(found), found, strict=True):
            chosen = sa.and_(*[_equals(self._known[c], v) for c, v in zip(spread, values_of_name, strict=True)])
            for measure in measured:
                value = sa.case((chosen, self._known[measure]))
                label = f"{name}|{measure}" if len(measured) > 1 else name
                cells.append(self._aggregate(aggfunc, value).label(label))
        arguments.fresh_names([str(cell.key) for cell in cells], keys, "columns")
        groups = [self._known[name] for name in keys]
        return self._derive(sa.select(*groups, *cells).select_from(self._source).group_by(*groups))

    def bin(
        self,
        col: str,
        strategy: str = "uniform_number",
        bins: int | None = None,
        bin_width: float | None = None,
        bin_column: str = "BIN_NUMBER",
    ) -> Self:
        """Return all columns and the number of the interval that a value is in, counted from 1.

        Parameters
        ----------
        col : str
            A column of numbers; NULL has no interval.
        strategy : {'uniform_number', 'uniform_size'}
            So many intervals of equal width from the least to the greatest value, the last one
            closed; or intervals of a given width whose edges are its multiples.
        bins : int, default 10
            Number of intervals of 'uniform_number'.
        bin_width : float, optional
            Width of the intervals of 'uniform_size', greater than 0.
        bin_column : str, default 'BIN_NUMBER'
            Name of the new column.
        """
        name = arguments.one_name(col, self.columns, "col")
        self._require_numeric([name], "col")
        if strategy not in ("uniform_number", "uniform_size"):
            raise ArgumentTypeError(f"strategy: {strategy!r} is not one of 'uniform_number', 'uniform_size'.")
        arguments.fresh_names([arguments.text(bin_column, "bin_column")], self.columns, "bin_column")
        x = sa.cast(self._known[name], sa.Double)
        if strategy == "uniform_number":
            number = self._numbered_bin(x, bins, bin_width)
        else:
            number = self._sized_bin(x, bins, bin_width)
        return self._project([*self._known.values(), number.label(bin_column)])

    def _numbered_bin(self, x: Expression, bins: int | None, bin_width: float | None) -> Expression:
        if bin_width is not None:
            raise InvalidArgumentError(f"bin_width: {bin_width!r} is for strategy='uniform_size'; give bins instead.")
        number = arguments.whole_number(_BINS if bins is None else bins, 1, "bins")
        low, high = sa.func.min(x).over(), sa.func.max(x).over()
        place = self._whole((x - low) * number / sa.func.nullif(high - low, 0.0, type_=sa.Double()))
        return sa.case((x.is_(None), None), (x >= high, sa.case((high > low, number), else_=1)), else_=place + 1)

    def _sized_bin(self, x: Expression, bins: int | None, bin_width: float | None) -> Expression:
        if bins is not None:
            raise InvalidArgumentError(f"bins: {bins!r} is for strategy='uniform_number'; give bin_width instead.")
        if isinstance(bin_width, bool) or not isinstance(bin_width, (int, float)) or not bin_width > 0:
            raise InvalidArgumentError(f"bin_width: expected a number greater than 0, got {bin_width!r}.")
        width = float(bin_width)
        return self._whole(x / width) - self._whole(sa.func.min(x).over() / width) + 1

    def _whole(self, number: Expression) -> Expression:
        return sa.cast(self._sql("FLOOR(X)", X=sa.type_coerce(number, sa.Double)), sa.Integer)

    def diff(self, index: str, periods: int = 1, diff_datetime: str = "days") -> Self:
        """Return by how much each row differs from an earlier one.

        Parameters
        ----------
        index : str
            The column that orders the rows; it comes first in the result.
        periods : int, default 1
            How many rows before; a negative number looks ahead.
        diff_datetime : {'days', 'seconds'}
            Unit of the difference of moments.

        Returns
        -------
        DataFrame
            The index and the difference of every column of numbers or moments; other columns
            are left out. It is NULL where there is no such row.
        """
        key = arguments.one_name(index, self.columns, "index")
        between = _DIFFERENCES[arguments.choice(diff_datetime, tuple(_DIFFERENCES), "diff_datetime")]
        shift = "LAG" if arguments.whole_number(periods, -(2**31), "periods") >= 0 else "LEAD"
        columns = [self._known[key]]
        for name, column in self._known.items():
            if name == key or not isinstance(column.type, (*arguments.NUMBERS, sa.Date, sa.DateTime)):
                continue
            before = self._over(f"{shift}(X, {abs(periods)})", name, [], [key])
            difference = "X - B" if isinstance(column.type, arguments.NUMBERS) else f"{between}(B, X)"
            columns.append(self._sql(difference, X=column, B=before).label(name))
        return self._project(columns)

    # --- features -----------------------------------------------------------------------------

    def generate_feature(
        self,
        targets: str | Sequence[str],
        group_by: str | Sequence[str] | None = None,
        agg_func: str | None = None,
        trans_func: str | None = None,
        order_by: str | Sequence[str] | None = None,
        trans_param: Sequence[Any] | None = None,
        rolling_window: int | str | None = None,
        second_targets: str | Sequence[str] | None = None,
    ) -> Self:
        """Return all columns and new ones computed from some, named like their SQL.

        Parameters
        ----------
        targets : str or list of str
            Columns to compute from.
        group_by : str or list of str, optional
            Groups of the aggregate.
        agg_func : {'SUM', 'AVG', 'MIN', 'MAX', 'COUNT', 'STDDEV', 'VAR', ...}, optional
            Aggregate of each group, in all its rows: ``SUM(X)``.
        trans_func : str, optional
            ``'LAG'`` or ``'LEAD'`` in the order of ``order_by``, or a function of one value:
            ``'MONTH'``, ``'SQRT'``.
        order_by : str or list of str, optional
            Order of the rows, for LAG, LEAD and rolling windows.
        trans_param : list, optional
            For each target the parameters of ``trans_func``: ``[[4], [5]]``.
        rolling_window : int, 'INF' or '-INF', optional
            Rows that the aggregate goes over beside the current one: negative before, positive
            after it, 'INF' without end.
        second_targets : str or list of str, optional
            Second argument of ``trans_func`` for each target, as for ``'POWER'``.

        Raises
        ------
        InvalidArgumentError
            Not exactly one of ``agg_func`` and ``trans_func``, an aggregate without groups or
            window, a window or a shift without order.

        Examples
        --------
        >>> from hanalife import ConnectionContext, DataSets
        >>> data, *_ = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))
        >>> data.select("ID").generate_feature("ID", trans_func="LAG", order_by="ID", trans_param=[[2]]).columns
        ['ID', 'LAG(ID,2)']
        """
        chosen = arguments.column_names(targets, self.columns, "targets")
        if (agg_func is None) == (trans_func is None):
            raise InvalidArgumentError("agg_func, trans_func: give exactly one of them.")
        order = [] if order_by is None else arguments.column_names(order_by, self.columns, "order_by")
        if agg_func is not None:
            groups = [] if group_by is None else arguments.column_names(group_by, self.columns, "group_by")
            made = [self._windowed(agg_func, name, groups, order, rolling_window) for name in chosen]
        else:
            params = _per_target(trans_param, len(chosen), "trans_param")
            seconds = [None] * len(chosen) if second_targets is None else self._seconds(second_targets, len(chosen))
            made = [
                self._transformed(str(trans_func), name, second, param, order)
                for name, second, param in zip(chosen, seconds, params, strict=True)
            ]
        arguments.fresh_names([str(column.key) for column in made], self.columns, "targets")
        return self._project([*self._known.values(), *made])

    def _windowed(
        self, agg_func: str, name: str, groups: list[str], order: list[str], rolling: int | str | None
    ) -> Expression:
        function = arguments.choice(agg_func, _WINDOW_AGGREGATES, "agg_func")
        if function not in ("MIN", "MAX", "COUNT"):
            self._require_numeric([name], "targets")
        if rolling is None and not groups:
            raise InvalidArgumentError(f"group_by: name the groups of {function}({name}), or give rolling_window.")
        if rolling is not None and not order:
            raise InvalidArgumentError("order_by: a rolling window needs an order of the rows.")
        bounds, suffix = _window(rolling)
        made = self._over(f"{function}(X)", name, groups, order if rolling is not None else [], bounds)
        return made.label(f"{function}({name}){suffix}")

    def _over(
        self, function: str, name: str, groups: Sequence[str], order: Sequence[str], rows: str = ""
    ) -> Expression:
        """Return a window function of SQL text in which X is a column."""
        parts = {f"G{place}": self._known[group] for place, group in enumerate(groups)}
        keys = {f"O{place}": self._known[key] for place, key in enumerate(order)}
        partition = f"PARTITION BY {', '.join(parts)}" if parts else ""
        ordered = f"ORDER BY {', '.join(keys)} {rows}" if keys else ""
        return self._sql(f"{function} OVER ({partition} {ordered})", "targets", X=self._known[name], **parts, **keys)

    def _seconds(self, second_targets: str | Sequence[str], number: int) -> list[str]:
        seconds = arguments.column_names(second_targets, self.columns, "second_targets")
        if len(seconds) != number:
            raise InvalidArgumentError(f"second_targets: {len(seconds)} columns for {number} targets; give as many.")
        return seconds

    def _transformed(
        self, function: str, name: str, second: str | None, params: list[Any], order: list[str]
    ) -> Expression:
        if not _FUNCTION_NAME.fullmatch(function):
            raise InvalidArgumentError(f"trans_func: {function!r} is not the name of a function.")
        function = function.upper()
        column = self._known[name]
        shown = ",".join([name, *([second] if second else []), *map(str, params)])
        if function in _SHIFTS:
            if not order:
                raise InvalidArgumentError(f"order_by: {function} needs an order of the rows.")
            steps = arguments.whole_number(params[0] if params else 1, 0, "trans_param")
            made = self._over(f"{function}(X, {steps})", name, [], order)
        else:
            parts = {"X": column} | ({"Y": self._known[second]} if second else {})
            parts |= {f"P{place}": arguments.literal(value, "trans_param") for place, value in enumerate(params)}
            made = self._sql(f"{function}({', '.join(parts)})", "trans_func", **parts)
        return made.label(f"{function}({shown})")

    # --- long frames --------------------------------------------------------------------------

    def melt(
        self,
        id_vars: str | Sequence[str] | None = None,
        value_vars: str | Sequence[str] | None = None,
        var_name: str | None = None,
        value_name: str | None = None,
    ) -> Self:
        """Return a long frame: one row for each row and value column; see :func:`melt`."""
        ids = [] if id_vars is None else arguments.column_names(id_vars, self.columns, "id_vars")
        rest = [name for name in self.columns if name not in ids]
        measured = rest if value_vars is None else arguments.column_names(value_vars, self.columns, "value_vars")
        if not measured:
            raise InvalidArgumentError("value_vars: no column is left to become rows.")
        new = [var_name or "variable", value_name or "value"]
        arguments.fresh_names(new, ids, "var_name, value_name")
        parts = []
        for name, value in zip(measured, self._alike(measured), strict=True):
            row = [*(self._known[key] for key in ids), sa.literal(name, sa.String()).label(new[0])]
            parts.append(sa.select(*row, value.label(new[1])).select_from(self._source))
        long = sa.union_all(*parts).cte()
        return self._derive(sa.select(*long.columns))

    def _alike(self, chosen: list[str]) -> list[Expression]:
        """Return columns as values of one type."""
        columns = [self._known[name] for name in chosen]
        if len({type(column.type) for column in columns}) == 1:
            return columns
        if all(isinstance(column.type, arguments.NUMBERS) for column in columns):
            return [sa.cast(column, sa.Double) for column in columns]
        return [self._text_of(name) for name in chosen]


def melt(
    frame: DataFrame,
    id_vars: str | Sequence[str] | None = None,
    value_vars: str | Sequence[str] | None = None,
    var_name: str | None = None,
    value_name: str | None = None,
) -> DataFrame:
    """Return a long frame: one row for each row and value column.

    Parameters
    ----------
    frame : DataFrame
        The wide frame.
    id_vars : str or list of str, optional
        Columns that are repeated.
    value_vars : str or list of str, optional
        Columns that become rows; default: all others.
    var_name, value_name : str, default 'variable' and 'value'
        Names of the new columns. Values of different types become DOUBLE if all are numbers,
        else text.

    Raises
    ------
    UnknownColumnError
        A name is not a column.
    InvalidArgumentError
        No column is left to become rows, or a new name is taken.
    """
    return frame.melt(id_vars, value_vars, var_name, value_name)


def _equals(column: Expression, value: object) -> Expression:
    return column.is_(None) if value is None else column == value


def _cell_names(found: Sequence[tuple[Any, ...]]) -> list[str]:
    if any(None in values for values in found):
        logger.warning("columns: NULL occurs; its column is named 'None'.")
    return ["_".join(map(str, values)) for values in found]


def _per_target(params: Sequence[Any] | None, number: int, argument: str) -> list[list[Any]]:
    if params is None:
        return [[] for _ in range(number)]
    if not isinstance(params, (list, tuple)) or len(params) != number:
        raise InvalidArgumentError(f"{argument}: expected a list of {number}, one item a target, got {params!r}.")
    return [list(item) if isinstance(item, (list, tuple)) else [item] for item in params]


def _window(rolling: int | str | None) -> tuple[str, str]:
    """Return the bounds of a rolling window and what its columns' names end in."""
    if rolling is None:
        return "", ""
    before, after = "ROWS BETWEEN {} PRECEDING AND CURRENT ROW", "ROWS BETWEEN CURRENT ROW AND {} FOLLOWING"
    if isinstance(rolling, str):
        word = arguments.choice(rolling, ("INF", "-INF"), "rolling_window")
        return (before.format("UNBOUNDED"), "P") if word == "-INF" else (after.format("UNBOUNDED"), "F")
    size = arguments.whole_number(rolling, -(2**31), "rolling_window")
    return (before.format(-size), f"P{-size}") if size < 0 else (after.format(size), f"F{size}")
