"""The place models are taken from: named, numbered versions in the database."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.database import aliases, blobs, dialects, models, tables
from hanalife.errors import InvalidArgumentError, ModelStorageError, NotSupportedError
from hanalife.records import ModelState, ModelVersion
from hanalife.storage import formats, lineage, states
from hanalife.storage.aliases import Aliases
from hanalife.storage.base import check_name, check_version, not_found
from hanalife.storage.cards import Cards
from hanalife.storage.comparison import Comparison, sourced
from hanalife.storage.estimators import SignatureLike, StoredEstimator
from hanalife.storage.files import Files
from hanalife.storage.hana_only import HanaOnly
from hanalife.storage.onnx import Onnx
from hanalife.storage.schedules import Schedules

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

logger = logging.getLogger(__name__)

IF_EXISTS = ("fail", "replace", "upgrade", "replace_meta")
DISPLAY_TYPES = {"complete": (), "no_reports": ("MODEL_REPORT",), "simple": ("JSON", "MODEL_REPORT")}

_LIBRARY = "hanalife"
_VERSION = tables.model_version.c
_COLUMNS = {
    "NAME": _VERSION.name,
    "VERSION": _VERSION.version,
    "LIBRARY": _VERSION.library,
    "CLASS": _VERSION.class_path,
    "JSON": sa.type_coerce(_VERSION.state, sa.Text),
    "TIMESTAMP": sa.type_coerce(_VERSION.created_at, sa.DateTime),
    "STORAGE_TYPE": sa.literal("default"),
    "MODEL_STORAGE_VER": sa.literal(1),
    "SCHEDULE": sa.func.coalesce(sa.type_coerce(_VERSION.schedule, sa.Text), "{}"),
    "MODEL_REPORT": _VERSION.report,
}


class ModelStorage(Aliases, Cards, Comparison, Files, Onnx, Schedules, HanaOnly):
    """Versions of fitted models, kept in the database of a connection.

    What is stored is data: trees as XGBoost UBJ, scikit-learn's estimators as skops archives of
    allowed types, everything else as JSON. Loading a model runs no code from the store and needs
    no network. A version never changes, unless ``if_exists='replace'`` asks for it, and that is
    kept in its history; aliases such as ``champion`` move.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where the models are.
    schema, meta : str, optional
        Kept for compatibility: the tables of the store have fixed names in the current schema.
    clock : callable
        Gives the present moment.
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        schema: str | None = None,
        meta: str | None = None,
        *,
        clock: Clock = utc_now,
    ) -> None:
        if schema not in (None, connection_context.get_current_schema()) or meta is not None:
            raise NotSupportedError(
                "schema, meta: the store has one set of tables in the current schema; "
                "connect to another database for another storage."
            )
        self.connection_context = connection_context
        self._clock = clock

    # --- save ---------------------------------------------------------------------------------

    def save_model(
        self,
        model: Any,
        if_exists: str = "upgrade",
        storage_type: str = "default",
        force: bool = False,  # noqa: ARG002 - hana_ml's; there is no table to drop here
        save_report: bool = False,
        for_mlflow: bool = False,
        *,
        name: str | None = None,
        version: int | None = None,
        signature: SignatureLike = None,
        notes: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> int:
        """Store a fitted model and return its version number.

        Parameters
        ----------
        model : fitted model
            Of hanalife; or an estimator or pipeline of scikit-learn or XGBoost that was fitted
            elsewhere, which is stored as a :class:`StoredEstimator`.
        if_exists : {'upgrade', 'replace', 'replace_meta', 'fail'}
            What to do if that name and version exist: take the next number that no version of the
            name ever had (also set on ``model.version``), replace what is there, replace all but
            the estimator's bytes, or refuse.
        save_report : bool, default False
            Keep ``model.report`` (HTML) too.
        name, version : str and int, optional
            Default: ``model.name`` and ``model.version``.
        signature : DataFrame, pandas.DataFrame or dict, optional
            The features of an estimator fitted elsewhere; see :class:`StoredEstimator`.
        notes : str, optional
            Free text.
        tags : dict of str, optional
            Labels with values.
        storage_type, force, for_mlflow
            Kept for compatibility; only 'default' and False work.

        Raises
        ------
        ModelStorageError
            The name is missing or unusable, the version exists and ``if_exists='fail'``, or there
            is no safe format for the model.
        FitIncompleteError
            The model is not fitted.
        """
        _check_arguments(if_exists, storage_type, for_mlflow=for_mlflow)
        kept = model if callable(getattr(model, "to_state", None)) else StoredEstimator(model, signature)
        name = check_name(kept.name if name is None else name)
        number = check_version(kept.version if version is None else version)
        state, report = kept.to_state(), _report(model) if save_report else None
        card = getattr(model, "model_card_", None)
        with formats.scratch() as file:
            draft = self._draft(name, number, kept, state, formats.write(state.estimator, file))
            draft |= {"report": report, "notes": notes, "card": card}
            with self._writing() as connection:
                draft["training_keys"] = states.keep_keys(connection, state)
                number = self._store(connection, draft, file, if_exists)
                for tag, value in (tags or {}).items():
                    models.set_tag(connection, name, number, tag, str(value))
        for each in {id(model): model, id(kept): kept}.values():
            if callable(getattr(each, "to_state", None)):
                each.version, each.stored_as = number, (name, number)
        return number

    def _draft(self, name: str, number: int, model: Any, state: ModelState, format_name: str) -> dict[str, Any]:
        parts = states.json_parts(state)
        return {
            "name": name,
            "version": number,
            "class_path": state.class_path,
            "library": _LIBRARY,
            "tables": parts.pop("tables"),
            "state": parts,
            "format": format_name,
            "run_id": model.run_id,
            "signature": state.facts.get("signature"),
            "metrics": lineage.metrics(state),
            "environment": lineage.environment(),
            "created_at": self._clock(),
        }

    def _store(self, connection: sa.Connection, draft: dict[str, Any], file: BinaryIO, if_exists: str) -> int:
        name, number = str(draft["name"]), int(draft["version"])
        # Bytes first, so that the name is held for a moment only.
        draft["content_hash"] = blobs.put_file(connection, file)
        draft["dataset_hash"] = lineage.dataset_hash(connection, draft["run_id"])
        draft["metrics"] |= lineage.scores(connection, draft["run_id"])
        draft["created_by"] = dialects.database_user(connection)
        highest = models.reserve(connection, name)
        old = models.version(connection, name, number)
        if old is not None and if_exists == "upgrade":
            old, number = None, highest + 1
        if old is not None:
            return self._replace(connection, old, draft, if_exists)
        models.insert(connection, ModelVersion(**draft | {"version": number}))
        details = {"content_hash": draft["content_hash"]}
        models.note_event(connection, "SAVED", name, number, draft["created_at"], details=details)
        return number

    def _replace(self, connection: sa.Connection, old: ModelVersion, draft: dict[str, Any], if_exists: str) -> int:
        if if_exists == "fail":
            raise ModelStorageError(
                f"Model {old.name!r} version {old.version} exists; use if_exists='upgrade' for the next version "
                "or if_exists='replace' to overwrite it."
            )
        if if_exists == "replace_meta" and (old.content_hash, old.format) != (draft["content_hash"], draft["format"]):
            raise ModelStorageError(
                f"if_exists: version {old.version} of {old.name!r} holds another fit, and 'replace_meta' keeps its "
                "bytes; use 'upgrade' or 'replace'."
            )
        self._check_replaceable(connection, old.name, old.version)
        kept = {part for part in ("notes", "card") if draft[part] is None}
        values = {part: value for part, value in draft.items() if part not in kept}
        models.update(connection, old.name, old.version, values)
        for part in ("content_hash", "training_keys"):
            before = getattr(old, part)
            if before is not None and before != draft[part]:
                blobs.drop_unused(connection, before)
        event = {"replace": "REPLACED", "replace_meta": "META_REPLACED"}[if_exists]
        details = {"content_hash": draft["content_hash"], "before": _trace(old)}
        models.note_event(connection, event, old.name, old.version, draft["created_at"], details=details)
        return old.version

    # --- list ------------------------------------------------------------------------

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
        shown = {title: column for title, column in _COLUMNS.items() if title not in DISPLAY_TYPES[display_type]}
        with self._reading() as connection:
            rows = models.rows(connection, [*shown.values()], name, version)
        return pd.DataFrame([tuple(row) for row in rows], columns=[*shown])

    def model_already_exists(self, name: str, version: int) -> bool:
        """Say whether that version of that exact name is stored."""
        with self._reading() as connection:
            return models.version(connection, name, version) is not None

    def get_lineage(self, name: str, version: int | None = None, *, alias: str | None = None) -> dict[str, Any]:
        """Return what made a version: run, hash of its data, signature, environment, metrics, tags, notes, author.

        Raises
        ------
        ModelStorageError
            There is no such model, version or alias.
        """
        with self._reading() as connection:
            found = self._find(connection, name, version, alias)
            tags = models.tags(connection, name, found.version)
        parts = ("run_id", "dataset_hash", "signature", "environment", "notes", "content_hash", "format")
        return {
            "name": name,
            "version": found.version,
            **{part: getattr(found, part) for part in parts},
            "metrics": None if found.metrics is None else sourced(found),
            "tags": tags,
            "created_at": found.created_at,
            "created_by": found.created_by,
        }

    def get_history(self, name: str, alias: str | None = None) -> pd.DataFrame:
        """Return what happened to a model, or to one of its aliases, the oldest first.

        Returns
        -------
        pandas.DataFrame
            EVENT (SAVED, REPLACED, META_REPLACED, IMPORTED, DELETED; of aliases MOVED,
            ROLLED_BACK, REMOVED), VERSION, ALIAS, HAPPENED_AT (UTC), HAPPENED_BY, NOTE, DETAILS.
        """
        import pandas as pd

        with self._reading() as connection:
            found = models.events(connection, name, alias)
        rows = [
            (each.event, each.version, each.alias, each.happened_at.replace(tzinfo=None), each.happened_by, each.note,
             dict(each.details))
            for each in found
        ]  # fmt: skip
        columns = ["EVENT", "VERSION", "ALIAS", "HAPPENED_AT", "HAPPENED_BY", "NOTE", "DETAILS"]
        return pd.DataFrame(rows, columns=columns)

    # --- tags and notes -----------------------------------------------------------------------

    def set_tag(self, name: str, version: int, tag: str, value: str | None) -> None:
        """Label a version with a tag and its value; None removes the tag.

        Raises
        ------
        ModelStorageError
            There is no such version.
        """
        with self._writing() as connection:
            self._find(connection, name, version)
            models.set_tag(connection, name, version, tag, value)

    def set_notes(self, name: str, version: int, notes: str) -> None:
        """Write the notes of a version anew.

        Raises
        ------
        ModelStorageError
            There is no such version.
        """
        with self._writing() as connection:
            if not models.update(connection, name, version, {"notes": notes}):
                raise not_found(connection, name, version)

    # --- delete -------------------------------------------------------------------------------

    def delete_model(self, name: str, version: int) -> int:
        """Delete one version and return 1.

        Raises
        ------
        InvalidArgumentError
            Name or version is empty.
        ModelStorageError
            There is no such version, or an alias names it.
        """
        if not name or not version:
            raise InvalidArgumentError(f"name, version: both are needed, got {name!r} and {version!r}.")
        with self._writing() as connection:
            if version not in models.numbers(connection, name):
                raise not_found(connection, name, version)
            self._delete(connection, [(name, version)])
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

        Raises
        ------
        ModelStorageError
            An alias names one of them; nothing was deleted.
        """
        low, high = _moment(start_time, "start_time"), _moment(end_time, "end_time")
        with self._writing() as connection:
            chosen = [
                (head.name, head.version)
                for head in models.heads(connection, name)
                if (low is None or head.created_at >= low) and (high is None or head.created_at <= high)
            ]
            self._delete(connection, chosen)
        return len(chosen)

    def clean_up(self, *, confirm: bool = False) -> int:
        """Delete all models with their aliases, and return how many versions there were.

        Parameters
        ----------
        confirm : bool
            Must be True, because this cannot be undone.
        """
        if confirm is not True:
            raise InvalidArgumentError("confirm: this deletes every model of the store; pass confirm=True if so meant.")
        with self._writing() as connection:
            for alias in aliases.of_models(connection):
                self._check_mover(connection, alias, "clean_up")
                aliases.remove(connection, alias.name, alias.alias)
            chosen = [(head.name, head.version) for head in models.heads(connection)]
            self._delete(connection, chosen)
        return len(chosen)

    def _delete(self, connection: sa.Connection, chosen: list[tuple[str, int]]) -> None:
        names = sorted({name for name, _ in chosen})
        for name in names:
            models.reserve(connection, name)
        pointed = {(each.name, each.version): each.alias for each in aliases.of_models(connection, names)}
        for name, number in chosen:
            if (name, number) in pointed:
                raise ModelStorageError(
                    f"Model {name!r} version {number} is named by alias {pointed[name, number]!r}; "
                    "move or delete the alias first. Nothing was deleted."
                )
        for name, number in chosen:
            models.delete(connection, name, number)
            models.note_event(connection, "DELETED", name, number, self._clock())


def _check_arguments(if_exists: str, storage_type: str, *, for_mlflow: bool) -> None:
    if if_exists not in IF_EXISTS:
        raise InvalidArgumentError(f"if_exists: expected one of {', '.join(IF_EXISTS)}, got {if_exists!r}.")
    if storage_type == "HDL" or for_mlflow:
        raise NotSupportedError("storage_type, for_mlflow: the model goes into this database; leave them out.")
    if storage_type != "default":
        raise InvalidArgumentError(f"storage_type: expected 'default', got {storage_type!r}.")


def _report(model: Any) -> str | None:
    report = getattr(model, "report", None)
    if report is None:
        logger.warning("save_report: the model has no report yet, so none is stored; build it first.")
    return report


def _trace(old: ModelVersion) -> dict[str, Any]:
    return {"content_hash": old.content_hash, "run_id": old.run_id, "created_at": old.created_at.isoformat()}


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
