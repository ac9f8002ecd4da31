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
    keys: Any = field(default_factory=lambda: np.empty(0))
    rows: pa.Table | None = None

    def add(self, batch: pa.RecordBatch, random: np.random.Generator) -> None:
        """Take the rows of a batch into account: those with the smallest random keys are kept."""
        keys = np.append(self.keys, random.random(batch.num_rows))
        new = pa.Table.from_batches([batch])
        rows = new if self.rows is None else pa.concat_tables([self.rows, new])
        if len(keys) > self.size:
            chosen = np.sort(np.argpartition(keys, self.size)[: self.size])
            keys, rows = keys[chosen], rows.take(pa.array(chosen))
        self.keys, self.rows = keys, rows

    def cut(self, size: int) -> Sample:
        """Return a smaller sample of the same rows."""
        assert self.rows is not None
        if len(self.keys) <= size:
            return Sample(size, self.keys, self.rows)
        chosen = np.sort(np.argpartition(self.keys, size)[:size])
        return Sample(size, self.keys[chosen], self.rows.take(pa.array(chosen)))


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
            self.sample.add(batch, random)


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
        for group, part in split(batch):
            samples.setdefault(group, Sample(LEARNING_ROWS)).add(part.select(list(columns)), random)
            seen[group] = seen.get(group, 0) + part.num_rows
    learned = {group: _binnings(sample, columns) for group, sample in samples.items()}
    if max(seen.values(), default=0) > LEARNING_ROWS:
        summaries = summarise(data, learned.get, cleaning, split, seed)
    else:
        summaries = {group: _counted(sample, learned[group], seen[group]) for group, sample in samples.items()}
    return {group: (learned[group], summaries[group]) for group in sorted(learned) if seen[group]}


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
    return map(cleaning, data.batches())


def _binnings(sample: Sample, columns: Sequence[str]) -> dict[str, Binning]:
    assert sample.rows is not None
    found = {}
    for name in columns:
        values = sample.rows.column(name).combine_chunks()
        found[name] = bins.learn(values, bins.kind_of(name, values.type))
    return found


def _counted(sample: Sample, binnings: Mapping[str, Binning], rows: int) -> Summary:
    assert sample.rows is not None
    counts = {name: binning.count(sample.rows.column(name).combine_chunks()) for name, binning in binnings.items()}
    return Summary(rows, counts, sample.cut(SAMPLE_ROWS))
