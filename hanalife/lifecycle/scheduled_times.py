"""Schedules: when tasks become due, and the ledger of what became of each due time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from hanalife.database import leases, ledger, schedule_frames, task_frames, tasks
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError, TaskExistsError, TaskNotFoundError
from hanalife.lifecycle.procedure_names import procedure_of
from hanalife.lifecycle.scheduled_base import ScheduledBase, check_id, check_no_subtask, logger
from hanalife.records import Schedule, Tick, TickStatus
from hanalife.scheduling import cron as cron_text
from hanalife.scheduling.policies import MAX_DUE_TIMES, dues_after, passed, with_next_due
from hanalife.scheduling.recurrence import RecurrenceRange, parse_range


class ScheduledTimes(ScheduledBase):
    """Schedules of tasks."""

    def create_task_schedule(
        self,
        task_id: str,
        cron: str,
        recurrence_range: RecurrenceRange | None = None,
        force: bool = False,
        timezone: str = "UTC",
    ) -> DataFrame:
        """Execute a task at the times of a cron text. A task has at most one schedule.

        Parameters
        ----------
        task_id : str
            An existing task.
        cron : str
            ``YEAR MONTH MONTHDAY WEEKDAY HOUR MINUTE SECOND``, for example
            ``'* * * mon 8 0 0'``, or the five fields of Unix.
        recurrence_range : dict, optional
            ``start`` and ``end``: text or datetime, UTC unless they name a zone, inclusive.
        force : bool, default False
            Replace the present schedule.
        timezone : str, default 'UTC'
            IANA name of the zone whose clock the cron text means.

        Returns
        -------
        DataFrame
            OWNER, SCHEMA_NAME, SCHEDULE_NAME, CRON, START_TIME, END_TIME, IS_ENABLED,
            CREATE_TIME.

        Raises
        ------
        CronError
            The text is not of the grammar, or never becomes due.
        TaskExistsError
            There is a schedule and ``force`` is False.
        """
        fields, (start, end) = cron_text.normalize(cron), parse_range(recurrence_range)
        with self._locked(task_id) as (connection, now):
            old = tasks.schedule(connection, task_id)
            if old is not None:
                if not force:
                    raise TaskExistsError(
                        f"task_id: task {task_id!r} has a schedule; pass force=True to replace it, "
                        "or use alter_task_schedule."
                    )
                _settle(connection, old, now)
                tasks.delete_schedule(connection, task_id)
            new = Schedule(
                task_id, fields, timezone, enabled=True, start_time=start, end_time=end, next_due=None, created_at=now
            )
            schedule = with_next_due(new, now)
            tasks.insert_schedule(connection, schedule)
            _log(connection, schedule, now, "Scheduled")
            self._warn_without_worker(connection, now)
        return self._schedule_frame(task_id)

    def alter_task_schedule(
        self,
        task_id: str,
        cron: str | None = None,
        recurrence_range: RecurrenceRange | None = None,
        timezone: str | None = None,
    ) -> DataFrame:
        """Change the times of a schedule; what is None stays as it is. Returns as :meth:`create_task_schedule`."""
        with self._locked(task_id) as (connection, now):
            schedule = _settle(connection, _scheduled(connection, task_id), now)
            if cron is not None:
                schedule = replace(schedule, cron=cron_text.normalize(cron))
            if timezone is not None:
                schedule = replace(schedule, timezone=cron_text.zone(timezone).key)
            if recurrence_range is not None:
                start, end = parse_range(recurrence_range)
                schedule = replace(schedule, start_time=start, end_time=end)
            due = with_next_due(schedule, now)  # refuses what never becomes due, paused or not
            schedule = due if schedule.enabled else schedule
            tasks.update_schedule(connection, schedule)
            _log(connection, schedule, now, "Altered")
        return self._schedule_frame(task_id)

    def pause_task_schedule(self, task_id: str) -> DataFrame:
        """Let a schedule become due no more until :meth:`resume_task_schedule`."""
        with self._locked(task_id) as (connection, now):
            schedule = _settle(connection, _scheduled(connection, task_id), now)
            schedule = replace(schedule, enabled=False, next_due=None)
            tasks.update_schedule(connection, schedule)
            _log(connection, schedule, now, "Paused")
        return self._schedule_frame(task_id)

    def resume_task_schedule(self, task_id: str) -> DataFrame:
        """Let a paused schedule go on from now; due times during the pause are not made up for."""
        with self._locked(task_id) as (connection, now):
            schedule = _settle(connection, _scheduled(connection, task_id), now)
            schedule = with_next_due(replace(schedule, enabled=True), now)
            tasks.update_schedule(connection, schedule)
            _log(connection, schedule, now, "Resumed")
            self._warn_without_worker(connection, now)
        return self._schedule_frame(task_id)

    def remove_task_schedule(self, task_id: str) -> DataFrame | None:
        """Remove the schedule of a task and return it, or None if there is none."""
        query = schedule_frames.schedule(task_id, self._schema())
        with self._database.write() as connection:
            schedule = tasks.schedule(connection, task_id) if tasks.lock(connection, task_id) else None
            if schedule is None:
                logger.info("Task %r has no schedule; nothing was removed.", task_id)
                return None
            now = self._now(connection)
            removed = task_frames.frozen(connection, query)
            _settle(connection, schedule, now)
            tasks.delete_schedule(connection, task_id)
            tasks.append_log(connection, task_id, [("SCHEDULE", now, "Schedule removed.")])
        return self._frame(removed)

    def query_task_schedule(self, task_id: str, last_days: int = 0) -> tuple[DataFrame, DataFrame]:
        """Return two frames: the schedule of a task and its log.

        Parameters
        ----------
        task_id : str
            An existing task.
        last_days : int, default 0
            Only the log of so many days; 0 means all of it.
        """
        check_no_subtask(task_id)
        self._check_task(task_id)
        with self._database.read() as connection:
            since = self._now(connection) - timedelta(days=last_days) if last_days else None
        validity = schedule_frames.schedule_validity(task_id)
        return self._frame(validity), self._frame(task_frames.log_lines(task_id, since))

    def get_task_schedules(self, task_owner: str | None = None) -> DataFrame:
        """Return the schedules of an owner's tasks, by default those of the current user.

        Columns USER_NAME, SCHEMA_NAME, SCHEDULER_JOB_NAME, PROCEDURE_SCHEMA_NAME,
        PROCEDURE_NAME, CRON, START_TIME, END_TIME, IS_ENABLED, IS_VALID, COMMENTS, CREATE_TIME.
        """
        with self._database.read() as connection:
            procedures = {task.task_id: procedure_of(task) for task in tasks.tasks(connection)}
        return self._frame(schedule_frames.of_owner(task_owner or self.current_user, self._schema(), procedures))

    def next_due(self, task_id: str) -> datetime | None:
        """Return the next due time of a task in UTC, or None if nothing makes it due."""
        with self._database.read() as connection:
            tasks.task(connection, task_id)
            schedule = tasks.schedule(connection, task_id)
        return None if schedule is None else schedule.next_due

    def next_runs(self, task_id: str, n: int = 5) -> list[datetime]:
        """Return the next due times of a task in UTC: none without a schedule, or while it is paused.

        Parameters
        ----------
        task_id : str
            An existing task.
        n : int, default 5
            How many due times; fewer come back if there are no more.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise InvalidArgumentError(f"n: expected a whole number of at least 1, got {n!r}.")
        with self._database.read() as connection:
            tasks.task(connection, task_id)
            schedule = tasks.schedule(connection, task_id)
        if schedule is None or schedule.next_due is None:
            return []
        return list(itertools.islice(dues_after(schedule, schedule.next_due - timedelta(microseconds=1)), n))

    # --- the ledger ---------------------------------------------------------------------------

    def query_ledger(
        self, task_id: str, start: str | datetime | None = None, end: str | datetime | None = None
    ) -> DataFrame:
        """Return what became of each due time of a task.

        Parameters
        ----------
        task_id : str
            An existing task.
        start, end : str or datetime, optional
            Only due times in this range, UTC unless they name a zone, inclusive.

        Returns
        -------
        DataFrame
            DUE_TIME, STATUS, JOB_ID, JOB_STATUS, RECORDED_AT, oldest first. STATUS is RAN (its
            job was queued in time), LATE (its job was queued later), SKIPPED (the task was busy),
            MISSED (no worker was up; JOB_ID is the job that made up for it, if one did) or MERGED
            (the job of another due time stood for it).
        """
        self._check_task(task_id)
        low, high = parse_range({"start": start, "end": end}, "start, end")
        return self._frame(schedule_frames.ledger(task_id, low, high))

    def backfill(self, task_id: str, start: str | datetime, end: str | datetime) -> list[int]:
        """Queue a job for each due time of the past that had none, and return their numbers.

        Due times are those of the schedule's present cron text, whether it was in force then or
        not. They become LATE in the ledger, and the jobs know them as their due time.

        Parameters
        ----------
        task_id : str
            A task with a schedule.
        start, end : str or datetime
            UTC unless they name a zone, inclusive.

        Raises
        ------
        InvalidArgumentError
            The end is in the future or before the start, or more than 1000 jobs would be queued.
        """
        low, high = parse_range({"start": start, "end": end}, "start, end")
        if low is None or high is None:
            raise InvalidArgumentError(f"start, end: both are needed, got {start!r} and {end!r}.")
        with self._locked(task_id) as (connection, now):
            if high > now:
                raise InvalidArgumentError(f"end: {high} is in the future; what is to come is the schedule's.")
            schedule = replace(_scheduled(connection, task_id), start_time=None, end_time=None)
            recorded = ledger.between(connection, task_id, low, high)
            done = {tick.due for tick in recorded if tick.status in (TickStatus.RAN, TickStatus.LATE)}
            times = itertools.takewhile(lambda due: due <= high, dues_after(schedule, low - timedelta(microseconds=1)))
            dues = list(itertools.islice((due for due in times if due not in done), MAX_DUE_TIMES + 1))
            if len(dues) > MAX_DUE_TIMES:
                raise InvalidArgumentError(
                    f"start, end: more than {MAX_DUE_TIMES} due times from {low} to {high}; take a shorter range."
                )
            if not dues:
                return []
            jobs = leases.queue_all(connection, task_id, dues, now)
            ticks = [Tick(task_id, due, TickStatus.LATE, job, now) for due, job in zip(dues, jobs, strict=True)]
            ledger.correct_ticks(connection, ticks)
            said = f"Backfill: {len(jobs)} jobs for due times from {dues[0]:%Y-%m-%d %H:%M:%S} UTC."
            tasks.append_log(connection, task_id, [("SCHEDULE", now, said)])
            self._warn_without_worker(connection, now)
        return jobs

    # --- inside -------------------------------------------------------------------------------

    def _check_times(self, task_id: str, cron: str, recurrence_range: RecurrenceRange | None, timezone: str) -> None:
        """Refuse the schedule of a task that is yet to be created, before that."""
        start, end = parse_range(recurrence_range)
        now = datetime.now(UTC)
        fields = cron_text.normalize(cron)
        with_next_due(
            Schedule(
                check_id(task_id),
                fields,
                timezone,
                enabled=True,
                start_time=start,
                end_time=end,
                next_due=None,
                created_at=now,
            ),
            now,
        )

    def _schedule_frame(self, task_id: str) -> DataFrame:
        return self._frame(schedule_frames.schedule(task_id, self._schema()))


def _scheduled(connection: sa.Connection, task_id: str) -> Schedule:
    schedule = tasks.schedule(connection, task_id)
    if schedule is None:
        raise TaskNotFoundError(f"task_id: task {task_id!r} has no schedule; make one with create_task_schedule.")
    return schedule


def _settle(connection: sa.Connection, schedule: Schedule, now: datetime) -> Schedule:
    """Account for due times that have passed and that no worker has taken before a change; it returns the schedule."""
    moving = schedule
    while (found := passed(moving, now)).dues:
        recorded = {tick.due for tick in ledger.between(connection, schedule.task_id, found.dues[0])}
        missed = [
            Tick(schedule.task_id, due, TickStatus.MISSED, None, now) for due in found.dues if due not in recorded
        ]
        ledger.record_ticks(connection, missed)
        moving = replace(moving, next_due=found.next_due)
    return moving


def _log(connection: sa.Connection, schedule: Schedule, now: datetime, verb: str) -> None:
    said = cron_text.describe(schedule.cron, schedule.timezone)
    then = f"next at {schedule.next_due:%Y-%m-%d %H:%M:%S} UTC" if schedule.next_due else "no next time"
    tasks.append_log(connection, schedule.task_id, [("SCHEDULE", now, f"{verb}: {said}; {then}.")])
