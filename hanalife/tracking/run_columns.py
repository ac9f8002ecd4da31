"""A table of runs in memory: values in the order in which they are stored, turned into columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from hanalife.conditions import Field, Kind
from hanalife.database import run_search, run_tables, search_values, tables
from hanalife.database.sqlite_functions import text_of_number
from hanalife.dataframe import transfer

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.tracking.search import Columns

_NUMBER = "#number"


def collect(context: ConnectionContext, found: sa.Select[Any], columns: Columns) -> pd.DataFrame:
    """Return the found runs as a pandas frame of shape ``(n_runs, n_columns)``."""
    from hanalife.dataframe.transfer.pandas import gather

    heads = _heads(context, found, columns)
    numbers = heads.column(_NUMBER).to_numpy()
    values: dict[Field, _Values] = {}
    for kind in run_tables.KINDS:
        names = columns.names(kind)
        if names is None or names:
            values |= _read(context, kind, run_tables.rows(kind, found, names), numbers)
    arrays = {}
    for field in columns.resolve(values):
        if field.kind is Kind.ATTRIBUTE:
            arrays[str(field)] = heads.column(str(field)).combine_chunks()
        elif field in values:
            arrays[str(field)] = values[field].column(len(numbers))
        else:
            kind = pa.float64() if field.kind is Kind.METRIC else pa.large_string()
            arrays[str(field)] = pa.nulls(len(numbers), kind)
    return gather([pa.RecordBatch.from_pydict(arrays)])


def _heads(context: ConnectionContext, found: sa.Select[Any], columns: Columns) -> pa.Table:
    attributes = [field for field in columns.resolve(()) if field.kind is Kind.ATTRIBUTE]
    query = run_search.columns(found, {field: run_tables.type_of(field, {}) for field in attributes})
    query = query.add_columns(tables.run.c.number.label(_NUMBER))
    return pa.Table.from_batches(transfer.batches(context, query))


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of one field, of the runs at ``places``."""

    places: Any
    numbers: Any  #: float64, NaN where there is none
    texts: pa.Array

    def column(self, length: int) -> pa.Array:
        """Return the column of all runs: of numbers if each value is one, else of texts."""
        missing = np.isnan(self.numbers)
        if not missing.any():
            return self._spread(length, self.numbers, np.nan, pa.float64())
        texts = np.array(self.texts.to_pylist(), dtype=object)
        endless = np.isin(texts, search_values.NON_FINITE)
        if np.all(endless[missing]):
            numbers = self.numbers.copy()
            numbers[missing] = [float(text) for text in texts[missing]]
            return self._spread(length, numbers, np.nan, pa.float64())
        for place in np.flatnonzero(texts == np.array(None)):
            texts[place] = text_of_number(float(self.numbers[place]))
        return self._spread(length, texts, None, pa.large_string())

    def _spread(self, length: int, values: Any, missing: Any, kind: pa.DataType) -> pa.Array:
        full = np.full(length, missing, dtype=values.dtype)
        full[self.places] = values
        return pa.array(full, kind, from_pandas=True)


def _read(context: ConnectionContext, kind: Kind, rows: sa.Select[Any], numbers: Any) -> dict[Field, _Values]:
    """Return the values of a kind, by field in the order of names."""
    read = pa.Table.from_batches(transfer.batches(context, rows))
    places, is_known = _places(read.column("run_number").to_numpy(), numbers)
    read, places = (read, places) if is_known.all() else (read.filter(pa.array(is_known)), places[is_known])
    names = read.column("name").combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(names.dictionary) + 1))
    found = {}
    column, texts = read.column("number").to_numpy(), read.column("text").combine_chunks()
    given = _names(context) if kind is not Kind.TAG else {}
    for code, name in enumerate(names.dictionary.to_pylist()):
        here = order[bounds[code] : bounds[code + 1]]
        found[Field(kind, given.get(name, name))] = _Values(places[here], column[here], texts.take(pa.array(here)))
    return {field: found[field] for field in sorted(found, key=lambda field: field.name)}


def _places(run_numbers: Any, numbers: Any) -> tuple[Any, Any]:
    """Return the row of each value, and whether its run is among the rows: it may have begun since."""
    if not len(numbers):
        return np.zeros(len(run_numbers), int), np.zeros(len(run_numbers), bool)
    order = np.argsort(numbers)
    ranks = np.minimum(np.searchsorted(numbers[order], run_numbers), len(numbers) - 1)
    places = order[ranks]
    return places, numbers[places] == run_numbers


def _names(context: ConnectionContext) -> dict[int, str]:
    with context.database.read() as connection:
        return run_tables.names_of(connection)
