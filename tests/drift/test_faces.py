"""Segments, tables and reports under hana_ml's names."""

from __future__ import annotations

import pytest

from hanalife import DriftDetector, errors


@pytest.fixture
def segmented(diabetes):
    """Give a detector whose two segments are the classes, and the rows it was fitted on."""
    data = diabetes.deselect("ID")
    return DriftDetector(segment_column_name="CLASS").fit(data), data


def test_each_segment_has_a_reference_of_its_own(segmented, caplog):
    detector, data = segmented
    assert detector.detect(data).collect().empty
    assert {check.segment: check.current_rows for check in detector.checks_} == {"0": 500, "1": 268}
    found = detector.detect(data.filter("AGE > 40 OR CLASS = 0")).collect()
    assert found.columns.tolist() == ["Segment", "Variable", "Deviation Indicator"]
    assert set(found["Segment"]) == {"1"}
    assert found["Variable"].iloc[0] == "AGE"
    detector.detect(data.filter("CLASS = 0"))
    assert "segment 1 has no rows" in caplog.text
    log = detector.get_detect_operation_log().collect()
    assert log[log["LEVEL"] == 0]["OID"].tolist() == ["1"]
    summary = detector.get_summary().collect()
    assert (summary[summary["KEY"] == "AplTaskStatus"]["VALUE"] == "Succeed").all()
    assert detector.get_fit_operation_log().collect()["OID"].tolist() == ["0", "1"]


def test_the_report_of_a_segment(segmented, tmp_path):
    detector, data = segmented
    with pytest.raises(RuntimeError, match="detect"):
        detector.build_report()
    with pytest.raises(AttributeError, match="detect"):
        detector.get_detect_operation_log()
    detector.detect(data.filter("AGE > 40"))
    with pytest.raises(RuntimeError, match="build_report"):
        detector.generate_html_report(str(tmp_path / "drift"))
    with pytest.raises(errors.InvalidArgumentError, match="segment_name: expected one of 0, 1"):
        detector.build_report()
    detector.build_report(segment_name="1")
    detector.generate_html_report(str(tmp_path / "drift"))
    page = (tmp_path / "drift.html").read_text(encoding="utf-8")
    assert "Data Drift Report" in page
    assert "AGE" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_debrief_tables(diabetes):
    detector = DriftDetector()
    detector.fit_detect(diabetes.deselect("ID"), diabetes.filter("CLASS = 1"), label="CLASS", build_report=True)
    partitions = detector.get_debrief_report("Statistics_Partition").collect()
    assert partitions.set_index("Partition")["Weight"].to_dict() == {"Estimation": 768.0, "ApplyIn": 268.0}
    changes = detector.get_debrief_report("Deviation_CategoryFrequencies").collect()
    assert changes.iloc[0][["Variable", "Abs % Change"]].tolist() == ["CLASS", pytest.approx(100 * 500 / 768)]
    by_variable = detector.get_debrief_report("Deviation_ByVariable", deviation_threshold=0.95).collect()
    assert set(by_variable["Variable"]) == {one.column for one in detector.check_.results if one.drifted}
    assert "Group" in detector.get_debrief_report("Deviation_ByGroup").columns
    frequencies = detector.get_debrief_report("Statistics_CategoryFrequencies").collect()
    totals = frequencies.groupby(["Variable", "Partition"])["% Weight"].sum()
    assert totals.to_numpy() == pytest.approx(100)
    with pytest.raises(errors.InvalidArgumentError, match="report_name"):
        detector.get_debrief_report("Everything")


def test_how_values_are_read(diabetes):
    options = {"variable_value_types": {"AGE": "nominal"}, "variable_missing_strings": {"INSULIN": "0"}}
    detector = DriftDetector(**options).fit(diabetes, features=["AGE", "INSULIN"])
    binnings, summary = detector.reference_.segments[""]
    assert "21" in binnings["AGE"].categories
    assert summary.counts["INSULIN"][-1] == 374, "known: so many rows have no insulin"
    assert detector.get_params()["variable_value_types"] == {"AGE": "nominal"}
    with pytest.raises(errors.InvalidArgumentError, match="variable_value_types: AGE is 'big'"):
        detector.set_params(variable_value_types={"AGE": "big"})
    assert detector.get_params()["variable_value_types"] == {"AGE": "nominal"}
    with pytest.raises(errors.InvalidArgumentError, match="minimum_effect"):
        DriftDetector(minimum_effect=0)
    with pytest.raises(errors.FitIncompleteError):
        DriftDetector().get_summary()


def test_the_weeks_of_the_demo(diabetes):
    reference, week = diabetes.filter("ID >= 100").deselect("ID"), diabetes.filter("ID < 100")
    detector = DriftDetector().fit(reference, label="CLASS")
    detector.detect(week)
    assert detector.check_.verdict in ("unknown", "no_drift")
    assert all(one.rows_needed or one.reason for one in detector.check_.results if one.verdict == "unknown")
    for label in (0, 1):
        assert "CLASS" in detector.detect(week.filter(f"CLASS = {label}")).collect()["Variable"].tolist()
        assert detector.check_.verdict == "drift"
