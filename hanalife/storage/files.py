"""Models out of the store into files, and back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from hanalife.database import blobs, models
from hanalife.errors import ModelExistingError
from hanalife.records import ModelVersion
from hanalife.signing import Key, key_of
from hanalife.storage import bundle, formats, lineage, states
from hanalife.storage.base import StorageBase, check_name, check_version, file_name

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext


class Files(StorageBase):
    """The methods of a model storage that write and read files."""

    def export_model(
        self,
        name: str,
        version: int | None = None,
        directory: str | os.PathLike[str] | None = None,
        is_print: bool = True,
        *,
        key: Key = None,
    ) -> Path:
        """Write a version into the folder ``<directory>/<name>_<version>`` and return its path.

        Parameters
        ----------
        name : str
            Exact name.
        version : int, optional
            Default: the highest.
        directory : str or path, optional
            Default: the working directory.
        is_print : bool, default True
            Print where it went.
        key : str or bytes, optional
            Sign the manifest with this key (HMAC-SHA256); default: the environment variable
            ``HANALIFE_SIGNING_KEY``, if it is set.

        Raises
        ------
        ModelStorageError
            There is no such version.
        """
        with self._exported(name, version) as (found, manifest, file, keys):
            folder = Path(directory or ".") / f"{file_name(name)}_{found.version}"
            bundle.write_folder(folder, manifest, file, bundle.sign(manifest, key_of(key)), keys)
        if is_print:
            print(f"Model {name!r} version {found.version} was exported to {folder}.")  # noqa: T201 - hana_ml does
        return folder

    def export_bundle(
        self, name: str, version: int | None = None, path: str | os.PathLike[str] | None = None, *, key: Key = None
    ) -> Path:
        """Write a version into one file and return its path.

        The same version gives the same bytes. ``path`` is by default ``<name>_<version>.hanalife``
        in the working directory; the other arguments are those of :meth:`export_model`.
        """
        with self._exported(name, version) as (found, manifest, file, keys):
            target = Path(path or f"{file_name(name)}_{found.version}.hanalife")
            bundle.write_file(target, manifest, file, bundle.sign(manifest, key_of(key)), keys)
        return target

    def import_model(
        self,
        path: str | os.PathLike[str],
        model_schema: str | None = None,  # noqa: ARG002 - hana_ml's
        force: bool = False,
        table_structure: Any = None,  # noqa: ARG002 - hana_ml's
        *,
        key: Key = None,
    ) -> None:
        """Take a model from a folder or a bundle into the store, under its name and version.

        Parameters
        ----------
        path : str or path
            What :meth:`export_model` or :meth:`export_bundle` wrote.
        force : bool, default False
            Replace the version if it exists; that is kept in its history.
        key : str or bytes, optional
            Take only what is signed with this key; default: the environment variable
            ``HANALIFE_SIGNING_KEY``, if it is set.
        model_schema, table_structure
            Kept for compatibility; they have no effect.

        Raises
        ------
        ModelExistingError
            That name and version exist, and ``force`` was not given.
        CorruptModelError
            The files are damaged, not signed with the key, or name something that is not allowed.
        """
        with _imported(Path(path), key) as (found, tags, file, keys), self._writing() as connection:
            models.reserve(connection, found.name)
            old = models.version(connection, found.name, found.version)
            if old is not None and not force:
                raise ModelExistingError(
                    f"Model {found.name!r} version {found.version} exists; pass force=True to replace it."
                )
            self._check_replaceable(connection, found.name, found.version)
            models.delete(connection, found.name, found.version)
            blobs.put_file(connection, file)
            if keys is not None:
                blobs.put(connection, keys)
            models.insert(connection, found)
            for tag, value in tags.items():
                models.set_tag(connection, found.name, found.version, tag, value)
            details = {"content_hash": found.content_hash, "before": old and old.content_hash}
            models.note_event(connection, "IMPORTED", found.name, found.version, self._clock(), details=details)

    def save_model_to_files(
        self,
        model: Any,
        directory: str | os.PathLike[str],
        save_report: bool = False,
        storage_type: str = "default",  # noqa: ARG002 - hana_ml's
        *,
        key: Key = None,
    ) -> Path:
        """Write a fitted model into the folder ``<directory>/<name>_<version>``, past the store; return its path."""
        name, number = check_name(model.name), check_version(model.version)
        state = model.to_state()
        parts = states.json_parts(state)
        with formats.scratch() as file:
            format_name = formats.write(state.estimator, file)
            found = ModelVersion(
                name=name,
                version=number,
                class_path=state.class_path,
                library="hanalife",
                format=format_name,
                content_hash=bundle.sha256_of(file),
                dataset_hash=None,
                run_id=model.run_id,
                created_at=self._clock(),
                created_by=None,
                tables=parts.pop("tables"),
                state=parts,
                signature=state.facts.get("signature"),
                metrics=lineage.metrics(state),
                environment=lineage.environment(),
                report=getattr(model, "report", None) if save_report else None,
                card=getattr(model, "model_card_", None),
                training_keys=None if state.training_keys is None else sha256(state.training_keys).hexdigest(),
            )
            manifest = bundle.manifest_of(found, {}, file.seek(0, os.SEEK_END))
            folder = Path(directory) / f"{file_name(name)}_{number}"
            bundle.write_folder(folder, manifest, file, bundle.sign(manifest, key_of(key)), state.training_keys)
        return folder

    def load_model_from_files(
        self,
        path: str | os.PathLike[str],
        model_schema: str | None = None,  # noqa: ARG002 - hana_ml's
        use_temporary_table: bool = True,  # noqa: ARG002 - hana_ml's
        force: bool = False,  # noqa: ARG002 - hana_ml's
        table_structure: Any = None,  # noqa: ARG002 - hana_ml's
        *,
        key: Key = None,
    ) -> Any:
        """Return the model of a folder or bundle, ready to predict, past the store; raises as :meth:`import_model`."""
        return load(self.connection_context, Path(path), key)

    @contextmanager
    def _exported(self, name: str, version: int | None) -> Iterator[tuple[ModelVersion, bytes, BinaryIO, bytes | None]]:
        with formats.scratch() as file:
            with self._reading() as connection:
                found = self._find(connection, name, version)
                tags = models.tags(connection, name, found.version)
                blobs.get_file(connection, found.content_hash, file)
                keys = None if found.training_keys is None else blobs.get(connection, found.training_keys)
            yield found, bundle.manifest_of(found, tags, file.seek(0, os.SEEK_END)), file, keys


def load(connection_context: ConnectionContext, path: Path, key: Key = None) -> Any:
    """Return the model of a folder or bundle; its frames live on the connection."""
    with bundle.reading(path) as parts:
        known, _, content_hash = bundle.check(parts, key_of(key))
        with bundle.verified_copy(parts, content_hash) as file:
            estimator = formats.read(known["format"], file)
    found = ModelVersion(**known)
    state = states.with_estimator(states.Kept.of(found).state, estimator, parts.training_keys)
    model = states.instantiate(connection_context, state)
    model.name, model.version, model.run_id = found.name, found.version, found.run_id
    return model


@contextmanager
def _imported(path: Path, key: Key) -> Iterator[tuple[ModelVersion, dict[str, str], BinaryIO, bytes | None]]:
    with bundle.reading(path) as parts:
        known, tags, content_hash = bundle.check(parts, key_of(key))
        check_name(known["name"])
        check_version(known["version"])
        states.find_class(known["class_path"])
        with bundle.verified_copy(parts, content_hash) as file:
            formats.read(known["format"], file)  # what cannot be loaded is not taken in
            yield ModelVersion(**known), tags, file, parts.training_keys
