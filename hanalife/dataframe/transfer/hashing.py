"""The content hash: one pass over a stream of batches, the same on every database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hanalife.dataframe.transfer import types

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
    """The SHA-256 of rows that pass by; aware of order, types, names and NULL.

    Equal hashes mean equal columns, types, values and order of rows, however the rows were cut
    into batches and whichever database they came from. NaN counts as NULL and -0.0 as 0.0,
    because SQLite cannot keep either; a decimal counts as its number, not its trailing zeros.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.record_batch({"ID": [1, 2, 3]})
    >>> whole, cut = ContentHash(), ContentHash()
    >>> whole.add(rows)
    >>> cut.add(rows.slice(0, 1)), cut.add(rows.slice(1))
    (None, None)
    >>> whole.hexdigest() == cut.hexdigest()
    True
    """

    def __init__(self) -> None:
        self.rows = 0
        self._columns: list[_Column] | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the rows of one batch into account."""
        if self._columns is None:
            self._columns = [_Column(field) for field in batch.schema]
        for column, array in zip(self._columns, batch.columns, strict=True):
            column.add(array, self.rows)
        self.rows += batch.num_rows

    def hexdigest(self) -> str:
        """Return the hash of the rows so far, 64 hexadecimal digits."""
        columns = self._columns or []
        total = hashlib.sha256(f"{self.rows} rows, {len(columns)} columns".encode())
        for column in columns:
            total.update(column.digest())
        return total.hexdigest()


def fingerprint(batches: Iterable[pa.RecordBatch]) -> str:
    """Return the content hash of a whole stream."""
    content = ContentHash()
    for batch in batches:
        content.add(batch)
    return content.hexdigest()


class _Column:
    def __init__(self, field: pa.Field) -> None:
        word = next((word for is_kind, word in _WORDS if is_kind(field.type)), "text")
        head = f"{len(field.name)}:{field.name}:{word}".encode()
        # NULLs, values and the lengths of values apart: no two tables give the same bytes.
        self._missing, self._values, self._lengths = hashlib.sha256(head), hashlib.sha256(), hashlib.sha256()

    def add(self, array: pa.Array, first_row: int) -> None:
        import numpy as np

        missing = pc.is_null(array, nan_is_null=True)
        if array.null_count or pc.any(missing).as_py():
            places = np.flatnonzero(missing.to_numpy(zero_copy_only=False)) + first_row
            self._missing.update(places.astype("<i8").tobytes())
        plain = _plain(array, missing)
        if pa.types.is_large_binary(plain.type):
            offsets = np.frombuffer(plain.buffers()[1], "<i8")[plain.offset : plain.offset + len(plain) + 1]
            self._lengths.update(np.diff(offsets).astype("<i8").tobytes())
            data = plain.buffers()[2]
            if len(offsets) > 1 and data is not None:
                self._values.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
        else:
            self._values.update(plain.to_numpy(zero_copy_only=False).tobytes())

    def digest(self) -> bytes:
        return self._missing.digest() + self._values.digest() + self._lengths.digest()


def _plain(array: pa.Array, missing: pa.Array) -> pa.Array:
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
