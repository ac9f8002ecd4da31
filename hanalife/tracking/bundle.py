"""A whole experiment as one file, and back: a zip of JSON and bytes that checks itself.

``manifest.json`` lists each other file with its size and SHA-256, and holds the SHA-256 of that
list. Runs are ``runs/<run id>.json``, facts that runs share ``records/<sha256>.json``, bytes of
artifacts and snapshots ``blobs/<sha256>``. The same experiment always gives the same bytes, from
whichever database it comes. Nothing is ever unpacked to the file system.

The hashes tell what was damaged; only a signature tells what somebody altered. It is the comment at
the end of the zip: HMAC-SHA256 over every byte before it.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import sqlalchemy as sa

from hanalife import signing
from hanalife.database import (
    blobs,
    metrics_without_source,
    run_artifacts,
    run_bundles,
    run_values,
    runs,
    shared_records,
    snapshots,
)
from hanalife.database.run_values import NewPoint
from hanalife.database.snapshots import ROW_DIGESTS
from hanalife.errors import BundleError, InvalidArgumentError, RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.records import Artifact, Experiment, Run, RunStatus
from hanalife.signing import Key, key_of
from hanalife.tracking import identity
from hanalife.tracking.batches import with_moments, without_moments

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

FORMAT: Final = "hanalife-experiment"
FORMAT_VERSION: Final = 2  #: in the first, metrics had no source

_MANIFEST = "manifest.json"
_MOMENTS = ("created_at", "heartbeat_at", "ended_at", "event_time")
_BLOCK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip knows: equal contents are equal bytes


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    experiment_id: str
    runs: tuple[str, ...]  #: ids of the runs that were added
    known: tuple[str, ...]  #: ids of the runs that were there already, and stay as they are


# --- out --------------------------------------------------------------------------------------


def export_experiment(
    connection_context: ConnectionContext, experiment_id: str, path: str | os.PathLike[str], *, key: Key = None
) -> Path:
    """Write an experiment with all its runs to one file; an old file of that name is replaced.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_id : str
        The experiment.
    path : str or path
        The file.
    key : str or bytes, optional
        Sign the file with this key (HMAC-SHA256); default: the environment variable
        ``HANALIFE_SIGNING_KEY``, if it is set.

    Returns
    -------
    Path
        The file. It appears when it is complete.

    Raises
    ------
    RunNotFoundError
        There is no such experiment.
    InvalidArgumentError
        The file cannot be written, or the key is empty.
    """
    target, secret = Path(path), key_of(key)
    staging = target.with_name(f"{target.name}.part")
    try:
        with connection_context.database.read() as connection, connection.begin():
            _write(
                staging, _files_of(connection, identity.require_experiment_id(experiment_id)), is_signed=bool(secret)
            )
        if secret is not None:
            _sign(staging, secret)
        staging.replace(target)
    except OSError as error:
        raise InvalidArgumentError(f"path: cannot write {str(target)!r}: {error.strerror}.") from error
    finally:
        staging.unlink(missing_ok=True)
    return target


def _write(path: Path, files: Iterator[tuple[str, bytes]], *, is_signed: bool) -> None:
    listed: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.comment = bytes(signing.LENGTH) if is_signed else b""  # room for the signature
        for name, data in files:
            if name not in listed:
                listed[name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                bundle.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
        head = {"format": FORMAT, "format_version": FORMAT_VERSION, "files": listed}
        manifest = _to_bytes({**head, "sha256": _digest(head)})
        bundle.writestr(zipfile.ZipInfo(_MANIFEST, _EPOCH), manifest, zipfile.ZIP_DEFLATED)


def _sign(path: Path, key: bytes) -> None:
    with path.open("r+b") as file:
        text = signing.signature(_before_signature(file), key)
        file.write(text.encode())


def _before_signature(file: BinaryIO) -> Iterator[bytes]:
    """Yield all bytes of a file but the last, which are the signature's; the file is then at these."""
    left = max(0, file.seek(0, os.SEEK_END) - signing.LENGTH)
    file.seek(0)
    while left and (block := file.read(min(left, _BLOCK))):
        left -= len(block)
        yield block


def _digest(head: Mapping[str, Any]) -> str:
    return hashlib.sha256(_to_bytes(head)).hexdigest()


def _to_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def _files_of(connection: sa.Connection, experiment_id: str) -> Iterator[tuple[str, bytes]]:
    found = runs.experiments(connection, [experiment_id])
    if not found:
        raise RunNotFoundError(f"experiment_id: {experiment_id!r} is not recorded; search_runs() shows what is.")
    yield "experiment.json", _to_bytes(without_moments(asdict(found[0])))
    for run in sorted(runs.attempts(connection, experiment_id), key=lambda run: run.run_id):
        if run.status is not RunStatus.DELETED:
            yield from _files_of_run(connection, run)


def _files_of_run(connection: sa.Connection, run: Run) -> Iterator[tuple[str, bytes]]:
    shared = run_bundles.records(connection, [value for value in _record_ids(run).values() if value is not None])
    for kind, sha256, content in sorted(shared.values()):
        yield f"records/{sha256}.json", _to_bytes({"kind": kind, "content": content})
        yield from _files_of_snapshot(connection, kind, content)
    artifacts = run_artifacts.of_run(connection, run.run_id)
    for artifact in artifacts:
        yield f"blobs/{artifact.sha256}", blobs.get(connection, artifact.sha256)
    row = {name: value for name, value in asdict(run).items() if name not in {"number", *run_bundles.RECORDS}}
    assert run.number is not None
    content_of_run = {
        "run": without_moments(row),
        "records": {name: shared[key][1] for name, key in _record_ids(run).items() if key in shared},
        "params": run_bundles.params(connection, run.number),
        "points": run_bundles.points(connection, run.number),
        "summaries": run_bundles.summaries(connection, run.number),
        "tags": run_bundles.tags(connection, run.run_id),
        "log": [without_moments(_entry_of_log(entry)) for entry in runs.log(connection, run.run_id)],
        "artifacts": [without_moments(asdict(artifact)) for artifact in artifacts],
    }
    yield f"runs/{run.run_id}.json", _to_bytes(content_of_run)


def _files_of_snapshot(connection: sa.Connection, kind: str, content: str) -> Iterator[tuple[str, bytes]]:
    record = json.loads(content) if kind == "dataset" else {}
    for name in filter(None, (record.get("CONTENT_HASH"), record.get(ROW_DIGESTS))):
        found = run_bundles.snapshot(connection, name)
        if found is not None:
            for sha256 in found["parts"]:
                yield f"blobs/{sha256}", blobs.get(connection, sha256)
            yield f"snapshots/{name}.json", _to_bytes(without_moments(found))


def _record_ids(run: Run) -> dict[str, int | None]:
    return {name: getattr(run, name) for name in run_bundles.RECORDS}


def _entry_of_log(entry: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if name != "run_id"}


# --- in ---------------------------------------------------------------------------------------


def import_experiment(
    connection_context: ConnectionContext,
    path: str | os.PathLike[str],
    experiment_id: str | None = None,
    *,
    key: Key = None,
) -> Imported:
    """Add the runs of a bundle to the store: all of them, or none.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    path : str or path
        A file that :func:`export_experiment` wrote.
    experiment_id : str, optional
        Another name for the experiment.
    key : str or bytes, optional
        Take only what is signed with this key; default: the environment variable
        ``HANALIFE_SIGNING_KEY``, if it is set.

    Returns
    -------
    Imported
        Runs that the store has already, by their ids, stay as they are.

    Raises
    ------
    BundleError
        The file is no bundle, was altered, is not signed with the key, is of a newer format, or a
        run of the same name and attempt but another id is in the store.
    """
    if experiment_id is not None:
        identity.require_experiment_id(experiment_id)
    with _opened(path, key_of(key)) as bundle:
        files = _checked(bundle, path)
        try:
            with connection_context.database.write() as connection:
                return _Import(connection, bundle, files).run(experiment_id)
        except (KeyError, TypeError, ValueError, AttributeError, sa.exc.DataError, sa.exc.StatementError) as error:
            if isinstance(error, BundleError):
                raise
            if isinstance(error, sa.exc.IntegrityError):
                raise BundleError(
                    f"path: a run of the same name and attempt is in the store: {error.orig}. "
                    "Import under another name with experiment_id=. Nothing was imported."
                ) from error
            raise BundleError(f"path: {os.fspath(path)!r} is not what export writes: {error}.") from error


@contextmanager
def _opened(path: str | os.PathLike[str], key: bytes | None) -> Iterator[zipfile.ZipFile]:
    """Give the archive of a file, whose signature was held against the key first, if there is one."""
    with ExitStack() as opened:
        try:
            file = opened.enter_context(Path(path).open("rb"))
            if key is not None:
                _require_signature(file, key, path)
            bundle = opened.enter_context(zipfile.ZipFile(file))
        except (OSError, *_UNREADABLE) as error:
            if isinstance(error, BundleError):
                raise
            raise BundleError(f"path: cannot read {os.fspath(path)!r} as a bundle: {error}.") from error
        yield bundle


def _require_signature(file: BinaryIO, key: bytes, path: str | os.PathLike[str]) -> None:
    expected = signing.signature(_before_signature(file), key)
    if not signing.is_same(file.read(), expected):
        raise BundleError(
            f"path: {os.fspath(path)!r} is not signed with your key, or was altered since; "
            "ask its author for a signed export, or import it where no key is set."
        )


def _checked(bundle: zipfile.ZipFile, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the list of files after holding each against its hash."""
    try:
        files, fault = _examined(bundle)
    except (OSError, *_UNREADABLE) as error:  # a damaged list of files may point before the file's beginning
        files, fault = {}, str(error)
    if fault:
        raise BundleError(f"path: {os.fspath(path)!r} is no bundle, was altered, or is damaged: {fault}.")
    return files


def _examined(bundle: zipfile.ZipFile) -> tuple[dict[str, Any], str]:
    """Return the list of files, and what is wrong with them, if anything."""
    head = json.loads(bundle.read(_MANIFEST))
    digest = head.pop("sha256")
    files: dict[str, Any] = head["files"]
    if head["format"] != FORMAT:
        return files, "it is no bundle of an experiment"
    if head["format_version"] > FORMAT_VERSION:
        newer = f"its format is {head['format_version']}, this hanalife reads up to {FORMAT_VERSION}"
        return files, f"{newer}; upgrade hanalife (pip install --upgrade hanalife)"
    if _digest(head) != digest or sorted(bundle.namelist()) != sorted([*files, _MANIFEST]):
        return files, "its list of files is another; export it again"
    for name, listed in files.items():
        if bundle.getinfo(name).file_size != listed["size"] or _sha256(bundle, name) != listed["sha256"]:
            return files, f"{name} is not what was exported; export it again"
    return files, ""


# What Python's zip and JSON readers raise of damaged files, encryption and compression unknown to them among it.
_UNREADABLE = (
    AttributeError,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


def _sha256(bundle: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with bundle.open(name) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


class _Import:
    """The import of one bundle in one transaction."""

    def __init__(self, connection: sa.Connection, bundle: zipfile.ZipFile, files: Mapping[str, Any]) -> None:
        self._connection = connection
        self._bundle = bundle
        self._files = files

    def run(self, experiment_id: str | None) -> Imported:
        experiment = Experiment(**with_moments(self._json("experiment.json")))
        if experiment_id is not None:
            experiment = replace(experiment, experiment_id=experiment_id)
        identity.require_experiment_id(experiment.experiment_id)
        run_bundles.add_experiment(self._connection, experiment)
        for name in self._names("snapshots"):
            self._add_snapshot(self._json(name))
        ids = [name.removeprefix("runs/").removesuffix(".json") for name in self._names("runs")]
        known = run_bundles.known_runs(self._connection, ids)
        for run_id in ids:
            if run_id not in known:
                self._add_run(experiment.experiment_id, self._json(f"runs/{run_id}.json"))
        return Imported(
            experiment.experiment_id, tuple(each for each in ids if each not in known), tuple(sorted(known))
        )

    def _names(self, folder: str) -> list[str]:
        return sorted(name for name in self._files if name.startswith(f"{folder}/"))

    def _json(self, name: str) -> Any:
        return json.loads(self._bundle.read(name))

    def _add_snapshot(self, found: dict[str, Any]) -> None:
        parts = [self._bundle.read(f"blobs/{sha256}") for sha256 in found["parts"]]
        columns = json.loads(found["columns"])
        moment = with_moments(found)["created_at"]
        snapshots.insert(self._connection, found["content_hash"], found["row_count"], columns, parts, moment)

    def _add_run(self, experiment_id: str, found: dict[str, Any]) -> None:
        records = {name: self._record(sha256) for name, sha256 in found["records"].items()}
        values = with_moments(found["run"]) | records | {"experiment_id": experiment_id}
        run = Run(**values | {"status": RunStatus(values["status"])})
        identity.require_name(run.name, "name")
        number = run_bundles.add_run(self._connection, run)
        params = {name: _value(*row) for name, *row in found["params"]}
        facts = _facts(found)
        points = [
            NewPoint(name, step, _point_value(value, text), offset_ms, _source(name, facts, *source))
            for name, step, value, text, offset_ms, *source in found["points"]
        ]
        summaries = {MetricKey(name, MetricSource(source)): value for name, source, value in found.get("summaries", ())}
        run_values.write(self._connection, number, params, points, summaries)
        run_bundles.add_tags(self._connection, run.run_id, [tuple(row) for row in found["tags"]])
        run_bundles.add_log(self._connection, run.run_id, [with_moments(entry) for entry in found["log"]])
        for values in found["artifacts"]:
            artifact = Artifact(**with_moments(values))
            data = self._bundle.read(f"blobs/{artifact.sha256}")
            run_bundles.add_artifact(self._connection, asdict(artifact), data)

    def _record(self, sha256: str) -> int:
        found = self._json(f"records/{sha256}.json")
        return shared_records.put(self._connection, found["kind"], found["content"])


def _facts(found: Mapping[str, Any]) -> metrics_without_source.RunFacts:
    """Return what a run tells of the sources of its metrics."""
    ends = (json.loads(entry["message"]) for entry in found["log"] if entry["event_key"] == "END_OF_TRACK")
    return metrics_without_source.RunFacts(
        procedure=found["run"]["procedure"],
        first_method=next((end["METHOD"] for end in ends), None),
        partition=next((text for name, _, _, text, *_ in found["points"] if name == "PARTITION"), None),
        partition_method=next((_value(*row) for name, *row in found["params"] if name == "PARTITION_METHOD"), None),
    )


def _source(name: str, facts: metrics_without_source.RunFacts, source: str | None = None) -> MetricSource:
    return metrics_without_source.source_of(name, facts) if source is None else MetricSource(source)


def _value(number: float | None, text: str | None) -> Any:
    return number if text is None else json.loads(text)


def _point_value(number: float | None, text: str | None) -> float | str:
    if number is not None:
        return float(number)
    assert text is not None
    return float(text) if text in ("nan", "inf", "-inf") else text
