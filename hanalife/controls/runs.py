"""The controls of runs: what people say of them, and that they are to go."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError
from hanalife.tracking import remarks


def set_tag(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Set a tag of a run."""
    remarks.set_tag(context, args["run_id"], args["tag_name"], args["tag_value"])


def set_tags(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Set a tag of several runs; their ids are a JSON list."""
    remarks.set_tags(context, _ids(args["run_ids"]), args["tag_name"], args["tag_value"])


def delete_tag(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Delete a tag of a run."""
    remarks.delete_tag(context, args["run_id"], args["tag_name"])


def set_note(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Set the notes on a run."""
    remarks.set_notes(context, args["run_id"], args["text"])


def delete(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Delete runs; their ids are a JSON list."""
    remarks.delete_runs(context, _ids(args["run_ids"]))


def _ids(text: str) -> list[str]:
    try:
        ids = json.loads(text)
    except ValueError:
        ids = None
    if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
        raise InvalidArgumentError(f"run_ids: {text!r} is not allowed; give a JSON list of run ids.")
    return ids


CONTROLS: Mapping[str, Control] = {
    "run.set_tag": Control(set_tag, ("run_id", "tag_name", "tag_value")),
    "run.set_tags": Control(set_tags, ("run_ids", "tag_name", "tag_value")),
    "run.delete_tag": Control(delete_tag, ("run_id", "tag_name")),
    "run.set_note": Control(set_note, ("run_id", "text")),
    "run.delete": Control(delete, ("run_ids",)),
}
