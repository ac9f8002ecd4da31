"""A search in a process of its own, to be killed in the middle."""

from __future__ import annotations

import sys
import threading

from hanalife import ConnectionContext
from hanalife.learning import memory
from tests.learning.models import searching_model

SEARCH = "nightly"
CHANGES = {
    "param_values": {"learning_rate": [0.1, 0.5], "max_depth": [2, 4], "n_estimators": [3, 6]},
    "fold_num": 4,
    "random_state": 0,  # drawn: the next process has to find the same
    "progress_indicator_id": SEARCH,
}
FIT = {"key": "ID", "label": "CLASS", "partition_method": "stratified", "stratified_column": "CLASS"}
HALF = 14


class Stuck:
    """An observer that goes no further than half of the way."""

    def call_started(self, start):
        return "run"

    def call_progressed(self, progress):
        if progress.done == HALF:
            print("half", flush=True)
            threading.Event().wait()


def main():
    memory.SECONDS_BETWEEN_WRITES = 0
    with ConnectionContext(sys.argv[1]) as conn:
        model = searching_model(**CHANGES)
        model.observer = Stuck()
        model.fit(conn.table("DIABETES"), **FIT)


if __name__ == "__main__":
    main()
