"""The report on a frame: what its columns hold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.drawing import charts, page

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.frame import DataFrame

#: Distributions are drawn from so many rows at most.
MOST_ROWS = 100_000
_MOST_COLUMNS = 60
_BINS = 12
_MOST_VALUES = 12


def dataset_page(data: DataFrame, key: str | None) -> str:
    """Return a page on a frame's columns; numbers come from the database, distributions from its first rows."""
    described = data.describe().collect()
    sample = data.head(MOST_ROWS).collect()
    shown = [spec for spec in data.specs if spec.name != key][:_MOST_COLUMNS]
    drawn = [f"<div>{_distribution(spec.name, sample[spec.name])}</div>" for spec in shown]
    note = f", of the first {MOST_ROWS:,} rows" if len(sample) == MOST_ROWS else ""
    body = (
        f"<h1>Dataset report</h1><p class='muted'>{data.count():,} rows, {len(data.specs)} columns</p>"
        f"<p class='muted'><code>{escape(data.select_statement)}</code></p>"
        f"<h2>Columns</h2>{_described(described, {spec.name: spec.type for spec in data.specs})}"
        f"<h2>Distributions{note}</h2><div class='parts'>{''.join(drawn)}</div>"
    )
    return page.whole("Dataset report", body)


def _described(described: pd.DataFrame, types: Mapping[str, str]) -> str:
    head = ["column", "type", *[name for name in described.columns if name != "column"]]
    rows = [
        [page.word(str(row["column"])), page.word(types[row["column"]]), *(_number(row[name]) for name in head[2:])]
        for _, row in described.iterrows()
    ]
    return page.table("", head, rows, head[2:])


def _number(value: Any) -> str:
    if isinstance(value, str):
        return page.number(value)
    missing = value is None or value != value  # noqa: PLR0124 - not a number is not itself
    return page.number(None if missing else value if isinstance(value, int) else float(value))


def _distribution(name: str, column: pd.Series[Any]) -> str:
    there = column.dropna()
    numeric = there.dtype.kind in "iuf" and there.nunique() > _MOST_VALUES
    return charts.bars(name, _histogram(there.to_numpy(dtype=np.float64)) if numeric else _counts(there))


def _histogram(values: Any) -> Sequence[Mapping[str, Any]]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return []
    counts, edges = np.histogram(finite, bins=_BINS)
    labels = [f"{low:.4g} to {high:.4g}" for low, high in itertools.pairwise(edges)]
    return [{"name": label, "value": int(count)} for label, count in zip(labels, counts, strict=True)]


def _counts(values: pd.Series[Any]) -> Sequence[Mapping[str, Any]]:
    counts = values.astype(str).value_counts()
    found = [{"name": str(name), "value": int(count)} for name, count in counts.head(_MOST_VALUES).items()]
    rest = int(counts.iloc[_MOST_VALUES:].sum())
    return [*found, {"name": f"{len(counts) - _MOST_VALUES} others", "value": rest}] if rest else found
