"""Learning cheaply whether anybody has written."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.database.engine import Database
from hanalife.errors import UnreachableDatabaseError


class WriteWatch:
    """A connection that only asks whether anybody has written; opened when it is first asked. One thread at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None
        self._marker: Callable[[], object] | None = None

    def mark(self) -> object:
        """Return what stays equal while nobody writes.

        Where the database cannot be asked it is equal to nothing, so that who reads next learns why; so it is
        where all share one connection, which does not tell of its own writes.
        """
        if dialects.is_in_memory(self._database.url):
            return object()
        try:
            if self._connection is None or self._marker is None:
                self._connection = self._database.connect()
                self._marker = dialects.write_marker(self._connection)
            return self._marker()
        except (UnreachableDatabaseError, sa.exc.SQLAlchemyError, self._database.engine.dialect.loaded_dbapi.Error):
            if self._connection is not None:
                self._connection.invalidate()
            self.close()
            return object()

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection, self._marker = self._connection, None, None
        if connection is not None:
            connection.close()
