"""A tiny job: does what its task's definition says; its effect is a row in the table EFFECTS."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import sqlalchemy as sa

from hanalife.database import dialects, leases, tasks
from hanalife.database.engine import Database
from hanalife.scheduling.child import be_job

EFFECTS = sa.Table("EFFECTS", sa.MetaData(), sa.Column("JOB_ID", sa.Integer), sa.Column("ATTEMPT", sa.Integer))


def main(arguments):
    return be_job(lambda: execute(*arguments))


def execute(job_id, attempt, owner):
    database = Database(os.environ["HANALIFE_URL"])
    with database.read() as connection:
        lease = leases.find(connection, int(job_id), int(attempt), owner)
        definition = tasks.task(connection, lease.task_id).definition
    print(f"pid {os.getpid()}")
    misuse(definition)
    misbehave(definition, database, lease)
    with database.write() as connection:
        connection.execute(EFFECTS.insert().values(JOB_ID=lease.job_id, ATTEMPT=lease.attempt))
        if not leases.succeed(connection, lease, dialects.now(connection)):
            raise RuntimeError("lease lost")
    database.close()


def misuse(definition):
    """Use what a machine has, as told."""
    time.sleep(definition.get("seconds", 0))
    if definition.get("child"):
        print(f"child {subprocess.Popen(['sleep', '1000']).pid}")
    if definition.get("burn"):
        memory = bytearray(definition["burn"])
        while time.process_time() < 0.3:
            memory[0] ^= 1
    if definition.get("bar"):
        for step in range(100):
            print(f"{step} of 99", end="\r", file=sys.stderr)
        print("\ndone", file=sys.stderr)


def misbehave(definition, database, lease):
    """Fail, die, hang or wait, as told."""
    if definition.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if definition.get("full_disk"):
        fill(database)
    if lease.attempt < definition.get("fail_until", 0):
        raise RuntimeError(f"attempt {lease.attempt}")
    if definition.get("fail"):
        print("about to fail with", os.environ["HANALIFE_URL"])
        raise RuntimeError(definition["fail"])
    if definition.get("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    while "wait_for" in definition and not Path(definition["wait_for"]).exists():
        threading.Event().wait(0.05)


def fill(database):
    """Write more than the disk holds."""
    with database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        rows = [{"JOB_ID": number, "ATTEMPT": 0} for number in range(100_000)]
        connection.execute(EFFECTS.insert(), rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
