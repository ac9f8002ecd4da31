"""Stored models, as a view is given them."""

from __future__ import annotations

from typing import TypedDict

from hanalife.views.payloads.words import Instant


class ModelRow(TypedDict):
    """One stored version of a model."""

    name: str
    version: int
    kind: str
    library: str
    run_id: str | None
    created_at: Instant
    aliases: list[str]


class ModelsPayload(TypedDict):
    """All stored models."""

    contract: int
    models: list[ModelRow]
