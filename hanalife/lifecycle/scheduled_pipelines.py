"""Retraining pipelines: drift starts them, and only a better model is promoted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife.database import job_outputs, leases, members, models, task_frames, tasks
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift.reference import Reference
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, ModelStorageError
from hanalife.lifecycle import calls, kept_tasks, pipeline_steps, pipelines
from hanalife.lifecycle import pipeline_history as history
from hanalife.lifecycle.outcomes import FACTS
from hanalife.lifecycle.pipelines import Pipeline
from hanalife.lifecycle.scheduled_base import check_id
from hanalife.lifecycle.scheduled_drift import ScheduledDrift
from hanalife.records import ModelVersion
from hanalife.storage.base import not_found

if TYPE_CHECKING:
    import pandas as pd

_DAY, _MONTH = timedelta(days=1), timedelta(days=30)
_DRIFT_PARAMS = (
    *("minimum_effect", "error_rate", "rows", "time_column", "every", "consecutive"),
    *("segment_column_name", "two_sample", "seed"),
)


class ScheduledPipelines(ScheduledDrift):
    """Pipelines that retrain when data have drifted."""

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
        keep_challengers: int | None = None,
        attempts: int = 50,
        attempts_per: str = "life",
        assume_unseen: bool = False,
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
           answer for rows labeled since the promotion. The gain on them replaces that of the
           comparison, which is too high because it selected the challenger. If the champion is
           worse, the alias moves back.
        2. ``<task_id>_drift``: as :meth:`create_drift_task`. Only ``drift`` lets it go on.
        3. ``<task_id>_challenge``: fits a model with the champion's parameters and search on
           ``data`` as it is then, and stores it as the next version with the alias
           ``challenger``. A share of the rows is held out, frozen in a table.
        4. ``<task_id>_compare``: champion and challenger answer for those of these rows that neither
           was trained on; only a challenger that is better by more than the margin goes on.
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
            Chance, at most, that any challenger is promoted whose true gain is at most the margin,
            among all ``attempts``; and, over all windows watched after a promotion, that a champion
            is rolled back that is not worse.
        holdout : float in ]0, 1[, default 0.3
            Share of the rows that judge, about. A row's side is by a hash of its key alone, whatever
            the key's type. Rows among them that champion or challenger was trained on do not judge.
        cooldown : timedelta, default 1 day
            Time between two retrainings, at least.
        most : int, optional
            How many of them a ``period``, default 30 days, may have.
        watch_data : DataFrame, optional
            Labelled rows since the last execution; default ``current``, if it has the label.
        watch_windows : int, default 4
            Executions after a promotion in which it may be rolled back; 0: never.
        keep_challengers : int, optional
            Delete all but so many of the newest challengers of this pipeline that were never in
            use, whenever it fits another. A version that an alias beside ``challenger`` names or has
            ever named stays, and so does one that waits for approval. Default: all stay.
        attempts : int, default 50
            Comparisons that share the error rate evenly: each is decided at ``error_rate / attempts``.
            One that is dropped before the models have answered for the judging rows spends nothing.
            When all are spent, the pipeline rests.
        attempts_per : {'life', 'year'}, default 'life'
            'year': an attempt comes back after 365 days, so that the error rate holds for any year.
        assume_unseen : bool, default False
            Judge a version whose training rows are unknown (stored before they were kept, or fitted
            elsewhere) as if none of the judging rows had trained it. Default: the verdict is then
            ``unknown``.
        approval : bool, default False
            Wait for :meth:`approve_promotion` before the alias moves.
        dry_run : bool, default False
            Do all but move ``champion``: its verdicts say what would happen.
        drift_params : dict, optional
            ``minimum_effect``, ``error_rate``, ``rows``, ``time_column``, ``every``, ``consecutive``,
            ``segment_column_name``, ``two_sample`` and ``seed`` of :meth:`create_drift_task`.
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
        check_id(task_id)
        version = self._stored_champion(model, champion)
        facts = version.signature["properties"] if version.signature else {}
        pipeline = pipelines.check(
            Pipeline(
                task_id=task_id,
                model=model,
                champion=champion,
                label=label or facts["LABEL"],
                key=key or facts["KEY"],
                metric=metric or _metric(facts),
                margin=margin,
                error_rate=error_rate,
                holdout=holdout,
                seed=seed,
                cooldown_seconds=_seconds("cooldown", cooldown),
                most=most,
                period_seconds=_seconds("period", period),
                watch_windows=watch_windows,
                keep_challengers=keep_challengers,
                attempts=attempts,
                attempts_per=attempts_per,
                assume_unseen=assume_unseen,
                approval=approval,
                dry_run=dry_run,
                experiment_id=experiment_id or task_id,
            )
        )
        features = pipelines.features_of(version)
        watch_data = _labelled(pipeline, features, data, current, watch_data)
        drift = self._step_drift(pipeline, current, drift_params or {})
        has_label = isinstance(reference, DataFrame) and reference.has(pipeline.label)
        frozen = self._frozen(reference, current, features, pipeline.label if has_label else None, definition=drift)
        with context.session(writes=True) as connection:
            for name in (task_id, *pipeline.steps):
                kept_tasks.make_room(connection, context, name, force=force)
            self._keep_drift(connection, pipeline.step("drift"), frozen, current, drift, "")
            holdout_table = calls.output_names(context, pipeline.step("challenge"), 1, None)
            self._keep_step(connection, pipeline, "watch", {} if watch_data is None else {"watch": watch_data})
            self._keep_step(connection, pipeline, "challenge", {"data": data}, outputs=holdout_table)
            self._keep_step(connection, pipeline, "compare", {}, holdout_table=holdout_table[0])
            self._keep_step(connection, pipeline, "promote", {})
            said = f"Created: pipeline for alias {champion!r} of model {model!r}. {pipeline.budget.describe()}"
            self._keep(connection, task_id, "sequential", {"pipeline": pipeline.to_json()}, task_desc, said)
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
        with self._locked(task_id) as (connection, now):
            pipeline = _pipeline(task_id, tasks.task(connection, task_id).definition)
            job = tasks.last_job(connection, pipeline.step("promote"))
            if job is None or not leases.revise(connection, job.job_id, "waiting", "promoted"):
                raise InvalidArgumentError(f"task_id: no challenger of pipeline {task_id!r} waits for approval.")
            facts = json.loads(job_outputs.find(connection, job.job_id, FACTS) or "{}")
            which = f"version {facts['challenger']}"
            if not pipeline_steps.exchange(self.connection_context, connection, pipeline, facts, note):
                raise ModelStorageError(
                    f"task_id: {pipeline.champion!r} of model {pipeline.model!r} is no longer version "
                    f"{facts['champion']}, which {which} was compared with; execute pipeline {task_id!r} again."
                )
            said = f"Approved by {self.current_user}: {which} promoted to {pipeline.champion}. {note}".strip()
            tasks.append_log(connection, job.task_id, [("JOB", now, said)], job.job_id)
        return int(facts["challenger"])

    def get_comparisons(self, task_id: str) -> pd.DataFrame:
        """Return the comparisons of a pipeline, with the attempts that they spent, oldest first.

        Parameters
        ----------
        task_id : str
            A retraining pipeline.

        Returns
        -------
        pandas.DataFrame
            JOB_ID, CREATED_AT (UTC), CHAMPION, CHALLENGER, VERDICT, METRIC, GAIN with GAIN_LOW and
            GAIN_HIGH of a two-sided LEVEL, ROWS, ATTEMPT (missing: it spent none) of ATTEMPTS, NOTE,
            and REMEASURED_GAIN, _GAIN_LOW, _GAIN_HIGH, _LEVEL and _ROWS: of a promotion, the gain on
            rows labeled after it. GAIN of a promotion is too high, because it was selected by it; until
            it is measured again, NOTE says so.

        Raises
        ------
        TaskNotFoundError, InvalidArgumentError
            There is no such task, or it is no pipeline.
        """
        import pandas as pd

        with self._database.read() as connection:
            pipeline = _pipeline(task_id, tasks.task(connection, task_id).definition)
            rows = history.comparisons(connection, pipeline)
        columns = [*rows[0]] if rows else [*history.COLUMNS]
        return pd.DataFrame(rows, columns=columns).astype(dict(history.COLUMNS))

    # --- inside -------------------------------------------------------------------------------

    def _step_drift(self, pipeline: Pipeline, current: DataFrame, given: Mapping[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(given) - set(_DRIFT_PARAMS))
        if unknown:
            raise ArgumentTypeError(f"drift_params: {unknown[0]!r} is not one of {', '.join(_DRIFT_PARAMS)}.")
        step = pipeline.step("drift")
        return self._drift_definition(step, current, **given, experiment_id=pipeline.experiment_id)

    def _keep_step(
        self, connection: sa.Connection, pipeline: Pipeline, name: str, frames: Mapping[str, DataFrame], **own: Any
    ) -> None:
        task_id, copies = pipeline.step(name), list[str]()
        kept = {
            word: calls.keep_parameter(self.connection_context, task_id, word, frame, copies)
            for word, frame in frames.items()
        }
        definition = {"pipeline": pipeline.to_json(), "parameters": kept, "copies": copies, **own}
        self._keep(connection, task_id, name, definition, "", f"Created: a step of pipeline {pipeline.task_id!r}.")

    def _stored_champion(self, model: str, champion: str) -> ModelVersion:
        """Return the version that the alias names now, if another of its kind can be fitted."""
        if not isinstance(model, str):
            raise ArgumentTypeError(f"model: expected the name of a stored model, got {model!r}.")
        with self._database.read() as connection:
            found = models.version_of_alias(connection, model, champion)
            if found is None:
                raise not_found(connection, model, alias=champion)
        calls.unfitted_like(found)
        return found


def _pipeline(task_id: str, definition: Mapping[str, Any]) -> Pipeline:
    if "pipeline" not in definition:
        raise InvalidArgumentError(f"task_id: {task_id!r} is no retraining pipeline.")
    return pipelines.of_definition(definition)


def _labelled(
    pipeline: Pipeline, features: list[str], data: DataFrame, current: DataFrame, watch_data: DataFrame | None
) -> DataFrame | None:
    """Return the rows to watch a promotion by, if there are any; refuse rows without a column that is needed."""
    needed = [pipeline.key, pipeline.label, *features]
    names.require(needed, data.columns, "data")
    if watch_data is not None:
        names.require(needed, watch_data.columns, "watch_data")
        return watch_data
    return current if all(current.has(name) for name in needed) else None


def _metric(facts: Mapping[str, Any]) -> str:
    if facts.get("TASK") != "classification":
        return "MAE"
    return "AUC" if len(facts.get("CLASSES", ())) == 2 else "ACCURACY"


def _seconds(argument: str, value: timedelta) -> float:
    if not isinstance(value, timedelta):
        raise ArgumentTypeError(f"{argument}: expected a timedelta, such as timedelta(days=1), got {value!r}.")
    return value.total_seconds()
