"""Pictures of a view to look at: wide and light, narrow and dark."""

from __future__ import annotations

from tests.browser import lab as kit
from tests.browser.conftest import SCREENSHOTS


def take(page, view, name):
    """Keep the view as it is, in both themes, each in a width of its own."""
    SCREENSHOTS.mkdir(exist_ok=True)
    for width, size, theme in ((1400, "wide", "Light"), (760, "narrow", "Dark")):
        page.set_viewport_size({"width": width, "height": 1250})
        kit.set_theme(page, f"JupyterLab {theme}")
        view.screenshot(path=SCREENSHOTS / f"{name}_{size}_{theme.lower()}.png", animations="disabled")
    kit.set_theme(page, "JupyterLab Light")
    page.set_viewport_size({"width": 1400, "height": 1250})
