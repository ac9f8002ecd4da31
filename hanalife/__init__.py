"""hanalife: the machine-learning life cycle in the notebook and in any SQL database.

Names load when first used, so ``import hanalife`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hanalife._version import __version__

if TYPE_CHECKING:
    from hanalife.compat import install_as_hana_ml
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.creation import create_dataframe_from_pandas, import_csv_from, read_parquet
    from hanalife.dataframe.frame import DataFrame
    from hanalife.dataframe.reshaping import melt
    from hanalife.datasets.loaders import DataSets
    from hanalife.datasets.split import train_test_val_split
    from hanalife.drift.detector import DriftDetector
    from hanalife.learning.classification import UnifiedClassification
    from hanalife.lifecycle.scheduled_execution import ScheduledExecution
    from hanalife.monitors.experiment_monitor import ExperimentMonitor
    from hanalife.monitors.scheduled_task_monitor import ScheduledTaskMonitor
    from hanalife.storage.storage import ModelStorage
    from hanalife.tracking.experiments import MLExperiments

__all__ = [
    "ConnectionContext",
    "DataFrame",
    "DataSets",
    "DriftDetector",
    "ExperimentMonitor",
    "MLExperiments",
    "ModelStorage",
    "ScheduledExecution",
    "ScheduledTaskMonitor",
    "UnifiedClassification",
    "__version__",
    "create_dataframe_from_pandas",
    "import_csv_from",
    "install_as_hana_ml",
    "melt",
    "read_parquet",
    "train_test_val_split",
]

_HOME = {
    "ConnectionContext": "hanalife.dataframe.context",
    "DataFrame": "hanalife.dataframe.frame",
    "DataSets": "hanalife.datasets.loaders",
    "DriftDetector": "hanalife.drift.detector",
    "ExperimentMonitor": "hanalife.monitors.experiment_monitor",
    "MLExperiments": "hanalife.tracking.experiments",
    "ModelStorage": "hanalife.storage.storage",
    "ScheduledExecution": "hanalife.lifecycle.scheduled_execution",
    "ScheduledTaskMonitor": "hanalife.monitors.scheduled_task_monitor",
    "UnifiedClassification": "hanalife.learning.classification",
    "create_dataframe_from_pandas": "hanalife.dataframe.creation",
    "import_csv_from": "hanalife.dataframe.creation",
    "install_as_hana_ml": "hanalife.compat",
    "melt": "hanalife.dataframe.reshaping",
    "read_parquet": "hanalife.dataframe.creation",
    "train_test_val_split": "hanalife.datasets.split",
}


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


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hanalife.server"}]
