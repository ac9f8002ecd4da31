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
from hanalife.errors import (
    ArtifactNotFoundError,
    DataNotFoundError,
    Error,
    IncompatibleStoreError,
    InvalidArgumentError,
    ModelNotFoundError,
    RunNotFoundError,
    TaskExistsError,
    TaskNotFoundError,
    UnreachableDatabaseError,
)
from hanalife.server.connections import DEFAULT, UnusableConnectionError, read_entries
from hanalife.server.store import NoDatabaseError, ServerStore, UnknownConnectionError, WorkerNotAllowedError
from hanalife.views import answers, attention, experiments, models, tasks
from hanalife.views.task_answers import QUESTIONS as TASK_QUESTIONS
from hanalife.views.task_answers import TaskQuestion

STORE = "hanalife_store"

#: Given a connection, the database's label and the names in the path, gives a payload.
Question = Callable[..., Mapping[str, Any]]


def _about_a_task(question: TaskQuestion) -> Question:
    return lambda connection, _label, *names: question.answer(connection, *names)


#: What may be asked, by its path below ``hanalife/api``.
QUESTIONS: Mapping[str, Question] = {
    "experiments": experiments.read,
    "runs_before/([^/]+)": lambda connection, _label, run_id: experiments.read_older(connection, run_id),
    "runs/([^/]+)": lambda connection, _label, run_id: answers.run(connection, run_id),
    "runs/([^/]+)/log/([^/]+)": lambda connection, _label, *names: answers.log_before(connection, *names),
    "runs/([^/]+)/messages/([^/]+)/([^/]+)": lambda connection, _label, *names: answers.message(connection, *names),
    "runs/([^/]+)/artifacts/([^/]+)/([^/]+)": lambda connection, _label, *names: answers.artifact(connection, *names),
    "searches/([^/]+)": lambda connection, _label, text: answers.search(connection, text),
    "models": models.read,
    "models/([^/]+)": lambda connection, _label, name: answers.model(connection, name),
    "model_comparisons/([^/]+)/([^/]+)": lambda connection, _label, name, versions: models.compare(
        connection, name, versions
    ),
    "drift/([^/]+)": lambda connection, _label, check_id: answers.drift_series(connection, check_id),
    "drift_checks/([^/]+)": lambda connection, _label, check_id: answers.drift_check(connection, check_id),
    "tasks": lambda connection, label: tasks.read(connection, label, utc_now()),
    "tasks/([^/]+)": lambda connection, _label, task_id: answers.task(connection, task_id),
    "alerts": lambda connection, _label: attention.read_alerts(connection),
    "pulse": lambda connection, _label: attention.read_pulse(connection),
    **{f"{name}{'/([^/]+)' * (1 + len(one.arguments))}": _about_a_task(one) for name, one in TASK_QUESTIONS.items()},
}

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NoDatabaseError, 404),
    (UnknownConnectionError, 404),
    (ArtifactNotFoundError, 404),
    (RunNotFoundError, 404),
    (TaskNotFoundError, 404),
    (UnusableConnectionError, 409),
    (WorkerNotAllowedError, 409),
    (TaskExistsError, 409),
    (ModelNotFoundError, 404),
    (DataNotFoundError, 404),
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

    @property
    def _connection(self) -> str:
        return _text(self.get_query_argument("connection", DEFAULT), "connection")

    def _body(self) -> Any:
        """Return the body as JSON.

        Raises
        ------
        InvalidArgumentError
            It is none.
        """
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise InvalidArgumentError("body: not JSON; send an object.") from None


class QuestionHandler(StoreHandler):
    """Answers one question."""

    def initialize(self, question: Question) -> None:
        """Take the question to answer from the route."""
        self._question = question

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, *names: str) -> None:
        """Send the payload about the database of the connection that the query names."""
        await self._send(lambda store: store.read(self._connection, self._question, *map(_text, names)))


class RunsHandler(StoreHandler):
    """Tells what changed in the list of runs."""

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self, epoch: str, seq: str) -> None:
        """Send what changed since a number of an epoch, or the newest runs."""
        await self._send(lambda store: store.runs_since(self._connection, _text(epoch), seq))


class ControlHandler(StoreHandler):
    """Makes the change of one control."""

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self, name: str) -> None:
        """Make the change with the arguments in the body, an object of texts; send its answer as ``{"ok": ...}``."""
        await self._send(lambda store: {"ok": store.change(self._connection, name, self._arguments(name))})

    def _arguments(self, name: str) -> Mapping[str, object]:
        args = self._body()
        if not isinstance(args, dict):
            raise InvalidArgumentError(f"{name}: the body is not allowed; give an object of texts.")
        return {_text(key): _text(value, key) if isinstance(value, str) else value for key, value in args.items()}


class ConnectionsHandler(StoreHandler):
    """Tells which databases can be shown, and takes those of the panel's settings."""

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Send the connections."""
        await self._send(lambda store: store.connections())

    @authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Take the connections in the body in place of those before; send all."""
        await self._send(lambda store: store.set_connections(read_entries(self._body())))


def _text(value: str, argument: str = "name") -> str:
    """Return a text that every database can look for.

    Raises
    ------
    InvalidArgumentError
        It holds a null character or half a character.
    """
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidArgumentError(f"{argument}: {value!r} is not allowed; no name has such characters.")
    return value
