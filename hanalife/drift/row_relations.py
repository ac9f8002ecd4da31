"""How the rows of one group depend on each other, column by column, as they are read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hanalife.drift import serial_correlation
from hanalife.drift.bins import CATEGORY, Binning, Counts
from hanalife.drift.dependence import DesignEffect, GroupSums, RowScores, TimeSums, category_scores, rank_scores
from hanalife.drift.row_order import TIME, RowOrder
from hanalife.drift.serial_correlation import SerialCorrelation, StoredOrder


def row_scores(binning: Binning, counts: Counts) -> RowScores:
    """Return what rows count in the design effect of a column with such bins and reference counts."""
    if binning.kind == CATEGORY:
        return category_scores(counts)
    return rank_scores(counts, binning.coarse_places(np.arange(binning.size)))


class RowRelations:
    """Sums over moments or groups of rows in order, or how rows resemble their neighbors where no order is named."""

    def __init__(self, order: RowOrder | None) -> None:
        self._order = order
        self._sums: dict[str, TimeSums | GroupSums] = {}
        self._stored: dict[str, StoredOrder] = {}
        self._rows, self._last_number, self._last_index = 0, -1, -1
        self._indices: Counts = np.zeros(0, dtype=np.int64)

    def begin(self, numbers: Counts | None) -> None:
        """Begin with further rows; ``numbers`` count moments or groups over all rows, not over these of one group."""
        if numbers is not None and len(numbers):
            steps = np.diff(numbers, prepend=self._last_number) > 0
            self._indices = self._last_index + np.cumsum(steps)
            self._last_number, self._last_index = int(numbers[-1]), int(self._indices[-1])

    def add(self, name: str, scores: RowScores, binning: Binning, values: pa.Array) -> None:
        """Add the values of a column in these rows."""
        if self._order is not None:
            sums = TimeSums if self._order.by == TIME else GroupSums
            if name not in self._sums:
                self._sums[name] = sums(scores)
            self._sums[name].add(binning.places(values), self._indices)
        elif self._rows < serial_correlation.MAX_ROWS:
            if name not in self._stored:
                self._stored[name] = StoredOrder(scores.bins, scores.n_bins)
            self._stored[name].add(binning.places(values))

    @property
    def size(self) -> int:
        """The numbers in memory that grow with the rows."""
        return sum(sums.size for sums in self._sums.values() if isinstance(sums, TimeSums))

    def halve(self) -> None:
        """Take less memory from now on."""
        for sums in self._sums.values():
            if isinstance(sums, TimeSums):
                sums.halve()

    def end(self, n_rows: int) -> None:
        """End with these rows."""
        self._rows += n_rows

    def design_effects(self) -> dict[str, DesignEffect]:
        """Return the design effects of each column, if rows have an order."""
        return {name: sums.design_effect() for name, sums in self._sums.items()}

    def correlations(self) -> dict[str, SerialCorrelation]:
        """Return the columns whose neighboring rows are alike in stored order, if no other order is named."""
        pairs = ((name, stored.correlation()) for name, stored in self._stored.items())
        return {name: correlation for name, correlation in pairs if correlation is not None}
