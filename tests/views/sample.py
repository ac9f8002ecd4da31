"""Records that look real, written through the public API; a program too, to write from another process.

``python -m tests.views.sample URL EXPERIMENT RUN AUC`` records one run.
"""

from __future__ import annotations

import itertools
import sys
from datetime import UTC, datetime, timedelta

from hanalife import ConnectionContext, MLExperiments
from hanalife.database import aliases, blobs, checks, leases, ledger, members, models, tasks
from hanalife.observation import (
    CallOutcome,
    CallProgress,
    CallStart,
    ColumnSpec,
    DatasetFacts,
    FoldScore,
    LearningPoint,
    MetricSource,
    Signature,
)
from hanalife.records import (
    DriftCheck,
    DriftResult,
    JobStatus,
    ModelAlias,
    ModelVersion,
    Schedule,
    Task,
    Tick,
    TickStatus,
    Worker,
)

COLUMNS = (
    ColumnSpec("ID", "INT"),
    *(ColumnSpec(name, "INT") for name in ("PREGNANCIES", "GLUCOSE", "BLOODPRESSURE", "INSULIN", "AGE", "CLASS")),
    ColumnSpec("BMI", "DOUBLE"),
)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CRON = "* * * mon 8 0 0"


#: Candidate 2 is the best by its mean error; candidate 1 has the best fold.
FOLD_SCORES = tuple(
    FoldScore(candidate, {"learning_rate": rate, "n_estimators": 40}, "error_rate", fold, score, folds=2)
    for candidate, rate, scores in ((1, 0.3, (0.2, 0.3)), (2, 0.1, (0.22, 0.24)), (3, 0.9, (0.4, 0.5)))
    for fold, score in enumerate(scores, 1)
)


class Model:
    """A model that only reports its calls."""

    def __init__(self):
        self.observer = None


def curves(auc):
    """Give lines whose ROC curve has that area: TPR = FPR ** k has the area 1 / (1 + k)."""
    power = (1 - auc) / auc
    share = [step / 20 for step in range(21)]
    gains = [x**power for x in share]
    lift = [2.8, *(min(2.8, 20 * (now - before)) for before, now in itertools.pairwise(gains))]
    lines = {
        "ROC_FPR": list(enumerate(share)),
        "ROC_TPR": list(enumerate(gains)),
        "CUMGAINS": list(zip(share, gains, strict=True)),
        "LIFT": list(zip(share, lift, strict=True)),
        "CUMLIFT": [(x, min(2.8, y / x) if x else 2.8) for x, y in zip(share, gains, strict=True)],
        "RANDOM_CUMGAINS": [(0, 0), (1, 1)],
        "RANDOM_LIFT": [(0, 1), (1, 1)],
        "RANDOM_CUMLIFT": [(0, 1), (1, 1)],
        "PERF_CUMGAINS": [(0, 0), (0.35, 1), (1, 1)],
        "PERF_LIFT": [(0, 2.85), (0.35, 2.85), (0.4, 0), (1, 0)],
        "PERF_CUMLIFT": [(0, 2.85), (0.35, 2.85), (1, 1)],
    }
    return {name: tuple(points) for name, points in lines.items()}


def outcome(auc, source=MetricSource.VALIDATION):
    """Give what a call of a binary classifier with that AUC reports."""
    return CallOutcome(
        dataset=DatasetFacts(614, COLUMNS, 'SELECT * FROM "DIABETES_TRAIN"', "ab" * 32, "DIABETES_TRAIN"),
        seconds=1.25,
        metrics={
            "AUC": auc,
            "ACCURACY": auc - 0.05,
            "KAPPA": auc - 0.3,
            "MCC": auc - 0.29,
            "RECALL_0": 0.84,
            "RECALL_1": 0.61,
            "TEST_AUC": "0.80, 0.82, 0.79, 0.81, 0.83",
        },
        importance={"GLUCOSE": 0.41, "BMI": 0.22, "AGE": 0.15, "PREGNANCIES": 0.12, "INSULIN": 0.1},
        confusion=(("0", "0", 84), ("0", "1", 16), ("1", "0", 21), ("1", "1", 33)),
        curves=curves(auc),
        signature=Signature(
            properties={"CLASS": "UnifiedClassification", "LABEL": "CLASS", "KEY": "ID"},
            inputs=COLUMNS,
            outputs=(ColumnSpec("SCORE", "NVARCHAR(256)"), ColumnSpec("CONFIDENCE", "DOUBLE")),
            parameters={"max_depth": {"TYPE": "INT", "DEFAULT": 6}},
            seen={"BMI": {"MINIMUM": 18.2, "MAXIMUM": 67.1}, "CLASS": {"CATEGORIES": ["0", "1"]}},
        ),
        source=source,
        other_sources={"TEST_AUC": MetricSource.CV},
        intervals={"AUC": (auc - 0.04, auc + 0.03)},
        interval_notes={"RECALL_1": "12 rows, fewer than 20"},
        optimal_parameters={"learning_rate": 0.1, "n_estimators": 40},
    )


def begin_run(context, experiment_id, name, **options):
    """Begin a run and leave it ACTIVE; give the observer that can go on with it."""
    model = Model()
    experiment = MLExperiments(context, experiment_id, "What the samples are about", **options)
    experiment.autologging(model, run_name=name, dataset_name="Pima", dataset_source="DIABETES_TRAIN")
    parameters = {"func": "HybridGradientBoostingTree", "fold_num": 5, "random_state": 123, "learning_rate": [0.1, 0.3]}
    run_id = model.observer.call_started(CallStart("fit", "UNIFIED_CLASSIFICATION", parameters))
    return run_id, model.observer


def record_run(context, experiment_id, name, auc=0.82, **options):
    """Record a finished run and give its id."""
    run_id, observer = begin_run(context, experiment_id, name, **options)
    observer.call_progressed(CallProgress(12, 12, "12 of 12 candidate folds"))
    observer.call_finished(outcome(auc))
    return run_id


def record_scored_run(context, experiment_id, name, train, test, **options):
    """Record a run whose fit reports an AUC of its training rows, and a score that of other rows; give its id."""
    run_id, observer = begin_run(context, experiment_id, name, **options)
    observer.call_finished(outcome(train, MetricSource.TRAIN))
    observer.call_started(CallStart("score", "UNIFIED_CLASSIFICATION", {"key": "ID"}))
    observer.call_finished(outcome(test, MetricSource.TEST))
    return run_id


def searching(rounds=3):
    """Give the progress of a search with its candidates, and learning curves of so many rounds."""
    points = tuple(
        LearningPoint("logloss", part, step, 0.7 / step + extra)
        for part, extra in (("training", 0.0), ("validation", 0.05))
        for step in range(1, rounds + 1)
    )
    return CallProgress(6, 12, "6 of 12 candidate folds", fold_scores=FOLD_SCORES, points=points)


def record_failed_run(context, experiment_id, name, **options):
    """Record a run that ended with an error and give its id."""
    run_id, observer = begin_run(context, experiment_id, name, **options)
    observer.call_failed(ValueError("data: <b>no rows</b> left"))
    return run_id


def record_task(context, task_id="DIABETES_WEEKLY_PREDICT", now=NOW):
    """Record a weekly task with one job that succeeded, and give the job's number."""
    definition = {
        "method": "predict",
        "model": {"name": "DIABETES", "version": 2},
        "parameters": {"data": {"frame": {"sql": 'SELECT * FROM "NEW"'}}, "key": {"value": "ID"}},
        "outputs": [f"out_{task_id}0"],
        "copies": [],
        "procedure": f"PROCEDURE_{task_id}",
    }
    task = Task(task_id, "predict", definition, "Score the new patients", "me", now - timedelta(days=8))
    due = now - timedelta(days=7)
    schedule = Schedule(
        task_id, CRON, "UTC", enabled=True, start_time=None, end_time=None, next_due=now, created_at=task.created_at
    )
    with context.database.write() as connection:
        tasks.insert_task(connection, task)
        tasks.insert_schedule(connection, schedule)
        tasks.append_log(connection, task_id, [("TASK", task.created_at, "Task created.")])
        job_id = leases.queue(connection, task_id, due, due)
        waiting = tasks.jobs(connection, [task_id])[0]
        lease = leases.claim(connection, waiting, "worker-1", due, due + timedelta(seconds=30))
        leases.end(connection, lease, JobStatus.SUCCEEDED, due + timedelta(seconds=4), "")
        ledger.record_ticks(connection, [Tick(task_id, due, TickStatus.RAN, job_id, due)])
    return job_id


def record_composite(context, task_id="NIGHTLY", now=NOW):
    """Record a composite of three tasks, executed once: its second part failed, so the third had no turn."""
    names = [f"{task_id}_{part}" for part in ("LOAD", "FIT", "SCORE")]
    with context.database.write() as connection:
        for name in names:
            tasks.insert_task(connection, Task(name, "callable", {}, "", "me", now))
        tasks.insert_task(connection, Task(task_id, "sequential", {}, "Every night", "me", now))
        members.insert(connection, task_id, names)
        whole = leases.queue(connection, task_id, now, now)
        _execute(connection, whole, JobStatus.FAILED, now)
        for place, (name, status) in enumerate(zip(names, (JobStatus.SUCCEEDED, JobStatus.FAILED), strict=False), 1):
            _execute(connection, leases.queue(connection, name, now, now, parent=(whole, place)), status, now)
        parent = tasks.job(connection, whole)
        members.insert_ended(connection, parent, 3, names[2], JobStatus.SKIPPED, now, "a part before it failed")
    return whole


def _execute(connection, job_id, status, now):
    lease = leases.claim(connection, tasks.job(connection, job_id), "worker-1", now, now + timedelta(seconds=30))
    leases.end(connection, lease, status, now + timedelta(seconds=4), "" if status is JobStatus.SUCCEEDED else "broken")


def record_ledger(context, task_id, job_id, now=NOW):
    """Record a due time of each status, and what the job has used."""
    dues = [now - timedelta(days=days) for days in range(len(TickStatus))]
    ticks = [Tick(task_id, due, status, job_id, due) for due, status in zip(dues, TickStatus, strict=True)]
    with context.database.write() as connection:
        ledger.record_ticks(connection, ticks)
        lease = leases.Lease(task_id, job_id, 1, "worker-1")
        leases.note_use(connection, lease, cpu_seconds=1.5, peak_memory_bytes=2**27)


def record_models(context, name="DIABETES", now=NOW):
    """Record two versions of a model; two aliases name the second."""
    with context.database.write() as connection:
        models.reserve(connection, name)
        content_hash = blobs.put(connection, b"an estimator")
        for number in (1, 2):
            head = (
                name,
                number,
                "hanalife.UnifiedClassification",
                "xgboost",
                "json",
                content_hash,
                None,
                None,
                now,
                "me",
            )
            models.insert(
                connection, ModelVersion(*head, state={}, tables={}, signature=None, metrics=None, environment=None)
            )
        for alias in ("champion", "challenger"):
            aliases.put(connection, ModelAlias(name, alias, 2, None, now, "me"))


def record_alert(context, check_id, columns, now=NOW, segment=""):
    """Record a check in which columns drifted, the first one most, and one column did not."""
    kept = [("STEADY", False), *((name, True) for name in columns)]
    results = tuple(
        DriftResult(name, "chi_square", 9.0, 0.001, 0.3, drifted, indicator=1 - place / 100)
        for place, (name, drifted) in enumerate(kept)
    )
    check = DriftCheck(check_id, "DIABETES_TRAIN", "DIABETES_NEW", 614, 200, "drift", now, results, segment=segment)
    with context.database.write() as connection:
        checks.insert(connection, check)


def sign_of_life(context, moment):
    """Let a worker be alive at a moment."""
    with context.database.write() as connection:
        tasks.beat(connection, Worker("worker-1", "host", 1, moment, moment))


if __name__ == "__main__":
    url, experiment_id, name, auc = sys.argv[1:]
    with ConnectionContext(url) as context:
        print(record_run(context, experiment_id, name, float(auc)))
