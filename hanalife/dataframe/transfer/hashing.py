"""The content hash: which rows there are, whatever their order, the same on every database.

A table is a set of rows, and a database gives them in any order: after VACUUM, CLUSTER or an update of other rows
the same table is read in another one. So each row is hashed by itself, and the hashes are added up (Clarke, Devadas,
van Dijk, Gassend & Suh 2003, "Incremental multiset hash functions", ASIACRYPT), here modulo 2^128. This tells
data sets apart that differ by accident; it is no proof against somebody who seeks two with one hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.dataframe.transfer import CONTENT_HASH_VERSION, types

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[Any]  # of uint64, one a row

# Two columns with the same values but another word here have different hashes.
_WORDS = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "double"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_large_binary, "bytes"),
)


class ContentHash:
    """The hash of rows that pass by; aware of types, names and NULL, not of the order of rows.

    Equal hashes mean equal columns, types, values and numbers of equal rows, however the rows were
    cut into batches and whichever database they came from. NaN counts as NULL and -0.0 as 0.0,
    because SQLite cannot keep either; a decimal counts as its number, not its trailing zeros.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows, turned = pa.record_batch({"ID": [1, 2, 3]}), pa.record_batch({"ID": [3, 2, 1]})
    >>> fingerprint([rows]) == fingerprint([turned.slice(0, 1), turned.slice(1)])
    True
    """

    def __init__(self) -> None:
        self.rows = 0
        self._columns: list[tuple[str, str]] = []
        self._sums = (0, 0)

    def add(self, batch: pa.RecordBatch) -> Hashes:
        """Take the rows of one batch into account; return the hash of each, shape ``(n_rows,)``."""
        self._columns = self._columns or [(field.name, type_word(field)) for field in batch.schema]
        hashes = row_hashes(batch)
        second = _mixed(hashes ^ np.uint64(_SECOND))
        self._sums = (
            (self._sums[0] + int(hashes.sum(dtype=np.uint64))) % _MODULUS,
            (self._sums[1] + int(second.sum(dtype=np.uint64))) % _MODULUS,
        )
        self.rows += batch.num_rows
        return hashes

    def hexdigest(self) -> str:
        """Return the hash of the rows so far, 64 hexadecimal digits."""
        words = json.dumps([CONTENT_HASH_VERSION, self.rows, self._columns, self._sums])
        return hashlib.sha256(words.encode()).hexdigest()


def fingerprint(batches: Iterable[pa.RecordBatch]) -> str:
    """Return the content hash of a whole stream."""
    content = ContentHash()
    for batch in batches:
        content.add(batch)
    return content.hexdigest()


def row_hashes(batch: pa.RecordBatch) -> Hashes:
    """Return a hash of each row, uint64 of shape ``(n_rows,)``: of its values in the order of the columns."""
    hashes = np.full(batch.num_rows, _FIRST, dtype=np.uint64)
    for array in batch.columns:
        missing = pc.is_null(array, nan_is_null=True)
        if array.null_count or pc.any(missing).as_py():
            hashes[np.flatnonzero(missing.to_numpy(zero_copy_only=False))] ^= np.uint64(_NULL)
        values = plain_values(array, missing)
        if pa.types.is_large_binary(values.type):
            _mix_in(hashes, _hashes_of_texts(values))
        else:
            _mix_in(hashes, values.to_numpy(zero_copy_only=False).view(np.uint64))
    return _mixed(hashes)


def type_word(field: pa.Field) -> str:
    """Return what a column's type is called in a hash."""
    return next((word for is_kind, word in _WORDS if is_kind(field.type)), "text")


# Odd numbers of 64 bits without a pattern: the multipliers of SplitMix64 and of MurmurHash3's finalizer.
_FIRST, _SECOND, _NULL = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7
_MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_MODULUS = 2**64

#: Whether values repeat is judged by the first ones of a batch.
_SAMPLE = 256

#: Longer texts are hashed one by one.
_MAX_WORDS = 32


def _mix_in(hashes: Hashes, values: Hashes) -> None:
    """Make each hash one of its old value and of another value, in place; no two values give the same."""
    first, second = map(np.uint64, _MULTIPLIERS)
    hashes ^= values
    hashes *= first
    hashes ^= hashes >> np.uint64(32)
    hashes *= second


def _mixed(hashes: Hashes) -> Hashes:
    """Return each hash with all of its bits depending on all (SplitMix64; Steele, Lea & Flood 2014, OOPSLA)."""
    first, second = map(np.uint64, _MULTIPLIERS)
    mixed = (hashes ^ (hashes >> np.uint64(30))) * first
    mixed = (mixed ^ (mixed >> np.uint64(27))) * second
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _hashes_of_texts(values: pa.Array) -> Hashes:
    """Return a hash of each value of bytes; of values that repeat, each is hashed once."""
    first = values.slice(0, _SAMPLE)
    if len(first) < _SAMPLE or len(first.unique()) > _SAMPLE // 4:
        return _hashes_of_bytes(values)
    encoded = values.dictionary_encode()
    hashes = _hashes_of_bytes(encoded.dictionary)
    return np.asarray(hashes[encoded.indices.to_numpy(zero_copy_only=False)])


def _hashes_of_bytes(values: pa.Array) -> Hashes:
    """Return a hash of each value of bytes: eight of them at a time, of all values at once."""
    offsets = np.frombuffer(values.buffers()[1], "<i8")[values.offset : values.offset + len(values) + 1]
    starts, lengths = offsets[:-1], np.diff(offsets)
    hashes = lengths.astype(np.uint64)
    _mix_in(hashes, np.full(len(hashes), _FIRST, dtype=np.uint64))
    first, last = int(offsets[0]), int(offsets[-1])
    padded = np.zeros(last - first + 8, dtype=np.uint8)
    if last > first:  # else there may be no buffer
        padded[:-8] = np.frombuffer(values.buffers()[2], np.uint8)[first:last]
    words = np.ndarray(last - first + 1, dtype="<u8", buffer=padded, strides=(1,))
    masks = np.array([2 ** (8 * count) - 1 for count in range(9)], dtype=np.uint64)
    left, at = np.minimum(lengths, 8 * _MAX_WORDS), starts - first
    going: Any = slice(None)  # rows with bytes left; cheaper than their positions while it is all of them
    while len(left):
        mixed = hashes[going]
        _mix_in(mixed, words[at] & masks[np.minimum(left, 8)])
        if not isinstance(going, slice):
            hashes[going] = mixed
        left, at = left - 8, at + 8
        more = left > 0
        if not more.all():
            going = np.flatnonzero(more) if isinstance(going, slice) else going[more]
            left, at = left[more], at[more]
    for row in np.flatnonzero(lengths > 8 * _MAX_WORDS):
        start = int(starts[row]) - first
        data = padded[start : start + int(lengths[row])]
        hashes[row] = int.from_bytes(hashlib.blake2b(data.tobytes(), digest_size=8).digest(), "little")
    return hashes


def plain_values(array: pa.Array, missing: pa.Array) -> pa.Array:
    """Return the values as 64-bit numbers or as bytes, with one fixed value where one is missing."""
    kind = array.type
    if pa.types.is_floating(kind):
        return pc.add(_filled(array.cast(pa.float64()), missing, 0.0), 0.0)  # -0.0 + 0.0 is 0.0
    if pa.types.is_decimal(kind):
        return _filled(_decimal_bytes(array), missing, b"")
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _filled(array.cast(pa.int64()), missing, 0)
    if pa.types.is_date(kind):
        return _filled(array.cast(pa.int32()).cast(pa.int64()), missing, 0)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        unit = pa.timestamp("us", kind.tz) if pa.types.is_timestamp(kind) else pa.time64("us")
        return _filled(array.cast(unit).cast(pa.int64()), missing, 0)
    if not pa.types.is_large_binary(kind):
        array = array.cast(pa.large_string()).cast(pa.large_binary())
    return _filled(array, missing, b"")


def _decimal_bytes(array: pa.Array) -> pa.Array:
    wide = array.cast(types.ANY_DECIMAL)
    width = wide.type.bit_width // 8
    raw = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(wide), wide.buffers(), offset=wide.offset)
    return raw.cast(pa.large_binary())


def _filled(array: pa.Array, missing: pa.Array, value: Any) -> pa.Array:
    return pc.if_else(missing, pa.scalar(value, array.type), array)
