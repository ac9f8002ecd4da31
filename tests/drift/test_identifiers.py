"""Columns that identify rows say nothing of drift, neither alone nor to the test of all columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import create_dataframe_from_pandas

NEW_EACH = {
    "random ids": lambda side, rows: [f"{side}-{row * 7919 % 10_007:05d}" for row in range(rows)],
    "free text": lambda side, rows: [f"order {row} of {side} came late" for row in range(rows)],
    "the same ids on both sides": lambda _, rows: [f"customer {row:06d}" for row in range(rows)],
    "times as text": lambda side, rows: [
        f"2026-{3 if side == 'A' else 4:02d}-01 {row // 60:02d}:{row % 60:02d}:00" for row in range(rows)
    ],
}


@pytest.mark.parametrize("make", NEW_EACH.values(), ids=NEW_EACH)
def test_an_identifier_is_named_and_decides_nothing(conn, make):
    random, rows = np.random.default_rng(5), 600

    def table(side):
        frame = pd.DataFrame({"WHO": make(side, rows), "X": random.normal(size=rows)})
        return create_dataframe_from_pandas(conn, frame, side, force=True, disable_progressbar=True)

    check = conn.drift.check(table("A"), table("B"), keep=False)
    results = {result.column: result for result in check.results}
    assert results["WHO"].identifier
    assert results["WHO"].verdict == "unknown"
    assert results["(all columns)"].verdict == "no_drift"
    assert check.verdict == "no_drift"
    assert not any("stored order" in note for note in check.notes)


def test_values_that_differ_by_side_are_still_told_apart_together(conn):
    random, rows = np.random.default_rng(6), 600

    def table(name, cities):
        frame = pd.DataFrame({"CITY": random.choice(cities, rows)})
        return create_dataframe_from_pandas(conn, frame, name, force=True, disable_progressbar=True)

    check = conn.drift.check(table("A", ["Ulm", "Bonn"]), table("B", ["Ulm", "Jena"]), keep=False)
    assert {result.column: result.verdict for result in check.results} == {"CITY": "drift", "(all columns)": "drift"}


@pytest.mark.parametrize(("rows", "verdict"), [(20, "unknown"), (50, "unknown"), (2_000, "no_drift")])
def test_few_rows_never_show_that_nothing_moved(conn, rows, verdict):
    verdicts = set()
    for seed in range(20):
        random = np.random.default_rng(seed)
        sides = (
            create_dataframe_from_pandas(
                conn, pd.DataFrame({"X": random.normal(size=rows)}), name, force=True, disable_progressbar=True
            )
            for name in "AB"
        )
        verdicts.add(conn.drift.check(*sides, keep=False, two_sample=False).verdict)
    assert verdicts == {verdict}
