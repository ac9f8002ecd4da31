"""What the parts of the model storage share: transactions, names, versions found or not."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import sqlalchemy as sa

from hanalife.clock import Clock
from hanalife.database import aliases, models
from hanalife.errors import ModelNotFoundError, ModelStorageError
from hanalife.records import ModelVersion
from hanalife.storage import states

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

_FORBIDDEN = re.compile(r"[;,\"'\n\t]")


class StorageBase:
    """A model storage on a connection."""

    connection_context: ConnectionContext
    _clock: Clock
    _transaction: sa.Connection | None = None

    def within(self, transaction: sa.Connection) -> Self:
        """Return this storage with all that it reads and writes in a transaction of the caller's."""
        inside = copy.copy(self)
        inside._transaction = transaction  # noqa: SLF001 - its own kind
        return inside

    def load_model(self, name: str, version: int | None = None, *, alias: str | None = None) -> Any:
        """Return a stored model, ready to predict and score.

        Parameters
        ----------
        name : str
            Exact name.
        version : int, optional
            Default: the highest.
        alias : str, optional
            Instead of a version: the one that this alias names, such as 'champion'.

        Raises
        ------
        ModelStorageError
            There is no such model, version or alias.
        CorruptModelError
            The stored bytes are damaged.
        """
        with self._reading() as connection:
            found = self._find(connection, name, version, alias)
            state = states.restore(connection, states.Kept.of(found))
        model = states.instantiate(self.connection_context, state)
        model.name, model.version, model.run_id = name, found.version, found.run_id
        model.stored_as = (name, found.version)
        return model

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        if self._transaction is not None:
            yield self._transaction
            return
        with self.connection_context.database.read() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        if self._transaction is not None:
            yield self._transaction
            return
        with self.connection_context.database.write() as connection:
            yield connection

    def _find(
        self, connection: sa.Connection, name: str, version: int | None = None, alias: str | None = None
    ) -> ModelVersion:
        """Return a version by number, by alias, or the highest; raise what names those there are."""
        found = models.find(connection, name, version, alias)
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


def file_name(name: str) -> str:
    """Return a file's name for a model's, which may hold any character; the path must not leave its folder."""
    return re.sub(r"[^\w.-]", "_", name).lstrip(".") or "_"


def not_found(
    connection: sa.Connection, name: str, version: int | None = None, alias: str | None = None
) -> ModelNotFoundError:
    """Return the error that says what is not there and what is."""
    numbers = models.numbers(connection, name)
    if not numbers:
        known = ", ".join(models.names(connection)) or "none"
        which = f"{name!r}" if version is None else f"{name!r} version {version}"
        return ModelNotFoundError(f"There is no model {which}; stored names are: {known}.")
    if alias is not None:
        return ModelNotFoundError(
            f"Model {name!r} has no version under alias {alias!r}; set one: promote({name!r}, version, {alias!r})."
        )
    stored = ", ".join(map(str, numbers[-20:]))
    return ModelNotFoundError(f"There is no model {name!r} version {version}; its versions are: {stored}.")
