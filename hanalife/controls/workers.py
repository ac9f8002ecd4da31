"""The controls of the worker that lives in this process: at most one for each database."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.errors import InvalidArgumentError
from hanalife.lifecycle.job import launcher
from hanalife.scheduling.worker import WorkerThread

_lock = threading.Lock()  # guards the table below
_workers: dict[str, WorkerThread] = {}  # by the database's URL


def start(context: ConnectionContext, args: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - a control's signature
    """Start a worker in a thread of this process, or name the one that runs already.

    It ends with :func:`stop` or with the process, whichever comes first. What it may call is
    said by the environment of this process, as for ``hanalife worker``.
    """
    with _lock:
        worker = _running(context)
        if worker is None:
            worker = _workers[_key(context)] = WorkerThread(context.database, launcher())
        return {"worker_id": worker.worker_id}


def stop(context: ConnectionContext, args: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG001 - a control's signature
    """End the worker of this process; its running jobs are killed and queued again.

    Raises
    ------
    InvalidArgumentError
        There is none: whoever runs elsewhere has to be stopped there.
    """
    with _lock:
        worker = _running(context)
        if worker is None:
            raise InvalidArgumentError(
                "worker.stop: no worker was started from here; stop one of another process where it runs."
            )
        del _workers[_key(context)]
        worker.stop()
        return {"worker_id": worker.worker_id}


def stop_all() -> None:
    """End all workers of this process, before it ends itself."""
    with _lock:
        while _workers:
            _workers.popitem()[1].stop()


def _running(context: ConnectionContext) -> WorkerThread | None:
    worker = _workers.get(_key(context))
    return worker if worker is not None and worker.is_alive else None


def _key(context: ConnectionContext) -> str:
    return context.database.url.render_as_string(hide_password=False)


CONTROLS: Mapping[str, Control] = {
    "worker.start": Control(start, ()),
    "worker.stop": Control(stop, ()),
}
