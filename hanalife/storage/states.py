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
    {
        "hanalife.learning.classification.UnifiedClassification",
        "hanalife.learning.regression.UnifiedRegression",
        "hanalife.storage.estimators.StoredEstimator",
    }
)

_JSON_PARTS = ("class_path", "constructor", "fit_parameters", "facts", "tables")


@dataclass(frozen=True, slots=True)
class Kept:
    """A model as it lies in the store: JSON beside the key of its bytes."""

    state: Mapping[str, Any]
    content_hash: str  #: SHA-256 of the estimator's bytes
    format: str
    training_keys: str | None = None  #: SHA-256 of the packed keys of its training rows

    @classmethod
    def of(cls, version: ModelVersion) -> Kept:
        """Return what a stored version keeps."""
        return cls(
            {**version.state, "tables": version.tables}, version.content_hash, version.format, version.training_keys
        )


def json_parts(state: ModelState) -> dict[str, Any]:
    """Return all of a model but its estimator, as JSON values.

    Raises
    ------
    ModelStorageError
        The class is not allowed.
    """
    _check_class(state.class_path)
    return {part: getattr(state, part) for part in _JSON_PARTS}


def keep(connection: sa.Connection, state: ModelState) -> Kept:
    """Write a model's bytes within the caller's transaction; return what to keep beside them.

    Raises
    ------
    ModelStorageError
        The estimator has no safe format, or the class is not allowed.
    """
    parts = json_parts(state)
    with formats.scratch() as file:
        name = formats.write(state.estimator, file)
        return Kept(parts, blobs.put_file(connection, file), name, keep_keys(connection, state))


def keep_keys(connection: sa.Connection, state: ModelState) -> str | None:
    """Write the keys of a model's training rows; return their SHA-256, or None if they are unknown."""
    return None if state.training_keys is None else blobs.put(connection, state.training_keys)


def restore(connection: sa.Connection, kept: Kept) -> ModelState:
    """Read a model back.

    Raises
    ------
    CorruptModelError
        The bytes are missing, damaged or of another format.
    """
    with formats.scratch() as file:
        blobs.get_file(connection, kept.content_hash, file)
        keys = None if kept.training_keys is None else blobs.get(connection, kept.training_keys)
        return with_estimator(kept.state, formats.read(kept.format, file), keys)


def with_estimator(parts: Mapping[str, Any], estimator: Any, training_keys: bytes | None) -> ModelState:
    """Return the state of a model from its parts."""
    return ModelState(**{part: parts[part] for part in _JSON_PARTS}, estimator=estimator, training_keys=training_keys)


def instantiate(connection_context: ConnectionContext, state: ModelState) -> Any:
    """Make the model object of a state; its class must be on the list above."""
    return find_class(state.class_path).from_state(connection_context, state)


def find_class(class_path: str) -> Any:
    """Return the class of a path.

    Raises
    ------
    ModelStorageError
        It is not on the list above.
    """
    _check_class(class_path)
    module, _, name = class_path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _check_class(class_path: str) -> None:
    if class_path not in ALLOWED_CLASSES:
        allowed = ", ".join(sorted(ALLOWED_CLASSES))
        raise ModelStorageError(f"model: class {class_path!r} cannot be stored or loaded; allowed are: {allowed}.")
