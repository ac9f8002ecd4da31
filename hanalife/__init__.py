"""hanalife: the machine-learning life cycle in the notebook and in any SQL database.

Names load when first used, so ``import hanalife`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

from hanalife._version import __version__

_HOME = {
    "ConnectionContext": "hanalife.dataframe.context",
    "DataFrame": "hanalife.dataframe.frame",
    "DataSets": "hanalife.datasets.loaders",
    "train_test_val_split": "hanalife.datasets.split",
    "UnifiedClassification": "hanalife.learning.classification",
    "MLExperiments": "hanalife.tracking.experiments",
    "ModelStorage": "hanalife.storage.storage",
    "ScheduledExecution": "hanalife.lifecycle.scheduled_execution",
    "DriftDetector": "hanalife.drift.detector",
    "ExperimentMonitor": "hanalife.monitors.experiment_monitor",
    "ScheduledTaskMonitor": "hanalife.monitors.scheduled_task_monitor",
    "install_as_hana_ml": "hanalife.compat",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hanalife' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "hanalife"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hanalife.server"}]
