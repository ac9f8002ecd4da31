"""From the tree of a search to bound SQL over the runs of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from hanalife.conditions import (
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    Field,
    Kind,
    Likeness,
    Membership,
    Negation,
    Operator,
    Order,
    Presence,
    Range,
    Search,
    ValueType,
    fields,
)
from hanalife.conditions import Test as Leaf
from hanalife.database import dialects, search_values, tables
from hanalife.database.search_values import Expression, Test, Values
from hanalife.records import RunStatus

_MOST_JOINS = 32  # SQLite joins at most 64 tables; values of further fields are looked up

_run = tables.run


def numbers(
    search: Search, experiment_ids: Sequence[str] | None, dialect: sa.Dialect, *, all_attempts: bool = False
) -> sa.Select[Any]:
    """Select ``hl_run.number`` of the runs that a search finds, in its order."""
    scope = _Scope(search, dialect)
    query = sa.select(_run.c.number).select_from(scope.source()).where(_run.c.status != RunStatus.DELETED)
    if not all_attempts:
        query = query.where(_run.c.number.not_in(_earlier_attempts()))
    if experiment_ids is not None:
        query = query.where(_run.c.experiment_id.in_(list(experiment_ids)))
    if search.condition is not None:
        query = query.where(_condition(search.condition, scope))
    query = query.order_by(*_order(search.order, scope))
    return query if search.limit is None else query.limit(search.limit)


class _Scope:
    """The values that one search speaks of: those of metrics and parameters are joined to the run once."""

    def __init__(self, search: Search, dialect: sa.Dialect) -> None:
        self.dialect = dialect
        wanted = [field for field in fields(search) if field.kind in (Kind.METRIC, Kind.PARAM)]
        self._joined = {field: replace(search_values.of(field), is_joined=True) for field in wanted[:_MOST_JOINS]}

    def source(self) -> sa.FromClause:
        """Return the runs, each with its row of each joined field or with NULLs."""
        source: sa.FromClause = _run
        for values in self._joined.values():
            source = source.outerjoin(values.table, values.belongs)
        return source

    def values(self, field: Field) -> Values:
        """Return the values of a field that is no attribute."""
        return self._joined.get(field) or search_values.of(field)


def run_ids(connection: sa.Connection, search: Search, experiment_ids: Sequence[str] | None = None) -> list[str]:
    """Return the ids of the runs that a search finds, in its order; of each name the newest attempt."""
    found = numbers(search, experiment_ids, connection.dialect)
    return list(connection.execute(found.with_only_columns(_run.c.run_id)).scalars())


def _earlier_attempts() -> sa.Select[Any]:
    """Select the few runs whose name was used again: quicker than to ask it of every run."""
    later, earlier = _run.alias(), _run.alias()
    same_name = sa.and_(earlier.c.experiment_id == later.c.experiment_id, earlier.c.name == later.c.name)
    query = sa.select(earlier.c.number).join_from(
        later, earlier, sa.and_(same_name, earlier.c.attempt < later.c.attempt)
    )
    return query.where(later.c.attempt > 1)


def columns(found: sa.Select[Any], types: Mapping[Field, sa.types.TypeEngine[Any]]) -> sa.Select[Any]:
    """Return a search with columns, each named as its field is written, in the place of the run's number."""
    return found.with_only_columns(*(_column(field, kind).label(str(field)) for field, kind in types.items()))


def _column(field: Field, kind: sa.types.TypeEngine[Any]) -> Expression:
    if field.kind is Kind.ATTRIBUTE:
        return search_values.attribute(field.name)
    values = search_values.of(field)
    is_number = isinstance(kind, sa.Double)
    return search_values.number_column(values) if is_number else search_values.text_column(values)


# --- conditions -------------------------------------------------------------------------------


def _condition(condition: Condition, scope: _Scope) -> Test:
    """Return a condition that is true or false of every run, never NULL."""
    match condition:
        case Conjunction(parts):
            return sa.and_(*(_condition(part, scope) for part in parts))
        case Disjunction(parts):
            return sa.or_(*(_condition(part, scope) for part in parts))
        case Negation(part):
            return sa.not_(_condition(part, scope))
    return _of_attribute(condition, scope) if condition.field.kind is Kind.ATTRIBUTE else _of_value(condition, scope)


def _of_value(leaf: Leaf, scope: _Scope) -> Test:
    values = scope.values(leaf.field)
    if isinstance(leaf, Presence):
        return values.exists() if leaf.is_present else sa.not_(values.exists())
    positive, is_negated = _positive(leaf)
    test = _test_of_value(positive, values, scope)
    return values.exists(sa.not_(sa.func.coalesce(test, sa.false())) if is_negated else test)


def _test_of_value(leaf: Leaf, values: Values, scope: _Scope) -> Test:
    match leaf:
        case Comparison(_, Operator.EQUAL, wanted):
            return search_values.is_one_of(values, [wanted])
        case Comparison(_, operator, bound):
            return search_values.compares(values, operator, bound, scope.dialect)
        case Membership(_, wanted):
            return search_values.is_one_of(values, wanted)
        case Range(_, low, high):
            return sa.and_(
                search_values.compares(values, Operator.AT_LEAST, low, scope.dialect),
                search_values.compares(values, Operator.AT_MOST, high, scope.dialect),
            )
        case Likeness(_, pattern):
            return search_values.matches(values.text, pattern)
    raise AssertionError(leaf)


def _of_attribute(leaf: Leaf, scope: _Scope) -> Test:
    value = search_values.attribute(leaf.field.name)
    if isinstance(leaf, Presence):
        return value.is_not(None) if leaf.is_present else value.is_(None)
    positive, is_negated = _positive(leaf)
    test = _test_of_attribute(positive, value, scope)
    return sa.and_(value.is_not(None), sa.not_(test) if is_negated else test)


def _test_of_attribute(leaf: Leaf, value: Expression, scope: _Scope) -> Test:
    ordered = dialects.text_order(value, scope.dialect) if leaf.field.type is ValueType.TEXT else value
    match leaf:
        case Comparison(_, Operator.EQUAL, wanted):
            return value == wanted
        case Comparison(_, operator, bound):
            return search_values.ordered(ordered, operator, bound)
        case Membership(_, wanted):
            return value.in_(wanted)
        case Range(_, low, high):
            return sa.and_(
                search_values.ordered(ordered, Operator.AT_LEAST, low),
                search_values.ordered(ordered, Operator.AT_MOST, high),
            )
        case Likeness(_, pattern):
            return search_values.matches(value, pattern)
    raise AssertionError(leaf)


def _positive(leaf: Leaf) -> tuple[Leaf, bool]:
    """Return a condition without its negation, and whether it had one."""
    if isinstance(leaf, Comparison):
        is_negated = leaf.operator is Operator.UNEQUAL
        return Comparison(leaf.field, Operator.EQUAL, leaf.value) if is_negated else leaf, is_negated
    assert not isinstance(leaf, Presence)
    return leaf, leaf.is_negated


# --- order ------------------------------------------------------------------------------------


def _order(keys: Sequence[Order], scope: _Scope) -> list[Expression]:
    directed = [
        (expression.desc() if key.is_descending else expression.asc()).nulls_last()
        for key in keys
        for expression in _sort_keys(key.field, scope)
    ]
    return [*directed, _run.c.created_at.desc(), _run.c.number.desc()]


def _sort_keys(field: Field, scope: _Scope) -> list[Expression]:
    if field.kind is Kind.ATTRIBUTE:
        value = search_values.attribute(field.name)
        return [dialects.text_order(value, scope.dialect)]
    return search_values.sort_keys(scope.values(field), scope.dialect)
