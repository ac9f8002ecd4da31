"""A table of runs in memory: values in the order in which they are stored, turned into columns."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
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
        known, values = _values(connection, numbers, wanted)
    begun, ended = (columns.pop(name) for name in _BEGIN_AND_END)
    columns[str(_DURATION)] = (ended - begun) / np.timedelta64(1, "s")
    columns |= {str(field): array for field, array in values.items()}
    fields = wanted.resolve(known)
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

    def __init__(self, numbers: Any, others: dict[int, tuple[float | None, str | None]] | None = None) -> None:
        self.numbers = numbers
        self.others = {} if others is None else others

    def array(self) -> Any:
        """Return the column: numbers for NumPy if each value is one, else texts for Arrow."""
        known = {place: _number(*other) for place, other in self.others.items()}
        if None not in known.values():
            for place, number in known.items():
                self.numbers[place] = number
            return self.numbers
        texts = np.full(len(self.numbers), None, dtype=object)
        for place in np.flatnonzero(~np.isnan(self.numbers)).tolist():
            texts[place] = text_of_number(float(self.numbers[place]))
        for place, (number, text) in self.others.items():
            texts[place] = text_of_number(number or 0.0) if text is None else text
        return pa.array(texts, pa.large_string())


def _number(number: float | None, text: str | None) -> float | None:
    return search_values.read_number(text) if number is None and text is not None else number


def _values(connection: sa.Connection, numbers: Any, wanted: Columns) -> tuple[list[Field], dict[Field, Any]]:
    """Return the fields of the kinds that are wanted as a whole, and columns by field."""
    fields: list[Field] = []
    found: dict[Field, Any] = {}
    for kind in run_tables.KINDS:
        if kind in wanted.items or wanted.of_kind(kind):
            of_kind = _of_metrics if kind is Kind.METRIC else _of_params if kind is Kind.PARAM else _of_tags
            known, columns = of_kind(connection, numbers, wanted)
            found |= columns
            fields += known if kind in wanted.items else []
    return fields, found


def _of_tags(connection: sa.Connection, numbers: Any, wanted: Columns) -> tuple[list[Field], dict[Field, Any]]:
    names = None if Kind.TAG in wanted.items else [field.name for field in wanted.of_kind(Kind.TAG)]
    columns = {Field(Kind.TAG, name): column for name, column in _columns(connection, Kind.TAG, numbers, names).items()}
    return _by_field(columns)


def _of_params(connection: sa.Connection, numbers: Any, wanted: Columns) -> tuple[list[Field], dict[Field, Any]]:
    names = run_tables.param_names(connection)
    named = {field.name for field in wanted.of_kind(Kind.PARAM)}
    ids = None if Kind.PARAM in wanted.items else [number for number, name in names.items() if name in named]
    columns = _columns(connection, Kind.PARAM, numbers, ids)
    return _by_field({Field(Kind.PARAM, names[number]): column for number, column in columns.items()})


def _by_field(columns: Mapping[Field, _Column]) -> tuple[list[Field], dict[Field, Any]]:
    fields = sorted(columns, key=lambda field: field.name)
    return fields, {field: columns[field].array() for field in fields}


def _of_metrics(connection: sa.Connection, numbers: Any, wanted: Columns) -> tuple[list[Field], dict[Field, Any]]:
    """Return the columns of metrics: run by run the value of the source that counts most as evidence."""
    keys = run_tables.metric_keys(connection)
    named = wanted.of_kind(Kind.METRIC)
    meant = {number for field in named for number in run_tables.metrics_meant(field, keys)}
    columns = _columns(connection, Kind.METRIC, numbers, None if Kind.METRIC in wanted.items else sorted(meant))
    present = {number: keys[number] for number in columns}
    fields = run_tables.metric_fields(present)
    ids = {field: run_tables.metrics_meant(field, present) for field in dict.fromkeys([*fields, *named])}
    return fields, {field: _merged([columns[i] for i in its]).array() for field, its in ids.items() if its}


def _merged(columns: Sequence[_Column]) -> _Column:
    """Return of each run the value of the first column that has one."""
    merged = _Column(columns[0].numbers.copy(), dict(columns[0].others))
    for column in columns[1:]:
        is_vacant = np.isnan(merged.numbers)
        is_vacant[list(merged.others)] = False
        merged.numbers[is_vacant] = column.numbers[is_vacant]
        merged.others |= {place: other for place, other in column.others.items() if is_vacant[place]}
    return merged


def _columns(connection: sa.Connection, kind: Kind, numbers: Any, names: Collection[Any] | None) -> dict[Any, _Column]:
    """Return the columns of a kind by the number of the name; of tags by the name."""
    runs = np.sort(numbers).tolist()
    places = {number: place for place, number in enumerate(numbers.tolist())}
    columns: dict[Any, _Column] = {}
    if names is not None and not names:
        return columns
    if kind is not Kind.TAG:
        plain = np.fromiter(run_tables.numbers(connection, kind, runs, names), [("key", "i8"), ("number", "f8")])
        columns = dict(_spread(plain, numbers))
    for run, name, number, text in run_tables.others(connection, kind, runs, names):
        if run in places:
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
