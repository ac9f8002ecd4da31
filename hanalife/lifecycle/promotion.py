"""How many comparisons a pipeline may spend its error rate on, and what a gain that was selected is worth. Pure.

The error rate of a pipeline is shared evenly by its attempts, so that the chance of any false
promotion among all of them is at most the error rate, however they depend on each other
(Bonferroni). D. Foster, R. Stine (JRSS B 70, 2008) and A. Ramdas et al. (2017) give rules that
spend unevenly; over a known number of attempts an even share finds more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite, log

from hanalife.drift.intervals import normal_quantile
from hanalife.lifecycle.judging import Gain

LIFE, YEAR = "life", "year"
_YEAR = timedelta(days=365)

#: What is said of a gain that a challenger was promoted for.
SELECTED = "too high: it was selected by this number"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many comparisons that share an error rate."""

    error_rate: float  #: chance, at most, of any false promotion among all attempts
    attempts: int
    per: str = LIFE  #: LIFE: once for all; YEAR: each attempt comes back 365 days later

    @property
    def level(self) -> float:
        """The error rate of one comparison."""
        return self.error_rate / self.attempts

    def spent(self, moments: Sequence[datetime], now: datetime) -> int:
        """Return how many of the comparisons at these moments still count."""
        return len(self._counting(moments, now))

    def refilled_at(self, moments: Sequence[datetime], now: datetime) -> datetime | None:
        """Return when an attempt comes back; None if one is left, or none ever does."""
        counting = self._counting(moments, now)
        if len(counting) < self.attempts or self.per == LIFE:
            return None
        return counting[-self.attempts] + _YEAR

    def attempt_text(self, number: int) -> str:
        """Return which of the attempts one is.

        >>> Budget(0.05, 50).attempt_text(3), Budget(0.05, 12, YEAR).attempt_text(3)
        ('attempt 3 of 50', 'attempt 3 of 12 in 365 days')
        """
        return f"attempt {number} of {self.attempts}{' in 365 days' if self.per == YEAR else ''}"

    def describe(self) -> str:
        """Return how the error rate is shared.

        >>> Budget(0.05, 50).describe()
        'Its error rate of 0.05 is shared by 50 attempts.'
        """
        per_year = " in 365 days" if self.per == YEAR else ""
        return f"Its error rate of {self.error_rate:g} is shared by {self.attempts} attempts{per_year}."

    def _counting(self, moments: Sequence[datetime], now: datetime) -> list[datetime]:
        return sorted(moment for moment in moments if self.per == LIFE or moment > now - _YEAR)


def selected_interval(gain: Gain, margin: float, error_rate: float) -> tuple[float, float]:
    """Return the 95 % interval of a true gain, given that the measured one was large enough to be promoted.

    The measured gain is normal about the true one, cut off below the least that is promoted. The
    bounds are the true gains under which so large a gain, if promoted, has the chance of each side
    (J. Bowden, F. Dudbridge, Biostatistics 10, 2009).

    >>> low, high = selected_interval(Gain(0.05, 0.012, 0.088, 500), 0.0, 0.025)
    >>> round(low, 4), round(high, 4)
    (-0.0684, 0.0861)
    """
    from scipy.optimize import brentq
    from scipy.special import log_ndtr

    quantile = normal_quantile(1 - error_rate)
    error = (gain.high - gain.low) / (2 * quantile)
    measured = (gain.value - margin) / error
    cut = min(quantile, measured - 1e-9)

    def above(mean: float, probability: float) -> float:
        """Return the log of the chance of a larger gain, given the cut, less that of a probability."""
        return float(log_ndtr(mean - measured) - log_ndtr(mean - cut)) - log(probability)

    def solved(probability: float) -> float:
        low, high = measured - 60.0, measured + 10.0
        if above(low, probability) > 0:
            return -float("inf")
        return margin + error * float(brentq(above, low, high, args=(probability,)))

    return solved(0.025), solved(0.975)


def selected_text(gain: Gain, margin: float, error_rate: float) -> str:
    """Return what is said beside the gain of a promotion until it is measured again."""
    low, high = selected_interval(gain, margin, error_rate)
    bounds = f"between {low:.3g} and {high:.3g}" if isfinite(low) else f"at most {high:.3g}"
    return f"{SELECTED}. Given the selection, the true gain is {bounds} (95 % CI)"
