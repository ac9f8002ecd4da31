"""Triggers on new data and on metrics, checked by real runners."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from hanalife import ConnectionContext, Experiment
from hanalife.database import dialects, tasks, triggers
from hanalife.records import Trigger
from hanalife.scheduling.runner import Runner
from tests.scheduling.engine import CREATED, LAUNCHER, add_task, log

SALES = sa.Table("SALES", sa.MetaData(), sa.Column("ID", sa.Integer), sa.Column("DAY", sa.Date))


class Clock:
    """A clock that a test moves."""

    ahead = timedelta(0)

    def __call__(self, connection):
        return dialects.now(connection) + self.ahead


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def runners(database, clock):
    """Give two runners that look at the same moment."""
    both = [Runner(database, LAUNCHER, now=clock), Runner(database, LAUNCHER, now=clock)]
    for runner in both:
        runner.start()
    yield both
    for runner in both:
        runner.stop()


def watch(database, kind, seen, **watched):
    add_task(database)
    with database.write() as connection:
        triggers.replace(connection, Trigger("T", kind, watched, seen, 60, CREATED))


def look(runners, clock):
    clock.ahead += timedelta(seconds=61)
    for runner in runners:
        runner.step()


def jobs(database):
    with database.read() as connection:
        return len(tasks.jobs(connection, ["T"]))


def said(database):
    return [entry.message for entry in log(database) if entry.event_key == "TRIGGER"]


def sell(database, *numbers):
    with database.write() as connection:
        SALES.create(connection, checkfirst=True)
        if numbers:
            connection.execute(SALES.insert(), [{"ID": number} for number in numbers])


@pytest.mark.parametrize(("key", "seen"), [(None, 2), ("ID", 8)])
def test_new_rows_make_a_task_due_once(database, runners, clock, key, seen):
    sell(database, 7, 8)
    watch(database, "new_data", seen, table="SALES", schema=None, key=key)
    look(runners, clock)
    assert jobs(database) == 0
    sell(database, 9)
    look(runners, clock)
    look(runners, clock)
    assert jobs(database) == 1
    assert said(database) == [
        "New data in SALES: the number of rows is 3, was 2."
        if key is None
        else "New data in SALES: the greatest ID is 9, was 8."
    ]


def test_rows_that_go_are_no_new_data(database, runners, clock):
    sell(database, 1, 2, 3)
    watch(database, "new_data", 3, table="SALES", schema=None, key=None)
    with database.write() as connection:
        connection.execute(SALES.delete().where(SALES.c.ID == 1))
    look(runners, clock)
    assert jobs(database) == 0
    sell(database, 4)
    look(runners, clock)
    assert jobs(database) == 1


def test_a_table_that_has_vanished_is_said_once_and_looked_for_again(database, runners, clock):
    watch(database, "new_data", 1, table="SALES", schema=None, key="ID")
    look(runners, clock)
    look(runners, clock)
    assert len(said(database)) == 1
    assert "SALES" in said(database)[0]
    sell(database, 5)
    look(runners, clock)
    assert jobs(database) == 1


def record(database, run_id, value, minute):
    started = CREATED + timedelta(minutes=minute)
    with ConnectionContext(database.url.render_as_string(hide_password=False)) as conn:
        run = Experiment(conn, "weekly", clock=lambda: started, ids=lambda: run_id).run(run_id)
        with run:
            run.log_metric("AUC", value)


def test_a_metric_below_its_threshold_makes_a_task_due_once_for_each_run(database, runners, clock):
    record(database, "a", 0.6, 1)
    watch(
        database, "metric", {"run_id": "a", "value": 0.6}, experiment_id="weekly", metric="AUC", above=None, below=0.7
    )
    look(runners, clock)
    assert jobs(database) == 0, "the run that was the newest when it began"
    record(database, "b", 0.8, 2)
    look(runners, clock)
    assert jobs(database) == 0
    record(database, "c", 0.65, 3)
    look(runners, clock)
    look(runners, clock)
    assert jobs(database) == 1
    assert said(database) == ["AUC of run c is 0.65, below 0.7."]


def test_a_kind_that_is_not_known_is_said(database, runners, clock):
    watch(database, "moon", None)
    look(runners, clock)
    assert "'moon'" in said(database)[0]
    assert jobs(database) == 0
