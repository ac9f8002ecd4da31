"""A worker with a short lease, to be killed."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

from hanalife.database.engine import Database
from hanalife.scheduling.runner import Limits, Runner
from tests.scheduling.engine import COLD


def main():
    runner = Runner(Database(os.environ["HANALIFE_URL"]), COLD, Limits(lease=timedelta(seconds=2)))
    runner.start()
    while True:
        runner.step()
        threading.Event().wait(0.1)


if __name__ == "__main__":
    main()
