"""The place models are taken from: named, numbered versions in the database."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.database import models
from hanalife.errors import InvalidArgumentError, ModelStorageError
from hanalife.records import ModelVersion
from hanalife.storage import states

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

IF_EXISTS = ("fail", "replace", "upgrade")
DISPLAY_TYPES = {"complete": (), "no_reports": ("MODEL_REPORT",), "simple": ("JSON", "MODEL_REPORT")}

_COLUMNS = (
    "NAME",
    "VERSION",
    "LIBRARY",
    "CLASS",
    "JSON",
    "TIMESTAMP",
    "STORAGE_TYPE",
    "MODEL_STORAGE_VER",
    "SCHEDULE",
    "MODEL_REPORT",
)
_FORBIDDEN = re.compile(r"[;,\"'\n\t]")
_LIBRARY = "hanalife"


class ModelStorage:
    """Versions of fitted models, kept in the database of a connection.

    What is stored is data: trees as XGBoost UBJ, everything else as JSON. Loading a model runs
    no code from the store.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where the models are.
    clock : callable
        Gives the present moment.
    """

    def __init__(self, connection_context: ConnectionContext, clock: Clock = utc_now) -> None:
        self.connection_context = connection_context
        self._clock = clock

    def save_model(self, model: Any, if_exists: str = "upgrade") -> None:
        """Store a fitted model under its ``name`` and ``version``.

        Parameters
        ----------
        model : fitted model
            Its attribute ``name`` must be set; ``version`` is a positive integer.
        if_exists : {'upgrade', 'replace', 'fail'}
            What to do if that name and version exist: take the next free version number (also
            set on ``model.version``), replace what is there, or refuse.

        Raises
        ------
        ModelStorageError
            The name is missing or unusable, or the version exists and ``if_exists='fail'``.
        FitIncompleteError
            The model is not fitted.
        """
        if if_exists not in IF_EXISTS:
            raise InvalidArgumentError(f"if_exists: expected one of {', '.join(IF_EXISTS)}, got {if_exists!r}.")
        name, number = _identity(model)
        state = model.to_state()
        with self._writing() as connection:
            if models.version(connection, name, number) is not None:
                number = self._make_room(connection, name, number, if_exists)
            kept = states.keep(connection, state)
            models.insert(connection, self._version(name, number, model, kept))
        model.version = number
        model.stored_as = (name, number)

    def _make_room(self, connection: sa.Connection, name: str, number: int, if_exists: str) -> int:
        if if_exists == "fail":
            raise ModelStorageError(
                f"Model {name!r} version {number} exists; use if_exists='upgrade' for the next version "
                "or if_exists='replace' to overwrite it."
            )
        if if_exists == "replace":
            models.delete(connection, name, number)
            return number
        newest = models.version(connection, name)
        return newest.version + 1 if newest else number

    def _version(self, name: str, number: int, model: Any, kept: states.Kept) -> ModelVersion:
        return ModelVersion(
            name=name,
            version=number,
            class_path=kept.state["class_path"],
            library=_LIBRARY,
            state=kept.state,
            content_hash=kept.content_hash,
            format=kept.format,
            run_id=model.run_id,
            report=None,
            created_at=self._clock(),
        )

    def load_model(self, name: str, version: int | None = None) -> Any:
        """Return a stored model, ready to predict and score.

        Parameters
        ----------
        name : str
            Exact name.
        version : int, optional
            Default: the highest.

        Raises
        ------
        ModelStorageError
            There is no such model or version.
        CorruptModelError
            The stored bytes are damaged.
        """
        with self.connection_context.database.read() as connection:
            found = models.version(connection, name, version)
            if found is None:
                known = sorted({item.name for item in models.versions(connection)})
                raise _not_found(name, version, known)
            state = states.restore(connection, states.Kept.of(found))
        model = states.instantiate(self.connection_context, state)
        model.name, model.version, model.run_id = name, found.version, found.run_id
        model.stored_as = (name, found.version)
        return model

    def list_models(
        self, name: str | None = None, version: int | None = None, display_type: str = "complete"
    ) -> pd.DataFrame:
        """Return the stored versions as a pandas frame, ordered by name and version.

        Parameters
        ----------
        name : str, optional
            ``%`` stands for any text; every other character for itself.
        version : int, optional
            Only this version number.
        display_type : {'complete', 'simple', 'no_reports'}
            'simple' leaves out JSON and MODEL_REPORT, 'no_reports' only the latter.
        """
        import pandas as pd

        if display_type not in DISPLAY_TYPES:
            raise InvalidArgumentError(
                f"display_type: expected one of {', '.join(DISPLAY_TYPES)}, got {display_type!r}."
            )
        with self.connection_context.database.read() as connection:
            found = models.versions(connection, name, version)
        frame = pd.DataFrame([_list_row(item) for item in found], columns=list(_COLUMNS))
        return frame.drop(columns=list(DISPLAY_TYPES[display_type]))

    def model_already_exists(self, name: str, version: int) -> bool:
        """Say whether that version of that exact name is stored."""
        with self.connection_context.database.read() as connection:
            return models.version(connection, name, version) is not None

    def delete_model(self, name: str, version: int) -> int:
        """Delete one version and return 1.

        Raises
        ------
        InvalidArgumentError
            Name or version is empty.
        ModelStorageError
            There is no such version.
        """
        if not name or not version:
            raise InvalidArgumentError(f"name, version: both are needed, got {name!r} and {version!r}.")
        with self._writing() as connection:
            if not models.delete(connection, name, version):
                raise _not_found(name, version, sorted({item.name for item in models.versions(connection)}))
        return 1

    def delete_models(self, name: str, start_time: str | None = None, end_time: str | None = None) -> int:
        """Delete all versions of the names that match and return how many there were.

        Parameters
        ----------
        name : str
            ``%`` stands for any text.
        start_time, end_time : str, optional
            Only versions saved between these moments, inclusive; ISO 8601 text, UTC unless it
            names an offset.
        """
        low, high = _moment(start_time, "start_time"), _moment(end_time, "end_time")
        with self._writing() as connection:
            chosen = [
                item
                for item in models.versions(connection, name)
                if (low is None or item.created_at >= low) and (high is None or item.created_at <= high)
            ]
            for item in chosen:
                models.delete(connection, item.name, item.version)
        return len(chosen)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self.connection_context.database.write() as connection:
                yield connection
        except sa.exc.IntegrityError as error:
            raise ModelStorageError(
                "Another process stored the same version at this moment; nothing was written. Save again."
            ) from error


def _identity(model: Any) -> tuple[str, int]:
    name, number = getattr(model, "name", None), getattr(model, "version", None)
    if not isinstance(name, str) or not name.strip():
        raise ModelStorageError(
            f"model.name: set a name before saving, for example model.name = 'churn'; got {name!r}."
        )
    if _FORBIDDEN.search(name) or len(name) > 255:
        raise ModelStorageError(f"model.name: at most 255 characters and none of ; , \" ' newline, tab; got {name!r}.")
    number = 1 if number is None else number
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ModelStorageError(f"model.version: expected a positive integer, got {number!r}.")
    return name, number


def _not_found(name: str, version: int | None, known: list[str]) -> ModelStorageError:
    which = f"{name!r}" if version is None else f"{name!r} version {version}"
    return ModelStorageError(f"There is no model {which}; stored names are: {', '.join(known) or 'none'}.")


def _list_row(item: ModelVersion) -> list[Any]:
    saved = item.created_at.replace(tzinfo=None)
    text = json.dumps(item.state, ensure_ascii=False)
    return [
        item.name,
        item.version,
        item.library,
        item.class_path,
        text,
        saved,
        "default",
        1,
        "{}",
        item.report,
    ]


def _moment(text: str | None, argument: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgumentError(
            f"{argument}: expected a time such as '2026-01-31 12:00:00', got {text!r}."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
