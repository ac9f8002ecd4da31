"""Tasks, their schedules, jobs and ledger as payloads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, members, tasks, triggers
from hanalife.database.engine import Database
from hanalife.lifecycle.procedure_names import procedure_of
from hanalife.records import Job, JobStatus, Schedule, Task, Tick, Worker
from hanalife.scheduling import cron
from hanalife.scheduling.runner import ALIVE
from hanalife.views import composites, ledgers, policies, task_logs
from hanalife.views.encoding import facts, instant, instant_or_none, short_utc
from hanalife.views.job_rows import job_row
from hanalife.views.payloads.tasks import Argument, RecentJob, TaskDetail, TaskRow, TasksPayload, TickDay, WorkerRow
from hanalife.views.payloads.words import CONTRACT

MOST_JOBS = 200
MOST_TICKS = 200
#: Bars in the small chart of a task.
MOST_RECENT = 20


def read(
    connection: sa.Connection,
    database: str,
    now: datetime,
    task_ids: Sequence[str] | None = None,
    previous: TasksPayload | None = None,
) -> TasksPayload:
    """Return all tasks, or those of some ids; an id that does not exist is listed as absent.

    What the previous payload says of jobs that ended is taken from it where no job has come or ended since.
    """
    found = tasks.tasks(connection, task_ids)
    schedules = {schedule.task_id: schedule for schedule in tasks.schedules(connection, task_ids)}
    present = {task.task_id for task in found}
    last = tasks.last_jobs(connection, [task.task_id for task in found])
    recent = _recent(connection, found, last, previous)
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": database,
        "absent": [wanted for wanted in task_ids or [] if wanted not in present],
        "tasks": [
            task_row(task, schedules.get(task.task_id), last.get(task.task_id), recent[task.task_id]) for task in found
        ],
        "workers": read_workers(connection, now),
    }


def read_workers(connection: sa.Connection, now: datetime) -> list[WorkerRow]:
    """Return the workers that are alive at a moment."""
    return [worker_row(worker) for worker in tasks.workers(connection, now - ALIVE)]


def _recent(
    connection: sa.Connection,
    found: Sequence[Task],
    last: Mapping[str, Job],
    previous: TasksPayload | None,
) -> dict[str, list[RecentJob]]:
    """Return the last jobs that ended of each task; they are read only where that may be news."""
    known = {row["task_id"]: row for row in previous["tasks"]} if previous else {}
    recent: dict[str, list[RecentJob]] = {}
    for task in found:
        row, job = known.get(task.task_id), last.get(task.task_id)
        same = row is not None and row["last_job"] == (None if job is None else job_row(job))
        if row is not None and same and task.policy.concurrency == 1:
            recent[task.task_id] = row["recent"]
    ends = tasks.ends_of_jobs(connection, [task.task_id for task in found if task.task_id not in recent], MOST_RECENT)
    for task in found:
        recent.setdefault(task.task_id, _bars(ends.get(task.task_id, [])))
    return recent


def _bars(ends: Sequence[tuple[JobStatus, float]]) -> list[RecentJob]:
    return [{"status": status.value, "seconds": seconds} for status, seconds in ends]


def read_now(database: Database) -> TasksPayload:
    """Return all tasks as they are now."""
    with database.read() as connection:
        return read(connection, database.label, dialects.now(connection))


def as_text(payload: TasksPayload) -> str:
    """Return tasks as lines to print: when each is due, and how its last job went."""
    lines = [f"{'TASK':<32} {'LAST JOB':<10} {'NEXT (UTC)':<19}  WHEN"]
    for row in payload["tasks"]:
        last = row["last_job"]["status"] if row["last_job"] else "-"
        following = short_utc(row["next_due"]) if row["next_due"] else "-"
        lines.append(f"{row['task_id']:<32} {last:<10} {following:<19}  {row['schedule_text']}")
    alive = ", ".join(worker["worker_id"] for worker in payload["workers"])
    remedy = f"none is running; start one: hanalife worker --url {payload['database']}"
    return "\n".join([*lines, "", f"workers: {alive or remedy}"])


def read_one(connection: sa.Connection, task_id: str, previous: TaskDetail | None = None) -> TaskDetail | None:
    """Return all that is known of one task, or None if there is none of that id.

    The days of the ledger are taken from the previous answer if no due time has passed since.
    """
    task = next(iter(tasks.tasks(connection, [task_id])), None)
    if task is None:
        return None
    schedule = next(iter(tasks.schedules(connection, [task_id])), None)
    jobs = tasks.jobs(connection, [task_id], limit=MOST_JOBS)
    recent = _bars(tasks.ends_of_jobs(connection, [task_id], MOST_RECENT).get(task_id, []))
    ticks = tasks.ticks(connection, task_id, limit=MOST_TICKS)
    ledger = [ledgers.tick_row(tick) for tick in ticks]
    known = previous is not None and previous["task"]["task_id"] == task_id and previous["ledger"] == ledger
    page = task_logs.page(connection, task_id)
    return {
        "contract": CONTRACT,
        "task": task_row(task, schedule, jobs[0] if jobs else None, recent),
        "rule": composites.rule(task),
        "parts": composites.parts(connection, task, jobs[0] if jobs else None),
        "policy": policies.policy(task.policy),
        "trigger": policies.trigger(triggers.find(connection, task_id)),
        "definition": facts(_definition(task, schedule, members.of(connection, task_id))),
        "parameters": facts({name: _argument(kept) for name, kept in task.definition.get("parameters", {}).items()}),
        "arguments": _arguments(task),
        "takes_arguments": task.kind not in members.COMPOSITES,
        "outputs": list(task.definition.get("outputs", [])),
        "jobs": [job_row(job) for job in jobs],
        "ledger": ledger,
        "ledger_days": _days(connection, task_id, ticks, previous if known else None),
        "log": page["log"],
        "log_total": page["older"] + len(page["log"]),
    }


def _days(connection: sa.Connection, task_id: str, ticks: Sequence[Tick], previous: TaskDetail | None) -> list[TickDay]:
    if previous is not None:
        return previous["ledger_days"]
    return ledgers.days(connection, task_id, ticks[0].due) if ticks else []


def _model(reference: Mapping[str, Any]) -> str:
    if "name" not in reference:
        return "kept by the task itself"
    which = f"alias {reference['alias']}" if "alias" in reference else f"version {reference['version']}"
    return f"{reference['name']}, {which}"


def _definition(task: Task, schedule: Schedule | None, parts: Sequence[str]) -> dict[str, Any]:
    call = task.definition
    values = {
        "Kind": task.kind,
        "Description": task.description,
        "Owner": task.owner,
        "Model": _model(task.definition.get("model", {})),
        "Output tables": ", ".join(call.get("outputs", [])),
        "Copied inputs": ", ".join(call.get("copies", [])),
        "Procedure": procedure_of(task),
        "Made of": ", ".join(parts),
        "Parallel": task.parallel_attribute or "",
        "Created": f"{short_utc(instant(task.created_at))} UTC",
    }
    if schedule is not None:
        values |= {"Cron": schedule.cron, "Time zone": schedule.timezone}
    return {name: value for name, value in values.items() if value}


def _argument(kept: Any) -> Any:
    """Return an argument: a value, or the query of a frame."""
    if isinstance(kept, Mapping) and "frame" in kept:
        return kept["frame"]["sql"]
    return kept["value"] if isinstance(kept, Mapping) and "value" in kept else kept


def _arguments(task: Task) -> list[Argument]:
    """Return the parameters that are values; those that are frames stay as they are."""
    kept = task.definition.get("parameters", {})
    values = {name: _argument(one) for name, one in kept.items() if not (isinstance(one, Mapping) and "frame" in one)}
    return [{"name": name, "json": json.dumps(value, ensure_ascii=False)} for name, value in values.items()]


def schedule_text(schedule: Schedule | None) -> str:
    """Return when a task runs, in words."""
    if schedule is None:
        return "only when asked"
    words = _described(schedule.cron, schedule.timezone)
    return words if schedule.enabled else f"paused: {words}"


@lru_cache(maxsize=4096)
def _described(cron_text: str, timezone: str) -> str:
    return cron.describe(cron_text, timezone)  # asked for anew with every look


def task_row(task: Task, schedule: Schedule | None, last_job: Job | None, recent: Sequence[RecentJob] = ()) -> TaskRow:
    """Return one task for a list."""
    return {
        "task_id": task.task_id,
        "kind": task.kind,
        "description": task.description,
        "owner": task.owner,
        "created_at": instant(task.created_at),
        "cron": None if schedule is None else schedule.cron,
        "timezone": None if schedule is None else schedule.timezone,
        "schedule_text": schedule_text(schedule),
        "enabled": schedule is not None and schedule.enabled,
        "next_due": None if schedule is None or not schedule.enabled else instant_or_none(schedule.next_due),
        "last_job": None if last_job is None else job_row(last_job),
        "recent": list(recent),
    }


def worker_row(worker: Worker) -> WorkerRow:
    """Return one worker for a list."""
    return {
        "worker_id": worker.worker_id,
        "host": worker.host,
        "pid": worker.pid,
        "max_jobs": worker.max_jobs,
        "started_at": instant(worker.started_at),
    }
