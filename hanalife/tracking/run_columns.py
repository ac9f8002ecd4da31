"""A table of runs in memory: values in the order in which they are stored, turned into columns."""

from __future__ import annotations

import functools
from collections.abc import Mapping
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
_BEGIN_AND_END = "#created", "#ended"
_DURATION = Field(Kind.ATTRIBUTE, "duration")


def collect(context: ConnectionContext, found: sa.Select[Any], wanted: Columns) -> pd.DataFrame:
    """Return the found runs as a pandas frame of shape ``(n_runs, n_columns)``, as of one moment."""
    import pandas as pd

    from hanalife.dataframe.transfer import pandas, reading

    with context.database.read() as connection, connection.begin():
        columns = pandas.columns(reading.from_connection(connection, _heads(found, wanted)))
        numbers = columns.pop(_NUMBER)
        values = _values(connection, numbers, wanted)
    begun, ended = (columns.pop(name) for name in _BEGIN_AND_END)
    columns[str(_DURATION)] = (ended - begun) / np.timedelta64(1, "s")
    columns |= {str(field): array for field, array in values.items()}
    fields = wanted.resolve(values)
    columns |= {str(field): _nothing(field, len(numbers)) for field in fields if str(field) not in columns}
    texts = {name: array for name, array in columns.items() if isinstance(array, pa.Array)}
    columns |= pandas.columns([pa.RecordBatch.from_pydict(texts)])
    return pd.DataFrame({str(field): columns[str(field)] for field in fields}, copy=False)


@functools.lru_cache(maxsize=128)  # making a statement can take as long as answering it
def _heads(found: sa.Select[Any], wanted: Columns) -> sa.Select[Any]:
    """Return the query of the wanted attributes and of the runs' numbers, with two moments for the duration.

    A duration in SQL costs a call from SQLite for each run; of all runs at once it is one subtraction.
    """
    from hanalife.dataframe.transfer import types

    attributes = [field for field in wanted.resolve(()) if field.kind is Kind.ATTRIBUTE and field != _DURATION]
    query = run_search.columns(found, {field: run_tables.type_of(field, {}) for field in attributes})
    moments = zip(("created", "ended"), _BEGIN_AND_END, strict=True)
    hidden = [search_values.attribute(name).label(label) for name, label in moments]
    return types.portable(query.add_columns(tables.run.c.number.label(_NUMBER), *hidden))


class _Column:
    """The values of one field: numbers of all runs, NaN where there is none, and what else there is by place."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers
        self.others: dict[int, tuple[float | None, str | None]] = {}

    def array(self) -> Any:
        """Return the column: numbers for NumPy if each value is one, else texts for Arrow."""
        known = {place: _number(*other) for place, other in self.others.items()}
        if None not in known.values():
            for place, number in known.items():
                self._numbers[place] = number
            return self._numbers
        texts = np.full(len(self._numbers), None, dtype=object)
        for place in np.flatnonzero(~np.isnan(self._numbers)).tolist():
            texts[place] = text_of_number(float(self._numbers[place]))
        for place, (number, text) in self.others.items():
            texts[place] = text_of_number(number or 0.0) if text is None else text
        return pa.array(texts, pa.large_string())


def _number(number: float | None, text: str | None) -> float | None:
    return search_values.read_number(text) if number is None and text is not None else number


def _values(connection: sa.Connection, numbers: Any, wanted: Columns) -> dict[Field, Any]:
    """Return the columns of metrics, parameters and tags; of each kind in the order of names."""
    found: dict[Field, Any] = {}
    known = run_tables.names_of(connection)
    for kind in run_tables.KINDS:
        names = wanted.names(kind)
        if names is None or names:
            columns = _columns(connection, kind, numbers, names, known)
            found |= {Field(kind, name): columns[name].array() for name in sorted(columns)}
    return found


def _columns(
    connection: sa.Connection, kind: Kind, numbers: Any, names: list[str] | None, known: Mapping[int, str]
) -> dict[str, _Column]:
    """Return the columns of a kind by name; ``known`` are all names of metrics and parameters."""
    runs = np.sort(numbers).tolist()
    places = {number: place for place, number in enumerate(numbers.tolist())}
    columns: dict[str, _Column] = {}
    if kind is not Kind.TAG:
        plain = np.fromiter(run_tables.numbers(connection, kind, runs, names), [("key", "i8"), ("number", "f8")])
        columns = {known[name]: column for name, column in _spread(plain, numbers)}
    for run, name_or_id, number, text in run_tables.others(connection, kind, runs, names):
        if run in places:
            name = name_or_id if kind is Kind.TAG else known[name_or_id]
            if name not in columns:
                columns[name] = _Column(np.full(len(numbers), np.nan))
            columns[name].others[places[run]] = number, text
    return columns


def _nothing(field: Field, count: int) -> Any:
    return np.full(count, np.nan) if field.kind is Kind.METRIC else pa.nulls(count, pa.large_string())


def _spread(plain: Any, numbers: Any) -> list[tuple[int, _Column]]:
    """Return numbers that are keyed by run and name as columns over the runs, each with the number of its name."""
    runs, codes = plain["key"] >> run_tables.NAME_BITS, plain["key"] & (1 << run_tables.NAME_BITS) - 1
    order = np.argsort(numbers)
    ranks = np.minimum(np.searchsorted(numbers[order], runs), len(numbers) - 1)
    places = order[ranks]
    is_wanted = numbers[places] == runs
    names = np.unique(codes[is_wanted])
    matrix = np.full((len(names), len(numbers)), np.nan)
    matrix[np.searchsorted(names, codes[is_wanted]), places[is_wanted]] = plain["number"][is_wanted]
    return [(int(name), _Column(matrix[rank])) for rank, name in enumerate(names)]
