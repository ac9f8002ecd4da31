"""The databases that the panel can show, and their opening."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from hanalife.controls import table as controls
from hanalife.controls import workers
from hanalife.database import dialects
from hanalife.database.engine import Database
from hanalife.dataframe.context import URL_VARIABLE, ConnectionContext
from hanalife.errors import Error, InvalidArgumentError
from hanalife.server import connections
from hanalife.server.connections import DEFAULT, ConnectionEntry, UnusableConnectionError
from hanalife.server.run_list import RunList
from hanalife.views.payloads.panel import ConnectionRow, ConnectionsPayload, RunsUpdate
from hanalife.views.payloads.words import CONTRACT

T = TypeVar("T")

LONGEST_NUMBER = 12


class NoDatabaseError(Error, LookupError):
    """There is no database to show yet."""


class UnknownConnectionError(Error, LookupError):
    """No connection of that name is known here; the panel tells of those of its settings first."""


class WorkerNotAllowedError(Error):
    """No worker may live in this server."""


@dataclass(frozen=True)
class Shown:
    """A connection: its entry, the default one has none; its URL, or why there is none."""

    entry: ConnectionEntry | None
    url: sa.URL | None
    problem: str = ""


class ServerStore:
    """The default database and those of the panel's settings, by name. Safe to use from many threads.

    Looking never creates a database.

    Parameters
    ----------
    root : Path
        The server's root folder.
    allow_worker : bool
        Whether a worker may live in this process.
    """

    def __init__(self, root: Path, *, allow_worker: bool) -> None:
        self._root = root
        self._allow_worker = allow_worker
        self._lock = threading.Lock()  # guards the three below
        self._shown = {DEFAULT: _default(root)}
        self._databases: dict[str, Database] = {}
        self._run_lists: dict[str, RunList] = {}

    # --- connections ----------------------------------------------------------------------------

    def connections(self) -> ConnectionsPayload:
        """Return what may be shown."""
        with self._lock:
            rows = [_row(name, shown) for name, shown in self._shown.items()]
        return {"contract": CONTRACT, "connections": rows, "worker_allowed": self._allow_worker}

    def set_connections(self, entries: list[ConnectionEntry]) -> ConnectionsPayload:
        """Take the connections of the settings in place of those before; one that cannot be used is listed as such."""
        shown = {DEFAULT: _default(self._root)}
        shown |= {entry.name: self._checked(entry) for entry in entries}
        with self._lock:
            gone = [name for name, before in self._shown.items() if shown.get(name) != before]
            closing = [self._databases.pop(name) for name in gone if name in self._databases]
            self._shown = shown
            followed = [self._run_lists.pop(name) for name in gone if name in self._run_lists]
        _close(followed, closing)
        return self.connections()

    def _checked(self, entry: ConnectionEntry) -> Shown:
        try:
            return Shown(entry, connections.url_of(entry, self._root))
        except UnusableConnectionError as error:
            return Shown(entry, None, str(error))

    # --- reading and changing -------------------------------------------------------------------

    def read(self, name: str, question: Callable[..., T], *names: str | int) -> T:
        """Return the answer to a question, which is given a connection, the database's label and the names."""
        database = self._open(name)
        with database.read() as connection:
            return question(connection, database.label, *names)

    def runs_since(self, name: str, epoch: str, seq: str) -> RunsUpdate:
        """Return what changed in the list of runs since a number of an epoch, or the newest runs."""
        if not seq.isdecimal() or len(seq) > LONGEST_NUMBER:
            raise InvalidArgumentError(f"seq: {seq!r} is not allowed; give a whole number from 0.")
        database = self._open(name)
        with self._lock:
            runs = self._run_lists.setdefault(name, RunList(database))
        return runs.since(epoch, int(seq))

    def change(self, name: str, control: str, args: Mapping[str, object]) -> Any:
        """Return the answer of a control."""
        if control == "worker.start" and not self._allow_worker:
            raise WorkerNotAllowedError(
                "worker.start: no worker may live in this Jupyter server. Start one in a terminal with "
                "`hanalife worker`, or set HanalifeApp.allow_worker = True in jupyter_hanalife_config.py."
            )
        url = self._open(name).url  # says what is missing; a change creates no database
        with ConnectionContext(url.render_as_string(hide_password=False)) as context:
            return controls.carry_out(context, control, args)

    def close(self) -> None:
        """End the workers of this process and close all connections."""
        workers.stop_all()
        with self._lock:
            followed, self._run_lists = list(self._run_lists.values()), {}
            databases, self._databases = list(self._databases.values()), {}
        _close(followed, databases)

    def _open(self, name: str) -> Database:
        with self._lock:
            shown = self._shown.get(name)
            if shown is None:
                raise UnknownConnectionError(f"connection: {name!r} is not known; the settings of the panel name them.")
            if shown.url is None:
                raise UnusableConnectionError(shown.problem)
            if name not in self._databases:
                url = shown.url if shown.entry is None else connections.with_password(shown.entry, shown.url)
                self._databases[name] = Database(url)
            database = self._databases[name]
        file = dialects.file_of(database.url)
        if file is not None and not file.exists():
            raise NoDatabaseError(
                f"There is no database at {file} yet. Connect to it in a notebook, such as with "
                f"ConnectionContext('sqlite:///{file}'), or set {URL_VARIABLE} and start JupyterLab again."
            )
        return database


def _close(followed: list[RunList], databases: list[Database]) -> None:
    for runs in followed:
        runs.close()
    for database in databases:
        database.close()


def _default(root: Path) -> Shown:
    try:
        return Shown(None, connections.default_url(root))
    except InvalidArgumentError as error:
        return Shown(None, None, f"{URL_VARIABLE}: {error}")


def _row(name: str, shown: Shown) -> ConnectionRow:
    code = ""
    if shown.url is not None:
        entry = shown.entry
        code = connections.default_code(shown.url) if entry is None else connections.code_of(entry, shown.url)
    return {
        "name": name,
        "database": "" if shown.url is None else shown.url.render_as_string(),
        "problem": shown.problem,
        "code": code,
    }
