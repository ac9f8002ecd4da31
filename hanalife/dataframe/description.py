"""Frames that describe a frame: one row a column, with its statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.dataframe import arguments
from hanalife.dataframe.base import Expression
from hanalife.dataframe.reshaping import Reshaping
from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

_SUMMARY = (
    "VALID_OBSERVATIONS",
    "MIN",
    "LOWER_QUARTILE",
    "MEDIAN",
    "UPPER_QUARTILE",
    "MAX",
    "MEAN",
    "VARIANCE",
    "STANDARD_DEVIATION",
    "SKEWNESS",
    "KURTOSIS",
)


class Description(Reshaping):
    """Methods that describe columns."""

    def describe(self, cols: str | Sequence[str] | None = None, version: str = "v1") -> Self:
        """Return statistics of columns, one row each, columns of numbers first.

        Parameters
        ----------
        cols : str or list of str, optional
            Default: all columns.
        version : str, default 'v1'
            Accepted for compatibility.

        Returns
        -------
        DataFrame
            ``column``, ``count`` (not NULL), ``unique``, ``nulls``, ``mean``, ``std`` (sample),
            ``min``, ``max``, ``min_value``, ``max_value`` (as text, cut to 10 characters),
            ``median``, and the 25, 50 and 75 per cent quantiles, ``_cont`` interpolated and
            ``_disc`` a value that occurs. What has no meaning for a type is NULL.
        """
        arguments.choice(version, ("v1", "v2"), "version")
        chosen = self.columns if cols is None else arguments.column_names(cols, self.columns, "cols")
        numeric = [name for name in chosen if arguments.is_numeric(self._known[name].type)]
        others = [name for name in chosen if name not in numeric]
        parts = [self._described(name, numeric=True) for name in numeric]
        parts += [self._described(name, numeric=False, only_text=not numeric) for name in others]
        return self._stacked(parts)

    @cached_property
    def stats(self) -> pd.DataFrame:
        """The rows of :meth:`describe`, a pandas frame that is computed once."""
        from hanalife.dataframe import transfer

        return transfer.collect(self.connection_context, self.describe().query)

    def _described(self, name: str, *, numeric: bool, only_text: bool = False) -> sa.Select[Any]:
        column = self._known[name]
        ends = {"min_value": "min", "max_value": "max"}
        has_order = not isinstance(column.type, sa.LargeBinary)
        texts: dict[str, Expression] = {
            key: self._short(self._aggregate(end, column)) if has_order else sa.cast(sa.null(), sa.String())
            for key, end in ends.items()
        }
        counts = sa.select(
            sa.func.count(column).label("count"),
            sa.func.count(column.distinct()).label("unique"),
            (sa.func.count() - sa.func.count(column)).label("nulls"),
            *(text.label(key) for key, text in texts.items()),
        )
        counted = counts.select_from(self._source).cte()
        values: dict[str, Expression] = {"column": sa.literal(name, sa.String()), **dict(counted.columns.items())}
        source: sa.FromClause = counted
        if numeric:
            ranked = self._ranked(name)
            measured = sa.select(*[value.label(key) for key, value in self._measures(ranked).items()]).cte()
            values |= dict(measured.columns.items())
            source = counted.join(measured, sa.true())
        elif only_text:
            values |= {"min": counted.c.min_value, "max": counted.c.max_value}
        nothing: Expression = sa.cast(sa.null(), sa.String() if only_text else sa.Double())
        ordered = [values.get(key, nothing if key in ("min", "max") else _NO_NUMBER).label(key) for key in _DESCRIBED]
        return sa.select(*ordered).select_from(source)

    def _short(self, value: Expression) -> Expression:
        text = value if isinstance(value.type, sa.String) else self._sql("TO_NVARCHAR(X)", X=value)
        cut = sa.func.substr(text, 1, 10, type_=sa.String()).concat("...")
        return sa.case((sa.func.length(text) > 10, cut), else_=text) if value is text else text

    def _ranked(self, name: str) -> sa.CTE:
        """Return the values ``x`` of a column, not NULL, with their rank ``r``, number ``n`` and mean ``m``."""
        x = sa.cast(self._known[name], sa.Double)
        return (
            sa.select(
                x.label("x"),
                sa.func.row_number().over(order_by=x).label("r"),
                sa.func.count().over().label("n"),
                sa.func.avg(x).over().label("m"),
            )
            .select_from(self._source)
            .where(x.is_not(None))
            .cte()
        )

    def _measures(self, ranked: sa.CTE) -> dict[str, Expression]:
        x = ranked.c.x
        measures = {
            "mean": sa.func.avg(x),
            "std": self._sql("SQRT(X)", X=_variance(ranked)),
            "min": sa.func.min(x),
            "max": sa.func.max(x),
            "median": _interpolated(ranked, 2),
        }
        for quarter in (1, 2, 3):
            measures[f"{quarter * 25}_percent_cont"] = _interpolated(ranked, quarter)
            measures[f"{quarter * 25}_percent_disc"] = _occurring(ranked, quarter)
        return {key: sa.type_coerce(value, sa.Double) for key, value in measures.items()}

    # --- univariate statistics ----------------------------------------------------------------

    def summary(
        self,
        cols: str | Sequence[str] | None = None,
        select_stat: str | Sequence[str] | None = None,
        pivoted: bool = True,
        method: str = "auto",
        batch_size: int = 100_000,
        key: str | None = None,
    ) -> Self:
        """Return univariate statistics of columns of numbers.

        Parameters
        ----------
        cols : str or list of str, optional
            Default: all columns of numbers.
        select_stat : str or list of str, optional
            Some of VALID_OBSERVATIONS, MIN, LOWER_QUARTILE, MEDIAN, UPPER_QUARTILE, MAX, MEAN,
            VARIANCE and STANDARD_DEVIATION (of the sample), SKEWNESS and KURTOSIS (of the
            population; the normal distribution has kurtosis 3). Default: all.
        pivoted : bool, default True
            One column a statistic; False: ``VARIABLE_NAME, STAT_NAME, STAT_VALUE``.
        method : {'auto', 'batch', 'all'}
            Accepted for compatibility, as ``batch_size`` is; the database decides.
        key : str, optional
            A column that is left out.
        """
        arguments.choice(method, ("auto", "batch", "all"), "method")
        arguments.whole_number(batch_size, 1, "batch_size")
        chosen = [name for name in self._numeric(cols) if name != key]
        if not chosen:
            raise InvalidArgumentError("cols: no column of numbers is left to describe.")
        wanted = _SUMMARY if select_stat is None else arguments.column_names(select_stat, _SUMMARY, "select_stat")
        rows = []
        for name in chosen:
            moments = self._moments(self._ranked(name))
            named = [moments[stat].label(stat) for stat in wanted]
            rows.append(sa.select(sa.literal(name, sa.String()).label("VARIABLE_NAME"), *named))
        table = self._stacked(rows)
        if pivoted:
            return table
        values = table.select("VARIABLE_NAME", *((f"CAST({stat} AS DOUBLE)", stat) for stat in wanted))
        return values.melt("VARIABLE_NAME", wanted, "STAT_NAME", "STAT_VALUE")

    def _numeric(self, cols: str | Sequence[str] | None) -> list[str]:
        if cols is None:
            return [name for name, column in self._known.items() if arguments.is_numeric(column.type)]
        chosen = arguments.column_names(cols, self.columns, "cols")
        self._require_numeric(chosen, "cols")
        return chosen

    def _moments(self, ranked: sa.CTE) -> Mapping[str, Expression]:
        measures = self._measures(ranked)
        d = ranked.c.x - ranked.c.m
        second: Expression = sa.func.nullif(sa.func.avg(d * d), 0.0, type_=sa.Double())
        root = self._sql("SQRT(X)", X=second)
        return {
            "VALID_OBSERVATIONS": sa.func.count(),
            "MIN": measures["min"],
            "LOWER_QUARTILE": measures["25_percent_cont"],
            "MEDIAN": measures["median"],
            "UPPER_QUARTILE": measures["75_percent_cont"],
            "MAX": measures["max"],
            "MEAN": measures["mean"],
            "VARIANCE": _variance(ranked),
            "STANDARD_DEVIATION": measures["std"],
            "SKEWNESS": sa.type_coerce(sa.func.avg(d * d * d) / (second * root), sa.Double),
            "KURTOSIS": sa.type_coerce(sa.func.avg(d * d * d * d) / (second * second), sa.Double),
        }

    def _stacked(self, parts: Sequence[sa.Select[*tuple[Any, ...]]]) -> Self:
        stacked = sa.union_all(*parts).cte()
        return self._derive(sa.select(*stacked.columns))


_NO_NUMBER: Expression = sa.cast(sa.null(), sa.Double())

_DESCRIBED = (
    "column",
    "count",
    "unique",
    "nulls",
    "mean",
    "std",
    "min",
    "max",
    "min_value",
    "max_value",
    "median",
    "25_percent_cont",
    "25_percent_disc",
    "50_percent_cont",
    "50_percent_disc",
    "75_percent_cont",
    "75_percent_disc",
)


def _variance(ranked: sa.CTE) -> Expression:
    """Return the variance of the sample; deviations from the mean keep the digits of large values."""
    deviation = ranked.c.x - ranked.c.m
    variance = sa.func.sum(deviation * deviation) / sa.func.nullif(sa.func.count() - 1, 0)
    return sa.type_coerce(variance, sa.Double)


def _interpolated(ranked: sa.CTE, quarter: int) -> Expression:
    """Return the quantile at ``quarter / 4`` between the two ranks around it (type 7 of Hyndman and Fan)."""
    steps = (ranked.c.n - 1) * quarter
    below = sa.func.max(sa.case((ranked.c.r == steps // 4 + 1, ranked.c.x)))
    above = sa.func.max(sa.case((ranked.c.r == (steps + 3) // 4 + 1, ranked.c.x)))
    share = sa.cast(sa.func.max(steps % 4), sa.Double) / 4.0
    return below + (above - below) * share


def _occurring(ranked: sa.CTE, quarter: int) -> Expression:
    """Return the least value that at least ``quarter / 4`` of all values do not exceed."""
    return sa.func.max(sa.case((ranked.c.r == (ranked.c.n * quarter + 3) // 4, ranked.c.x)))
