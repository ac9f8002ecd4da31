"""One database: how it is opened, read, written and brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from hanalife.database import dialects, migrations
from hanalife.errors import InvalidArgumentError, UnreachableDatabaseError, UnwritableDatabaseError


def parse_url(url: str) -> sa.URL:
    """Read a database URL; the error shows no secret."""
    try:
        return sa.make_url(url)
    except sa.exc.ArgumentError:
        raise InvalidArgumentError(
            "url: not a database URL; write sqlite:///file.db or postgresql://user:password@host/database."
        ) from None


class Database:
    """A pool of connections to one database that holds, or will hold, the store."""

    def __init__(self, url: str | sa.URL) -> None:
        self.url = parse_url(url) if isinstance(url, str) else url
        self.engine = dialects.create_engine(self.url)
        self._migrated = False

    @property
    def label(self) -> str:
        """The URL with its password hidden."""
        return self.url.render_as_string(hide_password=True)

    def __repr__(self) -> str:
        return f"Database({self.label!r})"

    def connect(self, *, writes: bool = False, durable: bool = True) -> sa.Connection:
        """Return a new connection whose transactions read, or read and write; see :meth:`write`."""
        try:
            connection = self.engine.connect()
        except (sa.exc.DatabaseError, ModuleNotFoundError) as error:
            reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise UnreachableDatabaseError(
                f"url: cannot open {self.label}: {reason}. "
                "Check that the server runs, or that the folder exists and may be written."
            ) from error
        return connection.execution_options(**{dialects.WRITES: writes, dialects.DURABLE: durable})

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection of the store for reading; it never takes a write lock."""
        self.migrate()
        with self.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """Give a connection of the store in one transaction: all of it is kept, or none.

        Parameters
        ----------
        durable : bool, default True
            Wait until it survives a power failure. Without, it survives the end of this process
            all the same, and a power failure once a later durable transaction, of anybody, has ended.

        Raises
        ------
        UnwritableDatabaseError
            The disk is full, or the database may only be read; nothing was written.
        """
        with self._explained():
            self.migrate()
            with self.connect(writes=True, durable=durable) as connection, connection.begin():
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            reason = dialects.why_unwritable(error)
            if reason is None:
                raise
            raise UnwritableDatabaseError(f"{self.label} cannot be written: {reason}. Nothing was changed.") from error

    def migrate(self) -> None:
        """Create the tables of the store or bring them up to date; many processes may do so at once."""
        if self._migrated:
            return
        with self.connect() as connection:
            current = migrations.is_current(connection)
        if not current:
            with self.connect(writes=True) as connection, connection.begin():
                migrations.upgrade(connection)
        self._migrated = True

    def close(self) -> None:
        """Close all connections of the pool."""
        self.engine.dispose()
