"""Whether a challenger is better than the champion, and whether it is time to retrain. Pure.

Both models answer for the same rows, so their difference is taken row by row: what is hard for
both cancels out. A challenger is ``better`` if the lower bound of its gain lies above the margin;
the chance that one is called so whose true gain is at most the margin is the error rate, at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil, sqrt
from typing import Any

import numpy as np

from hanalife.confidence import shares
from hanalife.drift import performance, ranking
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

#: More than so many times the present rows are beyond what a pipeline will see.
_MAX_FACTOR = 100


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
    looked: bool = True  #: False: the reason was known before any model had answered for the rows
    beyond_chance: bool = True  #: False: a sign test of the rows they differ on says that chance does as much


def gain(metric: str, answers: Answers, error_rate: float) -> Gain:
    """Return how much better the challenger is, by one of :data:`METRICS`.

    Parameters
    ----------
    metric : str
        AUC: DeLong's paired interval with Student's quantile. ACCURACY: the score interval of a difference of paired
        proportions (T. Tango, Statistics in Medicine 17, 1998), beside the exact sign test, which
        holds however few rows the models differ on. MAE: mean of the differences with Student's
        interval. No interval has zero width: for AUC and MAE, models that differ on fewer than 20
        rows have none, because such rows do not tell how much they differ elsewhere.
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


def reverse(found: Gain) -> Gain:
    """Return the gain of the other model over this one."""
    return replace(found, value=-found.value, low=-found.high, high=-found.low)


def judge(found: Gain, margin: float, error_rate: float) -> tuple[str, str]:
    """Return the verdict on a challenger, and the reason in words.

    >>> judge(Gain(0.031, 0.012, 0.05, 500), 0.01, 0.025)
    ('better', '0.031 (95 % CI 0.012 to 0.05, 500 rows); a gain of at least 0.01 is required')
    """
    if found.reason:
        return UNKNOWN, found.reason
    required = f"a gain of at least {margin:g} is required" if margin else "a gain above 0 is required"
    text = f"{interval_text(found, error_rate)}; {required}"
    if found.low > margin and found.beyond_chance:
        return BETTER, text
    if found.high <= margin:
        return NOT_BETTER, text
    return UNKNOWN, f"{text}. {_needs(found, margin, error_rate)}"


def interval_text(found: Gain, error_rate: float) -> str:
    """Return a gain with its two-sided interval, whose level follows from the error rate of each side."""
    low, high, level = f"{found.low:.3g}", f"{found.high:.3g}", f"{100 * (1 - 2 * error_rate):.4g}"
    return f"{found.value:.3g} ({level} % CI {low} to {high}, {found.rows:,} rows)"


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
    return f"{rows} labeled rows are too few: at least {FEWEST_ROWS - rows} more are needed"


def nothing(rows: int, reason: str, *, looked: bool = False) -> Gain:
    """Return what is known if the rows do not tell, and why."""
    nan = float("nan")
    return Gain(nan, nan, nan, rows, reason, looked)


def _gain_of_area(answers: Answers, error_rate: float) -> Gain:
    truth, rows = np.asarray(answers.truth, bool), len(answers.truth)
    fewer = min(int(truth.sum()), rows - int(truth.sum()))
    if fewer < FEWEST_ROWS:
        return nothing(rows, f"one class has {fewer} rows of {rows}; at least {FEWEST_ROWS} of each are needed")
    champion, challenger = (Scored(truth, np.asarray(chances, float)) for chances in _both(answers))
    differing = int(sum(np.count_nonzero(change) for change in _placement_changes(champion, challenger)))
    if differing < FEWEST_ROWS:
        return _alike(rows, differing)
    found = performance.difference(champion, challenger, paired=True, level=1 - 2 * error_rate)
    return Gain(*found.area, rows)


def _gain_of_hits(answers: Answers, error_rate: float) -> Gain:
    from scipy.stats import binom

    truth = np.asarray(answers.truth)
    old, new = (np.asarray(said) == truth for said in _both(answers))
    gained, lost, rows = int((new & ~old).sum()), int((old & ~new).sum()), len(truth)
    low, high = shares.paired_difference(gained, lost, rows, 1 - 2 * error_rate)
    by_chance = float(binom.sf(gained - 1, gained + lost, 0.5))
    return Gain((gained - lost) / rows, low, high, rows, beyond_chance=by_chance <= error_rate)


def _gain_of_mean(differences: Any, error_rate: float) -> Gain:
    from scipy.special import stdtrit

    rows, differing = len(differences), int(np.count_nonzero(differences))
    if differing < FEWEST_ROWS:
        return _alike(rows, differing)
    mean = float(differences.mean())
    # If all differ by the same, the spread is taken as that of one row without a difference and one of twice as much.
    error = max(float(differences.std(ddof=1)), abs(mean) * sqrt(2 / rows)) / sqrt(rows)
    half = float(stdtrit(rows - 1, 1 - error_rate)) * error
    return Gain(mean, mean - half, mean + half, rows)


def _placement_changes(champion: Scored, challenger: Scored) -> list[Any]:
    """Return by how much each row changes its rank among the rows of the other class."""
    truth = champion.positive
    before, after = (ranking.placements(one.score[truth], one.score[~truth]) for one in (champion, challenger))
    return [new - old for old, new in zip(before, after, strict=True)]


def _alike(rows: int, differing: int) -> Gain:
    reason = (
        f"the models differ on {differing} of {rows:,} rows, which does not tell how much they differ elsewhere; "
        f"at least {FEWEST_ROWS} such rows are needed"
    )
    return nothing(rows, reason, looked=True)


def _needs(found: Gain, margin: float, error_rate: float) -> str:
    """Return how many rows would decide with a chance of 80 % if the true gain is the measured one."""
    quantile = normal_quantile(1 - error_rate)
    error = (found.high - found.low) / (2 * quantile)
    distance = abs(found.value - margin)
    factor = max(((quantile + normal_quantile(POWER)) * error / distance) ** 2, 1.0) if distance else float("inf")
    if factor > _MAX_FACTOR:
        return "If the true gain is the measured one, more data is unlikely to settle this"
    more = max(ceil(found.rows * factor) - found.rows, 1)
    return f"If the true gain is the measured one, about {more:,} more labeled rows would settle this"
