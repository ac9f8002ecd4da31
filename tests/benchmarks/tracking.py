"""How fast runs are recorded, against MLflow on the same disk: ``python -m tests.benchmarks.tracking [MLFLOW_PYTHON]``.

``MLFLOW_PYTHON`` is the interpreter of an environment with MLflow 3 and xgboost; without it only
hanalife is measured. Each side works in processes of its own, in the order A B A B, on SQLite
files with durable commits, and the medians are compared. Nothing is asserted: clocks differ,
ratios tell.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
PROCESSES, RUNS_EACH = 8, 50
VALUES = {f"name_{number}": number / 7 for number in range(20)}

# --- hanalife ---------------------------------------------------------------------------------


def experiment(folder):
    """Return an experiment in a store that has one run already."""
    from hanalife import ConnectionContext

    found = ConnectionContext(f"sqlite:///{folder}/ours.db").experiment("E")
    record(found, "warm")
    return found


def record(found, name):
    with found.run(name) as run:
        run.log_params(VALUES)
        run.log_metrics(VALUES)


def ours_run(folder, count=20):
    found = experiment(folder)
    return timed(lambda number: record(found, f"r{number}"), count)


def ours_many(folder, process):
    found = experiment(folder)
    wait_for_start(folder, process)
    return timed(lambda number: record(found, f"{process}-{number}"), RUNS_EACH)


def ours_autolog(folder):
    import hanalife

    conn = hanalife.ConnectionContext(f"sqlite:///{folder}/ours.db")
    return timed_fits(lambda: hanalife.autolog(conn, log_models=True), lambda: hanalife.autolog(disable=True))


def ours_series(folder):
    """Time one chart: the down-sampled series of one metric, and of ten, of 100 runs of 10,000 steps."""
    from hanalife import ConnectionContext
    from hanalife.database import run_values, runs

    conn = ConnectionContext(f"sqlite:///{folder}/ours.db")
    import random

    noise = random.Random(1)
    values = [noise.random() for _ in range(10_000)]
    began = time.perf_counter()
    for number in range(100):
        with conn.experiment("E").run(f"r{number}", log_code=False, log_environment=False) as run:
            run.log_metrics({f"m{metric}": values for metric in range(10)})
    found = {"logged": time.perf_counter() - began}
    with conn.database.read() as connection:
        ids = [run.run_id for run in runs.runs(connection)]
        for label, names in (("one metric", ["m3"]), ("ten metrics", None)):
            laps = []
            for _ in range(5):
                began = time.perf_counter()
                series = run_values.series(connection, ids, names)
                laps.append(time.perf_counter() - began)
            assert {len(metrics) for metrics in series.values()} == {1 if names else 10}
            line = series[ids[0]]["m3"]
            assert {min(values), max(values)} <= {value for _, value in line}
            found[label] = statistics.median(laps)
            found["points"] = len(line)
    return found


# --- MLflow, in its own interpreter, which has no hanalife ------------------------------------


def their_library(folder):
    import logging

    import mlflow

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/theirs.db")
    mlflow.set_experiment("E")
    return mlflow


def in_batch(mlflow):
    with mlflow.start_run():
        mlflow.log_params(VALUES)
        mlflow.log_metrics(VALUES)


def one_by_one(mlflow):
    with mlflow.start_run():
        for name, value in VALUES.items():
            mlflow.log_param(name, value)
            mlflow.log_metric(name, value)


def theirs_run(folder):
    mlflow = their_library(folder)
    in_batch(mlflow)
    return timed(lambda _: in_batch(mlflow), 10)


def theirs_calls(folder):
    mlflow = their_library(folder)
    one_by_one(mlflow)
    return timed(lambda _: one_by_one(mlflow), 5)


def theirs_many(folder, process):
    mlflow = their_library(folder)
    in_batch(mlflow)
    wait_for_start(folder, process)
    return timed(lambda _: in_batch(mlflow), RUNS_EACH)


def theirs_autolog(folder):
    mlflow = their_library(folder)
    return timed_fits(
        lambda: mlflow.xgboost.autolog(silent=True), lambda: mlflow.xgboost.autolog(disable=True, silent=True), 3
    )


# --- what both need ---------------------------------------------------------------------------


def timed(act, count):
    """Return the seconds of each of some acts."""
    laps = []
    for number in range(count):
        began = time.perf_counter()
        act(number)
        laps.append(time.perf_counter() - began)
    return laps


def timed_fits(turn_on, turn_off, count=7):
    """Return the median seconds of a fit of XGBoost, plain and recorded, for a short and a longer one."""
    import numpy as np
    import xgboost

    random = np.random.default_rng(0)
    found = {}
    for label, rows, trees in (("short", 768, 100), ("long", 50_000, 200)):
        x = random.normal(size=(rows, 10))
        y = (x[:, 0] + random.normal(size=rows) > 0).astype(int)

        def fit(_, x=x, y=y, trees=trees):
            xgboost.XGBClassifier(n_estimators=trees, n_jobs=1).fit(x, y)

        fit(0)
        plain, recorded = [], []
        for _ in range(count):
            plain += timed(fit, 1)
            turn_on()
            recorded += timed(fit, 1)
            turn_off()
        found[label] = [statistics.median(plain), statistics.median(recorded[1:])]
    return found


def wait_for_start(folder, process):
    """Say that a process is ready, and wait until all are."""
    (Path(folder) / f"ready-{process}").touch()
    while not (Path(folder) / "start").exists():
        time.sleep(0.005)


def in_process(python, job, folder, *arguments):
    """Run a job in a process of its own, which answers what it returns and when it was done."""
    return subprocess.Popen(
        [python, __file__, "--job", job, str(folder), *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def answer(process):
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a job failed with {process.returncode}")
    return json.loads(text.splitlines()[-1])


def alone(python, job):
    with tempfile.TemporaryDirectory() as folder:
        return answer(in_process(python, job, folder))["result"]


def together(python, side):
    """Return all laps of eight processes that record at once, and the seconds until the last run was recorded."""
    with tempfile.TemporaryDirectory() as folder:
        answer(in_process(python, f"{side}_run", folder))  # makes the store
        jobs = [in_process(python, f"{side}_many", folder, number) for number in range(PROCESSES)]
        while len(list(Path(folder).glob("ready-*"))) < PROCESSES:
            time.sleep(0.01)
        began = time.time()
        (Path(folder) / "start").touch()
        answers = [answer(job) for job in jobs]
        laps = [lap for each in answers for lap in each["result"]]
        wall = max(each["done_at"] for each in answers) - began
        if side == "ours":
            count_runs(folder)
    return laps, wall


def count_runs(folder):
    """See that no run, parameter or metric is missing."""
    import sqlite3

    connection = sqlite3.connect(f"{folder}/ours.db")
    finished = "SELECT COUNT(*) FROM hl_run WHERE status = 'FINISHED' AND name LIKE '%-%'"
    (runs,) = connection.execute(finished).fetchone()
    (values,) = connection.execute(
        "SELECT COUNT(*) FROM hl_run_metric m JOIN hl_run r ON r.number = m.run_number WHERE r.name LIKE '%-%'"
    ).fetchone()
    connection.close()
    print(f"  {runs} of {PROCESSES * RUNS_EACH} runs, {values} of {PROCESSES * RUNS_EACH * 20} metrics")


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms"


def main(mlflow_python):
    print(f"disk: one durable write of 4 KiB {milliseconds(durable_write())}", flush=True)
    show_runs(mlflow_python)
    show_processes(mlflow_python)
    show_fits("hanalife", alone(sys.executable, "ours_autolog"))
    if mlflow_python:
        show_fits("MLflow", alone(mlflow_python, "theirs_autolog"))
    chart = alone(sys.executable, "ours_series")
    print(f"100 runs x 10 metrics x 10,000 steps: logged in {chart['logged']:.1f} s")
    for label in ("one metric", "ten metrics"):
        print(f"  chart of {label}: {milliseconds(chart[label])}, {chart['points']} points a line")


def show_runs(mlflow_python):
    ours, batch, calls = [], [], []
    for _ in range(ROUNDS):
        ours.append(statistics.median(alone(sys.executable, "ours_run")))
        if mlflow_python:
            batch.append(statistics.median(alone(mlflow_python, "theirs_run")))
            calls.append(statistics.median(alone(mlflow_python, "theirs_calls")))
    run = statistics.median(ours)
    print(f"run of 20 parameters and 20 metrics: {milliseconds(run)}")
    for label, laps in (("in batches", batch), ("call by call", calls)):
        if laps:
            print(f"  MLflow {label} {milliseconds(statistics.median(laps))}: {statistics.median(laps) / run:.1f}x")
    sys.stdout.flush()


def show_processes(mlflow_python):
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(together(sys.executable, "ours"))
        if mlflow_python:
            theirs.append(together(mlflow_python, "theirs"))
    show_many("hanalife", ours)
    if theirs:
        show_many("MLflow", theirs)
        ratio = statistics.median(wall for _, wall in theirs) / statistics.median(wall for _, wall in ours)
        print(f"  {ratio:.1f}x", flush=True)


def show_many(side, found):
    laps = sorted(lap for laps, _ in found for lap in laps)
    slow = laps[int(len(laps) * 0.99)]
    wall = statistics.median(wall for _, wall in found)
    print(
        f"{PROCESSES} processes x {RUNS_EACH} runs, {side}: {wall:.2f} s, "
        f"median {milliseconds(statistics.median(laps))}, slowest 1 % from {milliseconds(slow)}"
    )


def show_fits(side, found):
    for label, (plain, recorded) in found.items():
        more = recorded - plain
        print(
            f"autologging of a {label} fit, {side}: {milliseconds(plain)} + {milliseconds(more)} ({more / plain:.0%})"
        )


def durable_write():
    """Return the median seconds that the disk takes for one write that survives power loss."""
    import os

    with tempfile.NamedTemporaryFile() as file:

        def write(number):
            os.pwrite(file.fileno(), b"x" * 4096, number * 4096)
            os.fsync(file.fileno())

        return statistics.median(timed(write, 100))


JOBS = {
    job.__name__: job
    for job in (
        ours_run,
        ours_many,
        ours_autolog,
        ours_series,
        theirs_run,
        theirs_calls,
        theirs_many,
        theirs_autolog,
    )
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        result = JOBS[sys.argv[2]](*sys.argv[3:])
        print(json.dumps({"result": result, "done_at": time.time()}))
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else None)
