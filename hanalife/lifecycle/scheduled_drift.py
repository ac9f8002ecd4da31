"""Drift checks as tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from hanalife.database import alarm_budgets, dialects, references
from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import checking, compatibility, native, verdict
from hanalife.drift.alarm_budget import AlarmBudget
from hanalife.drift.checking import Method
from hanalife.drift.reference import Reference
from hanalife.drift.row_order import RowOrder, row_order
from hanalife.drift.windows import window_split
from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.lifecycle import calls, kept_tasks
from hanalife.lifecycle.scheduled_base import check_id
from hanalife.lifecycle.scheduled_calls import TableNames
from hanalife.lifecycle.scheduled_tasks import ScheduledTasks


class ScheduledDrift(ScheduledTasks):
    """Tasks that say whether data have drifted."""

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
        segment_column_name: str | None = None,
        time_column_name: str | None = None,
        group_column_name: str | None = None,
        two_sample: bool = False,
        seed: int = 0,
        alarm_budget: AlarmBudget | None = None,
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
            stored reference. It is frozen now, as the next version of the reference ``task_id``.
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
        segment_column_name : str, optional
            Each value of the column has a reference of its own, and a check. The verdict is ``drift``
            if one drifted, ``no_drift`` only if none did and each has rows. Not with windows.
        time_column_name, group_column_name : str, optional
            By what rows depend on each other, as of ``conn.drift.reference``, if the reference is a
            frame; else what was given there holds.
        two_sample : bool, default False
            Whether a classifier is also asked to tell both sides apart, as by ``conn.drift.check``. For
            this a sample of at most 5,000 reference rows of each segment is kept in the store.
        seed : int, default 0
            Of samples and folds.
        alarm_budget : AlarmBudget, optional
            Bound the false alarms over all columns, segments and checks of the schedule together, such as
            ``AlarmBudget(per="year", false_alarms=1)``. The verdict is then ``drift`` when the evidence that a
            column or segment has gathered over the checks raises an alarm, and the verdict of each check
            alone is kept beside it; see :mod:`hanalife.drift.sequential`. The checks of a year are those of the
            task's schedule, of the schedules of its composites, of its windows of time, or those that the budget
            names. Only new rows count, once: complete windows, in order; without windows, rows later than
            those counted before if the task has ``time_column_name``, else rows of which at most 5 % have the
            content of rows counted before. Where many rows have the same content, only all rows together are
            compared: give windows for a table that grows. A job that is due no later than one that counted
            adds nothing. Evidence begins anew after an alarm and with a new reference.
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
        check_id(task_id)
        definition = self._drift_definition(
            *(task_id, current, minimum_effect, error_rate, rows, time_column, every),
            consecutive=consecutive,
            segment_column_name=segment_column_name,
            two_sample=two_sample,
            seed=seed,
            output_table_names=output_table_names,
            append=append,
            experiment_id=experiment_id,
            alarm_budget=alarm_budget,
        )
        order = row_order(time_column_name, group_column_name)
        if features is None and isinstance(reference, DataFrame):
            others = (time_column, label, prediction, time_column_name, group_column_name)
            features = [name for name in reference.columns if name not in others]
        frozen = self._frozen(reference, current, features, label, prediction, order, definition=definition)
        with self.connection_context.session(writes=True) as connection:
            kept_tasks.make_room(connection, self.connection_context, task_id, force=force)
            self._keep_drift(connection, task_id, frozen, current, definition, task_desc)
        return self._created(task_id)

    # --- inside -------------------------------------------------------------------------------

    def _drift_definition(
        self,
        task_id: str,
        current: DataFrame,
        minimum_effect: float = verdict.MINIMUM_PSI,
        error_rate: float = verdict.ERROR_RATE,
        rows: int | None = None,
        time_column: str | None = None,
        every: str = "week",
        *,
        consecutive: bool = False,
        segment_column_name: str | None = None,
        two_sample: bool = False,
        seed: int = 0,
        output_table_names: TableNames = None,
        append: bool = False,
        experiment_id: str | None = None,
        alarm_budget: AlarmBudget | None = None,
    ) -> dict[str, Any]:
        """Return how rows are to be compared; refuse what cannot be used."""
        native.limits_of(minimum_effect, error_rate)
        _check_budget(alarm_budget, rows, consecutive=consecutive)
        windows: dict[str, Any] | None = None
        if rows is not None or time_column is not None:
            if segment_column_name is not None:
                raise InvalidArgumentError(
                    "segment_column_name: give segments or windows (rows, time_column), not both."
                )
            window_split(current, rows, time_column, every)
            windows = {"rows": rows, "time_column": time_column, "every": every, "consecutive": consecutive}
        return {
            "minimum_effect": minimum_effect,
            "error_rate": error_rate,
            "windows": windows,
            "segment_column_name": segment_column_name,
            "two_sample": two_sample,
            "seed": seed,
            "outputs": calls.output_names(self.connection_context, task_id, 1, output_table_names),
            "append": append,
            "experiment_id": experiment_id,
            "alarm_budget": None if alarm_budget is None else asdict(alarm_budget),
        }

    def _frozen(
        self,
        reference: Reference | DataFrame | str,
        current: DataFrame,
        features: str | Sequence[str] | None,
        label: str | None,
        prediction: str | None = None,
        order: RowOrder | None = None,
        *,
        definition: Mapping[str, Any],
    ) -> Reference:
        """Return what is needed of the reference rows, if current rows can be compared with them."""
        drift = native.open_drift(self.connection_context)
        segment = definition["segment_column_name"]
        if isinstance(reference, DataFrame):
            roles = checking.watched(reference, features, label, prediction, order=order)
            method = Method(two_sample=definition["two_sample"], seed=definition["seed"])
            frozen = checking.learn(reference, roles, method, segment, order=order)
        elif isinstance(reference, str):
            frozen = drift.stored_reference(reference)
        elif isinstance(reference, Reference):
            frozen = reference
        else:
            raise ArgumentTypeError(f"reference: expected a DataFrame, a Reference or a name, got {reference!r}.")
        compatibility.require_order(frozen, order)
        compatibility.require_segments(frozen, segment)
        if definition["two_sample"] and not frozen.has_rows:
            raise InvalidArgumentError("two_sample: the stored reference keeps no rows; give its rows, a DataFrame.")
        if segment is not None:
            names.require([segment], current.columns, "segment_column_name")
        wanted = [name for name, role in frozen.roles.items() if role == checking.FEATURE]
        names.require(wanted, current.columns, "current")
        compatibility.shared_columns(frozen, current)
        compatibility.require_order_column(frozen, current)
        windows = definition["windows"]
        if windows is not None and windows["rows"] is not None:
            compatibility.refuse_rows_of_groups(frozen, windows["rows"])
        return frozen

    def _keep_drift(
        self,
        connection: sa.Connection,
        task_id: str,
        frozen: Reference,
        current: DataFrame,
        definition: dict[str, Any],
        description: str,
    ) -> None:
        copies: list[str] = []
        kept = calls.keep_parameter(self.connection_context, task_id, "current", current, copies)
        number = references.insert(
            connection, task_id, frozen.content(rows=definition["two_sample"]), dialects.now(connection)
        )
        if definition["alarm_budget"] is not None:
            alarm_budgets.insert(connection, task_id, number)
        more = {"reference": [task_id, number], "parameters": {"current": kept}, "copies": copies}
        said = f"Created: drift check against version {number} of reference {task_id!r}."
        self._keep(connection, task_id, "drift", {**definition, **more}, description, said)


def _check_budget(budget: AlarmBudget | None, rows: int | None, *, consecutive: bool) -> None:
    if budget is None:
        return
    if not isinstance(budget, AlarmBudget):
        raise ArgumentTypeError(
            f"alarm_budget: expected an AlarmBudget, such as AlarmBudget(per='year'), got {budget!r}."
        )
    if consecutive:
        raise InvalidArgumentError(
            "alarm_budget: with consecutive=True each window is compared with the one before, and an alarm budget "
            "needs one frozen reference. Leave consecutive out: the task freezes its reference."
        )
    if rows is not None and budget.checks_per_year is None:
        raise InvalidArgumentError(
            f"alarm_budget: nothing says how many windows of {rows} rows a year has; give "
            "AlarmBudget(checks_per_year=...)."
        )
