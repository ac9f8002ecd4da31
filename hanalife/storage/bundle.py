"""One model outside the database: a manifest in JSON beside the estimator's bytes, in a folder or one file.

The manifest names the SHA-256 and the size of the bytes; a signature, HMAC-SHA256 over the
manifest, says that somebody with the key wrote it. The same model gives the same files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from hanalife import signing
from hanalife.errors import CorruptModelError, ModelStorageError, UnreachableFileError
from hanalife.records import ModelVersion
from hanalife.storage import formats
from hanalife.storage.archives import member
from hanalife.training_keys import unpack

MANIFEST, MODEL, KEYS, SIGNATURE = "manifest.json", "model.bin", "training_keys.bin", "signature.txt"

#: Of the manifest; a newer one is refused.
VERSION = 1

_MANIFEST_BYTES = 64 * 1024 * 1024
_LOCAL = ("schedule",)  #: what belongs to the store, not to the model


@dataclass(frozen=True, slots=True)
class Parts:
    """What a folder or a bundle holds."""

    manifest: bytes
    signature: str | None
    size: int  #: of the model's bytes
    open_model: Callable[[], BinaryIO]
    path: Path | None  #: of a bundle
    training_keys: bytes | None  #: the packed keys of the model's training rows, if it has any


def manifest_of(version: ModelVersion, tags: Mapping[str, str], size: int) -> bytes:
    """Return the manifest of a version whose bytes are so many."""
    known = {field.name: getattr(version, field.name) for field in fields(version) if field.name not in _LOCAL}
    if version.training_keys is None:
        del known["training_keys"]  # so that a hanalife that does not know them reads the bundle too
    content = {
        "hanalife_model": VERSION,
        "model": known | {"created_at": version.created_at.isoformat()},
        "tags": dict(tags),
        "files": {MODEL: {"sha256": version.content_hash, "size": size}},
    }
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of all that a file holds, hexadecimal."""
    file.seek(0)
    found = hashlib.sha256()
    while data := file.read(1024 * 1024):
        found.update(data)
    return found.hexdigest()


def sign(manifest: bytes, key: bytes | None) -> str | None:
    """Return the signature of a manifest; without a key there is none."""
    return None if key is None else signing.signature([manifest], key)


def write_folder(
    folder: Path, manifest: bytes, file: BinaryIO, signature: str | None, training_keys: bytes | None
) -> None:
    """Write a model into a folder; what an earlier one left there is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_bytes(manifest)
    file.seek(0)
    with (folder / MODEL).open("wb") as target:
        shutil.copyfileobj(file, target, 1024 * 1024)
    for name in (SIGNATURE, KEYS):
        (folder / name).unlink(missing_ok=True)
    if training_keys is not None:
        (folder / KEYS).write_bytes(training_keys)
    if signature is not None:
        (folder / SIGNATURE).write_text(signature, encoding="ascii")


def write_file(
    target: Path | BinaryIO, manifest: bytes, file: BinaryIO, signature: str | None, training_keys: bytes | None
) -> None:
    """Write a model into one file, a zip archive without compression and without times."""
    file.seek(0)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(member(MANIFEST), manifest)
        if signature is not None:
            archive.writestr(member(SIGNATURE), signature)
        if training_keys is not None:
            archive.writestr(member(KEYS), training_keys)
        with archive.open(member(MODEL), "w", force_zip64=True) as target_file:
            shutil.copyfileobj(file, target_file, 1024 * 1024)


@contextmanager
def reading(path: Path) -> Iterator[Parts]:
    """Give the parts of a folder or of a bundle.

    Raises
    ------
    UnreachableFileError
        There is none.
    CorruptModelError
        It is no folder or bundle of a model.
    """
    if path.is_dir():
        yield _folder_parts(path)
    elif path.is_file():
        with _damage_named(f"path: {path}"):
            archive = zipfile.ZipFile(path)
        with archive:
            yield _file_parts(archive, path)
    else:
        raise UnreachableFileError(f"path: there is no file or folder {path}.")


def check(parts: Parts, key: bytes | None) -> tuple[dict[str, Any], dict[str, str], str]:
    """Return a model's values, its tags and the SHA-256 its bytes must have.

    Raises
    ------
    CorruptModelError
        The manifest is damaged, or not signed with the key that was given.
    ModelStorageError
        A newer hanalife wrote it.
    """
    expected = sign(parts.manifest, key)
    if expected is not None and not signing.is_same((parts.signature or "").encode(), expected):
        raise CorruptModelError(
            f"signature: expected one of the manifest with your key, found {'another' if parts.signature else 'none'}."
        )
    try:
        content = json.loads(parts.manifest)
        version, known, tags = content["hanalife_model"], dict(content["model"]), dict(content["tags"])
        listed = content["files"][MODEL]
        known["created_at"] = datetime.fromisoformat(known["created_at"])
        ModelVersion(**known)
        found = (known["content_hash"], parts.size)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CorruptModelError(f"{MANIFEST}: expected the manifest of a model; {error!r}.") from error
    if version != VERSION:
        raise ModelStorageError(f"{MANIFEST}: version {version!r} is unknown to this hanalife; upgrade it.")
    if (listed["sha256"], listed["size"]) != found:
        raise CorruptModelError(f"{MODEL}: expected {listed}, found {found[1]} bytes for {found[0]}.")
    _check_keys(parts.training_keys, known.get("training_keys"))
    return known, tags, listed["sha256"]


def _check_keys(content: bytes | None, sha256: object) -> None:
    found = None if content is None else hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CorruptModelError(f"{KEYS}: expected bytes of SHA-256 {sha256}, found {found}.")
    if content is not None:
        unpack(content)


@contextmanager
def verified_copy(parts: Parts, sha256: str) -> Iterator[BinaryIO]:
    """Give the model's bytes in a file of their own, once they are known to be what the manifest says.

    Raises
    ------
    CorruptModelError
        They are not.
    """
    found = hashlib.sha256()
    with formats.scratch() as file:
        with _damage_named(MODEL), parts.open_model() as source:
            while data := source.read(1024 * 1024):
                found.update(data)
                file.write(data)
        if found.hexdigest() != sha256:
            raise CorruptModelError(f"{MODEL}: expected bytes of SHA-256 {sha256}, found {found.hexdigest()}.")
        if parts.path is not None and not _is_as_written(parts.path, parts, file):
            raise CorruptModelError(f"path: {parts.path} holds bytes that are of none of its parts.")
        yield file


def _is_as_written(path: Path, parts: Parts, file: BinaryIO) -> bool:
    """Say whether a bundle is, byte for byte, what its parts give; an archive has room for more."""
    with formats.scratch() as again, path.open("rb") as given:
        write_file(again, parts.manifest, file, parts.signature, parts.training_keys)
        return sha256_of(again) == sha256_of(given)


def _folder_parts(folder: Path) -> Parts:
    for name in (MANIFEST, MODEL):
        if not (folder / name).is_file():
            raise CorruptModelError(f"path: {folder} is not the folder of a model: {name} is missing.")
    signature = folder / SIGNATURE
    return Parts(
        manifest=_bounded((folder / MANIFEST).stat().st_size, (folder / MANIFEST).read_bytes),
        signature=signature.read_text(encoding="ascii", errors="replace") if signature.is_file() else None,
        size=(folder / MODEL).stat().st_size,
        open_model=lambda: (folder / MODEL).open("rb"),
        path=None,
        training_keys=(folder / KEYS).read_bytes() if (folder / KEYS).is_file() else None,
    )


def _file_parts(archive: zipfile.ZipFile, path: Path) -> Parts:
    members = {member.filename: member for member in archive.infolist()}
    packed = any(member.compress_type != zipfile.ZIP_STORED for member in members.values())
    whole = sum(member.file_size for member in members.values())
    if not {MANIFEST, MODEL} <= members.keys() or packed or whole > path.stat().st_size:
        raise CorruptModelError(
            f"path: {path} is not a model bundle: expected {MANIFEST} and {MODEL}, not compressed, "
            f"found {', '.join(sorted(members)) or 'nothing'}."
        )
    with _damage_named(f"path: {path}"):
        manifest = _bounded(members[MANIFEST].file_size, lambda: archive.read(MANIFEST))
        signature = archive.read(SIGNATURE).decode("ascii", "replace") if SIGNATURE in members else None
        keys = archive.read(KEYS) if KEYS in members else None
    return Parts(manifest, signature, members[MODEL].file_size, lambda: _member_file(archive), path, keys)


def _member_file(archive: zipfile.ZipFile) -> BinaryIO:
    opened: Any = archive.open(MODEL)
    file: BinaryIO = opened
    return file


@contextmanager
def _damage_named(what: str) -> Iterator[None]:
    """Say of what the zip module stumbles over that it is damaged."""
    try:
        yield
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise CorruptModelError(f"{what} is damaged: expected a model bundle, a zip archive; {error}.") from error


def _bounded(size: int, read: Callable[[], bytes]) -> bytes:
    if size > _MANIFEST_BYTES:
        raise CorruptModelError(f"{MANIFEST}: expected at most {_MANIFEST_BYTES} bytes, found {size}.")
    return read()
