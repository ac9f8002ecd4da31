"""The values of many runs at once, as they are stored: what a table of runs is made of."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.conditions import Field, Kind
from hanalife.database import search_values, tables

#: What the values of a run are kept as.
KINDS = (Kind.METRIC, Kind.PARAM, Kind.TAG)

#: Number of a run and number of a name in one: ``run * NAMES + name``. Half the work of two columns.
NAMES = 2**31

_NUMBERS_PER_QUERY = 5_000  # databases limit the number of bound parameters
_DENSE = 4  # of that many runs in a row at least one is wanted: then all of them are read

_run = tables.run

Rows = Iterator[tuple[Any, ...]]


def numbers(connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[str] | None) -> Rows:
    """Return ``(run * NAMES + name, number)`` of the metrics or parameters that are plain numbers.

    ``runs`` are in ascending order; values of other runs may come too. ``names`` None is all.
    """
    row: Any = search_values.stored(kind)
    query = sa.select(row.c.run_number * sa.literal(NAMES, sa.BigInteger()) + row.c.name_id, row.c.number)
    query = query.where(_is_plain(kind, row), *_of_names(row.c.name_id, names))
    return _fetched(connection, query, row.c.run_number, runs)


def others(connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[str] | None) -> Rows:
    """Return ``(run, name, number, text)`` of all other values; of tags ``name`` is the name itself.

    A text that reads as a number is left to :func:`hanalife.database.search_values.read_number`.
    """
    row: Any = search_values.stored(kind)
    values = sa.null() if kind is Kind.TAG else row.c.number, row.c.text
    if kind is Kind.TAG:
        query = sa.select(_run.c.number, row.c.name, *values).join_from(row, _run, row.c.run_id == _run.c.run_id)
        query = query.order_by(row.c.track_entity_seq.desc())  # of several of one name the first entry's is read last
        chosen = query if names is None else query.where(row.c.name.in_(list(names)))
        return _fetched(connection, chosen, _run.c.number, runs)
    query = sa.select(row.c.run_number, row.c.name_id, *values)
    query = query.where(sa.not_(_is_plain(kind, row)), *_of_names(row.c.name_id, names))
    return _fetched(connection, query, row.c.run_number, runs)


def _is_plain(kind: Kind, row: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a value is a number and nothing else; never NULL."""
    if kind is Kind.METRIC:
        return row.c.number.is_not(None)  # type: ignore[no-any-return]
    is_truth = sa.func.coalesce(row.c.text, "").in_(["true", "false"])
    return sa.and_(row.c.number.is_not(None), sa.not_(is_truth))


def _of_names(column: sa.ColumnElement[int], names: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    if names is None:
        return []
    known = sa.select(tables.value_name.c.name_id).where(tables.value_name.c.name.in_(list(names)))
    return [column.in_(known)]


def _fetched(connection: sa.Connection, query: sa.Select[Any], run: sa.ColumnElement[int], runs: Sequence[int]) -> Rows:
    if not runs:
        return iter(())
    if len(runs) * _DENSE > runs[-1] - runs[0]:
        conditions = [run.between(runs[0], runs[-1])]
    else:
        conditions = [run.in_(runs[at : at + _NUMBERS_PER_QUERY]) for at in range(0, len(runs), _NUMBERS_PER_QUERY)]
    # The driver's own rows, without a step of ours for each: there may be a million.
    return itertools.chain.from_iterable(_cursor(connection, query.where(here)) for here in conditions)


def _cursor(connection: sa.Connection, query: sa.Select[Any]) -> Any:
    return connection.execute(query).cursor


def names_of(connection: sa.Connection) -> dict[int, str]:
    """Return the names of metrics and parameters by their numbers."""
    rows = connection.execute(sa.select(tables.value_name.c.name_id, tables.value_name.c.name))
    return {row.name_id: row.name for row in rows}


# --- types of columns -------------------------------------------------------------------------


def value_types(
    connection: sa.Connection, found: sa.Select[Any], names_of_kind: Callable[[Kind], Collection[str] | None]
) -> dict[Field, sa.types.TypeEngine[Any]]:
    """Return the fields that the found runs have values of, by kind and name, and what their columns are.

    ``names_of_kind`` gives the names that are wanted of a kind; None is all. A column is DOUBLE if
    each of its values is a number, else text.
    """
    types: dict[Field, sa.types.TypeEngine[Any]] = {}
    for kind in KINDS:
        names = names_of_kind(kind)
        if names is None or names:
            types |= _types_of_kind(connection, found, kind, names)
    return types


def _types_of_kind(
    connection: sa.Connection, found: sa.Select[Any], kind: Kind, names: Collection[str] | None
) -> dict[Field, sa.types.TypeEngine[Any]]:
    row: Any = search_values.stored(kind)
    is_text = sa.and_(search_values.number_of(kind, row).is_(None), row.c.text.not_in(search_values.NON_FINITE))
    has_text = sa.func.max(sa.case((is_text, 1), else_=0))
    name = row.c.name if kind is Kind.TAG else tables.value_name.c.name
    query = sa.select(name, has_text).select_from(row).group_by(name)
    if kind is Kind.TAG:
        query = query.join(_run, row.c.run_id == _run.c.run_id)
    else:
        query = query.join(_run, row.c.run_number == _run.c.number)
        query = query.join(tables.value_name, row.c.name_id == tables.value_name.c.name_id)
    query = query.where(_run.c.number.in_(sa.select(found.subquery().c.number)))
    if names is not None:
        query = query.where(name.in_(list(names)))
    kinds = {name: sa.String() if is_text else sa.Double() for name, is_text in connection.execute(query)}
    return {Field(kind, name): kinds[name] for name in sorted(kinds)}


def type_of(field: Field, types: Mapping[Field, sa.types.TypeEngine[Any]]) -> sa.types.TypeEngine[Any]:
    """Return what the column of a field is; a metric that no run has is DOUBLE, another value text."""
    if field.kind is Kind.ATTRIBUTE:
        return search_values.attribute(field.name).type
    return types.get(field, sa.Double() if field.kind is Kind.METRIC else sa.String())
