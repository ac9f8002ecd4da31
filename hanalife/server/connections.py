"""The connections of the panel's settings: a database each, and where its password is found. Never the password."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import sqlalchemy as sa

from hanalife.database import dialects
from hanalife.database.engine import parse_url
from hanalife.dataframe.session import URL_VARIABLE
from hanalife.errors import Error, InvalidArgumentError

FILE_NAME = "hanalife.db"
#: The connection that needs no settings.
DEFAULT = ""
LONGEST_NAME = 100


class UnusableConnectionError(Error):
    """A connection of the settings cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class ConnectionEntry:
    """A connection as the settings have it.

    At most one of ``password_variable``, an environment variable of the server, and ``keyring``,
    a service whose entry bears the user name of the URL, says where the password is found.
    """

    name: str
    url: str
    password_variable: str = ""
    keyring: str = ""


def read_entries(body: object) -> list[ConnectionEntry]:
    """Return the entries of a list of objects of texts.

    Raises
    ------
    InvalidArgumentError
        It is none, or two entries have the same name.
    """
    if not isinstance(body, list):
        raise InvalidArgumentError("connections: expected a list of objects with name and url.")
    entries = [_entry(one) for one in body]
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgumentError(f"connections: two have the name {name!r}; give each a name of its own.")
    return entries


def _entry(one: object) -> ConnectionEntry:
    allowed = [field.name for field in fields(ConnectionEntry)]
    if not isinstance(one, Mapping) or not {"name", "url"} <= set(one) <= set(allowed):
        raise InvalidArgumentError(
            f"connections: each is an object with name, url and perhaps {', '.join(allowed[2:])}."
        )
    if not all(isinstance(value, str) for value in one.values()):
        raise InvalidArgumentError("connections: every field is text.")
    name = str(one["name"])
    if not name.strip() or len(name) > LONGEST_NAME:
        raise InvalidArgumentError(
            f"connections: a name has 1 to {LONGEST_NAME} characters; {name[:LONGEST_NAME]!r} has not."
        )
    return ConnectionEntry(**{str(key): str(value) for key, value in one.items()})


def default_url(root: Path) -> sa.URL:
    """Return the database of ``HANALIFE_URL``, else ``hanalife.db`` in the server's root folder.

    Raises
    ------
    InvalidArgumentError
        The variable holds no URL of a supported database.
    """
    url = parse_url(os.environ.get(URL_VARIABLE) or f"sqlite:///{root / FILE_NAME}")
    dialects.create_engine(url).dispose()
    return url


def url_of(entry: ConnectionEntry, root: Path) -> sa.URL:
    """Return the URL of an entry without a password, a file of SQLite by its place below the root folder.

    Raises
    ------
    UnusableConnectionError
        It is none, or holds a password.
    """
    try:
        url = parse_url(entry.url)
        dialects.create_engine(url).dispose()  # says what databases there are; opens nothing
    except (InvalidArgumentError, sa.exc.SQLAlchemyError, ModuleNotFoundError) as error:
        raise UnusableConnectionError(f"{entry.name}: {error}") from None
    if _holds_password(url):
        raise UnusableConnectionError(
            f"{entry.name}: the URL holds a password, and settings are plain text. Take it out of the URL; name an "
            "environment variable of the Jupyter server as passwordVariable, or a service of its keyring as keyring."
        )
    if entry.password_variable and entry.keyring:
        raise UnusableConnectionError(f"{entry.name}: give passwordVariable or keyring, not both.")
    if dialects.is_in_memory(url):
        raise UnusableConnectionError(f"{entry.name}: a database in memory is seen by nobody else; name a file.")
    if url.get_backend_name() == "sqlite":
        return url.set(database=str((root / str(url.database)).absolute()))
    return url


def _holds_password(url: sa.URL) -> bool:
    return url.password is not None or any("password" in key.lower() for key in url.query)


def with_password(entry: ConnectionEntry, url: sa.URL) -> sa.URL:
    """Return the URL with the password that the environment or the keyring has for it.

    Raises
    ------
    UnusableConnectionError
        There is none.
    """
    if entry.password_variable:
        password = os.environ.get(entry.password_variable)
        remedy = f"set the environment variable {entry.password_variable} of the Jupyter server and start it again."
    elif entry.keyring:
        password = _keyring_password(entry, url)
        remedy = f"enter it once, in a terminal: keyring set {entry.keyring} {url.username or ''}".rstrip()
    else:
        return url
    if not password:
        raise UnusableConnectionError(f"{entry.name}: no password is found; {remedy}")
    return url.set(password=password)


def _keyring_password(entry: ConnectionEntry, url: sa.URL) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        raise UnusableConnectionError(
            f"{entry.name}: keyring is not installed where the Jupyter server runs; pip install 'hanalife[keyring]'."
        ) from None
    try:
        found: str | None = keyring.get_password(entry.keyring, url.username or "")
    except KeyringError as error:
        raise UnusableConnectionError(f"{entry.name}: the keyring cannot be read: {error}.") from None
    return found


# --- as Python in a notebook ---------------------------------------------------------------------


def default_code(url: sa.URL) -> str:
    """Return the lines that connect to the default database in a notebook."""
    if os.environ.get(URL_VARIABLE):  # which kernels inherit
        return _lines("conn = ConnectionContext()")
    return _lines(f"conn = ConnectionContext({url.render_as_string()!r})")


def code_of(entry: ConnectionEntry, url: sa.URL) -> str:
    """Return the lines that connect to the database of an entry in a notebook, without the password.

    >>> url = parse_url("postgresql://me@host/lab")
    >>> print(code_of(ConnectionEntry("lab", str(url), password_variable="LAB"), url), end="")
    import os
    from sqlalchemy import make_url
    from hanalife import ConnectionContext
    <BLANKLINE>
    url = make_url('postgresql://me@host/lab').set(password=os.environ['LAB'])
    conn = ConnectionContext(url.render_as_string(hide_password=False))
    """
    plain = url.render_as_string()
    if entry.password_variable:
        module, password = "os", f"os.environ[{entry.password_variable!r}]"
    elif entry.keyring:
        module, password = "keyring", f"keyring.get_password({entry.keyring!r}, {url.username or ''!r})"
    else:
        return _lines(f"conn = ConnectionContext({plain!r})")
    return _lines(
        f"url = make_url({plain!r}).set(password={password})",
        "conn = ConnectionContext(url.render_as_string(hide_password=False))",
        imports=(f"import {module}", "from sqlalchemy import make_url"),
    )


def _lines(*statements: str, imports: Sequence[str] = ()) -> str:
    return "\n".join([*imports, "from hanalife import ConnectionContext", "", *statements, ""])
