"""Whether neighboring rows in stored order are alike, which independent rows are not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift.intervals import normal_quantile

Codes = np.ndarray[Any, np.dtype[Any]]

#: Rows that are compared with those so many rows before.
LAGS = (1, 2, 4, 8)
#: Chance, at most, of a false report for one column.
LEVEL = 0.001
#: A weaker correlation makes intervals hardly too narrow; of many rows it would be reported all the same.
MIN_COEFFICIENT = 0.02
#: The first rows of a table show how it is ordered.
MAX_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class SerialCorrelation:
    """The correlation of rows of one column with those so many rows before."""

    lag: int
    coefficient: float  #: mean over bins of the autocorrelation of their indicators
    z: float  #: its standardized value, about normal if rows are independent


class StoredOrder:
    """Counts of the rows of one column that are in the bin of those a few rows before."""

    def __init__(self, bins: Codes, n_bins: int) -> None:
        self._bins = bins  #: shape (n_fine_bins,)
        self._matches = np.zeros((len(LAGS), n_bins))
        self._counts = np.zeros(n_bins)
        self._pairs = np.zeros(len(LAGS))
        self._last = np.zeros(0, dtype=np.intp)

    def add(self, codes: Codes) -> None:
        """Add rows as they are stored: their fine bins."""
        room = MAX_ROWS - int(self._counts.sum())
        if room <= 0 or not len(codes):
            return
        added = self._bins[codes[:room]]
        self._counts += np.bincount(added, minlength=len(self._counts))
        both = np.concatenate([self._last, added])
        for index, lag in enumerate(LAGS):
            begin = max(len(self._last) - lag, 0)
            earlier, later = both[begin:-lag], both[begin + lag :]
            self._matches[index] += np.bincount(later[earlier == later], minlength=len(self._counts))
            self._pairs[index] += len(later)
        self._last = both[-max(LAGS) :]

    def correlation(self) -> SerialCorrelation | None:
        """Return the clearest correlation of all lags, or None if none is certain and strong.

        The share of rows in the bin of an earlier row, over the share that chance gives, is 1 in the mean of
        the bins, with a variance of ``(n_bins - 1) / n_pairs``.
        """
        present = self._counts > 0
        freedom = int(present.sum()) - 1
        if freedom < 1 or not self._pairs.all():
            return None
        shares = self._counts[present] / self._counts.sum()
        excess = (self._matches[:, present] / shares).sum(axis=1) / self._pairs - 1
        correlations = [
            SerialCorrelation(lag, float(value / freedom), float(value / freedom * np.sqrt(pairs * freedom)))
            for lag, value, pairs in zip(LAGS, excess, self._pairs, strict=True)
        ]
        clearest = max(correlations, key=lambda one: one.z)
        is_certain = clearest.z > -normal_quantile(LEVEL / len(LAGS))
        return clearest if is_certain and clearest.coefficient >= MIN_COEFFICIENT else None
