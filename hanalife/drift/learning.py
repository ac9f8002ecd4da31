"""Bins are learned from reference rows, and these rows are counted over them, if possible in one reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from hanalife.dataframe.frame import DataFrame
from hanalife.drift import bins, reading, targets
from hanalife.drift.bins import Binning, Counts
from hanalife.drift.dependence import RowScores
from hanalife.drift.reading import SAMPLE_ROWS, Cleaning, Layout, Sample, Split, Summary
from hanalife.drift.row_order import NUMBER_COLUMN, RowOrder
from hanalife.drift.row_relations import RowRelations, row_scores

#: Rows from which bins are learned; all of a smaller reference.
LEARNING_ROWS = 50_000
#: Total variation up to which all rows are spread over bins as those are that the bins were learned from.
_ALIKE = 0.1
#: Share of rows with values that are not among those learned, which a sample of rows would hardly miss.
_UNSEEN = 0.001


@dataclass(frozen=True, slots=True)
class Watched:
    """The columns of reference rows, and what some of them are for."""

    columns: list[str]
    weight: str | None = None
    label: str | None = None
    sample_rows: int = SAMPLE_ROWS  #: of those kept for the two-sample test, which knows no weights
    order: RowOrder | None = None  #: the column by which dependent rows are read

    def kinds(self, batch: pa.RecordBatch) -> dict[str, str]:
        """Return of each column that is read whether it holds numbers, moments or categories."""
        read = [*self.columns, *([self.weight] if self.weight is not None else [])]
        read += [NUMBER_COLUMN] if self.order is not None else []
        return {name: bins.kind_of(name, batch.schema.field(name).type) for name in read}


@dataclass(slots=True)
class Group:
    """Reference rows of one group as they pass: the first are kept until bins are learned, others only counted."""

    watched: Watched
    first: Sample = field(default_factory=lambda: Sample(LEARNING_ROWS))
    learned: tuple[Layout, Summary] | None = None
    began: Mapping[str, Counts] = field(default_factory=dict)  #: the counts of the first rows alone

    def add(self, part: pa.RecordBatch, kinds: Mapping[str, str], random: np.random.Generator) -> None:
        """Keep or count further rows."""
        if self.learned is not None:
            layout, summary = self.learned
            summary.add(part, layout, random)
            return
        reading.weights_of(part, self.watched.weight)
        self.first.add(part, kinds, random)
        if self.first.held >= LEARNING_ROWS:
            _, summary = self.end(kinds)
            self.began = {name: counts.copy() for name, counts in summary.counts.items()}

    def end(self, kinds: Mapping[str, str]) -> tuple[Layout, Summary]:
        """Return bins and counts, for which bins are learned if they are not yet."""
        if self.learned is None:
            self.learned = _learned(self.first, kinds, self.watched)
        return self.learned

    @property
    def fits(self) -> bool:
        """Whether the bins do for all rows: the first ones were like the rest."""
        if self.learned is None:
            return True
        layout, summary = self.learned
        return all(_alike(layout.binnings[name], began, summary.counts[name]) for name, began in self.began.items())


def learn(
    data: DataFrame, watched: Watched, cleaning: Cleaning, split: Split, seed: int
) -> dict[Any, tuple[dict[str, Binning], Summary]]:
    """Read the reference rows of each group: bins from some of them, counts from all.

    Bins are learned from the first 50,000 rows, and the rest is counted as it passes. Where the rest
    is spread otherwise over these bins, such as in a table that is ordered by one of its columns, a
    random sample is drawn in a second reading, and all rows are counted in a third. Bins are learned from
    rows that count once each; weights count within them.
    """
    random = np.random.default_rng(seed)
    groups: dict[Any, Group] = {}
    kinds: dict[str, str] = {}
    for group, part, kinds in _parts(data, watched, cleaning, split):
        groups.setdefault(group, Group(watched)).add(part, kinds, random)
        reading.limit_memory(one.learned[1] for one in groups.values() if one.learned is not None)
    if all(group.fits for group in groups.values()):
        learned = {name: groups.pop(name).end(kinds) for name in sorted(groups)}
    else:
        groups.clear()
        layouts = _sampled(data, watched, cleaning, split, seed)
        counted = reading.summarise(data, layouts.get, cleaning, split, seed, watched.sample_rows, watched.order)
        learned = {name: (layout, counted[name]) for name, layout in layouts.items()}
    return {name: (dict(layout.binnings), _classified(layout, summary)) for name, (layout, summary) in learned.items()}


def _parts(
    data: DataFrame, watched: Watched, cleaning: Cleaning, split: Split
) -> Iterator[tuple[Any, pa.RecordBatch, dict[str, str]]]:
    """Yield the rows of each group as they pass, and the kinds of their columns."""
    for batch in reading.cleaned(data, cleaning, watched.order):
        kinds = watched.kinds(batch)
        yield from ((group, part, kinds) for group, part in split(batch) if part.num_rows)


def _sampled(data: DataFrame, watched: Watched, cleaning: Cleaning, split: Split, seed: int) -> dict[Any, Layout]:
    """Learn the bins of each group from a random sample of its rows."""
    random = np.random.default_rng(seed)
    samples: dict[Any, Sample] = {}
    kinds: dict[str, str] = {}
    for group, part, kinds in _parts(data, watched, cleaning, split):
        samples.setdefault(group, Sample(LEARNING_ROWS)).add(part, kinds, random)
    return {name: _learned(samples.pop(name), kinds, watched)[0] for name in sorted(samples)}


def _learned(sample: Sample, kinds: Mapping[str, str], watched: Watched) -> tuple[Layout, Summary]:
    """Choose the bins of each column of a sample, and count its rows over them; the sample is used up."""
    weights = None if watched.weight is None else np.asarray(bins.as_numbers(sample.pop(watched.weight), bins.NUMBER))
    numbers = None if watched.order is None else np.asarray(sample.pop(NUMBER_COLUMN)).astype(np.int64)
    kept = watched.sample_rows if weights is None else 0
    summary = Summary(0, {}, sample.cut(kept) if kept else Sample(0))
    summary.weigh(sample.held, weights)
    binnings: dict[str, Binning] = {}
    scores: dict[str, RowScores] = {}
    summary.relations = RowRelations(watched.order)
    summary.relations.begin(numbers)
    target, labels = None, None
    for name in sorted(watched.columns, key=lambda name: name != watched.label):  # the label first
        values = sample.pop(name)
        binnings[name], counted, tally = bins.learn_counted(values, kinds[name])
        if weights is None and labels is None:
            summary.counts[name], summary.tallies[name] = counted, tally
        else:
            summary.count(name, binnings[name], values, weights, labels)
        if name == watched.label:
            target = targets.target_of(name, binnings[name], targets.often(binnings[name], summary.counts[name]))
            labels = target.read(values)
        scores[name] = row_scores(binnings[name], summary.counts[name])
        summary.relations.add(name, scores[name], binnings[name], values)
    summary.relations.end(summary.rows)
    binnings = {name: binnings[name] for name in watched.columns}
    return Layout(binnings, watched.weight, target, watched.order, scores), summary


def _alike(binning: Binning, first: Counts, both: Counts) -> bool:
    """Whether all rows are spread over bins about as the first ones are."""
    if not first.sum():  # of weights
        return False
    before, after = first / first.sum(), both / both.sum()
    if binning.by_value and binning.complete and after[-2] > _UNSEEN:
        return False
    return bool(np.abs(after - before).sum() / 2 <= _ALIKE)


def _classified(layout: Layout, summary: Summary) -> Summary:
    summary.classes = None if layout.target is None else layout.target.classes
    return summary.settle()
