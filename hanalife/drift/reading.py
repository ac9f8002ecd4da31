"""Rows become counts: each row passes once, and only counts and a sample stay."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins
from hanalife.drift.bins import Binning
from hanalife.drift.dependence import DesignEffect, RowScores
from hanalife.drift.intervals import Floats
from hanalife.drift.row_order import NUMBER_COLUMN, RowOrder
from hanalife.drift.row_relations import RowRelations
from hanalife.drift.serial_correlation import SerialCorrelation
from hanalife.drift.tallies import Tally
from hanalife.drift.targets import Labels, Target
from hanalife.errors import InvalidArgumentError

#: Rows that are in memory at once.
BATCH_ROWS = 4_000
#: Numbers of 8 bytes in memory that show how rows of all windows or segments depend over time.
MAX_RELATION_SIZE = 20_000_000
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

    def packed(self) -> str | None:
        """Return the rows as text, or None if there is none."""
        rows = self.rows
        if rows is None:
            return None
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(rows)
        return base64.b64encode(sink.getvalue()).decode()


def unpacked(text: str | None) -> Sample:
    """Return the sample that :meth:`Sample.packed` described; an empty one of None."""
    if text is None:
        return Sample(0)
    with pa.ipc.open_stream(base64.b64decode(text)) as stream:
        rows = stream.read_all().combine_chunks()
    columns = {name: rows.column(name).combine_chunks() for name in rows.schema.names}
    return Sample(rows.num_rows, [(np.zeros(rows.num_rows), columns)])


@dataclass(frozen=True, slots=True)
class Layout:
    """What the rows of a group are counted in."""

    binnings: Mapping[str, Binning]
    weight: str | None = None  #: the column that says what a row counts
    target: Target | None = None  #: the label, if there is one
    order: RowOrder | None = None  #: the column by which dependent rows are read
    scores: Mapping[str, RowScores] = field(default_factory=dict)  #: column -> what rows count in its design effect

    def labels(self, batch: pa.RecordBatch) -> Labels | None:
        """Return the labels of rows, or None if they have none."""
        if self.target is None or self.target.label not in batch.schema.names:
            return None
        return self.target.read(batch.column(self.target.label))

    def is_label(self, name: str) -> bool:
        """Whether a column is the label."""
        return self.target is not None and self.target.label == name


@dataclass(slots=True)
class Summary:
    """What is kept of rows: their number and weight, counts over the bins of each column, a sample."""

    rows: int
    counts: dict[str, Any]  #: column -> counts as :meth:`Binning.count` gives them, weighted if rows are
    sample: Sample
    weight: float = 0  #: what the rows weigh: their number if each counts once
    squares: float = 0  #: the sum of the squares of their weights
    within: dict[str, Any] = field(default_factory=dict)  #: column -> sums of labels, see :meth:`Labels.within`
    classes: tuple[int, ...] | None = None  #: of a label of classes, those that these sums tell apart
    relations: RowRelations | None = None  #: sums that show how rows depend, while rows are read
    design_effects: Mapping[str, DesignEffect] = field(default_factory=dict)  #: by column, if rows have an order
    correlations: Mapping[str, SerialCorrelation] = field(default_factory=dict)  #: by column, if they have none
    tallies: dict[str, Tally] = field(default_factory=dict)  #: column -> rows by value, beside those over the bins

    def add(self, batch: pa.RecordBatch, layout: Layout, random: np.random.Generator) -> None:
        """Count the rows of a batch, which has no column but those of the layout."""
        known = {name: binning for name, binning in layout.binnings.items() if name in batch.schema.names}
        weights, labels = weights_of(batch, layout.weight), layout.labels(batch)
        self.weigh(batch.num_rows, weights)
        for name, binning in known.items():
            self.count(name, binning, batch.column(name), weights, None if layout.is_label(name) else labels)
        self.relate(batch, layout)
        if self.sample.size:
            self.sample.add(batch, {name: binning.kind for name, binning in known.items()}, random)

    def relate(self, batch: pa.RecordBatch, layout: Layout) -> None:
        """Take into account how the rows of a batch depend on each other."""
        if self.relations is None:
            self.relations = RowRelations(layout.order)
        self.relations.begin(None if layout.order is None else batch.column(NUMBER_COLUMN).to_numpy())
        for name, scores in layout.scores.items():
            if name in batch.schema.names:
                self.relations.add(name, scores, layout.binnings[name], batch.column(name))
        self.relations.end(batch.num_rows)

    def weigh(self, rows: int, weights: Floats | None) -> None:
        """Take the number and the weights of further rows into account."""
        self.rows += rows
        self.weight += rows if weights is None else float(weights.sum())
        self.squares += rows if weights is None else float((weights * weights).sum())

    def count(
        self, name: str, binning: Binning, values: pa.Array, weights: Floats | None, labels: Labels | None
    ) -> None:
        """Count the values of a column, and the labels within its bins."""
        tally = self.tallies.setdefault(name, binning.tally())
        self._add(self.counts, name, binning.count(values, weights, tally))
        if labels is not None:
            self._add(self.within, name, labels.within(binning, binning.places(values), weights))

    def settle(self) -> Summary:
        """Return it with what the rows say of their dependence, without the sums that say it."""
        if self.relations is not None:
            self.design_effects, self.correlations = self.relations.design_effects(), self.relations.correlations()
            self.relations = None
        return self

    @staticmethod
    def _add(sums: dict[str, Any], name: str, counted: Any) -> None:
        sums[name] = sums[name] + counted if name in sums else counted

    @property
    def efficiency(self) -> float:
        """Rows of equal weight that a row is worth in an estimate: ``sum(w)**2 / sum(w**2) / rows``.

        L. Kish, Survey Sampling (1965), section 11.7. 1 if all rows weigh the same.
        """
        return self.weight / self.squares * (self.weight / self.rows) if self.squares else 1.0

    @property
    def unit(self) -> float:
        """The factor that makes sums of weights those of rows."""
        return 1 if self.weight == self.rows or not self.weight else self.rows / self.weight


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
        return _parts(batch, periods(batch.column(column), unit))

    return split


def periods(moments: pa.Array, unit: str) -> pa.Array:
    """Return the begin of the hour, day, week, month, quarter or year of each moment, as text that sorts by time."""
    begin = pc.floor_temporal(moments.cast(pa.timestamp("us")), unit=unit)
    return pc.strftime(begin, format="%Y-%m-%d %H:%M" if unit == "hour" else "%Y-%m-%d")


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


def weights_of(batch: pa.RecordBatch, column: str | None) -> Floats | None:
    """Return what each row counts, shape ``(n_rows,)``; None if each counts once.

    Raises
    ------
    InvalidArgumentError
        A weight is missing, negative or infinite.
    """
    if column is None:
        return None
    weights = bins.as_numbers(batch.column(column), bins.NUMBER)
    wrong = weights[~(np.isfinite(weights) & (weights >= 0))]
    if len(wrong):
        shown = "NULL" if np.isnan(wrong[0]) else f"{wrong[0]:g}"
        raise InvalidArgumentError(
            f"weight: {column} has the value {shown}; a weight is a finite number of at least 0. Leave such rows out."
        )
    return weights


def summarise(
    data: DataFrame,
    layout_of: Callable[[Any], Layout | None],
    cleaning: Cleaning,
    split: Split,
    seed: int,
    sample_rows: int = SAMPLE_ROWS,
    order: RowOrder | None = None,
    observe: Callable[[pa.RecordBatch], None] | None = None,
) -> dict[Any, Summary]:
    """Count the rows of each group over the bins of the group; groups without a layout are left out.

    ``observe`` is called with each batch before it is split.
    """
    random = np.random.default_rng(seed)
    found: dict[Any, Summary] = {}
    for batch in cleaned(data, cleaning, order):
        if observe is not None:
            observe(batch)
        for group, part in split(batch):
            layout = layout_of(group)
            if layout is not None:
                size = sample_rows if layout.weight is None else 0
                found.setdefault(group, Summary(0, {}, Sample(size))).add(part, layout, random)
        limit_memory(found.values())
    return {group: summary.settle() for group, summary in found.items()}


def limit_memory(summaries: Iterable[Summary]) -> None:
    """Let the relations of all groups together take no more than ``MAX_RELATION_SIZE`` numbers, as far as they can."""
    relations = [summary.relations for summary in summaries if summary.relations is not None]
    if sum(one.size for one in relations) > MAX_RELATION_SIZE:
        for one in relations:
            one.halve()


def cleaned(data: DataFrame, cleaning: Cleaning, order: RowOrder | None = None) -> Iterator[pa.RecordBatch]:
    """Read the rows once, in batches, in their order if they have one."""
    batches = data.batches(BATCH_ROWS) if order is None else order.numbered(data, BATCH_ROWS)
    return map(cleaning, batches)
