"""A hash of rows in their order: of what an estimator of another library was fitted on, and of older runs.

What hanalife's own models read is identified by :class:`.hashing.ContentHash`, whatever the order of its rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from hanalife.dataframe.transfer.hashing import plain_values, type_word


class OrderedHash:
    """The SHA-256 of rows that pass by; aware of order, types, names and NULL.

    Equal hashes mean equal columns, types, values and order of rows, however the rows were cut
    into batches and whichever database they came from. NaN counts as NULL and -0.0 as 0.0,
    because SQLite cannot keep either; a decimal counts as its number, not its trailing zeros.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.record_batch({"ID": [1, 2, 3]})
    >>> whole, cut = OrderedHash(), OrderedHash()
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


def ordered_fingerprint(batches: Iterable[pa.RecordBatch]) -> str:
    """Return the hash of a whole stream in its order."""
    content = OrderedHash()
    for batch in batches:
        content.add(batch)
    return content.hexdigest()


class _Column:
    def __init__(self, field: pa.Field) -> None:
        head = f"{len(field.name)}:{field.name}:{type_word(field)}".encode()
        # NULLs, values and the lengths of values apart: no two tables give the same bytes.
        self._missing, self._values, self._lengths = hashlib.sha256(head), hashlib.sha256(), hashlib.sha256()

    def add(self, array: pa.Array, first_row: int) -> None:
        import numpy as np

        missing = pc.is_null(array, nan_is_null=True)
        if array.null_count or pc.any(missing).as_py():
            places = np.flatnonzero(missing.to_numpy(zero_copy_only=False)) + first_row
            self._missing.update(places.astype("<i8").tobytes())
        plain = plain_values(array, missing)
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
