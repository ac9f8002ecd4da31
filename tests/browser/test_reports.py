"""Reasons and reports in a real cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import lab as kit
from tests.browser.conftest import SCREENSHOTS

pytestmark = pytest.mark.browser

FITTED = """
from IPython.display import display
from hanalife import *

conn = ConnectionContext("sqlite://")
data, *_ = DataSets.load_diabetes_data(conn)
model = UnifiedClassification("HybridGradientBoostingTree", n_estimators=20, random_state=3)
model.fit(data, key="ID", label="CLASS", partition_method="stratified", stratified_column="CLASS",
          partition_random_state=1)
"""

REASONS = """
explainer = ShapleyExplainer(model.predict(data, key="ID"), data, label="CLASS")
display(explainer.summary_plot())
display(explainer.force_plot())
"""


def show(page, lab, name, code):
    """Run one cell that fits a model and does something with it."""
    kit.write_notebook(lab, f"{name}.ipynb", [FITTED + code])
    kit.open_notebook(page, f"{name}.ipynb")
    kit.run_cell(page, 0)


def test_reasons_are_drawn_in_both_themes(lab, page):
    show(page, lab, "reasons", REASONS)
    figures = page.locator(".jp-OutputArea .bqplot.figure")
    expect(figures).to_have_count(2)
    expect(figures.first).to_contain_text("Contributions of features")
    expect(figures.first).to_contain_text("GLUCOSE")
    expect(figures.nth(1)).to_contain_text("What made the prediction of row 0")
    try:
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            kit.set_theme(page, theme)
            for place, name in enumerate(("summary", "force")):
                figures.nth(place).scroll_into_view_if_needed()
                page.screenshot(path=SCREENSHOTS / f"reasons_{name}_{theme.split()[1].lower()}.png")
    finally:
        kit.set_theme(page, "JupyterLab Light")


def test_a_report_is_shown_in_its_own_frame(lab, page):
    show(page, lab, "report", "UnifiedReport(model).build().display()")
    report = page.frame_locator(".jp-OutputArea iframe")
    expect(report.get_by_role("heading", name="HybridGradientBoostingTree report")).to_be_visible()
    expect(report.locator("svg").first).to_be_visible()
