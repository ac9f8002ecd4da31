"""Test the shift of a column with two values exactly. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hanalife.drift import intervals
from hanalife.drift.intervals import Floats

#: The share of the reference is looked for in an interval of this level, and what it may miss is added.
_CONFIDENCE = 0.999
_GRID = 24
#: Shares of a value that the reference lacks are not looked for below it, unless the reference is large.
_RAREST = 5.5e-4
#: A share of current rows is never below it, or as near to 1.
_NEVER = 1e-6
_SPREADS = 7.0  #: standard deviations of the reference's count that are summed over
_HALVINGS = 50
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class TwoValues:
    """Rows of each side with the rarer of two values.

    The test is unconditional: its p-value is the largest over all pairs of shares whose PSI is the minimum, and
    whose first share lies in a 99.9 % interval for the reference's, plus 0.001 (R. L. Berger, D. D. Boos, JASA
    89, 1994). Counts are ordered by the square root of the PSI with half a count added to each cell: its spread
    hardly depends on the shift.
    """

    hits: tuple[int, int]  #: reference, current
    rows: tuple[int, int]

    @property
    def expected(self) -> float:
        """The rows with the rarer value that the smaller side is expected to have."""
        return sum(self.hits) * min(self.rows) / sum(self.rows)

    def probability_above(self, minimum: float) -> float:
        """Return the p-value of a PSI of at most the minimum."""
        return self._largest(minimum, 1 - _TIE, upper=True)

    def probability_below(self, minimum: float) -> float:
        """Return the p-value of a PSI of at least the minimum."""
        return self._largest(minimum, 1 + _TIE, upper=False)

    def _largest(self, minimum: float, tie: float, *, upper: bool) -> float:
        """Return the largest chance of counts that lie farther apart than these, or not, over all shares."""
        smoothed = [(hits + 0.5) / (rows + 1) for hits, rows in zip(self.hits, self.rows, strict=True)]
        shares = self._reference_shares()
        counts = self._reference_counts(shares)
        limits = self._current_counts(counts, float(two_value_psi(*smoothed)) * tie)
        largest = 0.0
        for current in roots(shares, minimum):
            there = ~np.isnan(current)
            farther = self._chances(shares[there], current[there], counts, limits)
            largest = max(largest, float((farther if upper else 1 - farther).max(initial=0.0)))
        return min(1.0, largest + 1 - _CONFIDENCE)

    def _reference_shares(self) -> Floats:
        """Return shares of the reference that its count does not rule out, evenly on the logit scale."""
        from scipy.special import betaincinv, expit, logit

        hits, rows, tail = self.hits[0], self.rows[0], (1 - _CONFIDENCE) / 2
        high = float(betaincinv(hits + 1, rows - hits, 1 - tail)) if hits < rows else 1 - _RAREST
        low = float(betaincinv(hits, rows - hits + 1, tail)) if hits else min(_RAREST, high / 10)
        return np.asarray(expit(np.linspace(logit(low), logit(high), _GRID)))

    def _reference_counts(self, shares: Floats) -> Floats:
        """Return the counts of the reference that have a chance under these shares."""
        rows = self.rows[0]
        spread = _SPREADS * np.sqrt(rows * shares * (1 - shares)) + _SPREADS
        low, high = (rows * shares - spread).min(), (rows * shares + spread).max()
        return np.arange(max(0, int(low)), min(rows, int(high) + 1) + 1, dtype=float)

    def _current_counts(self, counts: Floats, level: float) -> tuple[Floats, Floats]:
        """Return for each count of the reference the highest and lowest current ones that lie farther apart."""
        below, above = roots((counts + 0.5) / (self.rows[0] + 1), level)
        rows = self.rows[1]
        highest = np.floor(np.nan_to_num(below, nan=0.0) * (rows + 1) - 0.5)
        return highest, np.ceil(np.nan_to_num(above, nan=1.0) * (rows + 1) - 0.5)

    def _chances(self, shares: Floats, current: Floats, counts: Floats, limits: tuple[Floats, Floats]) -> Floats:
        """Return the chances that counts lie as far apart as the limits, under pairs of shares."""
        before, after = self.rows
        weights = intervals.binomial_chances(counts, before, shares[:, None])
        lower = intervals.binomial_cdf(limits[0], after, current[:, None])
        upper = 1 - intervals.binomial_cdf(limits[1] - 1, after, current[:, None])
        return np.asarray((weights * (lower + upper)).sum(axis=1))


def two_value_psi(first: Floats | float, second: Floats | float) -> Floats:
    """Return the PSI of two values from the shares of one of them."""
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    return np.asarray((second - first) * (np.log(second / first) - np.log((1 - second) / (1 - first))))


def roots(shares: Floats, psi: float) -> tuple[Floats, Floats]:
    """Return the shares below and above some others that lie at a PSI from them; NaN where there is none."""
    return _root(shares, psi, _NEVER), _root(shares, psi, 1 - _NEVER)


def _root(shares: Floats, psi: float, end: float) -> Floats:
    """Return by bisection the shares between some and an end that lie at a PSI from them."""
    near, far = shares.copy(), np.full(len(shares), end)
    reached = two_value_psi(shares, far) > psi
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        beyond = two_value_psi(shares, middle) > psi
        near, far = np.where(beyond, near, middle), np.where(beyond, middle, far)
    return np.where(reached, (near + far) / 2, np.nan)
