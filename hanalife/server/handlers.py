"""The questions that the JupyterLab panel may ask. None of them takes SQL, none of them writes."""

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
from hanalife.errors import (
    Error,
    IncompatibleStoreError,
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
    "searches/([^/]+)": lambda connection, _label, text: answers.search(connection, text),
    "models": lambda connection, _label: models.read(connection),
    "tasks": lambda connection, label: tasks.read(connection, label, utc_now()),
    "tasks/([^/]+)": lambda connection, _label, task_id: answers.task(connection, task_id),
}

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NoDatabaseError, 404),
    (RunNotFoundError, 404),
    (TaskNotFoundError, 404),
    (IncompatibleStoreError, 409),
    (UnreachableDatabaseError, 503),
    (sa.exc.SQLAlchemyError, 503),
    (Error, 400),
)


class QuestionHandler(APIHandler):  # type: ignore[misc]
    """Answers one question for whoever may use this server; the database is read in a thread."""

    auth_resource = "hanalife"

    def initialize(self, question: Question) -> None:
        """Take the question to answer from the route."""
        self._question = question

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, *names: str) -> None:
        """Send the payload, or the error as the contract writes it."""
        store: ServerStore = self.settings[STORE]
        try:
            body = await asyncio.to_thread(store.read, self._question, *names)
        except (Error, sa.exc.SQLAlchemyError) as error:
            self.set_status(next(status for kind, status in _STATUS if isinstance(error, kind)))
            body = {"error": answers.error_info(error)}
        self.finish(json.dumps(body, allow_nan=False))
