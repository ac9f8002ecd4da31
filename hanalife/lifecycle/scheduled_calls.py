"""Calls of models as tasks: fit, predict and score."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hanalife.database import dialects
from hanalife.dataframe.frame import DataFrame
from hanalife.lifecycle import calls, kept_tasks
from hanalife.lifecycle.calls import Call
from hanalife.lifecycle.scheduled_base import check_id
from hanalife.lifecycle.scheduled_times import ScheduledTimes
from hanalife.records import Task
from hanalife.scheduling.recurrence import RecurrenceRange

TableNames = str | Sequence[str] | None


class ScheduledCalls(ScheduledTimes):
    """Tasks that call a method of a model."""

    _last: Mapping[str, Call] = {}

    def create_predict_task(
        self,
        obj: Any,
        predict_params: Mapping[str, Any],
        task_id: str,
        proc_name: str | None = None,
        output_table_names: TableNames = None,
        force: bool = True,
        *,
        append: bool = False,
        experiment_id: str | None = None,
        alias: str | None = None,
    ) -> None:
        """Keep a call of ``obj.predict`` as a task.

        Frames over permanent tables are read anew by each job; what is based on tables of this
        session is copied once, now, to ``in_<task_id><i>``, and the task's log says so.

        Parameters
        ----------
        obj : fitted model
            One loaded from or saved to :class:`ModelStorage` is kept by name and version, any
            other by its present state.
        predict_params : dict
            The arguments of ``predict``, with the frame ``data``.
        task_id : str
            The task's name.
        proc_name : str, optional
            The name shown as the task's procedure, default ``PROCEDURE_<task_id>``.
        output_table_names : str or list of str, optional
            Where each job puts its result, default ``out_<task_id>0``.
        force : bool, default True
            Replace a task of the same name, with its schedule, policy and trigger.
        append : bool, default False
            Add each result to the table, with the columns JOB_ID and RUN_TIME (UTC) before its
            own, in place of replacing the table.
        experiment_id : str, optional
            Record each job as a run of this experiment.
        alias : str, optional
            Each job uses the version that this alias of the stored model names by then, such as
            'champion', in place of the version that ``obj`` is.

        Raises
        ------
        TaskExistsError
            The task exists and ``force`` is False.
        ArgumentTypeError, InvalidArgumentError
            The object is no model, or the arguments do not fit, or an alias of a model that is not stored.
        ModelStorageError
            The model has no such alias, or its version is gone.
        FitIncompleteError
            The model is not fitted.
        """
        self._create_call(
            *("predict", obj, predict_params, task_id, proc_name, output_table_names, force, append, experiment_id),
            alias=alias,
        )

    def create_score_task(
        self,
        obj: Any,
        score_params: Mapping[str, Any],
        task_id: str,
        proc_name: str | None = None,
        output_table_names: TableNames = None,
        force: bool = True,
        *,
        append: bool = False,
        experiment_id: str | None = None,
        alias: str | None = None,
    ) -> None:
        """Keep a call of ``obj.score`` as a task.

        Arguments and errors are those of :meth:`create_predict_task`. A classification gives
        ``out_<task_id>0`` (predictions), ``1`` (statistics), ``2`` (confusion matrix) and ``3``
        (metrics), a regression the first two.
        """
        self._create_call(
            *("score", obj, score_params, task_id, proc_name, output_table_names, force, append, experiment_id),
            alias=alias,
        )

    def create_fit_task(
        self,
        obj: Any,
        fit_params: Mapping[str, Any],
        task_id: str,
        output_table_names: TableNames = None,
        proc_name: str | None = None,
        force: bool = True,
        *,
        append: bool = False,
        experiment_id: str | None = None,
    ) -> None:
        """Keep a call of ``obj.fit`` as a task.

        Each job fits a new model with the constructor's arguments of ``obj``. If ``obj.name``
        is set, the model is stored under it as a new version. Tables of a classification:
        ``out_<task_id>0`` (model), ``1`` (importance), ``2`` (statistics), ``3`` (optimal
        parameters), ``4`` (confusion matrix), ``5`` (metrics), ``6`` (partition), ``7`` (empty);
        of a regression: model, statistics, optimal parameters, partition and two empty ones.

        Parameters
        ----------
        obj : model
            Fitted or not.
        fit_params : dict
            The arguments of ``fit``, with the frame ``data``.
        task_id, output_table_names, proc_name, force, append, experiment_id
            As of :meth:`create_predict_task`.

        Notes
        -----
        The tables, the model's version and the job's status are written in one transaction.
        """
        self._create_call("fit", obj, fit_params, task_id, proc_name, output_table_names, force, append, experiment_id)

    # --- task and schedule in one -------------------------------------------------------------

    def create_fit_schedule(
        self,
        obj: Any,
        fit_params: Mapping[str, Any],
        task_id: str,
        cron: str,
        recurrence_range: RecurrenceRange | None = None,
        output_table_names: TableNames = None,
        proc_name: str | None = None,
        force: bool = True,
        timezone: str = "UTC",
    ) -> DataFrame:
        """Create a fit task and its schedule; see :meth:`create_fit_task` and :meth:`create_task_schedule`."""
        self._check_times(task_id, cron, recurrence_range, timezone)
        self.create_fit_task(obj, fit_params, task_id, output_table_names, proc_name, force)
        return self.create_task_schedule(task_id, cron, recurrence_range, force, timezone)

    def create_predict_schedule(
        self,
        obj: Any,
        predict_params: Mapping[str, Any],
        task_id: str,
        cron: str,
        proc_name: str | None = None,
        recurrence_range: RecurrenceRange | None = None,
        output_table_names: TableNames = None,
        force: bool = True,
        timezone: str = "UTC",
        *,
        alias: str | None = None,
    ) -> DataFrame:
        """Create a predict task and its schedule; see :meth:`create_predict_task`, :meth:`create_task_schedule`."""
        self._check_times(task_id, cron, recurrence_range, timezone)
        self.create_predict_task(obj, predict_params, task_id, proc_name, output_table_names, force, alias=alias)
        return self.create_task_schedule(task_id, cron, recurrence_range, force, timezone)

    def create_score_schedule(
        self,
        obj: Any,
        score_params: Mapping[str, Any],
        task_id: str,
        cron: str,
        proc_name: str | None = None,
        recurrence_range: RecurrenceRange | None = None,
        output_table_names: TableNames = None,
        force: bool = True,
        timezone: str = "UTC",
        *,
        alias: str | None = None,
    ) -> DataFrame:
        """Create a score task and its schedule; see :meth:`create_score_task` and :meth:`create_task_schedule`."""
        self._check_times(task_id, cron, recurrence_range, timezone)
        self.create_score_task(obj, score_params, task_id, proc_name, output_table_names, force, alias=alias)
        return self.create_task_schedule(task_id, cron, recurrence_range, force, timezone)

    # --- what was created last ----------------------------------------------------------------

    def get_fit_sql_proc_create_statement(self) -> str:
        """Return the definition of the fit task created last, as JSON text: it takes the place of a procedure."""
        return self._statement("fit")

    def get_predict_sql_proc_create_statement(self) -> str:
        """Return the definition of the predict task created last, as JSON text."""
        return self._statement("predict")

    def get_score_sql_proc_create_statement(self) -> str:
        """Return the definition of the score task created last, as JSON text."""
        return self._statement("score")

    def list_materialized_tables_fit(self) -> list[str]:
        """Return the tables that data was copied to for the fit task created last."""
        return self._tables("fit", "copies")

    def list_materialized_tables_predict(self) -> list[str]:
        """Return the tables that data was copied to for the predict task created last."""
        return self._tables("predict", "copies")

    def list_materialized_tables_score(self) -> list[str]:
        """Return the tables that data was copied to for the score task created last."""
        return self._tables("score", "copies")

    def list_output_tables_fit(self) -> list[str]:
        """Return the output tables of the fit task created last."""
        return self._tables("fit", "outputs")

    def list_output_tables_predict(self) -> list[str]:
        """Return the output tables of the predict task created last."""
        return self._tables("predict", "outputs")

    def list_output_tables_score(self) -> list[str]:
        """Return the output tables of the score task created last."""
        return self._tables("score", "outputs")

    # --- inside -------------------------------------------------------------------------------

    def _create_call(
        self,
        method: str,
        obj: Any,
        parameters: Mapping[str, Any],
        task_id: str,
        proc_name: str | None,
        output_table_names: TableNames,
        force: bool,
        append: bool,
        experiment_id: str | None,
        alias: str | None = None,
    ) -> None:
        context = self.connection_context
        check_id(task_id)
        # One transaction of the session: copies of its temporary tables are part of it.
        with context.session(writes=True) as connection:
            kept_tasks.make_room(connection, context, task_id, force=force)
            call = calls.capture(
                *(connection, context, task_id, obj, method, parameters, output_table_names, proc_name),
                append=append,
                experiment_id=experiment_id,
                alias=alias,
            )
            said = [f"Created: {method} into {', '.join(call.outputs)}."]
            said += [f"Data of the session was copied once, to table {table}." for table in call.copies]
            task = self._new_task(task_id, method, call.to_json(), "", dialects.now(connection))
            hashes = {"content_hash": call.content_hash, "training_keys": call.training_keys}
            kept_tasks.create(connection, task, said, **hashes)
        self._last = {**self._last, method: call}

    def _new_task(
        self, task_id: str, kind: str, definition: Mapping[str, Any], description: str, now: datetime
    ) -> Task:
        return Task(task_id, kind, definition, description, self.current_user, now)

    def _statement(self, method: str) -> str:
        call = self._last.get(method)
        return "" if call is None else json.dumps(call.to_json(), indent=2, ensure_ascii=False)

    def _tables(self, method: str, which: str) -> list[str]:
        call = self._last.get(method)
        return [] if call is None else list(getattr(call, which))
