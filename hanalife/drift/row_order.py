"""The column by which dependent rows are read: their time, or the group that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.errors import InvalidArgumentError

TIME, GROUP = "time", "group"
#: The column of a batch that numbers the moments or groups of its rows; no table has a column of this name.
NUMBER_COLUMN = "\0number"
_ARGUMENTS = {TIME: "time_column_name", GROUP: "group_column_name"}
_TIME_TYPES = ("DATE", "TIMESTAMP", "INT", "DOUBLE", "DECIMAL", "REAL", "FLOAT", "NUMERIC")


@dataclass(frozen=True, slots=True)
class RowOrder:
    """A column whose equal values are one moment or group; neighboring moments may depend on each other."""

    column: str
    by: str  #: time or group

    @property
    def argument(self) -> str:
        """The argument that names the column."""
        return _ARGUMENTS[self.by]

    def check(self, data: DataFrame) -> None:
        """Refuse rows without the column, or with one that has no order in time.

        Raises
        ------
        UnknownColumnError, InvalidArgumentError
        """
        names.require([self.column], data.columns, self.argument)
        type_name = next(spec.type for spec in data.specs if spec.name == self.column)
        if self.by == TIME and not any(name in type_name for name in _TIME_TYPES):
            raise InvalidArgumentError(
                f"{self.argument}: {self.column} is {type_name}, and text need not sort by time. "
                f"Cast it: data.cast({self.column!r}, 'TIMESTAMP')."
            )

    def numbered(self, data: DataFrame, size: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order, in batches, with ``NUMBER_COLUMN`` for the moments or groups, counted from 0.

        Raises
        ------
        InvalidArgumentError
            A time or group is missing.
        """
        number, last = -1, None
        for batch in data.sort(self.column).batches(size):
            values = batch.column(self.column)
            self._refuse_missing(values)
            if not batch.num_rows:
                yield batch.append_column(NUMBER_COLUMN, pa.array([], pa.int64()))
                continue
            is_new = np.ones(len(values), dtype=np.int64)
            is_new[1:] = pc.not_equal(values[1:], values[:-1]).to_numpy(zero_copy_only=False)
            is_new[0] = last is None or values[0].as_py() != last
            numbers = number + np.cumsum(is_new)
            number, last = int(numbers[-1]), values[-1].as_py()
            yield batch.append_column(NUMBER_COLUMN, pa.array(numbers))

    def _refuse_missing(self, values: pa.Array) -> None:
        missing = pc.sum(pc.is_null(values, nan_is_null=True)).as_py() or 0
        if missing:
            raise InvalidArgumentError(
                f"{self.argument}: {self.column} is NULL in {missing:,} row{'s' if missing > 1 else ''}. Leave such "
                f"rows out: data.dropna(subset=[{self.column!r}])."
            )


def row_order(time_column_name: str | None, group_column_name: str | None) -> RowOrder | None:
    """Return the order that the arguments name, or None if neither is given.

    Raises
    ------
    InvalidArgumentError
        Both are given.
    """
    if time_column_name is not None and group_column_name is not None:
        raise InvalidArgumentError(
            f"time_column_name, group_column_name: got {time_column_name!r} and {group_column_name!r}; rows are read "
            "in one order. Give the one by which rows depend more."
        )
    if time_column_name is not None:
        return RowOrder(time_column_name, TIME)
    return None if group_column_name is None else RowOrder(group_column_name, GROUP)
