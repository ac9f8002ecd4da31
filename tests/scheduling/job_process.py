"""A tiny job: does what its task's definition says; its effect is a row in the table EFFECTS."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import sqlalchemy as sa

from hanalife.database import dialects, leases, tasks
from hanalife.database.engine import Database
from hanalife.scheduling.child import die_with_parent

EFFECTS = sa.Table("EFFECTS", sa.MetaData(), sa.Column("JOB_ID", sa.Integer), sa.Column("ATTEMPT", sa.Integer))


def main(job_id, attempt, owner):
    die_with_parent()
    database = Database(os.environ["HANALIFE_URL"])
    with database.read() as connection:
        lease = leases.find(connection, int(job_id), int(attempt), owner)
        definition = tasks.task(connection, lease.task_id).definition
    print(f"pid {os.getpid()}")
    if definition.get("fail"):
        print("about to fail with", os.environ["HANALIFE_URL"])
        raise RuntimeError(definition["fail"])
    if definition.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if "wait_for" in definition:
        while not Path(definition["wait_for"]).exists():
            threading.Event().wait(0.05)
    with database.write() as connection:
        connection.execute(EFFECTS.insert().values(JOB_ID=lease.job_id, ATTEMPT=lease.attempt))
        if not leases.succeed(connection, lease, dialects.now(connection)):
            raise RuntimeError("lease lost")
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
