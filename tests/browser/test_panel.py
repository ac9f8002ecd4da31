"""The panel in the sidebar of a real JupyterLab, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import lab as kit
from tests.browser.accessibility import grave_violations
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_monitors import rows
from tests.views import sample

pytestmark = pytest.mark.browser


@pytest.fixture
def panel(page):
    """Give the panel, opened by its command."""
    page.evaluate("() => void window.jupyterapp.commands.execute('hanalife:show-panel')")
    return page.locator("#hanalife-sidebar")


def test_panel_lists_runs_and_tasks_and_opens_details(store, panel, page):
    sample.record_run(store, "PANEL", "from the panel", 0.84)
    sample.record_task(store, "PANEL_TASK")
    panel.get_by_label("Experiment").select_option("PANEL")
    expect(rows(panel, "Runs")).to_contain_text("from the panel")
    expect(rows(panel, "Tasks").filter(has_text="PANEL_TASK")).to_be_visible()

    rows(panel, "Runs").click()
    details = page.get_by_role("region", name="Run from the panel")
    details.get_by_role("tab", name="Charts").click()
    expect(details.get_by_role("img", name="ROC Curve")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "panel_run.png")

    rows(panel, "Tasks").filter(has_text="PANEL_TASK").click()
    expect(page.get_by_role("region", name="Task PANEL_TASK")).to_contain_text("every Monday")


def test_panel_shows_a_new_run_by_itself(store, panel):
    panel.get_by_label("Search").fill("comes later")
    expect(panel.get_by_text("No runs.")).to_be_visible()
    sample.record_run(store, "PANEL", "comes later")
    expect(rows(panel, "Runs")).to_have_count(1)


def test_panel_takes_a_search_in_words_and_shows_aliases(store, panel, page):
    found = sample.record_run(store, "PANEL", "best of the panel", 0.97)
    sample.record_models(store, "PANEL_MODEL")
    expect(rows(panel, "Models").filter(has_text="champion")).to_have_count(1)
    panel.get_by_label("Search").fill("metrics.AUC > 0.96")
    expect(rows(panel, "Runs")).to_have_count(1)
    assert rows(panel, "Runs").get_attribute("data-key") == found
    expect(rows(panel, "Models").filter(has_text="champion")).to_have_count(1)
    panel.get_by_label("Search").fill("metrics.AUC >")
    expect(panel.locator(".hl-problem")).to_contain_text("expected a value")
    page.screenshot(path=SCREENSHOTS / "panel_search.png")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_panel_has_no_grave_barrier(store, panel, page, theme):
    sample.record_run(store, "PANEL", "for everybody")
    sample.record_models(store, f"BARRIER_FREE_{theme.split()[-1].upper()}")
    sample.record_task(store, f"BARRIER_FREE_{theme.split()[-1].upper()}")
    kit.set_theme(page, theme)
    expect(rows(panel, "Tasks").first).to_be_visible()
    rows(panel, "Runs").first.click()
    assert grave_violations(page, "#hanalife-sidebar") == []
    kit.set_theme(page, "JupyterLab Light")
