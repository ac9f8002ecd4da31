"""The values of many runs at once, as they are stored: what a table of runs is made of."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife.conditions import Field, Kind
from hanalife.database import functions, search_values, tables

#: What the values of a run are kept as.
KINDS = (Kind.METRIC, Kind.PARAM, Kind.TAG)

#: Number of a run and number of a name in one: ``run * 2**NAME_BITS + name``. Half the work of two columns.
NAME_BITS = 31

_DENSE = 4  # of that many runs in a row at least one is wanted: then all of them are read

_run = tables.run
_metric = tables.run_metric
_param = tables.run_param
_tag = tables.run_tag
_name = tables.value_name

Rows = Iterator[tuple[Any, ...]]


def numbers(connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[str] | None) -> Rows:
    """Return ``(run * 2**NAME_BITS + name, number)`` of the metrics or parameters that are plain numbers.

    ``runs`` are in ascending order; values of other runs may come too. ``names`` None is all.
    """
    return _fetched(connection, kind, runs, names, are_plain=True)


def others(connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[str] | None) -> Rows:
    """Return ``(run, name, number, text)`` of all other values; of tags ``name`` is the name itself.

    A text that reads as a number is left to :func:`hanalife.database.search_values.read_number`.
    """
    return _fetched(connection, kind, runs, names, are_plain=False)


def _fetched(
    connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[str] | None, *, are_plain: bool
) -> Rows:
    if not runs:
        return iter(())
    is_dense = len(runs) * _DENSE > runs[-1] - runs[0]
    query = _query(kind, are_plain=are_plain, is_dense=is_dense, is_named=names is not None)
    given: dict[str, Any] = {"first": runs[0], "last": runs[-1]} if is_dense else {"runs": json.dumps(runs)}
    if names is not None:
        given["names"] = list(names)
    # The driver's own rows, without a step of ours for each: there may be a million.
    cursor: Any = connection.execute(query, given).cursor
    return iter(cursor)


@functools.cache  # making a statement costs as much as reading the values of a hundred runs
def _query(kind: Kind, *, are_plain: bool, is_dense: bool, is_named: bool) -> sa.Select[Any]:
    query = _numbers(kind) if are_plain else _others(kind)
    if is_named:
        wanted: sa.BindParameter[Any] = sa.bindparam("names", expanding=True)
        known = sa.select(_name.c.name_id).where(_name.c.name.in_(wanted))
        query = query.where(_tag.c.name.in_(wanted) if kind is Kind.TAG else _table(kind).c.name_id.in_(known))
    run = _run.c.number if kind is Kind.TAG else _table(kind).c.run_number
    if is_dense:
        return query.where(run.between(sa.bindparam("first"), sa.bindparam("last")))
    return query.where(functions.Predicate("one_of", sa.Boolean(), run, sa.bindparam("runs", type_=sa.String())))


def _table(kind: Kind) -> sa.Table:
    return _metric if kind is Kind.METRIC else _param


def _numbers(kind: Kind) -> sa.Select[Any]:
    row, number = (_metric, _metric.c.value) if kind is Kind.METRIC else (_param, _param.c.number)
    key = row.c.run_number * sa.literal(2**NAME_BITS, sa.BigInteger()) + row.c.name_id
    return sa.select(key, number).where(_is_plain(kind))


def _others(kind: Kind) -> sa.Select[Any]:
    if kind is Kind.TAG:
        query = sa.select(_run.c.number, _tag.c.name, sa.null(), _tag.c.value).join_from(_tag, _run)
        return query.order_by(_tag.c.track_entity_seq.desc())  # of several of one name the first entry's is read last
    if kind is Kind.METRIC:
        return sa.select(_metric.c.run_number, _metric.c.name_id, sa.null(), _metric.c.text).where(~_is_plain(kind))
    text = search_values.text_of_json(_param.c.text, _param.c.number)
    query = sa.select(_param.c.run_number, _param.c.name_id, _param.c.number, text)
    return query.where(~_is_plain(kind), _param.c.text.is_distinct_from("null"))


def _is_plain(kind: Kind) -> sa.ColumnElement[bool]:
    """Return the condition that a value is a number and nothing else; never NULL."""
    if kind is Kind.METRIC:
        return _metric.c.value.is_not(None)
    is_no_truth = sa.or_(_param.c.text.is_(None), _param.c.text.not_in(["true", "false"]))
    return sa.and_(_param.c.number.is_not(None), is_no_truth)


def names_of(connection: sa.Connection) -> dict[int, str]:
    """Return the names of metrics and parameters by their numbers."""
    rows = connection.execute(sa.select(_name.c.name_id, _name.c.name))
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
    name = row.c.name if kind is Kind.TAG else _name.c.name
    query = sa.select(name, has_text).select_from(row).group_by(name)
    if kind is Kind.TAG:
        query = query.join(_run, row.c.run_id == _run.c.run_id)
    else:
        query = query.join(_run, row.c.run_number == _run.c.number)
        query = query.join(_name, row.c.name_id == _name.c.name_id)
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
