"""The import paths of ``hana_ml``, so that a notebook written for SAP HANA runs unchanged."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from hanalife._version import __version__
from hanalife.errors import Error

#: Path of hana_ml -> its names and where they are here.
_PATHS: dict[str, dict[str, str]] = {
    "hana_ml": {
        "ConnectionContext": "hanalife.dataframe.context",
        "DataFrame": "hanalife.dataframe.frame",
    },
    "hana_ml.dataframe": {
        "ConnectionContext": "hanalife.dataframe.context",
        "DataFrame": "hanalife.dataframe.frame",
        "create_dataframe_from_pandas": "hanalife.dataframe.creation",
        "import_csv_from": "hanalife.dataframe.creation",
        "melt": "hanalife.dataframe.reshaping",
        "quotename": "hanalife.dataframe.columns",
        "read_pickle": "hanalife.dataframe.creation",
        "smart_quote": "hanalife.dataframe.columns",
    },
    "hana_ml.algorithms": {},
    "hana_ml.algorithms.pal": {},
    "hana_ml.algorithms.pal.utility": {"DataSets": "hanalife.datasets.loaders"},
    "hana_ml.algorithms.pal.partition": {"train_test_val_split": "hanalife.datasets.split"},
    "hana_ml.algorithms.pal.unified_classification": {"UnifiedClassification": "hanalife.learning.classification"},
    "hana_ml.algorithms.pal.scheduler": {"ScheduledExecution": "hanalife.lifecycle.scheduled_execution"},
    "hana_ml.algorithms.apl": {},
    "hana_ml.algorithms.apl.drift_detector": {"DriftDetector": "hanalife.drift.detector"},
    "hana_ml.artifacts": {},
    "hana_ml.artifacts.tracking": {},
    "hana_ml.artifacts.tracking.tracking": dict.fromkeys(
        (
            "MLExperiments",
            "add_tag_by_run",
            "delete_experiment_log",
            "delete_run_log",
            "delete_tracking_log",
            "delete_tracking_log_by_run",
            "get_tags_by_run",
            "get_tracking_log",
            "get_tracking_log_by_run",
            "get_tracking_log_header_by_run",
            "get_tracking_metadata",
            "get_tracking_metadata_by_run",
            "modify_tag_by_run",
            "remove_tag_by_run",
        ),
        "hanalife.tracking",
    ),
    "hana_ml.visualizers": {},
    "hana_ml.visualizers.tracking": {
        "ExperimentMonitor": "hanalife.monitors.experiment_monitor",
        "ScheduledTaskMonitor": "hanalife.monitors.scheduled_task_monitor",
    },
    "hana_ml.algorithms.pal.model_cards": {"create_model_card": "hanalife.storage.cards"},
    "hana_ml.model_storage": {
        "ModelStorage": "hanalife.storage.storage",
        "ModelStorageError": "hanalife.errors",
    },
    "hana_ml.ml_exceptions": dict.fromkeys(
        ("BadSQLError", "Error", "FitIncompleteError", "ModelExistingError", "PALUnusableError"), "hanalife.errors"
    ),
}


class _Alias(ModuleType):
    """A module of hana_ml's name that finds its names in hanalife when they are asked for."""

    def __init__(self, path: str, homes: dict[str, str]) -> None:
        super().__init__(path, f"Names of {path}, provided by hanalife.")
        self.__path__: list[str] = []  # nothing is searched for beyond what is registered
        self.__version__ = __version__
        self.__homes = homes

    def __getattr__(self, name: str) -> Any:
        home = self.__homes.get(name)
        if home is None:
            offered = ", ".join(sorted(self.__homes)) or "none"
            raise AttributeError(f"{self.__name__} has no name {name!r} in hanalife; its names are: {offered}")
        return getattr(importlib.import_module(home), name)

    def __dir__(self) -> list[str]:
        return sorted(self.__homes)


def install_as_hana_ml() -> None:
    """Make ``import hana_ml`` and its sub-modules give hanalife's classes.

    Call it once, before the first import of ``hana_ml``; calling it again changes nothing.

    Raises
    ------
    Error
        The real ``hana_ml`` is already imported.

    Examples
    --------
    >>> import hanalife
    >>> hanalife.install_as_hana_ml()
    >>> from hana_ml.dataframe import ConnectionContext
    >>> ConnectionContext.__module__
    'hanalife.dataframe.context'
    """
    present = sys.modules.get("hana_ml")
    if isinstance(present, _Alias):
        return
    if present is not None:
        raise Error(
            "install_as_hana_ml(): the real hana_ml is already imported in this process; "
            "restart the kernel and call it before any import of hana_ml."
        )
    for path, homes in _PATHS.items():
        alias = _Alias(path, homes)
        sys.modules[path] = alias
        parent, _, child = path.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, alias)
