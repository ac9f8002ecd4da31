"""Data drift against Evidently in the same run.

``python -m tests.benchmarks.drift [python]``: 100,000 x 30 reference and current rows. ``python`` is the
interpreter of an environment with evidently; without it only our side runs. Ours is timed with the
reading from SQLite and from PostgreSQL, also with a label, whose sums within the bins of the other columns
are kept too, also against a reference that was read and frozen before, and without the reading from Arrow in
memory; Evidently's from data frames in memory. Memory is the growth of a fresh process's peak during the call.

``python -m tests.benchmarks.drift many [rows]``: 10,000,000 rows in PostgreSQL against as many.
Nothing is asserted.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from tests.postgres import find_server

ROUNDS = 3

DATA = """
import numpy as np, pandas as pd
def rows(seed):
    random = np.random.default_rng(seed)
    columns = {f"F{place}": random.normal(size=100_000) for place in range(20)}
    words = np.array(["red", "green", "blue", "black", "white"])
    columns |= {f"C{place}": words[random.integers(0, 5, 100_000)] for place in range(10)}
    return pd.DataFrame(columns)
first, second = rows(1), rows(2)
second[["F0", "F1", "F2"]] += 0.5
"""

MEASURE = """
import json, sys, time
def peak():  # of this process alone; ru_maxrss would begin at its parent's
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
def measured(call):
    before, began = peak(), time.perf_counter()
    drifted = call()
    print(json.dumps([time.perf_counter() - began, peak() - before, drifted]))
"""

EVIDENTLY = (
    DATA
    + MEASURE
    + """
from evidently import Dataset, DataDefinition, Report
from evidently.presets import DataDriftPreset
def call():
    definition = DataDefinition()
    pair = [Dataset.from_pandas(data, data_definition=definition) for data in (second, first)]
    found = Report([DataDriftPreset()]).run(*pair).dict()
    return int(found["metrics"][0]["value"]["count"])
measured(call)
"""
)

FROM_DATABASE = (
    MEASURE
    + """
from hanalife import ConnectionContext
import hanalife.drift.native, hanalife.drift.two_sample, scipy.special, pandas, pyarrow.compute
with ConnectionContext(sys.argv[1]) as conn:
    conn.database.migrate()
    first, second = conn.table("FIRST"), conn.table("SECOND")
    first.head(5).collect()
    def call():
        check = conn.drift.check(first, second, two_sample=False)
        return sum(result.drifted for result in check.results)
    measured(call)
"""
)

WITH_LABEL = FROM_DATABASE.replace("two_sample=False", "label='C0', two_sample=False")

#: As each check of a schedule: what is needed of the reference was frozen before, only the current rows are read.
STORED_REFERENCE = FROM_DATABASE.replace("    def call():", "    first = conn.drift.reference(first)\n    def call():")

IN_MEMORY = (
    DATA
    + MEASURE
    + """
import pyarrow as pa, scipy.special
from hanalife.drift import bins, comparison
from hanalife.drift.comparison import Counted, Limits
first, second = (pa.RecordBatch.from_pandas(data, preserve_index=False) for data in (first, second))
def call():
    columns = {}
    for name in first.schema.names:
        values = first.column(name)
        binning, counts, tally = bins.learn_counted(values, bins.kind_of(name, values.type))
        current = binning.tally()
        again = binning.count(second.column(name), None, current)
        columns[name] = Counted(binning, counts, again, tallies=(tally, current))
    found = comparison.compare(columns, (first.num_rows, second.num_rows), Limits())
    return sum(result.drifted for result in found)
measured(call)
"""
)


MANY = """CREATE TABLE "MANY" AS SELECT
  random() * 100 AS "F0", -ln(1 - random()) AS "F1", random() + random() AS "F2", random() - random() AS "F3",
  (random() * 1000)::int AS "I0", (random() * 5)::int AS "I1",
  (ARRAY['red', 'green', 'blue', 'black', 'white'])[1 + floor(random() * 5)::int] AS "C0",
  'town ' || floor(random() * random() * 3000)::int AS "C1",
  timestamp '2026-01-01' + random() * interval '365 days' AS "T0",
  CASE WHEN random() < 0.1 THEN NULL ELSE random() END AS "F4"
FROM generate_series(1, {rows})"""

FROM_MANY = FROM_DATABASE.replace('"FIRST"', '"MANY"').replace('"SECOND"', '"MANY"').replace("=False", "=True")


def run(python, code, *arguments):
    """Return seconds, megabytes and drifted columns of a call in a fresh process."""
    done = subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def fill(url):
    """Write both tables."""
    from hanalife import ConnectionContext

    space = {}
    exec(DATA, space)
    types = {name: "DOUBLE" if name[0] == "F" else "NVARCHAR(10)" for name in space["first"].columns}
    with ConnectionContext(url) as conn:
        for name in ("first", "second"):
            conn.create_from_pandas(space[name], name.upper(), types)


def speed(peer):
    """Print seconds and megabytes of each way, in turns, and ratios of the medians."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'drift.db'}"}
        server = find_server()
        if server is not None:
            urls["PostgreSQL"] = stack.enter_context(server).url
        for url in urls.values():
            fill(url)
        ways = {f"ours, read from {name}": (sys.executable, FROM_DATABASE, url) for name, url in urls.items()}
        ways |= {f"ours, with a label, {name}": (sys.executable, WITH_LABEL, url) for name, url in urls.items()}
        ways |= {
            f"ours, against a stored reference, {name}": (sys.executable, STORED_REFERENCE, url)
            for name, url in urls.items()
        }
        ways["ours, in memory"] = (sys.executable, IN_MEMORY)
        if peer:
            ways["evidently, in memory"] = (peer, EVIDENTLY)
        found = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                found[name].append(run(*way))
    medians = {name: np.median(np.array(values, dtype=float), axis=0) for name, values in found.items()}
    base = medians.get("evidently, in memory")
    for name, (seconds, megabytes, drifted) in medians.items():
        ratios = ""
        if base is not None:
            ratios = f"  {base[0] / seconds:6.1f}x faster  {megabytes / max(base[1], 0.1):.2f} of the memory"
        print(f"{name:44} {seconds:7.3f} s {megabytes:7.1f} MB  {drifted:.0f} columns{ratios}")


def many(rows):
    """Print what a check of so many rows of PostgreSQL against as many takes, with the two-sample test."""
    with find_server() as server:
        engine = sa.create_engine(server.url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            connection.exec_driver_sql(MANY.format(rows=rows))
        engine.dispose()
        seconds, megabytes, drifted = run(sys.executable, FROM_MANY, server.url)
    print(f"{rows:,} x 10 against as many: {seconds:.0f} s, {megabytes:.0f} MB in the client, {drifted} columns")


if __name__ == "__main__":
    if sys.argv[1:2] == ["many"]:
        many(int(sys.argv[2]) if len(sys.argv) > 2 else 10_000_000)
        sys.exit()
    speed(sys.argv[1] if len(sys.argv) > 1 else None)
