"""Composites on their way: a job whose parts are jobs. Any worker leads any of them on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from hanalife.database import leases, members, tasks
from hanalife.database.leases import Lease
from hanalife.errors import TaskNotFoundError
from hanalife.records import Job, JobStatus, Task
from hanalife.scheduling.composites import NextStep, Rule, next_step

_NO_TURN = "It had no turn."
_GOOD_OR_OPEN = (JobStatus.SUCCEEDED, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.SKIPPED)


def rule_of(task: Task) -> Rule:
    """Return when a composite is executed well."""
    return Rule.SEQUENTIAL if task.kind == "sequential" else Rule(task.parallel_attribute or Rule.ALL)


def wants_step(connection: sa.Connection, job: Job, now: datetime) -> bool:
    """Say whether the running job of a composite has anything to do; only looks."""
    return _step(connection, job, now)[0] != NextStep()


def lead(connection: sa.Connection, job: Job, now: datetime) -> None:
    """Take the next step of a composite's running job, if no other worker has taken it."""
    tasks.lock(connection, job.task_id)
    held = members.hold(connection, job.job_id)
    if held is None:
        return
    step, names, parts = _step(connection, held, now)
    if step.stop:
        _stop(connection, held, parts, now)
    for place in step.start:
        _start(connection, held, place, names[place - 1], now)
    shut = _why_shut(step.shut, members.gates(connection, held.task_id), parts) if step.shut else ""
    for place in step.skip:
        members.insert_ended(connection, held, place, names[place - 1], JobStatus.SKIPPED, now, shut or _NO_TURN)
    if step.outcome is not None:
        lease = Lease(held.task_id, held.job_id, held.attempt, None)
        message = shut or _message(step.outcome, parts)
        leases.end(connection, lease, step.outcome, now, message, parts[-1].verdict if parts else None)


def _step(connection: sa.Connection, job: Job, now: datetime) -> tuple[NextStep, list[str], list[Job]]:
    parts = members.children(connection, job.job_id)
    statuses = {part.seq_order: part.status for part in parts if part.seq_order is not None}
    try:
        task = tasks.task(connection, job.task_id)
    except TaskNotFoundError:  # removed by force while it ran
        return _settled(next_step(Rule.ALL, 0, statuses, cancelled=True), parts), [], parts
    limit, started = task.policy.time_limit_seconds, job.started_at
    time_over = limit is not None and started is not None and (now - started).total_seconds() > limit
    names = members.of(connection, job.task_id)
    step = next_step(
        *(rule_of(task), len(names), statuses),
        gates=members.gates(connection, job.task_id),
        verdicts={part.seq_order: part.verdict for part in parts if part.seq_order is not None},
        cancelled=job.cancel_requested,
        time_over=time_over,
    )
    return _settled(step, parts), names, parts


def _settled(step: NextStep, parts: Sequence[Job]) -> NextStep:
    """Leave out the wish to stop parts that have all been asked."""
    return NextStep() if step.stop and not _unasked(parts) else step


def _unasked(parts: Sequence[Job]) -> list[int]:
    open_parts = (JobStatus.QUEUED, JobStatus.RUNNING)
    return [part.job_id for part in parts if part.status in open_parts and not part.cancel_requested]


def _stop(connection: sa.Connection, job: Job, parts: Sequence[Job], now: datetime) -> None:
    leases.stop_jobs(connection, _unasked(parts), now)
    tasks.append_log(connection, job.task_id, [("JOB", now, "Its other parts were asked to stop.")], job.job_id)


def _start(connection: sa.Connection, job: Job, place: int, name: str, now: datetime) -> None:
    if not tasks.tasks(connection, [name]):
        reason = f"Subtask {name!r} was removed; create it again, or the composite without it."
        members.insert_ended(connection, job, place, name, JobStatus.FAILED, now, reason)
        said = reason
    else:
        child = leases.queue(connection, name, job.due, now, parent=(job.job_id, place))
        said = f"Part {place}, {name!r}, queued as job {child}."
    tasks.append_log(connection, job.task_id, [("JOB", now, said)], job.job_id)


def _why_shut(place: int, gates: Mapping[int, str], parts: Sequence[Job]) -> str:
    before = next(part for part in parts if part.seq_order == place - 1)
    verdict = f"the verdict {before.verdict!r}" if before.verdict else "no verdict"
    reason = f"{before.task_id!r} gave {verdict}; the next step needs {gates[place]!r}"
    return f"{before.message.rstrip('.')}. ({reason})" if before.message else reason


def _message(outcome: JobStatus, parts: Sequence[Job]) -> str:
    if outcome is JobStatus.SUCCEEDED:
        return parts[-1].message if parts[-1].verdict else ""
    if outcome is JobStatus.CANCELLED:
        return "Stopped on request."
    bad = [part for part in parts if part.status not in _GOOD_OR_OPEN]
    words = "; ".join(f"Subtask {part.task_id!r} {part.status}: {part.message}".removesuffix(": ") for part in bad)
    return f"Its time limit is over. {words}".strip() if outcome is JobStatus.TIMED_OUT else words
