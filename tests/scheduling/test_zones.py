"""Every change of the clock of 20 zones, against a walk through the minutes around it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hanalife.scheduling.cron import times_after
from tests.benchmarks.cron import check_chunk

ZONES = [
    *("Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Havana", "America/New_York"),
    *("America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Asia/Gaza"),
    *("Asia/Jerusalem", "Asia/Tehran", "Australia/Lord_Howe", "Australia/Sydney", "Europe/Berlin"),
    *("Europe/Chisinau", "Europe/Dublin", "Europe/London", "Pacific/Auckland", "Pacific/Chatham"),
]
YEARS = (2019, 2028)


def changes(zone):
    """Return the moments at which a zone's clock is changed, to the minute."""
    start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in YEARS)
    moment, found = start, []
    while moment < end:
        later = moment + timedelta(days=1)
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = moment, later
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                middle = middle.replace(second=0, microsecond=0)
                same = middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        moment = later
    return found


def walk(zone, change, matches):
    """Give each minute from half a day before to half a day after a change whose wall clock matches."""
    for minute in range(-12 * 60, 12 * 60):
        moment = change + timedelta(minutes=minute)
        local = moment.astimezone(zone)
        if matches(local):
            yield moment, local


def due_around(cron, zone, change):
    start, end = change - timedelta(hours=12, seconds=1), change + timedelta(hours=12)
    return list(itertools.takewhile(lambda due: due < end, times_after(cron, start, zone.key)))


@pytest.mark.parametrize("name", ZONES)
def test_an_interval_goes_on_with_the_wall_clock_at_every_change(name):
    zone = ZoneInfo(name)
    for change in changes(zone):
        for minutes in (15, 30):
            expected = [moment for moment, _ in walk(zone, change, lambda local, m=minutes: local.minute % m == 0)]
            assert due_around(f"* * * * * */{minutes} 0", zone, change) == expected, change


@pytest.mark.parametrize("name", ZONES)
def test_a_fixed_time_happens_once_a_day_at_every_change(name):
    zone = ZoneInfo(name)
    for change in changes(zone):
        before = (change - timedelta(minutes=1)).astimezone(zone)
        after = change.astimezone(zone)
        shift = after.utcoffset() - before.utcoffset()
        wall = change.astimezone(UTC).replace(tzinfo=None) + before.utcoffset()  # what the clock would show
        for minutes in (-15, 15, 45, 75):
            target = wall + timedelta(minutes=minutes)
            fixed = f"* * * * {target.hour} {target.minute} 0"
            same = [
                moment
                for moment, local in walk(
                    zone,
                    change,
                    lambda local, t=target: (local.hour, local.minute, local.fold) == (t.hour, t.minute, 0),
                )
                if moment.astimezone(zone).date() == target.date()
            ]
            left_out = timedelta(0) <= target - wall < shift
            # A wall time that does not exist is taken by the clock of before.
            expected = [change + timedelta(minutes=minutes)] if left_out else same
            found = [due for due in due_around(fixed, zone, change) if abs(due - change) < timedelta(hours=4)]
            assert found == [moment for moment in expected if abs(moment - change) < timedelta(hours=4)], (
                change,
                fixed,
            )


@pytest.mark.parametrize("seed", range(3))
def test_due_times_are_those_an_enumerator_finds_in_bulk(seed):
    assert check_chunk(seed, 40, 50) == []
