"""Let candidates race: give all a little of a resource, and more of it to the best only.

Rungs of all brackets that give the same amount are one: their candidates share binned rows and
trainings, and no processor waits for the end of a bracket. Few folds judge at first. Only those who
have all of the resource, and ever fewer of them, go on to more folds; the winner has been on all.
"""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning import cross_validation, folds, halving
from hanalife.learning.cross_validation import Judged, Judgement, Tally, Told
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation.by_name import Metric
from hanalife.learning.halving import Bracket, Rung
from hanalife.learning.memory import Memory
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.parameters.selection import DATA_SIZE, SHA
from hanalife.learning.preparation import Preparation
from hanalife.learning.scoring import Court
from hanalife.learning.search import Candidate
from hanalife.learning.selection import Race, Selection

if TYPE_CHECKING:
    from hanalife.learning.folds import Fold

logger = logging.getLogger(__name__)

#: A race by data size trains on no fewer rows of a class, or twice as many of a number, if not told otherwise.
LEAST_ROWS = 50

#: A race gives no less than this share of the resource, if not told otherwise. With less, models win that are too
#: small for all of it: on nine data sets, with 25 grids each, the winner was within one standard error of the grid's
#: in 56 % of races that began with 1/27, 85 % with 1/9, 99.9 % with 1/3, in 0.15, 0.26 and 0.52 of the grid's time
#: (``tests/benchmarks/races.md``). Which models suit few rows is no matter of chance, so that judging more often, or
#: keeping all that chance cannot tell apart, helps less than a third of the rows does.
LEAST_SHARE = 1 / 3

#: Of fewer rows successive halving by data size spares none, if not told otherwise: one halving is all that they
#: allow, which took 0.9 of the whole grid's time with 400 rows as with 900, and may drop the best by chance.
LEAST_TO_HALVE = 1000

#: Hyperband tries no fewer, if not told otherwise: of few rows little can be spared, and its own number is a handful.
LEAST_TRIES = 27

#: So many rows judge on every rung, if there are, and so many of each class: with fewer, chance decides.
LEAST_JUDGES, LEAST_OF_A_CLASS = 1000, 10

#: A bracket, its candidates, and the first one's number.
Start = tuple[Bracket, Sequence[Candidate], int]


def brackets(
    selection: Selection, table: Iterable[Parameter], rows: Rows, parts: Sequence[Fold], seed: int
) -> list[Start]:
    """Return who races whom."""
    race = selection.race
    assert race is not None, "only then is there a race"
    least = _least(race, rows, parts)
    if race.method == SHA:
        candidates = selection.candidates(table, seed)
        bracket = halving.successive_halving(
            len(candidates), race.most, least, race.rate, aggressive=race.aggressive, exhaust=race.least_rate == 0
        )
        return [(bracket, candidates, 1)]
    plan = halving.hyperband(race.most, least, race.rate, selection.search_times or None)
    if not selection.search_times and race.least_rate == 0:
        plan = halving.hyperband(race.most, least, race.rate, max(LEAST_TRIES, _authors_tries(race, rows, parts)))
    candidates = selection.candidates(table, seed, _tries(plan))
    if len(candidates) < _tries(plan):  # the lists of values hold no more
        plan = halving.hyperband(race.most, least, race.rate, len(candidates))
    ends = list(itertools.accumulate(bracket[0].candidates for bracket in plan))
    starts = [0, *ends[:-1]]
    return [(bracket, candidates[start:end], start + 1) for bracket, start, end in zip(plan, starts, ends, strict=True)]


def _tries(plan: Iterable[Bracket]) -> int:
    return sum(bracket[0].candidates for bracket in plan)


def _least(race: Race, rows: Rows, parts: Sequence[Fold]) -> float:
    """Return the smallest amount worth giving."""
    if race.least_rate:
        _warn_of_too_little(race.least_rate)
        return max(race.least_rate * race.most, 1.0 if race.resource != DATA_SIZE else 0.0)
    if race.resource != DATA_SIZE:
        return min(race.most, max(1.0, LEAST_SHARE * race.most))
    if race.method == SHA and len(rows) < LEAST_TO_HALVE:
        logger.info("%d rows are too few to spare any of them: each candidate is judged in full.", len(rows))
        return race.most
    return max(LEAST_SHARE, _least_share_of_rows(rows, parts))


def _least_share_of_rows(rows: Rows, parts: Sequence[Fold]) -> float:
    """Return the share that holds so many rows of each class as any comparison needs."""
    classes = len(set(rows.target.tolist())) if rows.target.dtype.kind in "iu" else 2
    return min(1.0, LEAST_ROWS * classes / min(len(train) for train, _ in parts))


def _authors_tries(race: Race, rows: Rows, parts: Sequence[Fold]) -> int:
    """Return how many candidates Hyperband's authors would draw if it began with as little as can be compared."""
    least = 1.0 if race.resource != DATA_SIZE else _least_share_of_rows(rows, parts)
    return _tries(halving.hyperband(race.most, min(race.most, least), race.rate))


def _warn_of_too_little(share: float) -> None:
    if share < LEAST_SHARE - 1e-9:
        logger.warning(
            "min_resource_rate: a first rung with %.3g of the resource favors small models, which may not be the best "
            "with all of it; leave it out, or give at least %.3g.",
            share,
            LEAST_SHARE,
        )


def fewest_folds(parts: Sequence[Fold], codes: Any = None) -> int:
    """Return how many folds, from the first on, hold enough rows that judge.

    Parameters
    ----------
    parts : sequence of (train, test)
    codes : array, shape (n_rows,), optional
        Class codes; some of each class are to be among the rows that judge.
    """
    rows, seen = 0, np.zeros(0 if codes is None else int(codes.max()) + 1, dtype=np.intp)
    for count, (_, test) in enumerate(parts, 1):
        rows += len(test)
        seen += 0 if codes is None else np.bincount(codes[test], minlength=len(seen))
        if rows >= LEAST_JUDGES and (seen >= LEAST_OF_A_CLASS).all():
            return count
    return len(parts)


@dataclass(slots=True)
class _Entered:
    """A bracket under way."""

    bracket: Bracket
    alive: list[tuple[int, Candidate]]

    def at(self, amount: float) -> list[tuple[int, Candidate]]:
        """Return who takes part where so much is given."""
        return self.alive if self.bracket[0].amount <= amount else []

    def drop(self, amount: float, order: Sequence[Judged]) -> None:
        """Keep the best after the rung of this amount; nobody is dropped before the first or after the last."""
        after = next((rung for rung in self.bracket[1:] if rung.amount > amount), None)
        if after is None or self.bracket[0].amount > amount:
            return
        own = dict(self.alive)
        best = [one.number for one in order if one.number in own][: after.candidates]
        self.alive = [(number, own[number]) for number in sorted(best)]


@dataclass(frozen=True, slots=True)
class _Course:
    """What a race is run on."""

    race: Race
    parts: Sequence[Fold]
    codes: Any  #: of classes; None: numbers are predicted
    fewest: int  #: so many folds judge at first
    seed: int

    def folds(self, amount: float, n_folds: int) -> list[Fold]:
        """Return some of the folds, with the rows that a rung trains on."""
        parts = self.parts[:n_folds]
        if self.race.resource != DATA_SIZE or amount >= 1:
            return list(parts)
        least = 2 if self.codes is None else len(set(self.codes.tolist()))
        return [folds.growing(part, amount, least, self.seed, self.codes) for part in parts]


@dataclass(slots=True)
class _Running:
    """A race under way."""

    court: Court
    course: _Course
    metric: str
    tally: Tally
    judged: list[Judged] = field(default_factory=list)
    rungs: list[str] = field(default_factory=list)
    timed_out: bool = False

    def rung(
        self, amount: float, n_folds: int, entrants: Sequence[tuple[int, Candidate]], deadline: float
    ) -> list[Judged]:
        """Judge on one rung; return who has been on every of its folds, the best first."""
        number = len(self.rungs) + 1
        resource, n_parts = self.course.race.resource, len(self.course.parts)
        amount = amount if resource == DATA_SIZE else float(max(1, round(amount)))
        coarse = self.court.engine.coarser(self.court.base) if amount < self.course.race.most else {}
        said = [f"{len(entrants)} candidates", f"{resource} {amount:g}", *(f"{key} {coarse[key]}" for key in coarse)]
        said += [] if n_folds == n_parts else [f"{n_folds} of {n_parts} folds"]
        self.rungs.append(", ".join(said))
        changed = {} if resource == DATA_SIZE else {resource: int(amount)}
        found = cross_validation.complete(
            replace(self.court, base={**self.court.base, **coarse}),
            self.course.folds(amount, n_folds),
            [{**candidate, **changed} for _, candidate in entrants],
            [number for number, _ in entrants],
            self.tally,
            deadline,
            number,
            amount,
        )
        self.judged += found
        self.timed_out = len(found) < len(entrants)
        return cross_validation.ranked(found, self.metric) if found else []

    def brackets(self, starts: Sequence[Start], deadline: float) -> list[Judged]:
        """Run all brackets side by side; return the order on the last rung, or on the last one begun in time."""
        fields = [_Entered(bracket, list(enumerate(candidates, first))) for bracket, candidates, first in starts]
        order: list[Judged] = []
        for amount in _amounts(starts):
            entrants = [entrant for one in fields for entrant in one.at(amount)]
            order = self.rung(amount, self.course.fewest, entrants, deadline) or order
            if self.timed_out:
                break
            for one in fields:
                one.drop(amount, order)
        return order

    def final(self, order: list[Judged], stages: Sequence[Rung], deadline: float) -> list[Judged]:
        """Judge those who have all of the resource on ever more folds, ever fewer of them; return the order."""
        for stage in stages:
            entrants = sorted((one.number, one.candidate) for one in order[: stage.candidates])
            order = self.rung(self.course.race.most, int(stage.amount), entrants, deadline)
            if self.timed_out:
                break
        return order


def _amounts(starts: Sequence[Start]) -> list[float]:
    return sorted({rung.amount for bracket, _, _ in starts for rung in bracket})


def run(
    engine: Engine,
    rows: Rows,
    parts: Sequence[Fold],
    starts: Sequence[Start],
    base: Mapping[str, Any],
    metrics: Mapping[str, Metric],
    selection: Selection,
    progress: Told,
    memory: Memory,
    identity: str,
    now: Callable[[], float] = time.monotonic,
    preparation: Preparation | None = None,
) -> Judgement:
    """Run all brackets, then the final; its winner has had all of the resource, on all folds.

    On a rung of less than all rows, a fold trains on a part of its rows, the same for all
    candidates, and judges on all of its other rows. Where less than all of the resource is given, the
    engine may take what makes it quicker (:meth:`Engine.coarser`). Rungs judge on the first folds only, as many
    as :func:`fewest_folds` says; see :func:`halving.final` for those who reach the last.
    When time is up, the leader of the last rung is given all of the resource on all folds, and wins.

    Raises
    ------
    InvalidArgumentError
        The deciding metric is defined on no fold.
    SearchCancelledError
        The memory knows that someone wants it to stop.
    """
    race = selection.race
    assert race is not None, "only then is there a race"
    codes = rows.target if engine.problem.classifies else None
    course = _Course(race, parts, codes, fewest_folds(parts, codes), base["random_state"])
    finalists = sum(bracket[-1].candidates for bracket, _, _ in starts)
    stages = halving.final(finalists, len(parts), course.fewest, race.rate)
    before = [rung.candidates for bracket, _, _ in starts for rung in bracket]
    total = sum(before) * course.fewest + sum(stage.candidates * int(stage.amount) for stage in stages)
    deadline = now() + selection.timeout_seconds if selection.timeout_seconds else math.inf
    memory.begin(identity, total)
    progress(0, total, ())
    court = Court(engine, rows, base, metrics, memory, identity, now, preparation)
    running = _Running(court, course, selection.metric, Tally(progress, total))
    order = running.brackets(starts, deadline)
    if not running.timed_out:
        order = running.final(order, stages, deadline) or order
    timed_out = running.timed_out
    if timed_out:
        logger.warning(
            "timeout: the leader after %s s, candidate %d, wins.", selection.timeout_seconds, order[0].number
        )
    if timed_out and not _has_all(order[0], course):
        running.tally.total = running.tally.done + len(parts)
        order = running.rung(race.most, len(parts), [(order[0].number, order[0].candidate)], math.inf)
    return Judgement(tuple(running.judged), order[0], timed_out, tuple(running.rungs))


def _has_all(one: Judged, course: _Course) -> bool:
    """Say whether a candidate had all of the resource on all folds."""
    return one.amount == course.race.most and len(next(iter(one.scores.values()))) == len(course.parts)
