"""One thread for all runs of a database: it writes what waits, and gives signs of life."""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Protocol

from hanalife.database.engine import Database

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
_IDLE_TICKS = 20  # without a run, until the thread ends


class Writer(Protocol):
    """Whoever has something to write now and then."""

    def tick(self) -> None:
        """Write what waits, if anything does."""
        ...


class WritingThread:
    """Calls the writers of one database ten times a second; a run begins and ends without a new thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writers: list[Writer] = []
        self._thread: threading.Thread | None = None

    def attach(self, writer: Writer) -> None:
        """Call a writer from now on."""
        with self._lock:
            self._writers.append(writer)
            if self._thread is None or not self._thread.is_alive():  # it is not in a forked process
                self._thread = threading.Thread(target=self._work, name="hanalife-writer", daemon=True)
                self._thread.start()

    def detach(self, writer: Writer) -> None:
        """Call a writer no more; a call that is going on may still end."""
        with self._lock:
            if writer in self._writers:
                self._writers.remove(writer)

    def _work(self) -> None:
        pause, idle = threading.Event(), 0
        while True:
            pause.wait(TICK_SECONDS)
            with self._lock:
                writers = list(self._writers)
                idle = 0 if writers else idle + 1
                if idle > _IDLE_TICKS:
                    self._thread = None
                    return
            for writer in writers:
                try:
                    writer.tick()
                except Exception:  # of one run; the others go on
                    logger.exception("A run could not be written for a reason that was not foreseen.")


_threads: weakref.WeakKeyDictionary[Database, WritingThread] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def writing_thread(database: Database) -> WritingThread:
    """Return the one of a database."""
    with _guard:
        return _threads.setdefault(database, WritingThread())
