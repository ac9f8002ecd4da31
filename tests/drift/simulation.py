"""Counts as drift checks see them, drawn without drawing rows, so that a million rows cost nothing.

Edges of bins are order statistics of the reference rows. Under any continuous distribution the shares
between them are gaps of uniform order statistics, which are gamma variables over their sum; the
reference counts between them are fixed, and current counts are multinomial given the edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from hanalife.drift import bins, effects, pooling, verdict
from hanalife.drift.bins import Binning
from hanalife.drift.column_estimates import ColumnEstimate

MINIMUM = verdict.MINIMUM_PSI


@dataclass(frozen=True)
class Drawn:
    """One column: its bins, the counts in the fine ones, and the true shares in these."""

    binning: Binning
    counts: tuple[np.ndarray, np.ndarray]
    shares: tuple[np.ndarray, np.ndarray]

    @property
    def coarse(self):
        """Counts in the bins that the verdict is about."""
        return [self.binning.coarsened(counts) for counts in self.counts]

    @property
    def coarse_shares(self):
        """True shares of these bins."""
        return [self.binning.coarsened(np.append(shares, 0.0))[:-1] for shares in self.shares]


def draw(rows, shift, random, current_rows=None):
    """Draw a normal column whose current rows are shifted; bins are learned from the reference rows."""
    ranks = np.arange(1, bins.FINE_BINS) * rows // bins.FINE_BINS
    ranks = np.unique(ranks[ranks > 0])
    gaps = random.gamma(np.append(np.diff(ranks + 1, prepend=0), rows - ranks[-1]))
    reference = gaps / gaps.sum()
    edges = ndtri(np.cumsum(reference)[:-1])
    current = np.diff(ndtr(edges - shift), prepend=0, append=1)
    tenths = np.arange(1, bins.COARSE_BINS) * rows // bins.COARSE_BINS
    coarse = edges[np.isin(ranks, tenths)]
    binning = Binning(bins.NUMBER, tuple(edges), tuple(coarse), ())
    counts = np.diff(ranks, prepend=0, append=rows), random.multinomial(current_rows or rows, current)
    return Drawn(binning, tuple(np.append(one, 0) for one in counts), (reference, current))


def estimate(column):
    """Return the estimated PSI of a column as a check estimates it."""
    pooled = pooling.pooled(*column.coarse, ordered=True)
    rows = tuple(float(side.sum()) for side in pooled)
    return ColumnEstimate(effects.population_stability_index(*pooled), rows, len(pooled[0]))


@dataclass(frozen=True)
class Unbounded:
    """An estimate without its bounds, which take the most time and are not what the word depends on."""

    whole: ColumnEstimate

    @property
    def corrected(self):
        """The estimate less its bias."""
        return self.whole.corrected

    def probability_above(self, minimum):
        """Return the p-value of at most the minimum."""
        return self.whole.probability_above(minimum)

    def probability_below(self, minimum):
        """Return the p-value of at least the minimum."""
        return self.whole.probability_below(minimum)

    @property
    def withheld(self):
        """Nothing: an interval may be asked for."""
        return ""

    def interval(self, _):
        """Return none."""
        return np.nan, np.nan


def words(columns, error_rate=verdict.ERROR_RATE):
    """Return the verdicts on the columns of one data set."""
    family = {place: ("psi", Unbounded(estimate(column)), MINIMUM) for place, column in enumerate(columns)}
    return [decision.verdict for decision in verdict.judge(family, error_rate).values()]


def psi_of(reference, current):
    """Return the PSI of true shares."""
    return float(((current - reference) * np.log(current / reference)).sum())


def shift_of(psi):
    """Return the shift of a normal distribution whose PSI over tenths is the given one."""
    edges, tenths = ndtri(np.linspace(0, 1, 11)), np.full(10, 0.1)
    low, high = 0.0, 3.0
    for _ in range(60):
        middle = (low + high) / 2
        below = psi_of(tenths, np.diff(ndtr(edges - middle))) < psi
        low, high = (middle, high) if below else (low, middle)
    return low
