"""The whole life cycle in one go, on the diabetes data: ``hanalife demo``."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.datasets.loaders import DataSets
from hanalife.datasets.split import train_test_val_split
from hanalife.drift.detector import DriftDetector
from hanalife.errors import Error
from hanalife.learning.classification import UnifiedClassification
from hanalife.lifecycle.scheduled_execution import ScheduledExecution
from hanalife.scheduling.cron import describe
from hanalife.storage.storage import ModelStorage
from hanalife.tracking.experiments import MLExperiments
from hanalife.views.pages import write_page

EXPERIMENT, WEEKLY = "diabetes", "diabetes weekly"
MODEL, TASK = "diabetes classifier", "DIABETES_WEEKLY_PREDICT"
CRON = "* * * mon 8 0 0"
GRID: dict[str, list[float]] = {
    "learning_rate": [0.1, 0.4, 0.7, 1.0],
    "n_estimators": [4, 6, 8, 10],
    "split_threshold": [0.1, 0.4, 0.7, 1.0],
}
JOB_SECONDS = 120


class Demo:
    """One pass through the life cycle; each step tells what it did."""

    def __init__(self, conn: ConnectionContext) -> None:
        self.conn = conn
        self.told: list[str] = []
        self.storage = ModelStorage(conn)
        self.scheduler = ScheduledExecution(conn)
        self.model: Any = None
        self.data: DataFrame
        self.train: DataFrame
        self.test: DataFrame

    def tell(self, what: str, result: str) -> None:
        """Note one line of the report."""
        self.told.append(f"{what:<10} {result}")

    def load(self) -> None:
        """Load the data and set rows aside."""
        self.data, *_ = DataSets.load_diabetes_data(self.conn)
        self.train, self.test, _ = train_test_val_split(
            self.data,
            id_column="ID",
            random_seed=23,
            training_percentage=0.8,
            testing_percentage=0.2,
            validation_percentage=0.0,
        )
        self.tell("data", f"{self.data.count()} rows: {self.train.count()} to train, {self.test.count()} to test")

    def fit(self) -> None:
        """Search, fit and score under a run."""
        model = UnifiedClassification(
            func="HybridGradientBoostingTree",
            param_search_strategy="grid",
            resampling_method="cv",
            evaluation_metric="error_rate",
            ref_metric=["auc"],
            fold_num=5,
            random_state=123,
            param_values=GRID,
        )
        tracker = MLExperiments(self.conn, EXPERIMENT, "Which settings find diabetes best?")
        tracker.autologging(model, run_name="grid search", dataset_name="PIMA", dataset_source="training rows")
        model.fit(
            self.train,
            key="ID",
            label="CLASS",
            partition_method="stratified",
            partition_random_state=5,
            stratified_column="CLASS",
        )
        best = model.get_optimal_parameters()
        self.tell("search", f"best of {math.prod(map(len, GRID.values()))} settings: {_best(best)}")
        self.tell("run", f"{EXPERIMENT} / grid search, validation rows: {_figures(model.get_performance_metrics())}")
        _, statistics, _, _ = model.score(self.test, key="ID", label="CLASS")
        self.tell("score", f"on the test rows: {_figures(_by_name(statistics))}")
        self.model = model

    def store(self) -> None:
        """Store the model and load it back."""
        self.model.name, self.model.version = MODEL, 1
        self.storage.save_model(self.model, if_exists="upgrade")
        self.model = self.storage.load_model(MODEL)
        self.tell("model", f"{MODEL}, version {self.model.version}, made by run {self.model.run_id}")

    def schedule(self) -> None:
        """Schedule the weekly prediction."""
        inputs = {"data": self.test.deselect("CLASS"), "key": "ID"}
        self.scheduler.create_predict_task(obj=self.model, predict_params=inputs, task_id=TASK, force=True)
        self.scheduler.create_task_schedule(task_id=TASK, cron=CRON, force=True)
        self.tell(
            "schedule", f"{TASK} {describe(CRON)}, next run {self.scheduler.next_due(TASK):%A %Y-%m-%d %H:%M:%S} UTC"
        )

    def execute(self) -> None:
        """Run the task once, now, in a process of its own."""
        job = self.scheduler.create_one_off_task_schedule(TASK)
        status = _wait(lambda: self._status(job))
        rows = self.conn.table(f"out_{TASK}0").count()
        self.tell("job", f"{job} {status}: {rows} predictions in out_{TASK}0")

    def _status(self, job: int) -> str:
        jobs = self.scheduler.get_executed_task_jobs(TASK, job_id=job).collect()
        return str(jobs["STATUS"].iloc[0])

    def watch(self) -> None:
        """Score three weekly batches and check each for drift."""
        week = self.test  # rows that the model was trained on would not count as a test
        batches = {"week 20": week, "week 21": week.filter("CLASS = 1"), "week 22": week.filter("CLASS = 0")}
        tracker = MLExperiments(self.conn, WEEKLY, "The deployed model on each week's records")
        detector = DriftDetector().fit(self.train.deselect("ID"), label="CLASS")
        for name, batch in batches.items():
            tracker.autologging(self.model, run_name=name, dataset_name=name, dataset_source="records of the week")
            _, statistics, _, _ = self.model.score(batch, key="ID", label="CLASS")
            drifted = detector.detect(batch).collect()["Variable"].tolist()
            verdict = detector.check_.verdict if detector.check_ else "unknown"
            moved = f" in {', '.join(drifted)}" if drifted else ""
            self.tell(name, f"{_figures(_by_name(statistics))}; {verdict}{moved}")


def run_demo(url: str, page: str) -> str:
    """Run the life cycle on a database, write the page of the monitors and return the report."""
    with ConnectionContext(url) as conn:
        demo = Demo(conn)
        steps = {
            "loading data": demo.load,
            "searching and fitting": demo.fit,
            "storing the model": demo.store,
            "scheduling": demo.schedule,
            "running the task": demo.execute,
            "watching three weeks": demo.watch,
            "writing the page": lambda: demo.tell("page", str(write_page(conn, page))),
        }
        demo.scheduler.start_worker()
        try:
            for name, step in (bar := tqdm(steps.items(), desc="life cycle", unit="step")):
                bar.set_postfix_str(name)
                step()
        finally:
            demo.scheduler.stop_worker()
        demo.tell("database", conn.database.label)
    demo.told.append("\nThe tutorial tells the same step by step:  jupyter lab notebooks/01_lifecycle.ipynb")
    return "\n".join(demo.told)


def _wait(status: Callable[[], str]) -> str:
    deadline = time.monotonic() + JOB_SECONDS
    while (found := status()) in ("QUEUED", "RUNNING"):
        if time.monotonic() > deadline:
            raise Error(f"The job is still {found} after {JOB_SECONDS} s; see the task's log.")
        time.sleep(0.2)
    if found != "SUCCEEDED":
        raise Error(f"The job ended as {found}; see the task's log.")
    return found


def _by_name(statistics: DataFrame) -> dict[str, str]:
    rows = statistics.filter("CLASS_NAME IS NULL").collect()
    return dict(zip(rows["STAT_NAME"], rows["STAT_VALUE"], strict=True))


def _figures(metrics: Any) -> str:
    wanted = [name for name in ("AUC", "ACCURACY", "KAPPA") if name in metrics]
    return ", ".join(f"{name} {float(metrics[name]):.3f}" for name in wanted)


def _best(optimal: Any) -> str:
    pairs = []
    for row in optimal.to_dict("records"):
        value = next(
            row[kind]
            for kind in ("INT_VALUE", "DOUBLE_VALUE", "STRING_VALUE")
            if row[kind] == row[kind] and row[kind] is not None
        )
        pairs.append(f"{row['PARAM_NAME']} {value}")
    return ", ".join(pairs)
