"""Stored models as the payload of their list."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database import models
from hanalife.records import ModelHead
from hanalife.views.encoding import instant
from hanalife.views.payloads import CONTRACT, ModelRow, ModelsPayload


def read(connection: sa.Connection) -> ModelsPayload:
    """Return all versions of all models."""
    return {"contract": CONTRACT, "models": [model_row(version) for version in models.heads(connection)]}


def model_row(version: ModelHead) -> ModelRow:
    """Return one version for a list."""
    return {
        "name": version.name,
        "version": version.version,
        "kind": version.class_path.rpartition(".")[2],
        "library": version.library,
        "run_id": version.run_id,
        "created_at": instant(version.created_at),
    }
