"""A model's method call as data: captured now, executed later in another process.

What is kept is JSON: the method's name, the model by name and version (or its own state beside
bytes in the blob store), frames as their queries. Nothing in it is code and nothing is secret.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, leases, models
from hanalife.database.leases import Lease
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import ArgumentTypeError, Error, InvalidArgumentError, LostLeaseError, ModelStorageError
from hanalife.storage import states
from hanalife.storage.storage import ModelStorage

#: The methods a task may call, and how many frames each returns.
OUTPUTS = {"predict": 1, "score": 4}

_STAGING = len("__staging")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is stored in a task."""

    method: str
    model: Mapping[str, Any]  #: name and version, or the kept state of an unnamed model
    parameters: Mapping[str, Any]  #: each ``{"value": ...}`` or ``{"frame": ...}``
    outputs: Sequence[str]  #: one table name for each frame returned
    copies: Sequence[str]  #: tables made at capture for data that would not outlive the session
    procedure: str

    @property
    def content_hash(self) -> str | None:
        """The key of the bytes of a model that the task keeps for itself."""
        kept = self.model.get("kept")
        return kept["content_hash"] if kept else None

    def to_json(self) -> dict[str, Any]:
        """Return the call as JSON values."""
        return asdict(self)


def capture(
    connection: sa.Connection,
    context: ConnectionContext,
    task_id: str,
    model: Any,
    method: str,
    parameters: Mapping[str, Any],
    output_table_names: str | Sequence[str] | None = None,
    procedure: str | None = None,
) -> Call:
    """Turn a call into data, within the caller's session transaction.

    Raises
    ------
    ArgumentTypeError
        The object is no model, the parameters do not fit the method, or one of them cannot be
        written as JSON.
    InvalidArgumentError
        A frame belongs to another database, or a table name is too long or one too many.
    ModelStorageError
        The stored version that the model came from is gone.
    FitIncompleteError
        The model is not fitted.
    """
    _check_fit(model, method, parameters)
    outputs = _output_names(context, task_id, method, output_table_names)
    kept = {}
    copies: list[str] = []
    for name, value in parameters.items():
        if isinstance(value, DataFrame):
            kept[name] = {"frame": _lasting(context, value, f"in_{task_id}{len(copies)}", name, copies).definition()}
        else:
            kept[name] = {"value": _json(name, value)}
    reference = _reference(connection, model)
    return Call(method, reference, kept, outputs, copies, procedure or f"PROCEDURE_{task_id}")


def execute(context: ConnectionContext, call: Call) -> list[DataFrame]:
    """Make the call again and return the frames it gives.

    Raises
    ------
    Error
        The method is not one that a task may call.
    ModelStorageError
        The model version is gone.
    """
    if call.method not in OUTPUTS:
        raise Error(f"method: {call.method!r} is not one a task may call; those are {', '.join(OUTPUTS)}.")
    model = _revive_model(context, call.model)
    arguments = {name: _revive(context, kept) for name, kept in call.parameters.items()}
    result = getattr(model, call.method)(**arguments)
    return [result] if isinstance(result, DataFrame) else list(result)


def commit(context: ConnectionContext, lease: Lease, outputs: Sequence[str], frames: Sequence[DataFrame]) -> None:
    """Replace the output tables and end the job well: all of it, or nothing.

    The lease is checked last, because the row of the job stays locked from then on: its worker
    and all others must be able to renew and read it while long outputs are written.

    Raises
    ------
    LostLeaseError
        Another worker has taken the job over; nothing was written.
    """
    with context.session(writes=True) as connection:
        for table, frame in zip(outputs, frames, strict=True):
            context.create_table_as(table, frame.query)
        if not leases.succeed(connection, lease, dialects.now(connection)):
            raise LostLeaseError(
                f"Job {lease.job_id} was cancelled or taken over by another worker; "
                f"attempt {lease.attempt} has written nothing."
            )


# --- capture ----------------------------------------------------------------------------------


def _check_fit(model: Any, method: str, parameters: Mapping[str, Any]) -> None:
    if not callable(getattr(model, "to_state", None)):
        raise ArgumentTypeError(f"obj: expected a hanalife model such as UnifiedClassification, got {model!r}.")
    if not callable(getattr(model, method, None)):
        raise ArgumentTypeError(f"obj: {type(model).__name__} has no method {method!r}.")
    if not isinstance(parameters, Mapping):
        raise ArgumentTypeError(f"{method}_params: expected a dict of the arguments of {method}, got {parameters!r}.")
    try:
        inspect.signature(getattr(model, method)).bind(**parameters)
    except TypeError as error:
        raise ArgumentTypeError(f"{method}_params: {error}; give exactly the arguments of {method}.") from None


def _output_names(
    context: ConnectionContext, task_id: str, method: str, given: str | Sequence[str] | None
) -> list[str]:
    names = [given] if isinstance(given, str) else list(given or ())
    wanted = OUTPUTS[method]
    if len(names) > wanted:
        raise InvalidArgumentError(f"output_table_names: {method} gives {wanted} tables, got {len(names)} names.")
    names += [f"out_{task_id}{number}" for number in range(len(names), wanted)]
    longest = max(names, key=len)
    if len(longest.encode()) + _STAGING > context.dialect.max_identifier_length:
        raise InvalidArgumentError(
            f"task_id, output_table_names: {longest!r} is too long for a table of this database, "
            f"whose names have at most {context.dialect.max_identifier_length - _STAGING} bytes here; shorten it."
        )
    return names


def _lasting(context: ConnectionContext, frame: DataFrame, table: str, argument: str, copies: list[str]) -> DataFrame:
    """Return a frame that another process can read: the same, or over a copy of its rows."""
    owner = frame.connection_context
    if owner.database.url != context.database.url:
        raise InvalidArgumentError(
            f"{argument}: the frame is of {owner.database.label}, the task of {context.database.label}; "
            "use frames of the task's database."
        )
    if not any(source["TABLE_NAME"].startswith("#") for source in frame.source_tables):
        return frame
    if owner is not context:
        raise InvalidArgumentError(
            f"{argument}: the frame reads tables of another connection's session; save it to a permanent table first."
        )
    copies.append(table)
    return frame.save(table, force=True)


def _json(name: str, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"{name}: {value!r} cannot be stored in a task; give text, numbers, lists, or a hanalife DataFrame."
        ) from None


def _reference(connection: sa.Connection, model: Any) -> dict[str, Any]:
    stored_as = getattr(model, "stored_as", None)
    if stored_as is None:
        return {"kept": asdict(states.keep(connection, model.to_state()))}
    name, version = stored_as
    if models.version(connection, name, version) is None:
        raise ModelStorageError(f"obj: model {name!r} version {version} is no longer stored; save the model again.")
    return {"name": name, "version": version}


# --- execution --------------------------------------------------------------------------------


def _revive_model(context: ConnectionContext, reference: Mapping[str, Any]) -> Any:
    if "name" in reference:
        return ModelStorage(context).load_model(reference["name"], reference["version"])
    with context.database.read() as connection:
        state = states.restore(connection, states.Kept(**reference["kept"]))
    return states.instantiate(context, state)


def _revive(context: ConnectionContext, kept: Mapping[str, Any]) -> Any:
    return context.frame_from_definition(kept["frame"]) if "frame" in kept else kept["value"]
