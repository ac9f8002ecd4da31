"""The import paths of hana_ml."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

from hanalife import compat, errors


@pytest.fixture
def hana_ml(monkeypatch):
    """Install the aliases for one test."""
    for path in compat._PATHS:
        monkeypatch.delitem(sys.modules, path, raising=False)
    compat.install_as_hana_ml()
    yield
    for path in compat._PATHS:
        sys.modules.pop(path, None)


def test_every_name_of_every_path_is_there(hana_ml):
    for path, homes in compat._PATHS.items():
        module = importlib.import_module(path)
        for name in homes:
            assert callable(getattr(module, name)), f"{path}.{name}"
        assert set(dir(module)) == set(homes)


def test_the_names_of_tracking_are_those_of_its_package():
    from hanalife import tracking

    assert set(compat._PATHS["hana_ml.artifacts.tracking.tracking"]) == set(tracking.__all__)


def test_the_imports_of_a_notebook(hana_ml):
    code = (
        "import hana_ml\n"
        "import hana_ml.dataframe as dataframe\n"
        "from hana_ml import dataframe as same\n"
        "from hana_ml.algorithms.pal.utility import DataSets\n"
        "from hana_ml.artifacts.tracking.tracking import MLExperiments, delete_experiment_log\n"
        "assert dataframe is same and isinstance(hana_ml.__version__, str)\n"
    )
    exec(compile(code, "notebook", "exec"), {})


def test_installing_twice_changes_nothing(hana_ml):
    before = sys.modules["hana_ml"]
    compat.install_as_hana_ml()
    assert sys.modules["hana_ml"] is before


def test_an_unknown_name_is_an_import_error(hana_ml):
    with pytest.raises(ImportError, match="NoSuchClass"):
        exec("from hana_ml.dataframe import NoSuchClass", {})
    with pytest.raises(AttributeError, match="its names are: ConnectionContext, DataFrame, create_dataframe"):
        sys.modules["hana_ml.dataframe"].NoSuchClass  # noqa: B018


def test_the_real_package_is_not_replaced(monkeypatch):
    monkeypatch.setitem(sys.modules, "hana_ml", type(sys)("hana_ml"))
    with pytest.raises(errors.Error, match="restart the kernel"):
        compat.install_as_hana_ml()


def test_installing_loads_nothing():
    code = (
        "import sys, hanalife; hanalife.install_as_hana_ml(); import hana_ml.dataframe\n"
        "print([name for name in ('pandas', 'sqlalchemy', 'xgboost', 'ipywidgets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


NOTEBOOK = """
import hanalife; hanalife.install_as_hana_ml()
from hana_ml import dataframe
from hana_ml.algorithms.pal.partition import train_test_val_split
from hana_ml.algorithms.pal.scheduler import ScheduledExecution
from hana_ml.algorithms.pal.unified_classification import UnifiedClassification
from hana_ml.algorithms.pal.utility import DataSets
from hana_ml.artifacts.tracking.tracking import MLExperiments, delete_experiment_log, get_tracking_log
from hana_ml.model_storage import ModelStorage
from hana_ml.visualizers.tracking import ExperimentMonitor, ScheduledTaskMonitor

conn = dataframe.ConnectionContext("sqlite:///notebook.db")
full, _, _, _ = DataSets.load_diabetes_data(conn)
train, held, _ = train_test_val_split(
    data=full, partition_method="random", random_seed=23, training_percentage=0.8, testing_percentage=0.2,
    validation_percentage=0.0, id_column="ID")
train = train.save("DIABETES_TRAIN")
print(train.shape, train.head(3).collect().shape)
inference = held.deselect("CLASS")

delete_experiment_log(conn, "PIMA")
tracker = MLExperiments(connection_context=conn, experiment_id="PIMA", experiment_description="first")
model = UnifiedClassification(
    func="HybridGradientBoostingTree", param_search_strategy="grid", resampling_method="cv",
    evaluation_metric="error_rate", ref_metric=["auc"], fold_num=5, random_state=123,
    param_values={"learning_rate": [0.1, 0.4], "n_estimators": [4, 10], "split_threshold": [0.1, 1.0]})
tracker.autologging(model=model, run_name="run 1", dataset_name="PIMA", dataset_source="DIABETES_TRAIN")
model.fit(data=train, key="ID", label="CLASS", partition_method="stratified", partition_random_state=5,
          stratified_column="CLASS")
print(len(model.score(data=held, key="ID", label="CLASS")))
print(tracker.get_current_tracking_id(), len(tracker.get_tracking_metadata_for_current_run().collect()))
ExperimentMonitor(conn, experiment_ids=["PIMA"]).start()

model.name = "PIMA_MODEL"; model.version = 1
storage = ModelStorage(connection_context=conn)
storage.save_model(model=model, if_exists="replace")
deployed = storage.load_model(name="PIMA_MODEL")
print(len(storage.list_models(name="PIMA_MODEL")))

jobs = ScheduledExecution(conn)
jobs.create_predict_task(obj=deployed, predict_params={"data": inference, "key": "ID"}, task_id="WEEKLY", force=True)
print(jobs.create_task_schedule(task_id="WEEKLY", cron="* * * mon 8 0 0", force=True).collect()["CRON"][0])
ScheduledTaskMonitor(conn, task_ids=["WEEKLY"]).start()
print(len(jobs.query_task_schedule(task_id="WEEKLY")))
jobs.remove_task_schedule(task_id="WEEKLY")

for week, rows in enumerate([full.filter("ID < 100"), full.filter("CLASS = 1"), full.filter("CLASS = 0")]):
    weekly = MLExperiments(connection_context=conn, experiment_id="PIMA WEEKLY")
    weekly.autologging(model=deployed, run_name=f"week {week}", dataset_name="week", dataset_source="new")
    deployed.score(rows, key="ID", label="CLASS")
print(weekly.get_tracking_log_for_current_run().count() > 5)
storage.delete_models(name="PIMA_MODEL")
conn.close()
"""


def test_a_notebook_for_sap_hana_runs_with_one_line_added(tmp_path):
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", NOTEBOOK], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [
            "(614, 10) (3, 10)",
            "4",
            "PIMA_<EXPERIMENT_SPLITTER>_run 1 1",
            "1",
            "* * * mon 8 0 0",
            "2",
            "True",
        ]
