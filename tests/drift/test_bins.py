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


def test_a_value_that_most_rows_share_has_a_bin_of_its_own():
    values = pa.array([0] * 600 + list(range(1, 401)))
    binning = learn(values, NUMBER)
    assert binning.coarsened(binning.count(values))[0] >= 600


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
