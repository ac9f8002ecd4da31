"""Schedules and triggers that are due become jobs: each due time once, whoever looks."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import leases, ledger, tasks, triggers
from hanalife.database.engine import Database
from hanalife.errors import Error
from hanalife.records import Misfire, Schedule, Tick, Trigger
from hanalife.scheduling import policies

logger = logging.getLogger(__name__)


def fire(connection: sa.Connection, seen: Schedule, now: datetime) -> None:
    """Account for the due times that have passed and queue their jobs, all or nothing.

    A schedule that cannot be read, because somebody else wrote it, is paused and says so.
    """
    if not tasks.lock(connection, seen.task_id):
        return
    try:
        found = policies.passed(seen, now)
    except Error as error:
        tasks.update_schedule(connection, replace(seen, enabled=False, next_due=None))
        tasks.append_log(connection, seen.task_id, [("SCHEDULE", now, f"Paused: {error}")])
        return
    if not ledger.advance(connection, seen, found.next_due):
        return  # another worker was quicker, or the schedule was altered
    recorded = {tick.due for tick in ledger.between(connection, seen.task_id, found.dues[0])}
    dues = [due for due in found.dues if due not in recorded]
    more_to_come = found.next_due is not None and found.next_due <= now
    _account(connection, seen.task_id, dues, now, more_to_come=more_to_come)


def _account(
    connection: sa.Connection, task_id: str, dues: list[datetime], now: datetime, *, more_to_come: bool
) -> None:
    policy = tasks.task(connection, task_id).policy
    waiting = leases.waiting_job(connection, task_id)
    held_up = waiting is not None or more_to_come
    busy = leases.is_busy(connection, task_id)
    decisions = policies.decide(dues, now, policy, waiting=held_up, busy=busy)
    own = [decision.due for decision in decisions if decision.has_job]
    jobs = dict(zip(own, leases.queue_all(connection, task_id, own, now), strict=True)) if own else {}
    made_up = None if policy.misfire == Misfire.ALL else next(iter(jobs.values()), waiting)
    if policy.misfire == Misfire.SKIP and not jobs:
        made_up = None
    ticks = [Tick(task_id, one.due, one.status, jobs.get(one.due, made_up), now) for one in decisions]
    ledger.record_ticks(connection, ticks)


def check(database: Database, seen: Trigger, now: datetime) -> None:
    """Look at what a trigger watches and queue a job if it has moved on.

    What cannot be looked at, such as a table that has vanished, is said in the task's log once,
    and looked for again.
    """
    found, message = _observe(database, seen)
    next_check = now + timedelta(seconds=seen.check_seconds)
    after = replace(seen, seen=seen.seen if message else found, next_check=next_check, message=message)
    with database.write() as connection:
        if not tasks.lock(connection, seen.task_id) or not triggers.advance(connection, seen, after):
            return
        if message and message != seen.message:
            tasks.append_log(connection, seen.task_id, [("TRIGGER", now, message)])
        said = None if message else reason_to_fire(seen, found)
        if said is not None:
            tasks.append_log(connection, seen.task_id, [("TRIGGER", now, said)])
            if leases.waiting_job(connection, seen.task_id) is None:
                leases.queue(connection, seen.task_id, now, now)


def _observe(database: Database, trigger: Trigger) -> tuple[Any, str]:
    try:
        with database.read() as connection:
            if trigger.kind == "new_data":
                return triggers.observe_table(connection, trigger.definition), ""
            if trigger.kind == "metric":
                return triggers.observe_metric(connection, trigger.definition), ""
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise
        reason = str(error.orig).strip().splitlines()[0]
        return None, f"The trigger cannot look at what it watches: {reason}. It tries again."
    return None, f"The trigger is of kind {trigger.kind!r}, which this hanalife does not know; upgrade the worker."


def reason_to_fire(trigger: Trigger, found: Any) -> str | None:
    """Return why an observation makes a task due, or None if it does not. Pure."""
    watched = trigger.definition
    if found is None:
        return None
    if trigger.kind == "new_data":
        what = f"the greatest {watched['key']}" if watched["key"] else "the number of rows"
        advanced = trigger.seen is None or found > trigger.seen
        return f"New data in {watched['table']}: {what} is {found}, was {trigger.seen}." if advanced else None
    if trigger.seen is not None and trigger.seen["run_id"] == found["run_id"]:
        return None
    value, above, below = found["value"], watched["above"], watched["below"]
    beyond = (above is not None and value > above) or (below is not None and value < below)
    limit = f"above {above}" if above is not None and value > above else f"below {below}"
    return f"{watched['metric']} of run {found['run_id']} is {value}, {limit}." if beyond else None
