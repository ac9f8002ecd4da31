"""Which database the panel shows, and its opening."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hanalife.database import dialects
from hanalife.database.engine import Database
from hanalife.dataframe.context import URL_VARIABLE, ConnectionContext
from hanalife.errors import Error

FILE_NAME = "hanalife.db"

T = TypeVar("T")


class NoDatabaseError(Error, LookupError):
    """There is no database to show yet."""


class ServerStore:
    """The database of ``HANALIFE_URL``, else ``hanalife.db`` in the server's root folder.

    Looking never creates it. Safe to use from many threads.
    """

    def __init__(self, root: Path) -> None:
        self._url = os.environ.get(URL_VARIABLE) or f"sqlite:///{root / FILE_NAME}"
        self._lock = threading.Lock()
        self._database: Database | None = None

    def read(self, question: Callable[..., T], *names: str) -> T:
        """Return the answer to a question, which is given a connection, the database's label and the names."""
        database = self._open()
        with database.read() as connection:
            return question(connection, database.label, *names)

    def change(self, change: Callable[[ConnectionContext], T]) -> T:
        """Return the answer of a change, which is given a connection of its own."""
        self._open()  # says what is missing; a change creates no database
        with ConnectionContext(self._url) as context:
            return change(context)

    def close(self) -> None:
        """Close all connections; the next question opens anew."""
        with self._lock:
            if self._database is not None:
                self._database.close()

    def _open(self) -> Database:
        with self._lock:
            self._database = self._database or Database(self._url)
        file = dialects.file_of(self._database.url)
        if file is not None and not file.exists():
            raise NoDatabaseError(
                f"There is no database at {file} yet. Connect to it in a notebook, such as with "
                f"ConnectionContext('sqlite:///{file}'), or set {URL_VARIABLE} and start JupyterLab again."
            )
        return self._database
