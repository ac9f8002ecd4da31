"""The control of alerts of drift."""

from __future__ import annotations

from collections.abc import Mapping

from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.drift.native import Drift


def acknowledge(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Note that an alert has been seen, and what was made of it."""
    Drift(context).acknowledge(args["check_id"], args.get("note", ""))


CONTROLS: Mapping[str, Control] = {"drift.acknowledge": Control(acknowledge, ("check_id",), ("note",))}
