"""Pausing, resuming and altering while runners fire from views that may be out of date, against a model."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hanalife import ConnectionContext, ScheduledExecution
from hanalife.database import ledger, tasks
from hanalife.records import Task, TickStatus
from hanalife.scheduling import firing

START = datetime(2026, 11, 23, 8, 0, 30, tzinfo=UTC)
#: Cron texts, and how a model without cron says whether a whole second is due.
CRONS = {
    "* * * * * * 0": lambda moment: moment.second == 0,
    "* * * * * */5 0,30": lambda moment: moment.minute % 5 == 0 and moment.second in (0, 30),
    "* * * * 8,9 15 0": lambda moment: moment.hour in (8, 9) and (moment.minute, moment.second) == (15, 0),
}


class Races(RuleBasedStateMachine):
    """One schedule, three runners, a user, and a model that walks through time second by second."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.context = ConnectionContext(f"sqlite:///{Path(self.folder.name) / 'life.db'}")
        self.now = START
        self.scheduler = ScheduledExecution(self.context, "me", now=lambda _: self.now)
        self.views = {}
        self.cron, self.enabled = None, False
        self.expected = set()  # due times that must be in the ledger once a runner has looked

    @initialize(cron=st.sampled_from(list(CRONS)))
    def begin(self, cron):
        with self.context.database.write() as connection:
            tasks.insert_task(connection, Task("T", "test", {}, "", "me", START))
        self.scheduler.create_task_schedule("T", cron)
        self.cron, self.enabled = cron, True

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds):
        for _ in range(seconds):
            self.now += timedelta(seconds=1)
            if self.enabled and self.cron and CRONS[self.cron](self.now):
                self.expected.add(self.now)

    @rule(runner=st.integers(0, 2))
    def a_runner_looks(self, runner):
        with self.context.database.read() as connection:
            self.views[runner] = (ledger.due_schedules(connection, self.now), self.now)

    @rule(runner=st.integers(0, 2))
    def a_runner_fires_from_its_view(self, runner):
        seen, moment = self.views.pop(runner, ([], None))
        for schedule in seen:
            with self.context.database.write() as connection:
                firing.fire(connection, schedule, moment)

    @rule()
    @precondition(lambda self: self.cron)
    def the_user_pauses(self):
        self.scheduler.pause_task_schedule("T")
        self.enabled = False

    @rule()
    @precondition(lambda self: self.cron)
    def the_user_resumes(self):
        self.scheduler.resume_task_schedule("T")
        self.enabled = True

    @rule(cron=st.sampled_from(list(CRONS)))
    @precondition(lambda self: self.cron)
    def the_user_alters(self, cron):
        self.scheduler.alter_task_schedule("T", cron)
        self.cron = cron

    @rule(cron=st.sampled_from(list(CRONS)))
    def the_user_creates_it_anew(self, cron):
        self.scheduler.create_task_schedule("T", cron, force=True)
        self.cron, self.enabled = cron, True

    @rule()
    @precondition(lambda self: self.cron)
    def the_user_removes_it(self):
        self.scheduler.remove_task_schedule("T")
        self.cron, self.enabled = None, False

    @invariant()
    def the_ledger_has_each_due_time_once_and_no_other(self):
        with self.context.database.read() as connection:
            schedule = tasks.schedule(connection, "T")
            ticks = tasks.ticks(connection, "T", limit=10_000)
            jobs = tasks.jobs(connection, limit=10_000)
        recorded = {tick.due for tick in ticks}
        pending = set()
        if schedule is not None and schedule.next_due is not None:
            pending = {due for due in self.expected if due >= schedule.next_due}
        assert recorded | pending == self.expected
        assert not recorded & pending
        own = {tick.due for tick in ticks if tick.status in (TickStatus.RAN, TickStatus.LATE)}
        assert sorted(own) == sorted(job.due for job in jobs), "one job for each, and no other"

    @invariant()
    def the_schedule_is_what_the_model_says(self):
        with self.context.database.read() as connection:
            schedule = tasks.schedule(connection, "T")
        assert (schedule is None) == (self.cron is None)
        if schedule is not None:
            assert (schedule.cron, schedule.enabled) == (self.cron, self.enabled)
            assert (schedule.next_due is not None) == self.enabled
            if self.enabled and schedule.next_due > self.now:
                assert CRONS[self.cron](schedule.next_due)

    def teardown(self):
        self.context.close()
        self.folder.cleanup()


TestRaces = Races.TestCase
TestRaces.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)


def test_a_view_of_before_a_change_fires_nothing(conn):
    now = START
    scheduler = ScheduledExecution(conn, "me", now=lambda _: now)
    with conn.database.write() as connection:
        tasks.insert_task(connection, Task("T", "test", {}, "", "me", START))
    for change in ("pause_task_schedule", "alter_task_schedule", "remove_task_schedule"):
        scheduler.create_task_schedule("T", "* * * * * * 0", force=True)
        now += timedelta(minutes=5)
        with conn.database.read() as connection:
            seen = ledger.due_schedules(connection, now)
        getattr(scheduler, change)("T")
        with conn.database.write() as connection:
            for schedule in seen:
                firing.fire(connection, schedule, now)
            assert tasks.jobs(connection) == []
            assert replace(seen[0], enabled=False) != seen[0]
