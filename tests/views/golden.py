"""Payloads of fixed records, which both Python and TypeScript are tested with.

``python -m tests.views.golden`` writes them anew.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from hanalife.records import (
    Artifact,
    Experiment,
    Job,
    JobStatus,
    LogEntry,
    Run,
    RunStatus,
    Schedule,
    Task,
    Worker,
)
from hanalife.tracking import events
from hanalife.views import changes, experiments, runs, tasks
from hanalife.views.payloads.words import CONTRACT
from hanalife.views.run_log import RunLog
from tests.views import sample

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "js" / "tests" / "golden"
NAMES = ("experiments", "experiments_delta", "run_detail", "tasks", "tasks_delta")

START = sample.NOW
LATER = START + timedelta(seconds=90)


def _run(run_id, status, **changes):
    values = {
        "run_id": run_id,
        "experiment_id": "DIABETES",
        "name": f"run {run_id}",
        "attempt": 1,
        "status": status,
        "description": "",
        "owner": "me",
        "host": "host",
        "pid": 42,
        "procedure": "UNIFIED_CLASSIFICATION",
        "dataset_name": "Pima",
        "dataset_source": "DIABETES_TRAIN",
        "created_at": START,
        "heartbeat_at": LATER,
        "ended_at": LATER,
        "progress_done": 0,
        "progress_total": 0,
        "progress_text": "",
        "next_seq": 3,
        "revision": 2,
    }
    return Run(**values | changes)


def _experiments(*rows):
    experiment = Experiment("DIABETES", "Pima", "me", START)
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": "sqlite:///life.db",
        "absent": ["UNBORN"],
        "experiments": [experiments.experiment_row(experiment)],
        "total": len(rows),
        "runs": list(rows),
    }


def _tasks(status, workers):
    task = Task("WEEKLY", "predict", {}, "", "me", START)
    schedule = Schedule("WEEKLY", sample.CRON, "UTC", True, None, None, START + timedelta(days=7), START)  # noqa: FBT003
    big = 2**60 + 1  # more than a number of JavaScript holds
    job = Job(
        big, "WEEKLY", START, status, 1, "worker-1", None, False, START, START, LATER, "",  # noqa: FBT003
        cpu_seconds=1.5, peak_memory_bytes=2**27, run_id="a",
    )  # fmt: skip
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": "sqlite:///life.db",
        "absent": [],
        "tasks": [tasks.task_row(task, schedule, job)],
        "workers": [tasks.worker_row(worker) for worker in workers],
    }


def _surroundings(child):
    return runs.Surroundings(
        params={"rate": 0.1},
        tags={"stage": "trial"},
        series={"TRAINING_LOSS": [(1, 0.7), (2, 0.5)], "VALIDATION_LOSS": [(1, 0.8), (2, 0.6)]},
        artifacts=[Artifact("a", "report.html", "file", "text/html", "ab" * 32, 20_480, START)],
        environment={"PYTHON": "3.11.7", "PACKAGES": ["numpy==2.4.6", "pandas==3.1.1"], "MACHINE": {"CPUS": 2}},
        code={"GIT": {"COMMIT": "c0ffee", "BRANCH": "main", "DIFF": "+1"}, "SCRIPT": {"PATH": "train.py"}},
        children=[child],
        models=[{"name": "DIABETES", "version": 2, "aliases": ["champion"]}],
    )


def payloads():
    """Return all golden payloads by name."""
    finished = _run("a", RunStatus.FINISHED)
    metrics = {"AUC": 0.8125, "ODD": float("nan"), "FAR": float("-inf"), "TEST_AUC": "0.8, 0.9"}
    active = _run("b", RunStatus.ACTIVE, ended_at=None, progress_done=3, progress_total=8, progress_text="3 of 8")
    before = _experiments(experiments.run_row(finished, metrics), experiments.run_row(active, {}))
    ended = experiments.run_row(_run("b", RunStatus.FAILED, revision=3), {})
    new = experiments.run_row(_run("c", RunStatus.ACTIVE, ended_at=None), {})
    outcome = sample.outcome(0.8)
    reported = [
        events.of_fold_scores(sample.FOLD_SCORES),
        *events.of_outcome(outcome, "fit", "Pima", "DIABETES_TRAIN", ""),
    ]
    log = [LogEntry("a", seq, str(key), START, message) for seq, (key, message) in enumerate(reported)]
    old_tasks = _tasks(JobStatus.RUNNING, [Worker("worker-1", "host", 1, START, START)])
    return json.loads(
        json.dumps(
            {
                "experiments": before,
                "experiments_delta": changes.between_experiments(before, _experiments(ended, new)),
                "run_detail": runs.detail(finished, metrics, RunLog.of(log), _surroundings(active)),
                "tasks": old_tasks,
                "tasks_delta": changes.between_tasks(old_tasks, _tasks(JobStatus.SUCCEEDED, [])),
            },
            allow_nan=False,
        )
    )


if __name__ == "__main__":
    for name, payload in payloads().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n")
