"""The process that jobs are forked from: ``python -m hanalife.scheduling.zygote SOCKET MODULE...``.

It imports the modules and runs nothing of them but the ``prepare()`` of the first, if it has one:
a fork after OpenMP has worked would hang, a fork before that is safe. Each line on the socket is a
request in JSON, to fork (with three descriptors: the child's standard streams) or to send a signal.
It says ``ready``, ``forked`` and, of each child, ``ended``. It ends when its worker does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import warnings
from typing import Any

from hanalife.scheduling.launchers import reap

#: How long an end of a child may stay unnoticed.
_LOOK_SECONDS = 0.02


def main(arguments: list[str]) -> int:
    """Serve until the worker is gone; in a child, be the job."""
    descriptor, module, *preload = arguments
    job_module = importlib.import_module(module)
    for name in preload:
        with contextlib.suppress(ModuleNotFoundError):  # a driver that is not installed is not used either
            importlib.import_module(name)
    if hasattr(job_module, "prepare"):
        job_module.prepare()
    gc.collect()
    gc.freeze()  # what was imported is shared with the children and not looked through again
    with socket.socket(fileno=int(descriptor)) as worker:
        _say(worker, ready=True)
        job = Serving(worker).until_child()
    if job is None:
        return 0
    _begin(job)
    return int(job_module.main(job["arguments"]))


class Serving:
    """The conversation with the worker, and the children."""

    def __init__(self, worker: socket.socket) -> None:
        self._worker = worker
        self._children: set[int] = set()
        self._text = b""
        self._streams: list[int] = []

    def until_child(self) -> dict[str, Any] | None:
        """Return the request of the job to be, in its process; None in this one when the worker is gone."""
        while True:
            heard = select.select([self._worker], [], [], _LOOK_SECONDS if self._children else None)[0]
            if heard and not self._hear():
                return None
            *lines, self._text = self._text.split(b"\n")
            for line in lines:
                request = json.loads(line)
                if "signal" in request:
                    self._signal(request["pid"], request["signal"])
                elif self._fork():
                    return dict(request)
            self._look_after()

    def _hear(self) -> bool:
        try:
            text, streams, _, _ = socket.recv_fds(self._worker, 65536, 3)
        except ConnectionError:
            return False
        self._text += text
        self._streams += streams
        return bool(text)

    def _fork(self) -> bool:
        """Fork; True in the child, whose standard streams are those of the request."""
        streams, self._streams = self._streams[:3], self._streams[3:]
        with warnings.catch_warnings():
            # Idle threads of a linear algebra library, which knows how to be forked.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if not pid:
            os.setsid()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
        for stream in streams:
            os.close(stream)
        if pid:
            self._children.add(pid)
            _say(self._worker, forked=pid)
        return not pid

    def _signal(self, pid: int, number: int) -> None:
        if pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)

    def _look_after(self) -> None:
        for pid in list(self._children):
            ended = reap(pid)
            if ended is not None:
                self._children.remove(pid)
                used = {"cpu": ended.cpu_seconds, "memory": ended.peak_memory_bytes}
                _say(self._worker, ended=pid, returncode=ended.returncode, **used)


def _say(worker: socket.socket, **words: object) -> None:
    with contextlib.suppress(ConnectionError):  # the next look finds the worker gone
        worker.sendall(json.dumps(words).encode() + b"\n")


def _begin(job: dict[str, Any]) -> None:
    os.environ.update(job["environment"])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.argv[1:] = job["arguments"]
    if "numpy" in sys.modules:
        # Else all jobs would draw the same numbers.
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
