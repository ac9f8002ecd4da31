"""Runs from an MLflow 3 store, and runs to one.

Reading takes MLflow's tables as they are and needs no MLflow. Writing goes through MLflow's own
client: ``pip install hanalife[mlflow]``.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from hanalife.clock import Clock, utc_now
from hanalife.database import blobs, dialects, mlflow_tables, run_artifacts, run_bundles, run_tags, run_values, runs
from hanalife.database.engine import parse_url
from hanalife.database.run_values import NewPoint
from hanalife.errors import InvalidArgumentError, NotSupportedError, RunNotFoundError
from hanalife.observation import CallObserver, CallOutcome, CallProgress, CallStart
from hanalife.records import Artifact, Experiment, Run, RunStatus
from hanalife.tracking import events, identity, mlflow_files
from hanalife.tracking.artifacts import MOST_BYTES

if TYPE_CHECKING:
    import sqlalchemy as sa

    from hanalife.dataframe.context import ConnectionContext
    from hanalife.tracking.experiments import Observed

#: A metric that is a text has no place in MLflow; it becomes a tag with this before its name.
TEXT_METRIC: Final = "hanalife.metric."

_NAME, _NOTE, _PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"
_STATUS = {"FINISHED": RunStatus.FINISHED, "FAILED": RunStatus.FAILED, "KILLED": RunStatus.FAILED}
_TO_MLFLOW = {RunStatus.FINISHED: "FINISHED", RunStatus.FAILED: "FAILED", RunStatus.LOST: "KILLED"}
_PER_CALL = 100  # parameters or tags that MLflow takes at once; of metrics ten times as many


@dataclass(frozen=True, slots=True)
class FromMlflow:
    """What an import did."""

    experiments: tuple[str, ...]
    runs: int  #: added
    known: int  #: there already, by their ids; they stay as they are


# --- in ---------------------------------------------------------------------------------------


def import_mlflow(
    connection_context: ConnectionContext,
    url: str,
    experiments: str | Sequence[str] | None = None,
    *,
    artifacts: str | os.PathLike[str] | None = None,
    most_bytes: int = MOST_BYTES,
) -> FromMlflow:
    """Add the runs of an MLflow store: all of them, or none.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store of hanalife.
    url : str
        The database of MLflow, as in ``mlflow.set_tracking_uri``: SQLite or PostgreSQL.
    experiments : str or sequence of str, optional
        Only experiments of these names; all by default.
    artifacts : path, optional
        Copy the files of runs too, from folders below this one and from nowhere else, for it is the other
        store that says where they are. By default files are not copied.
    most_bytes : int, default 1 GiB
        How many bytes of files are copied at most.

    Returns
    -------
    FromMlflow
        How many runs were added, and how many were there already.

    Raises
    ------
    InvalidArgumentError
        The database holds no MLflow store, or has no experiment of that name; or files are elsewhere than
        below ``artifacts``, are too many, or cannot be read or stored.

    Notes
    -----
    Parameters stay the texts that MLflow keeps; a search takes those that read as numbers as
    numbers. Of several values of a metric at one step the last counts. Runs of one name become
    ``name`` and ``name (first digits of the id)``. KILLED is FAILED here, RUNNING is LOST. Links among the
    files are left out.
    """
    wanted = [experiments] if isinstance(experiments, str) else experiments
    with mlflow_tables.opened(parse_url(url)) as theirs:
        if not mlflow_tables.is_store(theirs):
            raise InvalidArgumentError("url: the database holds no MLflow 3 store; give its tracking URI.")
        known = mlflow_tables.experiments(theirs)
        missing = set(wanted or ()) - {name for _, name, _ in known}
        if missing:
            names = ", ".join(name for _, name, _ in known)
            raise InvalidArgumentError(f"experiments: no {min(missing)!r} in the MLflow store; there are: {names}.")
        with connection_context.database.write() as ours:
            chosen = [each for each in known if wanted is None or each[1] in wanted]
            files = None if artifacts is None else _Files(ours, Path(artifacts), most_bytes)
            counts = [_import_experiment(theirs, ours, files, *each) for each in chosen]
    return FromMlflow(tuple(each[1] for each in chosen), sum(a for a, _ in counts), sum(k for _, k in counts))


def _import_experiment(
    theirs: sa.Connection, ours: sa.Connection, files: _Files | None, number: int, name: str, created: int
) -> tuple[int, int]:
    found = list(mlflow_tables.runs(theirs, number))
    experiment_id = identity.require_experiment_id(name, "experiments")
    owner = dialects.database_user(ours)
    run_bundles.add_experiment(ours, Experiment(experiment_id, "", owner, _moment(created)))
    known = run_bundles.known_runs(ours, [row.run_uuid for row in found])
    names = {run.name for run in runs.attempts(ours, experiment_id)}
    for row in found:
        if row.run_uuid not in known:
            _import_run(theirs, ours, experiment_id, row, names)
            if files is not None:
                files.add(row, mlflow_tables.tags(theirs, row.run_uuid))
    return len(found) - len(known), len(known)


def _import_run(theirs: sa.Connection, ours: sa.Connection, experiment_id: str, row: Any, names: set[str]) -> None:
    tags = mlflow_tables.tags(theirs, row.run_uuid)
    name = identity.storable(row.name or tags.get(_NAME) or row.run_uuid)
    name = f"{name[:240]} ({row.run_uuid[:8]})" if name in names else name
    names.add(name)
    ended = row.end_time or row.start_time
    run = Run(
        run_id=row.run_uuid,
        experiment_id=experiment_id,
        name=name,
        attempt=1,
        status=_STATUS.get(row.status, RunStatus.LOST),
        description="",
        owner=identity.storable(row.user_id or ""),
        host="",
        pid=0,
        procedure="",
        dataset_name="",
        dataset_source="",
        created_at=_moment(row.start_time),
        heartbeat_at=_moment(ended),
        ended_at=_moment(ended),
        progress_done=0,
        progress_total=0,
        progress_text="",
        next_seq=0,
        revision=0,
        parent_run_id=tags.get(_PARENT),
        notes=identity.storable(tags.get(_NOTE, "")),
    )
    number = run_bundles.add_run(ours, run)
    points = [
        NewPoint(key, step, value, max(0, time - row.start_time))
        for key, step, value, time in mlflow_tables.points(theirs, row.run_uuid)
    ]
    run_values.write(ours, number, dict(mlflow_tables.params(theirs, row.run_uuid)), points)
    run_tags.put(ours, row.run_uuid, run_tags.RUN_ITSELF, {key: identity.storable(tags[key]) for key in tags})


class _Files:
    """Copies files of runs, up to a number of bytes."""

    def __init__(self, ours: sa.Connection, root: Path, most_bytes: int) -> None:
        self._ours = ours
        self._root = root
        self._most = self._left = most_bytes

    def add(self, row: Any, tags: Mapping[str, str]) -> None:
        for file in mlflow_files.read(row.artifact_uri or "", self._root, tags):
            self._left -= len(file.data)
            if self._left < 0:
                raise InvalidArgumentError(
                    f"artifacts: the files of the runs have more than {self._most} bytes; "
                    "allow more with most_bytes=, or import fewer experiments. Nothing was imported."
                )
            moment = _moment(row.end_time or row.start_time)
            run_artifacts.put(self._ours, row.run_uuid, file.name, file.kind, file.media_type, file.data, moment)


def _moment(milliseconds: int | None) -> datetime:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC)


# --- out --------------------------------------------------------------------------------------


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
    MLflow gives new ids; the run's own is the tag ``hanalife.run_id``. Metrics that are texts become tags.
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
        tags[_NOTE] = run.notes
    start = _milliseconds(run.created_at)
    values = run_bundles.points(connection, run.number)
    metrics = [
        (name, number if number is not None else float(str(text)), start + offset, step)
        for name, step, number, text, offset in values
        if number is not None or text in ("nan", "inf", "-inf")
    ]
    texts = {
        f"{TEXT_METRIC}{name}": text for name, _, _, text, _ in values if text and text not in ("nan", "inf", "-inf")
    }
    made = client.create_run(target, start_time=start, run_name=tags.pop(_NAME, run.name))
    params = run_values.params(connection, [run.run_id])[run.run_id]
    paths = mlflow_files.safe_paths(kept)
    names = {f"{mlflow_files.NAME_OF}{path}": name for name, path in paths.items() if name != str(path)}
    _log(client, made.info.run_id, params, metrics, tags | texts | names)
    for artifact in kept:
        _export_file(client, made.info.run_id, paths[artifact.name], blobs.get(connection, artifact.sha256))
    ended = None if run.ended_at is None else _milliseconds(run.ended_at)
    client.set_terminated(made.info.run_id, _TO_MLFLOW.get(run.status, "RUNNING"), ended)
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
        assert self._run is not None
        _log(self._client, self._run, {}, numbers, tags)
        self._client.set_terminated(self._run, "FINISHED", now)

    def call_failed(self, error: BaseException) -> None:
        """End the run of MLflow as failed."""
        if self._other:
            self._other.call_failed(error)
        if self._run is not None:
            self._client.set_terminated(self._run, "FAILED", _milliseconds(self._clock()))
