"""hanalife: the machine-learning life cycle in the notebook and in any SQL database.

Names load when first used, so ``import hanalife`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hanalife._version import __version__
from hanalife.dataframe import extensions

if TYPE_CHECKING:
    from hanalife.compat import install_as_hana_ml
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.creation import create_dataframe_from_pandas, import_csv_from, read_parquet
    from hanalife.dataframe.frame import DataFrame
    from hanalife.dataframe.reshaping import melt
    from hanalife.datasets.loaders import DataSets
    from hanalife.datasets.split import train_test_val_split
    from hanalife.drift.alarm_budget import AlarmBudget
    from hanalife.drift.detector import DriftDetector
    from hanalife.learning.classification import UnifiedClassification
    from hanalife.learning.regression import UnifiedRegression
    from hanalife.learning.reports.unified_report import UnifiedReport
    from hanalife.learning.searches import cancel_search, search_progress, search_scores
    from hanalife.lifecycle.reproduce import reproduce
    from hanalife.lifecycle.scheduled_execution import ScheduledExecution
    from hanalife.monitors.drift_monitor import DriftMonitor
    from hanalife.monitors.experiment_monitor import ExperimentMonitor
    from hanalife.monitors.model_monitor import ModelMonitor
    from hanalife.monitors.scheduled_task_monitor import ScheduledTaskMonitor
    from hanalife.monitors.shapley import ShapleyExplainer
    from hanalife.storage.storage import ModelStorage
    from hanalife.tracking.autologging import autolog
    from hanalife.tracking.compare import compare_runs
    from hanalife.tracking.experiments import MLExperiments
    from hanalife.tracking.native import Experiment
    from hanalife.tracking.search import search_runs
    from hanalife.tracking.spool import replay_spool

__all__ = [
    "AlarmBudget",
    "ConnectionContext",
    "DataFrame",
    "DataSets",
    "DriftDetector",
    "DriftMonitor",
    "Experiment",
    "ExperimentMonitor",
    "MLExperiments",
    "ModelMonitor",
    "ModelStorage",
    "ScheduledExecution",
    "ScheduledTaskMonitor",
    "ShapleyExplainer",
    "UnifiedClassification",
    "UnifiedRegression",
    "UnifiedReport",
    "__version__",
    "autolog",
    "cancel_search",
    "compare_runs",
    "create_dataframe_from_pandas",
    "import_csv_from",
    "install_as_hana_ml",
    "melt",
    "read_parquet",
    "replay_spool",
    "reproduce",
    "search_progress",
    "search_runs",
    "search_scores",
    "train_test_val_split",
]

_HOME = {
    "AlarmBudget": "hanalife.drift.alarm_budget",
    "ConnectionContext": "hanalife.dataframe.context",
    "DataFrame": "hanalife.dataframe.frame",
    "DataSets": "hanalife.datasets.loaders",
    "DriftDetector": "hanalife.drift.detector",
    "DriftMonitor": "hanalife.monitors.drift_monitor",
    "Experiment": "hanalife.tracking.native",
    "ExperimentMonitor": "hanalife.monitors.experiment_monitor",
    "MLExperiments": "hanalife.tracking.experiments",
    "ModelMonitor": "hanalife.monitors.model_monitor",
    "ModelStorage": "hanalife.storage.storage",
    "ScheduledExecution": "hanalife.lifecycle.scheduled_execution",
    "ScheduledTaskMonitor": "hanalife.monitors.scheduled_task_monitor",
    "ShapleyExplainer": "hanalife.monitors.shapley",
    "UnifiedClassification": "hanalife.learning.classification",
    "UnifiedRegression": "hanalife.learning.regression",
    "UnifiedReport": "hanalife.learning.reports.unified_report",
    "autolog": "hanalife.tracking.autologging",
    "cancel_search": "hanalife.learning.searches",
    "compare_runs": "hanalife.tracking.compare",
    "create_dataframe_from_pandas": "hanalife.dataframe.creation",
    "import_csv_from": "hanalife.dataframe.creation",
    "install_as_hana_ml": "hanalife.compat",
    "melt": "hanalife.dataframe.reshaping",
    "read_parquet": "hanalife.dataframe.creation",
    "replay_spool": "hanalife.tracking.spool",
    "reproduce": "hanalife.lifecycle.reproduce",
    "search_progress": "hanalife.learning.searches",
    "search_runs": "hanalife.tracking.search",
    "search_scores": "hanalife.learning.searches",
    "train_test_val_split": "hanalife.datasets.split",
}

extensions.enter("drift", "hanalife.drift.native:open_drift")
extensions.enter("experiment", "hanalife.tracking.native:open_experiment")


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hanalife' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "hanalife"}]


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    from hanalife.server.app import HanalifeApp

    return [{"module": "hanalife.server.app", "app": HanalifeApp}]
