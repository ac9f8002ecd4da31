"""A run as it is recorded, to read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from hanalife import evidence
from hanalife.database import blobs, run_artifacts, run_tags, run_values, runs
from hanalife.errors import ArtifactNotFoundError, RunNotFoundError
from hanalife.evidence import MetricKey
from hanalife.observation import Json, MetricSource
from hanalife.records import Artifact, MetricPoint, Run, RunStatus
from hanalife.tracking.artifacts import to_pandas

if TYPE_CHECKING:
    import pandas as pd

    from hanalife.dataframe.context import ConnectionContext

R = TypeVar("R")


class RecordedRun:
    """Reads one attempt of a run: the one that was resumed or begun, else the newest of its name."""

    def __init__(self, connection_context: ConnectionContext, experiment_id: str, name: str) -> None:
        self.connection_context = connection_context
        self.experiment_id = experiment_id
        self.name = name
        self._database = connection_context.database
        self._known: Run | None = None

    def __repr__(self) -> str:
        return f"<run {self.name!r} of experiment {self.experiment_id!r}>"

    @property
    def run_id(self) -> str:
        """The id of this attempt."""
        return self.record.run_id

    @property
    def record(self) -> Run:
        """The row of the run as it is stored now: status, moments, counters."""
        return self._read(lambda connection, run: runs.run(connection, run.run_id) or run)

    @property
    def params(self) -> dict[str, Json]:
        """The parameters, in the order of their names."""
        return self._read(lambda connection, run: run_values.params(connection, [run.run_id])[run.run_id])

    @property
    def metrics(self) -> dict[str, float | str]:
        """The latest value of each metric; a text where a model reported one, such as a list per fold.

        A name that was measured on rows of several sources stands here for the one that counts most as
        evidence, and with each other source as ``AUC@train``.
        """
        return evidence.by_label(self.measured)

    @property
    def measured(self) -> dict[MetricKey, float | str]:
        """The latest value of each metric by its name and its source, ``run.measured["AUC", "test"]``."""
        return self._read(lambda connection, run: run_values.metrics(connection, [run.run_id])[run.run_id])

    def series(self, name: str, source: str | MetricSource | None = None) -> list[MetricPoint]:
        """Return all values of a metric by step; none for an unknown name.

        Without a source they are those of the source that counts most as evidence.
        """
        origin = None if source is None else evidence.source(source, "source")
        return self._read(lambda connection, run: run_values.points(connection, run.run_id, name, origin))

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the run itself."""
        return self._read(lambda connection, run: run_tags.of_run(connection, run.run_id))

    @property
    def notes(self) -> str:
        """The notes on the run."""
        return self.record.notes

    @property
    def artifacts(self) -> list[Artifact]:
        """What the run keeps, without the bytes, in the order of names."""
        return self._read(lambda connection, run: run_artifacts.of_run(connection, run.run_id))

    def artifact(self, name: str) -> bytes:
        """Return the bytes that are kept under a name.

        Raises
        ------
        ArtifactNotFoundError
            There are none of that name.
        CorruptModelError
            They are not what was stored.
        """
        return self._read(lambda connection, run: blobs.get(connection, self._find(connection, run, name).sha256))

    def table(self, name: str = "table") -> pd.DataFrame:
        """Return the rows that :meth:`log_table` kept under a name, as pandas."""
        return to_pandas(self.artifact(name))

    @property
    def children(self) -> list[str]:
        """The names of the runs within this one, oldest first."""
        return self._read(lambda connection, run: [child.name for child in runs.children(connection, run.run_id)])

    def _find(self, connection: sa.Connection, run: Run, name: str) -> Artifact:
        found = run_artifacts.find(connection, run.run_id, name)
        if found is None:
            names = ", ".join(repr(each.name) for each in run_artifacts.of_run(connection, run.run_id)) or "nothing"
            raise ArtifactNotFoundError(f"name: run {self.name!r} keeps nothing under {name!r}; it keeps: {names}.")
        return found

    def _read(self, read: Callable[[sa.Connection, Run], R]) -> R:
        self._settle()
        run = self._known or self._newest()
        if run is None:
            raise RunNotFoundError(f"name: no run {self.name!r} is recorded in experiment {self.experiment_id!r}.")
        with self._database.read() as connection:
            return read(connection, run)

    def _settle(self) -> None:
        """Write what waits, so that it is read too."""

    def _newest(self) -> Run | None:
        with self._database.read() as connection:
            run = runs.newest(connection, self.experiment_id, self.name)
        return None if run is None or run.status is RunStatus.DELETED else run
