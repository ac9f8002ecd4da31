"""The commands on stored models: ``hanalife models``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from hanalife.commands.answers import Answer, Commands, command

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.storage.storage import ModelStorage


def add(commands: Commands) -> None:
    """Add the commands to those of the terminal."""
    models = commands.add_parser("models", help="list, show, promote, roll back, export and import models")
    actions = models.add_subparsers(required=True, metavar="ACTION")
    found = command(actions, "list", "list versions and their aliases", _list)
    found.add_argument("name", nargs="?", default="%", help="%% stands for any text (default: all)")
    _named(command(actions, "show", "show where a version comes from and what is known of it", _show))
    _named(command(actions, "card", "print the model card of a version", _card))
    up = command(actions, "promote", "move an alias to a version", _promote)
    up.add_argument("name")
    up.add_argument("version", type=int)
    _aliased(up)
    up.add_argument("--note", default="", help="why; a protected alias demands it")
    back = command(actions, "roll-back", "move an alias back to the version before", _roll_back)
    back.add_argument("name")
    _aliased(back)
    out = _named(command(actions, "export", "write a version to one file", _export))
    out.add_argument("file")
    into = command(actions, "import", "add the version of a file or folder", _import)
    into.add_argument("file")
    into.add_argument("--force", action="store_true", help="replace a version of the same name and number")


def _named(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name")
    parser.add_argument("--version", type=int, help="default: the latest")
    return parser


def _aliased(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--alias", default="champion", help="default: %(default)s")


def _storage(conn: ConnectionContext) -> ModelStorage:
    from hanalife.storage.storage import ModelStorage

    return ModelStorage(conn)


def _list(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    storage = _storage(conn)
    rows = storage.list_models(options.name, display_type="simple")
    aliases = storage.list_aliases()
    rows = rows[["NAME", "VERSION", "CLASS", "TIMESTAMP"]].assign(
        ALIASES=[
            ", ".join(sorted(aliases[(aliases["NAME"] == name) & (aliases["VERSION"] == version)]["ALIAS"]))
            for name, version in zip(rows["NAME"], rows["VERSION"], strict=True)
        ]
    )
    text = rows.to_string(index=False) if len(rows) else "no models"
    return json.loads(rows.to_json(orient="records", date_format="iso")), text, 0


def _show(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    from hanalife.storage.comparison import interval_text, labelled

    found = _plain(_storage(conn).get_lineage(options.name, options.version))
    hidden = ("signature", "metrics")
    lines = [
        f"{name:14} {value}" for name, value in found.items() if value not in (None, "", {}) and name not in hidden
    ]
    shown = labelled(found["metrics"] or {})
    lines += ["", "metrics", *(f"  {name:30} {interval_text(kept)}" for name, kept in shown.items())] if shown else []
    return found, "\n".join(lines), 0


def _card(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    text = str(_storage(conn).get_model_card(options.name, options.version))
    return {"card": text}, text, 0


def _promote(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    _storage(conn).promote(options.name, options.version, options.alias, options.note)
    moved = {"name": options.name, "alias": options.alias, "version": options.version}
    return moved, f"{options.alias} of {options.name} is version {options.version}", 0


def _roll_back(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    version = _storage(conn).roll_back(options.name, options.alias)
    moved = {"name": options.name, "alias": options.alias, "version": version}
    return moved, f"{options.alias} of {options.name} is version {version} again", 0


def _export(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    storage = _storage(conn)
    version = options.version or int(storage.list_models(options.name)["VERSION"].max())
    path = storage.export_bundle(options.name, version, options.file)
    return {"file": str(path)}, str(path), 0


def _import(conn: ConnectionContext, options: argparse.Namespace) -> Answer:
    _storage(conn).import_model(options.file, force=options.force)
    return {"imported": options.file}, f"{options.file} is imported", 0


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
