"""A small summary of rows that tells later whether others are the same rows, so that none counts twice as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.drift import bins

Hashes = np.ndarray[Any, np.dtype[np.uint64]]

#: The smallest hashes of distinct rows that are kept.
SKETCH_SIZE = 256
#: Share of common rows from which two windows overlap.
MAX_OVERLAP = 0.05
#: Rows that share one content, in the mean, up to which a common content means a common row.
MAX_MULTIPLICITY = 1.05
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class WindowRows:
    """What is kept of the rows of a window."""

    rows: int
    fingerprint: str  #: of all rows, whatever their order
    hashes: tuple[str, ...]  #: the smallest of the distinct rows, in rising order
    multiplicity: float = 1.0  #: rows for each of them, in the mean
    first: str | float | None = None  #: the first moment, if rows have a time
    last: str | float | None = None  #: the last one

    @property
    def tells_rows_apart(self) -> bool:
        """Whether hardly two rows have the same content."""
        return self.multiplicity <= MAX_MULTIPLICITY


def overlap(earlier: WindowRows, later: WindowRows) -> str:
    """Return why a window has no new rows; empty if all of its rows are new as far as can be told."""
    if (earlier.rows, earlier.fingerprint) == (later.rows, later.fingerprint):
        return "its rows are those of the check before"
    if isinstance(later.first, type(earlier.last)) and later.first is not None:
        is_later = later.first > earlier.last  # type: ignore[operator]
        return (
            "" if is_later else f"its rows begin at {later.first}, and those of the check before end at {earlier.last}"
        )
    if not (earlier.tells_rows_apart and later.tells_rows_apart):
        return ""
    limit = min(
        (window.hashes[-1] for window in (earlier, later) if len(window.hashes) == SKETCH_SIZE), default="f" * 16
    )
    before, after = ({value for value in window.hashes if value <= limit} for window in (earlier, later))
    common = len(before & after) / max(min(len(before), len(after)), 1)
    return f"about {common:.0%} of its rows were in the check before" if common > MAX_OVERLAP else ""


@dataclass(slots=True)
class RowSketch:
    """The sketch of rows that pass in batches.

    Equal rows have equal hashes on every database; hashes are of 64 bits.
    """

    time_column: str | None = None
    ignored: tuple[str, ...] = ()  #: columns that are not content
    _rows: int = 0
    _total: int = 0
    _counts: dict[int, int] = field(default_factory=dict)
    _first: Any = None
    _last: Any = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of a batch into account."""
        if not batch.num_rows:
            return
        hashes = _row_hashes({name: batch.column(name) for name in batch.schema.names if name not in self.ignored})
        self._rows += batch.num_rows
        self._total = (self._total + int(hashes.sum(dtype=np.uint64))) % 2**64
        for value, count in zip(*np.unique(hashes, return_counts=True), strict=True):
            self._counts[int(value)] = self._counts.get(int(value), 0) + int(count)
        if len(self._counts) > SKETCH_SIZE:
            self._counts = {value: self._counts[value] for value in sorted(self._counts)[:SKETCH_SIZE]}
        self._add_moments(batch)

    def _add_moments(self, batch: pa.RecordBatch) -> None:
        if self.time_column is not None:
            moments = pc.min_max(batch.column(self.time_column)).as_py()
            self._first = moments["min"] if self._first is None else min(self._first, moments["min"])
            self._last = moments["max"] if self._last is None else max(self._last, moments["max"])

    def window_rows(self) -> WindowRows:
        """Return what is kept of the rows."""
        values = sorted(self._counts)
        multiplicity = sum(self._counts.values()) / len(values) if values else 1.0
        hashes = tuple(f"{value:016x}" for value in values)
        fingerprint = f"{self._total:016x}"
        return WindowRows(self._rows, fingerprint, hashes, multiplicity, _plain(self._first), _plain(self._last))


def _plain(moment: Any) -> str | float | None:
    if isinstance(moment, datetime | date):
        return moment.isoformat()
    return None if moment is None else float(moment)


def _row_hashes(columns: Mapping[str, pa.Array]) -> Hashes:
    total: Hashes = np.zeros(len(next(iter(columns.values()))), dtype=np.uint64)
    for name in sorted(columns):
        total = _mixed(total * _GOLDEN + _value_hashes(columns[name]))
    return total


def _value_hashes(values: pa.Array) -> Hashes:
    import pandas as pd

    if bins.kind_of("", values.type) == bins.CATEGORY:
        texts = pc.fill_null(values.cast(pa.string()), "\0missing").to_numpy(zero_copy_only=False)
        return np.asarray(pd.util.hash_array(texts.astype(object)), dtype=np.uint64)
    numbers = bins.as_numbers(values, bins.kind_of("", values.type)) + 0.0  # one hash for both zeros
    return np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64)


def _mixed(values: Hashes) -> Hashes:
    """Return well-mixed bits (S. Vigna's splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * _MULTIPLIERS[0]
    values = (values ^ (values >> np.uint64(27))) * _MULTIPLIERS[1]
    return values ^ (values >> np.uint64(31))
