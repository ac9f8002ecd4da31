"""Drift checks as payloads and as pages, of records made through the public API."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from sklearn.metrics import roc_auc_score

from hanalife import DriftMonitor
from hanalife.errors import DataNotFoundError
from hanalife.views import answers, drift, drift_pages
from tests.views import drift_sample


@pytest.fixture
def weeks(conn):
    """Give a store of five weeks, of which the last two drifted."""
    drift_sample.record_weeks(conn, weeks=5)
    return conn


def read_series(conn, check_id):
    with conn.database.read() as connection:
        return json.loads(json.dumps(drift.read_series(connection, check_id), allow_nan=False))


def test_a_series_has_a_cell_for_each_column_and_window(weeks):
    (row,) = DriftMonitor(weeks).snapshot()["series"]
    assert (row["reference"], row["checks"], row["open_alerts"]) == ("PATIENTS", 5, 2)
    assert [each["verdict"] for each in row["recent"]][-1] == "drift"
    found = read_series(weeks, row["series_id"])
    names = [column["name"] for column in found["columns"]]
    assert names[0] == "GLUCOSE", "what drifted comes first"
    assert {"name": "CLASS", "role": "label"} in found["columns"]
    assert [len(window["cells"]) for window in found["windows"]] == [len(names)] * 5
    assert [window["created_at"][:10] for window in found["windows"]] == [
        f"2026-03-{day:02d}" for day in (2, 9, 16, 23, 30)
    ]
    history = weeks.drift.history().collect()
    kept = history[(history["column_name"] == "GLUCOSE")]["effect"].tolist()
    assert [window["cells"][0]["effect"]["value"] for window in found["windows"]] == pytest.approx(kept)
    newest = found["windows"][-1]["check_id"]
    assert read_series(weeks, newest)["series"] == found["series"], "any check leads to its series"


def test_a_check_has_the_counts_of_both_sides(weeks):
    (row,) = DriftMonitor(weeks).snapshot()["series"]
    check_id = read_series(weeks, row["series_id"])["windows"][-1]["check_id"]
    with weeks.database.read() as connection:
        check = answers.drift_check(connection, check_id)
    column = check["columns"][0]
    assert (column["name"], column["verdict"]) == ("GLUCOSE", "drift")
    assert sum(one["reference"] for one in column["bins"]) == check["reference_rows"] == 2_000
    glucose = weeks.table("PATIENTS_WEEK_5").collect()["GLUCOSE"]
    last = float(column["bins"][-1]["label"].split(";")[0].strip("[ "))
    assert column["bins"][-1]["current"] == pytest.approx((glucose >= last).sum(), abs=1)
    assert check["acknowledged"] is None


def test_a_window_that_is_checked_again_counts_once(conn):
    frame = pd.DataFrame({"X": np.arange(300.0)})
    base = conn.create_from_pandas(frame, "BASE", {"X": "DOUBLE"})
    for _ in range(2):
        conn.drift.windows(base, base, rows=100)
    (row,) = DriftMonitor(conn).snapshot()["series"]
    assert row["checks"] == 6
    windows = read_series(conn, row["series_id"])["windows"]
    assert [window["window"] for window in windows] == ["rows 000000001", "rows 000000101", "rows 000000201"]


def test_performance_is_estimated_at_once_and_measured_once_labels_arrive(conn):
    drift_sample.record_performance(conn, weeks=4)
    (row,) = DriftMonitor(conn).snapshot()["series"]
    assert row["recent"] == [], "a verdict on performance is none on columns"
    found = read_series(conn, row["series_id"])
    areas = [point for point in found["performance"] if point["metric"] == "AUC"]
    measured = {point["window"]: point for point in areas if point["kind"] == "measured"}
    estimated = {point["window"]: point for point in areas if point["kind"] == "estimated"}
    assert [*measured] == ["week 1", "week 2"]
    assert [*estimated] == ["week 1", "week 2", "week 3", "week 4"]
    for window, point in measured.items():
        rows = conn.table(f"SCORED_{window.removeprefix('week ')}").collect()
        assert point["value"] == pytest.approx(roc_auc_score(rows["CLASS"], rows["CHANCE"]))
        assert point["low"] < point["value"] < point["high"]
        assert estimated[window]["value"] == pytest.approx(point["value"], abs=0.06)
    assert "concept drift" in found["assumptions"][0]
    assert found["windows"] == []


def test_what_is_not_there_is_named(conn):
    assert DriftMonitor(conn, ["UNBORN", "PATIENTS"]).snapshot()["absent"] == ["UNBORN", "PATIENTS"]
    with conn.database.read() as connection:
        assert drift.read_series(connection, "none") is None
        with pytest.raises(DataNotFoundError, match="no drift check 'none'"):
            answers.drift_check(connection, "none")


def test_pages_and_saved_outputs_hold_names_as_text(conn, tmp_path):
    hostile = "<script>alert(1)</script>"
    frame = pd.DataFrame({hostile: np.arange(200.0)})
    base = conn.create_from_pandas(frame, "BASE", {hostile: "DOUBLE"})
    conn.drift.check(base, conn.create_from_pandas(frame + 500, "MOVED", {hostile: "DOUBLE"}))
    monitor = DriftMonitor(conn)
    page = monitor.export_html(tmp_path / "drift.html").read_text()
    detail = read_series(conn, monitor.snapshot()["series"][0]["series_id"])
    for text in (page, drift_pages.table(monitor.snapshot(), detail)):
        found = BeautifulSoup(text, "html.parser")
        assert not [tag for tag in found.select("script") if "alert" in tag.text]
        assert "▲ drift" in found.text
    assert hostile in BeautifulSoup(page, "html.parser").text
