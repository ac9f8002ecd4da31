"""The schema of a stored scikit-learn model, judged before anything is made of it.

skops writes a model as a tree of JSON entries beside files of numbers. Here every entry must be of a
kind and name a type on our list, and every file must hold exactly the numbers it declares. skops'
own list is wider: it knows partials, methods, operators, and each function of NumPy and SciPy.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from hanalife.storage.allowed_types import ALLOWED, KEYS

#: The version of skops' schema that is written, and the only one read.
PROTOCOL = 2

SCHEMA = "schema.json"


class RefusedError(Exception):
    """The archive holds something that is not on the list; the text says what."""


def entries(value: Any) -> Iterator[dict[str, Any]]:
    """Give all entries of a schema from the outside in."""
    if isinstance(value, dict):
        if "__loader__" in value:
            yield value
        for part in value.values():
            yield from entries(part)
    elif isinstance(value, list):
        for part in value:
            yield from entries(part)


def type_of(entry: Mapping[str, Any]) -> str:
    """Return the type that an entry names."""
    return f"{entry['__module__']}.{entry['__class__']}"


def check(archive: zipfile.ZipFile, size: int) -> tuple[dict[str, Any], set[str]]:
    """Judge an archive of so many bytes; return its schema and the types it names.

    Raises
    ------
    RefusedError
        Something in it is not what we write.
    """
    _check_members(archive, size)
    schema = json.loads(archive.read(SCHEMA))
    if schema.get("protocol") != PROTOCOL or isinstance(schema["protocol"], bool):
        raise RefusedError(f"schema of version {schema.get('protocol')!r} instead of {PROTOCOL}")
    types = set()
    numbered: dict[Any, Any] = {}
    for entry in entries(schema):
        _check_entry(entry, archive)
        types.add(type_of(entry))
        # An object held twice is written twice; a mere reference could make a small text an endless tree.
        if "__id__" in entry and numbered.setdefault(entry["__id__"], entry) != entry:
            raise RefusedError(f"two entries of number {entry['__id__']!r}")
    return schema, types


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if SCHEMA not in names or len(names) < len(members):
        raise RefusedError(f"members without {SCHEMA}, or two of one name")
    # What is not compressed cannot unfold into more than there is.
    packed = [member.filename for member in members if member.compress_type != zipfile.ZIP_STORED]
    if packed or sum(member.file_size for member in members) > size:
        raise RefusedError(f"compressed or overlapping members {packed}")


def _check_entry(entry: Mapping[str, Any], archive: zipfile.ZipFile) -> None:
    loader, kind = entry["__loader__"], type_of(entry)
    if kind not in ALLOWED.get(loader, ()):
        raise RefusedError(f"type {kind} ({loader})")
    check = _CHECKS.get(loader)
    if check is not None:
        check(entry, archive)


def _check_dict(entry: Mapping[str, Any], _archive: zipfile.ZipFile) -> None:
    keys = [type_of(key) for key in entry["key_types"]["content"]]
    unusable = sorted(set(keys) - KEYS)
    if unusable or len(keys) != len(entry["content"]):
        raise RefusedError(f"dictionary keys of type {', '.join(unusable) or 'that look alike'}")


def _check_set(entry: Mapping[str, Any], _archive: zipfile.ZipFile) -> None:
    for item in entry["content"]:
        if item["__loader__"] != "JsonNode":
            raise RefusedError(f"type {type_of(item)} in a set")


def _check_object(entry: Mapping[str, Any], _archive: zipfile.ZipFile) -> None:
    attributes = (entry.get("content") or {}).get("content")
    memory = attributes.get("memory") if isinstance(attributes, dict) else None
    if memory is not None and memory.get("content") != "null":
        # A cache on disk is a folder of pickles, which the next fit would read.
        raise RefusedError(f"a cache ({type_of(entry)} with memory); set memory=None")


def _check_array(entry: Mapping[str, Any], archive: zipfile.ZipFile) -> None:
    if entry["type"] == "numpy":
        with archive.open(entry["file"]) as file:
            _check_numbers(file, archive.getinfo(entry["file"]).file_size, entry["file"])


def _check_sparse(entry: Mapping[str, Any], archive: zipfile.ZipFile) -> None:
    data = archive.read(entry["file"])
    with zipfile.ZipFile(io.BytesIO(data)) as inner:
        if sum(member.file_size for member in inner.infolist()) > len(data):
            raise RefusedError(f"compressed or overlapping members in {entry['file']}")
        for member in inner.infolist():
            with inner.open(member) as file:
                _check_numbers(file, member.file_size, member.filename)


def _check_numbers(file: Any, size: int, name: str) -> None:
    """Check that a file in NumPy's format has as many numbers as its head says, and no objects."""
    shape, dtype = read_head(file)
    expected = dtype.itemsize
    for length in shape:
        expected *= length  # Python's integers do not overflow
    if dtype.hasobject or min(shape, default=0) < 0 or expected != size - file.tell():
        raise RefusedError(f"file {name} with {size - file.tell()} bytes for {shape} of {dtype}")


def read_head(file: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type of a file in NumPy's format, and leave it where the numbers begin."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise RefusedError(f"file of NumPy format {version}")
    shape, _, dtype = readers[version](file)
    return shape, dtype


_CHECKS = {
    "DictNode": _check_dict,
    "NdArrayNode": _check_array,
    "ObjectNode": _check_object,
    "SetNode": _check_set,
    "SparseMatrixNode": _check_sparse,
}
