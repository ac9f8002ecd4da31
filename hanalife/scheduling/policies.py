"""What to do with due times that have passed. Pure: the moments are arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hanalife.errors import CronError
from hanalife.records import Schedule, TickStatus
from hanalife.scheduling import cron

#: A job queued later than this after its due time is LATE.
GRACE = timedelta(seconds=60)
#: So many due times are accounted for in one transaction; the rest follows in the next.
MAX_DUE_TIMES = 1000


@dataclass(frozen=True, slots=True)
class TickDecision:
    """What becomes of one due time. RAN and LATE need a job of their own, MERGED does not."""

    due: datetime
    status: TickStatus


@dataclass(frozen=True, slots=True)
class Passed:
    """The due times of a schedule that have passed, oldest first, and the one that comes next."""

    dues: tuple[datetime, ...]
    next_due: datetime | None


def first_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first due time later than a moment within the schedule's start and end, or None."""
    if schedule.start_time is not None:
        # A due time at the start itself counts.
        after = max(after, schedule.start_time - timedelta(microseconds=1))
    found = cron.next_after(schedule.cron, after, schedule.timezone)
    ended = found is None or (schedule.end_time is not None and found > schedule.end_time)
    return None if ended else found


def with_next_due(schedule: Schedule, now: datetime) -> Schedule:
    """Return a schedule that becomes due for the first time after a moment.

    Raises
    ------
    CronError
        It never becomes due.
    """
    next_due = first_due(schedule, now)
    if next_due is None:
        raise CronError(
            f"cron: {schedule.cron!r} never becomes due after {now:%Y-%m-%d %H:%M:%S} UTC within "
            f"{schedule.start_time or 'any start'} and {schedule.end_time or 'any end'}."
        )
    return replace(schedule, next_due=next_due)


def passed(schedule: Schedule, now: datetime, limit: int = MAX_DUE_TIMES) -> Passed:
    """Return the due times from ``schedule.next_due`` to now, at most ``limit`` of them."""
    dues: list[datetime] = []
    due = schedule.next_due
    while due is not None and due <= now and len(dues) < limit:
        dues.append(due)
        due = first_due(schedule, due)
    return Passed(tuple(dues), due)


def decide(
    dues: Sequence[datetime], now: datetime, *, waiting: bool = False, grace: timedelta = GRACE
) -> list[TickDecision]:
    """Decide on due times that have passed: one run makes up for all of them.

    Parameters
    ----------
    dues : sequence of datetime
        Oldest first.
    now : datetime
        The present moment.
    waiting : bool
        A job of the task waits already; it makes up for these due times as well, so that a
        task slower than its schedule does not pile up jobs.
    grace : timedelta, default 60 seconds
        A run that starts later than this after its due time is LATE.
    """
    decisions = [TickDecision(due, TickStatus.MERGED) for due in dues]
    if dues and not waiting:
        status = TickStatus.RAN if now - dues[-1] <= grace else TickStatus.LATE
        decisions[-1] = TickDecision(dues[-1], status)
    return decisions
