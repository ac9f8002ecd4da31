"""The loop as tasks: drift checks, and pipelines that retrain and promote only what is better."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, job_outputs, leases, members, models, references, task_frames, tasks
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import checking, native, verdict
from hanalife.drift.reference import Reference
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, ModelStorageError
from hanalife.lifecycle import calls, kept_tasks, pipeline_steps, pipelines
from hanalife.lifecycle.outcomes import FACTS
from hanalife.lifecycle.pipelines import Pipeline
from hanalife.lifecycle.scheduled_base import check_id
from hanalife.lifecycle.scheduled_calls import TableNames
from hanalife.lifecycle.scheduled_tasks import ScheduledTasks
from hanalife.records import ModelVersion, Task
from hanalife.storage.base import not_found

_DAY, _MONTH = timedelta(days=1), timedelta(days=30)


class ScheduledLoop(ScheduledTasks):
    """Drift checks and retraining pipelines."""

    def create_drift_task(
        self,
        task_id: str,
        reference: Reference | DataFrame | str,
        current: DataFrame,
        *,
        features: str | Sequence[str] | None = None,
        label: str | None = None,
        prediction: str | None = None,
        minimum_effect: float = verdict.MINIMUM_PSI,
        error_rate: float = verdict.ERROR_RATE,
        rows: int | None = None,
        time_column: str | None = None,
        every: str = "week",
        consecutive: bool = False,
        output_table_names: TableNames = None,
        append: bool = False,
        experiment_id: str | None = None,
        task_desc: str = "",
        force: bool = False,
    ) -> DataFrame:
        """Keep a drift check as a task.

        Each job compares the rows that ``current`` has by then with the reference as it is now.
        It succeeds with the verdict ``drift``, ``no_drift`` or ``unknown``, which the gates of a
        composite wait for (:meth:`create_sequential_composite_task`), and says which columns
        drifted or how many more rows it needs. Checks are kept as those of ``conn.drift``.

        Parameters
        ----------
        task_id : str
            The task's name.
        reference : Reference, DataFrame or str
            The rows compared with, what ``conn.drift.reference`` made of them, or the name of a
            stored reference. It is frozen now; a later version of that name changes nothing.
        current : DataFrame, shape (n_rows, n_columns)
            The rows under test: a table or query that is read anew by each job.
        features, label, prediction
            As of ``conn.drift.reference``, if the reference is a frame.
        minimum_effect : float
            A PSI up to which a shift is too small to matter.
        error_rate : float in ]0, 1[
            Chance, at most, of any false ``drift`` of a window.
        rows, time_column, every, consecutive
            Windows as of ``conn.drift.windows``; the verdict is that of the last one. By default
            all rows are one window.
        output_table_names : str, optional
            Where each job puts its results, a row for each column, by default ``out_<task_id>0``.
        append : bool, default False
            Add to that table, with JOB_ID and RUN_TIME, in place of replacing it.
        experiment_id : str, optional
            Record each job as a run of this experiment.
        task_desc, force
            As of :meth:`create_task`.

        Returns
        -------
        DataFrame
            TASK_ID, TASK_OWNER, PROC_SCHEMA, PROC_NAME.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        UnknownColumnError, InvalidArgumentError
            A column is missing or has another type than in the reference, or a limit or window
            cannot be used.
        DataNotFoundError
            There is no stored reference of that name.
        """
        context = self.connection_context
        check_id(task_id)
        native.limits_of(minimum_effect, error_rate)
        windows: dict[str, Any] = {}
        if rows is not None or time_column is not None:
            native.window_split(current, rows, time_column, every)
            windows = {"rows": rows, "time_column": time_column, "every": every, "consecutive": consecutive}
        frozen = self._frozen(reference, features, label, prediction, time_column)
        checking.shared_columns(frozen, current)
        names.require(
            [name for name, role in frozen.roles.items() if role == checking.FEATURE], current.columns, "current"
        )
        definition = {
            "minimum_effect": minimum_effect,
            "error_rate": error_rate,
            "windows": windows,
            "outputs": calls.output_names(context, task_id, 1, output_table_names),
            "append": append,
            "experiment_id": experiment_id,
        }
        with context.session(writes=True) as connection:
            kept_tasks.make_room(connection, context, task_id, force=force)
            self._keep_drift(connection, task_id, reference, frozen, current, definition, task_desc)
        return self._created(task_id)

    def create_retrain_pipeline(
        self,
        task_id: str,
        model: str,
        data: DataFrame,
        reference: Reference | DataFrame | str,
        current: DataFrame,
        *,
        label: str | None = None,
        key: str | None = None,
        champion: str = "champion",
        metric: str | None = None,
        margin: float = 0.0,
        error_rate: float = 0.05,
        holdout: float = 0.3,
        cooldown: timedelta = _DAY,
        most: int | None = None,
        period: timedelta = _MONTH,
        watch_data: DataFrame | None = None,
        watch_windows: int = 4,
        approval: bool = False,
        dry_run: bool = False,
        drift_params: Mapping[str, Any] | None = None,
        experiment_id: str | None = None,
        task_desc: str = "",
        force: bool = False,
        seed: int = 1,
    ) -> DataFrame:
        """Keep a pipeline as a task: when the data drift, retrain, and promote only what is better.

        It is a composite of five tasks, each a run of the experiment:

        1. ``<task_id>_watch``: if the champion came from this pipeline, both it and the one before
           answer for the rows since; if it is certainly worse, the alias moves back.
        2. ``<task_id>_drift``: as :meth:`create_drift_task`. Only ``drift`` lets it go on.
        3. ``<task_id>_challenge``: fits a model with the champion's parameters and search on
           ``data`` as it is then, and stores it as the next version with the alias
           ``challenger``. A share of the rows is held out, frozen in a table.
        4. ``<task_id>_compare``: champion and challenger answer for these; only a challenger that is
           better by more than the margin goes on.
        5. ``<task_id>_promote``: moves the alias, if the champion is still the one compared.

        What cannot be decided is ``unknown``, with the rows needed, and changes nothing. Execute
        it by a schedule, a trigger or :meth:`create_one_off_task_schedule` of ``task_id``.

        Parameters
        ----------
        task_id : str
            The pipeline's name.
        model : str
            Name of a stored model.
        data : DataFrame, shape (n_rows, n_columns)
            Labelled rows to learn from: a table or query that is read anew by each job. Rows
            without a label are left out.
        reference, current
            As of :meth:`create_drift_task`; the features of the champion and the label are watched.
        label, key : str, optional
            Default: those of the champion's fit.
        champion : str, default 'champion'
            The alias that names the version in use, and that may move.
        metric : {'AUC', 'ACCURACY', 'MAE'}, optional
            What models are compared by. Default: AUC for two classes, ACCURACY for more, MAE for
            a regression.
        margin : float, default 0.0
            A gain up to it is too small to matter.
        error_rate : float in ]0, 0.5[, default 0.05
            Chance, at most, that a challenger is promoted whose true gain is at most the margin;
            and, over all windows watched, that a champion is rolled back that is not worse.
        holdout : float in ]0, 1[, default 0.3
            Share of the rows that judge. The same rows are held out by each retraining, as far
            as keys are integers, so that a champion of this pipeline has not learned them either.
        cooldown : timedelta, default 1 day
            Time between two retrainings, at least.
        most : int, optional
            How many of them a ``period``, default 30 days, may have.
        watch_data : DataFrame, optional
            Labelled rows since the last execution; default ``current``, if it has the label.
        watch_windows : int, default 4
            Executions after a promotion in which it may be rolled back; 0: never.
        approval : bool, default False
            Wait for :meth:`approve_promotion` before the alias moves.
        dry_run : bool, default False
            Do all but move ``champion``: its verdicts say what would happen.
        drift_params : dict, optional
            ``minimum_effect``, ``error_rate``, ``rows``, ``time_column``, ``every`` and
            ``consecutive`` of :meth:`create_drift_task`.
        experiment_id : str, optional
            Where its runs are; default ``task_id``.
        task_desc, force
            As of :meth:`create_task`.
        seed : int, default 1
            Of the hold-out.

        Returns
        -------
        DataFrame
            TASK_ID, TASK_OWNER, TASK_TYPE.

        Raises
        ------
        TaskExistsError
            A task of that name or of a step exists, and ``force`` is False.
        ModelStorageError
            There is no such model, or no such alias.
        NotSupportedError
            The model was fitted elsewhere.
        UnknownColumnError, InvalidArgumentError, ArgumentTypeError
            A column is missing, or an argument cannot be used.
        """
        context = self.connection_context
        version = self._stored_champion(model, champion)
        facts = version.signature["properties"] if version.signature else {}
        pipeline = pipelines.check(
            Pipeline(
                task_id=check_id(task_id),
                model=model,
                champion=champion,
                label=label or facts["LABEL"],
                key=key or version.state["fit_parameters"].get("key") or facts["KEY"],
                metric=metric or _metric(facts),
                margin=margin,
                error_rate=error_rate,
                holdout=holdout,
                seed=seed,
                cooldown_seconds=_seconds("cooldown", cooldown),
                most=most,
                period_seconds=_seconds("period", period),
                watch_windows=watch_windows,
                approval=approval,
                dry_run=dry_run,
                experiment_id=experiment_id or task_id,
            )
        )
        calls.unfitted_like(version)
        needed = [pipeline.key, pipeline.label, *pipelines.features_of(version)]
        names.require(needed, data.columns, "data")
        if watch_data is None and pipeline.label in current.columns and pipeline.key in current.columns:
            watch_data = current
        if watch_data is not None:
            names.require(needed, watch_data.columns, "watch_data")
        watched = self._watched(reference, pipeline, pipelines.features_of(version))
        drift = self._drift_definition(pipeline, current, drift_params or {})
        frozen = self._frozen(reference, *watched)
        checking.shared_columns(frozen, current)
        with context.session(writes=True) as connection:
            for name in (task_id, *pipeline.steps):
                kept_tasks.make_room(connection, context, name, force=force)
            self._keep_drift(connection, pipeline.step("drift"), reference, frozen, current, drift, "")
            self._keep_steps(connection, pipeline, data, watch_data)
            now = dialects.now(connection)
            task = Task(task_id, "sequential", {"pipeline": pipeline.to_json()}, task_desc, self.current_user, now)
            kept_tasks.create(connection, task, [f"Created: pipeline of model {model!r}, alias {champion!r}."])
            members.insert(connection, task_id, pipeline.steps, pipeline.gates)
        return self._frame(task_frames.composite(task_id, parallel=False))

    def approve_promotion(self, task_id: str, note: str = "") -> int:
        """Let the challenger that a pipeline waits with become champion, and return its version.

        Parameters
        ----------
        task_id : str
            A pipeline that was created with ``approval=True``.
        note : str, optional
            Why; kept in the alias's history. A protected alias demands it.

        Raises
        ------
        InvalidArgumentError
            The task is no pipeline, or nothing waits.
        ModelStorageError
            The champion is no longer the version that was compared, or you may not move the alias.
        """
        step = f"{task_id}_promote"
        with self._locked(task_id) as (connection, now):
            task = tasks.task(connection, task_id)
            if "pipeline" not in task.definition:
                raise InvalidArgumentError(f"task_id: {task_id!r} is no retraining pipeline.")
            job = tasks.last_job(connection, step)
            if job is None or not leases.revise(connection, job.job_id, "waiting", "promoted"):
                raise InvalidArgumentError(f"task_id: no challenger of pipeline {task_id!r} waits for approval.")
            pipeline = pipelines.of_definition(task.definition)
            facts = json.loads(job_outputs.find(connection, job.job_id, FACTS) or "{}")
            if not pipeline_steps.exchange(self.connection_context, connection, pipeline, facts, note):
                raise ModelStorageError(
                    f"Alias {pipeline.champion!r} of model {pipeline.model!r} is no longer version {facts['champion']}, "
                    f"which version {facts['challenger']} was compared with; execute pipeline {task_id!r} again."
                )
            said = (
                f"Approved by {self.current_user}: version {facts['challenger']} is {pipeline.champion}. {note}".strip()
            )
            tasks.append_log(connection, step, [("JOB", now, said)], job.job_id)
        return int(facts["challenger"])

    # --- inside -------------------------------------------------------------------------------

    def _frozen(
        self,
        reference: Reference | DataFrame | str,
        features: str | Sequence[str] | None,
        label: str | None,
        prediction: str | None = None,
        without: str | None = None,
    ) -> Reference:
        drift = native.open_drift(self.connection_context)
        if isinstance(reference, Reference):
            return reference
        if isinstance(reference, str):
            return drift.stored_reference(reference)
        if not isinstance(reference, DataFrame):
            raise ArgumentTypeError(
                f"reference: expected a DataFrame, a Reference or the name of one, got {reference!r}."
            )
        if features is None and without is not None:
            features = [name for name in reference.columns if name not in (without, label, prediction)]
        return drift.reference(reference, features=features, label=label, prediction=prediction)

    def _watched(
        self, reference: Reference | DataFrame | str, pipeline: Pipeline, features: list[str]
    ) -> tuple[list[str], str | None]:
        """Return features and label to watch, as far as the reference rows have the label."""
        has_label = isinstance(reference, DataFrame) and pipeline.label in reference.columns
        return features, pipeline.label if has_label else None

    def _drift_definition(self, pipeline: Pipeline, current: DataFrame, given: Mapping[str, Any]) -> dict[str, Any]:
        known = {
            "minimum_effect": verdict.MINIMUM_PSI, "error_rate": verdict.ERROR_RATE,
            "rows": None, "time_column": None, "every": "week", "consecutive": False,
        }  # fmt: skip
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise ArgumentTypeError(f"drift_params: {unknown[0]!r} is not one of {', '.join(known)}.")
        chosen = {**known, **given}
        native.limits_of(chosen["minimum_effect"], chosen["error_rate"])
        windows = {name: chosen.pop(name) for name in ("rows", "time_column", "every", "consecutive")}
        if windows["rows"] is None and windows["time_column"] is None:
            windows = {}
        else:
            native.window_split(current, windows["rows"], windows["time_column"], windows["every"])
        outputs = calls.output_names(self.connection_context, pipeline.step("drift"), 1, None)
        more = {"outputs": outputs, "append": False, "experiment_id": pipeline.experiment_id}
        return {**chosen, "windows": windows, **more}

    def _keep_drift(
        self,
        connection: sa.Connection,
        task_id: str,
        reference: Reference | DataFrame | str,
        frozen: Reference,
        current: DataFrame,
        definition: dict[str, Any],
        description: str,
    ) -> None:
        if isinstance(reference, str):
            found = references.find(connection, reference, None)
            name, number = reference, found[0] if found else 1
        else:
            name, number = task_id, references.insert(connection, task_id, frozen.content(), dialects.now(connection))
        copies: list[str] = []
        kept = calls.keep_parameter(self.connection_context, task_id, "current", current, copies)
        more = {"reference": [name, number], "parameters": {"current": kept}, "copies": copies}
        said = f"Created: drift check against reference {name!r}, version {number}."
        self._keep(connection, task_id, "drift", {**definition, **more}, description, said)

    def _keep_steps(
        self, connection: sa.Connection, pipeline: Pipeline, data: DataFrame, watch_data: DataFrame | None
    ) -> None:
        context, shared = self.connection_context, {"pipeline": pipeline.to_json()}
        outputs = calls.output_names(context, pipeline.step("challenge"), 1, None)
        frames = {"watch": {"watch": watch_data}, "challenge": {"data": data}, "compare": {}, "promote": {}}
        own = {"challenge": {"outputs": outputs}, "compare": {"holdout_table": outputs[0]}}
        for name, given in frames.items():
            task_id, copies = pipeline.step(name), []  # type: tuple[str, list[str]]
            kept = {
                word: calls.keep_parameter(context, task_id, word, frame, copies)
                for word, frame in given.items()
                if frame is not None
            }
            definition = {**shared, "parameters": kept, "copies": copies, **own.get(name, {})}
            said = f"Created: a step of pipeline {pipeline.task_id!r}."
            self._keep(connection, task_id, name, definition, "", said)

    def _stored_champion(self, model: str, champion: str) -> ModelVersion:
        if not isinstance(model, str):
            raise ArgumentTypeError(f"model: expected the name of a stored model, got {model!r}.")
        with self._database.read() as connection:
            found = models.version_of_alias(connection, model, champion)
            if found is None:
                raise not_found(connection, model, alias=champion)
        return found


def _metric(facts: Mapping[str, Any]) -> str:
    if facts.get("TASK") != "classification":
        return "MAE"
    return "AUC" if len(facts.get("CLASSES", ())) == 2 else "ACCURACY"


def _seconds(argument: str, value: timedelta) -> float:
    if not isinstance(value, timedelta):
        raise ArgumentTypeError(f"{argument}: expected a timedelta, such as timedelta(days=1), got {value!r}.")
    return value.total_seconds()
