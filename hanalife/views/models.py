"""Stored models as the payload of their list."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from hanalife.database import aliases, models
from hanalife.records import ModelHead
from hanalife.views.encoding import instant
from hanalife.views.payloads.models import ModelRow, ModelsPayload
from hanalife.views.payloads.words import CONTRACT


def read(connection: sa.Connection) -> ModelsPayload:
    """Return all versions of all models, with the aliases that name them."""
    named: dict[tuple[str, int | None], list[str]] = {}
    for alias in aliases.of_models(connection):
        named.setdefault((alias.name, alias.version), []).append(alias.alias)
    heads = models.heads(connection)
    return {
        "contract": CONTRACT,
        "models": [model_row(head, named.get((head.name, head.version), [])) for head in heads],
    }


def model_row(version: ModelHead, named: Sequence[str]) -> ModelRow:
    """Return one version for a list."""
    return {
        "name": version.name,
        "version": version.version,
        "kind": version.class_path.rpartition(".")[2],
        "library": version.library,
        "run_id": version.run_id,
        "created_at": instant(version.created_at),
        "aliases": list(named),
    }
