"""How a job's process is started: cold, or warm from a process that has imported the libraries."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hanalife.scheduling.child import Ended, Process

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: What every job needs to open its database.
DRIVERS = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite")

#: An answer of the zygote that takes longer is not waited for.
ANSWER_SECONDS = 5.0
#: Imports that take longer are not waited for: jobs start cold then.
IMPORT_SECONDS = 60.0


class ColdLauncher:
    """Starts a program anew for each job; it imports all it needs."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)

    def is_ready(self) -> bool:
        """Say that a process can be started at once."""
        return True

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], pipes: tuple[int, int, int]) -> Process:
        """Start a process with these standard streams."""
        stdin, stdout, stderr = pipes
        process = subprocess.Popen(  # noqa: S603 - the command is hanalife's own
            [*self._command, *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={**os.environ, **environment},
            start_new_session=True,
        )
        return OwnChild(process)

    def close(self) -> None:
        """Nothing is held."""


class OwnChild:
    """A child of this process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def poll(self) -> Ended | None:
        """Return how it has ended, or None while it runs."""
        ended = reap(self._process.pid)
        if ended is not None:
            self._process.returncode = ended.returncode
        return ended

    def signal(self, number: int) -> None:
        """Send a signal to its group."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def reap(pid: int) -> Ended | None:
    """Return how a child of this process has ended, with nothing left of its group; None while it runs."""
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return None
    # As long as it is not reaped its number, which is the group's as well, belongs to nobody else.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    return Ended(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss * _MAXRSS_BYTES)


#: The unit of the system's own account of memory.
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class WarmLauncher:
    """Forks each job from a zygote: a process that has imported the libraries and run nothing of them.

    Where the zygote fails in any way, jobs start cold.

    Parameters
    ----------
    module : str
        The module whose ``main(arguments)`` is a job; ``python -m module`` is the same, cold. Its ``prepare()``,
        if it has one, is called once before the first job and must start no thread.
    preload : sequence of str
        Further modules that the zygote imports, where they are installed.
    environment : mapping, optional
        Added to the environment of each job.
    """

    def __init__(self, module: str, preload: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._cold = ColdLauncher([sys.executable, "-m", module])
        self._modules = [module, *DRIVERS, *preload]
        self._environment = dict(environment or {})
        self._zygote: Zygote | None = None
        self._failed = False

    def is_ready(self) -> bool:
        """Say whether the zygote has imported everything, or has failed so that jobs start cold."""
        return self._failed or self._attempt(lambda: self._grown().is_ready()) is not False

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], pipes: tuple[int, int, int]) -> Process:
        """Start a process with these standard streams, warm if that is possible."""
        environment = {**self._environment, **environment}
        warm = None if self._failed else self._attempt(lambda: self._grown().fork(arguments, environment, pipes))
        return warm or self._cold.start(arguments, environment, pipes)

    def close(self) -> None:
        """End the zygote."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    def _grown(self) -> Zygote:
        if self._zygote is None:
            self._zygote = Zygote(self._modules)
        return self._zygote

    def _attempt(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except (OSError, ValueError) as error:
            logger.warning("The warm start of jobs has failed, so they start cold from now on: %s", error)
            self._failed = True
            return None


class Zygote:
    """The worker's end of a zygote; what it says is in :mod:`hanalife.scheduling.zygote`. Any thread may use it."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "hanalife.scheduling.zygote", str(theirs.fileno()), *modules]
            self._process = subprocess.Popen(  # noqa: S603 - the command is hanalife's own
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._lock = threading.Lock()
        self._text = b""
        self._ready = False
        self._started = time.monotonic()
        self._forked: list[int] = []
        self._ends: dict[int, Ended] = {}

    def is_ready(self) -> bool:
        """Say whether it has imported everything.

        Raises
        ------
        OSError
            It has died, or takes too long.
        """
        with self._lock:
            self._listen(0)
        if not self._ready and time.monotonic() - self._started > IMPORT_SECONDS:
            raise OSError(f"the libraries were not imported within {IMPORT_SECONDS:g} s")
        return self._ready

    def fork(self, arguments: Sequence[str], environment: Mapping[str, str], pipes: tuple[int, int, int]) -> Process:
        """Start a process from it.

        Raises
        ------
        OSError
            It has died or does not answer.
        """
        request = {"arguments": list(arguments), "environment": dict(environment)}
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode() + b"\n"], list(pipes))
            deadline = time.monotonic() + ANSWER_SECONDS
            while not self._forked:
                if time.monotonic() > deadline:
                    raise OSError(f"no answer within {ANSWER_SECONDS:g} s")
                self._listen(0.1)
            return ForkedChild(self, self._forked.pop())

    def ended(self, pid: int) -> Ended | None:
        """Return how a process from it has ended, or None while it runs."""
        with self._lock:
            try:
                self._listen(0)
            except (OSError, ValueError) as error:
                if pid not in self._ends:
                    # Nobody is left to say how it ends; what was committed counts, as ever.
                    logger.warning("The process that started job process %s is gone: %s", pid, error)
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(pid, signal.SIGKILL)
                    return Ended(-signal.SIGKILL, 0.0, 0)
            return self._ends.pop(pid, None)

    def signal(self, pid: int, number: int) -> None:
        """Send a signal to the group of a process from it."""
        with self._lock, contextlib.suppress(OSError):  # then it is gone; the next look at the process says so
            self._socket.sendall(json.dumps({"signal": number, "pid": pid}).encode() + b"\n")

    def close(self) -> None:
        """End it; its processes have ended or see their standard input end."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    def _listen(self, seconds: float) -> None:
        while select.select([self._socket], [], [], seconds)[0]:
            found = self._socket.recv(65536)
            if not found:
                raise OSError("it has ended")
            self._text += found
            *lines, self._text = self._text.split(b"\n")
            for line in lines:
                self._hear(json.loads(line))
            seconds = 0

    def _hear(self, said: dict[str, object]) -> None:
        if "ready" in said:
            self._ready = True
        elif "forked" in said:
            self._forked.append(int(str(said["forked"])))
        else:
            ended = Ended(int(str(said["returncode"])), float(str(said["cpu"])), int(str(said["memory"])))
            self._ends[int(str(said["ended"]))] = ended


class ForkedChild:
    """A process that a zygote has forked."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self._zygote = zygote
        self._pid = pid

    def poll(self) -> Ended | None:
        """Return how it has ended, or None while it runs."""
        return self._zygote.ended(self._pid)

    def signal(self, number: int) -> None:
        """Send a signal to its group."""
        self._zygote.signal(self._pid, number)
