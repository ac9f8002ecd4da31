"""The drift monitor in a notebook of a real JupyterLab, in a real browser."""

from __future__ import annotations

import re
import sqlite3

import pytest
from playwright.sync_api import expect

from hanalife import ConnectionContext
from tests.browser import lab as kit
from tests.browser import pictures
from tests.browser.accessibility import grave_violations
from tests.browser.test_monitors import MONITOR, open_monitor, rows
from tests.views import drift_sample

pytestmark = pytest.mark.browser


def test_columns_over_windows_with_what_was_found_of_each(lab, page, store):
    drift_sample.record_weeks(store, "WEEKS")
    view = open_monitor(page, lab, "weeks", "DriftMonitor", "WEEKS")
    series = rows(view, "Series of drift checks")
    expect(series).to_have_count(1)
    expect(series).to_contain_text("drift")

    heat = view.get_by_role("grid", name="Columns over windows")
    expect(heat.get_by_role("gridcell")).to_have_count(6 * 6)
    chosen = heat.locator("[aria-selected=true]")
    expect(chosen).to_have_attribute("aria-label", drift_label("GLUCOSE", "drift"))
    finding = view.get_by_role("region", name="GLUCOSE in")
    expect(finding).to_contain_text("is above the minimum effect of 0.10")
    expect(finding.get_by_role("img", name="GLUCOSE: share of rows by bin")).to_be_visible()
    pictures.take(page, view, "drift_columns")
    assert not grave_violations(page, ".jp-OutputArea .hl-view")

    chosen.focus()
    page.keyboard.press("ArrowLeft")
    expect(view.get_by_role("region", name="GLUCOSE in 2026-03-30")).to_contain_text("900 current rows")
    page.keyboard.press("Home")
    expect(view.get_by_role("region", name="GLUCOSE in 2026-03-02")).to_contain_text("No meaningful shift")
    heat.locator("td.hl-heat-unknown").last.click()
    expect(view.get_by_role("meter")).to_be_visible()
    pictures.take(page, view, "drift_unknown")


def drift_label(column, verdict):
    """Give what the label of a cell of the map begins with."""
    return re.compile(rf"^{column}, .*: {verdict}; PSI")


def test_an_alert_is_acknowledged_with_a_note_and_stays_so(lab, page, store):
    drift_sample.record_weeks(store, "ALERTS", weeks=5)
    view = open_monitor(page, lab, "alerts", "DriftMonitor", "ALERTS")
    view.get_by_role("tab", name="Alerts").click()
    alerts = view.get_by_role("list", name="Alerts").get_by_role("listitem")
    expect(alerts).to_have_count(2)
    alerts.first.get_by_role("textbox").fill("<b>a new device</b>")
    pictures.take(page, view, "drift_alerts")
    alerts.first.get_by_role("button", name="Acknowledge").click()
    expect(alerts.first).to_contain_text("<b>a new device</b>")
    expect(view.locator(".hl-bar")).to_contain_text("1 open alert")
    assert not grave_violations(page, ".jp-OutputArea .hl-view")
    seen = store.drift.alerts().collect()["acknowledged_note"].dropna().unique()
    assert list(seen) == ["<b>a new device</b>"]


def test_performance_as_estimated_and_as_labels_told_later(lab, page, store):
    drift_sample.record_performance(store, "PERFORMANCE")
    view = open_monitor(page, lab, "performance", "DriftMonitor", "PERFORMANCE")
    chart = view.get_by_role("img", name="AUC over windows")
    expect(chart).to_be_visible()
    expect(chart.locator(".hl-estimated-dot")).to_have_count(5)
    expect(chart.locator("g > .hl-measured-interval + .hl-measured-dot")).to_have_count(3 + 1, timeout=5_000)
    expect(view.get_by_role("tabpanel")).to_contain_text("concept drift")
    pictures.take(page, view, "drift_performance")
    assert not grave_violations(page, ".jp-OutputArea .hl-view")


def test_an_empty_store_says_so_and_a_check_appears_live(lab, page, store):
    view = open_monitor(page, lab, "none_yet", "DriftMonitor", "NONE_YET")
    expect(view.get_by_role("alert")).to_contain_text("NONE_YET")
    pictures.take(page, view, "drift_empty")
    drift_sample.record_weeks(store, "NONE_YET", weeks=1)
    expect(rows(view, "Series of drift checks")).to_have_count(1)
    expect(view.get_by_role("alert")).to_have_count(0)


def test_a_lost_database_is_said_and_what_was_seen_stays(lab, page):
    url = f"sqlite:///{lab.root / 'going.db'}"
    with ConnectionContext(url) as context:
        drift_sample.record_weeks(context, "GOING", weeks=2)
    kit.write_notebook(lab, "going.ipynb", [MONITOR.format(kind="DriftMonitor", url=url, ids="GOING")])
    kit.open_notebook(page, "going.ipynb")
    kit.run_cell(page, 0)
    view = page.locator(".jp-OutputArea .hl-view")
    expect(view.get_by_role("status").first).to_have_text("Live")
    expect(view.get_by_role("grid", name="Columns over windows")).to_be_visible()
    with sqlite3.connect(lab.root / "going.db") as connection:
        connection.execute("ALTER TABLE hl_drift_check RENAME TO away")
    connection.close()
    expect(view.get_by_role("status").first).to_have_text("No connection")
    expect(view.get_by_role("alert")).to_contain_text("cannot be read")
    expect(view.get_by_role("grid", name="Columns over windows")).to_be_visible()
    with sqlite3.connect(lab.root / "going.db") as connection:
        connection.execute("ALTER TABLE away RENAME TO hl_drift_check")
    connection.close()
    expect(view.get_by_role("status").first).to_have_text("Live")
