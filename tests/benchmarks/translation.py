"""How long a condition's text takes to become an expression: ``python -m tests.benchmarks.translation``.

The first time a text is met it is parsed; a text with other values has another tree. Nothing is
sent. The peer is ``pandas.DataFrame.query`` on ten rows, which reads its text each time too.
"""

from __future__ import annotations

import statistics
import time

import pandas as pd

from hanalife import ConnectionContext, DataSets

CALLS = 300
LONG = "AGE / 2 > {} AND (CLASS = 1 OR BMI BETWEEN 20 AND 30) AND LEFT(TO_VARCHAR(GLUCOSE), 1) LIKE '1%'"


def measured(call):
    """Return the median of many calls, in milliseconds."""
    seconds = []
    for number in range(CALLS):
        start = time.perf_counter()
        call(number)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1000


def main():
    frame = DataSets.load_diabetes_data(ConnectionContext("sqlite://"))[0]
    rows: pd.DataFrame = frame.head(10).collect()
    start = time.perf_counter()
    frame.filter("AGE > 30 AND CLASS = 1")
    print(f"the first text of all: {(time.perf_counter() - start) * 1000:.2f} ms")
    for label, call in {
        "the same text": lambda _: frame.filter("AGE > 30 AND CLASS = 1"),
        "other values": lambda number: frame.filter(f"AGE > {number} AND CLASS = 1"),
        "a long condition, other values": lambda number: frame.filter(LONG.format(number)),
        "pandas.DataFrame.query, other values": lambda number: rows.query(f"AGE > {number} and CLASS == 1"),
    }.items():
        print(f"{label}: {measured(call):.2f} ms")


if __name__ == "__main__":
    main()
