"""The values of many runs at once, as they are stored: what a table of runs is made of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import sqlalchemy as sa

from hanalife.conditions import Field, Kind
from hanalife.database import search_values, tables

#: What the values of a run are kept as.
KINDS = (Kind.METRIC, Kind.PARAM, Kind.TAG)

_run = tables.run


def rows(kind: Kind, found: sa.Select[Any], names: Collection[str] | None = None) -> sa.Select[Any]:
    """Select ``run_number``, ``name``, ``number``, ``text`` of all values of the found runs, or of those names.

    Of metrics and parameters, ``name`` is the number of the name; :func:`names_of` tells it.
    """
    row = search_values.stored(kind)
    values = search_values.number_of(kind, row).label("number"), row.c.text.label("text")
    # As a query of its own: the found runs are looked through once, in the order of the rows.
    wanted = sa.select(found.subquery().c.number)
    if kind is Kind.TAG:
        query = sa.select(_run.c.number.label("run_number"), row.c.name, *values)
        query = query.join_from(row, _run, row.c.run_id == _run.c.run_id).where(_run.c.number.in_(wanted))
        query = query.order_by(row.c.track_entity_seq.desc())  # of several of one name the first entry's is read last
        return query if names is None else query.where(row.c.name.in_(list(names)))
    query = sa.select(row.c.run_number, row.c.name_id.label("name"), *values).where(row.c.run_number.in_(wanted))
    if names is None:
        return query
    known = sa.select(tables.value_name.c.name_id).where(tables.value_name.c.name.in_(list(names)))
    return query.where(row.c.name_id.in_(known))


def names_of(connection: sa.Connection) -> dict[int, str]:
    """Return the names of metrics and parameters by their numbers."""
    rows = connection.execute(sa.select(tables.value_name.c.name_id, tables.value_name.c.name))
    return {row.name_id: row.name for row in rows}


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
        if names is not None and not names:
            continue
        inner = rows(kind, found, names).order_by(None).subquery()
        is_text = sa.and_(inner.c.number.is_(None), inner.c.text.not_in(search_values.NON_FINITE))
        texts = sa.func.max(sa.case((is_text, 1), else_=0))
        given = names_of(connection) if kind is not Kind.TAG else {}
        kinds = connection.execute(sa.select(inner.c.name, texts).group_by(inner.c.name))
        found_here = {given.get(name, name): sa.String() if has_text else sa.Double() for name, has_text in kinds}
        types |= {Field(kind, name): found_here[name] for name in sorted(found_here)}
    return types


def type_of(field: Field, types: Mapping[Field, sa.types.TypeEngine[Any]]) -> sa.types.TypeEngine[Any]:
    """Return what the column of a field is; a metric that no run has is DOUBLE, another value text."""
    if field.kind is Kind.ATTRIBUTE:
        return search_values.attribute(field.name).type
    return types.get(field, sa.Double() if field.kind is Kind.METRIC else sa.String())
