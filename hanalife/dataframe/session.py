"""A session with a database: the connection of its own where temporary tables live, and a pool."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.database.engine import Database, parse_url
from hanalife.dataframe.tracing import SqlTracer
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError, UnreachableDatabaseError

if TYPE_CHECKING:
    from hanalife.dataframe.transfer.columnar import Pool

T = TypeVar("T")

logger = logging.getLogger(__name__)

URL_VARIABLE = "HANALIFE_URL"
DEFAULT_URL = "sqlite:///hanalife.db"

_READING_DROPPED = (
    "The connection to the database was dropped while rows were read; check that the server runs, then read again."
)
_DROPPED = (
    "The connection to the database was dropped, and the session's settings and temporary tables with it; "
    "nothing of this call was written. A new connection is open: make them again, then call again."
)

# Options of SAP HANA's driver without effect here.
_TUNING = {
    "packetsize",
    "spatialtypes",
    "encrypt",
    "sslValidateCertificate",
    "sslKeyStore",
    "sslTrustStore",
    "sslCryptoProvider",
    "sslHostNameInCertificate",
    "vectoroutputtype",
    "credentialstore_servicekey_file",
    "credentialstore_namespace",
    "credentialstore_passwordname",
    "compress",
    "reconnect",
    "communicationTimeout",
}


class DroppedError(UnreachableDatabaseError):
    """The connection was dropped while rows were read; the reading can be begun again."""


class Session:
    """What a connection is, below what it does with tables."""

    def __init__(
        self,
        address: str = "",
        port: int = 0,
        user: str = "",
        password: str | None = None,
        autocommit: bool = True,
        userkey: str | None = None,
        pyodbc_connection: Any = None,
        abap_sql: bool = False,
        use_credentialstore: bool = False,
        **properties: Any,
    ) -> None:
        _refuse_unknown(properties)
        if use_credentialstore and not {"credentialstore_namespace", "credentialstore_passwordname"} <= set(properties):
            raise InvalidArgumentError(
                "use_credentialstore: needs credentialstore_namespace and credentialstore_passwordname."
            )
        if port or user or password or userkey or pyodbc_connection or abap_sql or use_credentialstore:
            raise NotSupportedError(
                "ConnectionContext(address, port, user, password): SAP HANA is not supported yet; "
                "use ConnectionContext('sqlite:///life.db') or a postgresql:// URL."
            )
        if not autocommit:
            raise NotSupportedError(
                "autocommit=False: each call is one transaction here; put statements that belong together "
                "into one execute_sql() call."
            )
        self.database = Database(_absolute(parse_url(address or os.environ.get(URL_VARIABLE) or DEFAULT_URL)))
        self.port, self.userkey, self.properties = port, userkey, properties
        self.sql_tracer = SqlTracer(self.database.engine)
        self._lock = threading.RLock()
        self._session: sa.Connection | None = self.database.connect()
        self._is_altered = False  # by raw statements, in ways that other connections do not know
        self._columnar: list[Pool | None] = []  # empty until it is first asked for

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ConnectionContext({self.database.label!r})"

    @property
    def dialect(self) -> sa.Dialect:
        """The SQL dialect of the database."""
        return self.database.engine.dialect

    @property
    def address(self) -> str:
        """The URL of the database, its password hidden."""
        return self.database.label

    @property
    def last_execute_statement(self) -> str | None:
        """The statement that was sent last, with placeholders for its values."""
        return self.sql_tracer.last_statement

    @property
    def execute_statement(self) -> str | None:
        """The same as :attr:`last_execute_statement`."""
        return self.last_execute_statement

    @property
    def connection(self) -> Any:
        """The raw DBAPI connection of the session.

        Whatever is set on it counts for the frames too, which from now on all read through it.
        """
        with self._lock:
            self._is_altered = True
            return self._open_session().connection.driver_connection

    def close(self) -> None:
        """Close the session and the pool; temporary tables are gone."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None
            for pool in self._columnar:
                if pool is not None:
                    pool.close()
            self.database.close()

    def copy(self) -> Self:
        """Return a new connection to the same database."""
        return type(self)(self.database.url.render_as_string(hide_password=False))

    def _open_session(self) -> sa.Connection:
        if self._session is None:
            raise InvalidArgumentError("The connection is closed; open a new ConnectionContext.")
        return self._session

    @property
    def columnar(self) -> Pool | None:
        """The columnar connections to the database, or None where its driver has none."""
        from hanalife.dataframe.transfer import columnar

        with self._lock:
            if not self._columnar:
                self._columnar = [columnar.pool_for(self.database.url, self.sql_tracer.record)]
            return self._columnar[0]

    def needs_session(self, query: sa.ClauseElement) -> bool:
        """Say whether only the session can answer a query.

        It can where a transaction is open, where a temporary table is named, and where the
        caller may have set something on the session that other connections do not have.
        """
        with self._lock:
            if self._is_altered or self._open_session().in_transaction() or dialects.is_in_memory(self.database.url):
                return True
        return '"#' in str(query.compile(dialect=self.dialect))

    def read_again_if_dropped(self, read: Callable[[], T]) -> T:
        """Return what a reading gives; if the connection was dropped meanwhile, read once more."""
        with self._lock:
            joins = self._open_session().in_transaction()  # this thread's: another's would have the lock
        try:
            with dropping():
                return read()
        except DroppedError:
            if joins:
                raise
            logger.warning("The connection to %s was dropped; reading once more.", self.database.label)
        with dropping():
            return read()

    def reading(self, read: Callable[[sa.Connection], T]) -> T:
        """Return what a reading of the session gives, begun once more if the connection was dropped."""

        def through_session() -> T:
            with self.session() as connection:
                return read(connection)

        return self.read_again_if_dropped(through_session)

    @contextmanager
    def session(self, *, writes: bool = False) -> Iterator[sa.Connection]:
        """Give the session's connection in one transaction; an inner call joins the outer one.

        The session is where temporary tables live. One thread at a time has it.
        """
        with self._lock:
            connection = self._open_session()
            if connection.in_transaction():
                yield connection
                return
            connection = self._live(connection, writes=writes)
            connection.execution_options(**{dialects.WRITES: writes})
            try:
                with connection.begin():
                    yield connection
            except sa.exc.DBAPIError as error:
                if error.connection_invalidated:
                    self._replace_dropped(error, writes=writes)
                    raise DroppedError(_READING_DROPPED) from error
                raise

    def _live(self, connection: sa.Connection, *, writes: bool) -> sa.Connection:
        """Return the session, or for a reader a new one if the server dropped it."""
        cause = _fault_of(connection)
        if connection.invalidated:
            self._replace_dropped(cause, writes=writes)
        return self._open_session()

    def _replace_dropped(self, error: Exception | None, *, writes: bool) -> None:
        """Open a new session; say so to whoever writes, or may miss what was set on the old one."""
        logger.warning("The connection to %s was dropped; its temporary tables are gone.", self.database.label)
        is_missed = writes or self._is_altered
        self._reopen()
        if is_missed:
            raise UnreachableDatabaseError(_DROPPED) from error

    def _reopen(self) -> None:
        with self._lock:
            old = self._open_session()
            if not old.invalidated and not dialects.is_in_memory(self.database.url):
                old.invalidate()  # its settings must not come back from the pool
            old.close()
            self._session = self.database.connect()
            self._is_altered = False


def _refuse_unknown(properties: Mapping[str, Any]) -> None:
    unknown = [name for name in properties if name not in _TUNING]
    if unknown:
        raise ArgumentTypeError(f"ConnectionContext: unknown argument {unknown[0]!r}; options belong into the URL.")
    if properties:
        logger.debug("ConnectionContext: %s: tuning of SAP HANA, ignored here.", ", ".join(properties))


def _absolute(url: sa.URL) -> sa.URL:
    # Jobs run in processes with another working directory.
    if url.get_backend_name() != "sqlite" or dialects.is_in_memory(url):
        return url
    return url.set(database=str(Path(url.database or "").absolute()))


def _fault_of(connection: sa.Connection) -> Exception | None:
    """Mark a connection as dropped if its server does not answer; return why, if it is this call that found out."""
    if connection.invalidated:
        return None
    raw = connection.connection.dbapi_connection
    try:
        connection.dialect.do_ping(raw)  # type: ignore[arg-type]
    except connection.dialect.loaded_dbapi.Error as error:
        connection.invalidate(error)
        return error
    return None


@contextmanager
def dropping() -> Iterator[None]:
    """Raise :class:`DroppedError` for a driver's own word that the connection was dropped."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if error.connection_invalidated:
            raise DroppedError(_READING_DROPPED) from error
        raise
