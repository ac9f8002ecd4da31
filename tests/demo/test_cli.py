"""The command line, as a user types it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from hanalife import ConnectionContext, DataSets, MLExperiments, ModelStorage, UnifiedClassification, cli
from hanalife.database import checks, runs, tasks
from hanalife.drawing.page_script import SCRIPT
from tests.crowd import crowd


def program(*arguments, cwd):
    """Run the program as a user does."""
    environment = {name: value for name, value in os.environ.items() if name != "HANALIFE_URL"}
    full = [sys.executable, "-m", "hanalife.cli", *arguments]
    return subprocess.run(full, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


def child_commands(arguments, cwd, streams):
    os.environ.pop("HANALIFE_URL", None)
    os.chdir(cwd)
    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY), number)
    sys.exit(cli.main(arguments))


def command(*arguments, cwd):
    """Run a command in a process of its own, which begins where the imports are done."""
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        child = crowd.Process(target=child_commands, args=(arguments, cwd, (out.name, err.name)))
        child.start()
        child.join(300)
        return subprocess.CompletedProcess(arguments, child.exitcode, out.read(), err.read())


def test_the_demo_runs_twice_on_the_same_database(tmp_path):
    for _ in range(2):
        done = program("demo", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        for words in (
            r"data +768 rows: 614 to train, 154 to test",
            r"search +best of 64 settings: .*learning_rate",
            r"run +diabetes / grid search, validation rows: AUC 0\.\d+",
            r"model +diabetes classifier, version [12], made by run [0-9a-f]{32}",
            r"schedule +DIABETES_WEEKLY_PREDICT .*, next run Monday \d{4}-\d\d-\d\d 08:00:00 UTC",
            r"job +\d+ SUCCEEDED: 154 predictions in out_DIABETES_WEEKLY_PREDICT0",
            r"week 20 +AUC 0\.\d+.*; unknown",
            r"week 21 +ACCURACY 0\.\d+.*; drift in .*CLASS",
            r"week 22 +ACCURACY 0\.\d+.*; drift in .*CLASS",
            r"jupyter lab notebooks/01_lifecycle\.ipynb",
        ):
            assert re.search(words, done.stdout), f"{words} not in\n{done.stdout}"
        assert "life cycle: 100%" in done.stderr, "a progress bar"
    page = (tmp_path / "hanalife-demo.html").read_text(encoding="utf-8")
    for words in ("grid search", "week 21", "DIABETES_WEEKLY_PREDICT", "<svg", "ROC"):
        assert words in page
    assert page.count("<script") == 1
    assert f"<script>{SCRIPT}</script>" in page  # the page's own, which sorts and filters
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


@pytest.fixture
def recorded(tmp_path):
    """Give a folder with a store of two recorded fits."""
    with ConnectionContext(f"sqlite:///{tmp_path / 'hanalife.db'}") as conn:
        data = DataSets.load_diabetes_data(conn)[0]
        for name, trees in (("a", 2), ("b", 3)):
            model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=trees, random_state=1)
            MLExperiments(conn, "e").autologging(model, run_name=name)
            model.fit(data, key="ID", label="CLASS")
    return tmp_path


def answer(arguments, folder, status=0):
    """Return what a command prints, as text and as JSON."""
    text, plain = command(*arguments, cwd=folder), command(*arguments, "--json", cwd=folder)
    assert (text.returncode, plain.returncode) == (status, status), text.stderr + plain.stderr
    return text.stdout, json.loads(plain.stdout)


def test_runs_in_the_terminal(recorded):
    text, plain = answer(["runs", "list", "params.n_estimators > 2", "--columns", "name,metrics.AUC"], recorded)
    assert [row["name"] for row in plain] == ["b"]
    assert f"{plain[0]['metrics.AUC']:.4f}" in text
    assert plain[0]["metrics.AUC source"] == "train"
    _, plain = answer(["runs", "list", "order by metrics.AUC@train desc", "--columns", "metrics.AUC@train"], recorded)
    assert [list(row) for row in plain] == [["metrics.AUC@train"]] * 2
    assert answer(["runs", "list", "name = 'x'"], recorded) == ("no runs\n", [])
    text, plain = answer(["runs", "show", "e/a"], recorded)
    assert plain["params"]["n_estimators"] == 2
    assert re.search("n_estimators +2", text)
    assert re.search(r"AUC +0\.\d+ train", text)
    assert plain["metric_sources"]["AUC"] == "train"
    text, plain = answer(["runs", "compare", "e/a", "e/b"], recorded, 3)
    assert plain["parameters"] == [{"name": "n_estimators", "left": 2, "right": 3}]
    assert "n_estimators: 2 -> 3" in text
    assert "AUC@train: " in text
    assert {"train"} == {change["left_source"] for change in plain["metrics"]}
    text, plain = answer(["runs", "reproduce", "e/a"], recorded)
    assert (text.splitlines()[0], plain["verdict"]) == ("e/a: IDENTICAL", "IDENTICAL")


def test_runs_move_and_go(recorded):
    answer(["runs", "export", "e", "e.zip"], recorded)
    _, plain = answer(["runs", "import", "e.zip", "--experiment", "copy", "--url", "sqlite:///other.db"], recorded)
    assert (len(plain["known"]), plain["experiment_id"]) == (2, "copy"), "the first of the two calls added them"
    assert command("runs", "delete", "e/a", cwd=recorded).returncode == 0
    assert command("runs", "delete", "e/a", cwd=recorded).returncode == 1
    text, plain = answer(["gc", "--dry-run"], recorded)
    assert plain["is_dry_run"]
    assert text.startswith("would free ")
    assert answer(["gc"], recorded)[1]["bytes"] == 0, "the first of the two calls did it"
    text, plain = answer(["doctor"], recorded)
    assert plain["is_good"]
    assert "nothing is wrong" in text


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
        (["runs", "list", "metrics.AUC >", "--url", "sqlite:///x.db"], 1, "^"),
        (["runs", "list", "--columns", "AUC", "--url", "sqlite:///x.db"], 1, "metrics.AUC"),
        (["runs", "show", "e/nothing", "--url", "sqlite:///x.db"], 1, "'e/nothing' is not recorded"),
        (["runs", "compare", "e/a", "--url", "sqlite:///x.db"], 2, "right"),
        (["runs", "import", "missing.zip", "--url", "sqlite:///x.db"], 1, "cannot read"),
        (["runs", "export", "e", "e.zip", "--url", "sqlite:///x.db"], 1, "'e' is not recorded"),
        (["runs", "reproduce", "e/nothing", "--url", "sqlite:///x.db"], 1, "'e/nothing' is not recorded"),
        (["runs", "delete", "e/nothing", "--url", "sqlite:///x.db"], 1, "'e/nothing' is not recorded"),
        (["runs"], 2, "required"),
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
    assert re.fullmatch(r"hanalife \d+\.\d+\.\d+\n", program("--version", cwd=tmp_path).stdout)


def test_models_in_the_terminal(tmp_path):
    with ConnectionContext(f"sqlite:///{tmp_path / 'hanalife.db'}") as conn:
        data = DataSets.load_diabetes_data(conn)[0]
        model = UnifiedClassification(func="HybridGradientBoostingTree", n_estimators=2, random_state=1)
        model.fit(data, key="ID", label="CLASS")
        model.name = "small"
        for _ in range(2):
            ModelStorage(conn).save_model(model)
    _, plain = answer(["models", "list"], tmp_path)
    assert [(row["NAME"], row["VERSION"], row["ALIASES"]) for row in plain] == [("small", 1, ""), ("small", 2, "")]
    assert answer(["models", "list", "other%"], tmp_path) == ("no models\n", [])
    for version in (1, 2):
        _, plain = answer(["models", "promote", "small", str(version)], tmp_path)
        assert plain == {"name": "small", "alias": "champion", "version": version}
    assert [row["ALIASES"] for row in answer(["models", "list"], tmp_path)[1]] == ["", "champion"]
    done = command("models", "roll-back", "small", cwd=tmp_path)
    assert done.stdout == "champion of small is version 1 again\n"
    text, plain = answer(["models", "show", "small"], tmp_path)
    assert plain["format"] == "xgboost-ubj"
    assert re.search(r"  AUC@train +0\.\d+ ", text)
    assert "# small, version 2" in answer(["models", "card", "small"], tmp_path)[0]
    _, plain = answer(["models", "export", "small", "small.zip", "--version", "1"], tmp_path)
    done = command("models", "import", "small.zip", "--url", "sqlite:///other.db", cwd=tmp_path)
    assert done.stdout == "small.zip is imported\n"
    assert len(answer(["models", "list", "--url", "sqlite:///other.db"], tmp_path)[1]) == 1
    unknown = command("models", "show", "none", cwd=tmp_path)
    assert unknown.returncode == 1
    assert "none" in unknown.stderr


def test_drift_in_the_terminal(tmp_path):
    with ConnectionContext(f"sqlite:///{tmp_path / 'hanalife.db'}") as conn:
        diabetes = DataSets.load_diabetes_data(conn)[0]
        diabetes.save("BEFORE")
        diabetes.filter("CLASS = 1").save("AFTER")
    watched = ("--features", "AGE", "GLUCOSE", "--label", "CLASS")
    checked = command("drift", "check", "BEFORE", "AFTER", *watched, cwd=tmp_path)
    assert checked.returncode == 3  # there is drift
    assert "CLASS" in checked.stdout
    same = command("drift", "check", "BEFORE", "BEFORE", *watched, "--json", cwd=tmp_path)
    assert same.returncode == 0
    assert json.loads(same.stdout)["verdict"] == "no_drift"
    newest, first = answer(["drift", "list"], tmp_path)[1]
    assert (newest["verdict"], first["verdict"]) == ("no_drift", "drift")
    shown = command("drift", "show", first["check_id"][:12], cwd=tmp_path)
    assert shown.stdout == checked.stdout
    assert command("drift", "show", "nothing", cwd=tmp_path).returncode == 1
