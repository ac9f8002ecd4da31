"""The values of many runs at once, as they are stored: what a table of runs is made of."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hanalife import evidence
from hanalife.conditions import Columns, Field, Kind
from hanalife.database import functions, search_values, tables
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource

#: What the values of a run are kept as.
KINDS = (Kind.METRIC, Kind.PARAM, Kind.TAG)

#: Number of a run and number of a name in one: ``run * 2**NAME_BITS + name``. Half the work of two columns.
NAME_BITS = 31

_DENSE = 4  # of that many runs in a row at least one is wanted: then all of them are read

_run = tables.run
_metric = tables.run_metric
_param = tables.run_param
_tag = tables.run_tag
_param_name = tables.value_name
_metric_name = tables.metric_name

Rows = Iterator[tuple[Any, ...]]


def numbers(connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[int] | None) -> Rows:
    """Return ``(run * 2**NAME_BITS + name, number)`` of the metrics or parameters that are plain numbers.

    ``runs`` are in ascending order; values of other runs may come too. ``names`` None is all; else
    they are numbers of names.
    """
    return _fetched(connection, kind, runs, names, are_plain=True)


def others(
    connection: sa.Connection, kind: Kind, runs: Sequence[int], names: Collection[int] | Collection[str] | None
) -> Rows:
    """Return ``(run, name, number, text)`` of all other values; of tags ``name`` is the name itself.

    A text that reads as a number is left to :func:`hanalife.database.search_values.read_number`.
    """
    return _fetched(connection, kind, runs, names, are_plain=False)


def _fetched(
    connection: sa.Connection,
    kind: Kind,
    runs: Sequence[int],
    names: Collection[int] | Collection[str] | None,
    *,
    are_plain: bool,
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
        query = query.where((_tag.c.name if kind is Kind.TAG else _table(kind).c.name_id).in_(wanted))
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


# --- names and fields -------------------------------------------------------------------------


def param_names(connection: sa.Connection) -> dict[int, str]:
    """Return the names of parameters by their numbers."""
    rows = connection.execute(sa.select(_param_name.c.name_id, _param_name.c.name))
    return {row.name_id: row.name for row in rows}


def metric_keys(connection: sa.Connection) -> dict[int, MetricKey]:
    """Return the names and sources of metrics by their numbers."""
    rows = connection.execute(sa.select(_metric_name.c.name_id, _metric_name.c.name, _metric_name.c.source))
    return {row.name_id: MetricKey(row.name, MetricSource(row.source)) for row in rows}


def metrics_meant(field: Field, keys: Mapping[int, MetricKey]) -> list[int]:
    """Return the numbers of the names that a field means; the value of the first that a run has counts."""
    meant = [number for number, key in keys.items() if evidence.is_meant(key, field.name, field.source)]
    return sorted(meant, key=lambda number: keys[number].rank)


def metric_fields(keys: Mapping[int, MetricKey]) -> list[Field]:
    """Return one field for each base name and source, in that order; what was logged by hand has no source."""
    fields = []
    for key in evidence.by_metric(dict.fromkeys(keys.values())):
        plain = Field(Kind.METRIC, key.name)
        sources = {keys[number].source for number in metrics_meant(plain, keys)}
        fields.append(plain if sources == {MetricSource.USER} else Field(Kind.METRIC, key.name, key.source))
    return fields


# --- types of columns -------------------------------------------------------------------------

Types = Mapping[Field, sa.types.TypeEngine[Any]]


def value_types(connection: sa.Connection, found: sa.Select[Any], wanted: Columns) -> tuple[list[Field], Types]:
    """Return the fields that the found runs have values of, and what columns are.

    The fields are those of the kinds that are wanted as a whole, by kind and name. A column is DOUBLE if
    each of its values is a number, else text.
    """
    fields: list[Field] = []
    types: dict[Field, sa.types.TypeEngine[Any]] = {}
    for kind in KINDS:
        if kind in wanted.items or wanted.of_kind(kind):
            of_kind = _types_of_metrics if kind is Kind.METRIC else _types_of_kind
            known, its_types = of_kind(connection, found, kind, wanted)
            types |= its_types
            fields += known if kind in wanted.items else []
    return fields, types


def _types_of_kind(
    connection: sa.Connection, found: sa.Select[Any], kind: Kind, wanted: Columns
) -> tuple[list[Field], Types]:
    row: Any = search_values.stored(kind)
    name = row.c.name if kind is Kind.TAG else _param_name.c.name
    query = _texts(row, kind, name, found)
    if kind is not Kind.TAG:
        query = query.join(_param_name, row.c.name_id == _param_name.c.name_id)
    if kind not in wanted.items:
        query = query.where(name.in_([field.name for field in wanted.of_kind(kind)]))
    types = {Field(kind, name): _type(is_text) for name, is_text in sorted(connection.execute(query), key=_first)}
    return list(types), types


def _types_of_metrics(
    connection: sa.Connection, found: sa.Select[Any], kind: Kind, wanted: Columns
) -> tuple[list[Field], Types]:
    row: Any = search_values.stored(kind)
    texts = {number: bool(text) for number, text in connection.execute(_texts(row, kind, row.c.name_id, found))}
    keys = {number: key for number, key in metric_keys(connection).items() if number in texts}
    fields = metric_fields(keys)
    types = {}
    for field in dict.fromkeys([*fields, *wanted.of_kind(kind)]):
        are_texts = {texts[number] for number in metrics_meant(field, keys)}
        if len(are_texts) > 1:  # it depends on which values count
            are_texts = {_has_text(connection, found, field)}
        if are_texts:
            types[field] = _type(are_texts.pop())
    return fields, types


def _texts(row: Any, kind: Kind, name: Any, found: sa.Select[Any]) -> sa.Select[Any]:
    """Select of each name whether the found runs have a value that is no number."""
    query = sa.select(name, sa.func.max(sa.case((_is_text(kind, row), 1), else_=0))).select_from(row).group_by(name)
    is_its = row.c.run_id == _run.c.run_id if kind is Kind.TAG else row.c.run_number == _run.c.number
    return query.join(_run, is_its).where(_run.c.number.in_(sa.select(found.subquery().c.number)))


def _is_text(kind: Kind, row: Any) -> sa.ColumnElement[bool]:
    is_no_number = search_values.number_of(kind, row).is_(None)
    return sa.and_(is_no_number, row.c.text.not_in(search_values.NON_FINITE))


def _has_text(connection: sa.Connection, found: sa.Select[Any], field: Field) -> bool:
    values = search_values.of(field)
    is_text = sa.and_(values.number.is_(None), values.text.not_in(search_values.NON_FINITE))
    query = sa.select(sa.literal(1)).select_from(_run).where(values.exists(is_text))
    query = query.where(_run.c.number.in_(sa.select(found.subquery().c.number)))
    return connection.execute(query.limit(1)).first() is not None


def _type(is_text: object) -> sa.types.TypeEngine[Any]:
    return sa.String() if is_text else sa.Double()


def _first(row: Any) -> Any:
    return row[0]


def type_of(field: Field, types: Types) -> sa.types.TypeEngine[Any]:
    """Return what the column of a field is; a metric that no run has is DOUBLE, another value text."""
    if field.kind is Kind.ATTRIBUTE:
        return search_values.attribute(field.name).type
    return types.get(field, sa.Double() if field.kind is Kind.METRIC else sa.String())
