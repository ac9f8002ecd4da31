"""Intervals of shares of rows, and of how a share differs between two models on the same rows. Pure."""

from __future__ import annotations

import math

from hanalife.confidence.interval import LEVEL, Interval, Withheld, boundary


def share(hits: int, trials: int, level: float = LEVEL) -> Interval | Withheld:
    """Return the mid-p interval of a share.

    The exact binomial tail counts the observed number by half (H. O. Lancaster, J. Am. Stat. Assoc. 56, 1961;
    A. Agresti, A. Gottard, Comput. Stat. Data Anal. 51, 2007). For shares from 0.5 to 0.9995 of 50 to 2,000 rows
    it covers 95 to 97 % on average and never less than 91.7 %, where Wilson's goes down to 84 % for rare errors.

    >>> tuple(round(bound, 4) for bound in share(8, 10))
    (0.4805, 0.965)
    """
    if not trials:
        return Withheld("no rows")
    tail, misses = (1 - level) / 2, trials - hits
    low = 0.0 if not hits else boundary(lambda p: _above(hits, trials, p) < tail, 0.0, hits / trials)
    high = 1.0 if not misses else boundary(lambda p: _above(hits, trials, p) < 1 - tail, hits / trials, 1.0)
    return low, high


def f1_score(hits: int, misses: int, level: float = LEVEL) -> Interval | Withheld:
    """Return the interval of F1 of a class from its true positives and the sum of its two kinds of errors.

    With J the share of true positives among ``hits + misses`` rows, F1 is ``2 J / (1 + J)``, which grows with J; so
    the bounds of J give those of F1.
    """
    jaccard = share(hits, hits + misses, level)
    if isinstance(jaccard, Withheld):
        return jaccard
    low, high = jaccard
    return 2 * low / (1 + low), 2 * high / (1 + high)


def paired_difference(gained: int, lost: int, rows: int, level: float = LEVEL) -> Interval:
    """Return the interval of the difference of two shares of the same rows, ``(gained - lost) / rows``.

    The score interval of T. Tango, Statistics in Medicine 17 (1998): all differences that a score test does not
    reject. It has a width even if the models agree on every row. Exact coverage of 95 % intervals is 93 % or more
    for 50 to 500 rows of which 0.2 to 30 % differ; the usual normal interval falls to 9.5 %.

    Parameters
    ----------
    gained, lost : int
        Rows that only the second model gets right; rows that only the first one gets right.
    rows : int
        All rows, at least 1.
    """
    quantile = normal_quantile((1 + level) / 2)
    value = (gained - lost) / rows

    def statistic(difference: float) -> float:
        linear = (2 * rows - gained + lost) * difference - gained - lost
        constant = -lost * difference * (1 - difference)
        only_first = (math.sqrt(max(linear**2 - 8 * rows * constant, 0.0)) - linear) / (4 * rows)
        variance = rows * (2 * only_first + difference * (1 - difference))
        distance = gained - lost - rows * difference
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    low = -1.0 if lost == rows else boundary(lambda d: statistic(d) > quantile, -1.0, value)
    high = 1.0 if gained == rows else boundary(lambda d: statistic(d) > -quantile, value, 1.0)
    return low, high


def normal_quantile(probability: float) -> float:
    """Return the quantile of the standard normal distribution."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def _above(hits: int, trials: int, chance: float) -> float:
    """Return the probability of more hits, and half of that of as many; it grows with the chance of a hit."""
    from scipy.special import betainc

    as_many_or_more = betainc(hits, trials - hits + 1, chance) if hits else 1.0
    more = betainc(hits + 1, trials - hits, chance) if hits < trials else 0.0
    return float(as_many_or_more + more) / 2
