"""The model monitor in a notebook of a real JupyterLab, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import pictures
from tests.browser.accessibility import grave_violations
from tests.browser.test_monitors import open_monitor, rows
from tests.views import drift_sample

pytestmark = pytest.mark.browser


def test_versions_are_compared_promoted_and_rolled_back(lab, page, store):
    storage = drift_sample.record_versions(store, "churn")
    view = open_monitor(page, lab, "models", "ModelMonitor", "churn")
    expect(rows(view, "Models")).to_contain_text("churn")
    versions = view.get_by_role("table", name="Versions of churn").locator("tbody tr")
    expect(versions).to_have_count(3)
    pictures.take(page, view, "model_versions")
    assert not grave_violations(page, ".jp-OutputArea .hl-view")

    versions.first.get_by_role("button", name="Promote").click()
    form = view.get_by_role("form", name="Promote version 3")
    evidence = form.get_by_role("list", name="Evidence")
    expect(evidence).to_contain_text(re.compile(r"Version 3: AUC 0\.\d+ \(validation, 95 % CI 0\.\d+ to 0\.\d+\)"))
    expect(evidence).to_contain_text("Version 2, champion now: AUC")
    form.get_by_role("textbox", name="Why").fill("<i>better</i> on new patients")
    form.get_by_role("button", name="Promote version 3").click()
    expect(form).to_contain_text("instead of version 2?")
    pictures.take(page, view, "model_promote")
    form.get_by_role("button", name="Promote", exact=True).click()
    expect(versions.first).to_contain_text("champion")
    assert storage.load_model("churn", alias="champion").version == 3

    view.get_by_role("tab", name="Aliases").click()
    champion = view.get_by_role("region", name="Alias champion")
    pictures.take(page, view, "model_aliases")
    champion.get_by_role("button", name="Roll back to version 2").click()
    champion.get_by_role("button", name="Roll back", exact=True).click()
    expect(champion.get_by_role("button", name="Roll back to version 1")).to_be_visible()
    assert storage.load_model("churn", alias="champion").version == 2
    assert not grave_violations(page, ".jp-OutputArea .hl-view")

    view.get_by_role("tab", name="History").click()
    expect(view.get_by_role("tabpanel")).to_contain_text("<i>better</i> on new patients")
    expect(view.get_by_role("tabpanel")).to_contain_text("3 → 2")
    pictures.take(page, view, "model_history")

    view.get_by_role("tab", name="Versions").click()
    expect(versions.first).to_contain_text("rolled back")
    expect(view.get_by_role("columnheader", name="AUC validation")).to_be_visible()
    for version in (1, 3):
        view.get_by_label(f"Compare version {version}").check()
    view.get_by_role("tab", name="Compare").click()
    sides = view.get_by_role("table", name="Versions side by side")
    expect(sides).to_contain_text("max_depth")
    expect(sides.get_by_role("columnheader", name="Version 3")).to_be_visible()
    pictures.take(page, view, "model_compare")
    view.get_by_role("tab", name="Metrics").click()
    expect(view.get_by_role("img", name="AUC (validation) over versions")).to_be_visible()
    pictures.take(page, view, "model_metrics")
    assert not grave_violations(page, ".jp-OutputArea .hl-view")


def test_an_unknown_model_is_named_and_appears_once_saved(lab, page, store):
    view = open_monitor(page, lab, "unsaved", "ModelMonitor", "unsaved")
    expect(view.get_by_role("alert")).to_contain_text("unsaved")
    pictures.take(page, view, "model_empty")
    drift_sample.record_versions(store, "unsaved", depths=(2, 3))
    expect(rows(view, "Models")).to_have_count(1)
    expect(view.get_by_role("alert")).to_have_count(0)
