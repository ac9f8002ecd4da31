"""Rows that a model was trained on, kept as 64-bit hashes of their keys.

The text of a key is defined here once: hold-outs, training rows and judging rows all use it, so
that a key has the same hash on every database.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import CorruptModelError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

_BYTES = 8  #: of a hash; a foreign key equals one of a million by chance in 1 of 2e13 cases
_MAGIC = b"HLK1"
_HEADER_LENGTH = struct.Struct(">I")
_MISSING = "\x00"  #: the text of a NULL


def text_of(key: Any) -> str:
    """Return the canonical text of a key: the same for a value whatever its column's type.

    A number has the text of its digits, without trailing zeros; a moment at midnight that of its date.

    >>> text_of(7), text_of(7.0), text_of(Decimal("7.00")), text_of("7"), text_of(0.1), text_of(Decimal("0.10"))
    ('7', '7', '7', '7', '0.1', '0.1')
    """
    if isinstance(key, float):
        return _digits(Decimal(repr(float(key) + 0.0))) if isfinite(key) else str(key)  # -0.0 is 0
    if isinstance(key, Decimal):
        return _digits(key)
    return str(key.isoformat()).removesuffix("T00:00:00") if hasattr(key, "isoformat") else str(key)


def _digits(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def hashes_of(keys: pd.Series[Any]) -> Hashes:
    """Return the hash of each key, shape ``(n_rows,)``."""
    return hashes_of_bytes(text.encode("utf-8", "surrogatepass") for text in _texts(keys))


def _texts(keys: pd.Series[Any]) -> Iterable[str]:
    missing = keys.isna().to_numpy()
    if keys.dtype.kind in "iu" and not missing.any():
        return map(str, keys.tolist())  # as text_of, in half the time
    return (_MISSING if absent else text_of(key) for key, absent in zip(keys.tolist(), missing, strict=True))


def hashes_of_bytes(contents: Iterable[bytes]) -> Hashes:
    """Return the hash (BLAKE2b, the first 64 bits) of each of several contents."""
    joined = b"".join(hashlib.blake2b(content, digest_size=_BYTES).digest() for content in contents)
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingKeys:
    """The rows that one model was trained on."""

    hashes: Hashes  #: sorted, each once
    rows: int  #: that trained; keys may repeat

    @classmethod
    def of(cls, hashes: Hashes) -> TrainingKeys:
        """Return the keys of training rows, given the hash of each row."""
        return cls(np.unique(hashes), len(hashes))

    def contains(self, hashes: Hashes) -> Mask:
        """Return which hashes are among these, shape ``(n_rows,)``."""
        if not len(self.hashes):
            return np.zeros(len(hashes), dtype=bool)
        positions = np.searchsorted(self.hashes, hashes).clip(max=len(self.hashes) - 1)
        return np.asarray(self.hashes[positions] == hashes)


def pack(keys: Mapping[str, TrainingKeys]) -> bytes:
    """Return the keys of one model, or of one model a group, as bytes: about 6 of them for a row.

    Sorted hashes are close to each other, so their differences begin with zeros; these are
    gathered (all first bytes, then all second bytes, ...) and compressed.
    """
    payloads = [_compressed(each.hashes) for each in keys.values()]
    entries = [
        [name, each.rows, len(each.hashes), len(payload)]
        for (name, each), payload in zip(keys.items(), payloads, strict=True)
    ]
    header = zlib.compress(json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode())
    return b"".join([_MAGIC, _HEADER_LENGTH.pack(len(header)), header, *payloads])


def unpack(content: bytes) -> dict[str, TrainingKeys]:
    """Return what :func:`pack` was given.

    Raises
    ------
    CorruptModelError
        The bytes are not of that form.
    """
    try:
        return _unpacked(content)
    except (ValueError, TypeError, zlib.error, struct.error, RecursionError) as error:
        raise CorruptModelError(f"Stored training keys are damaged: {error!r}. Save the model again.") from error


def _unpacked(content: bytes) -> dict[str, TrainingKeys]:
    start = len(_MAGIC) + _HEADER_LENGTH.size
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("unknown format")
    (length,) = _HEADER_LENGTH.unpack(content[len(_MAGIC) : start])
    entries = json.loads(_decompressed(content[start : start + length], 1_000 * len(content)))
    keys, position = {}, start + length
    for name, rows, count, size in entries:
        keys[str(name)] = TrainingKeys(_hashes(content[position : position + size], count), int(rows))
        position += size
    if position != len(content):
        raise ValueError(f"{len(content)} bytes where {position} are expected")
    return keys


def _compressed(hashes: Hashes) -> bytes:
    differences = np.diff(hashes, prepend=np.uint64(0)).astype(">u8")
    return zlib.compress(differences.view(np.uint8).reshape(-1, _BYTES).T.tobytes())


def _hashes(payload: bytes, count: int) -> Hashes:
    # Hashes are random and so need more than a byte each: what claims less would fill the memory.
    if not 0 <= count <= len(payload):
        raise ValueError(f"{count} keys in {len(payload)} bytes")
    plain = np.frombuffer(_decompressed(payload, count * _BYTES), dtype=np.uint8)
    differences = np.ascontiguousarray(plain.reshape(_BYTES, count).T).view(">u8").ravel()
    return np.cumsum(differences.astype(np.uint64), dtype=np.uint64)


def _decompressed(payload: bytes, most: int) -> bytes:
    engine = zlib.decompressobj()
    plain = engine.decompress(payload, most + 1)
    if len(plain) > most or not engine.eof:
        raise ValueError("a part is longer than its header says, or cut off")
    return plain
