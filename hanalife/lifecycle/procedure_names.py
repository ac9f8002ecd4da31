"""How tasks of every kind look in SAP HANA's terms: a procedure with parameters. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanalife.records import Task

#: Where the procedure of a kind stands in its definition.
_PLACES = {"callable": "path", "sql": "sql", "notebook": "notebook"}


def procedure_of(task: Task) -> str:
    """Return what is shown as the procedure of a task; a composite has none."""
    return str(task.definition.get(_PLACES.get(task.kind, "procedure"), ""))


def parameters_of(task: Task, schema: str) -> list[tuple[str, str | None, str, str]]:
    """Return the parameters of a task: name, schema, argument, category."""
    kept = task.definition.get("parameters", {})
    return [_parameter(name, value, schema) for name, value in kept.items()]


def _parameter(name: str, kept: Any, schema: str) -> tuple[str, str | None, str, str]:
    if not isinstance(kept, Mapping) or not {"frame", "value"} & set(kept):
        return name, None, str(kept), "LITERAL"
    if "frame" not in kept:
        return name, None, str(kept["value"]), "LITERAL"
    source = kept["frame"].get("source_table")
    if source:
        return name, source["SCHEMA_NAME"], source["TABLE_NAME"], "TABLE"
    return name, schema, kept["frame"]["sql"], "VIEW"
