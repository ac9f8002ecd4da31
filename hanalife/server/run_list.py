"""The list of runs as the panel follows it: the newest once, then only what changed; older ones when asked for."""

from __future__ import annotations

import threading
from collections import deque

import sqlalchemy as sa

from hanalife.clock import IdSource, new_id
from hanalife.database import runs
from hanalife.database.engine import Database
from hanalife.database.watch import WriteWatch
from hanalife.views import changes, experiments
from hanalife.views.payloads.panel import RunsUpdate
from hanalife.views.payloads.runs import ExperimentRow, ExperimentsDelta
from hanalife.views.payloads.words import CONTRACT

#: A panel that has missed more of them is given the newest runs anew.
MOST_CHANGES = 100


class RunList:
    """What changes in the list of runs of one database. Safe to use from many threads."""

    def __init__(self, database: Database, ids: IdSource = new_id) -> None:
        self._database = database
        self._new_id = ids
        self._lock = threading.Lock()  # guards all below
        self._watch = WriteWatch(database)
        self._mark: object = None
        self._epoch = ""  # numbers of another server's list mean nothing here
        self._seq = 0
        self._revisions: dict[str, int] = {}
        self._experiments: list[ExperimentRow] = []
        self._changes: deque[ExperimentsDelta] = deque(maxlen=MOST_CHANGES)

    def since(self, epoch: str, seq: int) -> RunsUpdate:
        """Return what changed since a number, or the newest runs if that cannot be told."""
        with self._lock:
            self._look()
            now, latest = self._epoch, self._seq
            missed = latest - seq
            if epoch == now and 0 <= missed <= len(self._changes):
                deltas = list(self._changes)[len(self._changes) - missed :]
                return {"contract": CONTRACT, "epoch": now, "payload": None, "deltas": deltas}
        with self._database.read() as connection:
            newest = experiments.read(connection, self._database.label, most=experiments.MOST_AT_FIRST)
        return {"contract": CONTRACT, "epoch": now, "payload": {**newest, "seq": latest}, "deltas": []}

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._watch.close()

    def _look(self) -> None:
        mark = self._watch.mark()
        if mark == self._mark:
            return  # nobody has written
        with self._database.read() as connection:
            self._compare(connection)
        self._mark = mark

    def _compare(self, connection: sa.Connection) -> None:
        """Note what changed since the last look; where that is too much, begin a new epoch."""
        revisions = runs.revisions(connection)
        found = [experiments.experiment_row(one) for one in runs.experiments(connection)]
        changed = [run_id for run_id, revision in revisions.items() if self._revisions.get(run_id) != revision]
        removed = [run_id for run_id in self._revisions if run_id not in revisions]
        if not self._epoch or len(changed) > experiments.MOST_AT_ONCE:
            self._epoch, self._seq = self._new_id(), 0
            self._changes.clear()
        elif changed or removed or found != self._experiments:
            self._seq += 1
            self._changes.append(
                {
                    "contract": CONTRACT,
                    "seq": self._seq,
                    "absent": [],
                    "total": len(revisions),
                    "experiments": changes.between_rows(self._experiments, found, "experiment_id"),
                    "runs": {"changed": experiments.read_rows(connection, changed), "removed": removed},
                }
            )
        self._revisions, self._experiments = revisions, found
