"""A column as counts over bins: the frozen reference, and current rows in the same bins. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.drift.intervals import Floats
from hanalife.errors import InvalidArgumentError

#: A number column with at most so many distinct values is counted value by value.
MAX_DISTINCT = 10
#: So many categories are counted apart; rarer ones together.
MAX_CATEGORIES = 1_000
#: Numbers are counted between so many quantiles, and compared between every tenth of them.
FINE_BINS = 100
COARSE_BINS = 10
MISSING = "(missing)"
OTHER = "(other)"
NUMBER, MOMENT, CATEGORY = "number", "moment", "category"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Binning:
    """How the values of one column are sorted into bins, fixed by the reference rows.

    Numbers and moments lie between ``edges`` (seconds since 1970 of a moment), or, where few are
    distinct, count as ``categories`` as text does. The last bins are values seen only later (of
    categories), and missing values.
    """

    kind: str  #: number, moment or category
    edges: tuple[float, ...]  #: inner edges at the hundredths of the reference
    coarse: tuple[float, ...]  #: those of them that the verdict is about
    categories: tuple[str, ...]
    complete: bool = True  #: whether all categories of the reference are there
    spread: float = 1.0  #: the standard deviation of the reference's finite values

    @property
    def by_value(self) -> bool:
        """Whether values are counted one by one."""
        return not self.edges

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the bins that the verdict is about."""
        if self.by_value:
            return (*self.categories, OTHER, MISSING)
        bounds = ["-inf", *(self._show(edge) for edge in self.coarse), "inf"]
        return (*(f"[{low} ; {high}[" for low, high in itertools.pairwise(bounds)), MISSING)

    def _show(self, edge: float) -> str:
        if self.kind == MOMENT:
            return (_EPOCH + timedelta(seconds=edge)).strftime("%Y-%m-%d %H:%M")
        return f"{edge:g}"

    def count(self, values: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the number of values in each bin: fine ones of numbers, then missing ones.

        Shape ``(len(edges) + 2,)``, or ``(len(categories) + 2,)`` where values count one by one.
        """
        if not self.by_value:
            numbers = as_numbers(values, self.kind)
            present = np.sort(numbers[~np.isnan(numbers)])  # sorting takes half the time of searching for each
            ends = np.searchsorted(present, np.array(self.edges), side="left")
            within = np.diff(ends, prepend=0, append=len(present))
            return np.append(within, len(numbers) - len(present))
        found = _tally(values, self.kind)
        known = np.array([found.pop(name, 0) for name in self.categories], dtype=np.int64)
        return np.append(known, [sum(found.values()), len(values) - known.sum() - sum(found.values())])

    def coarsened(self, counts: Any) -> Any:
        """Return the counts over the bins that :attr:`labels` names."""
        if self.by_value:
            return np.asarray(counts)
        ends = np.searchsorted(self.edges, self.coarse)
        return np.append(np.add.reduceat(counts[:-1], np.append(0, ends + 1)), counts[-1])


def learn(values: pa.Array, kind: str) -> Binning:
    """Choose the bins for one column of reference rows."""
    if kind == CATEGORY:
        return _learn_categories(values, kind)
    numbers = as_numbers(values, kind)
    present = np.sort(numbers[~np.isnan(numbers)])
    finite = present[np.isfinite(present)]
    few = not len(finite) or (present[1:] > present[:-1]).sum() < MAX_DISTINCT
    if few:
        return _learn_categories(values, kind)
    steps = np.arange(1, FINE_BINS) * len(present) // FINE_BINS
    edges = np.unique(present[steps])
    edges = edges[np.isfinite(edges)]
    # A value that many rows share is the lower bound of its bin; the bin's rows may be all there are.
    edges = edges[edges > present[0]] if (edges > present[0]).any() else edges
    tenths = np.unique(present[np.arange(1, COARSE_BINS) * len(present) // COARSE_BINS])
    coarse = np.intersect1d(tenths, edges)
    coarse = coarse if len(coarse) else edges[:1]
    size = np.abs(finite).max()  # so that the square of a large value is finite
    spread = float((finite / size).std() * size) or 1.0
    return Binning(kind, tuple(edges.tolist()), tuple(coarse.tolist()), (), spread=spread)


def _learn_categories(values: pa.Array, kind: str) -> Binning:
    found = _tally(values, kind)
    often = sorted(found, key=lambda name: (-found[name], name))[:MAX_CATEGORIES]
    order = sorted(often) if kind == CATEGORY else sorted(often, key=float)
    return Binning(kind, (), (), tuple(order), complete=len(often) == len(found))


def _tally(values: pa.Array, kind: str) -> dict[str, int]:
    """Return how often each present value occurs, under its text."""
    if kind != CATEGORY:
        numbers = as_numbers(values, kind)
        distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        return {f"{value:.17g}": int(count) for value, count in zip(distinct.tolist(), counts, strict=True)}
    counted = pc.value_counts(values.cast(pa.string()))
    pairs = zip(counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True)
    return {name: count for name, count in pairs if name is not None}


def as_numbers(values: pa.Array, kind: str) -> Floats:
    """Return the values as floating-point numbers, NaN for missing ones; moments as seconds since 1970."""
    if kind == MOMENT:
        moments = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        return np.asarray(moments.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float) / 1e6
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=float)


def kind_of(name: str, kind: pa.DataType) -> str:
    """Return whether a column of an Arrow type holds numbers, moments or categories."""
    types = pa.types
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return NUMBER
    if types.is_date(kind) or types.is_timestamp(kind):
        return MOMENT
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_nested(kind):
        raise InvalidArgumentError(f"{name}: bytes and lists cannot be compared. Leave the column out of features.")
    return CATEGORY


def without(values: pa.Array, missing: Collection[str]) -> pa.Array:
    """Return the values with the texts that stand for a missing one taken for it."""
    if not missing:
        return values
    found = pc.is_in(values.cast(pa.string()), value_set=pa.array(list(missing), pa.string()))
    return pc.if_else(found, pa.scalar(None, values.type), values)
