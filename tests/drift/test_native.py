"""``conn.drift`` on real rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import errors

TYPES = {"X": "DOUBLE", "C": "NVARCHAR(20)", "DAY": "DATE"}


def rows(seed, size=600, shift=0.0, start="2026-01-05"):
    """Return rows whose X may be shifted, 100 a day."""
    random = np.random.default_rng(seed)
    days = pd.date_range(start, periods=-(-size // 100)).repeat(100)[:size]
    return pd.DataFrame({"X": random.normal(shift, 1, size), "C": random.choice(["ä", "b", "c"], size), "DAY": days})


@pytest.fixture
def reference(conn):
    """Give reference rows."""
    return conn.create_from_pandas(rows(1), "REFERENCE", TYPES)


def verdicts(check):
    return {result.column: result.verdict for result in check.results}


def test_a_check_names_what_moved_and_what_did_not(conn, reference):
    current = conn.create_from_pandas(rows(2, 2_000, shift=1), "CURRENT", TYPES)
    check = conn.drift.check(reference, current, features=["X", "C"])
    assert verdicts(check) == {"X": "drift", "C": "no_drift", "(all columns)": "drift"}
    x = next(result for result in check.results if result.column == "X")
    assert x.effect.low < 0.92 < x.effect.high, "the PSI over tenths of a shift by one deviation"
    measures = {effect.measure: effect for effect in x.effects}
    assert measures["wasserstein"].low < 0.97 < measures["wasserstein"].high
    assert any("X 9" in note or "X 100" in note for note in check.notes), "what the classifier went by"
    assert conn.drift.alerts().collect()["column_name"].tolist() == ["(all columns)", "X"]
    assert conn.drift.history().count() == 3


def test_the_same_source_does_not_drift_and_little_is_unknown(conn, reference):
    many = conn.create_from_pandas(rows(3, 2_000), "MANY", TYPES)
    assert conn.drift.check(reference, many, features=["X", "C"]).verdict == "no_drift"
    few = conn.create_from_pandas(rows(5, 60), "FEW", TYPES)
    check = conn.drift.check(reference, few, features=["X"])
    (result,) = check.results
    assert check.verdict == "unknown"
    assert 60 < result.rows_needed < 2_000
    assert f"needs about {result.rows_needed - 60:,} more rows" in result.reason
    none = conn.drift.check(reference, few.filter("X > 99"), features=["X"])
    assert (none.verdict, none.current_rows) == ("unknown", 0)
    assert "0 current rows" in none.results[0].reason


def test_a_stored_reference_has_versions_and_no_rows(conn, reference):
    frozen = conn.drift.reference(reference, features=["X", "C"], name="train")
    conn.drift.reference(reference, features=["X"], name="train")
    current = conn.create_from_pandas(rows(2, 600, shift=1), "CURRENT", TYPES)
    fresh = conn.drift.check(frozen, current, two_sample=False)
    stored = conn.drift.check(conn.drift.stored_reference("train", 1), current)
    assert stored.results == fresh.results
    assert "a stored reference keeps none" in stored.notes[0]
    assert verdicts(conn.drift.check("train", current)) == {"X": "drift"}
    with pytest.raises(errors.DataNotFoundError, match=r"train.*version 9"):
        conn.drift.stored_reference("train", 9)


def test_windows_by_time_and_by_rows(conn, reference):
    calm, moved = rows(5, 700, start="2026-02-02"), rows(6, 700, shift=1.5, start="2026-02-09")
    current = conn.create_from_pandas(pd.concat([calm, moved]), "CURRENT", TYPES).sort("DAY")
    options = {"features": ["X"], "minimum_effect": 0.2}
    weeks = conn.drift.windows(reference, current, time_column="DAY", **options)
    assert [(check.window, check.current_rows) for check in weeks] == [("2026-02-02", 700), ("2026-02-09", 700)]
    assert [check.verdict for check in weeks] == ["no_drift", "drift"]
    parts = conn.drift.windows(reference, current, rows=500, consecutive=True, **options)
    assert [check.current_rows for check in parts] == [500, 500, 400]
    assert [check.reference_rows for check in parts] == [600, 500, 500]
    page = conn.drift.report(weeks)
    assert "2026-02-09" in page
    assert "Columns over windows" in page
    assert "New, % of rows" in page
    assert "<script" not in page
    for wrong in ({}, {"rows": 5, "time_column": "DAY"}):
        with pytest.raises(errors.InvalidArgumentError, match="rows, time_column"):
            conn.drift.windows(reference, current, **wrong)
    with pytest.raises(errors.InvalidArgumentError, match="time_column: X is DOUBLE"):
        conn.drift.windows(reference, current, time_column="X")
    with pytest.raises(errors.InvalidArgumentError, match="every"):
        conn.drift.windows(reference, current, time_column="DAY", every="fortnight")


def test_degenerate_columns(conn):
    size = 400
    data = pd.DataFrame(
        {
            "CONSTANT": [1.0] * size,
            "NOTHING": [None] * size,
            "ONE": ["only"] * size,
            "INFINITE": [float("inf"), -float("inf")] * 20 + list(np.linspace(-1e300, 1e300, size - 40)),
            "MANY": [f"идент {number}" for number in range(size)],
            "DAY": pd.date_range("2026-01-01", periods=size),
        }
    )
    types = {"CONSTANT": "DOUBLE", "NOTHING": "DOUBLE", "ONE": "NVARCHAR(9)", "INFINITE": "DOUBLE"}
    types |= {"MANY": "NVARCHAR(30)", "DAY": "DATE"}
    same = conn.create_from_pandas(data, "SAME", types)
    check = conn.drift.check(same, same)
    assert check.verdict == "no_drift"
    found = {result.column: result for result in check.results}
    assert all(np.isfinite(result.psi) for result in check.results)
    assert all(found[name].effect.high > 0 for name in ("INFINITE", "DAY"))
    for name in ("CONSTANT", "NOTHING", "ONE"):
        assert found[name].effect.high is None
        assert found[name].effect.withheld == "too few rows have the rarer value"
    other = data.assign(CONSTANT=2.0, NOTHING=3.0, ONE="other", MANY="new", DAY=pd.Timestamp("2027-01-01"))
    moved = conn.drift.check(same, conn.create_from_pandas(other, "OTHER", types), two_sample=False)
    assert verdicts(moved) == dict.fromkeys(types, "drift") | {"INFINITE": "no_drift"}
    new = {effect.measure: effect for effect in next(one for one in moved.results if one.column == "ONE").effects}
    assert new["new_share"].low > 0.98


def test_columns_that_do_not_match(conn, reference):
    text = rows(7).assign(X="a")
    retyped = conn.create_from_pandas(text, "RETYPED", TYPES | {"X": "NVARCHAR(5)"})
    with pytest.raises(errors.InvalidArgumentError, match=r"X is NVARCHAR.*DOUBLE in the reference"):
        conn.drift.check(reference, retyped)
    check = conn.drift.check(reference, reference.deselect("X"), features=["X", "C"])
    assert (check.verdict, verdicts(check)["X"]) == ("unknown", "unknown")
    assert conn.drift.check(reference, reference.deselect("X"), features=["C"], label="X").verdict == "no_drift"
    for wrong in ({"minimum_effect": 0}, {"error_rate": 1}, {"features": []}, {"features": ["Q"]}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            conn.drift.check(reference, reference, **wrong)
    assert conn.drift.history().collect()["check_id"].nunique() == 2, "what was refused left nothing"


def test_what_a_window_may_lack_or_have_beside(conn, reference):
    more = conn.create_from_pandas(rows(8).assign(EXTRA=1), "MORE", TYPES | {"EXTRA": "INT"})
    assert set(verdicts(conn.drift.check(reference, more, features=["X", "C"], two_sample=False))) == {"X", "C"}
    few = conn.create_from_pandas(rows(9, 5), "FEW", TYPES)
    tiny = conn.drift.check(reference, few, features=["X", "C"])
    assert tiny.verdict == "unknown"
    assert all("5 current rows" in one.reason for one in tiny.results)
    gone = conn.create_from_pandas(rows(10).assign(X=None, C=None), "GONE", TYPES)
    found = verdicts(conn.drift.check(reference, gone, features=["X", "C"], two_sample=False))
    assert found == {"X": "drift", "C": "drift"}, "missing everywhere is a shift"
    other = conn.drift.reference(more, features=["EXTRA"], name="another version")
    with pytest.raises(errors.InvalidArgumentError, match="none of the watched columns EXTRA"):
        conn.drift.check(other, reference)
    for wrong in ({"label": "NONE"}, {"label": "C", "probability": "NONE"}):
        with pytest.raises(errors.UnknownColumnError, match="NONE"):
            conn.drift.performance(more, more, **{"probability": "X"} | wrong)


def test_more_categories_than_are_kept_in_large_samples(conn):
    size = 3_000
    names = pd.DataFrame({"ID": [f"ключ {number % 2_500}" for number in range(size)]})
    data = conn.create_from_pandas(names, "NAMES", {"ID": "NVARCHAR(40)"})
    found = conn.drift.reference(data)
    binnings, summary = found.segments[""]
    assert len(binnings["ID"].categories) == 1_000
    assert sorted(summary.counts["ID"].tolist()) == [0] + [1] * 500 + [2] * 500 + [1_500]
    assert conn.drift.check(found, data, two_sample=False).verdict == "no_drift"


def test_a_sample_keeps_as_many_rows_as_it_says_whatever_passes():
    import pyarrow as pa

    from hanalife.drift.reading import Sample

    random = np.random.default_rng(1)
    sample = Sample(100)
    for begin in range(0, 20_000, 500):
        numbers = np.arange(begin, begin + 500)
        batch = pa.RecordBatch.from_pydict({"X": numbers, "C": [f"n{number}" for number in numbers]})
        sample.add(batch, {"X": "number", "C": "category"}, random)
        assert sample.held <= 1_000
    kept = sample.rows.to_pydict()
    assert len(kept["X"]) == 100
    assert kept["C"] == [f"n{number:.0f}" for number in kept["X"]], "rows stay together"
    assert 6_000 < np.mean(kept["X"]) < 14_000, "drawn from all"


@pytest.mark.parametrize("ordered", [False, True])
def test_more_reference_rows_than_bins_are_learned_from(sqlite_conn, monkeypatch, ordered):
    from hanalife.drift import learning, reading

    monkeypatch.setattr(learning, "LEARNING_ROWS", 2_500)
    monkeypatch.setattr(reading, "BATCH_ROWS", 500)
    passes = []
    monkeypatch.setattr(reading, "cleaned", lambda *of, read=reading.cleaned: passes.append(1) or read(*of))
    table = rows(1, 5_000).sort_values("X") if ordered else rows(1, 5_000)
    data = sqlite_conn.create_from_pandas(table, "DATA", TYPES)
    found = sqlite_conn.drift.reference(data, features=["X", "C"])
    assert len(passes) == (3 if ordered else 1)
    binnings, summary = found.segments[""]
    assert summary.rows == 5_000
    assert all(counts.sum() == 5_000 for counts in summary.counts.values())
    shares = binnings["X"].coarsened(summary.counts["X"])[:-1] / 5_000
    assert shares == pytest.approx([0.1] * 10, abs=0.05)
    assert summary.counts["C"].tolist() == [*table["C"].value_counts()[list(binnings["C"].categories)], 0, 0]
    assert 0 < len(summary.sample.rows) <= reading.SAMPLE_ROWS
    assert sqlite_conn.drift.check(found, data, two_sample=False).verdict == "no_drift"
    moved = sqlite_conn.create_from_pandas(table.assign(X=table["X"] + 0.6), "MOVED", TYPES)
    assert verdicts(sqlite_conn.drift.check(found, moved, two_sample=False)) == {"X": "drift", "C": "no_drift"}


def test_values_that_only_later_reference_rows_have_are_learned_too(sqlite_conn, monkeypatch):
    from hanalife.drift import learning, reading

    monkeypatch.setattr(learning, "LEARNING_ROWS", 1_000)
    monkeypatch.setattr(reading, "BATCH_ROWS", 500)
    table = rows(1, 3_000)
    table.loc[2_500:2_600, "C"] = "late"
    data = sqlite_conn.create_from_pandas(table, "DATA", TYPES)
    binnings, summary = sqlite_conn.drift.reference(data, features="C").segments[""]
    assert "late" in binnings["C"].categories
    assert summary.counts["C"].tolist()[-2:] == [0, 0]


def test_the_classes_of_a_label_are_those_that_were_counted(sqlite_conn, monkeypatch):
    """Which ten of eleven classes are most frequent is another matter among the first rows than among all."""
    from hanalife.drift import learning, reading

    monkeypatch.setattr(learning, "LEARNING_ROWS", 1_100)
    monkeypatch.setattr(reading, "BATCH_ROWS", 550)
    labels = [*(["A"] * 90), *(list("BCDEFGHIJK") * 101)]
    table = rows(1, 2_200).assign(L=[*labels, *labels[::-1]])
    table.loc[1_100:1_250, "L"] = "A"
    data = sqlite_conn.create_from_pandas(table, "DATA", TYPES | {"L": "NVARCHAR(1)"})
    found = sqlite_conn.drift.reference(data, features="X", label="L", name="labelled")
    assert found.layout("").target.names == (*"BCDEFGHIJK", "(other)")
    assert found.segments[""][1].counts["L"].tolist()[0] > 200, "A is frequent among all"
    stored = sqlite_conn.drift.stored_reference("labelled")
    assert stored.layout("").target == found.layout("").target
    within = found.segments[""][1].within["X"].sum(axis=0)
    assert within[10] == (table["L"] == "A").sum(), "the last of the sums is of the other classes"


def test_each_segment_is_compared_with_its_own_reference(conn, reference):
    table = rows(2, 3_000)
    table.loc[table["C"] == "b", "X"] += 1
    table.loc[2_900:, "C"] = "new"
    current = conn.create_from_pandas(table, "CURRENT", TYPES)
    of_rows = conn.drift.segments(reference, current, "C", features="X")
    found = {check.segment: verdicts(check)["X"] for check in of_rows}
    assert list(found) == ["b", "c", "ä"], "in order, and no unknown segment"
    assert found["b"] == "drift"
    assert "drift" not in (found["c"], found["ä"])
    assert sorted(conn.drift.history().collect()["segment"]) == ["b", "c", "ä"]
    conn.drift.reference(reference, features="X", segment_column_name="C", name="by C")
    stored = conn.drift.segments("by C", current, "C", keep=False)
    assert [check.results for check in stored] == [check.results for check in of_rows]
    with pytest.raises(errors.InvalidArgumentError, match="has the segments b, c, ä"):
        conn.drift.check("by C", current)
    with pytest.raises(errors.InvalidArgumentError, match="no row has a value of C that the reference knows: b, c, ä"):
        conn.drift.segments("by C", current.filter("C = 'new'"), "C")
    with pytest.raises(errors.InvalidArgumentError, match="was not learned by C"):
        conn.drift.segments(conn.drift.reference(reference, features="X"), current, "C")
    with pytest.raises(errors.UnknownColumnError):
        conn.drift.segments(reference, current, "NONE", features="X")
