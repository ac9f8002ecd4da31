"""How rows move, against pandas' own ways in the same run: ``python -m tests.benchmarks.transfer [rows]``.

Each measurement is a fresh process, so that its memory growth is its own. Nothing is asserted:
clocks differ, ratios tell. The order is A B A B, and the medians are compared.
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
    work()
    print(json.dumps([time.perf_counter() - start, peak_megabytes() - before]))


def measured(job, *arguments):
    command = [sys.executable, "-m", "tests.benchmarks.transfer", "--job", job, *map(str, arguments)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def compare(label, ours, theirs, *arguments):
    """Print the medians of two jobs, run in turns, and how they compare."""
    taken = [(measured(ours, *arguments), measured(theirs, *arguments)) for _ in range(ROUNDS)]
    seconds = [statistics.median(pair[side][0] for pair in taken) for side in (0, 1)]
    memory = [statistics.median(pair[side][1] for pair in taken) for side in (0, 1)]
    print(
        f"{label:44} {ours:8} {seconds[0]:6.2f} s {memory[0]:6.0f} MB   {theirs:8} {seconds[1]:6.2f} s "
        f"{memory[1]:6.0f} MB   {seconds[1] / seconds[0]:5.1f}x as fast, memory {memory[0] / max(memory[1], 1):.3f}",
        flush=True,
    )


def main(rows):
    from hanalife.dataframe.creation import create_dataframe_from_pandas

    with tempfile.TemporaryDirectory() as folder, find_server() as server:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'data.db'}", "PostgreSQL": server.url}
        for database, url in urls.items():
            for shape, (doubles, texts) in WIDTHS.items():
                with ConnectionContext(url) as conn:
                    create_dataframe_from_pandas(conn, make(rows, doubles, texts), "DATA", force=True)
                label = f"{database}, {rows:,} x {shape}"
                compare(label, "collect", "read_sql", url, rows, doubles, texts)
                compare(label, "stream", "read_sql", url, rows, doubles, texts)
                compare(label, "write", "to_sql", url, rows, doubles, texts)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        measure(sys.argv[2], sys.argv[3], *map(int, sys.argv[4:]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
