"""Batches to pandas and back."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from hanalife.dataframe.transfer import BATCH_ROWS, types
from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd


_LARGE_BYTES = 1 << 22


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

    columns: dict[str, _Gathered] = {}
    for batch in batches:
        for field, array in zip(batch.schema, batch.columns, strict=True):
            if field.name not in columns:
                columns[field.name] = _gathered_for(field.type)
            columns[field.name].add(array)
    return pd.DataFrame({name: column.series() for name, column in columns.items()}, copy=False)


class _Gathered(Protocol):
    def add(self, array: pa.Array) -> None: ...

    def series(self) -> pd.Series[Any]: ...


def _gathered_for(kind: pa.DataType) -> _Gathered:
    numbers = {pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}
    if kind in numbers:
        return _Numbers(numbers[kind])
    if pa.types.is_timestamp(kind):
        return _Numbers("datetime64[us]", kind.tz)
    return _Values(kind)


class _Numbers:
    """A column of fixed width: one growing array, and another for what is missing once there is."""

    def __init__(self, dtype: str, zone: str | None = None) -> None:
        import numpy as np

        self._zone = zone
        self._values = np.empty(0, dtype)
        self._missing: Any = None
        self._filled = 0

    def add(self, array: pa.Array) -> None:
        import numpy as np

        start, end = self._filled, self._filled + len(array)
        self._values = _with_room(self._values, start, end)
        keeps_null = self._values.dtype.kind in "ib"  # others have NaN or NaT
        if keeps_null and array.null_count and self._missing is None:
            self._missing = np.zeros(len(self._values), bool)
        if self._missing is not None:
            self._missing = _with_room(self._missing, start, end)
            self._missing[start:end] = array.is_null().to_numpy(zero_copy_only=False)
            array = array.fill_null(0 if self._values.dtype.kind == "i" else False)
        self._values[start:end] = array.to_numpy(zero_copy_only=False)
        self._filled = end

    def series(self) -> pd.Series[Any]:
        import pandas as pd

        values = self._values[: self._filled]
        if self._missing is not None:
            nullable: Any = pd.arrays.IntegerArray if values.dtype.kind == "i" else pd.arrays.BooleanArray
            return pd.Series(nullable(values, self._missing[: self._filled]), copy=False)
        series = pd.Series(values, copy=False)
        return series.dt.tz_localize(self._zone) if self._zone else series


def _with_room(values: Any, used: int, needed: int) -> Any:
    """Return the array with room for more; memory that was never touched costs nothing."""
    if needed <= len(values):
        return values
    larger = _room(max(needed, 2 * len(values)), values.dtype)
    larger[:used] = values[:used]
    return larger


def _room(length: int, dtype: Any) -> Any:
    """Return an array of any content. A large one is mapped page by page, where NumPy would take huge pages."""
    import numpy as np

    size = length * dtype.itemsize
    return np.empty(length, dtype) if size < _LARGE_BYTES else np.frombuffer(mmap.mmap(-1, size), dtype)


class _Values:
    """A column of text or of Python objects."""

    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self._arrays: list[pa.Array] = []

    def add(self, array: pa.Array) -> None:
        self._arrays.append(array)

    def series(self) -> pd.Series[Any]:
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
