"""Signs of life: a run's heartbeat and progress while a call is busy, and runs that went silent."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

import sqlalchemy as sa

from hanalife.clock import Clock
from hanalife.database import dialects, runs
from hanalife.database.engine import Database
from hanalife.errors import UnreachableDatabaseError
from hanalife.observation import CallProgress
from hanalife.tracking.identity import storable

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
PROGRESS_SECONDS = 0.2  #: progress is written no more often


class Pulse:
    """A daemon thread that tells the store that a run's process lives, and how far its call is.

    It has a connection of its own: the call never waits for it and it never touches the
    session. A database in memory has one connection for all and no other process to tell, so
    there the thread is not started.

    Parameters
    ----------
    database : Database
        Where the run is.
    run_id : str
        The run.
    clock : callable
        Gives the moment of a heartbeat.
    beat_seconds : float, default 5
        Time between two heartbeats, in seconds.
    """

    def __init__(self, database: Database, run_id: str, clock: Clock, beat_seconds: float = BEAT_SECONDS) -> None:
        self._database = database
        self._run_id = run_id
        self._clock = clock
        self._beat_seconds = beat_seconds
        self._news = threading.Event()
        self._stopped = threading.Event()
        self._warned = False
        self._thread: threading.Thread | None = None
        self.progress: CallProgress | None = None  #: the latest

    def start(self) -> None:
        """Start the thread."""
        if not dialects.is_in_memory(self._database.url):
            self._thread = threading.Thread(target=self._live, name=f"hanalife-pulse-{self._run_id}", daemon=True)
            self._thread.start()

    def report(self, progress: CallProgress) -> None:
        """Take note of progress; it is written soon, and only the latest."""
        self.progress = progress
        self._news.set()

    def stop(self) -> None:
        """End the thread; afterwards it writes no more."""
        self._stopped.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _live(self) -> None:
        while not self._stopped.is_set():
            has_news = self._news.wait(self._beat_seconds)
            if self._stopped.is_set():
                return
            self._news.clear()
            self._write(self.progress if has_news else None)
            self._stopped.wait(PROGRESS_SECONDS)

    def _write(self, progress: CallProgress | None) -> None:
        values = None if progress is None else (progress.done, progress.total, storable(progress.description))
        try:
            with self._database.write() as connection:
                runs.beat(connection, self._run_id, self._clock(), values)
        except (sa.exc.SQLAlchemyError, UnreachableDatabaseError) as error:
            # The next beat may succeed, and the end of the call reports for itself.
            if not self._warned:
                logger.warning("Run %s: a heartbeat could not be written: %s", self._run_id, error)
            self._warned = True


def mark_lost_runs(database: Database, now: datetime) -> int:
    """Mark as LOST the runs whose process has been silent for a minute; return how many.

    Takes a write lock only if there are any.
    """
    with database.read() as connection:
        if not runs.stale(connection, now):
            return 0
    with database.write() as connection:
        return runs.mark_lost(connection, now)
