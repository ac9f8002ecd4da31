"""The detector on real rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from hanalife import DriftDetector, errors, train_test_val_split
from hanalife.database import checks

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def detector(diabetes):
    """Give a detector that knows the training rows."""
    ids = iter(f"check{number}" for number in range(99))
    return DriftDetector(clock=lambda: NOW, ids=lambda: next(ids)).fit(diabetes.deselect("ID"), label="CLASS")


def test_rows_of_the_same_source_do_not_drift(diabetes, detector):
    _, half, _ = train_test_val_split(
        diabetes, random_seed=3, training_percentage=0.5, testing_percentage=0.5, validation_percentage=0
    )
    assert detector.detect(half).collect().empty
    assert detector.check_.verdict == "no_drift"


@pytest.mark.parametrize("label", [0, 1])
def test_a_batch_of_one_class_drifts_in_its_label(diabetes, detector, label):
    found = detector.detect(diabetes.filter(f"CLASS = {label}")).collect()
    assert found.columns.tolist() == ["Variable", "Deviation Indicator"]
    assert "CLASS" in found["Variable"].tolist()
    assert found["Deviation Indicator"].is_monotonic_decreasing
    assert found["Deviation Indicator"].between(0.95, 1).all()
    assert detector.check_.verdict == "drift"


def test_a_selected_group_drifts_in_what_selected_it(diabetes, detector):
    assert detector.detect(diabetes.filter("AGE > 45")).collect()["Variable"].iloc[0] == "AGE"


def test_few_rows_without_a_finding_are_unknown(diabetes, detector):
    detector.detect(diabetes.filter("ID IN (3, 50, 91, 120, 200, 310, 405, 530, 611, 700)"))
    assert detector.check_.verdict == "unknown"


def test_a_trifle_in_many_rows_is_no_drift(sqlite_conn):
    def rows(share, table):
        ones = int(100_000 * share)
        data = pd.DataFrame({"X": [1] * ones + [0] * (100_000 - ones)})
        return sqlite_conn.create_from_pandas(data, table, {"X": "INT"})

    detector = DriftDetector()
    assert detector.fit_detect(rows(0.50, "A"), rows(0.51, "B")).count() == 0
    (result,) = detector.check_.results
    assert result.p_value < 0.001, "beyond chance"
    assert not result.drifted, "but too small to matter"


def test_a_new_category_drifts(sqlite_conn):
    old = pd.DataFrame({"C": ["a", "b"] * 100})
    new = pd.DataFrame({"C": ["a", "z"] * 100})
    frames = [
        sqlite_conn.create_from_pandas(data, name, {"C": "NVARCHAR(5)"}) for data, name in ((old, "A"), (new, "B"))
    ]
    assert DriftDetector().fit_detect(*frames).collect()["Variable"].tolist() == ["C"]


def test_missing_values_are_a_shift_of_their_own(sqlite_conn):
    old = pd.DataFrame({"X": [float(number) for number in range(200)]})
    new = old.mask(old["X"] % 2 == 0)
    frames = [sqlite_conn.create_from_pandas(data, name, {"X": "DOUBLE"}) for data, name in ((old, "A"), (new, "B"))]
    assert DriftDetector().fit_detect(*frames).count() == 1


def test_checks_are_kept_in_the_store(diabetes, detector):
    detector.detect(diabetes.filter("CLASS = 1"))
    detector.detect(diabetes.filter("CLASS = 0").deselect("AGE"))
    with diabetes.connection_context.database.read() as connection:
        newest, oldest = checks.checks(connection)
    assert newest == detector.check_
    assert (oldest.check_id, oldest.created_at) == ("check0", NOW)
    assert (oldest.reference_rows, oldest.current_rows) == (768, 268)
    age = next(result for result in newest.results if result.column == "AGE")
    assert (age.verdict, age.reason) == ("unknown", "the current rows have no such column")


def test_bad_input(diabetes, detector):
    with pytest.raises(errors.FitIncompleteError, match="fit"):
        DriftDetector().detect(diabetes)
    with pytest.raises(errors.UnknownColumnError, match="features"):
        DriftDetector().fit(diabetes, features=["Q"])
    with pytest.raises(errors.UnknownColumnError, match="label"):
        DriftDetector().fit(diabetes, label="Q")
    with pytest.raises(errors.InvalidArgumentError, match="features"):
        DriftDetector().fit(diabetes, features=[])
    with pytest.raises(errors.InvalidArgumentError, match="no rows"):
        DriftDetector().fit(diabetes.filter("ID < 0"))
    with pytest.raises(errors.InvalidArgumentError, match="no rows"):
        detector.detect(diabetes.filter("ID < 0"))
    with pytest.raises(errors.InvalidArgumentError, match="none of the watched columns"):
        detector.detect(diabetes.select("ID"))
    with pytest.raises(errors.InvalidArgumentError, match="threshold"):
        detector.detect(diabetes, threshold=2)
