"""Rows counted by value in one pass."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife.drift import bins, tallies
from hanalife.drift.tallies import FrequentNumbers, OtherTexts


@given(st.lists(st.lists(st.integers(-3, 3), max_size=30), max_size=6))
def test_numbers_of_few_rows_are_all_counted(batches):
    tally = FrequentNumbers()
    for batch in batches:
        tally.add_ordered(np.sort(np.array(batch, dtype=float)))
    expected = Counter(value for batch in batches for value in batch)
    assert dict(zip(tally.values.tolist(), tally.counts.tolist(), strict=True)) == expected
    assert tally.rows == expected.total()


def test_a_number_that_many_rows_share_is_counted_exactly_among_a_million_others():
    random, tally = np.random.default_rng(1), FrequentNumbers()
    zeros = 0
    for _ in range(100):
        batch = np.where(random.random(10_000) < 0.06, 0.0, random.normal(size=10_000))
        zeros += int((batch == 0).sum())
        tally.add_ordered(np.sort(batch))
    assert tally.above(0.05 * tally.rows).tolist() == [0.0]
    assert tally.of(np.array([0.0, 7.0])).tolist() == [zeros, 0]
    assert len(tally.values) <= tallies.MAX_NUMBERS


def test_a_number_that_comes_late_is_missed_by_at_most_one_row_in_four_thousand():
    tally = FrequentNumbers()
    for batch in range(60):
        tally.add_ordered(np.sort(np.append(np.arange(4_000) + 4_000.0 * batch, [-1.0])))
    tally.add_ordered(np.full(20_000, -1.0))
    assert 20_000 <= tally.of(np.array([-1.0])).item() <= 20_060
    assert tally.of(np.array([-1.0])).item() >= 20_060 - tally.rows / tallies.ONE_IN


def test_weighted_numbers_have_the_sums_of_their_weights():
    binning = bins.learn(pa.array(np.arange(50.0)), bins.NUMBER)
    tally = binning.tally()
    binning.count(pa.array([1.0, 7.0, 1.0, None]), np.array([0.5, 2.0, 0.25, 9.0]), tally)
    assert tally.of(np.array([1.0, 7.0])).tolist() == [0.75, 2.0]


@given(st.lists(st.text(max_size=3), max_size=60), st.lists(st.text(max_size=3), max_size=60))
def test_texts_of_both_sides_are_aligned(first, second):
    sides = []
    for texts in (first, second):
        tally = OtherTexts()
        for text, rows in Counter(texts).items():
            tally.add([text], np.array([rows]))
        sides.append(tally)
    pairs = zip(*(rows.tolist() for rows in tallies.aligned(*sides)), strict=True)
    counts = Counter(first), Counter(second)
    assert Counter(pairs) == Counter((counts[0][text], counts[1][text]) for text in counts[0] | counts[1])


def test_a_hash_never_changes():
    """Stored references hold them."""
    digest = blake2b("Zürich".encode(), digest_size=8).digest()
    assert tallies.hashes(["", "Zürich"]).tolist()[1] == int.from_bytes(digest, "little")


def test_beyond_the_most_texts_the_first_ones_are_counted_further(monkeypatch):
    monkeypatch.setattr(tallies, "MAX_TEXTS", 100)
    tally = OtherTexts()
    for begin in range(0, 300, 50):
        tally.add([f"t{number}" for number in range(begin, begin + 50)], np.ones(50, dtype=int))
        tally.merge()
    tally.add(["t3", "new"], np.array([5, 5]))
    assert not tally.complete
    assert len(tally.keys) == 100
    assert tally.counts.sum() == 105
    assert tally.rows == 310


@pytest.mark.parametrize(
    ("values", "kind"),
    [(["a"] * 3 + [f"t{n}" for n in range(2_000)], bins.CATEGORY), ([0.5] * 9 + list(range(40)), bins.NUMBER)],
)
def test_a_stored_tally_is_the_same(values, kind):
    _, _, tally = bins.learn_counted(pa.array(values), kind)
    again = tallies.unpacked(tally.packed())
    assert again.packed() == tally.packed()
    assert again.counts.dtype == tally.counts.dtype
