"""When a race drops which share of its candidates: successive halving and Hyperband. Pure.

A *rung* gives each of its candidates the same amount of a *resource*, such as rows to train on; the
best go on to the next rung, which gives more. A *bracket* is the rungs of one set of candidates, from
its smallest amount up to the largest there is.

Sources: Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
optimization" (AISTATS); Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar 2018, "Hyperband" (JMLR 18).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Powers that are whole but for the last bits of a float count as whole.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Rung:
    """One round of a race."""

    candidates: int  #: so many take part
    amount: float  #: of the resource that each gets


Bracket = tuple[Rung, ...]


def successive_halving(
    candidates: int, most: float, least: float, rate: float, *, aggressive: bool = False, exhaust: bool = True
) -> Bracket:
    """Return the rungs that lead ``candidates`` to the amount ``most``, ``1 / rate`` of them staying each time.

    Parameters
    ----------
    candidates : int
    most : float
        What the last rung gives.
    least : float
        No rung gives less.
    rate : float
        Above 1; amounts grow by it, candidates shrink by it (rounded down, but never to none).
    aggressive : bool, default False
        Where the amounts allow fewer rungs than the candidates need, drop more of them after the first
        rung, so that less than ``rate`` of them reach the last; otherwise more reach it.
    exhaust : bool, default True
        Take no more rungs than the candidates need; otherwise as many as the amounts allow.

    Examples
    --------
    >>> [(rung.candidates, rung.amount) for rung in successive_halving(81, 81, 1, 3)]
    [(81, 1.0), (27, 3.0), (9, 9.0), (3, 27.0), (1, 81.0)]
    """
    needed, possible = 1 + _steps(candidates, rate), 1 + _steps(most / least, rate)
    count = min(needed, possible) if exhaust else possible
    skipped = max(0, needed - count) if aggressive else 0
    return tuple(
        Rung(_stay(candidates, rate, rung + skipped if rung else 0), float(most / rate ** (count - 1 - rung)))
        for rung in range(count)
    )


def hyperband(most: float, least: float, rate: float, candidates: int | None = None) -> tuple[Bracket, ...]:
    """Return the brackets of Hyperband, from the one with most candidates to the one with one rung.

    Parameters
    ----------
    most, least, rate : float
        As in :func:`successive_halving`.
    candidates : int, optional
        How many in all brackets together, shared among them as Hyperband would; of fewer candidates
        than brackets, the first brackets get one each. Default: Hyperband's own number.

    Examples
    --------
    >>> for bracket in hyperband(81, 1, 3):
    ...     print([(rung.candidates, round(rung.amount)) for rung in bracket])
    [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)]
    [(34, 3), (11, 9), (3, 27), (1, 81)]
    [(15, 9), (5, 27), (1, 81)]
    [(8, 27), (2, 81)]
    [(5, 81)]
    """
    last = _steps(most / least, rate)
    sizes = [math.ceil((last + 1) / (step + 1) * rate**step - _ROUNDING) for step in range(last, -1, -1)]
    if candidates is not None:
        sizes = _shared(candidates, sizes)
    return tuple(
        successive_halving(size, most, most / rate**step, rate, exhaust=False)
        for size, step in zip(sizes, range(last, -1, -1), strict=False)
        if size
    )


def final(candidates: int, folds: int, fewest: int, rate: float) -> Bracket:
    """Return the rungs of those who have all of the resource, after each was judged on the fewest folds.

    A rung judges ``1 / rate`` of the candidates of the one before (rounded up), on ``rate`` times as
    many folds; the last one on all. Two go on to all folds at once: nobody wins without a rival there.

    Parameters
    ----------
    candidates : int
    folds, fewest : int
        How many there are; how many have judged all candidates.
    rate : float

    Examples
    --------
    >>> [(rung.candidates, rung.amount) for rung in final(8, 5, 1, 3)]
    [(3, 2.0), (2, 5.0)]
    """
    steps = [folds]
    while steps[0] > fewest:
        steps.insert(0, max(fewest, min(steps[0] - 1, math.ceil(steps[0] / rate))))
    rungs: list[Rung] = []
    for count in steps[1:]:
        candidates = max(min(candidates, 2), math.ceil(candidates / rate - _ROUNDING))
        if candidates <= 2:
            return (*rungs, Rung(candidates, float(folds)))
        rungs.append(Rung(candidates, float(count)))
    return tuple(rungs)


def _steps(ratio: float, rate: float) -> int:
    """Return how often ``ratio`` can be divided by ``rate`` before it falls below 1."""
    return max(0, math.floor(math.log(ratio) / math.log(rate) + _ROUNDING))


def _stay(candidates: int, rate: float, times: int) -> int:
    return max(1, math.floor(candidates / rate**times + _ROUNDING))


def _shared(total: int, weights: list[int]) -> list[int]:
    """Share a whole number by weights: what rounding down leaves goes to the largest remainders, one each."""
    if total <= len(weights):
        return [1] * total
    rest = total - len(weights)  # no bracket is empty
    exact = [rest * weight / sum(weights) for weight in weights]
    shares = [math.floor(share) for share in exact]
    order = sorted(range(len(weights)), key=lambda place: shares[place] - exact[place])
    for place in order[: rest - sum(shares)]:
        shares[place] += 1
    return [1 + share for share in shares]
