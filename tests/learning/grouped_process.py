"""A search in each of many groups, in a process of its own, to be killed in the middle."""

from __future__ import annotations

import os
import sys
import threading
import time

from hanalife import ConnectionContext, search_progress
from hanalife.learning import memory
from hanalife.learning.engines.boosting import Boosting
from tests.learning.models import searching_model

SEARCH = "shops"
CHANGES = {
    "massive": True,
    "param_values": {"learning_rate": [0.1, 0.5], "max_depth": [2, 4]},
    "fold_num": 3,
    "random_state": 0,  # drawn: the next process has to find the same
    "progress_indicator_id": SEARCH,
}
#: The partition's seed is drawn too.
FIT = {
    "key": "ID",
    "features": ["A", "WORD"],
    "label": "CLASS",
    "group_key": "SHOP",
    "partition_method": "stratified",
    "stratified_column": "CLASS",
}
ONE_GROUP, GROUPS = 4 * 3, 3
#: In the last fold of the second group.
TRAINED = ONE_GROUP + 9


def at_training(number, do):
    """Do something before so many trainings, one after the other, are done."""
    plain, counts = Boosting.fold_outputs, []
    os.cpu_count = lambda: 1

    def counting(self, rows, test, candidates, n_threads=1):
        for candidate in candidates:
            counts.append(candidate)
            if len(counts) == number:
                do()
        return plain(self, rows, test, candidates, n_threads)

    Boosting.fold_outputs = counting


def wait_for_the_second_group(conn):
    """Wait until the store knows that the second of the groups has come some way."""
    while not search_progress(conn, f"{SEARCH}/east").done:
        time.sleep(0.01)


def main():
    memory.SECONDS_BETWEEN_WRITES = 0
    with ConnectionContext(sys.argv[1]) as conn, ConnectionContext(sys.argv[1]) as other:

        def stuck():
            wait_for_the_second_group(other)
            print("half", flush=True)
            threading.Event().wait()

        at_training(TRAINED, stuck)
        searching_model(**CHANGES).fit(conn.table("SHOPS"), **FIT)


if __name__ == "__main__":
    main()
