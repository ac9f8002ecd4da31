"""Decisions on due times that have passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.records import Schedule, TaskPolicy, TickStatus
from hanalife.scheduling.policies import check_policy, decide, first_due, passed

GRACE = timedelta(seconds=60)
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _schedule(cron="* * * * * * 0", start=None, end=None, next_due=MONDAY):
    return Schedule("T", cron, "UTC", True, start, end, next_due, MONDAY)  # noqa: FBT003


@given(st.lists(MOMENTS, min_size=1, unique=True).map(sorted), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_every_due_time_is_decided_once_and_only_the_last_may_run(dues, delay):
    now = dues[-1] + delay
    decisions = decide(dues, now)
    assert [decision.due for decision in decisions] == dues
    assert {decision.status for decision in decisions[:-1]} <= {TickStatus.MERGED, TickStatus.MISSED}
    late = delay > GRACE
    assert decisions[-1].status is (TickStatus.LATE if late else TickStatus.RAN)


@given(st.lists(MOMENTS, unique=True).map(sorted))
def test_while_a_job_waits_no_other_is_wanted(dues):
    assert {decision.status for decision in decide(dues, MONDAY, waiting=True)} <= {
        TickStatus.MERGED,
        TickStatus.MISSED,
    }


@given(st.lists(MOMENTS, min_size=1, unique=True).map(sorted), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_with_all_each_due_time_gets_a_job_even_while_one_waits(dues, delay):
    now = dues[-1] + delay
    decisions = decide(dues, now, TaskPolicy(misfire="all"), waiting=True, busy=True)
    assert all(decision.has_job for decision in decisions)
    assert [decision.status is TickStatus.RAN for decision in decisions] == [now - due <= GRACE for due in dues]


@pytest.mark.parametrize(
    ("seconds_ago", "busy", "words"),
    [
        ([5], False, ["RAN"]),
        ([5], True, ["SKIPPED"]),
        ([7, 5], False, ["MERGED", "RAN"]),
        ([7, 5], True, ["SKIPPED", "SKIPPED"]),
        ([90], False, ["MISSED"]),
        ([90, 5], False, ["MISSED", "RAN"]),
        ([90, 5], True, ["MISSED", "SKIPPED"]),
    ],
)
def test_with_skip_nothing_is_made_up_for(seconds_ago, busy, words):
    dues = [MONDAY - timedelta(seconds=seconds) for seconds in seconds_ago]
    decisions = decide(dues, MONDAY, TaskPolicy(misfire="skip"), busy=busy)
    assert [decision.status.value for decision in decisions] == words


@pytest.mark.parametrize(
    ("policy", "error", "named"),
    [
        ({"retries": -1}, InvalidArgumentError, "retries"),
        ({"retries": 1.5}, ArgumentTypeError, "retries"),
        ({"concurrency": 0}, InvalidArgumentError, "concurrency: expected at least 1"),
        ({"priority": True}, ArgumentTypeError, "priority"),
        ({"backoff_seconds": float("nan")}, InvalidArgumentError, "backoff_seconds"),
        ({"grace_seconds": "1"}, ArgumentTypeError, "grace_seconds"),
        ({"time_limit_seconds": 0}, InvalidArgumentError, "no limit"),
        ({"misfire": "never"}, InvalidArgumentError, "one, all, skip"),
    ],
)
def test_a_bad_policy_is_refused(policy, error, named):
    with pytest.raises(error, match=named):
        check_policy(TaskPolicy(**policy))
    assert check_policy(TaskPolicy(priority=-5, time_limit_seconds=0.5))


def test_nothing_due_nothing_decided():
    assert decide([], MONDAY) == []


@pytest.mark.parametrize(("seconds", "status"), [(60, TickStatus.RAN), (61, TickStatus.LATE)])
def test_the_grace_time_itself_is_in_time(seconds, status):
    assert decide([MONDAY], MONDAY + timedelta(seconds=seconds))[0].status is status


def test_passed_due_times_have_no_gap_and_the_next_one_is_in_the_future():
    now = MONDAY + timedelta(minutes=3, seconds=30)
    found = passed(_schedule(), now)
    assert found.dues == tuple(MONDAY + timedelta(minutes=minute) for minute in range(4))
    assert found.next_due == MONDAY + timedelta(minutes=4)


def test_a_long_downtime_is_accounted_for_in_portions():
    schedule, now = _schedule(), MONDAY + timedelta(minutes=25)
    first = passed(schedule, now, limit=10)
    assert len(first.dues) == 10
    assert first.next_due == MONDAY + timedelta(minutes=10)


def test_start_and_end_are_themselves_within_the_range():
    start, end = MONDAY + timedelta(minutes=5), MONDAY + timedelta(minutes=7)
    schedule = _schedule(start=start, end=end)
    assert first_due(schedule, MONDAY) == start
    assert first_due(schedule, start) == start + timedelta(minutes=1)
    assert first_due(schedule, end - timedelta(seconds=1)) == end
    assert first_due(schedule, end) is None
    assert passed(_schedule(start=start, end=end, next_due=start), MONDAY + timedelta(days=1)).dues[-1] == end
