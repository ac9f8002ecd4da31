"""A column as counts over bins: the frozen reference, and current rows in the same bins. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: A number column with at most so many distinct values is counted value by value.
MAX_CATEGORIES = 10
QUANTILE_BINS = 10
MISSING = "(missing)"
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class Binning:
    """How the values of one column are sorted into bins, fixed by the reference rows.

    Either ``edges`` (inner edges between quantile bins of numbers) or ``categories`` is used.
    The last two bins are values seen only later, and missing values.
    """

    edges: tuple[float, ...] | None
    categories: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the bins."""
        if self.edges is None:
            return (*self.categories, OTHER, MISSING)
        bounds = ["-inf", *(f"{edge:g}" for edge in self.edges), "inf"]
        return (*(f"[{low} ; {high}[" for low, high in itertools.pairwise(bounds)), MISSING)

    def count(self, values: Sequence[object]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the number of values in each bin, shape ``(n_bins,)``."""
        present = [value for value in values if not is_missing(value)]
        missing = len(values) - len(present)
        if self.edges is None:
            seen = Counter(map(str, present))
            known = [seen.pop(category, 0) for category in self.categories]
            return np.array([*known, sum(seen.values()), missing], dtype=np.int64)
        places = np.searchsorted(self.edges, np.asarray(present, dtype=float), side="right")
        counts = np.bincount(places, minlength=len(self.edges) + 1)
        return np.append(counts, missing).astype(np.int64)


def is_missing(value: object) -> bool:
    """Say whether a value is NULL or NaN."""
    return value is None or value != value  # noqa: PLR0124 - only NaN differs from itself


def learn(values: Sequence[object], *, numeric: bool) -> Binning:
    """Return the bins that the reference values of a column define.

    Parameters
    ----------
    values : sequence, shape (n_rows,)
        Reference values; None and NaN are missing.
    numeric : bool
        Whether the column holds numbers; then, with more than ``MAX_CATEGORIES`` distinct
        values, bins lie between quantiles.
    """
    present = [value for value in values if not is_missing(value)]
    distinct = set(present)
    if numeric and len(distinct) > MAX_CATEGORIES:
        inner = np.linspace(0, 1, QUANTILE_BINS + 1)[1:-1]
        edges = np.unique(np.quantile(np.asarray(present, dtype=float), inner))
        return Binning(tuple(float(edge) for edge in edges), ())
    return Binning(None, tuple(sorted(map(str, distinct))))
