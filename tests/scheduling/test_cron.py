"""Cron texts against an enumerator that shares no code with them, bad input, plain English."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanalife.errors import CronError, InvalidArgumentError
from hanalife.scheduling.cron import FIELDS, WEEKDAYS, describe, next_after, normalize, times_after

# Years stay few, so that the enumerator's walk over all days stays short.
RANGES = {"YEAR": (2026, 2029), "MONTH": (1, 12), "MONTHDAY": (1, 31), "WEEKDAY": (0, 6)}
RANGES |= {"HOUR": (0, 23), "MINUTE": (0, 59), "SECOND": (0, 59)}
FIRST_YEAR = {"YEAR": (1970, 9999)}
NOW = datetime(2026, 11, 23, 12, 34, 56, tzinfo=UTC)
LAST_DAY = date(2029, 12, 31)


def _spell(name, value):
    return WEEKDAYS[value] if name == "WEEKDAY" else str(value)


@st.composite
def _part(draw, name):
    low, high = RANGES[name]
    first, last = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
    kind = draw(st.sampled_from(["value", "range", "stepped"]))
    if kind == "value":
        return _spell(name, first)
    text = f"{_spell(name, first)}:{_spell(name, last)}"
    return text if kind == "range" or first == last else f"{text}/{draw(st.integers(1, last - first))}"


def _field(name):
    low, high = RANGES[name]
    every = st.just("*")
    stepped = st.integers(1, 3 if name == "YEAR" else high - low).map(lambda step: f"*/{step}")
    return every | every | stepped | st.lists(_part(name), min_size=1, max_size=3).map(",".join)


CRONS = st.tuples(*(_field(field.name) for field in FIELDS)).map(" ".join)


def _matching(name, text):
    """Return the values that a field means, read anew from the grammar in words."""
    low, high = FIRST_YEAR.get(name, RANGES[name])
    number = WEEKDAYS.index if name == "WEEKDAY" else int
    found = set()
    for part in text.split(","):
        body, _, step = part.partition("/")
        first, _, last = body.partition(":")
        begin = low if first == "*" else number(first)
        end = high if first == "*" else number(last or first)
        found |= {value for value in range(begin, end + 1) if (value - begin) % int(step or 1) == 0}
    return found


def _enumerate(cron, after):
    """Give every matching moment by looking at each day and each second of a day."""
    years, months, days, weekdays, *clock = (_matching(f.name, t) for f, t in zip(FIELDS, cron.split(), strict=True))
    day = after.date()
    while day <= LAST_DAY:
        if day.year in years and day.month in months and day.day in days and day.weekday() in weekdays:
            for hour, minute, second in itertools.product(*(sorted(values) for values in clock)):
                moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
                if moment > after:
                    yield moment
        day += timedelta(days=1)


@settings(max_examples=100, deadline=None)
@given(CRONS)
def test_due_times_are_those_an_enumerator_finds(cron):
    found = list(itertools.islice(times_after(cron, NOW), 4))
    assert [moment for moment in found if moment.date() <= LAST_DAY] == list(itertools.islice(_enumerate(cron, NOW), 4))


@settings(max_examples=100, deadline=None)
@given(CRONS)
def test_any_text_of_the_grammar_is_kept_as_it_is_and_explained(cron):
    assert normalize(f"  {cron.upper()} ") == cron
    assert describe(cron).endswith(" UTC")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789*/:,-. monetufrisaL#", max_size=30))
def test_any_other_text_is_refused_or_has_a_next_time_in_the_future(text):
    try:
        found = next_after(text, NOW)
    except CronError:
        return
    assert found is None or found > NOW


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("* * * mon 8 0 0", datetime(2026, 11, 30, 8, tzinfo=UTC)),
        ("* * * mon,tue,wed,thu,fri 1 23 45", datetime(2026, 11, 24, 1, 23, 45, tzinfo=UTC)),
        ("2027 2 25 * 14:16 0 0", datetime(2027, 2, 25, 14, tzinfo=UTC)),
        ("* 2 29 * 0 0 0", datetime(2028, 2, 29, tzinfo=UTC)),
        ("* * 1:10/3 * 0 0 0", datetime(2026, 12, 1, tzinfo=UTC)),
        ("* * * tue:sun/3 0 0 0", datetime(2026, 11, 24, tzinfo=UTC)),  # tue and fri
        ("* 2 30 * 0 0 0", None),
        ("2020 * * * * * *", None),
    ],
)
def test_known_next_times(cron, due):
    assert next_after(cron, NOW) == due


def test_a_moment_that_matches_is_not_after_itself():
    due = datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert next_after("* * * mon 8 0 0", due) == due + timedelta(days=7)
    assert next_after("* * * mon 8 0 0", due - timedelta(microseconds=1)) == due


@pytest.mark.parametrize(
    ("five", "seven"),
    [
        ("30 8 * * 1-5", "* * * mon,tue,wed,thu,fri 8 30 0"),
        ("0 0 1 */3 *", "* */3 1 * 0 0 0"),
        ("*/15 9-17 * * *", "* * * * 9:17 */15 0"),
        ("0 0 * * 0", "* * * sun 0 0 0"),
        ("0 0 * * 7", "* * * sun 0 0 0"),
        ("0 0 * * 5-7", "* * * fri,sat,sun 0 0 0"),
        ("0 0 * * fri-sun", "* * * fri,sat,sun 0 0 0"),
        ("0 0 * * 0-2", "* * * mon,tue,sun 0 0 0"),
        ("0 0 * * */2", "* * * tue,thu,sat,sun 0 0 0"),
        ("0 0 * * 0-6", "* * * * 0 0 0"),
    ],
)
def test_five_fields_of_unix_become_seven(five, seven):
    assert normalize(five) == seven


@pytest.mark.parametrize(
    ("cron", "named"),
    [
        ("* * * * * *", "7 fields"),
        ("* * * mon, tue 1 0 0", "no blanks"),
        (None, "None"),
        ("26 * * * * * *", "YEAR has '26'"),
        ("* 13 * * * * *", "MONTH has '13'; a value is 1 to 12"),
        ("* * 0 * * * *", "MONTHDAY has '0'"),
        ("* * * 1 8 0 0", "WEEKDAY has '1'; a value is one of mon, tue"),
        ("* * * mon-fri 8 0 0", "WEEKDAY has 'mon-fri'; write"),
        ("* * * fri:mon 8 0 0", "WEEKDAY has 'fri:mon'; a range must not run backwards"),
        ("* * * mon,,tue 8 0 0", "WEEKDAY has ''"),
        ("* * * mon,wedjunk 8 0 0", "WEEKDAY has 'wedjunk'"),
        ("* * * * */24 0 0", "HOUR has '*/24'; the step must be a whole number from 1 to 23"),
        ("* * * * 8 1/2 0", "MINUTE has '1/2'; write"),
        ("* * * * 8 0 */0", "SECOND has '*/0'; the step"),
        ("* * * * 8 0 -1", "SECOND has '-1'"),
        ("0 8 * * 8", "WEEKDAY has '8'"),
        ("0 8 1 * mon", "both a day and a weekday"),
    ],
)
def test_a_bad_text_is_refused_with_field_value_and_remedy(cron, named):
    with pytest.raises(CronError) as caught:
        normalize(cron)
    assert named in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_fixed_hour_happens_once_when_the_clock_is_set_back():
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)  # Berlin goes back from 03:00 to 02:00 on the 25th
    fixed = list(itertools.islice(times_after("* * * * 2 30 0", start, "Europe/Berlin"), 2))
    assert fixed == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_an_interval_goes_on_evenly_when_the_clock_is_set_back_or_forward():
    for start in (datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)):
        found = list(itertools.islice(times_after("* * * * * */30 0", start, "Europe/Berlin"), 10))
        assert found == [start + timedelta(minutes=30 * step) for step in range(1, 11)]


def test_a_fixed_hour_that_is_left_out_happens_once():
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)  # Berlin has no 02:30 on the 29th
    found = [
        moment.astimezone(ZoneInfo("Europe/Berlin"))
        for moment in itertools.islice(times_after("* * * * 2 30 0", start, "Europe/Berlin"), 2)
    ]
    assert [(moment.day, moment.hour, moment.minute) for moment in found] == [(29, 3, 30), (30, 2, 30)]


def test_an_unknown_zone_is_refused():
    with pytest.raises(InvalidArgumentError, match="Mars/Olympus"):
        next_after("* * * * 2 30 0", NOW, "Mars/Olympus")


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("* * * mon 8 0 0", "every Monday at 08:00:00 UTC"),
        ("* * * mon:fri 8,20 0 0", "every Monday to Friday at 08:00:00 and 20:00:00 UTC"),
        ("* * * * * */15 0", "every 15 minutes UTC"),
        ("* * * * * * *", "every second UTC"),
        ("* 2 25 * 14 0 0", "on day 25 of February at 14:00:00 UTC"),
        ("2027 6:8 * * 0 0 0", "every day in June to August in 2027 at 00:00:00 UTC"),
        ("* * * * 8:17 30 0", "minute 30, hour 8 to 17 UTC"),
        ("0 0 * * 1", "every Monday at 00:00:00 UTC"),
        ("* * 1:7 mon 8 0 0", "every Monday that is day 1 to 7 of every month at 08:00:00 UTC"),
    ],
)
def test_plain_english(cron, said):
    assert describe(cron) == said


def test_plain_english_names_the_zone():
    assert describe("* * * mon 8 0 0", "Europe/Berlin") == "every Monday at 08:00:00 Europe/Berlin"
