"""Let candidates race: give all a little of a resource, and more of it to the best only."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hanalife.learning import cross_validation, folds, halving
from hanalife.learning.cross_validation import Judged, Judgement, Tally, Told
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation.by_name import Metric
from hanalife.learning.halving import Bracket, Rung
from hanalife.learning.memory import Memory
from hanalife.learning.parameters.parameter import Parameter
from hanalife.learning.parameters.selection import DATA_SIZE, SHA
from hanalife.learning.scoring import Court
from hanalife.learning.search import Candidate
from hanalife.learning.selection import Race, Selection

if TYPE_CHECKING:
    from hanalife.learning.folds import Fold

logger = logging.getLogger(__name__)

#: A race by data size trains on no fewer rows of a class, or twice as many of a number, if not told otherwise.
LEAST_ROWS = 10

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
    candidates = selection.candidates(table, seed, sum(bracket[0].candidates for bracket in plan))
    if len(candidates) < sum(bracket[0].candidates for bracket in plan):  # the lists of values hold no more
        plan = halving.hyperband(race.most, least, race.rate, len(candidates))
    ends = list(itertools.accumulate(bracket[0].candidates for bracket in plan))
    starts = [0, *ends[:-1]]
    return [(bracket, candidates[start:end], start + 1) for bracket, start, end in zip(plan, starts, ends, strict=True)]


def _least(race: Race, rows: Rows, parts: Sequence[Fold]) -> float:
    """Return the smallest amount worth giving."""
    if race.resource != DATA_SIZE:
        return min(race.most, max(1.0, race.least_rate * race.most))
    if race.least_rate:
        return race.least_rate
    classes = len(set(rows.target.tolist())) if rows.target.dtype.kind in "iu" else 2
    return min(1.0, LEAST_ROWS * classes / min(len(train) for train, _ in parts))


@dataclass(slots=True)
class _Running:
    """A race under way."""

    court: Court
    race: Race
    parts: Sequence[Fold]
    metric: str
    tally: Tally
    deadline: float
    seed: int
    strata: Any
    judged: list[Judged] = field(default_factory=list)
    rungs: list[str] = field(default_factory=list)
    where: str = ""  #: in words, before what is said of a rung
    timed_out: bool = False

    def bracket(self, start: Start) -> list[Judged]:
        """Run one bracket; return who had all of the resource, or the order when time was up."""
        bracket, candidates, first = start
        alive: list[Judged] = []
        entrants = list(enumerate(candidates, first))
        for place, rung in enumerate(bracket):
            found = self.rung(rung, entrants, self.deadline)
            if len(found) < len(entrants):
                self.timed_out = True
                return cross_validation.ranked(found, self.metric) if found else alive
            alive = cross_validation.ranked(found, self.metric)
            if place + 1 < len(bracket):
                stay = sorted(alive[: bracket[place + 1].candidates], key=lambda one: one.number)
                entrants = [(one.number, candidates[one.number - first]) for one in stay]
        return alive

    def rung(self, rung: Rung, entrants: Sequence[tuple[int, Candidate]], deadline: float) -> tuple[Judged, ...]:
        """Judge on one rung; return who has been on every fold."""
        number = len(self.rungs) + 1
        amount = rung.amount if self.race.resource == DATA_SIZE else float(max(1, round(rung.amount)))
        self.rungs.append(f"{self.where}{len(entrants)} candidates, {self.race.resource} {amount:g}")
        changed = {} if self.race.resource == DATA_SIZE else {self.race.resource: int(amount)}
        found = cross_validation.complete(
            self.court,
            self._folds(amount),
            [{**candidate, **changed} for _, candidate in entrants],
            [number for number, _ in entrants],
            self.tally,
            deadline,
            number,
            amount,
        )
        self.judged += found
        return found

    def _folds(self, amount: float) -> list[Fold]:
        if self.race.resource != DATA_SIZE or amount >= 1:
            return list(self.parts)
        least = 2 if self.strata is None else len(set(self.strata.tolist()))
        return [folds.growing(part, amount, least, self.seed, self.strata) for part in self.parts]


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
) -> Judgement:
    """Run all brackets; the best of those that had all of the resource, on all folds, wins.

    On a rung of less than all rows, a fold trains on a part of its rows, the same for all
    candidates, and judges on all of its other rows. When time is up before anyone had all of the
    resource, the leader of the last rung is given it, and wins.

    Raises
    ------
    InvalidArgumentError
        The deciding metric is defined on no fold.
    SearchCancelledError
        The memory knows that someone wants it to stop.
    """
    race = selection.race
    assert race is not None, "only then is there a race"
    total = sum(rung.candidates for bracket, _, _ in starts for rung in bracket) * len(parts)
    deadline = now() + selection.timeout_seconds if selection.timeout_seconds else math.inf
    memory.begin(identity, total)
    progress(0, total, ())
    court = Court(engine, rows, base, metrics, memory, identity, now)
    strata = rows.target if engine.problem.classifies else None
    running = _Running(
        court, race, parts, selection.metric, Tally(progress, total), deadline, base["random_state"], strata
    )
    finalists: list[Judged] = []
    for number, start in enumerate(starts, 1):
        running.where = f"bracket {number}: " if len(starts) > 1 else ""
        order = running.bracket(start)
        finalists += [one for one in order if one.amount == race.most]
        if running.timed_out:
            break
    if not finalists:
        leader = order[0]  # the first candidate at least is never left out
        logger.warning("timeout: the leader after %s s, candidate %d, wins.", selection.timeout_seconds, leader.number)
        running.tally.total = running.tally.done + len(parts)
        finalists = list(running.rung(Rung(1, race.most), [(leader.number, leader.candidate)], math.inf))
    best = cross_validation.ranked(finalists, selection.metric)[0]
    return Judgement(tuple(running.judged), best, running.timed_out, tuple(running.rungs))
