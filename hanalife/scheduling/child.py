"""One job's process as its worker sees it: what it writes, how it is stopped, how it ends.

The process leads its own group, so that killing it takes its descendants along. Its standard
input is a pipe that nobody writes to: when the worker dies, however it dies, the pipe ends and
the process must end itself (see :func:`be_job`).
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from hanalife.clock import Clock, utc_now
from hanalife.errors import UnreachableDatabaseError, UnwritableDatabaseError

#: The log column of SAP HANA holds so many characters.
MAX_LINE = 5000
#: What a process that was asked to end has left to do so before it is killed.
STOP_SECONDS = 1.0

#: The exit status of a job's process that could not reach the database: its job is queued again.
DATABASE_AWAY_STATUS = 75

# A process that prints faster than the database takes it waits.
_MAX_WAITING_LINES = 10_000
_PIPE_SECONDS = 5

Line = tuple[str, datetime, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process has ended, and what it and its descendants have used."""

    returncode: int  #: negative for a signal
    cpu_seconds: float
    peak_memory_bytes: int


class Process(Protocol):
    """A process that leads its own group, somewhere on this machine."""

    def poll(self) -> Ended | None:
        """Return how it has ended, or None while it runs; nothing of its group is left then."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to its group."""
        ...


class Launcher(Protocol):
    """What starts the processes of jobs."""

    def is_ready(self) -> bool:
        """Say whether a process can be started at once."""
        ...

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], pipes: tuple[int, int, int]) -> Process:
        """Start a process with these standard streams.

        Raises
        ------
        OSError
            It could not be started.
        """
        ...

    def close(self) -> None:
        """Give up what it holds."""
        ...


class Child:
    """A running process and the lines it has written but nobody has taken yet.

    Parameters
    ----------
    launcher : Launcher
        Starts the process.
    arguments : sequence of str
        They can be read by everyone on the machine.
    environment : mapping
        Added to the environment of this process; the place for secrets.
    redact : callable
        Takes the secrets out of a line.
    clock : callable
        The moment of a line.
    monotonic : callable
        Seconds that no change of the clock and no sleep of the machine adds to.
    """

    def __init__(
        self,
        launcher: Launcher,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        redact: Callable[[str], str],
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redact = redact
        self._clock = clock
        self._monotonic = monotonic
        self._lines: queue.Queue[Line] = queue.Queue(_MAX_WAITING_LINES)
        self._stopped_at: float | None = None
        self.last_error = ""  #: the last line of standard error
        self.started_at = monotonic()
        self.ended: Ended | None = None
        stdin, self._stdin = os.pipe()
        output, stdout = os.pipe()
        errors, stderr = os.pipe()
        try:
            self._process = launcher.start(arguments, {"PYTHONUNBUFFERED": "1", **environment}, (stdin, stdout, stderr))
        except OSError:
            for end in (self._stdin, output, errors):
                os.close(end)
            raise
        finally:
            for end in (stdin, stdout, stderr):
                os.close(end)
        self._readers = [self._listen(output, "OUT"), self._listen(errors, "ERROR")]

    @property
    def seconds(self) -> float:
        """How long the process has been running."""
        return self._monotonic() - self.started_at

    def take_lines(self) -> list[Line]:
        """Return the lines since the last call; of a progress bar only where it stands."""
        taken: list[Line] = []
        with contextlib.suppress(queue.Empty):
            while len(taken) < _MAX_WAITING_LINES:
                taken.append(self._lines.get_nowait())
        bars = [place for place, line in enumerate(taken) if line[0] == "PROGRESS"]
        return [line for place, line in enumerate(taken) if line[0] != "PROGRESS" or place == bars[-1]]

    def stop(self) -> None:
        """Ask the process and its descendants to end; called again after a while, kill them."""
        if self._stopped_at is None:
            self._stopped_at = self._monotonic()
            self._process.signal(signal.SIGTERM)
        elif self._monotonic() - self._stopped_at > STOP_SECONDS:
            self._process.signal(signal.SIGKILL)

    def kill(self) -> None:
        """Kill the process and its descendants, at once, and wait for their end."""
        deadline = self._monotonic() + _PIPE_SECONDS
        while not self.has_ended() and self._monotonic() < deadline:
            self._process.signal(signal.SIGKILL)
            time.sleep(0.002)

    def has_ended(self) -> bool:
        """Say whether the process has ended; :attr:`ended` tells how."""
        if self.ended is None:
            self.ended = self._process.poll()
        return self.ended is not None

    def close(self) -> list[Line]:
        """Return the last lines of a process that has ended."""
        lines = self.take_lines()
        for reader in self._readers:
            reader.join(_PIPE_SECONDS)
            lines += self.take_lines()
        os.close(self._stdin)
        return lines

    def _listen(self, pipe: int, event_key: str) -> threading.Thread:
        reader = threading.Thread(target=self._read, args=(pipe, event_key), daemon=True)
        reader.start()
        return reader

    def _read(self, pipe: int, event_key: str) -> None:
        # Line ends stay as they are: what ends in a carriage return is a bar that is painted over.
        with open(pipe, encoding="utf-8", errors="replace", newline="") as stream:
            while text := stream.readline(MAX_LINE):
                # PostgreSQL's text has no NUL.
                line = self._redact(text.rstrip("\r\n").replace("\0", "\N{REPLACEMENT CHARACTER}"))
                bar = text.endswith("\r")
                if event_key == "ERROR" and line.strip() and not bar:
                    self.last_error = line
                if line or not bar:
                    self._lines.put(("PROGRESS" if bar else event_key, self._clock(), line))


def be_job(work: Callable[[], None]) -> int:
    """Within a job's process: do the job, end when the worker does, and return the exit status.

    Any error ends the process with its traceback on standard error; if it is that the database
    is away, the status says so.
    """
    die_with_parent()
    try:
        work()
    except UnwritableDatabaseError:
        raise  # it is there; trying again does not mend a full disk
    except (UnreachableDatabaseError, sa.exc.DBAPIError) as error:
        if isinstance(error, sa.exc.DBAPIError) and not error.connection_invalidated:
            raise
        traceback.print_exc()
        return DATABASE_AWAY_STATUS
    return 0


def die_with_parent() -> None:
    """End this process as soon as the worker is gone."""
    pipe = sys.__stdin__.fileno() if sys.__stdin__ else 0

    def watch() -> None:
        os.read(pipe, 1)
        if os.getpgid(0) == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)  # its descendants with it
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
