"""All that is known of a run, read at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife import evidence
from hanalife.database import run_tags, run_values, runs, shared_records
from hanalife.errors import RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import Json
from hanalife.records import Run, RunStatus

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

_CURVES = "CONTINUOUS_FIGURE"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is recorded of one attempt of a run."""

    run: Run
    params: Mapping[str, Json]
    metrics: Mapping[MetricKey, float | str]  #: by stored name and source
    tags: Mapping[str, str]  #: of the run itself
    environment: Mapping[str, Any]
    code: Mapping[str, Any]
    dataset: Mapping[str, Any]
    curves: Mapping[str, tuple[tuple[float, float], ...]]


def find(connection_context: ConnectionContext, run: str) -> RunFacts:
    """Return the facts of a run.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    run : str
        A run id, or ``experiment/name``: the newest attempt of that name.

    Raises
    ------
    RunNotFoundError
        There is no such run, or it was deleted.
    """
    with connection_context.database.read() as connection:
        found = runs.run(connection, run)
        experiment_id, _, name = run.rpartition("/")
        if found is None and experiment_id:
            found = runs.newest(connection, experiment_id, name)
        if found is None or found.status is RunStatus.DELETED:
            raise RunNotFoundError(
                f"run: {run!r} is not recorded; give a run id as search_runs() shows it, or experiment/name."
            )
        return of(connection, found)


def of(connection: sa.Connection, run: Run) -> RunFacts:
    """Return the facts of a run that is known."""
    return RunFacts(
        run=run,
        params=run_values.params(connection, [run.run_id])[run.run_id],
        metrics=run_values.metrics(connection, [run.run_id])[run.run_id],
        tags=run_tags.of_run(connection, run.run_id),
        environment=shared_records.content(connection, run.environment_id),
        code=shared_records.content(connection, run.code_id),
        dataset=shared_records.content(connection, run.dataset_id),
        curves=_curves(connection, run),
    )


def _curves(connection: sa.Connection, run: Run) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the curves of the log and the series of the metrics, by name."""
    found: dict[str, Any] = {}
    for entry in runs.log(connection, run.run_id):
        if entry.event_key == _CURVES:
            found |= json.loads(entry.message)
    found |= evidence.by_label(run_values.series(connection, [run.run_id])[run.run_id])
    return {name: tuple((float(x), float(y)) for x, y in points) for name, points in found.items()}
