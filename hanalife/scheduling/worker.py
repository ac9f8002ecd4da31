"""Workers: a runner in the main thread of a daemon, or in a thread of a notebook's kernel."""

from __future__ import annotations

import atexit
import logging
import threading

from hanalife.database import dialects
from hanalife.database.engine import Database
from hanalife.errors import InvalidArgumentError
from hanalife.scheduling.child import Launcher
from hanalife.scheduling.runner import Limits, Runner

logger = logging.getLogger(__name__)

#: How often to look for work that others have queued; due times are met by the clock.
POLL_SECONDS = 0.2


def run_worker(
    database: Database,
    launcher: Launcher,
    stop: threading.Event,
    poll_seconds: float = POLL_SECONDS,
    max_jobs: int = 2,
) -> None:
    """Execute jobs until told to stop; running ones are then killed and queued again.

    Parameters
    ----------
    database : Database
        Where the tasks are.
    launcher : Launcher
        Starts the processes of jobs; see :class:`Runner`.
    stop : threading.Event
        Set it to end the worker.
    poll_seconds : float, default 0.2
        How often to look for work.
    max_jobs : int, default 2
        Jobs at the same time.

    Raises
    ------
    InvalidArgumentError
        The database lives in memory, where no other process can see it, or ``max_jobs`` is
        less than 1.
    """
    runner = _runner(database, launcher, max_jobs)
    runner.start()
    _run(runner, stop, poll_seconds)


class WorkerThread:
    """A worker in a thread of this process. It is known to the database once constructed."""

    def __init__(self, database: Database, launcher: Launcher, max_jobs: int = 2) -> None:
        self._database = Database(database.url)  # its own pool outlives the caller's connection
        self._stop = threading.Event()
        self._runner = _runner(self._database, launcher, max_jobs)
        self._runner.start()
        self._thread = threading.Thread(target=self._work, name="hanalife-worker", daemon=True)
        self._thread.start()
        atexit.register(self.stop)

    @property
    def worker_id(self) -> str:
        """The name under which the worker is known."""
        return self._runner.worker_id

    @property
    def is_alive(self) -> bool:
        """Whether the thread works."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the worker and wait for it; running jobs are killed and queued again."""
        self._stop.set()
        self._thread.join()
        atexit.unregister(self.stop)

    def _work(self) -> None:
        try:
            _run(self._runner, self._stop, POLL_SECONDS)
        finally:
            self._database.close()


def _runner(database: Database, launcher: Launcher, max_jobs: int) -> Runner:
    if dialects.is_in_memory(database.url):
        raise InvalidArgumentError(
            f"database: {database.label} lives in this process's memory and no job could see it; "
            "connect to a file such as sqlite:///life.db, or to PostgreSQL."
        )
    if isinstance(max_jobs, bool) or not isinstance(max_jobs, int) or max_jobs < 1:
        raise InvalidArgumentError(f"max_jobs: expected at least 1, got {max_jobs!r}.")
    return Runner(database, launcher, Limits(max_jobs=max_jobs))


def _run(runner: Runner, stop: threading.Event, poll_seconds: float) -> None:
    logger.info("Worker %s looks for work every %s s.", runner.worker_id, poll_seconds)
    try:
        while not stop.is_set():
            runner.step()
            runner.wait(stop, poll_seconds)
    finally:
        logger.info("Worker %s stops.", runner.worker_id)
        runner.stop()
