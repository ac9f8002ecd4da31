"""What differs between two runs, and the rows that they have seen."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from hanalife import MLExperiments, UnifiedClassification, compare_runs, create_dataframe_from_pandas
from hanalife.errors import DataNotFoundError, RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.tracking import comparison, run_data, snapshots
from hanalife.tracking.comparison import Change, MetricChange


def test_values_that_differ():
    left = {"a": 1, "same": math.nan, "truth": True, "gone": "x", "list": [1, 2]}
    right = {"a": 2, "same": math.nan, "truth": 1, "new": None, "list": [1, 2]}
    assert comparison.changes(left, right) == (
        Change("a", 1, 2),
        Change("gone", "x", None),
        Change(name="truth", left=True, right=1),
    )


def test_metrics_that_differ():
    def logged(**values):
        return {MetricKey(name, MetricSource.USER): value for name, value in values.items()}

    found = comparison.metric_changes(logged(a=0.5, b=0.0, c="1, 2", d=1.0), logged(a=0.75, b=1.0, c="1, 3"))
    user = MetricSource.USER
    assert found == (
        MetricChange("a", 0.5, 0.75, 0.25, 0.5, user, user),
        MetricChange("b", 0.0, 1.0, 1.0, None, user, user),
        MetricChange("c", "1, 2", "1, 3", None, None, user, user),
        MetricChange("d", 1.0, None, None, None, user, None),
    )


def test_values_of_different_sources_have_no_difference():
    test, validation, cv, train = MetricSource.TEST, MetricSource.VALIDATION, MetricSource.CV, MetricSource.TRAIN
    left = {MetricKey("AUC", train): 0.99, MetricKey("SCORE_AUC", test): 0.7, MetricKey("TEST_AUC.MEAN", cv): 0.75}
    right = {MetricKey("AUC", validation): 0.8, MetricKey("SCORE_AUC", train): 0.95}
    found = comparison.metric_changes(left, right)
    assert [(each.left_source, each.right_source) for each in found] == [(train, train), (test, validation), (cv, None)]
    assert found == (
        MetricChange("AUC@train", 0.99, 0.95, 0.95 - 0.99, (0.95 - 0.99) / 0.99, train, train),
        MetricChange("AUC@test vs AUC@validation", 0.7, 0.8, None, None, test, validation),
        MetricChange("AUC@cv", 0.75, None, None, None, cv, None),
    )


def test_rows_that_differ_by_their_key():
    left = pd.DataFrame({"ID": [1, 2, 3, 3, 5], "A": [1.0, None, 3.0, 3.5, 5.0], "B": list("abcde")})
    right = pd.DataFrame({"B": list("xbcdf"), "ID": [1, 2, 3, 3, 6], "A": [1.0, None, 3.0, None, 6.0]})
    found = run_data.row_changes(left, right, "ID")
    assert (found.added, found.removed, found.changed) == (1, 1, 2)
    assert found.changed_columns == {"A": 1, "B": 1}
    same = run_data.row_changes(left, left.sample(frac=1, random_state=1), "ID")
    assert (same.added, same.removed) == (0, 0)


def test_columns_that_shift():
    left = pd.DataFrame({"N": [0.0, 2.0, 4.0], "T": ["a", "b", None], "S": [1, 1, 1]})
    right = pd.DataFrame({"N": [2.0, 4.0, 6.0], "T": ["a", None, None], "S": [1, 1, 1]})
    number, text = run_data.column_shifts(left, right)
    assert (number.column, number.left_mean, number.right_mean, number.standardized) == ("N", 2.0, 4.0, 1.0)
    assert (text.column, text.left_mean, text.standardized) == ("T", None, None)
    assert (text.left_missing, text.right_missing) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


@pytest.fixture
def two_runs(conn, diabetes):
    """Give a store with two recorded fits of different rows and trees."""
    tracker = MLExperiments(conn, "e")
    changed = diabetes.collect()
    changed.loc[0, "GLUCOSE"] += 1
    table = create_dataframe_from_pandas(conn, changed.iloc[:-3], "CHANGED")
    for name, rows, trees in (("a", diabetes, 2), ("b", table, 3)):
        model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=trees, random_state=1)
        tracker.autologging(model, run_name=name)
        model.fit(rows, key="ID", label="CLASS")
    return conn


def test_two_recorded_runs(two_runs):
    found = compare_runs(two_runs, "e/a", "e/b")
    assert found.parameters == (Change("n_estimators", 2, 3),)
    assert (found.data.left_rows, found.data.right_rows, found.data.columns) == (768, 765, ())
    assert (found.data.rows.added, found.data.rows.removed, found.data.rows.changed) == (0, 3, 1)
    assert found.data.rows.changed_columns == {"GLUCOSE": 1}
    assert "GLUCOSE" in {shift.column for shift in found.data.shifts}
    assert found.environment == found.code == ()
    assert "AUC@train" in {change.name for change in found.metrics}
    assert "ROC_TPR" in {change.name for change in found.curves}
    text = str(found)
    for words in ("e/a (", "n_estimators: 2 -> 3", "0 added, 3 removed, 1 changed", "AUC@train: "):
        assert words in text
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["parameters"][0]["right"] == 3
    assert "<td>n_estimators</td><td>2</td><td>3</td>" in found._repr_html_()


def test_a_run_does_not_differ_from_itself(two_runs):
    found = compare_runs(two_runs, "e/a", "e/a")
    assert found.is_same
    assert "no difference" in str(found)
    assert "no difference" in found._repr_html_()


def test_rows_that_are_gone_are_not_compared(two_runs):
    two_runs.drop_table("CHANGED")
    found = compare_runs(two_runs, "e/a", "e/b")
    assert found.data.rows is None
    assert not found.data.is_same
    assert compare_runs(two_runs, "e/a", "e/b", rows=False) == found


def test_unknown_runs(sqlite_conn):
    with pytest.raises(RunNotFoundError, match="'e/nothing' is not recorded"):
        compare_runs(sqlite_conn, "e/nothing", "e/nothing")


# --- snapshots --------------------------------------------------------------------------------


def test_a_snapshot_gives_the_rows_again(conn):
    rows = pd.DataFrame(
        {
            "ID": [1, 2**60, 3],
            "MISSING": pd.array([1, None, 2**60 + 1], "Int64"),
            "X": [0.1, None, -1e300],
            "T": ["é", None, "<b>"],
            "AT": pd.to_datetime(["2026-01-01 10:00:00.123456", None, "1999-12-31"], format="ISO8601"),
        }
    )
    frame = create_dataframe_from_pandas(conn, rows, "ROWS")
    content_hash = snapshots.keep(conn, frame)
    assert content_hash == run_data.content_hash_of(frame)
    again = snapshots.read(conn, content_hash)
    assert run_data.content_hash_of(again) == content_hash
    pd.testing.assert_frame_equal(again.collect(), frame.collect())
    assert [spec.type for spec in again.specs] == [spec.type for spec in frame.specs]


def test_the_same_content_is_kept_once(conn, monkeypatch):
    monkeypatch.setattr(snapshots, "PART_ROWS", 100)
    rows = pd.DataFrame({"ID": range(1050), "X": [number / 7 for number in range(1050)]})
    frame = create_dataframe_from_pandas(conn, rows, "ROWS")
    first = snapshots.keep(conn, frame)
    parts = count_blobs(conn)
    assert parts == 11
    assert snapshots.keep(conn, frame) == first
    assert count_blobs(conn) == parts
    longer = create_dataframe_from_pandas(conn, pd.concat([rows, rows.assign(ID=rows["ID"] + 2000)]), "LONGER")
    second = snapshots.keep(conn, longer)
    assert count_blobs(conn) == parts + 11, "the first ten parts are shared"
    assert snapshots.read(conn, second).count() == 2100
    assert run_data.content_hash_of(snapshots.read(conn, first)) == first


def count_blobs(conn):
    import sqlalchemy as sa

    from hanalife.database import tables

    with conn.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(tables.blob)).scalar_one()


def test_no_rows_and_no_snapshot(conn):
    frame = create_dataframe_from_pandas(conn, pd.DataFrame({"ID": [1], "T": ["a"]}), "ROWS").filter("ID > 9")
    content_hash = snapshots.keep(conn, frame)
    assert snapshots.read(conn, content_hash).shape == (0, 2)
    with pytest.raises(DataNotFoundError, match="snapshot=True"):
        snapshots.read(conn, "00" * 32)


def test_autologging_keeps_the_rows_of_the_fit(conn, diabetes):
    model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2)
    MLExperiments(conn, "e").autologging(model, run_name="a", snapshot=True)
    part = diabetes.filter("AGE > 50")
    model.fit(part, key="ID", label="CLASS")
    content_hash = conn.table("hlv_runs").collect()["dataset_hash"][0]
    assert snapshots.read(conn, content_hash).count() == part.count()
