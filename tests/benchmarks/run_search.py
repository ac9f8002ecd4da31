"""Ten thousand runs as a table, the best hundred of them, and the size of the store.

Run as ``python -m tests.benchmarks.run_search [--mlflow /path/to/venv/bin/python]``. With the Python of an
environment that has MLflow 3, the same runs are put into a SQLite store of MLflow and both
are measured in turn; what is printed are the times and their ratio.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

VALUES = 20  # parameters, and as many metrics
SEARCH = "metrics.m3 > 0.2 order by metrics.m3 desc limit 100"


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mlflow", help="a Python that has MLflow 3")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours = measure(Path(folder), options.runs, options.repeat)
        theirs = peer(options.mlflow, Path(folder), options.runs) if options.mlflow else {}
    for name, value in ours.items():
        ratio = f"   MLflow {theirs[name]:10.4f}   {theirs[name] / value:6.1f}x" if name in theirs else ""
        print(f"{name:34} {value:10.4f}{ratio}")


def measure(folder: Path, count: int, repeat: int) -> dict[str, float]:
    """Return seconds and MiB of hanalife."""
    from hanalife import ConnectionContext, search_runs

    file = folder / "hanalife.db"
    with ConnectionContext(f"sqlite:///{file}") as conn:
        fill(conn, count)
        jobs = {
            "table of all runs, seconds": lambda: search_runs(conn, columns="*").collect(),
            "filtered, sorted, 100 runs, seconds": lambda: search_runs(conn, SEARCH, columns="*").collect(),
        }
        result = {name: timed(job, repeat) for name, job in jobs.items()}
        with conn.database.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return {**result, "store, MiB": file.stat().st_size / 2**20}


def timed(job, repeat: int) -> float:
    """Return the median of some calls, after one that warms up."""
    job()
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        job()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def values(number: int) -> tuple[dict[str, float | str], dict[str, float]]:
    """Return parameters and metrics of a run, the same in both stores."""
    source = random.Random(number)
    params = {f"p{place}": round(source.random(), 3) for place in range(VALUES - 2)}
    params |= {"solver": source.choice(["lbfgs", "sgd"]), "depth": source.randrange(20)}
    return params, {f"m{place}": source.random() for place in range(VALUES)}


def fill(conn, count: int) -> None:
    """Write the runs as the recorder does, many in one transaction."""
    from hanalife.database import run_values, runs
    from hanalife.records import RunStatus
    from tests.views import crowd

    start = datetime(2026, 1, 1, tzinfo=UTC)
    with conn.database.write() as connection:
        for number in range(count):
            params, metrics = values(number)
            moment = start + timedelta(seconds=number)
            draft = crowd.draft(
                f"{number:032x}",
                "benchmark",
                f"run_{number}",
                moment,
                status=RunStatus.FINISHED,
                ended_at=moment + timedelta(seconds=1),
            )
            begun = runs.begin(connection, draft, "")
            points = [run_values.NewPoint(name, None, value, 500) for name, value in metrics.items()]
            run_values.write(connection, begun.number, params, points)


# --- MLflow, in its own environment ------------------------------------------------------------


def peer(python: str, folder: Path, count: int) -> dict[str, float]:
    """Measure MLflow with the same runs."""
    done = subprocess.run(
        [python, __file__, "--as-peer", str(folder), str(count)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"MLflow could not be measured:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measure_peer(folder: str, count: int) -> None:
    """Fill MLflow's tables directly, with the columns and random ids that its API gives, and measure its search."""
    import sqlite3

    import mlflow

    file = Path(folder) / "mlflow.db"
    mlflow.set_tracking_uri(f"sqlite:///{file}")
    experiment = mlflow.create_experiment("benchmark")
    db = sqlite3.connect(file)
    ids = random.Random(0)
    for number in range(count):
        params, metrics = values(number)
        run, moment = f"{ids.getrandbits(128):032x}", 1_767_225_600_000 + 1000 * number
        db.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, "
            "start_time, end_time, source_version, lifecycle_stage, artifact_uri, experiment_id) "
            "VALUES (?, ?, 'UNKNOWN', '', '', 'ann', 'FINISHED', ?, ?, '', 'active', ?, ?)",
            (run, f"run_{number}", moment, moment + 1000, f"/mlruns/{experiment}/{run}/artifacts", experiment),
        )
        db.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            [(name, str(value), run) for name, value in params.items()],
        )
        rows = [(name, value, moment, run, 0, False) for name, value in metrics.items()]
        for table in ("metrics", "latest_metrics"):
            db.executemany(
                f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)", rows
            )
        tags = {"mlflow.user": "ann", "mlflow.source.name": "x.py", "mlflow.source.type": "LOCAL"}
        tags["mlflow.runName"] = f"run_{number}"
        db.executemany(
            "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", [(*tag, run) for tag in tags.items()]
        )
    db.commit()
    client = mlflow.MlflowClient()
    jobs = {
        "table of all runs, seconds": lambda: mlflow.search_runs([experiment], max_results=count),
        "filtered, sorted, 100 runs, seconds": lambda: client.search_runs(
            [experiment], "metrics.m3 > 0.2", order_by=["metrics.m3 DESC"], max_results=100
        ),
    }
    result = {name: timed(job, 2) for name, job in jobs.items()}
    print(json.dumps({**result, "store, MiB": file.stat().st_size / 2**20}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as-peer"]:
        measure_peer(sys.argv[2], int(sys.argv[3]))
    else:
        main()
