"""The process of one job: ``python -m hanalife.lifecycle.job JOB ATTEMPT WORKER``.

The database's URL comes in the environment variable ``HANALIFE_URL``, where other users of the
machine cannot read it. Standard output and standard error go to the job's log.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from hanalife.database import dialects, leases, tasks
from hanalife.database.leases import Lease
from hanalife.dataframe.context import URL_VARIABLE, ConnectionContext
from hanalife.errors import Error
from hanalife.lifecycle import execution, notebooks, procedures
from hanalife.scheduling.child import be_job
from hanalife.scheduling.launchers import WarmLauncher
from hanalife.tracking import provenance

#: What most jobs use; imported once, before the first of them.
PRELOAD = (
    "pandas", "pyarrow.csv", "pyarrow.pandas_compat", "sklearn.model_selection", "tqdm.auto", "xgboost",
    "hanalife.dataframe.transfer.columnar", "hanalife.dataframe.transfer.hashing", "hanalife.drift.native",
    "hanalife.learning.classification", "hanalife.learning.training", "hanalife.storage.boosters",
)  # fmt: skip


def launcher(allow: Sequence[str] = (), notebook_folder: str | None = None) -> WarmLauncher:
    """Return what starts the jobs of a worker.

    Parameters
    ----------
    allow : sequence of str
        Import paths that jobs may call, beside those of ``HANALIFE_CALLABLES``.
    notebook_folder : str, optional
        Where notebooks are; default: ``HANALIFE_NOTEBOOKS``.
    """
    environment = {}
    if allow:
        listed = [os.environ.get(procedures.VARIABLE, ""), *allow]
        environment[procedures.VARIABLE] = ",".join(filter(None, listed))
    if notebook_folder is not None:
        environment[notebooks.VARIABLE] = os.path.abspath(notebook_folder)  # noqa: PTH100 - text for the environment
    return WarmLauncher("hanalife.lifecycle.job", PRELOAD, environment)


def prepare() -> None:
    """Find out once, before the first job is forked, what all record alike."""
    provenance.environment()


def main(arguments: Sequence[str]) -> int:
    """Execute one job; an error ends the process and its traceback is in the job's log."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stdout)
    job_id, attempt, owner = arguments

    def work() -> None:
        with ConnectionContext(os.environ.pop(URL_VARIABLE)) as context:
            _execute(context, int(job_id), int(attempt), owner)

    return be_job(work)


def _execute(context: ConnectionContext, job_id: int, attempt: int, owner: str) -> None:
    with context.database.read() as connection:
        lease = leases.find(connection, job_id, attempt, owner)
        task = tasks.task(connection, lease.task_id)
        job = tasks.job(connection, job_id)
    try:
        result = execution.execute(context, task, job, lease)
        execution.commit(context, lease, result)
    except Error:
        _link_run(context, lease)
        raise


def _link_run(context: ConnectionContext, lease: Lease) -> None:
    """Note the run that a failing job has recorded, so that its log is found."""
    with context.database.write() as connection:
        run_id = execution.recorded_run(connection, dialects.now(connection))
        if run_id is not None:
            leases.link_run(connection, lease, run_id)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
