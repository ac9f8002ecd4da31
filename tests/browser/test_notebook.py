"""The panel in Notebook 7, whose main area is for the notebook alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hanalife import ConnectionContext
from tests.browser import lab as kit
from tests.browser.accessibility import grave_violations
from tests.browser.conftest import SCREENSHOTS
from tests.browser.test_monitors import rows
from tests.views import sample

pytest.importorskip("notebook", reason="pip install 'hanalife[test]'")
pytestmark = pytest.mark.browser


def test_details_open_below_the_notebook(chromium, tmp_path):
    with kit.running(tmp_path, "notebook") as server, ConnectionContext(server.database) as store:
        sample.record_run(store, "WEEKLY", "week 1", 0.8)
        sample.record_task(store, "RETRAIN")
        kit.write_notebook(server, "notes.ipynb", ["1"])
        context = chromium.new_context(viewport={"width": 1400, "height": 1000})
        page = context.new_page()
        page.set_default_timeout(20_000)
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.url}/notebooks/notes.ipynb?token={kit.TOKEN}")
        page.wait_for_function(kit.READY, arg="notes.ipynb", timeout=60_000)
        page.evaluate("() => void window.jupyterapp.commands.execute('hanalife:show-panel')")
        panel = page.locator("#hanalife-sidebar")
        rows(panel, "Runs").click()
        details = page.get_by_role("region", name="Run week 1")
        expect(details).to_contain_text("Overview")
        details.get_by_role("tab", name="Charts").click()
        expect(details.get_by_role("img", name="ROC Curve")).to_be_visible()
        expect(page.locator(".jp-NotebookPanel")).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "notebook_7.png")
        rows(panel, "Tasks").click()
        expect(page.get_by_role("region", name="Task RETRAIN")).to_be_visible()
        assert grave_violations(page, "#hanalife-sidebar") == []
        context.close()
        assert not [error for error in errors if "schema" not in error]
