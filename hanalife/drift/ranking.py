"""The area under the ROC curve with its variance. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.drift import intervals
from hanalife.drift.intervals import Floats


@dataclass(frozen=True, slots=True)
class Normal:
    """An estimate that is normally distributed about the truth."""

    value: float
    error: float  #: standard error

    @property
    def corrected(self) -> float:
        """The value: it has no bias."""
        return self.value

    def probability_above(self, minimum: float) -> float:
        """Return the p-value of a truth of at most the minimum."""
        return self._tail(minimum - self.value)

    def probability_below(self, minimum: float) -> float:
        """Return the p-value of a truth of at least the minimum."""
        return self._tail(self.value - minimum)

    def bounds(self, low_error: float, high_error: float) -> tuple[float, float]:
        """Return bounds that the truth is below, and above, with these probabilities."""
        low = self.value - intervals.normal_quantile(1 - low_error) * self.error
        return low, self.value + intervals.normal_quantile(1 - high_error) * self.error

    @property
    def withheld(self) -> str:
        """Nothing: the interval holds its level."""
        return ""

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval that holds the truth with the probability of the level."""
        return self.bounds((1 - level) / 2, (1 - level) / 2)

    def _tail(self, distance: float) -> float:
        from scipy.special import ndtr

        return float(ndtr(distance / self.error))


def placements(positive: Any, negative: Any) -> tuple[Floats, Floats]:
    """Return for each positive the share of negatives below it, for each negative that of positives above.

    Ties count half. The mean of either is the area under the curve.
    """
    positive, negative = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    return _share_below(positive, negative), 1 - _share_below(negative, positive)


def _share_below(values: Floats, others: Floats) -> Floats:
    ordered = np.sort(others)
    below, up_to = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((below + up_to) / (2 * len(others)), dtype=float)


def area(positive: Any, negative: Any) -> Normal:
    """Return the area under the curve with its standard error.

    E. DeLong, D. DeLong, D. Clarke-Pearson, Biometrics 44 (1988). Where the classes are apart the
    variance would be 0; it is at least that of one row on the other side.
    """
    first, second = placements(positive, negative)
    variance = _spread(first) / len(first) + _spread(second) / len(second)
    least = 0.5 / min(len(first), len(second))
    return Normal(float(first.mean()), max(float(np.sqrt(variance)), least if variance == 0 else 0.0))


def _spread(values: Floats) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.25
