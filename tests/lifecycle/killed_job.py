"""A job's process that is killed at its first two attempts: before its end is written, then while it is."""

from __future__ import annotations

import os
import signal
import sys
from unittest import mock

from hanalife.database import leases
from hanalife.lifecycle import execution, job

_commit, _succeed = execution.commit, leases.succeed


def _die(*_arguments):
    os.kill(os.getpid(), signal.SIGKILL)


def _succeed_and_die(*arguments):
    """Die when all is written but not committed."""
    _succeed(*arguments)
    _die()


def _commit_and_die(*arguments):
    _commit(*arguments)
    _die()


def main(arguments):
    """Execute a job, and die by the number of the attempt."""
    attempt = int(arguments[1])
    place, name, instead = {
        1: (execution, "commit", _die),
        2: (leases, "succeed", _succeed_and_die),
    }.get(attempt, (execution, "commit", _commit_and_die))
    with mock.patch.object(place, name, instead):
        return job.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
