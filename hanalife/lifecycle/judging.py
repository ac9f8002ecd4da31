"""Whether a challenger is better than the champion, and whether it is time to retrain. Pure.

Both models answer for the same rows, so their difference is taken row by row: what is hard for
both cancels out. A challenger is ``better`` if the lower bound of its gain lies above the margin;
the chance that one is called so whose true gain is at most the margin is the error rate, at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, isfinite
from typing import Any

import numpy as np

from hanalife.drift import performance
from hanalife.drift.intervals import normal_quantile
from hanalife.drift.performance import Scored
from hanalife.drift.verdict import FEWEST_ROWS, POWER

BETTER, NOT_BETTER, UNKNOWN = "better", "not_better", "unknown"

#: What models are compared by; more is better, so that an error counts as a loss of its own size.
METRICS = {
    "AUC": "area under the ROC curve, of two classes",
    "ACCURACY": "share of rows whose class is right",
    "MAE": "mean absolute error, of a regression",
}
_MOST_ROWS = 2**31


@dataclass(frozen=True, slots=True)
class Answers:
    """What two models say of the same rows, arrays of shape ``(n_rows,)``."""

    truth: Any  #: AUC: whether the row is positive; ACCURACY: its class; MAE: its number
    champion: Any  #: AUC: the chance that it is positive; else what the model says
    challenger: Any


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much the challenger is better, with one-sided bounds; NaN where the rows do not tell."""

    value: float
    low: float
    high: float
    rows: int
    reason: str = ""  #: why there are no numbers
    beyond_chance: bool = True  #: False: a sign test of the rows they differ on says that chance does as much


def gain(metric: str, answers: Answers, error_rate: float) -> Gain:
    """Return how much better the challenger is, by one of :data:`METRICS`.

    Parameters
    ----------
    metric : str
        AUC: DeLong's paired interval. ACCURACY: mean of the differences with half a row added to
        each of the four cells (A. Agresti, Y. Min, Statistics in Medicine 24, 2005), beside the
        exact sign test, which holds however few rows the models differ on. MAE: mean of the
        differences with Student's interval.
    error_rate : float in ]0, 0.5[
        Chance that the truth is below the lower bound; as much for the upper.
    """
    rows = len(answers.truth)
    if rows < FEWEST_ROWS:
        return nothing(rows, too_few(rows))
    if metric == "AUC":
        return _gain_of_area(answers, error_rate)
    if metric == "ACCURACY":
        return _gain_of_hits(answers, error_rate)
    lost = [np.abs(np.asarray(said, float) - np.asarray(answers.truth, float)) for said in _both(answers)]
    return _gain_of_mean(lost[0] - lost[1], error_rate)


def judge(found: Gain, margin: float, error_rate: float) -> tuple[str, str]:
    """Return the verdict on a challenger, and the reason in words.

    >>> judge(Gain(0.03, 0.01, 0.05, 500), 0.0, 0.05)
    ('better', 'gain 0.03 [0.01, 0.05] on 500 rows, margin 0')
    """
    if found.reason:
        return UNKNOWN, found.reason
    words = f"gain {found.value:.4g} [{found.low:.4g}, {found.high:.4g}] on {found.rows:,} rows, margin {margin:g}"
    if found.low > margin and found.beyond_chance:
        return BETTER, words
    if found.high <= margin:
        return NOT_BETTER, words
    return UNKNOWN, f"{words}; {_needs(found, margin, error_rate)}"


def rests_until(
    fitted: Sequence[datetime], now: datetime, cooldown: timedelta, most: int | None, period: timedelta
) -> datetime | None:
    """Return when the next retraining may begin, or None if it may now.

    Parameters
    ----------
    fitted : sequence of datetime
        When challengers were fitted so far, in any order.
    cooldown : timedelta
        Time between two of them, at least.
    most : int, optional
        How many of them a period may have; None for any number.

    Examples
    --------
    >>> day = timedelta(days=1)
    >>> noon = datetime(2026, 1, 5, 12)
    >>> rests_until([noon - day], noon, 2 * day, None, day)
    datetime.datetime(2026, 1, 6, 12, 0)
    >>> rests_until([noon - 2 * day, noon - 3 * day], noon, day, 2, 7 * day)
    datetime.datetime(2026, 1, 9, 12, 0)
    """
    latest = sorted(fitted, reverse=True)
    ends = [latest[0] + cooldown] if latest else []
    if most is not None and len(latest) >= most:
        ends.append(latest[most - 1] + period)
    until = max(ends, default=now)
    return until if until > now else None


def _both(answers: Answers) -> tuple[Any, Any]:
    return answers.champion, answers.challenger


def too_few(rows: int) -> str:
    """Return in words how many rows are wanting."""
    return f"{rows} labelled rows are too few: at least {FEWEST_ROWS - rows} more are needed"


def nothing(rows: int, reason: str) -> Gain:
    """Return what is known if the rows do not tell, and why."""
    nan = float("nan")
    return Gain(nan, nan, nan, rows, reason)


def _gain_of_area(answers: Answers, error_rate: float) -> Gain:
    truth, rows = np.asarray(answers.truth, bool), len(answers.truth)
    fewer = min(int(truth.sum()), rows - int(truth.sum()))
    if fewer < FEWEST_ROWS:
        return nothing(rows, f"one class has {fewer} rows of {rows}; at least {FEWEST_ROWS} of each are needed")
    champion, challenger = (Scored(truth, np.asarray(chances, float)) for chances in _both(answers))
    found = performance.difference(champion, challenger, paired=True, error_rate=error_rate)
    return Gain(*found.area, rows)


def _gain_of_hits(answers: Answers, error_rate: float) -> Gain:
    from scipy.stats import binom

    truth = np.asarray(answers.truth)
    old, new = (np.asarray(said) == truth for said in _both(answers))
    gained, lost, rows = int((new & ~old).sum()), int((old & ~new).sum()), len(truth)
    mean = (gained - lost) / (rows + 2)
    variance = ((gained + lost + 1) / (rows + 2) - mean**2) / (rows + 2)
    half = normal_quantile(1 - error_rate) * float(np.sqrt(variance))
    by_chance = float(binom.sf(gained - 1, gained + lost, 0.5))
    return Gain((gained - lost) / rows, mean - half, mean + half, rows, beyond_chance=by_chance <= error_rate)


def _gain_of_mean(differences: Any, error_rate: float) -> Gain:
    from scipy.special import stdtrit

    rows = len(differences)
    mean, error = float(differences.mean()), float(differences.std(ddof=1)) / rows**0.5
    half = float(stdtrit(rows - 1, 1 - error_rate)) * error
    return Gain(mean, mean - half, mean + half, rows)


def _needs(found: Gain, margin: float, error_rate: float) -> str:
    """Return in words how many rows would decide with a chance of 80 %, if the gain is what it seems."""
    quantile = normal_quantile(1 - error_rate)
    error = (found.high - found.low) / (2 * quantile)
    distance = abs(found.value - margin)
    times = ((quantile + normal_quantile(POWER)) * error / distance) ** 2 if distance else float("inf")
    rows = found.rows * max(times, 1.0)
    if not isfinite(rows) or rows > _MOST_ROWS:
        return "both are so alike that no number of rows would decide"
    more = max(ceil(rows) - found.rows, 1)
    return f"about {more:,} more labelled rows would decide, if the gain is what it seems"
