"""The controls of stored models: their aliases, notes and tags, and the removal of a version."""

from __future__ import annotations

from collections.abc import Mapping

from hanalife.arguments import whole_number
from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError
from hanalife.storage.aliases import CHAMPION
from hanalife.storage.storage import ModelStorage


def promote(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Let an alias, by default the champion, name a version; the note says why."""
    alias, note = args.get("alias", CHAMPION), args.get("note", "")
    ModelStorage(context).promote(args["name"], _version(args), alias, note)


def roll_back(context: ConnectionContext, args: Mapping[str, str]) -> dict[str, str]:
    """Let an alias name the version that it named before, and tell which that is."""
    number = ModelStorage(context).roll_back(args["name"], args.get("alias", CHAMPION), args.get("note", ""))
    return {"version": str(number)}


def set_alias(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Let an alias name a version; ``protected`` is 'yes', 'no', or left out to leave it as it is."""
    protected = {"yes": True, "no": False, None: None}
    given = args.get("protected")
    if given not in protected:
        raise InvalidArgumentError(f"protected: {given!r} is not allowed; give 'yes' or 'no'.")
    ModelStorage(context).set_alias(
        args["name"], args["alias"], _version(args), protected=protected[given], note=args.get("note", "")
    )


def delete_alias(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Remove an alias; its history stays."""
    ModelStorage(context).delete_alias(args["name"], args["alias"], args.get("note", ""))


def set_notes(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Write the notes of a version anew."""
    ModelStorage(context).set_notes(args["name"], _version(args), args["notes"])


def delete_version(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Delete a version that no alias names."""
    ModelStorage(context).delete_model(args["name"], _version(args))


def _version(args: Mapping[str, str]) -> int:
    return whole_number("version", args["version"], least=1)


CONTROLS: Mapping[str, Control] = {
    "model.promote": Control(promote, ("name", "version"), ("alias", "note")),
    "model.roll_back": Control(roll_back, ("name",), ("alias", "note")),
    "model.set_alias": Control(set_alias, ("name", "alias", "version"), ("protected", "note")),
    "model.delete_alias": Control(delete_alias, ("name", "alias"), ("note",)),
    "model.set_notes": Control(set_notes, ("name", "version", "notes")),
    "model.delete_version": Control(delete_version, ("name", "version")),
}
