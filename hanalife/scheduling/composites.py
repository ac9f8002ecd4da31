"""How a composite goes on, given how its parts have gone so far. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hanalife.records import JobStatus

_OPEN = (JobStatus.QUEUED, JobStatus.RUNNING)


class Rule(StrEnum):
    """When a composite is executed well."""

    SEQUENTIAL = "SEQUENTIAL"  #: one part after another, each well; the first that is not ends it
    ALL = "ALL"  #: all parts at the same time, each well; the others still finish if one is not
    ANY = "ANY"  #: all parts at the same time; the first that ends well stops the others


@dataclass(frozen=True, slots=True)
class NextStep:
    """What is to be done now; places count from 1."""

    start: tuple[int, ...] = ()  #: parts to queue
    stop: bool = False  #: ask the parts that wait or run to stop
    skip: tuple[int, ...] = ()  #: parts that get no turn any more
    outcome: JobStatus | None = None  #: how the composite has ended; None: not yet
    shut: int | None = None  #: the part whose gate stayed shut, which ends the composite well


def next_step(
    rule: Rule,
    size: int,
    parts: Mapping[int, JobStatus],
    *,
    gates: Mapping[int, str] | None = None,
    verdicts: Mapping[int, str | None] | None = None,
    cancelled: bool = False,
    time_over: bool = False,
) -> NextStep:
    """Return what a composite needs next. It ends when none of its parts waits or runs any more.

    Parameters
    ----------
    rule : Rule
        When it is executed well.
    size : int
        How many parts it has.
    parts : mapping
        The status of each part that has been queued or skipped, by place.
    gates : mapping, optional
        The verdict of the part before that a part of a sequence waits for, by place. Any other
        verdict keeps the gate shut: the parts from there on have no turn, and all is well.
    verdicts : mapping, optional
        What parts that succeeded have found, by place.
    cancelled : bool
        It was asked to stop.
    time_over : bool
        Its time limit is over.

    Examples
    --------
    >>> next_step(Rule.SEQUENTIAL, 3, {1: JobStatus.SUCCEEDED})
    NextStep(start=(2,), stop=False, skip=(), outcome=None, shut=None)
    >>> next_step(Rule.SEQUENTIAL, 3, {1: JobStatus.SUCCEEDED, 2: JobStatus.FAILED})
    NextStep(start=(), stop=False, skip=(3,), outcome=<JobStatus.FAILED: 'FAILED'>, shut=None)
    >>> next_step(Rule.SEQUENTIAL, 2, {1: JobStatus.SUCCEEDED}, gates={2: "drift"}, verdicts={1: "unknown"})
    NextStep(start=(), stop=False, skip=(2,), outcome=<JobStatus.SUCCEEDED: 'SUCCEEDED'>, shut=2)
    """
    is_open = any(status in _OPEN for status in parts.values())
    missing = tuple(place for place in range(1, size + 1) if place not in parts)
    good = sum(status is JobStatus.SUCCEEDED for status in parts.values())
    bad = len(parts) - good - sum(status in _OPEN for status in parts.values())
    won = good > 0 if rule is Rule.ANY else good == size
    lost = bad > 0 if rule is Rule.SEQUENTIAL else False
    must_stop = cancelled or time_over or won
    if is_open:
        return NextStep(stop=must_stop)
    if missing and not must_stop and not lost:
        if rule is Rule.SEQUENTIAL and not _opens(missing[0], gates or {}, verdicts or {}):
            return NextStep(skip=missing, outcome=JobStatus.SUCCEEDED, shut=missing[0])
        return NextStep(start=missing[:1] if rule is Rule.SEQUENTIAL else missing)
    return NextStep(skip=missing, outcome=_outcome(won=won, cancelled=cancelled, time_over=time_over))


def _opens(place: int, gates: Mapping[int, str], verdicts: Mapping[int, str | None]) -> bool:
    return place not in gates or verdicts.get(place - 1) == gates[place]


def _outcome(*, won: bool, cancelled: bool, time_over: bool) -> JobStatus:
    if cancelled:
        return JobStatus.CANCELLED
    if won:
        return JobStatus.SUCCEEDED
    return JobStatus.TIMED_OUT if time_over else JobStatus.FAILED
