"""From a model's calls to a run in the store."""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.clock import Clock, IdSource
from hanalife.database import dialects, run_values, runs
from hanalife.database.engine import Database
from hanalife.errors import UnreachableDatabaseError
from hanalife.observation import CallOutcome, CallProgress, CallStart
from hanalife.records import Run, RunStatus
from hanalife.tracking import events, identity
from hanalife.tracking.pulse import Pulse, mark_lost_runs

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """What the calls of an armed model are recorded as."""

    experiment_id: str
    experiment_description: str
    run_name: str
    description: str
    dataset_name: str | None  #: None: the table that the data came from
    dataset_source: str | None  #: None: the same


@dataclass(slots=True)
class _Call:
    """A call that is going on."""

    method: str
    started_at: datetime
    pulse: Pulse


class Recorder:
    """Writes the calls of one armed model to the store: the observer that arming sets.

    The first call begins a run. Later ones add to it: a ``score`` after a ``fit`` belongs to
    the model that was fitted. Another ``fit`` makes another model and begins a new attempt of
    the run name. Metrics of a method other than the run's first are told apart by its name, so
    that the ``AUC`` of a fit stays when a score adds ``SCORE_AUC``; of two scores the later
    counts. The run's status is that of its last call.

    Beginning and end of a call are one transaction each; in between, :class:`Pulse` reports.
    """

    def __init__(self, database: Database, target: Target, clock: Clock, ids: IdSource) -> None:
        self._database = database
        self._target = target
        self._clock = clock
        self._ids = ids
        self._run_id: str | None = None
        self._first_method = ""
        self._call: _Call | None = None

    def call_started(self, start: CallStart) -> str:
        """Begin a run or continue it; return its id."""
        if self._call is not None:  # a call that never ended; its run will be LOST
            self._end_call()
        now = self._clock()
        mark_lost_runs(self._database, now)
        with self._database.write() as connection:
            if start.method == "fit" or not self._continue(connection, start, now):
                self._begin(connection, start, now)
        assert self._run_id is not None
        pulse = Pulse(self._database, self._run_id, self._clock)
        self._call = _Call(start.method, now, pulse)
        pulse.start()
        return self._run_id

    def call_progressed(self, progress: CallProgress) -> None:
        """Note how far the call is; costs no write of its own."""
        if self._call is not None:
            self._call.pulse.report(progress)

    def call_finished(self, outcome: CallOutcome) -> None:
        """Write the log of a good call, its metrics and the status FINISHED in one transaction."""
        call = self._end_call()
        name = _first_given(self._target.dataset_name, outcome.dataset.source_table)
        source = _first_given(self._target.dataset_source, outcome.dataset.source_table)
        prefix = "" if call.method == self._first_method else f"{call.method.upper()}_"
        entries = events.of_outcome(outcome, call.method, name, source, prefix)
        metrics = dict(map(_storable_metric, events.prefixed(outcome.metrics, prefix).items()))
        changes: dict[str, Any] = {}
        if call.method == self._first_method:
            changes = {"dataset_name": identity.storable(name), "dataset_source": identity.storable(source)}
        self._write_end(call, entries, RunStatus.FINISHED, changes, metrics)

    def call_failed(self, error: BaseException) -> None:
        """Write the error and the status FAILED in one transaction.

        If that fails too it is only logged: the call's own error is what its caller must see.
        """
        if self._call is None:
            return  # the call never began, for want of a database
        call = self._end_call()
        seconds = (self._clock() - call.started_at).total_seconds()
        entries = events.of_failure(error, call.method, seconds)
        try:
            self._write_end(call, entries, RunStatus.FAILED, {}, {})
        except (sa.exc.SQLAlchemyError, UnreachableDatabaseError) as trouble:
            logger.warning("Run %r: its failure could not be recorded: %s", self._target.run_name, trouble)

    def _begin(self, connection: sa.Connection, start: CallStart, now: datetime) -> None:
        draft = self._draft(start, dialects.database_user(connection), now)
        run = runs.begin(connection, draft, self._target.experiment_description)
        runs.append(connection, run.run_id, events.of_start(start), now)
        self._run_id, self._first_method = run.run_id, start.method

    def _continue(self, connection: sa.Connection, start: CallStart, now: datetime) -> bool:
        """Add a call to the run that an earlier call began; False if there is none, or it was deleted."""
        if self._run_id is None:
            return False
        changes = {
            "status": RunStatus.ACTIVE,
            "heartbeat_at": now,
            "ended_at": None,
            "progress_done": 0,
            "progress_total": 0,
            "progress_text": "",
        }
        return runs.append(connection, self._run_id, events.of_start(start), now, changes) is not None

    def _draft(self, start: CallStart, owner: str, now: datetime) -> Run:
        target = self._target
        return Run(
            run_id=self._ids(),
            experiment_id=target.experiment_id,
            name=target.run_name,
            attempt=0,
            status=RunStatus.ACTIVE,
            description=target.description,
            owner=owner,
            host=socket.gethostname(),
            pid=os.getpid(),
            procedure=start.procedure,
            dataset_name=target.dataset_name or "",
            dataset_source=target.dataset_source or "",
            created_at=now,
            heartbeat_at=now,
            ended_at=None,
            progress_done=0,
            progress_total=0,
            progress_text="",
            next_seq=0,
            revision=0,
        )

    def _end_call(self) -> _Call:
        call, self._call = self._call, None
        assert call is not None, "a call ends that has not started"
        call.pulse.stop()
        return call

    def _write_end(
        self,
        call: _Call,
        entries: list[events.Event],
        status: RunStatus,
        changes: Mapping[str, Any],
        metrics: Mapping[str, float | str],
    ) -> None:
        assert self._run_id is not None
        now = self._clock()
        ended = {"status": status, "heartbeat_at": now, "ended_at": now, **_progress(call), **changes}
        with self._database.write() as connection:
            number = runs.append(connection, self._run_id, entries, now, ended)
            if number is not None:
                offset = round((now - call.started_at).total_seconds() * 1000)
                new = [run_values.NewPoint(name, None, value, offset) for name, value in metrics.items()]
                run_values.add_points(connection, number, new)
                return
        logger.warning(
            "Run %r of experiment %r was deleted while %s was going on; nothing of this call was recorded.",
            self._target.run_name,
            self._target.experiment_id,
            call.method,
        )


def _progress(call: _Call) -> dict[str, Any]:
    latest = call.pulse.progress
    if latest is None:
        return {}
    return {
        "progress_done": latest.done,
        "progress_total": latest.total,
        "progress_text": identity.storable(latest.description),
    }


def _first_given(*values: str | None) -> str:
    return next((value for value in values if value is not None), "")


def _storable_metric(item: tuple[str, float | str]) -> tuple[str, float | str]:
    """Return name and value as the store can hold them; class labels may make a name very long."""
    name, value = identity.storable(item[0]), item[1]
    if len(name) > identity.MAX_LENGTH:
        digest = hashlib.sha256(name.encode()).hexdigest()[:16]
        name = f"{name[: identity.MAX_LENGTH - len(digest) - 1]}~{digest}"
    return name, identity.storable(value) if isinstance(value, str) else value
