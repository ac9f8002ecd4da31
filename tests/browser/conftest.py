"""One browser and one JupyterLab for all tests here; each opens what it needs and has records of its own.

Both end with this package: what Playwright keeps running would break the clean-up of other tests.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from hanalife import ConnectionContext
from tests.browser import lab as kit

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# pytest-jupyter's own clean-up closes the event loop that Playwright keeps running.
@pytest.fixture(autouse=True)
def jp_server_cleanup():
    """Do nothing."""
    return


@pytest.fixture(autouse=True)
def jp_asyncio_loop():
    """Do nothing."""
    return


@pytest.fixture(scope="package")
def chromium():
    """Give a headless browser."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS, chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    """Give a running JupyterLab."""
    crowd = {"name": "Crowd", "url": "sqlite:///crowd.db"}
    with kit.running(tmp_path_factory.mktemp("lab"), settings={"connections": [crowd]}) as running:
        yield running


@pytest.fixture
def store(lab):
    """Give a connection to the database that the server shows."""
    with ConnectionContext(lab.database) as context:
        yield context


@pytest.fixture(scope="package")
def lab_page(chromium, lab):
    """Give a page with JupyterLab, loaded once."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1250})
    page = context.new_page()
    page.set_default_timeout(20_000)
    kit.load(page, lab)
    yield page
    context.close()


@pytest.fixture
def page(lab_page, request):
    """Give JupyterLab with nothing open; an error in the page fails the test; its last sight is kept."""
    with nothing_open(lab_page, request.node.name) as page:
        yield page


@contextlib.contextmanager
def nothing_open(page, name, expected=""):
    """Give a loaded JupyterLab for one test, whose name its picture gets; one error may be what it is about."""
    errors = []

    def note(error):
        errors.append(str(error))

    page.on("pageerror", note)
    yield page
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
    kit.close_all(page)
    page.remove_listener("pageerror", note)
    assert set(errors) <= {expected}
