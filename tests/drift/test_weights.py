"""Rows that count more or less than once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import DriftDetector, errors
from hanalife.dataframe.creation import create_dataframe_from_pandas

TYPES = {"X": "DOUBLE", "C": "NVARCHAR(5)", "Y": "INT", "W": "DOUBLE"}


def rows(seed, size=400, shift=0.0):
    random = np.random.default_rng(seed)
    x = random.normal(shift, 1, size)
    return pd.DataFrame({"X": x, "C": random.choice(["a", "b"], size), "Y": (random.random(size) < 0.4).astype(int)})


def frame(conn, data, name, weights):
    data = data.assign(W=weights)
    return create_dataframe_from_pandas(conn, data, name, force=True, table_structure=TYPES, disable_progressbar=True)


def fitted(*pair, weight="W", **options):
    detector = DriftDetector()
    detector.fit_detect(*pair, label="Y", weight=weight, **options)
    return detector


def test_weights_of_one_change_nothing_and_the_size_of_equal_ones_does_not_matter(conn):
    first, second = rows(1), rows(2, shift=0.4)
    plain_pair = [frame(conn, data, name, 1.0) for data, name in ((first, "A"), (second, "B"))]
    plain = fitted(*(one.deselect("W") for one in plain_pair), weight=None)
    ones = fitted(*plain_pair)
    found = [one.results for one in (ones.check_, plain.check_)]
    assert [(one.effect, one.effects, one.bins, one.shifts, one.indicator) for one in found[0]] == [
        (one.effect, one.effects, one.bins, one.shifts, one.indicator) for one in found[1]
    ]
    halves = fitted(*(frame(conn, data, name, 0.5) for data, name in ((first, "A"), (second, "B"))))
    assert [one.effect for one in halves.check_.results] == [one.effect for one in found[0]]
    weights = halves.get_debrief_report("Statistics_Partition").collect()
    assert weights["Weight"].tolist() == [200.0, 200.0]


def test_a_row_of_weight_two_is_a_row_twice_in_shares_and_effects(conn):
    first, second = rows(1, 3_000), rows(2, 3_000, shift=0.4)
    heavy = np.where(np.arange(3_000) % 3 == 0, 2, 1)
    weighted = fitted(frame(conn, first, "A", heavy), frame(conn, second, "B", heavy), features=["C", "X"])
    doubled = [data.loc[data.index.repeat(heavy)] for data in (first, second)]
    # The same bins, so that only the weights differ: those of the rows that were not doubled.
    binnings, _ = weighted.reference_.segments[""]
    twice = conn.drift.reference(frame(conn, doubled[0], "A", 1), features=["C", "X"], label="Y")
    counted = twice.segments[""][1].counts["C"]
    assert weighted.reference_.segments[""][1].counts["C"].tolist() == counted.tolist()
    changes = weighted.get_debrief_report("Deviation_CategoryFrequencies").collect().set_index(["Variable", "Category"])
    for side, data in zip(("Ref", "New"), doubled, strict=True):
        assert changes.loc[("C", "a"), f"{side} Weight"] == pytest.approx((data["C"] == "a").sum())
        assert changes.loc[("C", "a"), f"{side} % Weight"] == pytest.approx(100 * (data["C"] == "a").mean())
    check = conn.drift.check(twice, frame(conn, doubled[1], "B", 1), two_sample=False)
    for one, other in zip(weighted.check_.results, check.results, strict=True):
        assert one.psi == pytest.approx(other.psi, abs=0.02 if one.column == "X" else 1e-4)
        assert one.effects[1].value == pytest.approx(other.effects[1].value, abs=0.01)
    shift = next(one for one in weighted.check_.results if one.column == "C").shifts[0]
    shares = [data.loc[data["C"] == "a", "Y"].mean() for data in doubled]
    assert (shift.reference, shift.current) == (pytest.approx(shares[0]), pytest.approx(shares[1]))
    assert binnings["X"].coarse, "numbers are counted between edges"


def test_intervals_are_those_of_the_effective_rows(conn):
    """Half of the rows weigh nothing: what is left is worth half as many rows (Kish)."""
    first, second = rows(1, 800), rows(2, 800)
    half = np.arange(800) % 2
    weighted = fitted(frame(conn, first, "A", half), frame(conn, second, "B", half), features=["C"])
    kept = [data[half == 1] for data in (first, second)]
    plain = fitted(*(frame(conn, data, name, 1) for data, name in zip(kept, ("A", "B"), strict=True)), features=["C"])
    for one, other in zip(weighted.check_.results, plain.check_.results, strict=True):
        assert one.effect.high == pytest.approx(other.effect.high, rel=1e-4), (
            "as near as SciPy inverts the distribution"
        )
        assert one.effects[-1].low == pytest.approx(other.effects[-1].low)
    assert "400 of equal weight" in weighted.check_.notes[0]
    assert conn.drift.history().collect()["check_id"].nunique() == 2


def test_intervals_of_weighted_shares_cover_as_often_as_they_say():
    from hanalife.drift import intervals

    random = np.random.default_rng(3)
    held = 0
    for _ in range(1_000):
        sides = []
        for share in (0.3, 0.4):
            weights, hits = random.exponential(1, 300), random.random(300) < share
            worth = weights.sum() ** 2 / (weights**2).sum()
            sides += [float(weights[hits].sum() / weights.sum() * worth), float(worth)]
        low, high = intervals.share_difference(*sides)
        held += low <= 0.1 <= high
    assert 0.93 <= held / 1_000 <= 0.97


def test_a_stored_reference_keeps_its_weights(conn):
    weights = np.random.default_rng(5).exponential(1, 400)
    frozen = conn.drift.reference(frame(conn, rows(1), "A", weights), label="Y", weight="W", name="weighted")
    current = frame(conn, rows(2), "B", weights)
    fresh, stored = (conn.drift.check(one, current, two_sample=False) for one in (frozen, "weighted"))
    assert fresh.results == stored.results
    assert fresh.results[0].weights == (pytest.approx(weights.sum()),) * 2
    both = conn.drift.check(frozen, current)
    assert any("knows no weights" in note for note in both.notes)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1.0, -2.0], "W has the value -2"),
        ([1.0, None], "W has the value NULL"),
        ([float("inf"), 1.0], "W has the value inf"),
        ([0.0, 0.0], "W is 0 in all rows"),
    ],
)
def test_weights_of_no_use_are_refused(conn, weights, words):
    conn.database.migrate()
    data = rows(1, 100)
    good = frame(conn, data, "GOOD", 1.0)
    bad = frame(conn, data, "BAD", weights * 50)
    with pytest.raises(errors.InvalidArgumentError, match=words):
        DriftDetector().fit(bad, weight="W")
    detector = DriftDetector().fit(good, weight="W")
    with pytest.raises(errors.InvalidArgumentError, match=words):
        detector.detect(bad)
    assert conn.drift.history().count() == 0


def test_the_column_of_weights_is_named_rightly(sqlite_conn):
    data = frame(sqlite_conn, rows(1, 100), "A", 1.0)
    with pytest.raises(errors.UnknownColumnError, match="Q"):
        DriftDetector().fit(data, weight="Q")
    with pytest.raises(errors.InvalidArgumentError, match="C is NVARCHAR"):
        DriftDetector().fit(data, weight="C")
    with pytest.raises(errors.InvalidArgumentError, match="Y is also watched"):
        DriftDetector().fit(data, label="Y", weight="Y")
    detector = DriftDetector().fit(data, weight="W")
    assert "W" not in detector.reference_.roles
    with pytest.raises(errors.InvalidArgumentError, match="has no column W"):
        detector.detect(data.deselect("W"))
