"""The Jupyter Server extension: it reads and controls the store for the JupyterLab panel."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def _load_jupyter_server_extension(server: Any) -> None:
    """Add the handlers to a server; called by Jupyter."""
    from jupyter_server.utils import url_path_join

    from hanalife.server.handlers import QUESTIONS, STORE, ControlHandler, QuestionHandler
    from hanalife.server.store import ServerStore

    application = server.web_app
    application.settings[STORE] = ServerStore(Path(server.root_dir))
    base = url_path_join(application.settings["base_url"], "hanalife", "api")
    routes = [
        (url_path_join(base, path), QuestionHandler, {"question": question}) for path, question in QUESTIONS.items()
    ]
    controls = (url_path_join(base, "controls/([^/]+)"), ControlHandler)
    application.add_handlers(".*$", [*routes, controls])
