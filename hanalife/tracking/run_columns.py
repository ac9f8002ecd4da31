"""A table of runs in memory: values in the order in which they are stored, turned into columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from hanalife.conditions import Columns, Field, Kind
from hanalife.database import run_search, run_tables, search_values, tables
from hanalife.database.sqlite_functions import text_of_number

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

_NUMBER = "#number"
_ROWS = 50_000


def collect(context: ConnectionContext, found: sa.Select[Any], columns: Columns) -> pd.DataFrame:
    """Return the found runs as a pandas frame of shape ``(n_runs, n_columns)``, as of one moment."""
    from hanalife.dataframe.transfer.pandas import gather

    with context.database.read() as connection, connection.begin():
        heads = _heads(connection, found, columns)
        numbers = heads.column(_NUMBER).to_numpy()
        values: dict[Field, pa.Array] = {}
        for kind in run_tables.KINDS:
            names = columns.names(kind)
            if names is None or names:
                values |= _read(connection, kind, numbers, names)
    arrays = {}
    for field in columns.resolve(values):
        if field.kind is Kind.ATTRIBUTE:
            arrays[str(field)] = heads.column(str(field)).combine_chunks()
        elif field in values:
            arrays[str(field)] = values[field]
        else:
            kind_of_none = pa.float64() if field.kind is Kind.METRIC else pa.large_string()
            arrays[str(field)] = pa.nulls(len(numbers), kind_of_none)
    return gather([pa.RecordBatch.from_pydict(arrays)])


def _heads(connection: sa.Connection, found: sa.Select[Any], columns: Columns) -> pa.Table:
    from hanalife.dataframe.transfer import reading

    attributes = [field for field in columns.resolve(()) if field.kind is Kind.ATTRIBUTE]
    query = run_search.columns(found, {field: run_tables.type_of(field, {}) for field in attributes})
    query = query.add_columns(tables.run.c.number.label(_NUMBER))
    return pa.Table.from_batches(reading.from_connection(connection, query, _ROWS))


class _Column:
    """The values of one field: numbers of all runs, NaN where there is none, and what else there is by place."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers
        self.others: dict[int, tuple[float | None, str | None]] = {}

    def array(self) -> pa.Array:
        """Return the column: of numbers if each value is one, else of texts."""
        known = {place: _number(*other) for place, other in self.others.items()}
        if None not in known.values():
            for place, number in known.items():
                self._numbers[place] = number
            return pa.array(self._numbers, from_pandas=True)
        texts = np.full(len(self._numbers), None, dtype=object)
        for place in np.flatnonzero(~np.isnan(self._numbers)).tolist():
            texts[place] = text_of_number(float(self._numbers[place]))
        for place, (number, text) in self.others.items():
            texts[place] = text_of_number(number or 0.0) if text is None else text
        return pa.array(texts, pa.large_string())


def _number(number: float | None, text: str | None) -> float | None:
    return search_values.read_number(text) if number is None and text is not None else number


def _read(connection: sa.Connection, kind: Kind, numbers: Any, names: list[str] | None) -> dict[Field, pa.Array]:
    """Return the columns of a kind, by field in the order of names."""
    runs = np.sort(numbers).tolist()
    places = {number: place for place, number in enumerate(numbers.tolist())}
    name_of: Any = str if kind is Kind.TAG else run_tables.names_of(connection).__getitem__
    columns: dict[str, _Column] = {}
    if kind is not Kind.TAG:
        plain = np.fromiter(run_tables.numbers(connection, kind, runs, names), [("key", "i8"), ("number", "f8")])
        columns = {name_of(name): column for name, column in _spread(plain, numbers)}
    for run, name, number, text in run_tables.others(connection, kind, runs, names):
        if run in places:
            if (known := name_of(name)) not in columns:
                columns[known] = _Column(np.full(len(numbers), np.nan))
            columns[known].others[places[run]] = number, text
    return {Field(kind, name): columns[name].array() for name in sorted(columns)}


def _spread(plain: Any, numbers: Any) -> list[tuple[int, _Column]]:
    """Return numbers that are keyed by run and name as columns over the runs, each with the number of its name."""
    runs, codes = np.divmod(plain["key"], run_tables.NAMES)
    order = np.argsort(numbers)
    ranks = np.minimum(np.searchsorted(numbers[order], runs), len(numbers) - 1)
    places = order[ranks]
    is_wanted = numbers[places] == runs
    names = np.unique(codes[is_wanted])
    matrix = np.full((len(names), len(numbers)), np.nan)
    matrix[np.searchsorted(names, codes[is_wanted]), places[is_wanted]] = plain["number"][is_wanted]
    return [(int(name), _Column(matrix[rank])) for rank, name in enumerate(names)]
