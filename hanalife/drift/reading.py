"""Rows become counts: each row passes once, and only counts and a sample stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins
from hanalife.drift.bins import Binning

#: Rows from which bins are learned; all of a smaller reference.
LEARNING_ROWS = 100_000
#: Rows that are in memory at once.
BATCH_ROWS = 5_000
#: Rows of each side that are kept for the two-sample test.
SAMPLE_ROWS = 5_000

#: Splits a batch into the groups its rows belong to: segments or windows.
Split = Callable[[pa.RecordBatch], Iterator[tuple[Any, pa.RecordBatch]]]
#: Makes of a batch what is watched of it.
Cleaning = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(slots=True)
class Sample:
    """A simple random sample of rows that pass one batch after another, the same for a seed."""

    size: int
    parts: list[tuple[Any, dict[str, pa.Array]]] = field(default_factory=list)  #: random keys; columns of these rows
    limit: float = 1.0  #: keys from here on are too large to be among the smallest

    def add(self, batch: pa.RecordBatch, kinds: Mapping[str, str], random: np.random.Generator) -> None:
        """Take the rows of a batch into account: those with the smallest random keys are kept."""
        keys = random.random(batch.num_rows)
        chosen = np.flatnonzero(keys < self.limit)
        if len(chosen):
            rows = batch if len(chosen) == batch.num_rows else batch.take(pa.array(chosen))
            kept = {name: bins.compact(rows.column(name), kind) for name, kind in kinds.items()}
            self.parts.append((keys[chosen], kept))
            if self.held > 2 * self.size:
                self._tighten()

    @property
    def held(self) -> int:
        """The rows that are kept for now."""
        return sum(len(keys) for keys, _ in self.parts)

    def _tighten(self) -> None:
        """Forget all rows but the sample."""
        if self.held <= self.size:
            return
        self.limit = float(np.partition(np.concatenate([keys for keys, _ in self.parts]), self.size)[self.size])
        masks = [pa.array(keys < self.limit) for keys, _ in self.parts]
        pairs = list(zip(self.parts, masks, strict=True))
        columns = {
            name: bins.joined([kept[name].filter(mask) for (_, kept), mask in pairs]) for name in self.parts[0][1]
        }
        self.parts = [(np.concatenate([keys[keys < self.limit] for keys, _ in self.parts]), columns)]

    def cut(self, size: int) -> Sample:
        """Return a smaller sample of the same rows."""
        smaller = Sample(size, [(keys, dict(kept)) for keys, kept in self.parts], self.limit)
        smaller._tighten()
        return smaller

    def pop(self, name: str) -> pa.Array:
        """Return the values of a column, and forget them."""
        return bins.joined([kept.pop(name) for _, kept in self.parts])

    @property
    def rows(self) -> pa.Table | None:
        """The rows, or None if there is none."""
        self._tighten()
        if not self.parts:
            return None
        return pa.table({name: bins.joined([kept[name] for _, kept in self.parts]) for name in self.parts[0][1]})


@dataclass(slots=True)
class Summary:
    """What is kept of rows: their number, counts over the bins of each column, a sample."""

    rows: int
    counts: dict[str, Any]  #: column -> counts as :meth:`Binning.count` gives them
    sample: Sample

    def add(self, batch: pa.RecordBatch, binnings: Mapping[str, Binning], random: np.random.Generator) -> None:
        """Count the rows of a batch."""
        self.rows += batch.num_rows
        for name, binning in binnings.items():
            counted = binning.count(batch.column(name))
            self.counts[name] = self.counts[name] + counted if name in self.counts else counted
        if self.sample.size:
            self.sample.add(batch, {name: binning.kind for name, binning in binnings.items()}, random)


def whole(batch: pa.RecordBatch) -> Iterator[tuple[Any, pa.RecordBatch]]:
    """Take all rows for one group."""
    yield "", batch


def by_value(column: str) -> Split:
    """Split rows by the text of a column's values."""

    def split(batch: pa.RecordBatch) -> Iterator[tuple[Any, pa.RecordBatch]]:
        return _parts(batch, batch.column(column).cast(pa.string()))

    return split


def by_period(column: str, unit: str) -> Split:
    """Split rows by the hour, day, week, month, quarter or year of a moment."""

    def split(batch: pa.RecordBatch) -> Iterator[tuple[Any, pa.RecordBatch]]:
        begin = pc.floor_temporal(batch.column(column).cast(pa.timestamp("us")), unit=unit)
        return _parts(batch, pc.strftime(begin, format="%Y-%m-%d %H:%M" if unit == "hour" else "%Y-%m-%d"))

    return split


def by_rows(size: int) -> Split:
    """Split rows into windows of a size as they come; numbered from 1 with zeros before."""
    passed = 0

    def split(batch: pa.RecordBatch) -> Iterator[tuple[Any, pa.RecordBatch]]:
        nonlocal passed
        begin = 0
        while begin < batch.num_rows:
            length = min(size - passed % size, batch.num_rows - begin)
            yield f"rows {passed // size * size + 1:09d}", batch.slice(begin, length)
            begin, passed = begin + length, passed + length

    return split


def _parts(batch: pa.RecordBatch, texts: pa.Array) -> Iterator[tuple[Any, pa.RecordBatch]]:
    texts = pc.fill_null(texts, bins.MISSING)
    for text in pc.unique(texts).to_pylist():
        yield text, batch.filter(pc.equal(texts, text))


def learn(
    data: DataFrame, columns: Sequence[str], cleaning: Cleaning, split: Split, seed: int
) -> dict[Any, tuple[dict[str, Binning], Summary]]:
    """Read the reference rows of each group: bins from a sample, counts from all rows.

    Up to 100,000 rows are read once; more are read a second time to be counted.
    """
    random = np.random.default_rng(seed)
    samples: dict[Any, Sample] = {}
    seen: dict[Any, int] = {}
    for batch in _clean(data, cleaning):
        kinds = {name: bins.kind_of(name, batch.schema.field(name).type) for name in columns}
        for group, part in split(batch):
            samples.setdefault(group, Sample(LEARNING_ROWS)).add(part, kinds, random)
            seen[group] = seen.get(group, 0) + part.num_rows
    learned = {group: _learned(samples.pop(group), kinds) for group in sorted(samples) if seen[group]}
    if max(seen.values(), default=0) > LEARNING_ROWS:
        binnings = {group: binnings for group, (binnings, _) in learned.items()}
        summaries = summarise(data, binnings.get, cleaning, split, seed)
        return {group: (binnings[group], summaries[group]) for group in learned}
    return learned


def summarise(
    data: DataFrame,
    binnings_of: Callable[[Any], Mapping[str, Binning] | None],
    cleaning: Cleaning,
    split: Split,
    seed: int,
    sample_rows: int = SAMPLE_ROWS,
) -> dict[Any, Summary]:
    """Count the rows of each group over the bins of the group; groups without bins are left out."""
    random = np.random.default_rng(seed)
    found: dict[Any, Summary] = {}
    for batch in _clean(data, cleaning):
        for group, part in split(batch):
            binnings = binnings_of(group)
            if binnings is not None:
                summary = found.setdefault(group, Summary(0, {}, Sample(sample_rows)))
                known = part.select([name for name in binnings if name in part.schema.names])
                summary.add(known, {name: binnings[name] for name in known.schema.names}, random)
    return found


def _clean(data: DataFrame, cleaning: Cleaning) -> Iterator[pa.RecordBatch]:
    return map(cleaning, data.batches(BATCH_ROWS))


def _learned(sample: Sample, kinds: Mapping[str, str]) -> tuple[dict[str, Binning], Summary]:
    """Choose the bins of each column of a sample, and count its rows over them; the sample is used up."""
    rows, smaller = sample.held, sample.cut(SAMPLE_ROWS)
    found = {name: bins.learn_counted(sample.pop(name), kind) for name, kind in kinds.items()}
    counts = {name: counted for name, (_, counted) in found.items()}
    return {name: binning for name, (binning, _) in found.items()}, Summary(rows, counts, smaller)
