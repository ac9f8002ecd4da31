"""A column as counts over bins: the frozen reference, and current rows in the same bins. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.drift import bin_labels
from hanalife.drift.intervals import Floats
from hanalife.drift.tallies import FrequentNumbers, OtherTexts, Tally
from hanalife.errors import InvalidArgumentError

Counts = np.ndarray[Any, np.dtype[Any]]

#: A number column with at most so many distinct values is counted value by value.
MAX_DISTINCT = 10
#: So many categories are counted apart; rarer ones together.
MAX_CATEGORIES = 1_000
#: Numbers are counted between so many quantiles, and compared between every tenth of them.
FINE_BINS = 100
COARSE_BINS = 10
#: A number that this share of either side has, and at least three rows, is compared apart.
ATOM_SHARE, ATOM_ROWS = 0.05, 3
#: From so many rows without such a number on there are two bins for them at least.
_ROWS_OF_TWO = 20
MISSING = "(missing)"
OTHER = "(other)"
NUMBER, MOMENT, CATEGORY = "number", "moment", "category"
_CODES = (pa.int8(), pa.int16(), pa.int32())


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
        """The names of the bins of :meth:`coarsened`, all different."""
        if not self.by_value:
            return (*bin_labels.between(self.texts(self.coarse)), MISSING)
        if self.kind == CATEGORY:
            return (*self.categories, OTHER, MISSING)
        return (*self.texts([float(name) for name in self.categories]), OTHER, MISSING)

    def texts(self, values: Sequence[float]) -> list[str]:
        """Return numbers, or moments in seconds since 1970, as people read them."""
        return bin_labels.moments(values) if self.kind == MOMENT else bin_labels.numbers(values)

    def tally(self) -> Tally:
        """Return an empty tally for :meth:`count`."""
        return OtherTexts() if self.kind == CATEGORY else FrequentNumbers()

    def count(self, values: pa.Array, weights: Floats | None = None, tally: Tally | None = None) -> Counts:
        """Return the number of values in each bin: fine ones of numbers, then missing ones.

        Shape ``(len(edges) + 2,)``, or ``(len(categories) + 2,)`` where values count one by one. With
        ``weights``, one a value, the sum of these instead. A ``tally`` counts them by value too: numbers that many
        rows share, or texts that are no category.
        """
        if self.kind == CATEGORY:
            return self._count_texts(encoded(values), weights, tally)
        numbers = as_numbers(values, self.kind)
        if weights is None and not self.by_value:
            ordered, missing = _ordered(numbers)
            if isinstance(tally, FrequentNumbers):
                tally.add_ordered(ordered)
            return self.between(ordered, missing)
        if isinstance(tally, FrequentNumbers):
            _add_weighted(numbers, weights, tally)
        return np.bincount(self._places_of_numbers(numbers), weights, self.size)

    def _count_texts(self, texts: pa.DictionaryArray, weights: Floats | None, tally: Tally | None) -> Counts:
        places_of_words, codes = self._words(texts)
        counts = np.bincount(np.append(places_of_words, self.size - 1)[codes], weights, self.size)
        others = np.flatnonzero(places_of_words == len(self.categories))
        if isinstance(tally, OtherTexts) and len(others):
            rows = np.bincount(codes, weights, len(places_of_words) + 1)[others]
            present = np.flatnonzero(rows > 0)
            if len(present):
                tally.add(texts.dictionary.take(pa.array(others[present])).to_pylist(), rows[present])
        return counts

    @property
    def size(self) -> int:
        """The number of bins that values are counted in."""
        return len(self.edges or self.categories) + 2

    @property
    def coarse_size(self) -> int:
        """The number of :attr:`labels`."""
        return self.size if self.by_value else len(self.coarse) + 2

    def between(self, ordered: Floats, missing: int) -> Counts:
        """Return the counts of numbers in rising order, and of the missing ones."""
        ends = np.searchsorted(ordered, np.array(self.edges), side="left")
        return np.append(np.diff(ends, prepend=0, append=len(ordered)), missing)

    def places(self, values: pa.Array) -> Counts:
        """Return the bin that each value is counted in, shape ``(len(values),)``."""
        if self.kind == CATEGORY:
            places_of_words, codes = self._words(encoded(values))
            return np.asarray(np.append(places_of_words, self.size - 1)[codes])
        return self._places_of_numbers(as_numbers(values, self.kind))

    def _places_of_numbers(self, numbers: Floats) -> Counts:
        if self.by_value:
            known = np.array([float(name) for name in self.categories])
            found = np.searchsorted(known, numbers)
            is_known = np.append(known, np.nan)[found] == numbers
            found = np.where(is_known, found, len(known))
        else:
            found = np.searchsorted(np.array(self.edges), numbers, side="right")
        return np.where(np.isnan(numbers), self.size - 1, found)

    def coarse_places(self, places: Counts) -> Counts:
        """Return which of :attr:`labels` the bins that :meth:`places` gave belong to."""
        if self.by_value:
            return places
        ends = np.searchsorted(self.edges, self.coarse) + 1
        of_fine = np.searchsorted(ends, np.arange(self.size - 1), side="right")
        return np.asarray(np.append(of_fine, len(self.coarse) + 1)[places])

    def _words(self, values: pa.DictionaryArray) -> tuple[Counts, Counts]:
        """Return the bin of each word of the dictionary, and the word of each value, a further one for missing."""
        known = pa.array(self.categories, values.dictionary.type)
        of_words = pc.fill_null(pc.index_in(values.dictionary, known), len(known)).to_numpy(zero_copy_only=False)
        codes = pc.fill_null(values.indices, len(of_words)).to_numpy(zero_copy_only=False)
        return of_words, codes

    def coarsened(self, counts: Any) -> Any:
        """Return the counts over the bins that :attr:`labels` names."""
        if self.by_value:
            return np.asarray(counts)
        ends = np.searchsorted(self.edges, self.coarse)
        return np.append(np.add.reduceat(counts[:-1], np.append(0, ends + 1)), counts[-1])


def learn(values: pa.Array, kind: str) -> Binning:
    """Choose the bins for one column of reference rows."""
    return learn_counted(values, kind)[0]


def learn_counted(values: pa.Array, kind: str) -> tuple[Binning, Counts, Tally]:
    """Choose the bins for one column of reference rows, and return what :meth:`Binning.count` gives of these."""
    if kind == CATEGORY:
        texts = encoded(values)
        binning = _of_texts(texts)
        tally = binning.tally()
        return binning, binning.count(texts, None, tally), tally
    ordered, missing = _ordered(as_numbers(values, kind))
    frequent = FrequentNumbers()
    frequent.add_ordered(ordered)
    finite = ordered[np.searchsorted(ordered, -np.inf, "right") : np.searchsorted(ordered, np.inf)]
    if not len(finite) or (ordered[1:] > ordered[:-1]).sum() < MAX_DISTINCT:
        distinct, counts = np.unique(ordered, return_counts=True)
        names = tuple(bin_labels.number(value) for value in distinct.tolist())
        return Binning(kind, (), (), names), np.append(counts, [0, missing]), frequent
    binning = _of_numbers(ordered, finite, frequent, kind)
    return binning, binning.between(ordered, missing), frequent


def _of_numbers(ordered: Floats, finite: Floats, frequent: FrequentNumbers, kind: str) -> Binning:
    edges = _quantiles(ordered, FINE_BINS)
    # A value that many rows share is the lower bound of its bin; the bin's rows may be all there are.
    edges = edges[edges > ordered[0]] if (edges > ordered[0]).any() else edges
    coarse = _coarse(ordered, frequent)
    coarse = coarse if len(coarse) else edges[:1]
    size = max(abs(finite[0]), abs(finite[-1]))  # so that the square of a large value is finite
    spread = float((finite / size).std() * size) or 1.0
    edges = np.union1d(edges, coarse)
    return Binning(kind, tuple(edges.tolist()), tuple(coarse.tolist()), (), spread=spread)


def atom_rows(rows: float) -> float:
    """Return from how many rows of a side on a value has a bin of its own."""
    return max(ATOM_SHARE * rows, ATOM_ROWS)


def _coarse(ordered: Floats, frequent: FrequentNumbers) -> Floats:
    """Return the values that many rows share, and between them as many quantiles of the others as these are tenths."""
    atoms = frequent.above(atom_rows(len(ordered)))
    others = ordered[~np.isin(ordered, atoms)] if len(atoms) else ordered
    count = max(1, round(COARSE_BINS * len(others) / len(ordered)))
    count = max(count, 2) if len(others) >= _ROWS_OF_TWO else count
    edges = np.union1d(_quantiles(others, count), atoms) if len(others) else atoms
    return np.asarray(edges[np.isfinite(edges)])


def _quantiles(ordered: Floats, count: int) -> Floats:
    """Return the distinct finite values between so many groups of equal size."""
    edges = np.unique(ordered[np.arange(1, count) * len(ordered) // count])
    return np.asarray(edges[np.isfinite(edges)])


def _of_texts(values: pa.DictionaryArray) -> Binning:
    counts = _tally(values)
    table = pa.table({"name": values.dictionary, "rows": counts}).filter(pa.array(counts > 0))
    order = pc.sort_indices(table, sort_keys=[("rows", "descending"), ("name", "ascending")])
    often = table.column("name").take(order[:MAX_CATEGORIES]).to_pylist()
    return Binning(CATEGORY, (), (), tuple(sorted(often)), complete=len(often) == table.num_rows)


def _tally(values: pa.DictionaryArray) -> Counts:
    """Return how often each word of the dictionary occurs."""
    codes = values.indices.drop_null().to_numpy(zero_copy_only=False)
    return np.bincount(codes, minlength=len(values.dictionary))


def encoded(values: pa.Array) -> pa.DictionaryArray:
    """Return texts, or what is taken for texts, as places in a list of the distinct ones."""
    if pa.types.is_dictionary(values.type):
        return values
    return pc.dictionary_encode(values if pa.types.is_large_string(values.type) else values.cast(pa.large_string()))


def compact(values: pa.Array, kind: str) -> pa.Array:
    """Return the values in as little memory as the statistics need: 8 bytes a number, 1 to 4 a text that recurs."""
    if kind != CATEGORY:
        return (
            values.cast(pa.timestamp("us"), safe=False) if kind == MOMENT else pa.array(as_numbers(values, kind).copy())
        )
    texts = encoded(values)
    if len(texts.dictionary) > len(texts):
        texts = encoded(texts.dictionary_decode())
    narrow = next(width for width in _CODES if len(texts.dictionary) < 2 ** (width.bit_width - 1))
    return pa.DictionaryArray.from_arrays(texts.indices.cast(narrow), texts.dictionary)


def joined(arrays: Sequence[pa.Array]) -> pa.Array:
    """Return arrays that :func:`compact` gave as one."""
    if pa.types.is_dictionary(arrays[0].type):
        arrays = [pa.DictionaryArray.from_arrays(part.indices.cast(_CODES[-1]), part.dictionary) for part in arrays]
    return pa.chunked_array(arrays).combine_chunks()


def _add_weighted(numbers: Floats, weights: Floats | None, tally: FrequentNumbers) -> None:
    """Count numbers by value, each with its weight."""
    present = ~np.isnan(numbers)
    distinct, places = np.unique(numbers[present], return_inverse=True)
    tally.add(distinct, np.bincount(places, None if weights is None else weights[present], len(distinct)))


def _ordered(numbers: Floats) -> tuple[Floats, int]:
    """Return the present numbers in rising order, and how many are missing."""
    ordered = np.sort(numbers)  # NaN last; half the time of searching for the bin of each
    present = int(np.searchsorted(ordered, np.nan))
    return ordered[:present], len(numbers) - present


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
