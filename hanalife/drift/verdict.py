"""From effects with intervals to a verdict. Pure.

For each column two one-sided tests are made of its PSI against a minimum effect. ``drift`` says
that the PSI is above the minimum, ``no_drift`` that it is below, each with a chance of error of at most
``error_rate``; between both lies ``unknown``.

- ``drift`` is corrected for the number of columns by Holm's method: if nothing moved by more than
  the minimum, the chance that any column is called ``drift`` is at most ``error_rate`` for the whole
  data set, however the columns depend on each other. (Simultaneous intervals promise the same and
  find less.) The lower end of a shown interval bears this correction, so that it lies above the
  minimum exactly if the verdict is ``drift``.
- ``no_drift`` needs no correction: for a data set it is said only if every column passes, and such a
  joint claim errs no more often than the weakest of its parts (R. L. Berger, Technometrics 24, 1982).

How soon it speaks: with the minimum of 0.1 over tenths and as many reference rows as current ones, twice the
minimum is called ``drift`` with a chance of 70 to 80 % from about 770 rows on each side if one column is
watched, 1,400 if ten are, 1,700 if thirty are; and practically always from 5,000. With 50 rows the word is
``unknown``, and the result says how many rows would decide.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol, TypeVar

from hanalife.drift import intervals
from hanalife.records import DriftEffect, DriftResult

DRIFT, NO_DRIFT, UNKNOWN = "drift", "no_drift", "unknown"

#: A PSI below it is too small to matter, by a common rule of thumb.
MINIMUM_PSI = 0.1
ERROR_RATE = 0.05
#: Chance of a decision that the rows needed are reckoned for, if the effect is as it was measured.
POWER = 0.8
#: With fewer rows on either side, approximations do not hold and nothing is said.
FEWEST_ROWS = 20
_MOST_ROWS = 2**40


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

    def bounds(self, low_error: float, high_error: float) -> tuple[float, float]:
        """Return bounds with these chances of error."""


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


def holm_levels(p_values: Sequence[float], error_rate: float) -> list[float]:
    """Return the level at which Holm's method judges each p-value: ``p <= level`` if it rejects, else not.

    >>> holm_levels([0.01, 0.5, 0.02], 0.06)
    [0.02, 0.06, 0.03]
    >>> holm_levels([0.03, 0.5, 0.02], 0.03)
    [0.01, 0.01, 0.01]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    levels = [error_rate] * len(p_values)
    stopped = None
    for rank, index in enumerate(order):
        level = error_rate / (len(p_values) - rank)
        stopped = level if stopped is None and p_values[index] > level else stopped
        levels[index] = level if stopped is None else stopped
    return levels


def judge(
    estimates: Mapping[Name, tuple[str, Estimate, float]], error_rate: float
) -> dict[Name, tuple[str, float, DriftEffect]]:
    """Return verdict, indicator and effect of each of a family of estimates.

    Parameters
    ----------
    estimates : mapping
        Name -> (measure, estimate, minimum effect).
    error_rate : float in ]0, 1[
        Chance of a false ``drift`` among all of them, at most.

    Returns
    -------
    mapping
        The indicator, in [0, 1], is 1 less the p-value of "the effect is at most the minimum",
        adjusted by Holm: it is above ``1 - error_rate`` exactly for the verdict ``drift``.
    """
    names = list(estimates)
    above = [estimates[name][1].probability_above(estimates[name][2]) for name in names]
    found = {}
    for name, adjusted, level in zip(names, holm(above), holm_levels(above, error_rate), strict=True):
        measure, estimate, minimum = estimates[name]
        low, high = estimate.bounds(level, error_rate)
        if adjusted < error_rate:
            word = DRIFT
        elif estimate.probability_below(minimum) < error_rate:
            word = NO_DRIFT
        else:
            word = UNKNOWN
        found[name] = word, 1.0 - adjusted, DriftEffect(measure, estimate.corrected, low, high, minimum)
    return found


def overall(verdicts: Sequence[str]) -> str:
    """Return ``drift`` if anything drifted, ``no_drift`` if certainly nothing did, else ``unknown``."""
    if DRIFT in verdicts:
        return DRIFT
    return NO_DRIFT if verdicts and all(word == NO_DRIFT for word in verdicts) else UNKNOWN


def rows_needed(
    effect: float, minimum: float, freedom: float, levels: tuple[float, float], reference_rows: float
) -> int | None:
    """Return the current rows that decide with a chance of 80 %, if the effect is as it was measured.

    Parameters
    ----------
    effect : float
        The PSI less its bias.
    levels : (float, float)
        Chance of error of ``drift`` (after correction) and of ``no_drift``.
    reference_rows : float
        As they are; they limit what current rows can tell.

    Returns
    -------
    int or None
        None if no number of current rows suffices: the reference is too small, or the effect is
        too close to the minimum.
    """

    def decides(rows: int) -> bool:
        scale = reference_rows * rows / (reference_rows + rows)
        if effect > minimum:
            limit = intervals.value_at(1 - levels[0], freedom, scale * minimum)
            return 1 - float(intervals.noncentral_cdf(limit, freedom, scale * effect)) >= POWER
        limit = intervals.value_at(levels[1], freedom, scale * minimum)
        return float(intervals.noncentral_cdf(limit, freedom, scale * effect)) >= POWER

    if not decides(_MOST_ROWS):
        return None
    low, high = 1, _MOST_ROWS
    while high - low > max(1, low // 100):
        middle = int((low * high) ** 0.5) if high > 4 * low else (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def needs(result: DriftResult, reference_rows: int) -> str:
    """Return in words what an ``unknown`` lacks."""
    if result.rows_needed is not None:
        return f"about {result.rows_needed:,} current rows would decide, if the shift is what it seems"
    return (
        f"no number of current rows would decide against {reference_rows:,} reference rows: "
        "take more of these, or a larger minimum effect"
    )
