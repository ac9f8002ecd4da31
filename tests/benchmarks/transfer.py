"""How rows move, against pandas' own ways in the same run: ``python -m tests.benchmarks.transfer [rows]``.

Each measurement is a fresh process, so that its memory growth is its own. Nothing is asserted:
clocks differ, ratios tell. The order is A B C A B C, and the medians are compared. C is the bare
driver: what it takes for the same rows is the floor of the machine, and the size of the result
that of its memory.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from hanalife import ConnectionContext
from tests.postgres import find_server

ROUNDS = 3
WIDTHS = {"20 doubles": (20, 0), "6 numbers, 3 texts": (6, 3)}


def make(rows, doubles, texts):
    """Return a pandas frame of an id, doubles and texts."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(7)
    columns = {"ID": np.arange(rows)}
    columns |= {f"F{i}": random.random(rows) for i in range(doubles)}
    columns |= {f"T{i}": np.char.add("text ", random.integers(0, 10**6, rows).astype(str)) for i in range(texts)}
    return pd.DataFrame(columns | {"LABEL": random.integers(0, 2, rows)})


def plain_engine(url):
    """Return an engine as anybody would make it."""
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


# Each job returns what is to be done once beforehand (imports, connections), and what is measured.


def collect(url, _):
    frame = ConnectionContext(url).table("DATA")
    return frame.head(1).collect, frame.collect


def stream(url, _):
    frame = ConnectionContext(url).table("DATA")
    return frame.head(1).collect, lambda: sum(batch.num_rows for batch in frame.batches())


def read_sql(url, _):
    import pandas as pd

    engine = plain_engine(url)
    return (lambda: pd.read_sql('SELECT * FROM "DATA" LIMIT 1', engine)), (
        lambda: pd.read_sql('SELECT * FROM "DATA"', engine)
    )


def bare(url, _):
    """Read as little as the driver lets anybody: ADBC's columns as a pandas frame, sqlite3's rows as tuples."""
    if url.startswith("sqlite"):
        import sqlite3

        cursor = sqlite3.connect(url.removeprefix("sqlite:///")).cursor()
        cursor.execute('SELECT * FROM "DATA"')
        return cursor.fetchone, lambda: sum(len(rows) for rows in iter(lambda: cursor.fetchmany(2_000), []))
    import adbc_driver_postgresql.dbapi

    cursor = adbc_driver_postgresql.dbapi.connect(url).cursor()

    def read(limit):
        cursor.execute(f'SELECT * FROM "DATA" LIMIT {limit}')
        return cursor.fetch_arrow_table().to_pandas()

    return lambda: read(1), lambda: read("ALL")


def write(url, data):
    from hanalife.dataframe.creation import create_dataframe_from_pandas

    conn = ConnectionContext(url)
    return (lambda: create_dataframe_from_pandas(conn, data[:1], "OURS", force=True)), (
        lambda: create_dataframe_from_pandas(conn, data, "OURS", force=True)
    )


def to_sql(url, data):
    engine = plain_engine(url)
    return (lambda: data[:1].to_sql("THEIRS", engine, if_exists="replace", index=False)), (
        lambda: data.to_sql("THEIRS", engine, if_exists="replace", index=False)
    )


def peak_megabytes():
    """Return the most memory this program has had; that of the process it was forked from does not count."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(job, url, rows, doubles, texts):
    """Do one job in this process; print seconds and the growth of memory."""
    data = make(rows, doubles, texts) if job in ("write", "to_sql") else None
    warm, work = globals()[job](url, data)
    warm()
    before = peak_megabytes()
    start = time.perf_counter()
    result = work()
    seconds, growth = time.perf_counter() - start, peak_megabytes() - before
    size = result.memory_usage(deep=True).sum() / 2**20 if job == "collect" else 0
    print(json.dumps([seconds, growth, size]))


def measured(job, *arguments):
    command = [sys.executable, "-m", "tests.benchmarks.transfer", "--job", job, *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def compare(label, jobs, *arguments):
    """Print the medians of jobs, run in turns: ours, theirs, and the floor if there is one."""
    taken = [[measured(job, *arguments) for job in jobs] for _ in range(ROUNDS)]
    medians = [[statistics.median(values) for values in zip(*runs, strict=True)] for runs in zip(*taken, strict=True)]
    times = "   ".join(f"{job} {m[0]:.2f} s {m[1]:.0f} MB" for job, m in zip(jobs, medians, strict=True))
    (ours, growth, size), theirs = medians[0], medians[1]
    ratios = f"{theirs[0] / ours:.1f}x as fast, memory {growth / max(theirs[1], 1):.3f}"
    floor = f"; floor {theirs[0] / medians[2][0]:.1f}x" if len(jobs) > 2 else ""
    floor += f", the result alone {size / max(theirs[1], 1):.3f}" if size else ""
    print(f"{label}: {times}   -> {ratios}{floor}", flush=True)


def main(rows):
    from hanalife.dataframe.creation import create_dataframe_from_pandas

    with tempfile.TemporaryDirectory() as folder, find_server() as server:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'data.db'}", "PostgreSQL": server.url}
        for database, url in urls.items():
            for shape, (doubles, texts) in WIDTHS.items():
                with ConnectionContext(url) as conn:
                    create_dataframe_from_pandas(conn, make(rows, doubles, texts), "DATA", force=True)
                label = f"{database}, {rows:,} x {shape}"
                compare(label, ["collect", "read_sql", "bare"], url, rows, doubles, texts)
                compare(label, ["stream", "read_sql"], url, rows, doubles, texts)
                compare(label, ["write", "to_sql"], url, rows, doubles, texts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        measure(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
