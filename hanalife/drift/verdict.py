"""From effects with intervals to a verdict. Pure.

For each column two one-sided tests are made of its PSI against a minimum effect. ``drift`` says
that the PSI is above the minimum, ``no_drift`` that it is below, each with a chance of error of at most
``error_rate``; between both lies ``unknown``.

- ``drift`` is corrected for the number of columns by Holm's method: if nothing moved by more than
  the minimum, the chance that any column is called ``drift`` is at most ``error_rate`` for the whole
  data set, however the columns depend on each other. (Simultaneous intervals promise the same and
  find less.) The adjusted p-value is part of the result; the interval beside it is that of the column alone.
- ``no_drift`` needs no correction: for a data set it is said only if every column passes, and such a
  joint claim errs no more often than the weakest of its parts (R. L. Berger, Technometrics 24, 1982).

Intervals have the level 95 % each, on both sides, whatever the error rate: they show how well the effect is known, and
the verdict follows from its p-value, not from them.

How soon a verdict is possible: with the minimum of 0.1 over tenths and as many reference rows as current ones,
twice the minimum is called ``drift`` with a chance of 70 to 80 % from about 770 rows on each side if one column is
watched, 1,400 if ten are, 1,700 if thirty are; and practically always from 5,000. With 50 rows the verdict is
``unknown``, and the result says how many rows are needed.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol, TypeVar

import numpy as np

from hanalife.drift import intervals
from hanalife.drift.intervals import Floats
from hanalife.records import DriftEffect

DRIFT, NO_DRIFT, UNKNOWN = "drift", "no_drift", "unknown"

#: A PSI below it is too small to matter, by a common rule of thumb.
MINIMUM_PSI = 0.1
ERROR_RATE = 0.05
#: Of each interval that is shown, whatever the error rate and the number of columns.
LEVEL = 0.95
#: Chance of a decision that the rows needed are reckoned for, if the effect is as it was measured.
POWER = 0.8
#: With fewer rows on either side, approximations do not hold and nothing is said.
FEWEST_ROWS = 20
_MOST_ROWS = 2**40
#: The rows needed are bracketed in so many rounds of trials.
_ROUNDS, _TRIALS = 3, 24


Name = TypeVar("Name", bound=Hashable)


class Estimate(Protocol):
    """An estimated effect whose distribution is known."""

    @property
    def corrected(self) -> float:
        """The measured effect, less its bias if it has one."""

    def probability_above(self, minimum: float) -> float:
        """Return the p-value of an effect of at most the minimum."""

    def probability_below(self, minimum: float) -> float:
        """Return the p-value of an effect of at least the minimum."""

    @property
    def withheld(self) -> str:
        """Why no interval would hold its level, or nothing."""

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval that holds the true value with the probability of the level."""


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, so that one false alarm among all is as rare as promised.

    Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with the p-values that it follows from, and the effect that it is about."""

    verdict: str
    effect: DriftEffect
    p_drift: float  #: of an effect up to the minimum, adjusted for the number of estimates
    p_no_drift: float  #: of an effect of the minimum or more

    @property
    def indicator(self) -> float:
        """1 less the adjusted p-value: above ``1 - error_rate`` exactly for the verdict ``drift``."""
        return 1.0 - self.p_drift


def judge(estimates: Mapping[Name, tuple[str, Estimate, float]], error_rate: float) -> dict[Name, Decision]:
    """Return the decision on each of a family of estimates.

    Parameters
    ----------
    estimates : mapping
        Name -> (measure, estimate, minimum effect).
    error_rate : float in ]0, 1[
        Chance of a false ``drift`` among all of them, at most.
    """
    above = [estimate.probability_above(minimum) for _, estimate, minimum in estimates.values()]
    return {
        name: _decision(*estimates[name], adjusted, error_rate)
        for name, adjusted in zip(estimates, holm(above), strict=True)
    }


def _decision(measure: str, estimate: Estimate, minimum: float, p_drift: float, error_rate: float) -> Decision:
    p_no_drift = estimate.probability_below(minimum)
    low, high = (None, None) if estimate.withheld else estimate.interval(LEVEL)
    effect = DriftEffect(measure, estimate.corrected, low, high, minimum, estimate.withheld)
    word = DRIFT if p_drift < error_rate else NO_DRIFT if p_no_drift < error_rate else UNKNOWN
    return Decision(word, effect, p_drift, p_no_drift)


def overall(verdicts: Sequence[str]) -> str:
    """Return ``drift`` if anything drifted, ``no_drift`` if certainly nothing did, else ``unknown``."""
    if DRIFT in verdicts:
        return DRIFT
    return NO_DRIFT if verdicts and all(word == NO_DRIFT for word in verdicts) else UNKNOWN


def rows_needed(
    effect: float, minimum: tuple[float, float], freedom: float, levels: tuple[float, float], reference_rows: float
) -> int | None:
    """Return the current rows that decide with a chance of 80 %, if the effect is what was measured.

    Both quantiles are those of Sankaran's approximation, which is near enough for a plan.

    Parameters
    ----------
    effect : float
        The PSI less its bias.
    minimum : (float, float)
        The minimum effect for ``drift``, and for ``no_drift``.
    levels : (float, float)
        Chance of error of ``drift`` (after correction), and of ``no_drift``.
    reference_rows : float
        They limit what current rows can tell.

    Returns
    -------
    int or None
        None if the reference is too small, or the effect too close to the minimum.
    """
    low, high = 1.0, float(_MOST_ROWS)
    for _ in range(_ROUNDS):
        rows = np.geomspace(low, high, _TRIALS)
        enough = _power(effect, minimum, freedom, levels, reference_rows * rows / (reference_rows + rows)) >= POWER
        if not enough[-1]:
            return None
        first = int(np.argmax(enough))
        low, high = float(rows[max(first - 1, 0)]), float(rows[first])
    return ceil(high)


def _power(
    effect: float, minimum: tuple[float, float], freedom: float, levels: tuple[float, float], scales: Floats
) -> Floats:
    """Return the chance of a decision on each scale."""
    is_drift = effect > minimum[0]
    threshold, level = (minimum[0], 1 - levels[0]) if is_drift else (minimum[1], levels[1])
    limit = intervals.approximate_quantile(level, freedom, scales * threshold)
    below = intervals.approximate_cdf(limit, freedom, scales * effect)
    return 1 - below if is_drift else below


def needs(rows_needed: int | None, rows: tuple[int, int]) -> str:
    """Return what a column without a decision lacks, given the rows of the reference and current ones."""
    if rows_needed is not None:
        more = rows_needed - rows[1]
        return f"needs about {more:,} more row{'s'[: more != 1]}, if the effect is what was measured"
    return (
        f"the reference ({rows[0]:,} row{'s'[: rows[0] != 1]}) is too small to decide, if the effect is what was "
        "measured; enlarge it or raise the minimum effect"
    )
