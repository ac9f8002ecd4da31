"""Memory while many rows pass through a model: ``python -m tests.benchmarks.predict_stream [rows] [how]``.

A table of an id, 20 doubles and a class is written a portion at a time, a model is fitted on
its first rows, and a fresh process predicts all of them. Printed is how much the most memory
that process ever had grew during the call, once everything that loads at first use is there.
``how`` is ``plain``, ``reasons`` to explain each row as well, as ``predict`` does unless told
otherwise, or ``tracked`` to record the call, which reads the rows in the order of their ids and
hashes them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hanalife import ConnectionContext, MLExperiments, UnifiedClassification
from hanalife.storage.storage import ModelStorage
from tests.benchmarks.transfer import peak_megabytes
from tests.postgres import find_server

FEATURES = 20
FITTED_ROWS = 5_000
PART_ROWS = 100_000


def parts(rows):
    """Yield the table's rows."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(7)
    for start in range(0, rows, PART_ROWS):
        size = min(PART_ROWS, rows - start)
        features = random.random((size, FEATURES))
        columns = {"ID": np.arange(start, start + size)}
        columns |= {f"F{place}": features[:, place] for place in range(FEATURES)}
        yield pd.DataFrame(columns | {"CLASS": (features[:, 0] + features[:, 1] > 1).astype(int)})


def prepare(url, rows):
    """Write the table and a model fitted on its first rows."""
    types = {"ID": "INT"} | {f"F{place}": "DOUBLE" for place in range(FEATURES)} | {"CLASS": "INT"}
    with ConnectionContext(url) as conn:
        data = conn.create_from_parts(parts(rows), "DATA", types)
        model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=20, random_state=1)
        model.fit(data.filter(f"ID < {FITTED_ROWS}"), key="ID", label="CLASS")
        model.name, model.version = "STREAM", 1
        ModelStorage(conn).save_model(model, if_exists="replace")


def predict(url, how):
    """Predict all rows in this process; print rows, seconds and megabytes."""
    conn = ConnectionContext(url)
    model = ModelStorage(conn).load_model("STREAM", 1)
    data = conn.table("DATA").drop("CLASS")
    options = {} if how == "reasons" else {"attribution_method": "no"}
    if how == "tracked":
        MLExperiments(conn, "STREAM").autologging(model)
    model.predict(data.filter(f"ID < {FITTED_ROWS}"), key="ID", **options).collect()
    before = peak_megabytes()
    start = time.perf_counter()
    predicted = model.predict(data, key="ID", **options)
    seconds, growth = time.perf_counter() - start, peak_megabytes() - before
    print(json.dumps([predicted.count(), seconds, growth]))


def main(rows, how):
    with tempfile.TemporaryDirectory() as folder, find_server() as server:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'data.db'}", "PostgreSQL": server.url}
        for database, url in urls.items():
            prepare(url, rows)
            command = [sys.executable, "-m", "tests.benchmarks.predict_stream", "--predict", url, how]
            printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
            count, seconds, growth = json.loads(printed)
            speed = f"{seconds:.0f} s, {count / seconds / 1000:.0f} k rows/s"
            print(f"{database}, {count:,} rows, {how}: {speed}, memory grew {growth:.0f} MB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--predict"]:
        predict(sys.argv[2], sys.argv[3])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000, sys.argv[2] if len(sys.argv) > 2 else "plain")
