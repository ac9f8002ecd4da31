"""Models in and out of the store, against MLflow in the same run: ``python -m tests.benchmarks.storage [python]``.

``python`` is the interpreter of an environment with mlflow and xgboost; without it only our side
runs. Nothing is asserted: clocks differ, ratios tell. The order is A B A B, medians are compared;
memory is measured in a process of its own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROUNDS = 5
TREES = 100
VERSIONS = 10_000
BIG = 500 * 1024 * 1024

DATA = """
import numpy as np, xgboost
random = np.random.default_rng(7)
x = random.random((20_000, 20)); y = (x.sum(axis=1) + random.random(20_000) > 10.5).astype(int)
model = xgboost.XGBClassifier(n_estimators=100, max_depth=6, random_state=0).fit(x, y)
"""

MLFLOW = (
    DATA
    + """
import sys, time, mlflow, mlflow.xgboost
mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_experiment("e")
for _ in range(int(sys.argv[2])):
    with mlflow.start_run():
        began = time.perf_counter()
        info = mlflow.xgboost.log_model(model, name="model")
        saved = time.perf_counter()
        mlflow.xgboost.load_model(info.model_uri)
        print("seconds", saved - began, time.perf_counter() - saved, flush=True)
"""
)

OURS = (
    DATA
    + """
import sys, time
from hanalife import ConnectionContext, ModelStorage
signature = {f"F{number}": "DOUBLE" for number in range(20)}
with ConnectionContext(sys.argv[1]) as conn:
    storage = ModelStorage(conn)
    conn.database.migrate()
    for turn in range(int(sys.argv[2])):
        model.get_booster().set_attr(turn=str(turn))  # so that no bytes are there already
        began = time.perf_counter()
        storage.save_model(model, name="model", signature=signature)
        saved = time.perf_counter()
        storage.load_model("model")
        print("seconds", saved - began, time.perf_counter() - saved, flush=True)
"""
)

MEMORY = """
import resource, sys
import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from hanalife import ConnectionContext, ModelStorage
from hanalife.storage import formats
small = KNeighborsClassifier().fit(np.zeros((9, 100)), np.arange(9) % 2)
signature = {f"F{number}": "DOUBLE" for number in range(100)}
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
with ConnectionContext(sys.argv[1]) as conn:
    storage = ModelStorage(conn)
    storage.save_model(small, name="small", signature=signature)  # all is imported
    storage.load_model("small")
    if sys.argv[2] == "save":
        rows = int(sys.argv[3]) // 800
        x = np.empty((rows, 100)); x[:] = np.arange(100)
        x[:, 0] = np.arange(rows)  # no two chunks are alike
        model = KNeighborsClassifier(algorithm="brute").fit(x, np.arange(rows) % 2)
        before = peak()
        storage.save_model(model, name="big", signature=signature)
    else:
        before = peak()
        model = storage.load_model("big")
    print("bytes", peak() - before)
"""


def numbers(python, code, *arguments):
    """Run code in a process of its own and return the numbers of each line it prints with a word before."""
    with tempfile.TemporaryDirectory() as folder:  # MLflow leaves files where it runs
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        command = [python, "-c", code, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith(("seconds ", "bytes "))]
    return [[float(number) for number in line] for line in lines]


def times(folder, mlflow):
    """Compare saving and loading a model of 100 trees."""
    sides = {"hanalife": (sys.executable, OURS, f"sqlite:///{folder}/life.db")}
    if mlflow:
        sides["mlflow"] = (mlflow, MLFLOW, f"sqlite:///{folder}/mlflow.db")
    found = {side: [] for side in sides}
    for _ in range(2):
        for side, (python, code, url) in sides.items():
            found[side] += numbers(python, code, url, str(ROUNDS))[1:]  # the first one imports
    medians = {side: [statistics.median(column) for column in zip(*rows, strict=True)] for side, rows in found.items()}
    for side, (save, load) in medians.items():
        print(f"{side}: save {save * 1e3:.1f} ms, load {load * 1e3:.1f} ms, {TREES} trees")
    if mlflow:
        print(f"mlflow / hanalife, save + load: {sum(medians['mlflow']) / sum(medians['hanalife']):.0f}x")


def memory(folder):
    """Measure how much memory grows by a big model."""
    for job in ("save", "load"):
        ((grown,),) = numbers(sys.executable, MEMORY, f"sqlite:///{folder}/big.db", job, str(BIG))
        print(f"{job} of {BIG / 2**20:.0f} MiB: memory grew by {grown / BIG:.2f} times the model")


def listing(folder):
    """Measure the list of many versions."""
    from sklearn.linear_model import LogisticRegression

    from hanalife import ConnectionContext, ModelStorage
    from hanalife.database import models, tables

    with ConnectionContext(f"sqlite:///{folder}/list.db") as conn:
        storage = ModelStorage(conn)
        estimator = LogisticRegression().fit(np.array([[0.0], [1.0]]), [0, 1])
        storage.save_model(estimator, name="m", signature={"X": "DOUBLE"})
        with conn.database.write() as connection:
            row = dict(connection.execute(tables.model_version.select()).one()._mapping)
            rows = [row | {"name": f"m{number % 100}", "version": number // 100 + 1} for number in range(VERSIONS - 1)]
            connection.execute(tables.model_version.insert(), rows)
        for kind in ("simple", "complete"):
            spent = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                assert len(storage.list_models(display_type=kind)) == VERSIONS
                spent.append(time.perf_counter() - began)
            print(f"list of {VERSIONS} versions, {kind}: {statistics.median(spent) * 1e3:.0f} ms")
        with conn.database.read() as connection:
            began = time.perf_counter()
            models.heads(connection)
            print(f"as records: {(time.perf_counter() - began) * 1e3:.0f} ms")


def main(arguments):
    """Run all."""
    with tempfile.TemporaryDirectory() as folder:
        times(Path(folder), arguments[0] if arguments else None)
        listing(folder)
        memory(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
