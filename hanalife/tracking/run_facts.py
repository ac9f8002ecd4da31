"""All that is known of a run, read at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hanalife import evidence
from hanalife.database import run_tags, run_values, runs, shared_records
from hanalife.errors import RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import Json
from hanalife.records import LogEntry, Run, RunStatus

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

_CURVES, _PARAMETERS = "CONTINUOUS_FIGURE", "PARAMETER"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is recorded of one attempt of a run."""

    run: Run
    params: Mapping[str, Json]  #: of all calls; of those with one name the latest
    first_params: Mapping[str, Json]  #: of the first call alone, if its log has them, else of all
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
    log = runs.log(connection, run.run_id)
    params = run_values.params(connection, [run.run_id])[run.run_id]
    return RunFacts(
        run=run,
        params=params,
        first_params=_first_params(log, params),
        metrics=run_values.metrics(connection, [run.run_id])[run.run_id],
        tags=run_tags.of_run(connection, run.run_id),
        environment=shared_records.content(connection, run.environment_id),
        code=shared_records.content(connection, run.code_id),
        dataset=shared_records.content(connection, run.dataset_id),
        curves=_curves(connection, run, log),
    )


def _first_params(log: Iterable[LogEntry], params: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return the parameters of the first call, some of which later calls of the run may have replaced."""
    first, *later = [json.loads(entry.message) for entry in log if entry.event_key == _PARAMETERS] or [[]]
    replaced = {name for pairs in later for pair in pairs for name in pair}
    given = {name: value for pair in first for name, value in pair.items()}
    kept = {name: value for name, value in params.items() if name not in replaced}
    return kept | {name: value for name, value in given.items() if name in replaced}


def _curves(connection: sa.Connection, run: Run, log: Iterable[LogEntry]) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the curves of the log and the series of the metrics, by name."""
    found: dict[str, Any] = {}
    for entry in log:
        if entry.event_key == _CURVES:
            found |= json.loads(entry.message)
    found |= evidence.by_label(run_values.series(connection, [run.run_id])[run.run_id])
    return {name: tuple((float(x), float(y)) for x, y in points) for name, points in found.items()}
