"""Runs to an MLflow 3 store, afterwards or as they happen, through MLflow's own client.

It needs ``pip install hanalife[mlflow]``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from hanalife.clock import Clock, utc_now
from hanalife.database import blobs, run_artifacts, run_bundles, run_tags, run_values, runs
from hanalife.errors import InvalidArgumentError, NotSupportedError, RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import CallObserver, CallOutcome, CallProgress, CallStart, MetricSource
from hanalife.records import Artifact, Run, RunStatus
from hanalife.tracking import events, identity, mlflow_files
from hanalife.tracking.artifacts import MOST_BYTES
from hanalife.tracking.mlflow_store import NAME, NOTE, TEXT_METRIC, mlflow_names, source_tags

if TYPE_CHECKING:
    import sqlalchemy as sa

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.tracking.experiments import Observed

_STATUS = {RunStatus.FINISHED: "FINISHED", RunStatus.FAILED: "FAILED", RunStatus.LOST: "KILLED"}
_PER_CALL = 100  # parameters or tags that MLflow takes at once; of metrics ten times as many

# --- afterwards --------------------------------------------------------------------------------


def export_mlflow(
    connection_context: ConnectionContext,
    experiment_id: str,
    tracking_uri: str,
    *,
    artifacts: bool = True,
    most_bytes: int = MOST_BYTES,
) -> list[str]:
    """Write the runs of an experiment, newest attempts, to an MLflow store; return MLflow's run ids.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store of hanalife.
    experiment_id : str
        The experiment; MLflow's has the same name.
    tracking_uri : str
        MLflow's store.
    artifacts : bool, default True
        Copy the artifacts too.
    most_bytes : int, default 1 GiB
        How many bytes of artifacts are copied at most.

    Raises
    ------
    RunNotFoundError
        The experiment has no runs.
    InvalidArgumentError
        The artifacts have more bytes than ``most_bytes``; nothing was written.
    NotSupportedError
        MLflow is not installed.

    Notes
    -----
    MLflow gives new ids; the run's own is the tag ``hanalife.run_id``. Metrics that are texts become tags, and so do
    the sources of metrics: ``hanalife.source.<name>``. A name of several sources is ``AUC`` for the one that counts
    most as evidence, and ``AUC/train`` for another.
    An artifact whose name is no safe path gets another, and a tag ``hanalife.artifact.<path>`` keeps its name.
    """
    client = _client(tracking_uri)
    with connection_context.database.read() as connection:
        found = runs.runs(connection, [identity.require_experiment_id(experiment_id)])
        if not found:
            raise RunNotFoundError(
                f"experiment_id: {experiment_id!r} has no runs; search_runs() shows what is recorded."
            )
        kept = {run.run_id: run_artifacts.of_run(connection, run.run_id) if artifacts else [] for run in found}
        size = sum(artifact.size for each in kept.values() for artifact in each)
        if size > most_bytes:
            raise InvalidArgumentError(
                f"most_bytes: the artifacts have {size} bytes, more than {most_bytes}; allow more, or export "
                "with artifacts=False."
            )
        known = client.get_experiment_by_name(experiment_id)
        target = known.experiment_id if known else client.create_experiment(experiment_id)
        return [_export_run(client, target, connection, run, kept[run.run_id]) for run in found]


def _client(tracking_uri: str | None) -> Any:
    try:
        import mlflow
    except ImportError:
        raise NotSupportedError("MLflow is not installed; pip install hanalife[mlflow].") from None
    return mlflow.MlflowClient(tracking_uri)


def _export_run(client: Any, target: str, connection: sa.Connection, run: Run, kept: Sequence[Artifact]) -> str:
    assert run.number is not None
    tags = run_tags.of_run(connection, run.run_id) | {"hanalife.run_id": run.run_id, "mlflow.user": run.owner}
    if run.notes:
        tags[NOTE] = run.notes
    start = _milliseconds(run.created_at)
    values = [
        (MetricKey(row[0], MetricSource(row[-1])), *row[1:-1]) for row in run_bundles.points(connection, run.number)
    ]
    named = mlflow_names(dict.fromkeys(key for key, *_ in values))
    metrics = [
        (named[key], number if number is not None else float(str(text)), start + offset, step)
        for key, step, number, text, offset in values
        if number is not None or text in ("nan", "inf", "-inf")
    ]
    texts = {
        f"{TEXT_METRIC}{named[key]}": text
        for key, _, _, text, _ in values
        if text and text not in ("nan", "inf", "-inf")
    }
    made = client.create_run(target, start_time=start, run_name=tags.pop(NAME, run.name))
    params = run_values.params(connection, [run.run_id])[run.run_id]
    paths = mlflow_files.safe_paths(kept)
    names = {f"{mlflow_files.NAME_OF}{path}": name for name, path in paths.items() if name != str(path)}
    _log(client, made.info.run_id, params, metrics, tags | texts | names | source_tags(named))
    for artifact in kept:
        _export_file(client, made.info.run_id, paths[artifact.name], blobs.get(connection, artifact.sha256))
    ended = None if run.ended_at is None else _milliseconds(run.ended_at)
    client.set_terminated(made.info.run_id, _STATUS.get(run.status, "RUNNING"), ended)
    return str(made.info.run_id)


def _export_file(client: Any, run_id: str, path: PurePosixPath, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.name
        file.write_bytes(data)
        client.log_artifact(run_id, str(file), None if len(path.parts) == 1 else str(path.parent))


def _log(
    client: Any, run_id: str, params: Any, metrics: Sequence[tuple[str, float, int, int]], tags: dict[str, str]
) -> None:
    from mlflow.entities import Metric, Param, RunTag

    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    listed = [Param(name, text) for name, text in texts.items()]
    labels = [RunTag(name, text) for name, text in tags.items()]
    for start in range(0, max(len(listed), len(labels)), _PER_CALL):
        end = start + _PER_CALL
        client.log_batch(run_id, params=listed[start:end], tags=labels[start:end])
    for start in range(0, len(metrics), 10 * _PER_CALL):
        client.log_batch(run_id, metrics=[Metric(*each) for each in metrics[start : start + 10 * _PER_CALL]])


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


# --- as it happens ----------------------------------------------------------------------------


def enable_mlflow_autologging(
    model: Observed, experiment: str = "Default", tracking_uri: str | None = None, *, clock: Clock = utc_now
) -> None:
    """Record the next calls of a model in MLflow, beside whatever records them already.

    Parameters
    ----------
    model : UnifiedClassification or another model with an ``observer``
        The model to arm. Arm it with :meth:`MLExperiments.autologging` first, if it is to be recorded in both.
    experiment : str, default 'Default'
        MLflow's experiment; made if there is none.
    tracking_uri : str, optional
        MLflow's store; by default the one that MLflow itself would take.
    clock : callable, default hanalife.clock.utc_now
        Gives the present moment.

    Raises
    ------
    NotSupportedError
        MLflow is not installed.
    """
    client = _client(tracking_uri)
    known = client.get_experiment_by_name(experiment)
    target = known.experiment_id if known else client.create_experiment(experiment)
    model.observer = _MlflowObserver(client, target, model.observer, clock)


class _MlflowObserver:
    """Tells MLflow of calls, and the observer that was there before."""

    def __init__(self, client: Any, experiment: str, other: CallObserver | None, clock: Clock) -> None:
        self._client = client
        self._experiment = experiment
        self._other = other
        self._clock = clock
        self._run: str | None = None

    def call_started(self, start: CallStart) -> str:
        """Begin a run of MLflow with the parameters."""
        run_id = self._other.call_started(start) if self._other else ""
        moment = _milliseconds(self._clock())
        made = self._client.create_run(
            self._experiment, start_time=moment, run_name=f"{start.procedure} {start.method}"
        )
        self._run = str(made.info.run_id)
        params = {name: events.parameter(value) for name, value in start.parameters.items()}
        _log(self._client, self._run, params, [], {"hanalife.run_id": run_id} if run_id else {})
        return run_id or self._run

    def call_progressed(self, progress: CallProgress) -> None:
        """Pass it on."""
        if self._other:
            self._other.call_progressed(progress)

    def call_finished(self, outcome: CallOutcome) -> None:
        """Log metrics and the data's hash, and end the run of MLflow."""
        if self._other:
            self._other.call_finished(outcome)
        now = _milliseconds(self._clock())
        numbers = [
            (name, float(value), now, 0) for name, value in outcome.metrics.items() if not isinstance(value, str)
        ]
        tags = {f"{TEXT_METRIC}{name}": value for name, value in outcome.metrics.items() if isinstance(value, str)}
        tags["hanalife.content_hash"] = outcome.dataset.content_hash
        tags |= source_tags({MetricKey(name, outcome.source_of(name)): name for name in outcome.metrics})
        assert self._run is not None
        _log(self._client, self._run, {}, numbers, tags)
        self._client.set_terminated(self._run, "FINISHED", now)

    def call_failed(self, error: BaseException) -> None:
        """End the run of MLflow as failed."""
        if self._other:
            self._other.call_failed(error)
        if self._run is not None:
            self._client.set_terminated(self._run, "FAILED", _milliseconds(self._clock()))
