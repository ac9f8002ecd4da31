"""The questions and the controls of the JupyterLab panel. None of them takes SQL; no question writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import authenticated

from hanalife.clock import utc_now
from hanalife.controls import table as controls
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import (
    ArtifactNotFoundError,
    Error,
    IncompatibleStoreError,
    InvalidArgumentError,
    RunNotFoundError,
    TaskNotFoundError,
    UnreachableDatabaseError,
)
from hanalife.server.store import NoDatabaseError, ServerStore
from hanalife.views import answers, experiments, models, tasks

STORE = "hanalife_store"

#: Given a connection, the database's label and the names in the path, gives a payload.
Question = Callable[..., Mapping[str, Any]]

#: What may be asked, by its path below ``hanalife/api``.
QUESTIONS: Mapping[str, Question] = {
    "experiments": experiments.read,
    "runs/([^/]+)": lambda connection, _label, run_id: answers.run(connection, run_id),
    "runs/([^/]+)/log/([^/]+)": lambda connection, _label, *names: answers.log_before(connection, *names),
    "runs/([^/]+)/messages/([^/]+)/([^/]+)": lambda connection, _label, *names: answers.message(connection, *names),
    "runs/([^/]+)/artifacts/([^/]+)/([^/]+)": lambda connection, _label, *names: answers.artifact(connection, *names),
    "searches/([^/]+)": lambda connection, _label, text: answers.search(connection, text),
    "models": lambda connection, _label: models.read(connection),
    "tasks": lambda connection, label: tasks.read(connection, label, utc_now()),
    "tasks/([^/]+)": lambda connection, _label, task_id: answers.task(connection, task_id),
}

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NoDatabaseError, 404),
    (ArtifactNotFoundError, 404),
    (RunNotFoundError, 404),
    (TaskNotFoundError, 404),
    (IncompatibleStoreError, 409),
    (UnreachableDatabaseError, 503),
    (sa.exc.SQLAlchemyError, 503),
    (Error, 400),
)


class StoreHandler(APIHandler):  # type: ignore[misc]
    """Works on the store in a thread, for whoever may use this server."""

    auth_resource = "hanalife"

    async def _send(self, work: Callable[[ServerStore], Any]) -> None:
        """Send what the work returns, or the error as the contract writes it."""
        store: ServerStore = self.settings[STORE]
        try:
            body = await asyncio.to_thread(work, store)
        except (Error, sa.exc.SQLAlchemyError) as error:
            self.set_status(next(status for kind, status in _STATUS if isinstance(error, kind)))
            body = {"error": answers.error_info(error)}
        self.finish(json.dumps(body, allow_nan=False))


class QuestionHandler(StoreHandler):
    """Answers one question."""

    def initialize(self, question: Question) -> None:
        """Take the question to answer from the route."""
        self._question = question

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, *names: str) -> None:
        """Send the payload."""
        await self._send(lambda store: store.read(self._question, *names))


class ControlHandler(StoreHandler):
    """Makes the change of one control."""

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self, name: str) -> None:
        """Make the change with the arguments in the body, an object of texts; send its answer as ``{"ok": ...}``."""
        await self._send(lambda store: {"ok": store.change(self._change(name))})

    def _change(self, name: str) -> Callable[[ConnectionContext], Any]:
        args = self.get_json_body()
        if not isinstance(args, dict):
            raise InvalidArgumentError(f"{name}: the body {args!r} is not allowed; give an object of texts.")
        return lambda context: controls.carry_out(context, name, args)
