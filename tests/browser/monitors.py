"""What the tests of the monitors have in common: opening one, and looking at it in both themes and two widths."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser import lab as kit
from tests.browser.conftest import SCREENSHOTS

MONITOR = "from hanalife import *\nmonitor = {kind}(ConnectionContext('{url}'), {ids!r})\nmonitor.start()"


def open_monitor(page, lab, name, kind, ids, then="monitor.cancel()", url=None):
    """Run the first cell of a notebook, which shows a monitor, and give what it shows."""
    cells = [MONITOR.format(kind=kind, url=url or lab.database, ids=ids), then]
    kit.write_notebook(lab, f"{name}.ipynb", cells)
    kit.open_notebook(page, f"{name}.ipynb")
    kit.run_cell(page, 0)
    view = page.locator(".jp-OutputArea .hl-view")
    expect(view.get_by_role("status").first).to_have_text("Live")
    return view


def rows(view, table):
    """Give the rows of a table by its name."""
    return view.get_by_role("grid", name=table, exact=True).locator(".hl-body [role=row]")


def take_pictures(page, view, name):
    """Keep the view as it is: light and dark, wide and narrow."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, size in ((1400, "wide"), (760, "narrow")):
        page.set_viewport_size({"width": width, "height": 1250})
        for theme in ("Light", "Dark"):
            kit.set_theme(page, f"JupyterLab {theme}")
            page.mouse.move(2, 2)
            view.screenshot(path=SCREENSHOTS / f"{name}_{size}_{theme.lower()}.png", animations="disabled")
    kit.set_theme(page, "JupyterLab Light")
    page.set_viewport_size({"width": 1400, "height": 1250})
