"""A real JupyterLab, or Notebook 7, on a free port, and what a person does in it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat

TOKEN = "a-token-for-tests"
ROOT = Path(__file__).parents[2]

#: "Idle" alone shows before there is a session, and the first cell would be lost.
READY = """name => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const session = panel?.sessionContext;
  const kernel = session?.session?.kernel;
  return !!(panel && panel.context?.path === name && panel.context.isReady && session?.isReady && kernel
    && kernel.connectionStatus === 'connected'
    && kernel.status === 'idle' && kernel.info && panel.content.widgets.length);
}"""


@dataclass(frozen=True)
class Lab:
    """A running server."""

    url: str
    root: Path

    @property
    def database(self):
        """URL of the database that the server shows."""
        return f"sqlite:///{self.root / 'hanalife.db'}"

    def lab_url(self):
        """Give the address of JupyterLab, with nothing open."""
        return f"{self.url}/lab?reset&token={TOKEN}"


@contextlib.contextmanager
def running(folder, app="jupyterlab", settings=None):
    """Run JupyterLab, or ``notebook``, with data and home of its own; ``settings`` are those of the panel."""
    root = folder / "root"
    app_settings = folder / "app_settings"
    root.mkdir()
    # What this checkout has built, whatever is installed beside it.
    built = folder / "built" / "labextensions"
    built.mkdir(parents=True)
    (built / "hanalife").symlink_to(ROOT / "hanalife" / "labextension")
    app_settings.mkdir()
    kept = folder / "settings" / "hanalife" / "plugin.jupyterlab-settings"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps(settings or {}))
    quiet = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
    (app_settings / "overrides.json").write_text(json.dumps(quiet))
    port = _free_port()
    own = {
        "HOME": folder,
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "IPYTHONDIR": folder / "ipython",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "JUPYTER_PATH": built.parent,
        "PYTHONPATH": ROOT,
        "HANALIFE_CALLABLES": "tests.browser.waiting",
    }
    environment = {**os.environ, **{name: str(value) for name, value in own.items()}}
    environment.pop("HANALIFE_URL", None)
    command = [sys.executable, "-m", app, "--no-browser", "--allow-root"]
    kind = {"jupyterlab": "LabApp", "notebook": "JupyterNotebookApp"}[app]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": root,
        "IdentityProvider.token": TOKEN,
        f"{kind}.expose_app_in_browser": True,
        f"{kind}.app_settings_dir": app_settings,
    }
    log = folder / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/api/status?token={TOKEN}", server, log)
        yield Lab(url, root)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url, server, log, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except OSError:
            assert server.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.1)
        else:
            return


# --- notebooks --------------------------------------------------------------------------------


def write_notebook(lab, name, cells):
    """Put a notebook of code cells into the server's root folder."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, lab.root / name)


def open_notebook(page, name):
    """Open a notebook and wait until its kernel takes cells."""
    page.evaluate("path => void window.jupyterapp.commands.execute('docmanager:open', {path})", name)
    page.wait_for_function(READY, arg=name, timeout=60_000)


def load(page, lab):
    """Open JupyterLab and wait until its extensions are there."""
    page.goto(lab.lab_url())
    page.wait_for_function("() => !!window.jupyterapp")
    page.evaluate("async () => { await window.jupyterapp.restored; }")


def close_all(page):
    """Close what is open, without asking, and end the kernels."""
    page.evaluate(
        """() => {
          const app = window.jupyterapp;
          app.shell.collapseLeft();
          for (const widget of [...app.shell.widgets('main')]) widget.dispose();
          void app.serviceManager.sessions.shutdownAll();
        }"""
    )
    page.wait_for_function("() => ![...window.jupyterapp.serviceManager.sessions.running()].length")


def start_cell(page, index):
    """Run a cell without waiting for it."""
    page.evaluate(
        """index => {
          const content = window.jupyterapp.shell.currentWidget.content;
          content.activeCellIndex = index;
          content.deselectAll();
          void window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def run_cell(page, index):
    """Run a cell and wait for its end; an error in it is an error here."""
    cell = "window.jupyterapp.shell.currentWidget.content.widgets[index].model"
    before = page.evaluate(f"index => {cell}.executionCount", index)
    start_cell(page, index)
    page.wait_for_function(
        f"""([index, before]) => {cell}.executionState === 'idle' && {cell}.executionCount !== null
          && {cell}.executionCount !== before""",
        arg=[index, before],
        timeout=60_000,
    )
    outputs = page.evaluate(f"index => {cell}.outputs.toJSON()", index)
    errors = [f"{output['ename']}: {output['evalue']}" for output in outputs if output["output_type"] == "error"]
    assert not errors, errors[0]
    return outputs


def save(page):
    """Save the notebook and wait until it is."""
    page.evaluate("() => void window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")


def set_theme(page, name):
    """Switch to 'JupyterLab Light' or 'JupyterLab Dark' and wait until the splash over the page has faded."""
    page.evaluate("theme => void window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
    light = "false" if "Dark" in name else "true"
    page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
    page.wait_for_selector("#jupyterlab-splash", state="detached")
