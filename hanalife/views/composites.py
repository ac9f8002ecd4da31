"""What a composite is made of and how each part went, as a tree."""

from __future__ import annotations

import sqlalchemy as sa

from hanalife.database import members, tasks
from hanalife.records import Job, Task
from hanalife.views.job_rows import job_row
from hanalife.views.payloads.tasks import Part

#: Composites of composites are followed so deep.
MOST_LEVELS = 8


def parts(connection: sa.Connection, task: Task, last: Job | None, levels: int = MOST_LEVELS) -> list[Part]:
    """Return the parts of a composite in their order, none of a single task.

    Each part comes with its job within ``last``, which is the last execution of the composite. A part
    that has no turn yet there has none; before the first execution it is the part's own last job.
    """
    names = members.of(connection, task.task_id) if levels and task.kind in members.COMPOSITES else []
    gates = members.gates(connection, task.task_id) if names else {}
    found = {one.task_id: one for one in tasks.tasks(connection, names)}
    jobs = {} if last is None else {job.seq_order: job for job in members.children(connection, last.job_id)}
    made: list[Part] = []
    for place, name in enumerate(names, 1):
        job = jobs.get(place) if last is not None else tasks.last_job(connection, name)
        part = found.get(name)
        made.append(
            {
                "task_id": name,
                "kind": part.kind if part else "",
                "rule": rule(part),
                "gate": gates.get(place),
                "job": None if job is None else job_row(job),
                "parts": parts(connection, part, job, levels - 1) if part else [],
            }
        )
    return made


def rule(task: Task | None) -> str:
    """Return how many parts of a parallel composite must succeed, ALL or ANY; empty for what is none."""
    return (task.parallel_attribute or "ALL") if task is not None and task.kind == "parallel" else ""
