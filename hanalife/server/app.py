"""The extension as Jupyter Server runs it: its configuration, its routes and its end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, default

from hanalife.server.handlers import QUESTIONS, STORE, ConnectionsHandler, ControlHandler, QuestionHandler
from hanalife.server.store import ServerStore

API = "hanalife/api"


class HanalifeApp(ExtensionApp):  # type: ignore[misc]
    """What the JupyterLab panel asks; configured in ``jupyter_hanalife_config.py``."""

    name = "hanalife"
    open_browser = False

    allow_worker = Bool(
        help="""Whether the panel may start a worker in this server.

        It executes scheduled tasks with the rights of the server, and ends with it. By default it may,
        except under JupyterHub, where servers come and go with their users.
        """
    ).tag(config=True)

    @default("allow_worker")  # type: ignore[untyped-decorator]
    def _allow_worker_default(self) -> bool:
        return "JUPYTERHUB_USER" not in os.environ

    def initialize_settings(self) -> None:
        """Make the store that all handlers ask."""
        self.settings[STORE] = ServerStore(Path(self.serverapp.root_dir), allow_worker=self.allow_worker)

    def initialize_handlers(self) -> None:
        """Add the routes."""
        questions = [(f"{API}/{path}", QuestionHandler, {"question": question}) for path, question in QUESTIONS.items()]
        changes = [(f"{API}/connections", ConnectionsHandler), (f"{API}/controls/([^/]+)", ControlHandler)]
        self.handlers.extend([*questions, *changes])

    async def stop_extension(self) -> None:
        """End the worker that lives here and close the databases."""
        await asyncio.to_thread(self.settings[STORE].close)
