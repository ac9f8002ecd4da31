"""Batches to pandas and back."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from hanalife.dataframe.transfer import BATCH_ROWS, types
from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

_LARGE_BYTES = 1 << 22
_GROWTH = 4


def gather(batches: Iterable[pa.RecordBatch]) -> pd.DataFrame:
    """Return all rows of a stream as a pandas frame of shape ``(n_rows, n_columns)``.

    Integer and boolean columns are plain NumPy types, or pandas' nullable ones if a NULL
    occurs, so that no 64-bit integer loses digits. Doubles have NaN for NULL, moments are
    ``datetime64[us]``, text is pandas' ``str``; decimals, days and bytes are Python objects.

    Notes
    -----
    Each batch is copied into its place and forgotten, so that the rows are in memory once.
    """
    import pandas as pd

    return pd.DataFrame(columns(batches), copy=False)


def columns(batches: Iterable[pa.RecordBatch]) -> dict[str, Any]:
    """Return all rows of a stream as :func:`gather` does, each column as an array that a frame takes as it is."""
    found: dict[str, _Gathered] = {}
    for batch in batches:
        for field, array in zip(batch.schema, batch.columns, strict=True):
            if field.name not in found:
                found[field.name] = _gathered_for(field.type)
            found[field.name].add(array)
    return {name: column.array() for name, column in found.items()}


class _Gathered(Protocol):
    def add(self, array: pa.Array) -> None: ...

    def array(self) -> Any: ...


def _gathered_for(kind: pa.DataType) -> _Gathered:
    numbers = {pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}
    if kind in numbers:
        return _Numbers(numbers[kind])
    if pa.types.is_timestamp(kind):
        return _Numbers("datetime64[us]", kind.tz)
    return _Texts() if pa.types.is_large_string(kind) else _Values(kind)


class _Growing:
    """An array that grows; memory that was never touched costs nothing."""

    def __init__(self, dtype: str) -> None:
        self._room = np.empty(0, dtype)
        self._used = 0

    @property
    def filled(self) -> Any:
        """The values so far."""
        return self._room[: self._used]

    @property
    def dtype(self) -> Any:
        """The type of the values."""
        return self._room.dtype

    def more(self, number: int) -> Any:
        """Return the places of so many new values, to be written into."""
        start, self._used = self._used, self._used + number
        if self._used > len(self._room):
            larger = _room(max(self._used, _GROWTH * len(self._room)), self.dtype)
            larger[:start] = self._room[:start]
            self._room = larger
        return self._room[start : self._used]


def _room(length: int, dtype: Any) -> Any:
    """Return an array of any content. A large one is mapped page by page, where NumPy would take huge pages."""
    size = length * dtype.itemsize
    if size < _LARGE_BYTES:
        return np.empty(length, dtype)
    # Private, so that a forked process that changes the frame changes its own.
    own = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
    return np.frombuffer(mmap.mmap(-1, size, **own), dtype, length)


class _Missing:
    """Which values of a column are NULL; takes no memory until one is."""

    def __init__(self) -> None:
        self._flags: _Growing | None = None
        self._rows = 0

    def add(self, array: pa.Array) -> None:
        """Take note of the NULLs of the next values."""
        if array.null_count and self._flags is None:
            self._flags = _Growing("bool")
            self._flags.more(self._rows)[:] = False
        if self._flags is not None:
            self._flags.more(len(array))[:] = array.is_null().to_numpy(zero_copy_only=False)
        self._rows += len(array)

    @property
    def flags(self) -> Any:
        """A boolean array, or None if no value is NULL."""
        return None if self._flags is None else self._flags.filled


class _Numbers:
    """A column of fixed width."""

    def __init__(self, dtype: str, zone: str | None = None) -> None:
        self._zone = zone
        self._values = _Growing(dtype)
        self._missing = _Missing()
        self._keeps_null = self._values.dtype.kind in "ib"  # others have NaN or NaT

    def add(self, array: pa.Array) -> None:
        if self._keeps_null:
            self._missing.add(array)
            if array.null_count:
                array = array.fill_null(0 if self._values.dtype.kind == "i" else False)
        self._values.more(len(array))[:] = array.to_numpy(zero_copy_only=False)

    def array(self) -> Any:
        import pandas as pd

        values, missing = self._values.filled, self._missing.flags
        if missing is not None:
            nullable: Any = pd.arrays.IntegerArray if values.dtype.kind == "i" else pd.arrays.BooleanArray
            return nullable(values, missing)
        return pd.DatetimeIndex(values, copy=False).tz_localize(self._zone).array if self._zone else values


class _Texts:
    """A column of text: all characters in one array. A driver's own arrays have much room that is never used."""

    def __init__(self) -> None:
        self._characters, self._ends, self._missing = _Growing("uint8"), _Growing("int64"), _Missing()
        self._ends.more(1)[:] = 0

    def add(self, array: pa.Array) -> None:
        if not len(array):
            return
        self._missing.add(array)
        _, ends, characters = array.buffers()
        offsets = np.frombuffer(ends, "int64")[array.offset : array.offset + len(array) + 1]
        first, last = int(offsets[0]), int(offsets[-1])
        before = len(self._characters.filled)
        np.add(offsets[1:], before - first, out=self._ends.more(len(array)))
        if last > first:
            self._characters.more(last - first)[:] = np.frombuffer(characters, "uint8")[first:last]

    def array(self) -> Any:
        ends, missing = self._ends.filled, self._missing.flags
        present = None if missing is None else pa.array(~missing).buffers()[1]
        buffers = [present, pa.py_buffer(ends), pa.py_buffer(self._characters.filled)]
        texts = pa.Array.from_buffers(pa.large_string(), len(ends) - 1, buffers)
        return pa.chunked_array([texts]).to_pandas().array


class _Values:
    """A column of Python objects."""

    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self._arrays: list[pa.Array] = []

    def add(self, array: pa.Array) -> None:
        self._arrays.append(array)

    def array(self) -> Any:
        series: pd.Series[Any] = pa.chunked_array(self._arrays, self._kind).to_pandas()
        return series.map(_without_zeros) if self._kind == types.ANY_DECIMAL else series


def _without_zeros(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    short = value.normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]


def split(data: pd.DataFrame, fields: Iterable[pa.Field], size: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a pandas frame as batches of the given types; NaN and NaT become NULL.

    Raises
    ------
    InvalidArgumentError
        A value is not of its column's type.
    """
    schema = pa.schema(_settled(data, fields))
    for start in range(0, max(len(data), 1), size):
        part = data.iloc[start : start + size]
        arrays = [_array(part[field.name], field) for field in schema]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _settled(data: pd.DataFrame, fields: Iterable[pa.Field]) -> list[pa.Field]:
    return [
        types.settled(field, pa.Array.from_pandas(data[field.name]).type) if pa.types.is_null(field.type) else field
        for field in fields
    ]


def _array(series: pd.Series[Any], field: pa.Field) -> pa.Array:
    try:
        found = pa.Array.from_pandas(series)
    except (pa.ArrowException, OverflowError):
        return types.array_of(series.astype(object).where(series.notna(), None).tolist(), field)
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    if isinstance(found, pa.DictionaryArray):
        found = found.dictionary_decode()
    if found.type == field.type:
        return found
    if pa.types.is_null(found.type):
        return pa.nulls(len(found), field.type)
    if pa.types.is_timestamp(found.type) and pa.types.is_timestamp(field.type):
        return found.cast(field.type, safe=False)  # finer than a microsecond is not kept
    return _converted(found, series, field)


def _converted(found: pa.Array, series: pd.Series[Any], field: pa.Field) -> pa.Array:
    numeric = pa.types.is_integer(found.type) or pa.types.is_floating(found.type) or pa.types.is_boolean(found.type)
    if numeric and pa.types.is_large_string(field.type):
        return types.array_of([None if value is None else str(value) for value in series.astype(object)], field)
    if pa.types.is_floating(found.type) and pa.types.is_decimal(field.type):
        return types.array_of(found.to_pylist(), field)
    try:
        return types.cast(found, field)
    except InvalidArgumentError:
        return types.array_of(series.astype(object).where(series.notna(), None).tolist(), field)
