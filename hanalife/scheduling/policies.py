"""What to do with due times that have passed, and which policies there are. Pure: the moments are arguments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite

from hanalife.errors import ArgumentTypeError, CronError, InvalidArgumentError
from hanalife.records import Misfire, Schedule, TaskPolicy, TickStatus
from hanalife.scheduling import cron

#: So many due times are accounted for in one transaction; the rest follows in the next.
MAX_DUE_TIMES = 1000


@dataclass(frozen=True, slots=True)
class TickDecision:
    """What becomes of one due time; RAN and LATE need a job of their own, the others do not."""

    due: datetime
    status: TickStatus

    @property
    def has_job(self) -> bool:
        """Whether a job is to be queued for it."""
        return self.status in (TickStatus.RAN, TickStatus.LATE)


@dataclass(frozen=True, slots=True)
class Passed:
    """The due times of a schedule that have passed, oldest first, and the one that comes next."""

    dues: tuple[datetime, ...]
    next_due: datetime | None


def first_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first due time later than a moment within the schedule's start and end, or None."""
    return next(dues_after(schedule, after), None)


def dues_after(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Give the due times later than a moment within the schedule's start and end, in order."""
    if schedule.start_time is not None:
        # A due time at the start itself counts.
        after = max(after, schedule.start_time - timedelta(microseconds=1))
    for due in cron.times_after(schedule.cron, after, schedule.timezone):
        if schedule.end_time is not None and due > schedule.end_time:
            return
        yield due


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
    if schedule.next_due is None or schedule.next_due > now:
        return Passed((), schedule.next_due)
    dues.append(schedule.next_due)
    for due in dues_after(schedule, schedule.next_due):
        if due > now or len(dues) == limit:
            return Passed(tuple(dues), due)
        dues.append(due)
    return Passed(tuple(dues), None)


def decide(
    dues: Sequence[datetime],
    now: datetime,
    policy: TaskPolicy = TaskPolicy(),  # noqa: B008 - a frozen value
    *,
    waiting: bool = False,
    busy: bool = False,
) -> list[TickDecision]:
    """Decide on due times that have passed.

    Parameters
    ----------
    dues : sequence of datetime
        Oldest first.
    now : datetime
        The present moment.
    policy : TaskPolicy
        With the misfire policy ``one`` the last due time gets a job, which makes up for the
        others; with ``all`` each gets one; with ``skip`` the last one does if it is in time and
        the task is free. Later than ``grace_seconds`` after a due time a job is LATE, and a due
        time without a job of its own was MISSED.
    waiting : bool
        A job of the task waits already; with ``one`` it makes up for these due times as well,
        so that a task slower than its schedule does not pile up jobs.
    busy : bool
        A job of the task waits or runs.
    """
    grace = timedelta(seconds=policy.grace_seconds)
    in_time = [now - due <= grace for due in dues]
    if policy.misfire == Misfire.ALL:
        words = [TickStatus.RAN if timely else TickStatus.LATE for timely in in_time]
    else:
        words = [TickStatus.MERGED if timely else TickStatus.MISSED for timely in in_time]
        if policy.misfire == Misfire.SKIP and busy:
            words = [TickStatus.SKIPPED if timely else TickStatus.MISSED for timely in in_time]
        elif words and policy.misfire == Misfire.SKIP and in_time[-1]:
            words[-1] = TickStatus.RAN
        elif words and policy.misfire == Misfire.ONE and not waiting:
            words[-1] = TickStatus.RAN if in_time[-1] else TickStatus.LATE
    return [TickDecision(due, word) for due, word in zip(dues, words, strict=True)]


def check_policy(policy: TaskPolicy) -> TaskPolicy:
    """Return a policy whose values can be used.

    Raises
    ------
    ArgumentTypeError, InvalidArgumentError
        One cannot; the message names it.
    """
    for name, low in (("retries", 0), ("concurrency", 1), ("priority", None)):
        value = getattr(policy, name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ArgumentTypeError(f"{name}: expected a whole number, got {value!r}.")
        if low is not None and value < low:
            raise InvalidArgumentError(f"{name}: expected at least {low}, got {value!r}.")
    for name in ("backoff_seconds", "grace_seconds", "time_limit_seconds"):
        value = getattr(policy, name)
        if value is not None:
            _check_seconds(name, value)
    if policy.time_limit_seconds == 0:
        raise InvalidArgumentError("time_limit_seconds: expected more than 0; leave it out for no limit.")
    if policy.misfire not in tuple(Misfire):
        raise InvalidArgumentError(f"misfire: expected one of {', '.join(Misfire)}, got {policy.misfire!r}.")
    return policy


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ArgumentTypeError(f"{name}: expected a number of seconds, got {value!r}.")
    if not isfinite(value) or value < 0:
        raise InvalidArgumentError(f"{name}: expected a finite number of seconds, at least 0, got {value!r}.")
