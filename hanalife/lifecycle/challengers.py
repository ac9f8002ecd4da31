"""Which challengers of a pipeline may go: those that were never in use, beyond the newest few."""

from __future__ import annotations

import json

import sqlalchemy as sa

from hanalife.database import job_outputs, models, tasks
from hanalife.lifecycle.outcomes import FACTS
from hanalife.lifecycle.pipelines import CHALLENGER, TAG, Pipeline


def superfluous(connection: sa.Connection, pipeline: Pipeline) -> list[int]:
    """Return the versions that the pipeline has fitted and need not keep, in order.

    Beyond the newest ``keep_challengers`` that no other alias has ever named these are all but the one
    that waits for approval. What an alias names, or named before it moved on or was rolled back, stays.
    """
    if pipeline.keep_challengers is None:
        return []
    tags = models.tags_of_versions(connection, pipeline.model)
    used = {
        event.version
        for event in models.events(connection, pipeline.model)
        if event.alias is not None and event.alias != CHALLENGER
    }
    stored = models.numbers(connection, pipeline.model)
    unused = [number for number in stored if tags.get(number, {}).get(TAG) == pipeline.task_id and number not in used]
    return [number for number in unused[: -pipeline.keep_challengers] if number != _waiting(connection, pipeline)]


def _waiting(connection: sa.Connection, pipeline: Pipeline) -> int | None:
    """Return the version that waits for approval, if one does."""
    job = tasks.last_job(connection, pipeline.step("promote"))
    if job is None or job.verdict != "waiting":
        return None
    return int(json.loads(job_outputs.find(connection, job.job_id, FACTS) or "{}")["challenger"])
