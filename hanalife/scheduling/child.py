"""One job's process: started, listened to, killed.

The process leads its own group, so that killing it takes its descendants along. Its standard
input is a pipe that nobody writes to: when the worker dies, however it dies, the pipe ends and
the process must end itself (see :func:`die_with_parent`).
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import IO

from hanalife.clock import Clock, utc_now

#: The log column of SAP HANA holds so many characters.
MAX_LINE = 5000
# A process that prints faster than the database takes it waits.
_MAX_WAITING_LINES = 10_000
_PIPE_SECONDS = 5

Line = tuple[str, datetime, str]


class Child:
    """A running process and the lines it has written but nobody has taken yet.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; they can be read by everyone on the machine.
    environment : mapping
        Added to the environment of this process; the place for secrets.
    redact : callable
        Takes the secrets out of a line.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        redact: Callable[[str], str],
        clock: Clock = utc_now,
    ) -> None:
        self._redact = redact
        self._clock = clock
        self._lines: queue.Queue[Line] = queue.Queue(_MAX_WAITING_LINES)
        self.last_error = ""  #: the last line of standard error
        self._process = subprocess.Popen(  # noqa: S603 - the command is hanalife's own
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [self._listen(self._process.stdout, "OUT"), self._listen(self._process.stderr, "ERROR")]

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while the process runs."""
        return self._process.poll()

    def take_lines(self) -> list[Line]:
        """Return the lines since the last call."""
        taken: list[Line] = []
        with contextlib.suppress(queue.Empty):
            while len(taken) < _MAX_WAITING_LINES:
                taken.append(self._lines.get_nowait())
        return taken

    def kill(self) -> None:
        """Kill the process and its descendants, at once: only what was committed counts."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> list[Line]:
        """Kill what is left of the process and its descendants; return the last lines."""
        self.kill()
        lines = self.take_lines()
        for reader in self._readers:
            reader.join(_PIPE_SECONDS)
            lines += self.take_lines()
        assert self._process.stdin is not None
        self._process.stdin.close()
        return lines

    def _listen(self, stream: IO[str], event_key: str) -> threading.Thread:
        reader = threading.Thread(target=self._read, args=(stream, event_key), daemon=True)
        reader.start()
        return reader

    def _read(self, stream: IO[str], event_key: str) -> None:
        with stream:
            while text := stream.readline(MAX_LINE):
                # PostgreSQL's text has no NUL.
                line = self._redact(text.rstrip("\n").replace("\0", "\N{REPLACEMENT CHARACTER}"))
                if event_key == "ERROR" and line.strip():
                    self.last_error = line
                self._lines.put((event_key, self._clock(), line))


def die_with_parent() -> None:
    """Within a job's process: end it as soon as the worker is gone."""

    def watch() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
