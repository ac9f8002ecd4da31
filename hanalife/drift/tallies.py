"""Count rows by value in one pass and bounded memory: frequent numbers, and texts by hash. Pure."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from hanalife.drift.intervals import Floats

#: Numbers that more than one in so many rows have are counted one by one.
ONE_IN = 4_000
#: Numbers counted one by one before the rarest are forgotten.
MAX_NUMBERS = 4_096
#: Texts counted one by one; rows with further ones are only counted together.
MAX_TEXTS = 100_000
_HASH_BYTES = 8
_FREQUENT, _OTHER_TEXTS = "frequent", "texts"


@dataclass(slots=True)
class FrequentNumbers:
    """Rows of each number that many rows share.

    All numbers are counted exactly up to 4,000 rows, later those that more than one row in 4,000 has; the count of any
    number is too low by at most that share of the rows, and exact if it was frequent from the beginning (lossy
    counting: G. S. Manku, R. Motwani, VLDB 2002).
    """

    values: Floats = field(default_factory=lambda: np.zeros(0))  #: in rising order
    counts: Any = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    rows: float = 0  #: all that were counted
    missed: Floats = field(default_factory=lambda: np.zeros(0))  #: by how much each count may be too low

    def add_ordered(self, ordered: Floats) -> None:
        """Count numbers in rising order, each of one row."""
        if not len(ordered):
            return
        lag = len(ordered) // ONE_IN
        # Equal numbers are neighbors: those that occur more than `lag` times reach over so many places.
        runs = ordered[lag:][ordered[lag:] == ordered[: len(ordered) - lag]]
        values = np.union1d(_distinct(runs), self.values) if len(self.values) else _distinct(runs)
        counts = np.searchsorted(ordered, values, "right") - np.searchsorted(ordered, values)
        self._take(values, counts, len(ordered))

    def add(self, values: Floats, counts: Any) -> None:
        """Count distinct numbers in rising order, each of so many rows."""
        if len(values):
            rows = counts.sum()
            taken = (counts > rows / ONE_IN) | np.isin(values, self.values)
            self._take(values[taken], counts[taken], rows)

    def _take(self, values: Floats, counts: Any, rows: float) -> None:
        """Add the counts of numbers, some of which may be there already."""
        places = np.searchsorted(self.values, values)
        present = np.append(self.values, np.nan)[places] == values
        self.counts = self.counts + np.bincount(places[present], counts[present], len(self.values)).astype(counts.dtype)
        if not present.all():
            self._insert(values[~present], counts[~present])
        self.rows += rows
        if len(self.values) > MAX_NUMBERS:
            self._forget()

    def _insert(self, values: Floats, counts: Any) -> None:
        merged = np.concatenate([self.values, values])
        order = np.argsort(merged, kind="stable")
        missed = np.full(len(values), self.rows / ONE_IN)
        self.values = merged[order]
        self.counts = np.concatenate([self.counts, counts])[order]
        self.missed = np.concatenate([self.missed, missed])[order]

    def _forget(self) -> None:
        often = self.counts + self.missed > self.rows / ONE_IN
        self.values, self.counts, self.missed = self.values[often], self.counts[often], self.missed[often]

    def above(self, count: float) -> Floats:
        """Return the numbers that at least so many rows have."""
        return np.asarray(self.values[self.counts >= count])

    def of(self, values: Floats) -> Any:
        """Return the rows of each of some numbers; 0 of those that are not frequent."""
        places = np.searchsorted(self.values, values)
        matches = np.append(self.values, np.nan)[places] == values
        return np.where(matches, np.append(self.counts, 0)[places], 0)

    def packed(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"holds": _FREQUENT, "rows": float(self.rows), **_packed(self.values.astype("<f8"), self.counts)}


@dataclass(slots=True)
class OtherTexts:
    """Rows of each text that is no label of a bin, by an 8-byte hash.

    Beyond 100,000 texts no further ones are counted one by one; see :attr:`complete`.
    """

    keys: Any = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))  #: in rising order
    counts: Any = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    rows: float = 0  #: all that were counted, with those of no key
    pending: list[tuple[Any, Any]] = field(default_factory=list)  #: not yet merged
    full: bool = False  #: whether no further text is taken

    def add(self, texts: Iterable[str], counts: Any) -> None:
        """Count distinct texts."""
        self.rows += counts.sum()
        self.pending.append((hashes(texts), counts))
        if sum(len(keys) for keys, _ in self.pending) > max(len(self.keys), ONE_IN):
            self.merge()

    def merge(self) -> OtherTexts:
        """Take pending texts over, and return the tally itself."""
        if self.pending:
            parts = [(self.keys, self.counts), *self.pending]
            keys, counts = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            merged, places = np.unique(keys, return_inverse=True)
            sums = np.bincount(places, counts, len(merged)).astype(counts.dtype)
            if self.full or len(merged) > MAX_TEXTS:
                taken = self._taken(merged)
                merged, sums, self.full = merged[taken], sums[taken], True
            self.keys, self.counts, self.pending = merged, sums, []
        return self

    def _taken(self, merged: Any) -> Any:
        """Return which keys stay: those that were there, and others while there is room."""
        taken = np.isin(merged, self.keys)
        if not self.full:
            taken[np.flatnonzero(~taken)[: MAX_TEXTS - len(self.keys)]] = True
        return taken

    @property
    def complete(self) -> bool:
        """Whether each text has its count."""
        return not self.merge().full

    def packed(self) -> dict[str, Any]:
        """Return it as JSON values."""
        self.merge()
        arrays = _packed(self.keys.astype("<u8"), self.counts)
        return {"holds": _OTHER_TEXTS, "rows": float(self.rows), "full": self.full, **arrays}


Tally = FrequentNumbers | OtherTexts


def _distinct(ordered: Floats) -> Floats:
    first = np.append(np.ones(min(len(ordered), 1), dtype=bool), ordered[1:] != ordered[:-1])
    return np.asarray(ordered[first])


def hashes(texts: Iterable[str]) -> Any:
    """Return an 8-byte hash of each text, the same in all versions and on all machines."""
    digests = b"".join(blake2b(text.encode(), digest_size=_HASH_BYTES).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def aligned(first: OtherTexts, second: OtherTexts) -> tuple[Any, Any]:
    """Return the rows of each text of either tally, in both."""
    keys = np.union1d(first.merge().keys, second.merge().keys)
    sides = []
    for tally in (first, second):
        counts = np.zeros(len(keys), dtype=tally.counts.dtype)
        counts[np.searchsorted(keys, tally.keys)] = tally.counts
        sides.append(counts)
    return sides[0], sides[1]


def unpacked(content: Mapping[str, Any]) -> Tally:
    """Return the tally that ``packed`` described."""
    counts = _array(content["counts"], "<f8")
    counts = counts.astype(np.int64) if (counts == np.floor(counts)).all() else counts
    if content["holds"] == _FREQUENT:
        values = _array(content["keys"], "<f8")
        return FrequentNumbers(values, counts, content["rows"], np.zeros(len(values)))
    return OtherTexts(_array(content["keys"], "<u8").astype(np.uint64), counts, content["rows"], full=content["full"])


def _packed(keys: Any, counts: Any) -> dict[str, str]:
    arrays = {"keys": keys, "counts": np.asarray(counts).astype("<f8")}
    return {name: base64.b64encode(zlib.compress(array.tobytes())).decode() for name, array in arrays.items()}


def _array(text: str, dtype: str) -> Any:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=dtype).copy()
