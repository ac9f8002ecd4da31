"""Models in and out of the store, without their code."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.database import blobs
from hanalife.errors import ModelStorageError
from hanalife.records import ModelState, ModelVersion
from hanalife.storage import formats

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

#: The classes a stored model may be of. A path from the database is looked up here, never imported as it is.
ALLOWED_CLASSES = frozenset(
    {"hanalife.learning.classification.UnifiedClassification", "hanalife.learning.regression.UnifiedRegression"}
)

_JSON_PARTS = ("class_path", "constructor", "fit_parameters", "facts", "tables")


@dataclass(frozen=True, slots=True)
class Kept:
    """A model as it lies in the store: JSON beside the key of its bytes."""

    state: Mapping[str, Any]
    content_hash: str  #: SHA-256 of the estimator's bytes
    format: str

    @classmethod
    def of(cls, version: ModelVersion) -> Kept:
        """Return what a stored version keeps."""
        return cls(version.state, version.content_hash, version.format)


def keep(connection: sa.Connection, state: ModelState) -> Kept:
    """Write a model's bytes within the caller's transaction; return what to keep beside them.

    Raises
    ------
    ModelStorageError
        The estimator has no safe format, or the class is not allowed.
    """
    _check_class(state.class_path)
    name, data = formats.encode(state.estimator)
    parts = {part: getattr(state, part) for part in _JSON_PARTS}
    return Kept(parts, blobs.put(connection, data), name)


def restore(connection: sa.Connection, kept: Kept) -> ModelState:
    """Read a model back.

    Raises
    ------
    CorruptModelError
        The bytes are missing, damaged or of another format.
    """
    estimator = formats.decode(kept.format, blobs.get(connection, kept.content_hash))
    return ModelState(**{part: kept.state[part] for part in _JSON_PARTS}, estimator=estimator)


def instantiate(connection_context: ConnectionContext, state: ModelState) -> Any:
    """Make the model object of a state; its class must be on the list above."""
    _check_class(state.class_path)
    module, _, name = state.class_path.rpartition(".")
    return getattr(importlib.import_module(module), name).from_state(connection_context, state)


def _check_class(class_path: str) -> None:
    if class_path not in ALLOWED_CLASSES:
        allowed = ", ".join(sorted(ALLOWED_CLASSES))
        raise ModelStorageError(f"model: class {class_path!r} cannot be stored or loaded; allowed are: {allowed}.")
