"""A model's method call as data: captured now, executed later in another process.

What is kept is JSON: the method's name, the model by name and version or alias (or its own state
beside bytes in the blob store), frames as their queries. Nothing in it is code and nothing is secret.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from hanalife.database import models
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import (
    ArgumentTypeError,
    Error,
    InvalidArgumentError,
    ModelStorageError,
    NotSupportedError,
    TableNotFoundError,
)
from hanalife.records import ModelVersion
from hanalife.storage import states
from hanalife.storage.base import not_found
from hanalife.storage.storage import ModelStorage
from hanalife.tracking.experiments import MLExperiments

#: The methods a task may call.
METHODS = ("fit", "predict", "score")

#: What a fit leaves, one table each, in the order of SAP HANA's procedure; None: an empty table.
_FIT_TABLES: dict[str, tuple[str | None, ...]] = {
    "UnifiedClassification": (
        *("model_", "importance_", "statistics_", "optimal_param_"),
        *("confusion_matrix_", "metrics_", "partition_", None),
    ),
    "UnifiedRegression": ("model_", "statistics_", "optimal_param_", "partition_", None, None),
}
_SCORE_TABLES = {"UnifiedClassification": 4, "UnifiedRegression": 2}

_STAGING = len("__staging")


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it is stored in a task."""

    method: str
    model: Mapping[str, Any]  #: name and version or alias, the kept state of an unnamed model, or class and arguments
    parameters: Mapping[str, Any]  #: each ``{"value": ...}`` or ``{"frame": ...}``
    outputs: Sequence[str]  #: one table name for each frame returned
    copies: Sequence[str]  #: tables made at capture for data that would not outlive the session
    procedure: str
    append: bool = False  #: add to the output tables, with JOB_ID and RUN_TIME, in place of replacing them
    experiment_id: str | None = None  #: the experiment that each job is recorded in as a run

    @property
    def content_hash(self) -> str | None:
        """The key of the bytes of a model that the task keeps for itself."""
        kept = self.model.get("kept")
        return kept["content_hash"] if kept else None

    @property
    def training_keys(self) -> str | None:
        """The key of the training keys of a model that the task keeps for itself."""
        kept = self.model.get("kept")
        return kept["training_keys"] if kept else None

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
    *,
    append: bool = False,
    experiment_id: str | None = None,
    alias: str | None = None,
) -> Call:
    """Turn a call into data, within the caller's session transaction.

    Raises
    ------
    ArgumentTypeError
        The object is no model, the parameters do not fit the method, or one of them cannot be
        written as JSON.
    InvalidArgumentError
        A frame belongs to another database, a table name is too long or one too many, or an alias
        is given for a model that is not stored.
    ModelStorageError
        The stored version that the model came from is gone, or the model has no such alias.
    FitIncompleteError
        The model is not fitted.
    """
    _check_fit(model, method, parameters)
    outputs = output_names(context, task_id, output_count(type(model).__name__, method), output_table_names)
    kept = {}
    copies: list[str] = []
    for name, value in parameters.items():
        kept[name] = keep_parameter(context, task_id, name, value, copies)
    reference = _unfitted(model) if method == "fit" else _reference(connection, model, alias)
    procedure = procedure or f"PROCEDURE_{task_id}"
    return Call(method, reference, kept, outputs, copies, procedure, append, experiment_id)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gave: one frame for each output table, and the model if it made one."""

    frames: list[DataFrame]
    fitted: Any = None


def execute(context: ConnectionContext, call: Call, task_id: str, run_name: str) -> Outcome:
    """Make the call again.

    Raises
    ------
    Error
        The method is not one that a task may call.
    ModelStorageError
        The model's version or alias is gone.
    TableNotFoundError
        A table that it reads is gone.
    InvalidArgumentError
        The alias names a model of another kind by now, which gives other tables.
    """
    if call.method not in METHODS:
        raise Error(f"method: {call.method!r} is not one a task may call; those are {', '.join(METHODS)}.")
    model = _revive_model(context, call.model, task_id)
    if call.experiment_id is not None:
        MLExperiments(context, call.experiment_id).autologging(model, run_name=run_name)
    arguments = {name: revive(context, name, kept) for name, kept in call.parameters.items()}
    result = getattr(model, call.method)(**arguments)
    if call.method == "fit":
        return Outcome(_fit_frames(context, model), model)
    frames = [result] if isinstance(result, DataFrame) else list(result)
    if len(frames) != len(call.outputs):
        raise InvalidArgumentError(
            f"alias: {call.method} of {type(model).__name__} gives {len(frames)} tables, task {task_id!r} has "
            f"{len(call.outputs)}; let the alias name a model of the former kind, or create the task anew."
        )
    return Outcome(frames)


def output_count(class_name: str, method: str) -> int:
    """Return how many tables a method of a class gives.

    Raises
    ------
    NotSupportedError
        The class has no such tables.
    """
    counts = {"fit": {name: len(tables) for name, tables in _FIT_TABLES.items()}, "score": _SCORE_TABLES}
    if method == "predict":
        return 1
    if class_name not in counts[method]:
        known = ", ".join(counts[method])
        raise NotSupportedError(f"obj: {method} of {class_name} cannot be scheduled; the classes are {known}.")
    return counts[method][class_name]


def _fit_frames(context: ConnectionContext, model: Any) -> list[DataFrame]:
    frames = [getattr(model, name) if name else None for name in _FIT_TABLES[type(model).__name__]]
    frames = [frame[0] if isinstance(frame, list) else frame for frame in frames]
    empty = sa.select(sa.cast(sa.null(), sa.String(256)).label("OBJECT")).where(sa.false())
    return [DataFrame.from_query(context, empty) if frame is None else frame for frame in frames]


# --- capture ----------------------------------------------------------------------------------


def _check_fit(model: Any, method: str, parameters: Mapping[str, Any]) -> None:
    if not callable(getattr(model, "to_state", None)) or isinstance(model, type):
        raise ArgumentTypeError(f"obj: expected a hanalife model such as UnifiedClassification, got {model!r}.")
    if not callable(getattr(model, method, None)):
        raise ArgumentTypeError(f"obj: {type(model).__name__} has no method {method!r}.")
    if not isinstance(parameters, Mapping):
        raise ArgumentTypeError(f"{method}_params: expected a dict of the arguments of {method}, got {parameters!r}.")
    try:
        inspect.signature(getattr(model, method)).bind(**parameters)
    except TypeError as error:
        raise ArgumentTypeError(f"{method}_params: {error}; give exactly the arguments of {method}.") from None


def output_names(context: ConnectionContext, task_id: str, wanted: int, given: str | Sequence[str] | None) -> list[str]:
    """Return the names of the output tables of a task, those that are not given made up.

    Raises
    ------
    InvalidArgumentError
        There are too many names, or one is too long.
    """
    names = [given] if isinstance(given, str) else list(given or ())
    if len(names) > wanted:
        raise InvalidArgumentError(f"output_table_names: it gives {wanted} tables, got {len(names)} names.")
    names += [f"out_{task_id}{number}" for number in range(len(names), wanted)]
    longest = max(names, key=len, default="")
    if len(longest.encode()) + _STAGING > context.dialect.max_identifier_length:
        raise InvalidArgumentError(
            f"task_id, output_table_names: {longest!r} is too long for a table of this database, "
            f"whose names have at most {context.dialect.max_identifier_length - _STAGING} bytes here; shorten it."
        )
    return names


def keep_parameter(
    context: ConnectionContext, task_id: str, name: str, value: Any, copies: list[str]
) -> dict[str, Any]:
    """Return an argument as it is stored: a value, or a frame; tables made for it are added to ``copies``.

    Raises
    ------
    ArgumentTypeError
        It cannot be written as JSON.
    InvalidArgumentError
        A frame belongs to another database or session.
    """
    if isinstance(value, DataFrame):
        return {"frame": _lasting(context, value, f"in_{task_id}{len(copies)}", name, copies).definition()}
    return {"value": _json(name, value)}


def keep_values(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return parameters that must be JSON values.

    Raises
    ------
    ArgumentTypeError
        They are no dict, or one cannot be written as JSON.
    """
    if parameters is not None and not isinstance(parameters, Mapping):
        raise ArgumentTypeError(f"parameters: expected a dict, got {parameters!r}.")
    return {name: _json(name, value) for name, value in (parameters or {}).items()}


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


def _reference(connection: sa.Connection, model: Any, alias: str | None) -> dict[str, Any]:
    stored_as = getattr(model, "stored_as", None)
    if stored_as is None:
        if alias is not None:
            raise InvalidArgumentError(f"alias: obj is not stored, so {alias!r} can name no version of it; save it.")
        return {"kept": asdict(states.keep(connection, model.to_state()))}
    name, version = stored_as
    if alias is not None:
        if models.version_of_alias(connection, name, alias) is None:
            raise not_found(connection, name, alias=alias)
        return {"name": name, "alias": alias}
    if models.version(connection, name, version) is None:
        raise ModelStorageError(f"obj: model {name!r} version {version} is no longer stored; save the model again.")
    return {"name": name, "version": version}


def _unfitted(model: Any) -> dict[str, Any]:
    """Return what makes a model that is yet to be fitted: its class, its arguments, and a name to store it under."""
    class_path = f"{type(model).__module__}.{type(model).__qualname__}"
    states.find_class(class_path)  # refuses what may not be stored
    constructor = {name: _json(name, value) for name, value in model.hanaml_parameters.items()}
    return {"class_path": class_path, "constructor": constructor, "save_as": model.name}


# --- execution --------------------------------------------------------------------------------


def _revive_model(context: ConnectionContext, reference: Mapping[str, Any], task_id: str) -> Any:
    if "class_path" in reference:
        return make(reference)
    if "name" in reference:
        with context.database.read() as connection:
            found = _stored(connection, reference)
        if found is None:
            which = f"alias {reference['alias']!r}" if "alias" in reference else f"version {reference['version']}"
            raise ModelStorageError(
                f"Model {reference['name']!r} {which} is no longer stored; save it again, or create task "
                f"{task_id!r} anew with another."
            )
        return ModelStorage(context).load_model(found.name, found.version)
    with context.database.read() as connection:
        state = states.restore(connection, states.Kept(**reference["kept"]))
    return states.instantiate(context, state)


def _stored(connection: sa.Connection, reference: Mapping[str, Any]) -> ModelVersion | None:
    """Return the version that a task names, for an alias the present one."""
    return models.find(connection, reference["name"], reference.get("version"), reference.get("alias"))


def make(reference: Mapping[str, Any]) -> Any:
    """Make a model that is yet to be fitted.

    Raises
    ------
    ModelStorageError
        Its class is not one that may be stored.
    """
    constructor = dict(reference["constructor"])
    model = states.find_class(reference["class_path"])(**constructor.pop("kwargs", {}), **constructor)
    model.name = reference["save_as"]
    return model


def unfitted_like(version: ModelVersion, changes: Mapping[str, Any] | None = None) -> Any:
    """Make a model with the arguments of a stored version, some of them changed, that is yet to be fitted.

    Raises
    ------
    NotSupportedError
        The version was fitted elsewhere.
    """
    if not callable(getattr(states.find_class(version.class_path), "fit", None)):
        raise NotSupportedError(
            f"Model {version.name!r} was fitted elsewhere and cannot be fitted here; fit a UnifiedClassification or "
            "UnifiedRegression, or schedule its predictions with ScheduledExecution.create_predict_schedule."
        )
    constructor = dict(version.state["constructor"])
    arguments = {**constructor.pop("kwargs", {}), **constructor, **(changes or {})}
    return make({"class_path": version.class_path, "constructor": arguments, "save_as": version.name})


def parameters_taken(connection: sa.Connection, definition: Mapping[str, Any]) -> list[str]:
    """Return the parameters of the method that a task calls."""
    reference = definition["model"]
    if "name" in reference:
        found = _stored(connection, reference)
        class_path = "" if found is None else found.class_path
    else:
        class_path = reference.get("class_path") or reference["kept"]["state"]["class_path"]
    method = getattr(states.find_class(class_path), definition["method"])
    return list(inspect.signature(method).parameters)[1:]


def revive(context: ConnectionContext, name: str, kept: Mapping[str, Any]) -> Any:
    """Return an argument as it was given.

    Raises
    ------
    TableNotFoundError
        It is a frame, and a table that it reads is gone.
    """
    if "frame" not in kept:
        return kept["value"]
    frame = context.frame_from_definition(kept["frame"])
    for source in frame.source_tables:
        if not context.has_relation(source["TABLE_NAME"], source["SCHEMA_NAME"]):
            raise TableNotFoundError(
                f"{name}: table {source['TABLE_NAME']!r} that the task reads is gone; "
                "create it again, or create the task anew with other data."
            )
    return frame
