"""Experiments and runs of the store as the payload of their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from hanalife.database import run_values, runs
from hanalife.records import Experiment, Run
from hanalife.views.encoding import instant, instant_or_none, metric, seconds_between
from hanalife.views.payloads.runs import ExperimentRow, ExperimentsPayload, Progress, RunRow
from hanalife.views.payloads.words import CONTRACT


def read(
    connection: sa.Connection,
    database: str,
    experiment_ids: Sequence[str] | None = None,
    previous: ExperimentsPayload | None = None,
) -> ExperimentsPayload:
    """Return all experiments and runs, or those of some experiments.

    Rows that have not changed since ``previous`` are taken from it. An id that is not
    recorded is listed as absent.
    """
    revisions = runs.revisions(connection, experiment_ids)
    rows = previous["runs"] if previous else []
    kept = {row["run_id"]: row for row in rows if revisions.get(row["run_id"]) == row["revision"]}
    found = runs.experiments(connection, experiment_ids)
    present = {experiment.experiment_id for experiment in found}
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": database,
        "absent": [wanted for wanted in experiment_ids or [] if wanted not in present],
        "experiments": [experiment_row(experiment) for experiment in found],
        "runs": list(kept.values()) if kept.keys() == revisions.keys() else _rows(connection, experiment_ids, kept),
    }


def _rows(connection: sa.Connection, experiment_ids: Sequence[str] | None, kept: Mapping[str, RunRow]) -> list[RunRow]:
    listed = runs.runs(connection, experiment_ids)
    metrics = run_values.metrics(connection, [run.run_id for run in listed if run.run_id not in kept])
    return [kept.get(run.run_id) or run_row(run, metrics[run.run_id]) for run in listed]


def experiment_row(experiment: Experiment) -> ExperimentRow:
    """Return one experiment for a list."""
    return {
        "experiment_id": experiment.experiment_id,
        "description": experiment.description,
        "owner": experiment.owner,
        "created_at": instant(experiment.created_at),
    }


def run_row(run: Run, metrics: Mapping[str, float | str]) -> RunRow:
    """Return one run for a list."""
    return {
        "run_id": run.run_id,
        "experiment_id": run.experiment_id,
        "name": run.name,
        "attempt": run.attempt,
        "status": run.status.value,
        "progress": _progress(run),
        "owner": run.owner,
        "dataset_name": run.dataset_name,
        "created_at": instant(run.created_at),
        "ended_at": instant_or_none(run.ended_at),
        "duration_seconds": seconds_between(run.created_at, run.ended_at),
        "revision": run.revision,
        "metrics": {name: metric(value) for name, value in metrics.items()},
    }


def _progress(run: Run) -> Progress | None:
    if run.progress_total == 0:
        return None
    return {"done": run.progress_done, "total": run.progress_total, "text": run.progress_text}
