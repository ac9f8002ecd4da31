"""How many threads share the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

R = TypeVar("R")

#: Fewer are not worth a thread: what it saves is less than what waiting costs on a busy machine.
CELLS_PER_THREAD = 250_000


def apart(n_threads: int, work: Callable[[], R]) -> R:
    """Do work in a thread of its own, in which XGBoost uses ``n_threads``.

    Threads of OpenMP spin while they wait for each other, which on a busy machine can make
    little data a hundred times slower. How many there are is a setting of the calling thread:
    set here, it does not touch what else the process does with XGBoost.
    """
    import xgboost

    def configured() -> R:
        xgboost.set_config(nthread=n_threads)
        return work()

    with ThreadPoolExecutor(1, thread_name_prefix="hanalife-engine") as pool:
        return pool.submit(configured).result()


def threads(ratio: float, cells: int) -> int:
    """Return the number of threads of a ``thread_ratio``; below 0: as many as the data can use."""
    processors = os.cpu_count() or 1
    return min(processors, useful_threads(cells)) if ratio < 0 else max(1, round(ratio * processors))


def useful_threads(cells: int) -> int:
    """Return how many threads can share data of so many cells; on little, they wait for each other."""
    return 1 + cells // CELLS_PER_THREAD
