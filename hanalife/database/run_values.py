"""Statements on the values of runs: parameters, latest metrics, and the history of metrics.

Writers hold the run's row (:func:`hanalife.database.runs.append`) and give its number; readers
give run ids.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from hanalife.database import dialects, outlines, tables
from hanalife.database.direct import Direct
from hanalife.database.types import json_text
from hanalife.observation import Json
from hanalife.records import MetricPoint

#: A series with more points than this has an outline, which is what a chart reads.
LONG_SERIES = 2 * outlines.MOST_STRETCHES

_VALUES_PER_QUERY = 5_000  # databases limit the number of bound parameters
_NON_FINITE = ("nan", "inf", "-inf")  # SQLite would store NaN as NULL

_run = tables.run
_name = tables.value_name
_param = tables.run_param
_metric = tables.run_metric
_point = tables.run_point
_outline = tables.run_outline


class NewPoint(NamedTuple):  # not a dataclass: a run may log a million
    """A value of a metric that is going to be written."""

    name: str
    step: int | None  #: None: one more than the highest of the series
    value: float | str
    offset_ms: int  #: after the run's ``created_at``


# --- reading ----------------------------------------------------------------------------------


def params(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, dict[str, Json]]:
    """Return the parameters of runs: ``{run_id: {name: value}}``, names in order."""
    found: dict[str, dict[str, Json]] = {run_id: {} for run_id in run_ids}
    for run_id, name, number, text in _values_of(connection, _param.c.number, list(found)):
        found[run_id][name] = number if text is None else json.loads(text)
    return found


def metrics(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, dict[str, float | str]]:
    """Return the latest metrics of runs: ``{run_id: {name: value}}``, names in order.

    A value is a number, which may be NaN or infinite, or a text such as a list per fold. A run
    without metrics, or unknown, has an empty entry.
    """
    found: dict[str, dict[str, float | str]] = {run_id: {} for run_id in run_ids}
    for run_id, name, value, text in _values_of(connection, _metric.c.value, list(found)):
        found[run_id][name] = _value(value, text)
    return found


def points(connection: sa.Connection, run_id: str, name: str, after: int | None = None) -> list[MetricPoint]:
    """Return the history of a metric by step; only later steps than ``after``, if it is given."""
    latest = _one_metric(connection, run_id, name)
    if latest is None:
        return []
    if latest.points == 1:
        rows: Iterable[Any] = [latest] if after is None or latest.step > after else []
    else:
        here = sa.and_(_point.c.run_number == latest.run_number, _point.c.name_id == latest.name_id)
        query = sa.select(_point).where(here).order_by(_point.c.step)
        rows = connection.execute(query if after is None else query.where(_point.c.step > after))
    return [
        MetricPoint(row.step, _value(row.value, row.text), latest.created_at + timedelta(milliseconds=row.offset_ms))
        for row in rows
    ]


def series(
    connection: sa.Connection, run_ids: Sequence[str], names: Sequence[str] | None = None
) -> dict[str, dict[str, list[outlines.Point]]]:
    """Return the series of runs for a chart: ``{run_id: {name: [(step, value), ...]}}`` by step.

    Of a series with more than 256 points a few hundred come back, the extremes among them.
    Values that are not finite are left out, and so are metrics with one point only.
    """
    found: dict[str, dict[str, list[outlines.Point]]] = {run_id: {} for run_id in run_ids}
    for ids in _chunks(list(found)):
        heads = connection.execute(_heads(ids, names)).all()
        known = {(head.number, head.name_id): head for head in heads}
        runs, kinds = sorted({head.number for head in heads}), sorted({head.name_id for head in heads})
        here = sa.and_(_outline.c.run_number.in_(runs), _outline.c.name_id.in_(kinds))
        for row in connection.execute(sa.select(_outline).where(here)):
            head = known.pop((row.run_number, row.name_id), None)
            if head is not None:
                found[head.run_id][head.name] = _with_end(outlines.from_bytes(row.data).points(), head)
        _add_short(connection, known, found)
    return found


def _heads(run_ids: Sequence[str], names: Sequence[str] | None) -> sa.Select[Any]:
    columns = _run.c.run_id, _run.c.number, _name.c.name, _name.c.name_id, _metric.c.step, _metric.c.value
    query = sa.select(*columns).join_from(_metric, _run).join(_name).order_by(_run.c.number, _name.c.name)
    query = query.where(_run.c.run_id.in_(run_ids), _metric.c.points > 1)
    return query if names is None else query.where(_name.c.name.in_(list(names)))


def _with_end(found: list[outlines.Point], head: Any) -> list[outlines.Point]:
    """Add the last point, so that a chart ends where the series does."""
    return found if head.value is None or found[-1][0] == head.step else [*found, (head.step, head.value)]


def _add_short(
    connection: sa.Connection,
    heads: Mapping[tuple[int, int], Any],
    found: Mapping[str, dict[str, list[outlines.Point]]],
) -> None:
    """Add the series that have no outline, point by point."""
    if not heads:
        return
    runs, names = {key[0] for key in heads}, {key[1] for key in heads}
    here = sa.and_(_point.c.run_number.in_(runs), _point.c.name_id.in_(names), _point.c.value.is_not(None))
    columns = _point.c.run_number, _point.c.name_id, _point.c.step, _point.c.value
    query = sa.select(*columns).where(here).order_by(_point.c.run_number, _point.c.name_id, _point.c.step)
    for row in connection.execute(query):
        head = heads.get((row.run_number, row.name_id))
        if head is not None:
            found[head.run_id].setdefault(head.name, []).append((row.step, row.value))


def _values_of(
    connection: sa.Connection, column: sa.Column[Any], run_ids: Sequence[str]
) -> Iterator[tuple[str, str, float | None, str | None]]:
    """Yield run, name, number and text of what runs have in the table of a column of numbers, names in order."""
    table = column.table
    for ids in _chunks(run_ids):  # numbers only: of a long list the texts would be most of what is read
        heads = connection.execute(sa.select(_run.c.number, _run.c.run_id).where(_run.c.run_id.in_(ids)))
        runs = {head.number: head.run_id for head in heads}
        columns = table.c.run_number, table.c.name_id, column, table.c.text
        rows = connection.execute(sa.select(*columns).where(table.c.run_number.in_(list(runs)))).all()
        names = _names_in_order(connection, {row[1] for row in rows})
        places = {name_id: place for place, name_id in enumerate(names)}
        for number, name_id, value, text in sorted(rows, key=lambda row: places[row[1]]):
            yield runs[number], names[name_id], value, text


def _names_in_order(connection: sa.Connection, name_ids: Iterable[int]) -> dict[int, str]:
    """Return names by their ids, in the order of the names."""
    found: list[Any] = []
    for ids in _chunks(sorted(name_ids)):
        found += connection.execute(sa.select(_name.c.name_id, _name.c.name).where(_name.c.name_id.in_(ids)))
    return dict(sorted(found, key=itemgetter(1)))


def _one_metric(connection: sa.Connection, run_id: str, name: str) -> Any:
    query = sa.select(_metric, _run.c.created_at).join_from(_metric, _run).join(_name)
    return connection.execute(query.where(_run.c.run_id == run_id, _name.c.name == name)).first()


def _value(value: float | None, text: str | None) -> float | str:
    if value is not None:
        return value
    assert text is not None
    return float(text) if text in _NON_FINITE else text


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _VALUES_PER_QUERY):
        yield values[start : start + _VALUES_PER_QUERY]


# --- writing ----------------------------------------------------------------------------------


def write(connection: sa.Connection, number: int, params: Mapping[str, Json], new: Sequence[NewPoint]) -> None:
    """Set parameters of a run and add points to its series; what has other names stays.

    Parameters are plain JSON or floats of any kind. A point of the same step is replaced.
    """
    known = _known(connection, number, dict.fromkeys((*params, *(point.name for point in new))))
    _set_params(connection, number, params, known)
    _add_points(connection, number, new, known)


def _set_params(
    connection: sa.Connection, number: int, values: Mapping[str, Json], known: Mapping[str, _Known]
) -> None:
    rows = [
        {"run_number": number, "name_id": known[name].name_id, **_param_value(value)} for name, value in values.items()
    ]
    dialects.upsert_many(connection, _param, sorted(rows, key=_by_name))


def _add_points(connection: sa.Connection, number: int, new: Sequence[NewPoint], known: Mapping[str, _Known]) -> None:
    by_name: dict[str, list[NewPoint]] = {}
    for point in new:
        by_name.setdefault(point.name, []).append(point)
    heads, rows, grown = [], [], []
    for name, its_points in by_name.items():
        name_id, head = known[name]
        added = _by_step(its_points, -1 if head is None else head["step"])
        key = {"run_number": number, "name_id": name_id}
        if head is None and len(added) == 1:
            heads.append(key | added[0] | {"points": 1})
        elif head is not None and head["points"] == 1 and [row["step"] for row in added] == [head["step"]]:
            heads.append(head | added[0])
        else:
            grown.append((key, head, added))
            rows += [key | row for row in (*_first(head, added), *added)]
    dialects.upsert_many(connection, _point, rows)
    heads += [_grow(connection, *each) for each in grown]
    dialects.upsert_many(connection, _metric, sorted(heads, key=_by_name))


def forget(connection: sa.Connection, run_ids: Iterable[str]) -> None:
    """Delete all values of runs."""
    numbers = sa.select(_run.c.number).where(_run.c.run_id.in_(list(run_ids)))
    for table in (_param, _metric, _point, _outline):
        connection.execute(table.delete().where(table.c.run_number.in_(numbers)))


class _Known(NamedTuple):
    """What the store knows of a name: its id, and the run's latest metric of that name."""

    name_id: int
    head: dict[str, Any] | None


def _known(connection: sa.Connection, number: int, names: Iterable[str]) -> dict[str, _Known]:
    """Return what is known of each name; new names are added."""
    wanted = list(names)
    found: dict[str, _Known] = {}
    for part in _chunks(wanted):
        size = 1 << (len(part) - 1).bit_length()
        padded = [*part, *[part[0]] * (size - len(part))]
        values = {"number": number, **{f"name_{place}": name for place, name in enumerate(padded)}}
        for name, name_id, *head in _find(size).rows(connection, values):
            key = {"run_number": number, "name_id": name_id}
            found[name] = _Known(name_id, None if head[0] is None else key | dict(zip(_HEAD, head, strict=True)))
    missing = [name for name in wanted if name not in found]
    if missing:
        # In order, so that two processes that add the same names never wait in a circle.
        dialects.insert_missing(connection, _name, [{"name": name} for name in sorted(missing)])
        found |= _known(connection, number, missing)
    return found


_HEAD = ("points", "step", "offset_ms", "value", "text")


@functools.cache  # of few sizes: powers of two
def _find(size: int) -> Direct:
    """Return the query for names, as many as ``size``, and the run's latest metrics of them."""
    is_its = sa.and_(_metric.c.run_number == sa.bindparam("number"), _metric.c.name_id == _name.c.name_id)
    wanted: list[Any] = [sa.bindparam(f"name_{place}") for place in range(size)]
    query = sa.select(_name.c.name, _name.c.name_id, *(_metric.c[column] for column in _HEAD))
    return Direct(query.join_from(_name, _metric, is_its, isouter=True).where(_name.c.name.in_(wanted)))


def _by_name(row: Mapping[str, Any]) -> int:
    return int(row["name_id"])  # in the order of the key the pages of the table are filled


def _by_step(points: Iterable[NewPoint], highest: int) -> list[dict[str, Any]]:
    """Return rows by step, the later of two with the same."""
    rows: dict[int, dict[str, Any]] = {}
    for point in points:
        step = highest + 1 if point.step is None else point.step
        rows[step] = {"step": step, "offset_ms": point.offset_ms, **_metric_value(point.value)}
        highest = max(highest, step)
    return [rows[step] for step in sorted(rows)]


def _first(head: Mapping[str, Any] | None, added: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the one point of a series so far, which is in its head only, unless it is replaced."""
    if head is None or head["points"] > 1 or any(row["step"] == head["step"] for row in added):
        return []
    return [{name: head[name] for name in ("step", "offset_ms", "value", "text")}]


def _grow(
    connection: sa.Connection, key: Mapping[str, Any], head: Mapping[str, Any] | None, added: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the head of a series whose points were just written, and bring its outline up to date."""
    here = sa.and_(_point.c.run_number == key["run_number"], _point.c.name_id == key["name_id"])
    goes_on = head is None or added[0]["step"] > head["step"]
    if goes_on:
        count = len(added) + (head["points"] if head else 0)
    else:
        count = connection.execute(sa.select(sa.func.count()).where(here)).scalar_one()
    if count > LONG_SERIES:
        is_drawn = head is not None and head["points"] > LONG_SERIES
        _draw(connection, key, here, added if head is None or (goes_on and is_drawn) else None, is_drawn=is_drawn)
    last = added[-1] if head is None or added[-1]["step"] >= head["step"] else head
    return {**key, **{name: last[name] for name in ("step", "offset_ms", "value", "text")}, "points": count}


def _draw(
    connection: sa.Connection,
    key: Mapping[str, Any],
    here: sa.ColumnElement[bool],
    later: Sequence[Mapping[str, Any]] | None,
    *,
    is_drawn: bool,
) -> None:
    """Add later points to an outline, the first of all perhaps, or draw it anew from all points."""
    outline = outlines.Outline()
    if later is None:
        query = sa.select(_point.c.step, _point.c.value).where(here, _point.c.value.is_not(None))
        outline.add(connection.execute(query.order_by(_point.c.step)).all())
    else:
        if is_drawn:
            is_it = sa.and_(_outline.c.run_number == key["run_number"], _outline.c.name_id == key["name_id"])
            outline = outlines.from_bytes(connection.execute(sa.select(_outline.c.data).where(is_it)).scalar_one())
        outline.add((row["step"], row["value"]) for row in later if row["value"] is not None)
    dialects.upsert(connection, _outline, [{**key, "data": outline.to_bytes()}])


def _param_value(value: Json) -> dict[str, Any]:
    if isinstance(value, float):
        return {"number": value, "text": None} if math.isfinite(value) else {"number": None, "text": json.dumps(value)}
    comparable = isinstance(value, int) and abs(value) < 2**53
    return {"number": float(value) if comparable else None, "text": json_text(value)}  # type: ignore[arg-type]


def _metric_value(value: float | str) -> dict[str, Any]:
    if isinstance(value, str):
        return {"value": None, "text": value}
    finite = math.isfinite(value)
    return {"value": float(value) if finite else None, "text": None if finite else str(float(value))}
