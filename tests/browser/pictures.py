"""Pictures of a view to look at: light and dark, wide and narrow."""

from __future__ import annotations

from tests.browser import lab as kit
from tests.browser.conftest import SCREENSHOTS


def take(page, view, name):
    """Keep the view as it is, in both themes and two widths."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, size in ((1400, "wide"), (760, "narrow")):
        page.set_viewport_size({"width": width, "height": 1250})
        for theme in ("Light", "Dark"):
            kit.set_theme(page, f"JupyterLab {theme}")
            view.screenshot(path=SCREENSHOTS / f"{name}_{size}_{theme.lower()}.png", animations="disabled")
    kit.set_theme(page, "JupyterLab Light")
    page.set_viewport_size({"width": 1400, "height": 1250})
