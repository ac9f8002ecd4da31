"""Statements on experiments, runs and their logs.

A run is known by experiment, name and attempt; its ``run_id`` names one attempt. Reads without
a ``run_id`` see the newest attempt of each name. Every change of a run raises its ``revision``
in the same transaction, so that a reader learns from one cheap query what to read again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, run_artifacts, run_values, shared_records, tables
from hanalife.database.direct import Direct
from hanalife.records import Experiment, LogEntry, Run, RunStatus

#: An ACTIVE run whose process has not given a sign of life for so long is LOST.
LOST_AFTER = timedelta(seconds=60)

#: A call may still write to runs of these; a LOST run whose process turns out to live is ACTIVE again.
_OPEN = (RunStatus.ACTIVE, RunStatus.LOST)

_IDS_PER_QUERY = 5_000  # databases limit the number of bound parameters

_run = tables.run
_log = tables.run_log
_experiment = tables.experiment

# Statements that every run needs are made once: making them costs more than running them.
_HOLD_EXPERIMENT = Direct(
    sa.select(_experiment.c.experiment_id)
    .where(_experiment.c.experiment_id == sa.bindparam("id"))
    .with_for_update(key_share=True)
)
_COLUMNS = [name for name in _run.columns.keys() if name not in ("number", "attempt")]  # noqa: SIM118 - no dict
_other = _run.alias("other")
_LAST_ATTEMPT = sa.select(sa.func.coalesce(sa.func.max(_other.c.attempt), 0)).where(
    _other.c.experiment_id == sa.bindparam("its_experiment"), _other.c.name == sa.bindparam("its_name")
)
_INSERT = Direct(
    _run.insert().values(attempt=_LAST_ATTEMPT.scalar_subquery() + 1).returning(_run.c.number, _run.c.attempt), _COLUMNS
)
_INSERT_ENTRY = Direct(_log.insert(), _log.columns.keys())

# --- reading ----------------------------------------------------------------------------------


def experiments(connection: sa.Connection, experiment_ids: Sequence[str] | None = None) -> list[Experiment]:
    """Return experiments, oldest first; all of them if no ids are given."""
    query = sa.select(_experiment).order_by(_experiment.c.created_at, _experiment.c.experiment_id)
    if experiment_ids is not None:
        query = query.where(_experiment.c.experiment_id.in_(list(experiment_ids)))
    return [Experiment(**row._mapping) for row in connection.execute(query)]


def set_primary_metric(connection: sa.Connection, experiment_id: str, metric: str | None) -> bool:
    """Set what the runs of an experiment are ranked by, None: nothing; return whether there is such an experiment."""
    change = _experiment.update().where(_experiment.c.experiment_id == experiment_id)
    return connection.execute(change.values(primary_metric=metric)).rowcount > 0


def runs(connection: sa.Connection, experiment_ids: Sequence[str] | None = None) -> list[Run]:
    """Return the newest attempt of each run name, oldest first, without deleted runs."""
    query = _newest(sa.select(_run), experiment_ids).order_by(_run.c.created_at, _run.c.run_id)
    return [_record(row) for row in connection.execute(query)]


def some(connection: sa.Connection, run_ids: Sequence[str]) -> list[Run]:
    """Return attempts by their ids, oldest first, without deleted runs."""
    found: list[Run] = []
    for ids in _chunks(run_ids):
        query = sa.select(_run).where(_run.c.run_id.in_(ids), _run.c.status != RunStatus.DELETED)
        found += [_record(row) for row in connection.execute(query)]
    return sorted(found, key=lambda run: (run.created_at, run.run_id))


def made_before(connection: sa.Connection, run: Run, limit: int) -> list[Run]:
    """Return the last runs before one in the order of :func:`runs`, oldest first."""
    at_once = sa.and_(_run.c.created_at == run.created_at, _run.c.run_id < run.run_id)
    query = _newest(sa.select(_run), None).where(sa.or_(_run.c.created_at < run.created_at, at_once))
    query = query.order_by(_run.c.created_at.desc(), _run.c.run_id.desc()).limit(limit)
    return [_record(row) for row in connection.execute(query)][::-1]


def revisions(connection: sa.Connection, experiment_ids: Sequence[str] | None = None) -> dict[str, int]:
    """Return the revision of each run that :func:`runs` returns, by ``run_id``, oldest first."""
    query = _newest(sa.select(_run.c.run_id, _run.c.revision), experiment_ids)
    rows = connection.execute(query.order_by(_run.c.created_at, _run.c.run_id))
    return {row.run_id: row.revision for row in rows}


def run(connection: sa.Connection, run_id: str) -> Run | None:
    """Return one attempt of a run, deleted or not, or None."""
    row = connection.execute(sa.select(_run).where(_run.c.run_id == run_id)).first()
    return None if row is None else _record(row)


def newest(connection: sa.Connection, experiment_id: str, name: str) -> Run | None:
    """Return the newest attempt of a run name, deleted or not, or None."""
    query = sa.select(_run).where(_run.c.experiment_id == experiment_id, _run.c.name == name)
    row = connection.execute(query.order_by(_run.c.attempt.desc()).limit(1)).first()
    return None if row is None else _record(row)


def attempts(connection: sa.Connection, experiment_id: str, name: str | None = None) -> list[Run]:
    """Return all attempts of one run name, or of all names of an experiment, oldest first."""
    query = sa.select(_run).where(_run.c.experiment_id == experiment_id).order_by(_run.c.created_at, _run.c.attempt)
    if name is not None:
        query = query.where(_run.c.name == name)
    return [_record(row) for row in connection.execute(query)]


def children(connection: sa.Connection, run_id: str) -> list[Run]:
    """Return the runs within a run, the newest attempt of each name, oldest first."""
    query = _newest(sa.select(_run), None).where(_run.c.parent_run_id == run_id)
    return [_record(row) for row in connection.execute(query.order_by(_run.c.created_at, _run.c.run_id))]


def log(connection: sa.Connection, run_id: str) -> list[LogEntry]:
    """Return the log of a run in order."""
    rows = connection.execute(sa.select(_log).where(_log.c.run_id == run_id).order_by(_log.c.seq))
    return [LogEntry(**row._mapping) for row in rows]


def log_after(
    connection: sa.Connection, run_id: str, seq: int, longest: int, whole: Iterable[str]
) -> list[tuple[LogEntry, int]]:
    """Return the entries after a number, each with the length of its message.

    Longer messages than ``longest`` are cut, except those of the event keys in ``whole``.
    """
    return _cut_log(connection, _cut(run_id, longest, whole).where(_log.c.seq > seq).order_by(_log.c.seq))


def log_before(
    connection: sa.Connection, run_id: str, seq: int, longest: int, limit: int
) -> list[tuple[LogEntry, int]]:
    """Return the last entries before a number, each cut and with the length of its message."""
    query = _cut(run_id, longest, ()).where(_log.c.seq < seq)
    return _cut_log(connection, query.order_by(_log.c.seq.desc()).limit(limit))[::-1]


def _cut(run_id: str, longest: int, whole: Iterable[str]) -> sa.Select[Any]:
    text = sa.case(
        (_log.c.event_key.in_(list(whole)), _log.c.message), else_=sa.func.substr(_log.c.message, 1, longest)
    )
    columns = _log.c.run_id, _log.c.seq, _log.c.event_key, _log.c.event_time, text, sa.func.length(_log.c.message)
    return sa.select(*columns).where(_log.c.run_id == run_id)


def _cut_log(connection: sa.Connection, query: sa.Select[Any]) -> list[tuple[LogEntry, int]]:
    return [(LogEntry(*row[:-1]), row[-1]) for row in connection.execute(query)]


def message(connection: sa.Connection, run_id: str, seq: int, start: int, length: int) -> tuple[str, int] | None:
    """Return a part of the message of one entry, and how many characters all of it has, or None."""
    part = sa.func.substr(_log.c.message, start + 1, length)
    query = sa.select(part, sa.func.length(_log.c.message)).where(_log.c.run_id == run_id, _log.c.seq == seq)
    row = connection.execute(query).first()
    return None if row is None else (row[0], row[1])


def stale(connection: sa.Connection, now: datetime) -> list[str]:
    """Return the ids of the runs that :func:`mark_lost` would mark; a cheap read."""
    return list(connection.execute(sa.select(_run.c.run_id).where(_is_stale(now))).scalars())


def is_newest_attempt() -> sa.ColumnElement[bool]:
    """Return the condition that a row of ``hl_run`` is the newest attempt of its name."""
    other = _run.alias("newer")
    same_name = sa.and_(other.c.experiment_id == _run.c.experiment_id, other.c.name == _run.c.name)
    return ~sa.exists().where(same_name, other.c.attempt > _run.c.attempt)


def _newest(query: sa.Select[Any], experiment_ids: Sequence[str] | None) -> sa.Select[Any]:
    query = query.where(is_newest_attempt(), _run.c.status != RunStatus.DELETED)
    return query if experiment_ids is None else query.where(_run.c.experiment_id.in_(list(experiment_ids)))


def _record(row: sa.Row[Any]) -> Run:
    values = dict(row._mapping)
    return Run(**values | {"status": RunStatus(values["status"])})


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _IDS_PER_QUERY):
        yield ids[start : start + _IDS_PER_QUERY]


def _is_stale(now: datetime) -> sa.ColumnElement[bool]:
    # Written into the statement: with a bound value SQLite would not use the index of ACTIVE runs.
    active = _run.c.status == sa.literal_column(f"'{RunStatus.ACTIVE}'")
    return sa.and_(active, _run.c.heartbeat_at < now - LOST_AFTER)


# --- writing ----------------------------------------------------------------------------------


def begin(connection: sa.Connection, draft: Run, experiment_description: str) -> Run:
    """Add a run as the next attempt of its name, and its experiment unless it exists; return the run."""
    _make_and_hold_experiment(connection, draft, experiment_description)
    values = {column: getattr(draft, column) for column in _COLUMNS}
    name = {"its_experiment": draft.experiment_id, "its_name": draft.name}
    ((number, attempt),) = _INSERT.rows(connection, values | name)
    return replace(draft, attempt=attempt, number=number)


def _make_and_hold_experiment(connection: sa.Connection, draft: Run, description: str) -> None:
    """Create the experiment or get it, and hold it: attempts are numbered by one process at a time."""
    values = {
        "experiment_id": draft.experiment_id,
        "description": description,
        "owner": draft.owner,
        "created_at": draft.created_at,
    }
    while not hold_experiment(connection, draft.experiment_id):  # again, should it be deleted in between
        dialects.insert_or_ignore(connection, _experiment, values)


def hold_experiment(connection: sa.Connection, experiment_id: str) -> bool:
    """Keep other processes from adding runs to an experiment or deleting it; return whether it exists."""
    return bool(_HOLD_EXPERIMENT.rows(connection, {"id": experiment_id}))


def keep_primary_metric(connection: sa.Connection, run_id: str, metric: str) -> str:
    """Set what the runs of a run's experiment are ranked by, unless that is set; return what it is then."""
    of_run = sa.select(_run.c.experiment_id).where(_run.c.run_id == run_id).scalar_subquery()
    is_its = _experiment.c.experiment_id == of_run
    change = _experiment.update().where(is_its, _experiment.c.primary_metric.is_(None))
    connection.execute(change.values(primary_metric=metric))
    return str(connection.execute(sa.select(_experiment.c.primary_metric).where(is_its)).scalar_one())


def append(
    connection: sa.Connection,
    run_id: str,
    entries: Sequence[tuple[str, str]],
    moment: datetime,
    changes: Mapping[str, Any] | None = None,
) -> int | None:
    """Add ``(event_key, message)`` entries to the log of a run and change columns of its row.

    Returns the run's number, or None, and writes nothing, if the run was deleted. The run's row
    is held until the transaction ends: its values can be written next.
    """
    values = {"the_run": run_id, "entries": len(entries), **(changes or {})}
    held = _advance(tuple(changes or ())).rows(connection, values)
    if not held:
        return None
    ((number, next_seq),) = held
    rows = [
        {"run_id": run_id, "seq": seq, "event_key": event_key, "event_time": moment, "message": message}
        for seq, (event_key, message) in enumerate(entries, start=next_seq - len(entries))
    ]
    if rows:
        _INSERT_ENTRY.write_many(connection, rows)
    return int(number)


@functools.cache
def _advance(changed: tuple[str, ...]) -> Direct:
    """Return the statement that adds to the counters of a run and sets the named columns."""
    statement = (
        _run.update()
        .where(_run.c.run_id == sa.bindparam("the_run"), _run.c.status != RunStatus.DELETED)
        .values(
            next_seq=_run.c.next_seq + sa.bindparam("entries"),
            revision=_run.c.revision + 1,
            **{name: sa.bindparam(name) for name in changed},
        )
        .returning(_run.c.number, _run.c.next_seq)
    )
    return Direct(statement)


def beat(
    connection: sa.Connection, run_id: str, moment: datetime, progress: tuple[int, int, str] | None = None
) -> bool:
    """Note that the process of a run lives and, if given, how far it is: ``(done, total, text)``.

    Returns False if the run is not open any more.
    """
    changes: dict[str, Any] = {"heartbeat_at": moment, "status": RunStatus.ACTIVE, "ended_at": None}
    if progress is None:  # a heartbeat alone is nothing to read again
        changes["revision"] = _run.c.revision + sa.case((_run.c.status == RunStatus.LOST, 1), else_=0)
    else:
        names = ("progress_done", "progress_total", "progress_text")
        changes |= dict(zip(names, progress, strict=True)) | {"revision": _run.c.revision + 1}
    here = sa.and_(_run.c.run_id == run_id, _run.c.status.in_(_OPEN))
    return connection.execute(_run.update().where(here).values(**changes)).rowcount > 0


def mark_lost(connection: sa.Connection, now: datetime) -> int:
    """Mark as LOST the ACTIVE runs whose heartbeat is older than a minute; return how many.

    Call it within a write transaction, best after :func:`stale` has found some.
    """
    changes = {"status": RunStatus.LOST, "ended_at": _run.c.heartbeat_at, "revision": _run.c.revision + 1}
    # Rows that another process marks just now are left to it, so that the two never wait in a circle.
    found = sa.select(_run.c.run_id).where(_is_stale(now)).with_for_update(skip_locked=True)
    return connection.execute(_run.update().where(_run.c.run_id.in_(found)).values(**changes)).rowcount


def forget_logs(connection: sa.Connection, run_ids: Iterable[str]) -> None:
    """Delete log, values, artifacts and tags of runs and mark the runs DELETED."""
    changes: dict[str, Any] = {"status": RunStatus.DELETED, "revision": _run.c.revision + 1}
    changes |= dict.fromkeys(("environment_id", "code_id", "cells_id", "dataset_id"))
    for ids in _chunks(list(run_ids)):
        shared = shared_records.of_runs(connection, ids)
        # The run's row first: it makes a call that writes to the log finish or find the run deleted.
        connection.execute(_run.update().where(_run.c.run_id.in_(ids)).values(**changes))
        for table in (tables.run_tag, _log):
            connection.execute(table.delete().where(table.c.run_id.in_(ids)))
        run_values.forget(connection, ids)
        run_artifacts.forget(connection, ids)
        shared_records.drop_unused(connection, shared)


def forget_runs(connection: sa.Connection, run_ids: Iterable[str]) -> None:
    """Delete runs and everything recorded of them."""
    ids_of_runs = list(run_ids)
    forget_logs(connection, ids_of_runs)
    for ids in _chunks(ids_of_runs):
        connection.execute(_run.delete().where(_run.c.run_id.in_(ids)))


def forget_experiment(connection: sa.Connection, experiment_id: str) -> None:
    """Delete an experiment that has no runs any more."""
    connection.execute(_experiment.delete().where(_experiment.c.experiment_id == experiment_id))
