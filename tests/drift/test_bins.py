"""Values become counts."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife import errors
from hanalife.drift import bins
from hanalife.drift.alignment import align
from hanalife.drift.bins import CATEGORY, MISSING, MOMENT, NUMBER, OTHER, learn

floats = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


@given(st.lists(floats, min_size=1, max_size=200), st.lists(floats, max_size=50))
def test_every_value_falls_into_one_bin(reference, current):
    binning = learn(pa.array(reference, pa.float64()), NUMBER)
    for values in (reference, current):
        counts = binning.count(pa.array(values, pa.float64()))
        assert counts.sum() == binning.coarsened(counts).sum() == len(values)
        assert len(binning.labels) == len(binning.coarsened(counts))
    assert binning.labels[-1] == MISSING
    missing = sum(value is None or math.isnan(value) for value in reference)
    assert binning.count(pa.array(reference, pa.float64()))[-1] == missing


def test_tenths_of_the_reference_hold_a_tenth_each():
    values = pa.array(range(1000))
    binning = learn(values, NUMBER)
    assert binning.coarsened(binning.count(values)).tolist() == [100] * 10 + [0]
    assert len(binning.edges) == 99


def shown(reference, current, kind=NUMBER):
    """Return label, reference rows and current rows of the bins that a verdict is about."""
    binning, counts, tally = bins.learn_counted(reference, kind)
    later = binning.tally()
    rows = binning.count(current, None, later)
    return list(align(binning, (counts, rows), (tally, later)).shown)


def test_a_value_that_many_rows_share_has_a_bin_of_its_own():
    zeros = pa.array([0] * 600 + list(range(1, 401)))
    assert shown(zeros, zeros) == [
        ("0", 600, 600),
        ("]0 ; 101[", 100, 100),
        ("[101 ; 201[", 100, 100),
        ("[201 ; 301[", 100, 100),
        ("[301 ; inf[", 100, 100),
    ]


def test_a_value_that_only_current_rows_share_has_a_bin_too():
    numbers = pa.array(range(1000))
    later = pa.array([-999] * 60 + [450] * 60 + list(range(60, 940)))
    found = shown(numbers, later)
    assert ("-999", 0, 60) in found
    assert ("450", 1, 61) in found
    assert ("[400 ; 500[ without 450", 99, 99) in found
    assert sum(before for _, before, _ in found) == sum(after for _, _, after in found) == 1000


def test_a_new_category_is_counted_apart():
    binning = learn(pa.array(["a", "b", None]), CATEGORY)
    assert binning.labels == ("a", "b", OTHER, MISSING)
    assert binning.count(pa.array(["b", "c", "c", None])).tolist() == [0, 1, 2, 1]


def test_few_distinct_numbers_are_categories_whatever_their_type():
    binning = learn(pa.array([0, 1, 1, None]), NUMBER)
    assert binning.categories == ("0", "1")
    assert binning.count(pa.array([0.0, 1.0, 2.5, float("nan")])).tolist() == [1, 1, 1, 1]


def test_more_categories_than_are_kept():
    values = pa.array([f"id {number}" for number in range(5_000)])
    binning = learn(values, CATEGORY)
    assert len(binning.categories) == bins.MAX_CATEGORIES
    assert not binning.complete
    assert binning.count(values).sum() == 5_000


def test_moments_have_bins_that_people_read():
    values = pa.array([datetime(2026, 1, 1 + day, tzinfo=UTC) for day in range(28)], pa.timestamp("us"))
    binning = learn(values, MOMENT)
    assert "2026-01-" in binning.labels[1]
    assert binning.count(values.cast(pa.date32())).sum() == 28


def test_bytes_are_refused_by_name():
    with pytest.raises(errors.InvalidArgumentError, match="PHOTO"):
        bins.kind_of("PHOTO", pa.binary())


PRICES = [1_234_567 + cents / 100 for cents in range(1_000)]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (PRICES, "[1234568 ; 1234569["),
        ([-value for value in PRICES], "[-1234569 ; -1234568["),
        ([value * 1e-12 for value in range(1_000)], "[1e-10 ; 2e-10["),
        ([2**52 + value for value in range(1_000)], "[4503599627370600 ; 4503599627370700["),
        ([value * 1e300 for value in range(1_000)], "[1e+302 ; 2e+302["),
        ([value / 10 for value in range(1_000)], "[10 ; 20["),
    ],
)
def test_labels_of_numbers_differ_and_are_near_their_edges(values, expected):
    binning = learn(pa.array(values, pa.float64()), NUMBER)
    assert len(set(binning.labels)) == len(binning.labels) == 11
    assert expected in binning.labels


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([86_400 * day for day in range(1_000)], "[1970-04-11 ; 1970-07-20["),
        ([NOON + second / 20 for second in range(1_000)], "[2026-01-01 12:00:05 ; 2026-01-01 12:00:10["),
        ([NOON + second / 1e5 for second in range(1_000)], "[2026-01-01 12:00:00.001 ; 2026-01-01 12:00:00.002["),
        ([NOON + 60 * minute for minute in range(1_000)], "[2026-01-01 13:40 ; 2026-01-01 15:20["),
    ],
)
def test_labels_of_moments_differ(seconds, expected):
    moments = pa.array([round(value * 1e6) for value in seconds], pa.int64()).cast(pa.timestamp("us"))
    binning = learn(moments, MOMENT)
    assert len(set(binning.labels)) == len(binning.labels) == 11
    assert expected in binning.labels


def test_few_moments_are_shown_as_such():
    binning = learn(pa.array([datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)]), MOMENT)
    assert binning.labels == ("2026-01-01", "2026-01-02", OTHER, MISSING)
