"""The process of one job: ``python -m hanalife.lifecycle.job JOB ATTEMPT WORKER``.

The database's URL comes in the environment variable ``HANALIFE_URL``, where other users of the
machine cannot read it. Standard output and standard error go to the job's log.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from hanalife.database import leases, tasks
from hanalife.dataframe.context import URL_VARIABLE, ConnectionContext
from hanalife.lifecycle import calls
from hanalife.scheduling.child import die_with_parent

#: What a worker starts for each job.
COMMAND = (sys.executable, "-m", "hanalife.lifecycle.job")


def main(arguments: Sequence[str]) -> int:
    """Execute one job; an error ends the process and its traceback is in the job's log."""
    die_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stdout)
    job_id, attempt, owner = arguments
    with ConnectionContext(os.environ.pop(URL_VARIABLE)) as context:
        with context.database.read() as connection:
            lease = leases.find(connection, int(job_id), int(attempt), owner)
            call = calls.Call(**tasks.task(connection, lease.task_id).definition)
        frames = calls.execute(context, call)
        calls.commit(context, lease, call.outputs, frames)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
