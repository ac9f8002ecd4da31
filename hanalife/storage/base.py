"""What the parts of the model storage share: transactions, names, versions found or not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.clock import Clock
from hanalife.database import aliases, models
from hanalife.errors import ModelStorageError
from hanalife.records import ModelVersion

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

_FORBIDDEN = re.compile(r"[;,\"'\n\t]")


class StorageBase:
    """A model storage on a connection."""

    connection_context: ConnectionContext
    _clock: Clock

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self.connection_context.database.read() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self.connection_context.database.write() as connection:
            yield connection

    def _find(
        self, connection: sa.Connection, name: str, version: int | None = None, alias: str | None = None
    ) -> ModelVersion:
        """Return a version by number, by alias, or the highest; raise what names those there are."""
        if alias is not None:
            found = models.version_of_alias(connection, name, alias)
        else:
            found = models.version(connection, name, version)
        if found is None:
            raise not_found(connection, name, version, alias)
        return found

    def _check_replaceable(self, connection: sa.Connection, name: str, version: int) -> None:
        """Refuse to replace what somebody approved of."""
        for alias in aliases.of_models(connection, [name]):
            if alias.version == version and alias.movers is not None:
                raise ModelStorageError(
                    f"Model {name!r} version {version} is named by the protected alias {alias.alias!r} "
                    "and so cannot be replaced; store it as another version."
                )


def check_name(name: object) -> str:
    """Return a name that models can be stored under.

    Raises
    ------
    ModelStorageError
        It cannot be used.
    """
    if not isinstance(name, str) or not name.strip():
        raise ModelStorageError(
            f"model.name: set a name before saving, for example model.name = 'churn'; got {name!r}."
        )
    if _FORBIDDEN.search(name) or len(name) > 255:
        raise ModelStorageError(f"model.name: at most 255 characters and none of ; , \" ' newline, tab; got {name!r}.")
    return name


def check_version(number: object) -> int:
    """Return a version number; None is 1.

    Raises
    ------
    ModelStorageError
        It is no positive integer.
    """
    number = 1 if number is None else number
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ModelStorageError(f"model.version: expected a positive integer, got {number!r}.")
    return number


def not_found(
    connection: sa.Connection, name: str, version: int | None = None, alias: str | None = None
) -> ModelStorageError:
    """Return the error that says what is not there and what is."""
    numbers = models.numbers(connection, name)
    if not numbers:
        known = ", ".join(models.names(connection)) or "none"
        which = f"{name!r}" if version is None else f"{name!r} version {version}"
        return ModelStorageError(f"There is no model {which}; stored names are: {known}.")
    if alias is not None:
        return ModelStorageError(
            f"Model {name!r} has no version under alias {alias!r}; set one: promote({name!r}, version, {alias!r})."
        )
    stored = ", ".join(map(str, numbers[-20:]))
    return ModelStorageError(f"There is no model {name!r} version {version}; its versions are: {stored}.")
