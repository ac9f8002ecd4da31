"""The values of a run as SQL sees them: one field of a search at a time.

A value is a number, a text, or a text that reads as a number and is both. Wherever it is
stored, it is given as two expressions, ``number`` (finite, or NULL) and ``text`` (or NULL);
what is not finite is one of the texts ``nan``, ``inf`` and ``-inf``. What the conditions mean is
said in :mod:`hanalife.tracking.grammar`.
"""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife import evidence
from hanalife.conditions import Field, Kind, Operator, Value
from hanalife.database import dialects, functions, tables
from hanalife.database.types import UtcDateTime

#: How a text has to look to be a number too; shorter than what overflows in any database.
NUMERIC = r"^[+-]?([0-9]{1,100}([.][0-9]{0,100})?|[.][0-9]{1,100})([eE][+-]?[0-9]{1,2})?$"

#: The texts of numbers that are not finite.
NON_FINITE = ("nan", "inf", "-inf")
_TRUTHS = {True: ("true", "True"), False: ("false", "False")}
_NUMBER: sa.Double[float] = sa.Double()
_TEXT = sa.String()
_metric_name = tables.metric_name

Expression = sa.ColumnElement[Any]
Test = sa.ColumnElement[bool]

# They compare numbers in Python and expressions in SQL.
_ORDERED: dict[Operator, Callable[[Any, Any], Any]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Values:
    """The values of one field: at most one row of ``table`` for each run."""

    table: Any
    belongs: Test  #: that a row is the run's, of the field's name, and not missing
    number: Expression
    text: Expression
    is_joined: bool = False  #: to the run: then the row is looked up once for all that asks for it

    def scalar(self, value: Expression) -> Expression:
        """Return an expression over the row as one over the run; NULL if there is no row."""
        if self.is_joined:
            return value
        query = sa.select(value).select_from(self.table).where(self.belongs)
        return query.correlate(tables.run).scalar_subquery()

    def exists(self, test: Test | None = None) -> Test:
        """Return the condition that a row is there and meets a test; never NULL."""
        if self.is_joined:
            is_there: Test = self.table.c.run_number.is_not(None)
            return is_there if test is None else sa.and_(is_there, sa.func.coalesce(test, sa.false()))
        query: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(self.table).where(self.belongs)
        return (query if test is None else query.where(test)).correlate(tables.run).exists()


def of(field: Field) -> Values:
    """Return the values of a metric, a parameter or a tag."""
    if field.kind is Kind.TAG:
        return _tag(field.name)
    return _metric(field) if field.kind is Kind.METRIC else _param(field.name)


def stored(kind: Kind) -> sa.FromClause:
    """Return all values of a kind: ``number`` and ``text``, by run and name; none is missing."""
    if kind is Kind.TAG:
        row = tables.run_tag
        return sa.select(row.c.run_id, row.c.track_entity_seq, row.c.name, row.c.value.label("text")).subquery()
    if kind is Kind.METRIC:
        metric = tables.run_metric
        return sa.select(
            metric.c.run_number, metric.c.name_id, metric.c.value.label("number"), metric.c.text
        ).subquery()
    row = tables.run_param
    text = text_of_json(row.c.text, row.c.number).label("text")
    given = sa.select(row.c.run_number, row.c.name_id, row.c.number, text)
    return given.where(row.c.text.is_distinct_from("null")).subquery()


def number_of(kind: Kind, row: Any) -> Expression:
    """Return the number of a row of :func:`stored`."""
    if kind is Kind.METRIC:
        return row.c.number  # type: ignore[no-any-return]
    return _number_of_text(row.c.text) if kind is Kind.TAG else _number_of_param(row.c.number, row.c.text)


def _number_of_param(number: Expression, text: Expression) -> Expression:
    return sa.case((number.is_not(None), number), else_=_number_of_text(text))


def _number_of_text(text: Expression) -> Expression:
    reads = functions.Predicate("matches", sa.Boolean(), text, sa.literal(NUMERIC, _TEXT))
    return sa.case((reads, functions.Call("double_of_text", _NUMBER, text)), else_=sa.null())


# Rows as they are stored: SQLite reads them several times as fast as through a query of its own.


def _metric(field: Field) -> Values:
    """Return the values of a metric: of several of a run, that of the source that counts most as evidence."""
    row, other = tables.run_metric.alias(), tables.run_metric.alias()
    names = sa.select(_metric_name.c.name_id).where(is_metric(field)).order_by(_metric_name.c.rank).limit(1)
    is_of_run = sa.and_(other.c.run_number == tables.run.c.number, other.c.name_id == _metric_name.c.name_id)
    of_run = names.join_from(_metric_name, other, is_of_run).correlate(tables.run).scalar_subquery()
    # Where the store has one name only, which is most of the time, nothing is asked run by run.
    how_many = sa.select(sa.func.count()).select_from(_metric_name).where(is_metric(field)).scalar_subquery()
    name_id = sa.case((how_many == 1, names.scalar_subquery()), else_=of_run)
    return Values(row, _belongs(row, name_id), row.c.value, row.c.text)


def is_metric(field: Field) -> Test:
    """Return the condition that a name in the store is meant by a field."""
    column = _metric_name.c.name if evidence.is_stored_name(field.name) else _metric_name.c.metric
    test: Test = column == field.name
    return test if field.source is None else sa.and_(test, _metric_name.c.source == str(field.source))


def _param(name: str) -> Values:
    row, names = tables.run_param.alias(), tables.value_name
    text = text_of_json(row.c.text, row.c.number)
    name_id = sa.select(names.c.name_id).where(names.c.name == name).scalar_subquery()
    belongs = sa.and_(_belongs(row, name_id), row.c.text.is_distinct_from("null"))
    return Values(row, belongs, _number_of_param(row.c.number, text), text)


def _belongs(row: Any, name_id: Expression) -> Test:
    return sa.and_(row.c.run_number == tables.run.c.number, row.c.name_id == name_id)


def _tag(name: str) -> Values:
    row, other = stored(Kind.TAG), tables.run_tag.alias()
    same = sa.and_(other.c.run_id == tables.run.c.run_id, other.c.name == name)
    first = sa.select(sa.func.min(other.c.track_entity_seq)).where(same).correlate(tables.run).scalar_subquery()
    belongs = sa.and_(row.c.run_id == tables.run.c.run_id, row.c.name == name, row.c.track_entity_seq == first)
    return Values(row, belongs, _number_of_text(row.c.text), row.c.text)


def text_of_json(text: Expression, number: Expression) -> Expression:
    """Return the text of a parameter: of a JSON text what it says, of a number none, of others the JSON."""
    endless = [(text == word, sa.literal(str(float(word)), _TEXT)) for word in ("NaN", "Infinity", "-Infinity")]
    inner = sa.func.substr(text, 2, sa.func.length(text) - 2, type_=_TEXT)
    is_plain = sa.or_(~text.contains("\\", autoescape=True), text.contains("\\u", autoescape=True))
    decoded = sa.case((is_plain, inner), else_=functions.Call("text_of_json", _TEXT, text))
    is_truth = text.in_(["true", "false"])
    is_text = sa.func.substr(text, 1, 1) == '"'
    return sa.case((is_text, decoded), *endless, (sa.or_(number.is_(None), is_truth), text), else_=sa.null())


# --- tests ------------------------------------------------------------------------------------


def is_one_of(values: Values, wanted: Iterable[Value]) -> Test:
    """Return the test that a value is one of those wanted; NULL counts as false."""
    texts: set[str] = set()
    numbers: set[float] = set()
    for value in wanted:
        if isinstance(value, bool):
            texts.update(_TRUTHS[value])
            continue
        number = read_number(value) if isinstance(value, str) else value
        if isinstance(value, str):
            texts.add(value)
        if isinstance(number, float):
            texts.add(str(number)) if not math.isfinite(number) else numbers.add(number)
    parts: list[Test] = [values.text.in_(sorted(texts))] if texts else []
    if numbers:
        parts.append(values.number.in_([sa.literal(number, _NUMBER) for number in sorted(numbers)]))
    return sa.or_(*parts)


def compares(values: Values, sign: Operator, bound: Value, dialect: sa.Dialect) -> Test:
    """Return the test that a value is less, or greater, than a bound of its own kind; NULL counts as false."""
    assert not isinstance(bound, datetime), "only attributes are moments"
    if isinstance(bound, str):
        return ordered(dialects.text_order(values.text, dialect), sign, bound)
    test = ordered(values.number, sign, sa.literal(bound, _NUMBER))
    endless = [word for word in NON_FINITE if _ORDERED[sign](float(word), bound)]
    return sa.or_(test, values.text.in_(endless)) if endless else test


def ordered(value: Expression, sign: Operator, bound: Any) -> Test:
    """Return the test that a value is less, or greater, than a bound."""
    test: Test = _ORDERED[sign](value, bound)
    return test


def matches(text: Expression, pattern: str) -> Test:
    """Return the test that a text is like a pattern, with regard to case; NULL counts as false."""
    literals = sa.literal(pattern, _TEXT), sa.literal(functions.glob_pattern(pattern), _TEXT)
    return functions.Predicate("like", sa.Boolean(), text, *literals)


@functools.lru_cache(maxsize=4096)  # the same few texts occur in many runs
def read_number(text: str) -> float | None:
    """Return the number that a text reads as, or None.

    >>> read_number("1e-3"), read_number("-inf"), read_number("1_000"), read_number("")
    (0.001, -inf, None, None)
    """
    return float(text) if text in NON_FINITE or re.search(NUMERIC, text) else None


# --- keys of order and columns ----------------------------------------------------------------


def sort_keys(values: Values, dialect: sa.Dialect) -> list[Expression]:
    """Return what orders runs by a field: its numbers, then its texts; NULL where there is neither."""
    endless = [(values.text == word, sa.literal(float(word), _NUMBER)) for word in ("inf", "-inf")]
    number = sa.case((values.number.is_not(None), values.number), *endless, else_=sa.null())
    is_number = sa.or_(values.number.is_not(None), values.text.in_(NON_FINITE))
    text = sa.case((is_number, sa.null()), else_=values.text)
    return [values.scalar(number), dialects.text_order(sa.type_coerce(values.scalar(text), _TEXT), dialect)]


def number_column(values: Values) -> Expression:
    """Return the numbers of a field as a column; infinities are numbers, NaN is NULL."""
    endless = [(values.text == word, sa.literal(float(word), _NUMBER)) for word in ("inf", "-inf")]
    number = sa.case((values.number.is_not(None), values.number), *endless, else_=sa.null())
    return sa.type_coerce(values.scalar(number), _NUMBER)


def text_column(values: Values) -> Expression:
    """Return the values of a field as a column of texts; a number is written out."""
    written = functions.Call("text_of_double", _TEXT, values.number)
    return sa.type_coerce(values.scalar(sa.func.coalesce(values.text, written)), _TEXT)


# --- attributes -------------------------------------------------------------------------------

_run = tables.run


def attribute(name: str) -> Expression:
    """Return an attribute of a run; NULL where it is missing."""
    return _ATTRIBUTES[name]


def _dataset_hash() -> Expression:
    record = tables.record
    content = sa.select(functions.Call("json_member", _TEXT, record.c.content, sa.literal("CONTENT_HASH", _TEXT)))
    return content.where(record.c.record_id == _run.c.dataset_id).correlate(_run).scalar_subquery()


def _unless_empty(column: Expression) -> Expression:
    return sa.func.nullif(column, "", type_=_TEXT)


def _moment(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    return sa.type_coerce(column, UtcDateTime())


_ATTRIBUTES: dict[str, Expression] = {
    "run_id": _run.c.run_id,
    "experiment": _run.c.experiment_id,
    "name": _run.c.name,
    "attempt": sa.type_coerce(_run.c.attempt, sa.Integer()),
    "status": _run.c.status,
    "owner": _run.c.owner,
    "host": _run.c.host,
    "created": _moment(_run.c.created_at),
    "ended": _moment(_run.c.ended_at),
    "duration": functions.Call("exact_seconds", _NUMBER, _run.c.created_at, _run.c.ended_at),
    "procedure": _unless_empty(_run.c.procedure),
    "description": _unless_empty(_run.c.description),
    "dataset": _unless_empty(_run.c.dataset_name),
    "dataset_source": _unless_empty(_run.c.dataset_source),
    "dataset_hash": _dataset_hash(),
}
