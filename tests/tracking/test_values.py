"""Parameters and series of metrics in the store, and the outlines of long series."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife import evidence
from hanalife.database import outlines, run_values, runs
from tests.tracking.test_store import NOON, begin

points = st.lists(st.tuples(st.integers(0, 5), st.floats(allow_infinity=False, allow_nan=False)), max_size=1500)


def climbing(pairs):
    """Turn gaps into rising steps."""
    step, found = 0, []
    for gap, value in pairs:
        step += gap + 1
        found.append((step, value))
    return found


@given(points, st.integers(1, 400))
def test_an_outline_keeps_the_extremes_and_stays_small(pairs, portion):
    series = climbing(pairs)
    outline = outlines.Outline()
    for start in range(0, len(series), portion):  # added bit by bit, written and read in between
        outline = outlines.from_bytes(outline.to_bytes())
        outline.add(series[start : start + portion])
    found = outline.points()
    assert set(found) <= set(series)
    assert found == sorted(found)
    assert len(found) <= 2 * outlines.MOST_STRETCHES
    assert len(outline.to_bytes()) <= 16 + 32 * outlines.MOST_STRETCHES
    if series:
        values = [value for _, value in series]
        assert {min(values), max(values)} <= {value for _, value in found}


@given(points)
def test_every_stretch_of_an_outline_holds_its_own_extremes(pairs):
    series = climbing(pairs)
    outline = outlines.Outline()
    outline.add(series)
    for start in range(0, len(series), outline.width):
        stretch = series[start : start + outline.width]
        low, high = outline.lows[start // outline.width], outline.highs[start // outline.width]
        assert low[1] == min(value for _, value in stretch)
        assert high[1] == max(value for _, value in stretch)
        assert {low, high} <= set(stretch)


def test_values_that_are_not_finite_leave_no_trace_in_an_outline():
    outline = outlines.Outline()
    outline.add([(0, math.nan), (1, 2.0), (2, math.inf), (3, "text"), (4, 1.0)])
    assert outline.points() == [(1, 2.0), (4, 1.0)]


def add(conn, name, values, first=0):
    with conn.database.write() as connection:
        number = runs.append(connection, "1", [], NOON)
        new = [run_values.NewPoint(name, first + place, value, place) for place, value in enumerate(values)]
        run_values.write(connection, number, {}, new)


def series(conn, names=None):
    with conn.database.read() as connection:
        found = run_values.series(connection, ["1", "none"], names)
    return {run_id: evidence.by_label(lines) for run_id, lines in found.items()}


@pytest.mark.parametrize("portion", [1, 100, 5000])
def test_a_long_series_is_read_as_its_outline_and_also_in_full(conn, portion):
    begin(conn, "1")
    values = [random.Random(step).uniform(0, 1) for step in range(700 if portion == 1 else 5000)]
    values[321] = 99.0
    for start in range(0, len(values), portion):
        add(conn, "loss", values[start : start + portion], start)
    add(conn, "short", [3.0, 1.0, math.nan, 2.0])
    add(conn, "single", [1.0])
    found = series(conn)
    assert found["none"] == {}
    assert found["1"]["short"] == [(0, 3.0), (1, 1.0), (3, 2.0)]
    assert "single" not in found["1"]
    line = found["1"]["loss"]
    assert len(line) <= 2 * outlines.MOST_STRETCHES + 1
    assert (321, 99.0) in line
    assert line[-1] == (len(values) - 1, values[-1])
    assert series(conn, ["short"])["1"].keys() == {"short"}
    with conn.database.read() as connection:
        full = run_values.points(connection, "1", "loss")
        later = run_values.points(connection, "1", "loss", after=len(values) - 3)
    assert [(point.step, point.value) for point in full] == list(enumerate(values))
    assert later == full[-2:]


def test_an_outline_is_drawn_anew_when_earlier_points_change(conn):
    begin(conn, "1")
    add(conn, "loss", [50.0, *[1.0] * 999])
    add(conn, "loss", [2.0])  # in place of the extreme
    add(conn, "loss", [0.5], first=-10)
    line = series(conn)["1"]["loss"]
    assert max(value for _, value in line) == 2.0
    assert line[0] == (-10, 0.5)


@given(st.lists(st.tuples(st.integers(-3, 8), st.floats(allow_nan=False)), min_size=1, max_size=20), st.integers(1, 6))
def test_points_are_kept_by_step_however_they_come(pairs, portion):
    from hanalife import ConnectionContext

    with ConnectionContext("sqlite://") as conn:
        begin(conn, "1")
        with conn.database.write() as connection:
            number = runs.append(connection, "1", [], NOON)
            for start in range(0, len(pairs), portion):
                new = [run_values.NewPoint("m", step, value, 0) for step, value in pairs[start : start + portion]]
                run_values.write(connection, number, {}, new)
        with conn.database.read() as connection:
            found = run_values.points(connection, "1", "m")
            latest = run_values.metrics(connection, ["1"])["1"]["m", "user"]
    expected = dict(pairs)  # of equal steps the later counts
    assert [(point.step, point.value) for point in found] == sorted(expected.items())
    assert latest == expected[max(expected)]
