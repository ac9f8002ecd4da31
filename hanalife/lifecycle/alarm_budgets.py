"""Drift tasks with an alarm budget: which checks are new evidence, and what the detector makes of them.

A check counts only if its rows are new. Windows of time or of so many rows count once, in order, when they are
complete. Without windows a job counts if it is due later than the last one that did, and if its rows are not those of
that one: by their moments if the task names their time, else by a sketch of their content.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from hanalife.database import members, tasks
from hanalife.drift import sequential, verdict
from hanalife.drift.alarm_budget import DAYS_PER_YEAR, AlarmBudget
from hanalife.drift.row_sketch import WindowRows, overlap
from hanalife.drift.windows import PERIODS_PER_YEAR
from hanalife.errors import InvalidArgumentError
from hanalife.records import AlarmBudgetState, DriftCheck, DriftResult, Schedule, SpentBudget
from hanalife.scheduling import policies

#: Due times that are counted; of a schedule with more in a year their pace is taken.
MAX_DUE_TIMES = 400


@dataclass(frozen=True, slots=True)
class BudgetTerms:
    """What an alarm budget amounts to for the checks of one task."""

    budget: AlarmBudget
    checks_per_year: float
    columns: int
    segments: int

    @property
    def n_streams(self) -> int:
        """The streams that share the budget."""
        return self.columns * self.segments

    @property
    def alarm_threshold(self) -> float:
        """The evidence that raises an alarm."""
        return sequential.alarm_threshold(self.checks_per_year, self.n_streams, self.budget.false_alarms_per_year)

    def cost(self, n_streams: int) -> float:
        """Return the false alarms that one check of so many streams can raise in the mean, at most."""
        return n_streams / self.alarm_threshold


def checks_per_year(
    connection: sa.Connection, task_id: str, budget: AlarmBudget, every: str | None, after: datetime
) -> float:
    """Return the checks of a year: by the budget, by the windows of time, or by the schedules of the task.

    Raises
    ------
    InvalidArgumentError
        None of them says it.
    """
    if budget.checks_per_year is not None:
        return float(budget.checks_per_year)
    if every is not None:
        return PERIODS_PER_YEAR[every]
    schedules = [schedule for schedule in _schedules(connection, task_id) if schedule.enabled]
    number = sum(due_times_per_year(schedule, after) for schedule in schedules)
    if not number:
        raise InvalidArgumentError(
            f"alarm_budget: task {task_id!r} has no schedule that says how many checks a year has. Give it one with "
            "create_task_schedule, or create the task with AlarmBudget(checks_per_year=...)."
        )
    return number


def _schedules(connection: sa.Connection, task_id: str) -> list[Schedule]:
    """Return the schedules of a task and of all composites that it is a part of, at any depth."""
    task_ids = [task_id]
    for name in task_ids:
        task_ids += [one for one in members.composites_with(connection, name) if one not in task_ids]
    return tasks.schedules(connection, task_ids)


def due_times_per_year(schedule: Schedule, after: datetime) -> float:
    """Return how often a schedule is due in the year after a moment. Pure."""
    end = after + timedelta(days=DAYS_PER_YEAR)
    dues = list(itertools.islice(policies.dues_after(replace(schedule, end_time=None), after), MAX_DUE_TIMES + 1))
    within = [due for due in dues if due <= end]
    if len(within) <= MAX_DUE_TIMES:
        return float(len(within))
    return MAX_DUE_TIMES * timedelta(days=DAYS_PER_YEAR) / (within[-1] - within[0])


def why_not_new(state: AlarmBudgetState, due: datetime, rows: WindowRows) -> str:
    """Return why the rows of a job without windows are no new evidence; empty if they are. Pure."""
    if state.last_due is not None and due <= state.last_due:
        return f"a job due at {state.last_due:%Y-%m-%d %H:%M} has counted, which is not before this one"
    if state.last_rows is None:
        return ""
    earlier = dict(state.last_rows)
    return overlap(WindowRows(**{**earlier, "hashes": tuple(earlier["hashes"])}), rows)


def counted(
    state: AlarmBudgetState, due: datetime, *, window: str = "", rows: WindowRows | None = None
) -> AlarmBudgetState:
    """Return the state after a job or window that counts. Pure."""
    return replace(
        state,
        checks=state.checks + 1,
        last_due=due if state.last_due is None else max(due, state.last_due),
        last_window=window or state.last_window,
        last_rows=state.last_rows if rows is None else asdict(rows),
    )


def against(state: AlarmBudgetState, reference_version: int) -> AlarmBudgetState:
    """Return the state for a reference: a new one begins without evidence. Pure."""
    if state.reference_version == reference_version:
        return state
    return AlarmBudgetState(state.task_id, reference_version, state.revision, 0, None, "", None, {})


def advance(
    state: AlarmBudgetState, check: DriftCheck, terms: BudgetTerms, *, spent: float, why_not: str = ""
) -> tuple[AlarmBudgetState, DriftCheck]:
    """Return the state with the evidence of a check, and the check with the verdict of the detector. Pure.

    Parameters
    ----------
    spent : float
        What the checks of the period before have spent of the budget.
    why_not : str
        Why the check has no new rows; empty if it has.
    """
    evidence = dict(state.evidence)
    results = [
        _with_evidence(result, evidence, check.segment, terms.alarm_threshold, is_new=not why_not)
        for result in check.results
    ]
    cost = 0.0 if why_not else terms.cost(terms.columns)
    budget = SpentBudget(
        task_id=state.task_id,
        per=terms.budget.per,
        false_alarms=terms.budget.false_alarms,
        cost=cost,
        spent=spent + cost,
        alarm_threshold=terms.alarm_threshold,
    )
    judged = replace(
        check,
        verdict=verdict.overall([result.verdict for result in results if not result.identifier]),
        results=tuple(results),
        notes=(*check.notes, *_notes(check, terms, budget, state, why_not)),
        single_verdict=check.verdict,
        budget=budget,
    )
    return replace(state, evidence=evidence), judged


def _with_evidence(
    result: DriftResult, evidence: dict[tuple[str, str], float], segment: str, threshold: float, *, is_new: bool
) -> DriftResult:
    """Return a result with the verdict of its stream, whose evidence advances if the rows are new."""
    stream = segment, result.column
    reached, alarm = evidence.get(stream, 0.0), False
    if is_new and result.e_value is not None:
        reached = sequential.accumulated(reached, result.e_value)
        alarm = reached >= threshold
        evidence[stream] = 0.0 if alarm else reached
    word = verdict.DRIFT if alarm else verdict.UNKNOWN if result.verdict == verdict.DRIFT else result.verdict
    held_back = result.verdict == verdict.DRIFT and not alarm
    reason = (
        f"drift by this check alone; evidence {reached:,.3g} of {threshold:,.0f} for an alarm"
        if held_back
        else result.reason
    )
    return replace(
        result,
        verdict=word,
        drifted=alarm,
        single_verdict=result.verdict,
        evidence=reached,
        reason="" if alarm else reason,
    )


def _notes(
    check: DriftCheck, terms: BudgetTerms, budget: SpentBudget, state: AlarmBudgetState, why_not: str
) -> Iterator[str]:
    segments = f", {terms.segments:,} segments" if terms.segments > 1 else ""
    yield (
        f"alarm budget: in the mean at most {budget.false_alarms:g} false alarms a {budget.per} over {terms.columns:,} "
        f"columns{segments} and {terms.checks_per_year:,.4g} checks a year; evidence of {budget.alarm_threshold:,.0f} "
        f"raises an alarm; checks of the last {budget.per} up to this one: {budget.spent:.2g}"
    )
    version = f"version {state.reference_version} of reference {state.task_id!r}"
    yield f"all checks are against {version}, frozen by this task"
    if check.reference_rows < sequential.LIMITING_REFERENCE_ROWS:
        yield (
            f"{check.reference_rows:,} reference rows limit what the budget's detector can find, however many checks "
            f"follow; take at least {sequential.LIMITING_REFERENCE_ROWS:,}"
        )
    if why_not:
        yield f"no new evidence: {why_not}"
