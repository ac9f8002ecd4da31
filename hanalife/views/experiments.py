"""Experiments and runs of the store as the payload of their list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from hanalife.database import run_values, runs
from hanalife.errors import RunNotFoundError
from hanalife.evidence import SEARCH_PREFIX, MetricKey
from hanalife.records import Experiment, Run
from hanalife.views.encoding import instant, instant_or_none, metric, seconds_between
from hanalife.views.payloads.runs import ExperimentRow, ExperimentsPayload, Progress, RunRow, RunsPage
from hanalife.views.payloads.words import CONTRACT, MetricValue

#: So many of the newest runs are read first, which are seen at once; then so many at a time.
MOST_AT_FIRST = 200
MOST_AT_ONCE = 1_000
#: So many values of rows are saved with a notebook: about 120 kB.
MOST_VALUES = 4_000
_VALUES_BESIDE_METRICS = 12


def read(
    connection: sa.Connection,
    database: str,
    experiment_ids: Sequence[str] | None = None,
    previous: ExperimentsPayload | None = None,
    most: int | None = None,
) -> ExperimentsPayload:
    """Return all experiments and runs, or those of some experiments.

    Rows that have not changed since ``previous`` are taken from it. Of the others only the newest
    ``most`` are read, so that the payload has fewer runs than its ``total`` until it is given again as
    ``previous`` often enough. An id that is not recorded is listed as absent.
    """
    revisions = runs.revisions(connection, experiment_ids)
    rows = previous["runs"] if previous else []
    kept = {row["run_id"]: row for row in rows if revisions.get(row["run_id"]) == row["revision"]}
    missing = [run_id for run_id in revisions if run_id not in kept][-most if most else 0 :]
    found = runs.experiments(connection, experiment_ids)
    present = {experiment.experiment_id for experiment in found}
    return {
        "contract": CONTRACT,
        "seq": 0,
        "database": database,
        "absent": [wanted for wanted in experiment_ids or [] if wanted not in present],
        "experiments": [experiment_row(experiment) for experiment in found],
        "total": len(revisions),
        "runs": _in_order(revisions, kept, read_rows(connection, missing)) if missing else list(kept.values()),
    }


def head(payload: ExperimentsPayload) -> ExperimentsPayload:
    """Return a payload with as many of its newest runs as a saved notebook should hold."""
    return {**payload, "runs": payload["runs"][_first_of_head(payload) :]}


def before_head(payload: ExperimentsPayload) -> RunsPage:
    """Return the runs of a payload that its head leaves out."""
    return {"contract": CONTRACT, "runs": payload["runs"][: _first_of_head(payload)]}


def _first_of_head(payload: ExperimentsPayload) -> int:
    room, first = MOST_VALUES, len(payload["runs"])
    while first and room > 0:
        first -= 1
        room -= _VALUES_BESIDE_METRICS + sum(map(len, payload["runs"][first]["metrics"].values()))
    return first


def _in_order(order: Iterable[str], kept: Mapping[str, RunRow], read: Sequence[RunRow]) -> list[RunRow]:
    rows = {**kept, **{row["run_id"]: row for row in read}}
    return [rows[run_id] for run_id in order if run_id in rows]


def read_rows(connection: sa.Connection, run_ids: Sequence[str]) -> list[RunRow]:
    """Return some runs, oldest first."""
    return _rows_of(connection, runs.some(connection, run_ids))


def read_older(connection: sa.Connection, run_id: str) -> RunsPage:
    """Return the runs before one, as many as are sent at once.

    Raises
    ------
    RunNotFoundError
        There is no run of that id.
    """
    run = runs.run(connection, run_id)
    if run is None:
        raise RunNotFoundError(f"run_id: there is no run {run_id!r}; it may have been deleted.")
    return {"contract": CONTRACT, "runs": _rows_of(connection, runs.made_before(connection, run, MOST_AT_ONCE))}


def _rows_of(connection: sa.Connection, found: Sequence[Run]) -> list[RunRow]:
    metrics = run_values.metrics(connection, [run.run_id for run in found])
    return [run_row(run, metrics[run.run_id]) for run in found]


def experiment_row(experiment: Experiment) -> ExperimentRow:
    """Return one experiment for a list."""
    return {
        "experiment_id": experiment.experiment_id,
        "description": experiment.description,
        "owner": experiment.owner,
        "created_at": instant(experiment.created_at),
        "primary_metric": experiment.primary_metric or "",
    }


def run_row(run: Run, metrics: Mapping[MetricKey, float | str]) -> RunRow:
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
        "metrics": _by_source(metrics),
        "search_metric": next((key.metric for key in metrics if key.name.startswith(SEARCH_PREFIX)), ""),
    }


def _by_source(metrics: Mapping[MetricKey, float | str]) -> dict[str, dict[str, MetricValue]]:
    """Return values by source and base name; of several stored names with one base name the first counts."""
    found: dict[str, dict[str, MetricValue]] = {}
    for key in sorted(metrics, key=lambda key: key.rank, reverse=True):
        found.setdefault(key.source.value, {})[key.metric] = metric(metrics[key])
    return found


def _progress(run: Run) -> Progress | None:
    if run.progress_total == 0:
        return None
    return {"done": run.progress_done, "total": run.progress_total, "text": run.progress_text}
