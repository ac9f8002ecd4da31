"""Drift tasks with an alarm budget: what counts as evidence, what raises an alarm, and what is written once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from hanalife import AlarmBudget
from hanalife.database import alarm_budgets, checks, leases, tables, tasks
from hanalife.drift.sequential import alarm_threshold
from hanalife.errors import ArgumentTypeError, Error, InvalidArgumentError
from hanalife.lifecycle import execution
from hanalife.views import drift as views
from tests.lifecycle.pipeline import rows, table
from tests.lifecycle.workers import on_sqlite, run

WEEKLY = AlarmBudget(per="year", false_alarms=1, checks_per_year=52)
MONDAY = datetime(2026, 1, 5, 8, tzinfo=UTC)


@pytest.fixture
def before(conn):
    return table(conn, "BEFORE", rows(3000, 1))


def weeks(number):
    return MONDAY + timedelta(weeks=number)


def began(conn, due, task_id="CHECK"):
    """Do the work of a job without ending it; return what ends it."""
    with conn.database.write() as connection:
        job_id = leases.queue(connection, task_id, due, due)
        lease = leases.claim(connection, tasks.job(connection, job_id), "me", due, due + timedelta(days=9999))
        task, job = tasks.task(connection, task_id), tasks.job(connection, job_id)
    return lease, execution.execute(conn, task, job, lease)


def checked(conn, due, task_id="CHECK"):
    """Execute a job in this process and return it with the checks that it wrote, in order."""
    with conn.database.read() as connection:
        known = {check.check_id for check in checks.checks(connection)}
    lease, result = began(conn, due, task_id)
    execution.commit(conn, lease, result)
    with conn.database.read() as connection:
        job = tasks.job(connection, lease.job_id)
        new = [check for check in reversed(checks.checks(connection)) if check.check_id not in known]
    return job, sorted(new, key=lambda check: (check.window, check.segment))


def state(conn, task_id="CHECK"):
    with conn.database.read() as connection:
        return alarm_budgets.find(connection, task_id)


def result_of(check, column):
    return next(result for result in check.results if result.column == column)


def test_evidence_gathers_until_it_raises_an_alarm_and_begins_anew(conn, scheduler, before):
    table(conn, "NOW", rows(500, 2))
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), features=["A", "B"], alarm_budget=WEEKLY)
    (job, (quiet,)), evidence = checked(conn, weeks(0)), 0.0
    assert (job.status, quiet.single_verdict, quiet.verdict) == ("SUCCEEDED", "no_drift", "no_drift")
    evidence = (evidence + 1) * result_of(quiet, "A").e_value
    assert result_of(quiet, "A").evidence == pytest.approx(evidence)
    assert quiet.budget.alarm_threshold == pytest.approx(52 * 2)
    verdicts = []
    for week in range(1, 12):
        table(conn, "NOW", rows(500, 10 + week, shift=0.42))
        job, (check,) = checked(conn, weeks(week))
        evidence = (evidence + 1) * result_of(check, "A").e_value
        assert result_of(check, "A").evidence == pytest.approx(evidence)
        verdicts.append(check.verdict)
        if evidence >= 104:
            break
        assert check.verdict != "drift"
    assert len(verdicts) > 1, "one week does not suffice"
    assert (check.verdict, job.verdict, check.single_verdict) == ("drift", "drift", "drift")
    assert "A (psi" in job.message
    assert "this check alone: drift" in job.message
    assert [result.column for result in check.results if result.drifted] == ["A"]
    assert conn.drift.alerts().collect()["column_name"].tolist() == ["A"]
    assert state(conn).evidence["", "A"] == 0
    assert check.budget.spent == pytest.approx(2 / 104 * (len(verdicts) + 1))
    assert state(conn).checks == len(verdicts) + 1


def test_the_same_rows_and_the_same_tick_are_no_new_evidence(conn, scheduler, before):
    table(conn, "NOW", rows(500, 2, shift=0.53))
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), features=["A", "B"], alarm_budget=WEEKLY)
    checked(conn, weeks(1))
    first = state(conn)
    job, (again,) = checked(conn, weeks(2))
    assert (state(conn).evidence, state(conn).checks) == (first.evidence, 1)
    assert "no new evidence: its rows are those of the check before" in again.notes
    assert (again.single_verdict, again.verdict, again.budget.cost) == ("drift", "unknown", 0)
    assert "drift by this check alone" in job.message
    table(conn, "NOW", rows(500, 3))
    _, (late,) = checked(conn, weeks(1))
    assert any("a job due at 2026-01-12 08:00 has counted" in note for note in late.notes)
    assert state(conn).evidence == first.evidence
    checked(conn, weeks(3))
    assert state(conn).checks == 2


def test_a_table_that_grows_is_no_new_evidence(conn, scheduler, before):
    week = rows(500, 2)
    table(conn, "NOW", week)
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), features=["A", "B"], alarm_budget=WEEKLY)
    checked(conn, weeks(1))
    table(conn, "NOW", pd.concat([rows(100, 3, start=500), week]))
    _, (check,) = checked(conn, weeks(2))
    assert any("of its rows were in the check before" in note for note in check.notes)
    assert state(conn).checks == 1


def test_a_job_that_is_repeated_counts_once_and_one_that_was_overtaken_writes_nothing(conn, scheduler, before):
    table(conn, "NOW", rows(500, 2))
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), features=["A", "B"], alarm_budget=WEEKLY)
    empty = state(conn)
    began(conn, weeks(1))
    assert state(conn) == empty, "a process that died before the end has left nothing"
    with conn.database.write() as connection:
        connection.execute(tables.job.update().values(status="FAILED"))
    overtaken = began(conn, weeks(1))
    with conn.database.write() as connection:
        connection.execute(tables.job.update().values(status="FAILED"))
    checked(conn, weeks(1))
    once = state(conn)
    assert (once.checks, once.revision) == (1, 1)
    with pytest.raises(Error, match="has added to its alarm budget since this one began"):
        execution.commit(conn, *overtaken)
    assert state(conn) == once
    with conn.database.read() as connection:
        assert len(checks.checks(connection)) == 1


def test_the_checks_of_a_year_come_from_the_schedule(conn, scheduler, before):
    table(conn, "NOW", rows(500, 2))
    budget = AlarmBudget(per="year", false_alarms=0.5)
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), features="A", alarm_budget=budget)
    job = run(scheduler, "CHECK")
    assert job.status == "FAILED"
    assert "has no schedule that says how many checks a year has" in job.message
    scheduler.create_task_schedule("CHECK", "* * * mon 8 0 0")
    _, (check,) = checked(conn, weeks(1))
    assert check.budget.alarm_threshold == pytest.approx(52 / 0.5)
    scheduler.remove_task_schedule("CHECK")
    scheduler.create_sequential_composite_task("CHAIN", ["CHECK"])
    scheduler.create_task_schedule("CHAIN", "* * * * 8 0 0")
    table(conn, "NOW", rows(500, 3))
    _, (check,) = checked(conn, weeks(2))
    assert check.budget.alarm_threshold == pytest.approx(365 / 0.5)


@on_sqlite
def test_many_due_times_are_counted_by_their_pace(conn, scheduler, before):
    scheduler.create_drift_task(
        "CHECK", before, table(conn, "NOW", rows(500, 2)), features="A", alarm_budget=AlarmBudget()
    )
    scheduler.create_task_schedule("CHECK", "* * * * * 0 0")
    _, (check,) = checked(conn, weeks(1))
    assert check.budget.alarm_threshold == pytest.approx(365.25 * 24, rel=1e-6)


def test_windows_of_time_count_once_when_they_are_complete(conn, scheduler, before):
    def days(first, last):
        frame = rows(200 * (last - first), first)
        return frame.assign(
            T=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(len(frame)) // 200 + first, unit="D")
        )

    now = table(conn, "NOW", days(0, 3))
    options = {"time_column": "T", "every": "day", "alarm_budget": AlarmBudget()}
    scheduler.create_drift_task("CHECK", before, now, features=["A", "B"], **options)
    _, made = checked(conn, datetime(2026, 1, 3, 12, tzinfo=UTC))
    assert [check.budget.cost > 0 for check in made] == [True, True, False]
    assert made[0].budget.alarm_threshold == pytest.approx(365.25 * 2)
    assert "no new evidence: further rows of this window may come" in made[2].notes
    assert (state(conn).checks, state(conn).last_window) == (2, "2026-01-02")
    table(conn, "NOW", pd.concat([days(0, 3), days(3, 4)]))
    _, made = checked(conn, datetime(2026, 1, 5, tzinfo=UTC))
    assert [check.window for check in made] == ["2026-01-03", "2026-01-04"]
    assert state(conn).checks == 4
    job, made = checked(conn, datetime(2026, 1, 5, tzinfo=UTC))
    assert made == []
    assert (job.verdict, job.message) == ("unknown", "there are no rows after window 2026-01-04, the last counted")


@on_sqlite
def test_windows_of_rows_count_when_they_are_full(conn, scheduler, before):
    now = table(conn, "NOW", rows(500, 2)).sort("ID")
    scheduler.create_drift_task("CHECK", before, now, features="A", rows=200, alarm_budget=WEEKLY)
    _, made = checked(conn, weeks(1))
    assert [check.current_rows for check in made] == [200, 200, 100]
    assert state(conn).checks == 2


@on_sqlite
def test_rows_with_a_time_count_if_they_are_later(conn, scheduler):
    def hours(first, size, seed):
        return rows(size, seed).assign(
            T=pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(size) + first, unit="h")
        )

    before = table(conn, "BEFORE", hours(0, 2000, 1))
    table(conn, "NOW", hours(2000, 500, 2))
    options = {"features": ["A", "B"], "time_column_name": "T", "alarm_budget": WEEKLY}
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), **options)
    checked(conn, weeks(1))
    table(conn, "NOW", hours(2400, 500, 3))
    _, (check,) = checked(conn, weeks(2))
    assert any("its rows begin at 2026-04-11T00:00:00, and those of the check before end at" in n for n in check.notes)
    table(conn, "NOW", hours(2500, 500, 4))
    checked(conn, weeks(3))
    assert state(conn).checks == 2


@on_sqlite
def test_each_segment_has_streams_of_its_own(conn, scheduler):
    def halves(frame):
        return frame.assign(S=np.where(frame["ID"] % 2, "odd", "even"))

    before = table(conn, "BEFORE", halves(rows(4000, 1)))
    moved = halves(rows(2000, 2))
    table(conn, "NOW", moved.assign(A=moved["A"] + np.where(moved["S"] == "odd", 1, 0)))
    options = {"features": ["A", "B"], "segment_column_name": "S", "alarm_budget": WEEKLY}
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), **options)
    job, (even, odd) = checked(conn, weeks(1))
    assert (job.verdict, even.verdict, odd.verdict) == ("drift", "no_drift", "drift")
    assert job.message.endswith("in segment odd (this check alone: drift)")
    assert even.budget.alarm_threshold == pytest.approx(52 * 4)
    assert odd.budget.spent == pytest.approx(4 / 208)
    assert sorted(state(conn).evidence) == [("even", "A"), ("even", "B"), ("odd", "A"), ("odd", "B")]
    only = halves(rows(2000, 3)).query("S == 'odd'")
    table(conn, "NOW", only)
    seen = state(conn).evidence
    checked(conn, weeks(2))
    assert state(conn).evidence["even", "A"] == seen["even", "A"]
    assert state(conn).evidence["odd", "B"] != seen["odd", "B"]


def test_a_new_reference_begins_without_evidence_and_a_removed_task_leaves_none(conn, scheduler, before):
    table(conn, "NOW", rows(500, 2))
    options = {"features": ["A", "B"], "alarm_budget": WEEKLY}
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), **options)
    checked(conn, weeks(1))
    assert state(conn).evidence
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), force=True, **options)
    assert (state(conn).reference_version, state(conn).checks, state(conn).evidence) == (2, 0, {})
    checked(conn, weeks(1))
    scheduler.remove_task("CHECK", force=True)
    with conn.database.read() as connection:
        assert connection.execute(tables.alarm_evidence.select()).all() == []
        assert connection.execute(tables.alarm_budget.select()).all() == []


@on_sqlite
def test_few_reference_rows_are_said_to_limit_detection(conn, scheduler):
    before, now = table(conn, "BEFORE", rows(999, 1)), table(conn, "NOW", rows(500, 2))
    scheduler.create_drift_task("CHECK", before, now, features="A", alarm_budget=WEEKLY)
    _, (check,) = checked(conn, weeks(1))
    assert any(note.startswith("999 reference rows limit") for note in check.notes)


def test_history_views_and_the_terminal_show_the_budget(conn, scheduler, before, capsys):
    from hanalife import cli

    table(conn, "NOW", rows(500, 2, shift=0.53))
    scheduler.create_drift_task("CHECK", before, conn.table("NOW"), features=["A", "B"], alarm_budget=WEEKLY)
    _, (check,) = checked(conn, weeks(1))
    history = conn.drift.history().collect().set_index("column_name")
    assert history.loc["A", "single_verdict"] == "drift"
    assert history.loc["A", "evidence"] == pytest.approx(result_of(check, "A").evidence)
    assert history.loc["A", "budget_spent"] == pytest.approx(2 / 104)
    with conn.database.read() as connection:
        detail = views.read_series(connection, check.check_id)
        shown = views.read_check(connection, check.check_id)
    assert detail["budget"] == {
        "task_id": "CHECK",
        "per": "year",
        "false_alarms": 1,
        "spent": pytest.approx(2 / 104),
        "alarm_threshold": pytest.approx(104),
        "evidence": pytest.approx(max(result.evidence for result in check.results)),
    }
    assert detail["windows"][0]["single_verdict"] == shown["single_verdict"] == "drift"
    assert {column["name"]: column["single_verdict"] for column in shown["columns"]}["A"] == "drift"
    url = conn.database.url.render_as_string(hide_password=False)
    assert cli.main(["drift", "show", check.check_id, "--url", url]) == 0
    out = capsys.readouterr().out
    assert "alone: drift; evidence" in out
    assert "alarm budget of 'CHECK': 0.019 of 1 false alarms a year spent" in out


@on_sqlite
@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"consecutive": True, "rows": 100}, InvalidArgumentError, "needs one frozen reference"),
        ({"rows": 100, "alarm_budget": AlarmBudget()}, InvalidArgumentError, "AlarmBudget\\(checks_per_year=...\\)"),
        ({"alarm_budget": 5}, ArgumentTypeError, "expected an AlarmBudget"),
        ({"alarm_budget": {"per": "year"}}, ArgumentTypeError, "expected an AlarmBudget"),
        ({"time_column_name": "A", "group_column_name": "B"}, InvalidArgumentError, "one order"),
        ({"rows": 100, "group_column_name": "B", "features": ["A"]}, InvalidArgumentError, "groups are no windows"),
        ({"time_column_name": "A", "features": ["A"]}, InvalidArgumentError, "also watched"),
    ],
)
def test_what_has_no_frozen_reference_or_no_number_of_checks_is_refused(conn, scheduler, before, changes, error, words):
    arguments = {"task_id": "CHECK", "reference": before, "current": before, "alarm_budget": WEEKLY}
    with pytest.raises(error, match=words):
        scheduler.create_drift_task(**arguments | changes)
    with conn.database.read() as connection:
        assert tasks.tasks(connection) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"per": "decade"}, "per: expected one of year"),
        ({"false_alarms": 0}, "false_alarms: expected a number above 0, got 0"),
        ({"false_alarms": True}, "false_alarms"),
        ({"checks_per_year": float("inf")}, "checks_per_year"),
        ({"checks_per_year": "52"}, "checks_per_year"),
    ],
)
def test_a_budget_that_bounds_nothing_is_refused(fields, words):
    with pytest.raises(InvalidArgumentError, match=words):
        AlarmBudget(**fields)


def test_a_budget_of_another_period_has_the_threshold_of_its_year():
    monthly = AlarmBudget(per="month", false_alarms=1 / 12)
    assert alarm_threshold(52, 30, monthly.false_alarms_per_year) == pytest.approx(52 * 30)
