"""Runs from an MLflow 3 store: its tables are read as they are, which needs no MLflow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hanalife import evidence
from hanalife.database import dialects, mlflow_tables, run_artifacts, run_bundles, run_tags, run_values, runs
from hanalife.database.engine import parse_url
from hanalife.database.run_values import NewPoint
from hanalife.errors import InvalidArgumentError
from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.records import Experiment, Run, RunStatus
from hanalife.tracking import identity, mlflow_files
from hanalife.tracking.artifacts import MOST_BYTES

if TYPE_CHECKING:
    import sqlalchemy as sa

    from hanalife.dataframe.context import ConnectionContext

#: A metric that is a text has no place in MLflow; it becomes a tag with this before its name.
TEXT_METRIC: Final = "hanalife.metric."

#: The source of a metric has no place in MLflow; it becomes a tag with this before the name that MLflow knows.
SOURCE_OF: Final = "hanalife.source."

NAME, NOTE, _PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"
_STATUS = {"FINISHED": RunStatus.FINISHED, "FAILED": RunStatus.FAILED, "KILLED": RunStatus.FAILED}


@dataclass(frozen=True, slots=True)
class FromMlflow:
    """What an import did."""

    experiments: tuple[str, ...]
    runs: int  #: added
    known: int  #: there already, by their ids; they stay as they are


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
    files are left out. Metrics that hanalife exported have the sources that they had; others were logged by a user.
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
    name = identity.storable(row.name or tags.get(NAME) or row.run_uuid)
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
        notes=identity.storable(tags.get(NOTE, "")),
    )
    number = run_bundles.add_run(ours, run)
    points = [
        NewPoint(name, step, value, max(0, time - row.start_time), source)
        for key, step, value, time in mlflow_tables.points(theirs, row.run_uuid)
        for name, source in [metric_key(key, tags.get(f"{SOURCE_OF}{key}"))]
    ]
    run_values.write(ours, number, dict(mlflow_tables.params(theirs, row.run_uuid)), points)
    kept = {key: identity.storable(tags[key]) for key in tags if not key.startswith(SOURCE_OF)}
    run_tags.put(ours, row.run_uuid, run_tags.RUN_ITSELF, kept)


def mlflow_names(keys: Iterable[MetricKey]) -> dict[MetricKey, str]:
    """Return the names of the metrics of a run in MLflow, which allows no ``@`` in them.

    >>> [*mlflow_names([MetricKey("AUC", MetricSource.TEST), MetricKey("AUC", MetricSource.TRAIN)]).values()]
    ['AUC', 'AUC/train']
    """
    return {
        key: label if label == key.name else f"{key.name}/{key.source}" for key, label in evidence.labels(keys).items()
    }


def source_tags(names: Mapping[MetricKey, str]) -> dict[str, str]:
    """Return the tags that keep what names in MLflow do not say: source, and the name if it is another.

    >>> source_tags({MetricKey("AUC", MetricSource.TRAIN): "AUC/train", MetricKey("loss", MetricSource.USER): "loss"})
    {'hanalife.source.AUC/train': 'train AUC'}
    """
    plain = MetricSource.USER
    return {
        f"{SOURCE_OF}{name}": str(key.source) if name == key.name else f"{key.source} {key.name}"
        for key, name in names.items()
        if key.source is not plain or name != key.name
    }


def metric_key(name: str, tag: str | None) -> MetricKey:
    """Return the key of a metric of MLflow from its name and its tag of :func:`source_tags`, if it has one.

    >>> metric_key("AUC/train", "train AUC"), metric_key("train/AUC", None)
    (MetricKey(name='AUC', source=<MetricSource.TRAIN: 'train'>), \
MetricKey(name='train/AUC', source=<MetricSource.USER: 'user'>))
    """
    word, _, own_name = (tag or "").partition(" ")
    known = MetricSource(word) if word in evidence.SOURCES else MetricSource.USER
    return MetricKey(own_name or name, known)


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
