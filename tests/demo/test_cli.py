"""The command line, as a user types it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from hanalife import ConnectionContext, ModelStorage
from hanalife.database import checks, runs, tasks


def command(*arguments, cwd, **options):
    environment = {name: value for name, value in os.environ.items() if name != "HANALIFE_URL"}
    full = [sys.executable, "-m", "hanalife.cli", *arguments]
    return subprocess.run(full, cwd=cwd, env=environment, capture_output=True, text=True, check=False, **options)


def test_the_demo_runs_twice_on_the_same_database(tmp_path):
    for _ in range(2):
        done = command("demo", cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stderr
        for words in (
            r"data +768 rows: 614 to train, 154 to test",
            r"search +best of 64 settings: .*learning_rate",
            r"run +diabetes / grid search: AUC 0\.\d+",
            r"model +diabetes classifier, version [12], made by run [0-9a-f]{32}",
            r"schedule +DIABETES_WEEKLY_PREDICT .*, next run Monday \d{4}-\d\d-\d\d 08:00:00 UTC",
            r"job +\d+ SUCCEEDED: 154 predictions in out_DIABETES_WEEKLY_PREDICT0",
            r"week 20 +AUC 0\.\d+.*; no_drift",
            r"week 21 +ACCURACY 0\.\d+.*; drift in .*CLASS",
            r"week 22 +ACCURACY 0\.\d+.*; drift in .*CLASS",
            r"jupyter lab notebooks/01_lifecycle\.ipynb",
        ):
            assert re.search(words, done.stdout), f"{words} not in\n{done.stdout}"
        assert "life cycle: 100%" in done.stderr, "a progress bar"
    page = (tmp_path / "hanalife-demo.html").read_text(encoding="utf-8")
    for words in ("grid search", "week 21", "DIABETES_WEEKLY_PREDICT", "<svg", "ROC"):
        assert words in page
    assert "<script" not in page
    with ConnectionContext(f"sqlite:///{tmp_path / 'hanalife-demo.db'}") as conn:
        assert ModelStorage(conn).list_models()["VERSION"].tolist() == [1, 2]
        with conn.database.read() as connection:
            assert [run.name for run in runs.runs(connection, ["diabetes weekly"])] == ["week 20", "week 21", "week 22"]
            assert {run.attempt for run in runs.runs(connection)} == {2}
            assert len(tasks.jobs(connection)) == 2
            assert len(checks.checks(connection)) == 6


def test_a_worker_runs_until_it_is_told_to_stop(tmp_path):
    started = subprocess.Popen(
        [sys.executable, "-m", "hanalife.cli", "worker", "--url", "sqlite:///life.db"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "life.db; stop it with Ctrl-C" in started.stdout.readline()
        with ConnectionContext(f"sqlite:///{tmp_path / 'life.db'}") as conn:
            deadline = time.monotonic() + 20
            while not (found := alive(conn)) and time.monotonic() < deadline:
                pass
            assert [worker.pid for worker in found] == [started.pid]
            started.send_signal(signal.SIGTERM)
            _, complaint = started.communicate(timeout=20)
            assert (started.returncode, complaint) == (0, "")
            assert alive(conn) == []
    finally:
        started.kill()
        started.communicate()


def alive(conn):
    from datetime import timedelta

    from hanalife.clock import utc_now

    with conn.database.read() as connection:
        return tasks.workers(connection, utc_now() - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["demo", "--url", "mysql://x"], 1, "'mysql' is not a supported database"),
        (["worker", "--url", "sqlite://"], 1, "memory"),
        (["worker", "--url", "postgresql://u:secret@127.0.0.1:1/d"], 1, "server runs"),
        (["worker", "--max-jobs", "0", "--url", "sqlite:///x.db"], 1, "max_jobs"),
        (["fly"], 2, "invalid choice"),
        ([], 2, "required"),
    ],
)
def test_errors_are_explained(tmp_path, arguments, status, words):
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_the_version(tmp_path):
    assert re.fullmatch(r"hanalife \d+\.\d+\.\d+\n", command("--version", cwd=tmp_path).stdout)
