"""Statements on the values of runs: parameters, latest metrics, and the history of metrics.

Writers hold the run's row (:func:`hanalife.database.runs.append`) and give its number; readers
give run ids.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from hanalife.database import dialects, outlines, tables
from hanalife.database.direct import Direct
from hanalife.database.types import json_text
from hanalife.evidence import MetricKey
from hanalife.observation import Json, MetricSource
from hanalife.records import MetricPoint

#: A series with more points than this has an outline, which is what a chart reads.
LONG_SERIES = 2 * outlines.MOST_STRETCHES

_VALUES_PER_QUERY = 5_000  # databases limit the number of bound parameters
_NON_FINITE = ("nan", "inf", "-inf")  # SQLite would store NaN as NULL

K = TypeVar("K")

_run = tables.run
_param_name = tables.value_name
_metric_name = tables.metric_name
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
    source: MetricSource = MetricSource.USER

    @property
    def key(self) -> MetricKey:
        """The metric that it is a value of."""
        return MetricKey(self.name, self.source)


# --- reading ----------------------------------------------------------------------------------


def params(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, dict[str, Json]]:
    """Return the parameters of runs: ``{run_id: {name: value}}``, names in order."""
    found: dict[str, dict[str, Json]] = {run_id: {} for run_id in run_ids}
    for run_id, name, number, text in _values_of(connection, _param.c.number, _param_names, list(found)):
        found[run_id][name] = number if text is None else json.loads(text)
    return found


def metrics(connection: sa.Connection, run_ids: Sequence[str]) -> dict[str, dict[MetricKey, float | str]]:
    """Return the latest metrics of runs: ``{run_id: {(name, source): value}}``, names in order.

    A value is a number, which may be NaN or infinite, or a text such as a list per fold. A run
    without metrics, or unknown, has an empty entry.
    """
    found: dict[str, dict[MetricKey, float | str]] = {run_id: {} for run_id in run_ids}
    for run_id, key, value, text in _values_of(connection, _metric.c.value, _metric_keys, list(found)):
        found[run_id][key] = _value(value, text)
    return found


def points(
    connection: sa.Connection,
    run_id: str,
    name: str,
    source: MetricSource | None = None,
    *,
    after: int | None = None,
) -> list[MetricPoint]:
    """Return the history of a metric by step; only later steps than ``after``, if it is given.

    Without a source it is that of the source that counts most as evidence.
    """
    latest = _one_metric(connection, run_id, name, source)
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
) -> dict[str, dict[MetricKey, list[outlines.Point]]]:
    """Return the series of runs for a chart: ``{run_id: {(name, source): [(step, value), ...]}}`` by step.

    Of a series with more than 256 points a few hundred come back, the extremes among them.
    Values that are not finite are left out, and so are metrics with one point only.
    """
    found: dict[str, dict[MetricKey, list[outlines.Point]]] = {run_id: {} for run_id in run_ids}
    for ids in _chunks(list(found)):
        heads = connection.execute(_heads(ids, names)).all()
        known = {(head.number, head.name_id): head for head in heads}
        ends = _ends(connection, heads)
        runs, kinds = sorted({head.number for head in heads}), sorted({head.name_id for head in heads})
        here = sa.and_(_outline.c.run_number.in_(runs), _outline.c.name_id.in_(kinds))
        for row in connection.execute(sa.select(_outline).where(here)):
            head = known.pop((row.run_number, row.name_id), None)
            if head is not None:
                end = ends.get((row.run_number, row.name_id))
                found[head.run_id][_key(head)] = _with_end(outlines.from_bytes(row.data).points(), end)
        _add_short(connection, known, found)
    return found


def _heads(run_ids: Sequence[str], names: Sequence[str] | None) -> sa.Select[Any]:
    columns = _run.c.run_id, _run.c.number, _metric_name.c.name, _metric_name.c.source, _metric_name.c.name_id
    query = sa.select(*columns).join_from(_metric, _run).join(_metric_name)
    query = query.order_by(_run.c.number, _metric_name.c.name, _metric_name.c.rank)
    query = query.where(_run.c.run_id.in_(run_ids), _metric.c.points > 1)
    return query if names is None else query.where(_metric_name.c.name.in_(list(names)))


def _key(row: Any) -> MetricKey:
    return MetricKey(row.name, MetricSource(row.source))


def _ends(connection: sa.Connection, heads: Sequence[Any]) -> dict[tuple[int, int], outlines.Point]:
    """Return the last point of each long series, if it is a number."""
    if not heads:
        return {}
    runs, names = {head.number for head in heads}, {head.name_id for head in heads}
    is_last = sa.and_(
        *(_point.c[column] == _metric.c[column] for column in ("run_number", "name_id", "step")),
        _metric.c.points > LONG_SERIES,
    )
    query = sa.select(_point.c.run_number, _point.c.name_id, _point.c.step, _point.c.value)
    query = query.join_from(_metric, _point, is_last).where(
        _metric.c.run_number.in_(runs), _metric.c.name_id.in_(names), _point.c.value.is_not(None)
    )
    return {(row.run_number, row.name_id): (row.step, row.value) for row in connection.execute(query)}


def _with_end(found: list[outlines.Point], end: outlines.Point | None) -> list[outlines.Point]:
    """Add the last point, so that a chart ends where the series does."""
    return found if end is None or found[-1][0] == end[0] else [*found, end]


def _add_short(
    connection: sa.Connection,
    heads: Mapping[tuple[int, int], Any],
    found: Mapping[str, dict[MetricKey, list[outlines.Point]]],
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
            found[head.run_id].setdefault(_key(head), []).append((row.step, row.value))


def _values_of(
    connection: sa.Connection,
    column: sa.Column[Any],
    keys_of: Callable[[sa.Connection, Iterable[int]], dict[int, K]],
    run_ids: Sequence[str],
) -> Iterator[tuple[str, K, float | None, str | None]]:
    """Yield run, key, number and text of what runs have in the table of a column of numbers, keys in order."""
    table = column.table
    for ids in _chunks(run_ids):  # numbers only: of a long list the texts would be most of what is read
        heads = connection.execute(sa.select(_run.c.number, _run.c.run_id).where(_run.c.run_id.in_(ids)))
        runs = {head.number: head.run_id for head in heads}
        columns = table.c.run_number, table.c.name_id, column, table.c.text
        rows = connection.execute(sa.select(*columns).where(table.c.run_number.in_(list(runs)))).all()
        keys = keys_of(connection, {row[1] for row in rows})
        places = {name_id: place for place, name_id in enumerate(keys)}
        for number, name_id, value, text in sorted(rows, key=lambda row: places[row[1]]):
            yield runs[number], keys[name_id], value, text


def _param_names(connection: sa.Connection, name_ids: Iterable[int]) -> dict[int, str]:
    """Return names of parameters by their ids, in the order of the names."""
    found: list[Any] = []
    for ids in _chunks(sorted(name_ids)):
        query = sa.select(_param_name.c.name_id, _param_name.c.name).where(_param_name.c.name_id.in_(ids))
        found += connection.execute(query)
    return dict(sorted(found, key=itemgetter(1)))


def _metric_keys(connection: sa.Connection, name_ids: Iterable[int]) -> dict[int, MetricKey]:
    """Return keys of metrics by their ids, in the order of names and then of evidence."""
    found: list[Any] = []
    for ids in _chunks(sorted(name_ids)):
        found += connection.execute(sa.select(_metric_name).where(_metric_name.c.name_id.in_(ids)))
    return {row.name_id: _key(row) for row in sorted(found, key=lambda row: (row.name, row.rank))}


def _one_metric(connection: sa.Connection, run_id: str, name: str, source: MetricSource | None) -> Any:
    query = sa.select(_metric, _run.c.created_at).join_from(_metric, _run).join(_metric_name)
    query = query.where(_run.c.run_id == run_id, _metric_name.c.name == name).order_by(_metric_name.c.rank)
    return connection.execute(query if source is None else query.where(_metric_name.c.source == source)).first()


def _value(value: float | None, text: str | None) -> float | str:
    if value is not None:
        return value
    assert text is not None
    return float(text) if text in _NON_FINITE else text


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _VALUES_PER_QUERY):
        yield values[start : start + _VALUES_PER_QUERY]


# --- writing ----------------------------------------------------------------------------------


def write(
    connection: sa.Connection,
    number: int,
    params: Mapping[str, Json],
    new: Sequence[NewPoint],
    summaries: Mapping[MetricKey, float] = MappingProxyType({}),
) -> None:
    """Set parameters of a run and add points to its series; what has other names stays.

    Parameters are plain JSON or floats of any kind. A point of the same step is replaced. The value
    of a metric is that of its last point, unless ``summaries`` says what its series stands for.
    """
    names = _param_ids(connection, params)
    _set_params(connection, number, params, names)
    _add_points(connection, number, new, _known(connection, number, dict.fromkeys(point.key for point in new)))
    _summarize(connection, number, summaries)


def _summarize(connection: sa.Connection, number: int, summaries: Mapping[MetricKey, float]) -> None:
    """Set the values of series; the value of a single point is the point itself and stays."""
    for key, value in summaries.items():
        is_name = sa.and_(_metric_name.c.name == key.name, _metric_name.c.source == str(key.source))
        name_id = sa.select(_metric_name.c.name_id).where(is_name).scalar_subquery()
        is_it = sa.and_(_metric.c.run_number == number, _metric.c.name_id == name_id, _metric.c.points > 1)
        connection.execute(_metric.update().where(is_it).values(**_metric_value(value)))


def _set_params(
    connection: sa.Connection, number: int, values: Mapping[str, Json], name_ids: Mapping[str, int]
) -> None:
    rows = [{"run_number": number, "name_id": name_ids[name], **_param_value(value)} for name, value in values.items()]
    dialects.upsert_many(connection, _param, sorted(rows, key=_by_name))


def _add_points(
    connection: sa.Connection, number: int, new: Sequence[NewPoint], known: Mapping[MetricKey, _Known]
) -> None:
    by_key: dict[MetricKey, list[NewPoint]] = {}
    for point in new:
        by_key.setdefault(point.key, []).append(point)
    heads, rows, grown = [], [], []
    for metric, its_points in by_key.items():
        name_id, head = known[metric]
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


def _param_ids(connection: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """Return the id of each name of a parameter; new names are added."""
    wanted = list(names)
    found: dict[str, int] = {}
    for part in _chunks(wanted):
        size, values = _padded(part)
        found |= dict(map(tuple, _find_params(size).rows(connection, values)))
    missing = [name for name in wanted if name not in found]
    if missing:
        # In order, so that two processes that add the same names never wait in a circle.
        dialects.insert_missing(connection, _param_name, [{"name": name} for name in sorted(missing)])
        found |= _param_ids(connection, missing)
    return found


class _Known(NamedTuple):
    """What the store knows of a metric: the id of its name and source, and the run's latest value."""

    name_id: int
    head: dict[str, Any] | None


def _known(connection: sa.Connection, number: int, keys: Iterable[MetricKey]) -> dict[MetricKey, _Known]:
    """Return what is known of each metric; new names and sources are added."""
    wanted = dict.fromkeys(keys)
    found: dict[MetricKey, _Known] = {}
    for part in _chunks(list(dict.fromkeys(key.name for key in wanted))):
        size, values = _padded(part)
        for name, source, name_id, *head in _find_metrics(size).rows(connection, values | {"number": number}):
            metric = MetricKey(name, MetricSource(source))
            if metric in wanted:
                key = {"run_number": number, "name_id": name_id}
                found[metric] = _Known(name_id, None if head[0] is None else key | dict(zip(_HEAD, head, strict=True)))
    missing = [key for key in wanted if key not in found]
    if missing:
        # In order, so that two processes that add the same names never wait in a circle.
        dialects.insert_missing(connection, _metric_name, [_name_row(key) for key in sorted(missing)])
        found |= _known(connection, number, missing)
    return found


def _name_row(key: MetricKey) -> dict[str, Any]:
    return {"name": key.name, "source": str(key.source), "metric": key.metric, "rank": key.rank}


_HEAD = ("points", "step", "offset_ms", "value", "text")


def _padded(names: Sequence[str]) -> tuple[int, dict[str, Any]]:
    """Return names as parameters of a query for a power of two of them, the first repeated."""
    size = 1 << (len(names) - 1).bit_length()
    padded = [*names, *[names[0]] * (size - len(names))]
    return size, {f"name_{place}": name for place, name in enumerate(padded)}


def _is_wanted(column: sa.Column[Any], size: int) -> sa.ColumnElement[bool]:
    wanted: list[Any] = [sa.bindparam(f"name_{place}") for place in range(size)]
    return column.in_(wanted)


@functools.cache  # of few sizes: powers of two
def _find_params(size: int) -> Direct:
    """Return the query for names of parameters, as many as ``size``."""
    query = sa.select(_param_name.c.name, _param_name.c.name_id)
    return Direct(query.where(_is_wanted(_param_name.c.name, size)))


@functools.cache
def _find_metrics(size: int) -> Direct:
    """Return the query for names of metrics, as many as ``size``, and the run's latest values of them."""
    is_its = sa.and_(_metric.c.run_number == sa.bindparam("number"), _metric.c.name_id == _metric_name.c.name_id)
    columns = _metric_name.c.name, _metric_name.c.source, _metric_name.c.name_id
    query = sa.select(*columns, *(_metric.c[column] for column in _HEAD))
    query = query.join_from(_metric_name, _metric, is_its, isouter=True)
    return Direct(query.where(_is_wanted(_metric_name.c.name, size)))


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
