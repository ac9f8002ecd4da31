"""What the jobs of a pipeline have recorded: comparisons, promotions, and gains measured again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hanalife import training_keys
from hanalife.database import dialects, job_outputs, tasks
from hanalife.lifecycle import judging, promotion
from hanalife.lifecycle.judging import Gain
from hanalife.lifecycle.outcomes import FACTS
from hanalife.lifecycle.pipelines import Pipeline
from hanalife.training_keys import TrainingKeys

_AGAIN = "REMEASURED_"
_MEASURED = ("gain", "gain_low", "gain_high", "level", "rows")

#: Of a table of comparisons: column -> type in pandas.
COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("JOB_ID", "CHAMPION", "CHALLENGER", "ATTEMPT", "ATTEMPTS"), "Int64"),
    **dict.fromkeys(("VERDICT", "METRIC", "NOTE"), "object"),
    "CREATED_AT": "datetime64[us]",
    **{
        prefix + name.upper(): "Int64" if name == "rows" else "float64" for prefix in ("", _AGAIN) for name in _MEASURED
    },
}

#: The name under which a comparison keeps the keys of the rows that judged.
_JUDGING_KEYS = "judging_keys"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A job of a pipeline's step that has ended well."""

    job_id: int
    created_at: datetime
    facts: Mapping[str, Any]


def of_step(connection: sa.Connection, pipeline: Pipeline, step: str) -> list[Recorded]:
    """Return the jobs of a step since the pipeline was created, oldest first.

    A job that is killed and executed again has one record, because facts are written with its end.
    """
    task = next(iter(tasks.tasks(connection, [pipeline.step(step)])), None)
    if task is None:
        return []
    rows = job_outputs.of_task(connection, task.task_id, FACTS)
    return [Recorded(job_id, at, json.loads(text)) for job_id, at, text in rows if at >= task.created_at]


def attempts(connection: sa.Connection, pipeline: Pipeline) -> tuple[list[datetime], datetime]:
    """Return when comparisons have looked at their judging rows, and the present moment."""
    compared = of_step(connection, pipeline, "compare")
    return [each.created_at for each in compared if each.facts.get("attempt")], dialects.now(connection)


def exhausted(connection: sa.Connection, pipeline: Pipeline) -> str:
    """Return why no comparison is left, with what to do; an empty text if one is."""
    moments, now = attempts(connection, pipeline)
    budget = pipeline.budget
    if budget.spent(moments, now) < budget.attempts:
        return ""
    refilled_at = budget.refilled_at(moments, now)
    until = "" if refilled_at is None else f"; the next comes back on {refilled_at:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"all {budget.attempts} attempts that share the error rate of {budget.error_rate:g} are spent{until}. "
        "Create the pipeline again with force=True to begin a new budget, "
        "or with attempts_per='year' to get attempts back"
    )


def next_attempt(connection: sa.Connection, pipeline: Pipeline) -> int:
    """Return the number of the attempt that a comparison spends now; others of the pipeline wait for it."""
    tasks.lock(connection, pipeline.step("compare"))
    moments, now = attempts(connection, pipeline)
    return pipeline.budget.spent(moments, now) + 1


def comparisons(connection: sa.Connection, pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return each comparison with the gain that was measured again after its promotion, oldest first."""
    again: dict[int, Mapping[str, Any]] = {}
    for each in of_step(connection, pipeline, "watch"):
        if "gain" in each.facts and each.facts.get("challenger") is not None:
            again.setdefault(each.facts["challenger"], each.facts)  # the first: later windows depend on its verdict
    return [
        _row(pipeline, each, again.get(each.facts["challenger"], {}))
        for each in of_step(connection, pipeline, "compare")
    ]


def _row(pipeline: Pipeline, compared: Recorded, again: Mapping[str, Any]) -> dict[str, Any]:
    facts = compared.facts
    selected = facts.get("verdict") == judging.BETTER and "gain" in facts
    note = ""
    if selected and not again:
        gain = Gain(facts["gain"], facts["gain_low"], facts["gain_high"], facts["rows"])
        note = promotion.selected_text(gain, pipeline.margin, pipeline.budget.level)
    return {
        "JOB_ID": compared.job_id,
        "CREATED_AT": compared.created_at.replace(tzinfo=None),
        "CHAMPION": facts["champion"],
        "CHALLENGER": facts["challenger"],
        "VERDICT": facts.get("verdict", judging.UNKNOWN),
        "METRIC": pipeline.metric,
        **{name.upper(): facts.get(name) for name in _MEASURED},
        "ATTEMPT": facts.get("attempt"),
        "ATTEMPTS": pipeline.attempts,
        "NOTE": note or facts.get("left_out", ""),
        **{_AGAIN + name.upper(): again.get(name) for name in _MEASURED},
    }


def keep_judging_keys(connection: sa.Connection, job_id: int, keys: TrainingKeys) -> None:
    """Keep the rows that a comparison was decided by."""
    text = base64.b64encode(training_keys.pack({"": keys})).decode()
    job_outputs.keep(connection, job_id, _JUDGING_KEYS, text)


def judging_keys(connection: sa.Connection, pipeline: Pipeline, challenger: int) -> TrainingKeys | None:
    """Return the rows that a challenger was selected by; None if they are not recorded."""
    jobs = [each.job_id for each in of_step(connection, pipeline, "compare") if each.facts["challenger"] == challenger]
    texts = (job_outputs.find(connection, job_id, _JUDGING_KEYS) for job_id in reversed(jobs))
    text = next(filter(None, texts), None)
    return None if text is None else training_keys.unpack(base64.b64decode(text))[""]
