"""Aliases: movable names such as ``champion``, with the history of where they pointed and who moved them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import sqlalchemy as sa

from hanalife.database import aliases, dialects, models
from hanalife.errors import InvalidArgumentError, ModelStorageError
from hanalife.records import ModelAlias, ModelEvent
from hanalife.storage.base import StorageBase, not_found

if TYPE_CHECKING:
    import pandas as pd

CHAMPION = "champion"

_USABLE = re.compile(r"[^\W\d][\w.-]{0,99}")
MOVES = ("MOVED", "ROLLED_BACK", "REMOVED")


class Aliases(StorageBase):
    """The methods of a model storage on aliases."""

    def set_alias(
        self,
        name: str,
        alias: str,
        version: int,
        *,
        protected: bool | None = None,
        movers: Sequence[str] | None = None,
        note: str = "",
    ) -> None:
        """Let an alias name a version; at once for everybody, and noted in its history.

        Parameters
        ----------
        name : str
            Exact name of the model.
        alias : str
            A letter, then letters, digits and ``_ . -``; such as ``champion``.
        version : int
            A stored version.
        protected : bool, optional
            True: from now on only ``movers`` may move it; False: everybody may again. Default:
            stays as it is.
        movers : list of str, optional
            Users of the database (of the system, for SQLite) who may move the alias, protect it
            and lift that; default: you.
        note : str, optional
            Why; kept in the history. A protected alias demands it: it is the record of the
            approval.

        Raises
        ------
        ModelStorageError
            There is no such version, or the alias is protected and you are not among its movers
            or give no note.
        """
        with self._writing() as connection:
            models.reserve(connection, name)
            if version not in models.numbers(connection, name):
                raise not_found(connection, name, version)
            self._move(connection, name, alias, version, note, protected=protected, movers=movers)

    def promote(self, name: str, version: int, alias: str = CHAMPION, note: str = "") -> None:
        """Let an alias, by default ``champion``, name a version; see :meth:`set_alias`."""
        self.set_alias(name, alias, version, note=note)

    def exchange_alias(
        self, name: str, alias: str, expected: int, version: int, note: str = "", *, back: bool = False
    ) -> bool:
        """Let an alias name another version if it still names the expected one; say whether it did.

        Parameters
        ----------
        expected : int
            The version that it must name now; otherwise nothing happens.
        version : int
            A stored version.
        note : str, optional
            Why; kept in the history.
        back : bool, default False
            Note it in the history as a roll-back.

        Raises
        ------
        ModelStorageError
            There is no such version, or the alias is protected; see :meth:`set_alias`.
        """
        with self._writing() as connection:
            models.reserve(connection, name)  # nobody else moves an alias of this model until the end
            found = aliases.find(connection, name, alias)
            if found is None or found.version != expected:
                return False
            if version not in models.numbers(connection, name):
                raise not_found(connection, name, version)
            self._move(connection, name, alias, version, note, event="ROLLED_BACK" if back else "MOVED")
        return True

    def roll_back(self, name: str, alias: str = CHAMPION, note: str = "") -> int:
        """Let an alias name the version that it named before, and return that.

        Called again, it goes one step further back. Versions that are deleted are passed over.

        Raises
        ------
        ModelStorageError
            There is no earlier version, or the alias is protected; see :meth:`set_alias`.
        """
        with self._writing() as connection:
            models.reserve(connection, name)
            earlier = earlier_versions(models.events(connection, name, alias, MOVES))
            stored = models.numbers(connection, name)
            for number in reversed(earlier):
                if number in stored:
                    self._move(connection, name, alias, number, note, event="ROLLED_BACK")
                    return number
            raise ModelStorageError(
                f"alias: {alias!r} of model {name!r} has no earlier version that is still stored; "
                f"set one: promote({name!r}, version, {alias!r})."
            )

    def delete_alias(self, name: str, alias: str, note: str = "") -> None:
        """Remove an alias; its history stays. Raises as :meth:`set_alias` does."""
        with self._writing() as connection:
            models.reserve(connection, name)
            found = aliases.find(connection, name, alias)
            if found is None:
                raise not_found(connection, name, alias=alias)
            self._check_mover(connection, found, note)
            aliases.remove(connection, name, alias)
            details = {"from": found.version}
            models.note_event(connection, "REMOVED", name, None, self._clock(), alias=alias, note=note, details=details)

    def list_aliases(self, name: str | None = None) -> pd.DataFrame:
        """Return NAME, ALIAS, VERSION, MOVERS (None: everybody), MOVED_AT (UTC), MOVED_BY."""
        import pandas as pd

        with self._reading() as connection:
            found = aliases.of_models(connection, None if name is None else [name])
        rows = [
            (each.name, each.alias, each.version, each.movers, each.moved_at.replace(tzinfo=None), each.moved_by)
            for each in found
        ]
        return pd.DataFrame(rows, columns=["NAME", "ALIAS", "VERSION", "MOVERS", "MOVED_AT", "MOVED_BY"])

    # --- inside -------------------------------------------------------------------------------

    def _move(
        self,
        connection: sa.Connection,
        name: str,
        alias: str,
        version: int,
        note: str,
        *,
        event: str = "MOVED",
        protected: bool | None = None,
        movers: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(alias, str) or not _USABLE.fullmatch(alias):
            raise InvalidArgumentError(f"alias: expected a letter, then letters, digits and _ . -, got {alias!r}.")
        user, now = dialects.database_user(connection), self._clock()
        found = aliases.find(connection, name, alias) or ModelAlias(name, alias, None, None, now, user)
        self._check_mover(connection, found, note)
        moved = replace(found, version=version, moved_at=now, moved_by=user)
        if protected is not None:
            moved = replace(moved, movers=[*(movers or [user])] if protected else None)
        aliases.put(connection, moved)
        details = {"from": found.version, "movers": moved.movers}
        models.note_event(connection, event, name, version, now, alias=alias, note=note, details=details)

    def _check_mover(self, connection: sa.Connection, found: ModelAlias, note: str) -> None:
        if found.movers is None:
            return
        user = dialects.database_user(connection)
        if user not in found.movers:
            raise ModelStorageError(
                f"alias: {found.alias!r} of model {found.name!r} is protected; "
                f"{', '.join(found.movers)} may move it, {user} may not."
            )
        if not note.strip():
            raise ModelStorageError(f"note: alias {found.alias!r} is protected; say why it moves, for its history.")


def earlier_versions(moves: Sequence[ModelEvent]) -> list[int]:
    """Return the versions that an alias named before its present one, the oldest first; given its MOVES."""
    path: list[int] = []
    for move in moves:
        if move.event == "ROLLED_BACK" and move.version in path[:-1]:
            last = max(place for place, version in enumerate(path[:-1]) if version == move.version)
            del path[last + 1 :]
        elif move.version is not None and path[-1:] != [move.version]:
            path.append(move.version)
    present = moves[-1].version if moves else None
    return path[:-1] if present is not None else path
