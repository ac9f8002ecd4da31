"""Tasks, their schedules, jobs and ledger as payloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife.database import dialects, members, tasks, triggers
from hanalife.database.engine import Database
from hanalife.lifecycle.procedure_names import procedure_of
from hanalife.records import Job, Schedule, Task, TaskLogEntry, Tick, Worker
from hanalife.scheduling import cron
from hanalife.scheduling.runner import ALIVE
from hanalife.views import composites, policies
from hanalife.views.encoding import cut, facts, instant, instant_or_none, short_utc
from hanalife.views.job_rows import job_row
from hanalife.views.payloads.tasks import TaskDetail, TaskLogRow, TaskRow, TasksPayload, TickRow, WorkerRow
from hanalife.views.payloads.words import CONTRACT

MOST_JOBS = 200
MOST_TICKS = 200
MOST_LOG_LINES = 500


def read(
    connection: sa.Connection, database: str, now: datetime, task_ids: Sequence[str] | None = None
) -> TasksPayload:
    """Return all tasks, or those of some ids; an id that does not exist is listed as absent."""
    found = tasks.tasks(connection, task_ids)
    schedules = {schedule.task_id: schedule for schedule in tasks.schedules(connection, task_ids)}
    present = {task.task_id for task in found}
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": database,
        "absent": [wanted for wanted in task_ids or [] if wanted not in present],
        "tasks": [
            task_row(task, schedules.get(task.task_id), tasks.last_job(connection, task.task_id)) for task in found
        ],
        "workers": [worker_row(worker) for worker in tasks.workers(connection, now - ALIVE)],
    }


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


def read_one(connection: sa.Connection, task_id: str) -> TaskDetail | None:
    """Return all that is known of one task, or None if there is none of that id."""
    task = next(iter(tasks.tasks(connection, [task_id])), None)
    if task is None:
        return None
    schedule = next(iter(tasks.schedules(connection, [task_id])), None)
    jobs = tasks.jobs(connection, [task_id], limit=MOST_JOBS)
    log, log_total = tasks.end_of_log(connection, task_id, MOST_LOG_LINES)
    return {
        "contract": CONTRACT,
        "task": task_row(task, schedule, jobs[0] if jobs else None),
        "parts": composites.parts(connection, task, jobs[0] if jobs else None),
        "policy": policies.policy(task.policy),
        "trigger": policies.trigger(triggers.find(connection, task_id)),
        "definition": facts(_definition(task, schedule, members.of(connection, task_id))),
        "parameters": facts({name: _argument(kept) for name, kept in task.definition.get("parameters", {}).items()}),
        "jobs": [job_row(job) for job in jobs],
        "ledger": [tick_row(tick) for tick in tasks.ticks(connection, task_id, limit=MOST_TICKS)],
        "log": [log_row(entry) for entry in log],
        "log_total": log_total,
    }


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


def schedule_text(schedule: Schedule | None) -> str:
    """Return when a task runs, in words."""
    if schedule is None:
        return "only when asked"
    words = cron.describe(schedule.cron, schedule.timezone)
    return words if schedule.enabled else f"paused: {words}"


def task_row(task: Task, schedule: Schedule | None, last_job: Job | None) -> TaskRow:
    """Return one task for a list."""
    return {
        "task_id": task.task_id,
        "kind": task.kind,
        "description": task.description,
        "owner": task.owner,
        "created_at": instant(task.created_at),
        "cron": None if schedule is None else schedule.cron,
        "schedule_text": schedule_text(schedule),
        "enabled": schedule is not None and schedule.enabled,
        "next_due": None if schedule is None or not schedule.enabled else instant_or_none(schedule.next_due),
        "last_job": None if last_job is None else job_row(last_job),
    }


def tick_row(tick: Tick) -> TickRow:
    """Return one due time for the ledger."""
    return {
        "due": instant(tick.due),
        "status": tick.status.value,
        "job_id": None if tick.job_id is None else str(tick.job_id),
        "recorded_at": instant(tick.recorded_at),
    }


def log_row(entry: TaskLogEntry) -> TaskLogRow:
    """Return one line of a log, cut if it is long."""
    return {
        "job_id": None if entry.job_id is None else str(entry.job_id),
        "event_key": entry.event_key,
        "event_time": instant(entry.event_time),
        "message": cut(entry.message),
    }


def worker_row(worker: Worker) -> WorkerRow:
    """Return one worker for a list."""
    return {"worker_id": worker.worker_id, "host": worker.host, "started_at": instant(worker.started_at)}
