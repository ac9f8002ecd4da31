"""The checks of one job of a drift task with an alarm budget: compared, judged by the detector, and stored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from hanalife.database import alarm_budgets, dialects
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import checking, native
from hanalife.drift.alarm_budget import AlarmBudget
from hanalife.drift.checking import Method
from hanalife.drift.reference import Reference
from hanalife.drift.row_order import NUMBER_COLUMN, TIME
from hanalife.drift.row_sketch import RowSketch
from hanalife.drift.windows import is_complete, window_split
from hanalife.errors import Error
from hanalife.lifecycle import alarm_budgets as rules
from hanalife.lifecycle.alarm_budgets import BudgetTerms
from hanalife.records import AlarmBudgetState, DriftCheck, Job, Task

_INCOMPLETE = "further rows of this window may come"


@dataclass(frozen=True, slots=True)
class Judged:
    """The checks of a job, with the state of the budget after them."""

    checks: Sequence[DriftCheck]
    state: AlarmBudgetState


def compare(context: ConnectionContext, task: Task, job: Job, reference: Reference, current: DataFrame) -> Judged:
    """Return the checks of a job with the detector's verdicts, and the state to store with the end of the job.

    Windows that have counted before are not checked again.

    Raises
    ------
    InvalidArgumentError
        Nothing says how many checks a year has.
    """
    definition, windows = task.definition, task.definition["windows"]
    state, terms, spent = _budget(context, task, job, reference)
    limits = native.limits_of(definition["minimum_effect"], definition["error_rate"])
    seed, two_sample = definition["seed"], definition["two_sample"]
    method = Method(limits, two_sample=two_sample, seed=seed, n_streams=terms.n_streams)
    if windows is not None:
        split = window_split(current, windows["rows"], windows["time_column"], windows["every"])
        results = checking.window_checks(reference, current, method, split, windows["time_column"])
        return _judged_windows(
            state, [check for check in results if check.window > state.last_window], job.due, terms, windows, spent
        )
    order = reference.order
    sketch = RowSketch(order.column if order is not None and order.by == TIME else None, (NUMBER_COLUMN,))
    segment = definition["segment_column_name"]
    results = checking.checks_of(reference, current, method, segment, sketch.add)
    rows = sketch.window_rows()
    why_not = rules.why_not_new(state, job.due, rows)
    after = state if why_not or not results else rules.counted(state, job.due, rows=rows)
    return _judged(after, results, terms, spent, [why_not] * len(results))


def _budget(
    context: ConnectionContext, task: Task, job: Job, reference: Reference
) -> tuple[AlarmBudgetState, BudgetTerms, float]:
    """Return how far the checks of a task have come, on which terms, and what they have spent in the period."""
    budget, windows = AlarmBudget(**task.definition["alarm_budget"]), task.definition["windows"]
    every = None if windows is None or windows["rows"] is not None else windows["every"]
    with context.database.read() as connection:
        stored = alarm_budgets.find(connection, task.task_id)
        if stored is None:
            raise Error(f"The alarm budget of task {task.task_id!r} does not exist any more. Create the task again.")
        per_year = rules.checks_per_year(connection, task.task_id, budget, every, job.due)
        since = dialects.now(connection) - timedelta(days=budget.days)
        spent = alarm_budgets.spent(connection, task.task_id, since)
    terms = BudgetTerms(budget, per_year, len(reference.roles), len(reference.segments))
    return rules.against(stored, task.definition["reference"][1]), terms, spent


def _judged_windows(
    state: AlarmBudgetState,
    results: Sequence[DriftCheck],
    due: datetime,
    terms: BudgetTerms,
    windows: Mapping[str, Any],
    spent: float,
) -> Judged:
    reasons = []
    for check in results:
        complete = is_complete(check.window, check.current_rows, windows, due)
        reasons.append("" if complete else _INCOMPLETE)
        state = rules.counted(state, due, window=check.window) if complete else state
    return _judged(state, results, terms, spent, reasons)


def _judged(
    state: AlarmBudgetState, results: Sequence[DriftCheck], terms: BudgetTerms, spent: float, reasons: Sequence[str]
) -> Judged:
    """Return checks with the detector's verdicts, one after another; each reason says why one has no new rows."""
    judged = []
    for check, why_not in zip(results, reasons, strict=True):
        state, advanced = rules.advance(state, check, terms, spent=spent, why_not=why_not)
        spent = spent if advanced.budget is None else advanced.budget.spent
        judged.append(advanced)
    return Judged(judged, state)


def store(connection: sa.Connection, state: AlarmBudgetState) -> None:
    """Store the state of a budget in the transaction that ends the job.

    Raises
    ------
    Error
        Another job of the task has counted since this one began.
    """
    stored = alarm_budgets.find(connection, state.task_id, lock=True)
    if stored is None or stored.revision != state.revision:
        raise Error(
            f"Another job of task {state.task_id!r} has added to its alarm budget since this one began, or the task "
            "was replaced. Execute the task again; nothing was written."
        )
    alarm_budgets.update(connection, replace(state, revision=state.revision + 1))
