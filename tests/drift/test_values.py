"""Verdicts on columns with many values, rare ones and repeated ones, through the public calls."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from hanalife import DriftDetector, create_dataframe_from_pandas
from hanalife.database import tables
from hanalife.drift import bins, tallies

TEXT, REAL = {"V": "NVARCHAR(40)"}, {"V": "DOUBLE"}


def check(conn, before, after, types, **options):
    first, second = (
        create_dataframe_from_pandas(
            conn, pd.DataFrame({"V": values}), name, force=True, table_structure=types, disable_progressbar=True
        )
        for name, values in (("BEFORE", before), ("AFTER", after))
    )
    return conn.drift.check(first, second, two_sample=False, keep=False, **options)


def texts(random, rows, size=500):
    return [f"s{number}" for number in random.integers(0, size, rows)]


def test_two_halves_of_one_population_of_500_texts_do_not_drift(conn):
    random = np.random.default_rng(0)
    answers = [check(conn, texts(random, 1000), texts(random, 1000), TEXT).verdict for _ in range(4)]
    assert "drift" not in answers
    moved = check(conn, texts(random, 2000), [f"s{n}" for n in random.integers(0, 170, 2000)], TEXT)
    assert moved.verdict == "drift"
    measures = {effect.measure: effect for effect in moved.results[0].effects}
    assert measures["vanished_share"].low > 0.5
    assert measures["new_share"].low <= 0 <= measures["new_share"].high


def test_more_values_than_labels_and_their_hashes(conn):
    random = np.random.default_rng(1)
    numbers = random.integers(0, 1_500, 8_000)
    same = check(conn, [f"t{n}" for n in numbers[:4_000]], [f"t{n}" for n in numbers[4_000:]], TEXT)
    assert same.verdict == "no_drift"
    other = check(conn, [f"t{n}" for n in numbers[:4_000]], [f"u{n}" for n in numbers[4_000:]], TEXT)
    assert other.verdict == "drift"


def test_more_texts_than_are_counted_decide_nothing_unless_all_are_new(conn, monkeypatch):
    monkeypatch.setattr(bins, "MAX_CATEGORIES", 20)
    monkeypatch.setattr(tallies, "MAX_TEXTS", 100)
    random = np.random.default_rng(7)
    same = check(conn, texts(random, 1_000), texts(random, 1_000), TEXT).results[0]
    assert (same.verdict, same.effect.high) == ("unknown", None)
    assert "distinct texts, which are not compared one by one; group them" in same.reason
    new = check(conn, ["a", "b"] * 500, texts(random, 1_000), TEXT).results[0]
    assert new.verdict == "drift"


def test_a_new_text_that_a_tenth_of_the_rows_have_is_found(conn):
    random = np.random.default_rng(2)
    after = [*texts(random, 900, 30), *["new"] * 100]
    assert check(conn, texts(random, 1000, 30), after, TEXT).verdict == "drift"


def test_columns_that_identify_rows_are_left_out_of_the_verdict(conn, tmp_path):
    random = np.random.default_rng(3)
    first, second = (
        conn.create_from_pandas(
            pd.DataFrame({"ID": [f"{side}{n}" for n in range(1_000)], "C": random.choice(["a", "b"], 1_000)}),
            side,
            {"ID": "NVARCHAR(9)", "C": "NVARCHAR(1)"},
        )
        for side in ("X", "Y")
    )
    detector = DriftDetector()
    assert detector.fit_detect(first, second).collect().empty
    found = {result.column: result for result in detector.check_.results}
    assert detector.check_.verdict == "no_drift"
    assert (found["ID"].identifier, found["C"].identifier) == (True, False)
    assert found["ID"].reason.startswith("identifies rows: 100% of its rows have a value that no other row has")
    detector.build_report()
    detector.generate_html_report(str(tmp_path / "page"))
    assert "identifies rows" in (tmp_path / "page.html").read_text(encoding="utf-8")
    keys_alone = conn.drift.check(first.select("ID"), second.select("ID"), two_sample=False)
    assert keys_alone.verdict == "unknown"
    with conn.database.read() as connection:
        from hanalife.database import checks

        assert checks.find(connection, keys_alone.check_id).results == keys_alone.results


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([1.0] * 50, [1.0] * 50, "unknown"),
        ([1.0] * 500, [1.0] * 500, "no_drift"),
        ([1.0] * 500, [2.0] * 500, "drift"),
        ([None] * 500, [None] * 500, "no_drift"),
        ([None] * 500, [3.0] * 500, "drift"),
        ([float("inf")] * 300 + [1.0] * 300, [1.0] * 600, "drift"),
        ([float("inf")] * 300 + [-float("inf")] * 300, [float("inf")] * 300 + [-float("inf")] * 300, "no_drift"),
        ([0.0] * 99 + [1.0], [0.0] * 90 + [1.0] * 10, "unknown"),
        ([0.0] * 1980 + [1.0] * 20, [0.0] * 1600 + [1.0] * 400, "drift"),
        ([True, False] * 300, [True, False] * 300, "no_drift"),
        ([True, False] * 20, [True] * 40, "drift"),
    ],
)
def test_few_values(conn, before, after, expected):
    kind = {"V": "BOOLEAN"} if isinstance(before[0], bool) else REAL
    result = check(conn, before, after, kind)
    assert result.verdict == expected
    (column,) = result.results
    if expected == "unknown":
        assert column.rows_needed is None or column.rows_needed > len(after)
        assert column.reason
    assert column.effect.high is None or column.effect.high > 0, "never an interval of no width"
    assert (column.effect.high is None) == bool(column.effect.withheld)
    assert bool(column.reason) == (expected == "unknown" or column.effect.high is None)


def test_amounts_that_become_frequent_are_found(conn):
    random = np.random.default_rng(4)
    before, after = (np.where(random.random(4_000) < share, random.lognormal(3, 1, 4_000), 0) for share in (0.005, 0.5))
    assert check(conn, before, after, REAL).verdict == "drift"
    assert check(conn, before, before[::-1], REAL).verdict == "no_drift"


def test_a_sentinel_in_a_fifth_of_the_rows_is_found(conn):
    random = np.random.default_rng(5)
    before = random.normal(size=1_000)
    after = np.where(random.random(1_000) < 0.2, -999.0, random.normal(size=1_000))
    found = check(conn, before, after, REAL)
    assert found.verdict == "drift"
    assert any(label == "-999" and rows[0] == 0 for label, *rows in found.results[0].bins)


def test_a_reference_of_an_older_version_decides_what_it_can(conn):
    """Before, content had no tallies, and of texts beyond the thousand most frequent only their number."""
    random = np.random.default_rng(6)
    data = pd.DataFrame(
        {
            "FEW": random.choice(["a", "b"], 2_000),
            "MANY": [f"t{n}" for n in random.integers(0, 1_500, 2_000)],
            "NUMBER": random.normal(size=2_000),
            "AMOUNT": np.where(random.random(2_000) < 0.3, random.lognormal(3, 1, 2_000), 0.0),
        }
    )
    types = {"FEW": "NVARCHAR(1)", "MANY": "NVARCHAR(9)", "NUMBER": "DOUBLE", "AMOUNT": "DOUBLE"}
    rows = conn.create_from_pandas(data, "ROWS", types)
    conn.drift.reference(rows, name="old")
    _without_tallies(conn, "old")
    found = {result.column: result for result in conn.drift.check("old", rows).results}
    words = {name: result.verdict for name, result in found.items()}
    assert words == {"FEW": "no_drift", "MANY": "unknown", "NUMBER": "no_drift", "AMOUNT": "unknown"}
    assert "store it again with conn.drift.reference(data, name=...)" in found["MANY"].reason
    conn.drift.reference(rows, name="old")  # the remedy
    assert {result.verdict for result in conn.drift.check("old", rows).results} == {"no_drift"}


def _without_tallies(conn, name):
    table = tables.drift_reference
    with conn.database.write() as connection:
        content = connection.execute(sa.select(table.c.content).where(table.c.name == name)).scalar_one()
        for segment in content["segments"]:
            for column in segment["columns"].values():
                del column["tally"]
        connection.execute(sa.update(table).where(table.c.name == name).values(content=content))
