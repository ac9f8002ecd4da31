"""Evidence of drift over many checks against one frozen reference. Pure.

A stream is one column of one segment. Each check with new rows gives every stream an e-value: a number of at least
0 whose mean is at most 1 while the column has not moved by more than the minimum effect. A Shiryaev-Roberts
e-detector accumulates these (J. Shin, A. Ramdas, A. Rinaldo, E-detectors: a nonparametric framework for sequential
change detection, 2022): ``R = (R + 1) * e``, with an alarm and a new start at 0 where R reaches the threshold c.
``R + c * alarms - checks`` is a supermartingale. So over T checks a stream that has not moved raises at most T / c
alarms in the mean. Means add up: however the streams depend on each other, all of them together raise at most
``checks * streams / c``.

The mean of an e-value is taken over the current rows alone, given the reference: every check is compared with the same
reference rows, whose luck does not average out over the checks. Therefore each p-value is that of the largest effect
that rows which moved by the minimum may show against this reference, but for a chance of ``REFERENCE_ERROR`` over all
streams.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hanalife.drift.intervals import Floats, normal_quantile

#: Chance, over all streams, that the reference rows are less typical than the bounds allow for.
REFERENCE_ERROR = 0.01
#: With fewer reference rows than these, their number limits what can be detected.
LIMITING_REFERENCE_ROWS = 1_000
#: Current rows that a bin expects by the reference; bins that expect fewer are joined (W. G. Cochran, 1954).
EXPECTED_ROWS = 5.0
#: Weight of the rare bins in the e-value of a column.
RARE_WEIGHT = 0.1
_MAX_EVIDENCE = 1e300
_MIN_P_VALUE = 1e-15  #: below, one less a distribution function is rounding
_BISECTIONS = 60


@dataclass(frozen=True, slots=True)
class BinCounts:
    """Rows of both sides over the bins of one column; of dependent rows, the independent rows that they are worth."""

    reference: Floats
    current: Floats
    n_intervals: int = 0  #: the first bins are neighboring intervals; the others are single values, or missing


def e_value(counts: BinCounts, minimum: float, n_streams: int) -> float:
    """Return the e-value of "the column has not moved by more than the minimum effect", given the reference.

    Bins are joined by the reference shares and the number of current rows, never by the current values; joining
    cannot raise a PSI. The e-values of the frequent bins (90 %) and of the rare ones together (10 %) are averaged.

    Parameters
    ----------
    minimum : float
        The PSI up to which a shift is too small to matter.
    n_streams : int
        Columns times segments, which share ``REFERENCE_ERROR``.

    Returns
    -------
    float
        1, which leaves the evidence as it is but for the check, if either side has no rows.
    """
    if not counts.reference.sum() or not counts.current.sum():
        return 1.0
    frequent, rare, rare_reference = _joined(counts)
    sides = float(counts.reference.sum()), float(counts.current.sum())
    error = REFERENCE_ERROR / n_streams
    rare_e = calibrate(share_p_value(rare_reference, rare, sides, minimum, error * RARE_WEIGHT))
    if frequent.shape[1] == 1:
        return rare_e
    error *= 1 - RARE_WEIGHT
    if frequent.shape[1] == 2:
        smaller = frequent[:, frequent[0].argmin()]
        frequent_p = share_p_value((smaller[0], smaller[0]), smaller[1], sides, minimum, error)
    else:
        frequent_p = psi_p_value(frequent[0], frequent[1], minimum, error, int((counts.reference > 0).sum()))
    return RARE_WEIGHT * rare_e + (1 - RARE_WEIGHT) * calibrate(frequent_p)


def calibrate(p_value: float) -> float:
    """Return the e-value of a p-value: the mean of ``k * p**(k - 1)`` over k from 0 to 1.

    V. Vovk, R. Wang, E-values: calibration, combination and applications, Annals of Statistics 49 (2021).

    >>> calibrate(1.0), round(calibrate(0.01), 3)
    (0.5, 4.451)
    """
    p_value = min(max(p_value, _MIN_P_VALUE), 1.0)
    logarithm = float(np.log(p_value))
    if logarithm > -1e-4:
        return 0.5
    return float((1 - p_value + p_value * logarithm) / (p_value * logarithm**2))


def accumulated(evidence: float, e_value: float) -> float:
    """Return the evidence of a stream after a check; where it reaches the threshold it begins anew at 0."""
    return min((evidence + 1) * e_value, _MAX_EVIDENCE)


def alarm_threshold(checks_per_period: float, n_streams: int, false_alarms: float) -> float:
    """Return the evidence that raises an alarm, for so many false alarms a period over all streams in the mean."""
    return max(checks_per_period * n_streams / false_alarms, 1.0)


def psi_p_value(reference: Floats, current: Floats, minimum: float, reference_error: float, n_values: int) -> float:
    """Return the p-value of a PSI of at most the minimum, valid given the reference but for ``reference_error``.

    The PSI between the frozen reference shares and the current truth is at most ``minimum`` plus what the noise
    of the reference adds: a noncentral chi-square over n reference rows, bounded by its mean and deviation. The
    scale of the estimate is the window's alone.

    Parameters
    ----------
    n_values : int
        Bins of the reference before any were joined: their noise bounds that of every way to join them.
    """
    from hanalife.drift.intervals import noncentral_cdf

    freedom, rows = n_values - 1.0, float(reference.sum())
    deviation = np.sqrt(4 * minimum / rows + 2 * freedom / rows**2)
    largest = minimum + freedom / rows - normal_quantile(reference_error) * deviation
    value, scale = _window_psi(reference, current)
    return float(1 - noncentral_cdf(scale * value, len(reference) - 1.0, scale * largest))


def share_p_value(
    reference: tuple[float, float], current: float, rows: tuple[float, float], minimum: float, reference_error: float
) -> float:
    """Return the exact p-value of the share of one bin: the PSI over it and all others is at most the minimum.

    The reference share lies in its Clopper-Pearson interval but for ``reference_error``; the current rows are
    binomial at the ends of the shares within the minimum of this interval. Both tails count.

    Parameters
    ----------
    reference : (float, float)
        Reference rows of the bin, for the lower and for the upper end of the interval.
    current : float
        Current rows of the bin.
    rows : (float, float)
        All rows of the reference, and all current ones.
    """
    from scipy.special import betainc, betaincinv

    (low_rows, high_rows), (n, m), tail = reference, rows, reference_error / 2
    low = float(betaincinv(low_rows, n - low_rows + 1, tail)) if low_rows > 0 else 0.0
    high = float(betaincinv(high_rows + 1, n - high_rows, 1 - tail)) if high_rows < n else 1.0
    above = betainc(current, m - current + 1, _share_within(high, minimum)) if current > 0 else 1.0
    below = betainc(m - current, current + 1, _share_within(1 - low, minimum)) if current < m else 1.0
    return float(min(1.0, 2 * min(above, below)))


@lru_cache(maxsize=4096)
def _share_within(share: float, minimum: float) -> float:
    """Return the largest share whose PSI against a share, over it and its complement, is the minimum."""
    if share <= 0 or share >= 1:
        return float(share)
    low, high = share, 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        psi = (middle - share) * np.log(middle * (1 - share) / (share * (1 - middle))) if middle < 1 else np.inf
        low, high = (middle, high) if psi < minimum else (low, middle)
    return high


def _window_psi(reference: Floats, current: Floats) -> tuple[float, float]:
    """Return the PSI and its scale, by the delta method over the current rows alone."""
    p, q = reference + 0.5, current + 0.5
    p, q, rows = p / p.sum(), q / q.sum(), float(current.sum())
    ratio = np.log(q / p)
    value = float(((q - p) * ratio).sum())
    slopes = ratio + 1 - p / q
    variance = float((q * (slopes - (q * slopes).sum()) ** 2).sum()) / rows
    scale = 4 * value / variance if variance > 0 and value > 0 else rows
    return value, float(np.clip(scale, rows / 20, rows * 20))


def _joined(counts: BinCounts) -> tuple[Floats, float, tuple[float, float]]:
    """Return the frequent bins, shape ``(2, n_bins)``, and the current and reference rows of the rare values.

    The rare values are also among the frequent bins: on their own if they expect enough rows, else with the
    smallest bin. Which values are rare is partly luck, and most values that the reference lacks exist all the same:
    values seen at most t times have about the share of the rows of those seen at most t + 1 times (I. J. Good, The
    population frequencies of species, Biometrika 40, 1953), which serves for the upper end of their interval.
    """
    table = np.array([counts.reference, counts.current], dtype=float)
    share = min(counts.current.sum() / counts.reference.sum(), 1.0)
    intervals, values = table[:, : counts.n_intervals], table[:, counts.n_intervals :]
    is_frequent = values[0] * share >= EXPECTED_ROWS
    groups = [*_neighbors(intervals, share), *values[:, is_frequent].T]
    rare = values[:, ~is_frequent].sum(axis=1)
    likely = float(values[0][(values[0] - 1) * share < EXPECTED_ROWS].sum())
    bounds = float(rare[0]), min(likely, float(counts.reference.sum()))
    if not groups or rare[0] * share >= EXPECTED_ROWS:
        return np.array([*groups, rare]).T, float(rare[1]), bounds
    smallest = min(range(len(groups)), key=lambda index: groups[index][0])
    groups[smallest] = groups[smallest] + rare
    return np.array(groups).T, float(rare[1]), bounds


def _neighbors(intervals: Floats, share: float) -> list[Any]:
    groups: list[Any] = []
    for column in intervals.T:
        if groups and groups[-1][0] * share < EXPECTED_ROWS:
            groups[-1] = groups[-1] + column
        else:
            groups.append(column)
    if len(groups) > 1 and groups[-1][0] * share < EXPECTED_ROWS:
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups
