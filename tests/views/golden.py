"""Payloads of fixed records, which both Python and TypeScript are tested with.

``python -m tests.views.golden`` writes them anew.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hanalife.evidence import MetricKey, direction
from hanalife.observation import MetricSource
from hanalife.records import (
    Artifact,
    DriftAcknowledgement,
    DriftCheck,
    DriftEffect,
    DriftResult,
    DriftSeries,
    Experiment,
    Job,
    JobStatus,
    LogEntry,
    Run,
    RunStatus,
    Schedule,
    SpentBudget,
    Task,
    Worker,
)
from hanalife.tracking import events
from hanalife.views import changes, drift, experiments, ranking, runs, tasks
from hanalife.views.payloads.words import CONTRACT
from hanalife.views.run_log import RunLog
from tests.views import sample

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "js" / "tests" / "golden"
NAMES = (
    "experiments",
    "experiments_delta",
    "run_detail",
    "tasks",
    "tasks_delta",
    "drift_series",
    "drift_check",
    "ranking",
)

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
        series={
            MetricKey("TRAINING_LOSS", MetricSource.TRAIN): [(1, 0.7), (2, 0.5), (3, 0.4)],
            MetricKey("VALIDATION_LOSS", MetricSource.VALIDATION): [(1, 0.9), (2, 0.6), (3, 0.8)],
        },
        artifacts=[Artifact("a", "report.html", "file", "text/html", "ab" * 32, 20_480, START)],
        environment={"PYTHON": "3.11.7", "PACKAGES": ["numpy==2.4.6", "pandas==3.1.1"], "MACHINE": {"CPUS": 2}},
        code={"GIT": {"COMMIT": "c0ffee", "BRANCH": "main", "DIFF": "+1"}, "SCRIPT": {"PATH": "train.py"}},
        children=[child],
        models=[{"name": "DIABETES", "version": 2, "aliases": ["champion"]}],
    )


def _check(week, verdict, psi):
    """Give the check of a week in which one column moved so far and another not at all."""
    still = DriftResult(
        "<b>AGE</b>", "chi_square", 1.0, 0.9, 0.0, False, "feature", "unknown",  # noqa: FBT003
        DriftEffect("psi", 0.0, 0.0, 0.3, 0.1), 0.2, 900, "About 900 current rows would decide", (),
        (("[-inf ; 30[", 50, 4), ("[30 ; inf[", 50, 6)),
    )  # fmt: skip
    moved = DriftResult(
        "GLUCOSE", "chi_square", 40.0, 0.001, psi, verdict == "drift", "feature", verdict,
        DriftEffect("psi", psi, psi - 0.05, psi + 0.05, 0.1), 0.99, None, "",
        (DriftEffect("wasserstein", float("inf"), 0.1, 0.3),), (("low", 60, 1), ("high", 40, 9)),
    )  # fmt: skip
    moment = START + timedelta(weeks=week)
    return DriftCheck(f"check-{week}", "REFERENCE", f"WEEK_{week}", 100, 10, verdict, moment, (still, moved))


def _with_budget(check):
    """Return a check whose verdict is the alarm of a detector: evidence 312 of 104, found by the check alone too."""
    budget = SpentBudget("WATCH", "year", 1.0, 0.02, 0.25, 104.0)
    results = tuple(
        replace(result, single_verdict=result.verdict, evidence=evidence)
        for result, evidence in zip(check.results, (0.5, 312.0), strict=True)
    )
    return replace(check, results=results, single_verdict=check.verdict, budget=budget)


def _judged(week, method, change):
    levels = (DriftEffect("auc", 0.8 - week / 20, 0.7, 0.9),)
    result = DriftResult("AUC", method, 0.8, 1.0, 0.0, False, "performance", "unknown", change, effects=levels)  # noqa: FBT003
    moment, window = START + timedelta(weeks=week, hours=1), f"week {week}"
    notes = ("Assumes much.",)
    rows = (100, 10, "unknown")
    return DriftCheck(f"{method}-{week}", "REFERENCE", "W", *rows, moment, (result,), window=window, notes=notes)


def _seen():
    return DriftAcknowledgement("check-1", LATER, "me", "<i>a new device</i>")


def _series():
    checks = [_check(0, "no_drift", 0.01), _with_budget(_check(1, "drift", 2.5))]
    change = DriftEffect("auc_change", -0.05, -0.2, 0.1, -0.02)
    judged = [_judged(0, "estimated", None), _judged(0, "measured", change), _judged(1, "estimated", None)]
    series = DriftSeries("check-0", "REFERENCE", "", 5, LATER, 1)
    return series, [*reversed(judged), *reversed(checks)], [drift.alert_row(checks[1], None)]


#: Names of metrics of scikit-learn, of XGBoost, of hana_ml and of people.
_NAMES = (
    *("AUC", "RMSE", "R2", "KAPPA", "RECALL_error", "F1_SCORE_1", "ERROR_RATE", "TEST_AUC.VAR", "SUPPORT_0", "rows"),
    *("neg_log_loss", "validation_0-logloss", "val_loss", "recall@5", "MAPE", "seconds", "gain", "L1", "", "ns"),
)


def _ranking():
    """Give what is ranked and shown of several sets of runs."""
    sets = [
        [("A", {}, [{"test": {"AUC": 0.7, "RMSE": 2.0}, "train": {"AUC": 0.9}}, {"test": {"AUC": 0.8}}])],
        [("A", {"primary_metric": "RMSE@cv"}, [{"cv": {"RMSE": value}} for value in (2.0, 1.0, 1.0, "nan")])],
        [
            ("A", {"search_metric": "ERROR_RATE"}, [{"cv": {"ERROR_RATE": 0.1}, "test": {"AUC": 0.5}}] * 2),
            ("B", {}, [{"user": {"loss": 0.5, "recall@5": "inf"}}, {"production": {"MAE": 1.0}, "train": {"R2": 1.0}}]),
        ],
        [
            (
                "A",
                {},
                [{"train": {"AUC": 0.9, "ACCURACY": 0.8}}, {"train": {"AUC": 0.8}, "cv": {"TEST_AUC": "0.1, 0.2"}}],
            )
        ],
        [("A", {"primary_metric": "MCC"}, [{"validation": {"MCC": 0.1}, "cv": {"MCC": 0.9}}, {"cv": {"MCC": 0.8}}])],
        [],
    ]
    return {"directions": {name: direction(name) for name in _NAMES}, "cases": [_ranked(each) for each in sets]}


def _ranked(groups):
    rows = [
        experiments.run_row(_run(f"{name}{place}", RunStatus.FINISHED, experiment_id=name), {})
        | {"metrics": metrics, "search_metric": more.get("search_metric", "")}
        for name, more, runs_ in groups
        for place, metrics in enumerate(runs_)
    ]
    heads = [
        experiments.experiment_row(Experiment(name, "", "me", START, more.get("primary_metric")))
        for name, more, _ in groups
    ]
    chief = ranking.primary_of(heads, rows)
    keys = ranking.in_order(ranking.summary(rows).numbers)
    best = [ranking.best(rows, key) for key in keys]
    return {
        "experiments": heads,
        "runs": rows,
        "primary": None if chief is None else str(chief),
        "keys": list(map(str, keys)),
        "columns": [str(key) for key in ranking.columns(keys, chief)],
        "best": [None if each is None else each.text for each in best],
    }


def payloads():
    """Return all golden payloads by name."""
    finished = _run("a", RunStatus.FINISHED)
    metrics = {
        MetricKey("AUC", MetricSource.TRAIN): 0.954,
        MetricKey("FAR", MetricSource.USER): float("-inf"),
        MetricKey("ODD", MetricSource.USER): float("nan"),
        MetricKey("SCORE_AUC", MetricSource.TEST): 0.777,
        MetricKey("TEST_AUC", MetricSource.CV): "0.86, 0.862",
        MetricKey("TEST_AUC.MEAN", MetricSource.CV): 0.861,
    }
    active = _run("b", RunStatus.ACTIVE, ended_at=None, progress_done=3, progress_total=8, progress_text="3 of 8")
    before = _experiments(experiments.run_row(finished, metrics), experiments.run_row(active, {}))
    ended = experiments.run_row(_run("b", RunStatus.FAILED, revision=3), {})
    new = experiments.run_row(_run("c", RunStatus.ACTIVE, ended_at=None), {})
    fitted, scored = sample.outcome(0.954, MetricSource.TRAIN), sample.outcome(0.777, MetricSource.TEST)
    reported = [
        events.of_fold_scores(sample.FOLD_SCORES),
        *events.of_outcome(fitted, "fit", "Pima", "DIABETES_TRAIN", ""),
        *events.of_outcome(scored, "score", "Pima", "DIABETES_TEST", "SCORE_"),
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
                "drift_series": drift.detail(*_series()),
                "ranking": _ranking(),
                "drift_check": drift.check_detail(_check(1, "drift", 2.5), "check-0", _seen()),
                "tasks_delta": changes.between_tasks(old_tasks, _tasks(JobStatus.SUCCEEDED, [])),
            },
            allow_nan=False,
        )
    )


if __name__ == "__main__":
    for name, payload in payloads().items():
        (FOLDER / f"{name}.json").write_text(json.dumps(payload, indent=1, ensure_ascii=False) + "\n")
