"""Estimate how far a column moved from its counts on both sides, by the method that the counts allow. Pure.

This is where counts become what :func:`hanalife.drift.verdict.judge` decides on:

- :func:`of_values` for categories: every value of either side counts, however rare.
- :func:`of_bins` for numbers and moments: intervals of the reference, and values that many rows share.
- :func:`of_shares` for weighted or dependent rows, whose counts are no integers: only bins with enough rows.

Each returns a :class:`ColumnEstimate`: ``scale * value`` is a noncentral chi-square with ``freedom`` degrees around
``scale * truth``. Dependence enters as counts divided by the design effect of each side and as
``bias``, which multiplies the degrees of freedom for ``no_drift`` only. A check against a frozen reference uses
``window_scale``, the scale if only the current rows are due to chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hanalife.drift import effects, intervals, pooling, sparse
from hanalife.drift.effects import Divergence
from hanalife.drift.intervals import Floats
from hanalife.drift.two_values import TwoValues

#: Shares of the error rate for the divergence, for new values and for values that vanished.
WEIGHTS = (0.6, 0.2, 0.2)
#: A column of texts with a smaller share of rows whose value occurs twice identifies rows.
FEWEST_RESOLVED = 0.1
#: A column of texts also identifies rows if, on either side, a smaller share of the rows has a value that occurs twice.
FEWEST_REPEATED = 0.01
#: Bins resolve the minimum effect if ``no_drift`` at this level, where nothing moved, has at least this chance.
RESOLVING_LEVEL, LEAST_POWER = 0.05, 0.2
#: Two values are tested exactly up to so many rows on the larger side, beyond only if one of them is rare.
MOST_EXACT_ROWS = 1_000
#: With a larger share of rows whose value no other row has, the interval of the PSI does not hold its level.
MOST_SINGLE = 0.03
#: Share of the rows of a side beyond which a bin of several pooled values may hide a shift.
MOST_POOLED = 0.05


@dataclass(frozen=True, slots=True)
class ColumnEstimate:
    """The estimated PSI of a column, with the p-values of its two verdicts."""

    divergence: Divergence
    rows: tuple[float, float]  #: what the rows of the reference and the current ones are worth
    bins: int  #: compared
    resolved: float = 1.0  #: share of rows whose value occurs more than once
    turnover: tuple[Divergence, ...] = ()  #: of values that are new, and of values that vanished
    two_values: TwoValues | None = None
    bias: float = 1.0  #: factor of the degrees of freedom for ``no_drift``; dependent rows raise the bias
    undecided: str = ""  #: why neither verdict is possible, whatever the numbers
    hidden: str = ""  #: why ``no_drift`` is not possible: what the bins cannot show
    identifier: bool = False  #: whether nearly every row has a value of its own
    unjoined: Divergence | None = None  #: over bins before neighbors were joined, which the interval is of

    @property
    def value(self) -> float:
        """The divergence with its bias."""
        return self.divergence.value

    @property
    def scale(self) -> float:
        """The rows that the divergence counts for."""
        return self.divergence.scale

    @property
    def freedom(self) -> float:
        """The degrees of freedom of the divergence."""
        return self.divergence.freedom

    @property
    def window_scale(self) -> float:
        """The rows that the divergence counts for if the reference is fixed."""
        return self.divergence.window_scale

    @property
    def corrected(self) -> float:
        """The divergence less its bias, not below 0."""
        return (self.unjoined or self.divergence).corrected

    def probability_above(self, minimum: float) -> float:
        """Return the p-value of "the true value is at most the minimum"."""
        if self.undecided:
            return 1.0
        if self.two_values is not None:
            return self.two_values.probability_above(minimum)
        p_value = self.divergence.probability_above(minimum)
        if not self.turnover:
            return p_value
        shares = (WEIGHTS[0], *WEIGHTS[1:][: len(self.turnover)])
        tests = p_value, *(other.probability_above(minimum) for other in self.turnover)
        return min(1.0, *(test / share for test, share in zip(tests, shares, strict=True)))

    def probability_below(self, minimum: float) -> float:
        """Return the p-value of "the true value is at least the minimum".

        Values that occur once show nothing: the minimum shrinks with the square of the share of the others.
        """
        if self.undecided or self.hidden:
            return 1.0
        if self.two_values is not None:
            return self.two_values.probability_below(minimum)
        truth = self.scale * minimum * self.resolved**2
        if not _resolves(self._least_freedom, truth):
            return 1.0
        return float(intervals.noncentral_cdf(self.scale * self.value, self._least_freedom, truth))

    @property
    def withheld(self) -> str:
        """Why an interval would not hold its level, or nothing."""
        if self.undecided or self.hidden:
            return self.undecided or self.hidden
        if self.two_values is not None and self.two_values.expected < pooling.EXPECTED_ROWS:
            return "too few rows have the rarer value"
        if self.resolved < 1 - MOST_SINGLE:
            return f"{1 - self.resolved:.0%} of the rows have a value that no other row has"
        return ""

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval of the true value, which holds it with the probability of the level."""
        low, high = (self.unjoined or self.divergence).interval(level)
        if self.bias == 1:
            return low, high
        return low, replace(self.divergence, freedom=self._least_freedom).interval(level)[1]

    @property
    def _least_freedom(self) -> float:
        """The degrees of freedom that dependent rows may leave."""
        return self.freedom if self.bias == 1 else max(self.freedom * self.bias, 1.0)


def of_values(reference: Any, current: Any, random: np.random.Generator) -> ColumnEstimate:
    """Return the estimate of a column of categories from the rows of each value of either side.

    Parameters
    ----------
    reference, current : array of int, shape (n_values,)
        Missing values are a value like others.
    random : Generator
        Thins the larger side where values are rare; see :func:`hanalife.drift.sparse.sparse_divergence`.
    """
    x, y = _used(reference, current)
    if len(x) <= 2:
        return _of_two(x, y)
    estimate = _of_many(x, y, random)
    if estimate.resolved < FEWEST_RESOLVED:
        return _identifier(estimate, f"{1 - estimate.resolved:.0%} of its rows have a value that no other row has")
    if max(_repeated(x), _repeated(y)) < FEWEST_REPEATED:
        return _identifier(estimate, "on either side nearly all of its values differ")
    pairs = [pair for pair in ((x, y), (y, x)) if pair[1][pair[0] == 0].sum() > 0]
    turnover = tuple(sparse.arrivals(*pair) for pair in pairs)
    return ColumnEstimate(estimate.divergence, estimate.rows, len(x), estimate.resolved, turnover)


def of_bins(reference: Any, current: Any, random: np.random.Generator) -> ColumnEstimate:
    """Return the estimate of a column of numbers or moments from integer counts over bins.

    Parameters
    ----------
    reference, current : array of int, shape (n_bins,)
        Rows between edges, joined with neighbors where there are few; with a value that many rows share; and with
        missing values.
    """
    x, y = _used(reference, current)
    return _of_two(x, y) if len(x) <= 2 else _of_many(x, y, random)


def of_shares(reference: Any, current: Any, bias: float = 1.0) -> ColumnEstimate:
    """Return the estimate from counts that are no integers, such as those of weighted or dependent rows.

    Bins with fewer than 5 expected rows are pooled: exact tests and unbiased terms of rare values need integers.
    ``bias`` is the factor of the degrees of freedom that dependent rows leave at least.
    """
    x, y = _used(reference, current)
    pooled = pooling.pooled(x, y, ordered=False)
    rows = float(x.sum()), float(y.sum())
    divergence = effects.population_stability_index(*pooled)
    if len(pooled[0]) < 2:
        return ColumnEstimate(divergence, rows, 1, undecided=_one_bin(rows))
    hidden = _pooled_away(x, y, rows)
    return ColumnEstimate(divergence, rows, len(pooled[0]), bias=bias, hidden=hidden)


def _used(reference: Any, current: Any) -> tuple[Floats, Floats]:
    x, y = np.asarray(reference, dtype=float), np.asarray(current, dtype=float)
    used = x + y > 0
    return x[used], y[used]


def _of_many(x: Floats, y: Floats, random: np.random.Generator) -> ColumnEstimate:
    rows = float(x.sum()), float(y.sum())
    if ((x + y) * min(rows) / sum(rows) >= pooling.EXPECTED_ROWS).all():
        return ColumnEstimate(effects.population_stability_index(x, y), rows, len(x))
    estimate = sparse.sparse_divergence(x, y, random)
    return ColumnEstimate(estimate.divergence, rows, len(x), estimate.resolved)


def _of_two(x: Floats, y: Floats) -> ColumnEstimate:
    """Return the estimate of a column with one or two values, exact if one of them is rare or rows are few."""
    rows = float(x.sum()), float(y.sum())
    if len(x) == 1:
        x, y = np.append(0.0, x), np.append(0.0, y)
    divergence = effects.two_value_divergence(x, y)
    rare = int(np.argmin(x + y))
    thick = (x + y)[rare] * min(rows) / sum(rows) >= pooling.EXPECTED_ROWS
    if thick and max(rows) > MOST_EXACT_ROWS:
        return ColumnEstimate(divergence, rows, 2)
    exact = TwoValues((int(x[rare]), int(y[rare])), (int(rows[0]), int(rows[1])))
    return ColumnEstimate(divergence, rows, 2, two_values=exact)


def _repeated(counts: Floats) -> float:
    """Return the share of the rows of one side whose value another row of that side has."""
    return float(counts[counts > 1].sum() / counts.sum())


def _identifier(estimate: ColumnEstimate, reason: str) -> ColumnEstimate:
    return replace(estimate, undecided=reason, identifier=True)


def _resolves(freedom: float, truth: float) -> bool:
    """Return whether the rows could show that nothing moved: whether the test would, if it were so, with some chance.

    Where that chance is hardly above the error rate, ``no_drift`` would say more of luck than of the rows.
    """
    limit = intervals.approximate_quantile(RESOLVING_LEVEL, freedom, truth)
    return bool(intervals.noncentral_cdf(limit, freedom, 0.0) >= LEAST_POWER)


def _one_bin(rows: tuple[float, float]) -> str:
    return f"{min(rows):,.0f} rows leave one bin, which cannot show a shift"


def _pooled_away(x: Floats, y: Floats, rows: tuple[float, float]) -> str:
    """Return what the bin of all rare values hides, or nothing."""
    rare = (x + y) * min(rows) / sum(rows) < pooling.EXPECTED_ROWS
    share = max(float(x[rare].sum()) / rows[0], float(y[rare].sum()) / rows[1])
    if rare.sum() < 2 or share <= MOST_POOLED:
        return ""
    return f"{share:.0%} of the rows have rare values, which are compared as one bin"
