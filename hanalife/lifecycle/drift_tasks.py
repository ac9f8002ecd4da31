"""Drift checks as tasks: what one job compares, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from hanalife.database import checks
from hanalife.database.leases import Lease
from hanalife.dataframe.context import ConnectionContext
from hanalife.dataframe.creation import create_dataframe_from_pandas
from hanalife.drift import checking, native, verdict
from hanalife.drift.checking import Method
from hanalife.drift.native import Drift
from hanalife.drift.reference import Reference
from hanalife.lifecycle import budgeted_checks, calls
from hanalife.lifecycle.outcomes import Finding, Result
from hanalife.records import DriftCheck, DriftResult, Job, Task
from hanalife.tracking.native import Experiment

_COLUMNS = {
    "CHECK_ID": "NVARCHAR(64)",
    "CHECK_WINDOW": "NVARCHAR(256)",
    "CHECK_SEGMENT": "NVARCHAR(256)",
    "CHECK_VERDICT": "NVARCHAR(32)",
    "REFERENCE_ROWS": "BIGINT",
    "CURRENT_ROWS": "BIGINT",
    "COLUMN_NAME": "NVARCHAR(256)",
    "COLUMN_ROLE": "NVARCHAR(32)",
    "VERDICT": "NVARCHAR(32)",
    "MEASURE": "NVARCHAR(32)",
    "EFFECT": "DOUBLE",
    "EFFECT_LOW": "DOUBLE",
    "EFFECT_HIGH": "DOUBLE",
    "MINIMUM": "DOUBLE",
    "INDICATOR": "DOUBLE",
    "ROWS_NEEDED": "BIGINT",
    "REASON": "NVARCHAR(5000)",
}


def execute(context: ConnectionContext, task: Task, job: Job, _lease: Lease) -> Result:
    """Compare the rows that there are now with the frozen reference; results are kept with the job's end."""
    definition = task.definition
    current = calls.revive(context, "current", definition["parameters"]["current"])
    reference = Drift(context).stored_reference(*definition["reference"])
    judged: budgeted_checks.Judged | None = None
    if definition.get("alarm_budget") is not None:
        judged = budgeted_checks.compare(context, task, job, reference, current)
    found = _compare(Drift(context), reference, current, definition) if judged is None else judged.checks
    finding = find(found, sorted(set(reference.segments) - {check.segment for check in found}))
    if judged is not None and not found and judged.state.last_window:
        finding = Finding(
            verdict.UNKNOWN, f"there are no rows after window {judged.state.last_window}, the last counted"
        )
    if definition["experiment_id"] is not None:
        _track(context, definition["experiment_id"], f"{task.task_id} job {job.job_id}", definition, found, finding)
    frame = create_dataframe_from_pandas(
        context, _rows(found), "#HL_DRIFT", force=True, table_structure=_COLUMNS, disable_progressbar=True
    )

    def write(connection: sa.Connection) -> Finding:
        if judged is not None:
            budgeted_checks.store(connection, judged.state)
        for check in found:
            checks.insert(connection, check)
        return finding

    return Result([frame], definition["outputs"], definition["append"], write)


def find(found: Sequence[DriftCheck], missing: Sequence[str] = ()) -> Finding:
    """Return the verdict of the newest window, or of all segments, and what it is about. Pure.

    Segments drifted if one did, and did not if none did, of which each has rows; ``missing`` have none.
    """
    if not found:
        return Finding(verdict.UNKNOWN, "there are no current rows")
    facts = {"checks": [check.check_id for check in found]}
    word = verdict.overall([check.verdict for check in found]) if found[-1].segment else found[-1].verdict
    if any(check.budget is not None and check.verdict == verdict.DRIFT for check in found):
        word = verdict.DRIFT  # an alarm in any new window is one
    if word == verdict.NO_DRIFT and found[-1].segment and missing:
        return Finding(verdict.UNKNOWN, f"no current rows are of segment {', '.join(missing)}", facts)
    check = next(check for check in reversed(found) if check.verdict == word)
    said = {verdict.DRIFT: _drifted, verdict.NO_DRIFT: _steady, verdict.UNKNOWN: _undecided}[word](check)
    places = {"window": check.window, "segment": check.segment}
    where = "".join(f" in {name} {place}" for name, place in places.items() if place)
    alone = "" if check.single_verdict is None else f" (this check alone: {check.single_verdict})"
    return Finding(word, f"{said}{where}{alone}", facts)


def _compare(drift: Drift, reference: Reference, current: Any, definition: Mapping[str, Any]) -> Sequence[DriftCheck]:
    # Tasks of an earlier hanalife know nothing of what is read with a default here.
    limits = {name: definition[name] for name in ("minimum_effect", "error_rate")}
    options = {**limits, "two_sample": definition.get("two_sample", False), "seed": definition.get("seed", 0)}
    segment, windows = definition.get("segment_column_name"), definition["windows"]
    if windows:
        return drift.windows(reference, current, **options, **windows, keep=False)
    if segment is not None:
        method = Method(native.limits_of(**limits), two_sample=options["two_sample"], seed=options["seed"])
        return checking.checks_of(reference, current, method, segment)
    return (drift.check(reference, current, **options, keep=False),)


def _drifted(check: DriftCheck) -> str:
    moved = sorted((one for one in check.results if one.drifted), key=lambda one: (-one.indicator, one.column))
    named = ", ".join(f"{one.column}{_size(one)}" for one in moved[:5])
    return f"{named}{f' and {len(moved) - 5} more' if len(moved) > 5 else ''} drifted on {check.current_rows:,} rows"


def _size(result: DriftResult) -> str:
    effect = result.effect
    return f" ({effect.measure} {effect.value:.2f})" if effect else ""


def _steady(check: DriftCheck) -> str:
    return f"no column moved by what matters, on {check.current_rows:,} rows"


def _undecided(check: DriftCheck) -> str:
    """Return what columns without a decision need, those with the same need together."""
    undecided = [result for result in check.results if result.verdict == verdict.UNKNOWN and not result.identifier]
    most = max((result.rows_needed or 0 for result in undecided), default=0)
    columns: dict[str, list[str]] = {}
    for result in undecided:
        more_rows = verdict.needs(most, (check.reference_rows, check.current_rows))
        reason = result.reason if result.rows_needed is None else more_rows
        columns.setdefault(reason, []).append(result.column)
    needs = " ".join(f"{_named(names)}: {reason}." for reason, names in columns.items())
    return f"Inconclusive with {check.current_rows:,} row{'s'[: check.current_rows != 1]}. {needs}".strip()


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _track(
    context: ConnectionContext,
    experiment_id: str,
    run_name: str,
    definition: Mapping[str, Any],
    found: Sequence[DriftCheck],
    finding: Finding,
) -> None:
    with Experiment(context, experiment_id).run(run_name, tags={"verdict": finding.verdict}) as run:
        name, version = definition["reference"]
        run.log_params({"reference": name, "reference_version": version, "reason": finding.reason})
        run.log_params({limit: definition[limit] for limit in ("minimum_effect", "error_rate")})
        for step, check in enumerate(found):
            effects = ((one.column, one.effect) for one in check.results if one.effect is not None)
            place = f".{check.segment}" if check.segment else ""
            sizes = {f"{effect.measure}.{column}{place}": effect.value for column, effect in effects}
            run.log_metrics({"rows": check.current_rows, **sizes}, step)


def _rows(found: Sequence[DriftCheck]) -> pd.DataFrame:
    rows = [(*_head(check), *_row(result)) for check in found for result in check.results]
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    return frame.astype({name: "Int64" for name, kind in _COLUMNS.items() if kind == "BIGINT"})


def _head(check: DriftCheck) -> tuple[Any, ...]:
    return check.check_id, check.window, check.segment, check.verdict, check.reference_rows, check.current_rows


def _row(result: DriftResult) -> tuple[Any, ...]:
    effect = result.effect
    size = (effect.measure, effect.value, effect.low, effect.high, effect.minimum) if effect else (None,) * 5
    return (
        *(result.column, result.role, result.verdict, *size),
        *(result.indicator, result.rows_needed, result.reason),
    )
