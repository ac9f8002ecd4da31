"""What changed between two payloads, so that only that is sent: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from hanalife.views.payloads.drift import DriftDelta, DriftPayload
from hanalife.views.payloads.models import ModelsDelta, ModelsPayload
from hanalife.views.payloads.runs import ExperimentsDelta, ExperimentsPayload
from hanalife.views.payloads.tasks import TasksDelta, TasksPayload


def between_experiments(old: ExperimentsPayload, new: ExperimentsPayload) -> ExperimentsDelta | None:
    """Return what turns the old payload into the new one, or None if nothing does."""
    delta = _between(old, new, {"experiments": "experiment_id", "runs": "run_id"})
    return None if delta is None else cast("ExperimentsDelta", {**delta, "total": new["total"]})


def between_tasks(old: TasksPayload, new: TasksPayload) -> TasksDelta | None:
    """Return what turns the old payload into the new one, or None if nothing does."""
    return cast("TasksDelta | None", _between(old, new, {"tasks": "task_id", "workers": "worker_id"}))


def between_models(old: ModelsPayload, new: ModelsPayload) -> ModelsDelta | None:
    """Return what turns the old payload into the new one, or None if nothing does."""
    return cast("ModelsDelta | None", _between(old, new, {"models": "key"}))


def between_drift(old: DriftPayload, new: DriftPayload) -> DriftDelta | None:
    """Return what turns the old payload into the new one, or None if nothing does."""
    return cast("DriftDelta | None", _between(old, new, {"series": "series_id"}))


def _between(old: Mapping[str, Any], new: Mapping[str, Any], keys: Mapping[str, str]) -> dict[str, Any] | None:
    tables = {table: between_rows(old[table], new[table], key) for table, key in keys.items()}
    same = all(not change["changed"] and not change["removed"] for change in tables.values())
    if same and old["absent"] == new["absent"]:
        return None
    return {"contract": new["contract"], "seq": old["seq"] + 1, "absent": new["absent"], **tables}


def between_rows(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], key: str) -> Any:
    """Return the rows that came or changed, and the keys of those that went."""
    before = {row[key]: row for row in old}
    after = {row[key] for row in new}
    return {
        "changed": [row for row in new if before.get(row[key]) is not row and before.get(row[key]) != row],
        "removed": [name for name in before if name not in after],
    }
