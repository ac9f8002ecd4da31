"""Plans to fit a stored model again; the one scheduler carries them out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hanalife.database import models
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, ModelStorageError, NotSupportedError
from hanalife.records import ModelVersion
from hanalife.storage.base import StorageBase

if TYPE_CHECKING:
    import pandas as pd

# The floor above joins models and schedules, so it is looked up when a plan is started, not imported.
_RETRAINING = "hanalife.lifecycle.retraining"


class Schedules(StorageBase):
    """The methods of a model storage on plans of retraining."""

    def set_schedule(
        self,
        name: str,
        version: int,
        schedule_time: str,
        training_dataset_select_statement: str,
        init_params: Mapping[str, Any] | None = None,
        fit_params: Mapping[str, Any] | None = None,
        storage_type: str = "default",
        connection_userkey: str | None = None,  # noqa: ARG002 - hana_ml's
        encrypt: bool | None = None,  # noqa: ARG002
        sslValidateCertificate: bool | None = None,  # noqa: ARG002, N803
        server_side_scheduler: bool = True,
        job_name: str | None = None,
        job_start_time: str | None = None,
        job_end_time: str | None = None,
        procedure_name: str | None = None,
        procedure_schema: str | None = None,
    ) -> None:
        """Plan to fit a model anew, with its own parameters, on what a query gives at that time.

        Each execution stores the next version of the name; versions do not change.

        Parameters
        ----------
        name, version : str and int
            The model.
        schedule_time : str
            Seven-field cron text, in UTC: ``year month day weekday hour minute second``.
        training_dataset_select_statement : str
            One query, in SAP HANA's SQL; read anew each time.
        init_params, fit_params : dict, optional
            Instead of the model's own arguments of the constructor and of ``fit``.
        job_name : str
            Name of the task.
        job_start_time, job_end_time : str, optional
            No execution outside of these moments.
        server_side_scheduler : bool, default True
            Must be True: workers of this database execute all tasks.
        storage_type, connection_userkey, encrypt, sslValidateCertificate, procedure_name, procedure_schema
            Kept for compatibility; they have no effect.

        Raises
        ------
        ModelStorageError
            There is no such version.
        InvalidArgumentError
            ``job_name`` is missing.
        NotSupportedError
            ``server_side_scheduler=False``.
        """
        if not server_side_scheduler:
            raise NotSupportedError(
                "server_side_scheduler: tasks are executed by `hanalife worker` or ScheduledExecution.start_worker(); "
                "leave it True and give schedule_time as seven-field cron text."
            )
        if not job_name:
            raise InvalidArgumentError("job_name: name the task, for example job_name='RETRAIN_CHURN'.")
        plan = {
            "status": "inactive",
            "schedule_time": schedule_time,
            "job_start_time": job_start_time,
            "job_end_time": job_end_time,
            "job_name": job_name,
            "init_params": _json("init_params", init_params),
            "fit_params": _json("fit_params", fit_params),
            "training_dataset_select_statement": training_dataset_select_statement,
            "storage_type": storage_type,
            "procedure_name": procedure_name,
            "procedure_schema": procedure_schema,
        }
        with self._reading() as connection:
            found = self._find(connection, name, version)
        _retraining().check(self.connection_context, found, plan)
        self._keep_plan(found, plan)

    def start_schedule(self, name: str, version: int) -> None:
        """Make the plan of a version a task with a schedule.

        Raises
        ------
        ModelStorageError
            There is no such version, or it has no plan.
        """
        found, plan = self._planned(name, version)
        _retraining().start(self.connection_context, found, plan)
        self._keep_plan(found, plan | {"status": "active"})

    def terminate_schedule(self, name: str, version: int) -> None:
        """Remove the task of a plan; the plan stays. Raises as :meth:`start_schedule` does."""
        found, plan = self._planned(name, version)
        _retraining().terminate(self.connection_context, plan)
        self._keep_plan(found, plan | {"status": "inactive"})

    def display_hana_schedule(self, name: str, version: int) -> pd.DataFrame:
        """Return the schedule of a plan as the database lists it. Raises as :meth:`start_schedule` does."""
        _, plan = self._planned(name, version)
        shown: pd.DataFrame = _retraining().show(self.connection_context, plan)
        return shown

    def set_logfile(self, loc: str) -> None:
        """Refuse: logs of jobs are rows of the database.

        Raises
        ------
        NotSupportedError
            Always.
        """
        raise NotSupportedError(
            f"set_logfile: nothing is written to {loc!r}; the logs of jobs are in the database: "
            "ScheduledExecution.query_schedule_job(task_id)."
        )

    def _planned(self, name: str, version: int) -> tuple[ModelVersion, dict[str, Any]]:
        with self._reading() as connection:
            found = self._find(connection, name, version)
        if not found.schedule:
            raise ModelStorageError(f"Model {name!r} version {version} has no plan; make one with set_schedule().")
        return found, dict(found.schedule["schedule"])

    def _keep_plan(self, found: ModelVersion, plan: Mapping[str, Any]) -> None:
        with self._writing() as connection:
            models.update(connection, found.name, found.version, {"schedule": {"schedule": plan}})


def _retraining() -> Any:
    return importlib.import_module(_RETRAINING)


def _json(argument: str, values: Mapping[str, Any] | None) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(json.dumps(dict(values or {}), allow_nan=False))
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{argument}: expected a dict of text, numbers and lists, got {values!r}.") from None
    return kept
