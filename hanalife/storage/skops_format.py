"""scikit-learn models as skops archives whose bytes depend on the model alone.

skops names files and entries by memory addresses, so one model has other bytes each time. Here
files are named in order and told apart by content, and entries are numbered only where one object
is held twice; the archive is plain skops and holds no time.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from hanalife.storage import schema, trees
from hanalife.storage.archives import member

_HEAD = 2**16  # no head of NumPy's format is longer

# Of other entries it makes no difference whether two places hold one of them, or two equal ones.
_WITH_IDENTITY = frozenset(
    {
        "DefaultDictNode",
        "DictNode",
        "ListNode",
        "MaskedArrayNode",
        "ObjectNode",
        "RandomGeneratorNode",
        "RandomStateNode",
        "SetNode",
        "SparseMatrixNode",
        "TreeNode",
    }
)


def dump(estimator: Any, file: BinaryIO) -> None:
    """Write the archive of an estimator, or of a container of estimators, arrays and plain values.

    Raises
    ------
    schema.RefusedError
        It holds something that is not on the list, and could not be read again.
    """
    from skops.io._utils import SaveContext, get_state

    _teach_boosters()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        files = _Files(archive)
        context = SaveContext(zip_file=files)
        try:
            # Through text, so that keys and numbers are what a reader will see.
            tree = json.loads(json.dumps(get_state(estimator, context) | {"protocol": schema.PROTOCOL}))
        except (TypeError, ValueError, AttributeError, RecursionError) as error:
            raise schema.RefusedError(str(error)) from error
        _settle(tree, files.names)
        archive.writestr(member(schema.SCHEMA), json.dumps(tree, separators=(",", ":")))
    with zipfile.ZipFile(file) as archive:
        schema.check(archive, file.seek(0, io.SEEK_END))


def load(file: BinaryIO) -> Any:
    """Return what an archive holds; every entry is judged before any object is made, and every tree afterwards.

    Raises
    ------
    schema.RefusedError
        It holds something that is not on the list, or a tree that leads out of itself.
    Exception
        Of any kind, if the file is no such archive.
    """
    from skops.io._audit import audit_tree, get_tree
    from skops.io._general import ObjectNode
    from skops.io._sklearn import TreeNode
    from skops.io._utils import LoadContext

    with zipfile.ZipFile(file) as archive:
        tree, types = schema.check(archive, file.seek(0, io.SEEK_END))
        trusted = sorted(types)
        root = get_tree(tree, LoadContext(src=_Names(archive), protocol=schema.PROTOCOL), trusted)
        audit_tree(root, trusted)
        for node in _nodes(root):
            if isinstance(getattr(node, "buffer", None), io.BytesIO):
                node.buffer = _Array(archive, node.buffer.getvalue().decode())
        model = root.construct()
        trees.check(node.construct() for node in _nodes(root) if isinstance(node, ObjectNode | TreeNode))
        return model


class _Names:
    """An archive that gives the names of arrays instead of their bytes, which would be held until the end."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def read(self, name: str) -> bytes:
        return name.encode() if name.endswith(".npy") else self._archive.read(name)


class _Array:
    """A file of an archive that is opened when it is read."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._open = functools.cache(lambda: archive.open(name))

    def read(self, size: int = -1) -> bytes:
        return self._open().read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._open().seek(offset, whence)


def _nodes(node: Any) -> Iterator[Any]:
    """Give a node of skops and all below it; one that is held twice comes twice."""
    yield node
    for child in node.children.values():
        parts = child.values() if isinstance(child, dict) else child if isinstance(child, list) else [child]
        for part in parts:
            if hasattr(part, "children"):
                yield from _nodes(part)


class _Files:
    """The part of an archive that skops writes to: files by order and content."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._by_content: dict[bytes, str] = {}
        self.names: dict[str, str] = {}  #: skops' name -> the name in the archive

    def namelist(self) -> list[str]:
        return list(self.names)

    def writestr(self, name: str, data: bytes | memoryview) -> None:
        ending = name.rpartition(".")[2]
        if ending == "npz":
            data = _unpacked(bytes(data))
        elif ending == "npy":
            data = _without_gaps(data)
        content = hashlib.sha256(data).digest()
        if content not in self._by_content:
            self._by_content[content] = f"{len(self._by_content)}.{ending}"
            self._archive.writestr(member(self._by_content[content]), data)
        self.names[name] = self._by_content[content]


def _unpacked(data: bytes) -> bytes:
    """Return SciPy's archive of a sparse matrix without its compression."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(buffer, "w") as plain:
        for name in sorted(packed.namelist()):
            plain.writestr(member(name), packed.read(name))
    return buffer.getvalue()


def _without_gaps(data: bytes | memoryview) -> bytes | memoryview:
    """Return an array of records with zeros between its fields, where memory held anything at all."""
    import numpy as np

    if schema.read_head(io.BytesIO(data[:_HEAD]))[1].names is None:
        return data
    records = np.load(io.BytesIO(data), allow_pickle=False)
    cleared = np.zeros(records.shape, records.dtype)  # zeros_like would leave the gaps as they are
    for field in records.dtype.names:
        cleared[field] = records[field]
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, np.lib.format.header_data_from_array_1_0(cleared))
    buffer.write(cleared.tobytes())
    return buffer.getvalue()


def _settle(tree: dict[str, Any], names: dict[str, str]) -> None:
    """Replace memory addresses in a schema by numbers, and put sets in order."""
    found = list(schema.entries(tree))
    for entry in found:
        if "file" in entry:
            entry["file"] = names[entry["file"]]
        if entry["__loader__"] == "SetNode":
            entry["content"].sort(key=lambda item: str(item.get("content")))
    uses = Counter(entry["__id__"] for entry in found if "__id__" in entry)
    numbers: dict[int, int] = {}
    for entry in found:
        identity = entry.pop("__id__", None)
        if uses[identity] > 1 and _has_identity(entry):
            entry["__id__"] = numbers.setdefault(identity, len(numbers) + 1)


def _has_identity(entry: Mapping[str, Any]) -> bool:
    return entry["__loader__"] in _WITH_IDENTITY or schema.type_of(entry) == "numpy.ndarray"


@functools.cache
def _teach_boosters() -> None:
    """Tell skops how we keep XGBoost's boosters."""
    import xgboost
    from skops.io._utils import SaveContext, _get_state, get_state

    from hanalife.storage import boosters

    def state_of(booster: Any, context: SaveContext) -> dict[str, Any]:
        return {
            "__class__": boosters.StoredBooster.__name__,
            "__module__": boosters.StoredBooster.__module__,
            "__loader__": "ObjectNode",
            "content": get_state({"ubj": bytes(boosters.dump(booster))}, context),
        }

    _get_state.register(xgboost.Booster)(state_of)
