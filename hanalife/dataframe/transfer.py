"""Rows between the database and pandas, with the types that the columns declare."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.dataframe.columns import name_of_type
from hanalife.observation import ColumnSpec

if TYPE_CHECKING:
    import pandas as pd

BATCH_ROWS = 50_000

# Nullable types keep what a float column would lose: 64-bit integers and booleans beside NULL.
_PANDAS_TYPES = {
    "BOOLEAN": "boolean",
    "BIGINT": "Int64",
    "INT": "Int64",
    "SMALLINT": "Int64",
    "DOUBLE": "float64",
    "TIMESTAMP": "datetime64[us]",
}


def read(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return all rows of a query, shape ``(n_rows, n_columns)``.

    Integer and boolean columns are plain NumPy types, or nullable ones if a NULL occurs.
    """
    import pandas as pd

    result = connection.execute(query)
    rows = result.all()
    series = {}
    for position, column in enumerate(query.selected_columns):
        values = [row[position] for row in rows]
        series[str(column.key)] = _typed(values, name_of_type(column.type))
    return pd.DataFrame(series, columns=[str(column.key) for column in query.selected_columns])


def _typed(values: list[Any], type_name: str) -> pd.Series[Any]:
    import pandas as pd

    dtype = _PANDAS_TYPES.get(type_name)
    if dtype is None:
        return pd.Series(values, dtype="object")
    series = pd.Series(values, dtype=dtype)
    if dtype in ("Int64", "boolean") and not series.hasnans:
        return series.astype("int64" if dtype == "Int64" else "bool")
    return series


def write(connection: sa.Connection, table: sa.Table, data: pd.DataFrame) -> None:
    """Insert the rows of a pandas frame in batches; NaN and NaT become NULL."""
    names = [str(column.key) for column in table.columns]
    statement = table.insert()
    for rows in _batches(data, names):
        connection.execute(statement, rows)


def _batches(data: pd.DataFrame, names: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    import pandas as pd

    for start in range(0, len(data), BATCH_ROWS):
        part = data.iloc[start : start + BATCH_ROWS]
        # astype(object) gives Python's own numbers and moments, which every driver takes.
        columns = [part[name].astype(object).where(part[name].notna(), None).tolist() for name in names]
        columns = [
            [value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in column]
            for column in columns
        ]
        yield [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def content_hash(data: pd.DataFrame, columns: Sequence[ColumnSpec]) -> str:
    """Return the SHA-256 of all rows, hexadecimal: order, type and name aware.

    Equal hashes mean equal columns, types, values and order of rows. Each value is hashed
    with its length, so that no two different tables give the same bytes.
    """
    import numpy as np

    digest = hashlib.sha256(f"{len(data)} rows, {len(columns)} columns".encode())
    for column in columns:
        digest.update(f"\0{len(column.name)}:{column.name}:{column.type}\0".encode())
        series = data[column.name]
        missing = series.isna().to_numpy()
        digest.update(np.packbits(missing).tobytes())
        if column.type in ("INT", "BIGINT", "SMALLINT", "BOOLEAN"):
            digest.update(series.astype("Int64").fillna(0).to_numpy(dtype="<i8").tobytes())
        elif column.type == "DOUBLE":
            digest.update(series.fillna(0.0).to_numpy(dtype="<f8").tobytes())
        else:
            for value in series[~missing]:
                encoded = value if isinstance(value, bytes) else str(value).encode()
                digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()
