"""The writer of one run: collects what is logged and writes it soon, and tells that the run lives."""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.database import dialects, runs
from hanalife.database.engine import Database
from hanalife.errors import IncompatibleStoreError, UnreachableDatabaseError
from hanalife.observation import CallProgress
from hanalife.records import Run, RunStatus
from hanalife.tracking import spool
from hanalife.tracking.batches import Batch, Shared
from hanalife.tracking.identity import storable
from hanalife.tracking.writing_thread import writing_thread

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0

#: When the start of a run is made durable at the latest: what it refers to is known by then.
_SETTLE_SECONDS = 0.15

#: What keeps a store from being written. It must not end the user's work.
STORE_TROUBLE = (sa.exc.SQLAlchemyError, UnreachableDatabaseError, IncompatibleStoreError)


class RunWriter:
    """Writes one run, in batches of one transaction each, from a thread of the database.

    What is added waits about a tenth of a second, and :meth:`flush` and :meth:`end` write it before
    they return. A start is seen by everybody at once and outlives the process; it survives a power
    failure with what is written next, which is within about two tenths of a second: so a short run waits
    for the disk once and not twice. When the store cannot be written, a warning is logged once and everything from
    then on goes to the run's spool file; :meth:`end` tries once to write that to the store.

    A database in memory has one connection for all and no other process to tell, so there is
    no thread for it, and what is added is written at once.

    Parameters
    ----------
    database : Database
        Where the run is.
    clock : callable, optional
        Gives the present moment; the database's clock by default, on which all hosts agree.
    gather : callable, optional
        Finds what the run refers to (code, environment), not in the caller's time if that lasts.
    beat_seconds : float, default 5
        Time between two heartbeats, in seconds.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock | None = None,
        gather: Callable[[], list[Shared]] = list,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self._database = database
        self._clock = clock
        self._gather: Callable[[], list[Shared]] | None = gather
        self._beat_seconds = beat_seconds
        self._batch = Batch()
        self._lock = threading.Lock()  # guards the batch
        self._writing = threading.Lock()  # one flush at a time, so that batches keep their order
        self._in_memory = dialects.is_in_memory(database.url)
        self._finder: threading.Thread | None = None
        self._starting = threading.Lock()  # no thread is waited for before it runs
        self._is_open = False
        self._beat_at = 0.0
        self._told: CallProgress | None = None  # the latest progress that was written
        self._spooled = False
        self._unborn: str | None = None  # the experiment's description, while the run is not stored
        self._run: Run | None = None
        self._base_ms = 0
        self._started = 0.0
        self.progress: CallProgress | None = None  #: the latest
        self._overhead_seconds = 0.0
        self._entered: float | None = None  # since when a caller waits

    @property
    def run(self) -> Run:
        """The run as it was when it was begun or taken up."""
        assert self._run is not None, "a run is written that was not begun"
        return self._run

    # --- life ---------------------------------------------------------------------------------

    def begin(self, draft: Run, experiment_description: str, batch: Batch) -> Run:
        """Begin a run with its first batch in one transaction, and the signs of life."""
        with self.counted():
            self._unborn = experiment_description
            self._start(draft)
            try:
                with self._database.write(durable=False) as connection:
                    moment, self._started = self._now(connection), time.monotonic()
                    fresh = replace(
                        draft, created_at=moment, heartbeat_at=moment, owner=dialects.database_user(connection)
                    )
                    self._run = runs.begin(connection, fresh, experiment_description)
                    if batch:
                        batch.write(connection, draft.run_id, moment)
                self._unborn = None
            except STORE_TROUBLE as error:
                self._keep(batch, error)
            self._open(_SETTLE_SECONDS)
        return self.run

    def take_up(self, run: Run, batch: Batch) -> bool:
        """Go on with a run that is stored; return False if it was deleted."""
        with self.counted():
            self._start(run)
            batch.changes |= {"status": RunStatus.ACTIVE, "ended_at": None}
            try:
                with self._database.write() as connection:
                    moment, self._started = self._now(connection), time.monotonic()
                    batch.changes["heartbeat_at"] = moment
                    if not batch.write(connection, run.run_id, moment):
                        return False
                self._base_ms = max(0, round((moment - run.created_at).total_seconds() * 1000))
            except STORE_TROUBLE as error:
                self._keep(batch, error)
            self._open(self._beat_seconds)
        return True

    def end(self, status: RunStatus, batch: Batch) -> bool:
        """Write all that waits, and the status; return False if the run was deleted meanwhile."""
        with self.counted():
            self.stop()
            batch.changes |= {"status": status, "overhead_seconds": self.overhead_seconds, **self._progress()}
            written = self._flush(last=batch)
            if self._spooled:
                self._replay()
            return written

    def stop(self) -> None:
        """Give no more signs of life; afterwards only the caller's thread writes."""
        if self._is_open:
            self._is_open = False
            _open_writers.discard(self)
            writing_thread(self._database).detach(self)
        with self._starting:
            finder = self._finder
        if finder is not None:
            finder.join()

    def _start(self, run: Run) -> None:
        self._run = run
        self._started = time.monotonic()

    def _open(self, first_beat_seconds: float) -> None:
        self._beat_at = time.monotonic() + first_beat_seconds
        if not self._in_memory:
            self._is_open = True
            _open_writers.add(self)
            writing_thread(self._database).attach(self)

    # --- what is logged -----------------------------------------------------------------------

    def elapsed_ms(self) -> int:
        """Return the milliseconds since the run was begun; no host's clock is compared with another's."""
        if self._clock is not None:
            return max(0, round((self._clock() - self.run.created_at).total_seconds() * 1000))
        return self._base_ms + round((time.monotonic() - self._started) * 1000)

    def add(self, batch: Batch) -> None:
        """Add to what is written next."""
        with self.counted():
            with self._lock:
                _add(self._batch, batch)
            if self._in_memory:
                self._flush()

    def report(self, progress: CallProgress) -> None:
        """Take note of progress; it is written soon, and only the latest."""
        self.progress = progress

    def flush(self) -> None:
        """Write what waits before returning."""
        with self.counted():
            self._flush()

    # --- writing ------------------------------------------------------------------------------

    def tick(self) -> None:
        """Write what waits, or that the run lives, if either is due; called by the thread of the database."""
        if not self._is_open:
            return
        with self._starting:
            if self._finder is None and self._is_open:
                # Of its own: git may take its time, and what is logged must not wait for it.
                self._finder = threading.Thread(target=self._find_out, name="hanalife-finder", daemon=True)
                self._finder.start()
        has_news = self.progress is not self._told
        if self._batch or has_news or time.monotonic() >= self._beat_at:
            self._flush(progress=has_news)

    def _find_out(self) -> None:
        """Add what the run refers to, once."""
        gather, self._gather = self._gather, None
        if gather is None:
            return
        try:
            found = gather()
        except Exception:  # whatever a machine has in store, it must not end the user's work
            logger.exception("Run %r: code and environment could not be found out.", self.run.name)
            return
        with self._lock:
            self._batch.shared += found

    def _flush(self, *, progress: bool = False, last: Batch | None = None) -> bool:
        ended = last is not None
        with self._writing:
            if ended:
                self._find_out()
            self._beat_at = time.monotonic() + self._beat_seconds
            with self._lock:
                batch, self._batch = self._batch, Batch()
            if last is not None:
                _add(batch, last)  # not before: a tick that is still going on must not take the end for its own
            if self._spooled:
                if batch:
                    self._keep(batch)
                return True
            if progress:
                self._told = self.progress
            told = self._progress() if progress else {}
            try:
                with self._database.write() as connection:
                    moment = self._now(connection)
                    if not batch and not ended:
                        return runs.beat(connection, self.run.run_id, moment, tuple(told.values()) or None)
                    batch.changes |= told | {"heartbeat_at": moment}
                    if ended:
                        batch.changes["ended_at"] = moment
                    else:
                        batch.changes |= {"status": RunStatus.ACTIVE, "ended_at": None}
                    return batch.write(connection, self.run.run_id, moment)
            except STORE_TROUBLE as error:
                self._keep(batch, error)
                return True

    def _keep(self, batch: Batch, error: BaseException | None = None) -> None:
        """Keep in the spool file what cannot be written to the store."""
        if batch.changes.get("status") not in (None, RunStatus.ACTIVE):
            batch.changes.setdefault("ended_at", (self._clock or utc_now)())
        path = spool.keep(self._database, self.run, batch, self._unborn)
        self._unborn = None
        if error is not None and not self._spooled:
            where = f"kept in {path}; replay_spool() writes it later" if path else "lost, for it can be kept nowhere"
            logger.warning("Run %r cannot be recorded: %s What is logged is %s.", self.run.name, error, where)
        self._spooled = True

    def _replay(self) -> None:
        for path in spool.files(self._database):
            if path.stem == self.run.run_id:
                try:
                    spool.replay_file(self._database, path)
                except (*STORE_TROUBLE, OSError) as error:
                    logger.debug("Spool file %s stays: %s", path, error)

    def _progress(self) -> dict[str, Any]:
        latest = self.progress
        if latest is None:
            return {}
        return {
            "progress_done": latest.done,
            "progress_total": latest.total,
            "progress_text": storable(latest.description),
        }

    def _now(self, connection: sa.Connection) -> datetime:
        return self._clock() if self._clock is not None else dialects.now(connection)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the time of a block as overhead; blocks may lie within one another."""
        if self._entered is not None:
            yield
            return
        self._entered = time.perf_counter()
        try:
            yield
        finally:
            self._overhead_seconds = self.overhead_seconds
            self._entered = None

    @property
    def overhead_seconds(self) -> float:
        """For how long callers have waited so far."""
        return self._overhead_seconds + (0.0 if self._entered is None else time.perf_counter() - self._entered)


_open_writers: weakref.WeakSet[RunWriter] = weakref.WeakSet()


@atexit.register
def _flush_all() -> None:
    """Write what waits when the interpreter ends; the runs are not marked as ended, for they were not."""
    for writer in list(_open_writers):
        writer.stop()
        writer.flush()


def _add(batch: Batch, more: Batch) -> None:
    batch.params |= more.params
    batch.points += more.points
    batch.summaries |= more.summaries
    batch.entries += more.entries
    batch.tags |= more.tags
    batch.artifacts += more.artifacts
    batch.shared += more.shared
    batch.changes |= more.changes
    batch.primary_metric = more.primary_metric or batch.primary_metric
    batch.row_digests = more.row_digests or batch.row_digests


def mark_lost_runs(database: Database, now: datetime | None = None) -> int:
    """Mark as LOST the runs whose process has been silent for a minute; return how many.

    ``now`` is the present moment; by default the database tells it, so that the clocks of hosts
    do not matter. Takes a write lock only if there are any such runs.
    """
    with database.read() as connection:
        if not runs.stale(connection, now or dialects.now(connection)):
            return 0
    with database.write() as connection:
        return runs.mark_lost(connection, now or dialects.now(connection))
