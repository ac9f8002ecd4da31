"""The list of runs as the panel follows it: all of it once, then only what changed."""

from __future__ import annotations

import threading
from collections import deque

import sqlalchemy as sa

from hanalife.clock import IdSource, new_id
from hanalife.database import dialects
from hanalife.views import changes, experiments
from hanalife.views.payloads.panel import RunsUpdate
from hanalife.views.payloads.runs import ExperimentsDelta, ExperimentsPayload
from hanalife.views.payloads.words import CONTRACT

#: A panel that has missed more of them is given the whole list.
MOST_CHANGES = 100


class RunList:
    """The list of runs of one database as it was last read. Safe to use from many threads."""

    def __init__(self, ids: IdSource = new_id) -> None:
        self._epoch = ids()  # numbers of another server's list mean nothing here
        self._lock = threading.Lock()  # guards the two below
        self._latest: ExperimentsPayload | None = None
        self._changes: deque[ExperimentsDelta] = deque(maxlen=MOST_CHANGES)

    def since(self, connection: sa.Connection, database: str, epoch: str, seq: int) -> RunsUpdate:
        """Return what changed since the payload of a number, or all if that cannot be told."""
        with self._lock:
            latest = self._look(connection, database)
            missed = latest["seq"] - seq
            if epoch != self._epoch or not 0 <= missed <= len(self._changes):
                return {"contract": CONTRACT, "epoch": self._epoch, "payload": latest, "deltas": []}
            deltas = list(self._changes)[len(self._changes) - missed :]
            return {"contract": CONTRACT, "epoch": self._epoch, "payload": None, "deltas": deltas}

    def _look(self, connection: sa.Connection, database: str) -> ExperimentsPayload:
        before, marker = self._latest, dialects.change_marker(connection)
        mark = marker() if marker else object()
        if before is not None and connection.info.get(self) == mark:
            return before  # nobody has written since this connection was last used here
        now = experiments.read(connection, database, previous=before)
        connection.info[self] = mark
        if before is None:
            self._latest = now
            return now
        delta = changes.between_experiments(before, now)
        if delta is None:
            return before
        self._changes.append(delta)
        self._latest = {**now, "seq": delta["seq"]}
        return self._latest
