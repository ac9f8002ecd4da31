"""Experiments for anything that a notebook does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hanalife.clock import Clock, IdSource, new_id
from hanalife.tracking import identity, provenance
from hanalife.tracking.primary_metric import require_primary_metric, set_primary_metric
from hanalife.tracking.recorder import Target
from hanalife.tracking.tracked_run import TrackedRun

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext


class Experiment:
    """A group of runs under one name; ``conn.experiment("name")`` gives one.

    Parameters
    ----------
    connection_context : ConnectionContext
        Where runs are recorded. Nothing is written before the first run begins.
    name : str
        Name of the experiment, 1 to 256 characters.
    description : str, optional
        What it is about; kept when the experiment's first run begins.
    primary_metric : str, optional
        What its runs are ranked by, such as ``'AUC'``, looked up among held-out values, or ``'AUC@cv'``. Kept when
        a run begins, unless the experiment has one; :meth:`set_primary_metric` changes it.
    clock : callable, optional
        Gives the present moment; the database's clock by default.
    ids : callable
        Source of run ids.

    Raises
    ------
    InvalidArgumentError
        The name is empty, too long, or holds ``<EXPERIMENT_SPLITTER>``, or the primary metric names nothing, no
        source, or the source of training rows.

    Examples
    --------
    >>> from hanalife import ConnectionContext
    >>> conn = ConnectionContext("sqlite://")
    >>> with conn.experiment("diabetes").run("by hand") as run:
    ...     run.log_params({"depth": 6, "rate": 0.1})
    ...     for step in range(3):
    ...         run.log_metric("loss", 1 / (step + 1), step=step)
    >>> run.params, run.metrics["loss"]
    ({'depth': 6, 'rate': 0.1}, 0.3333333333333333)
    >>> [point.value for point in run.series("loss")][:2]
    [1.0, 0.5]
    """

    def __init__(
        self,
        connection_context: ConnectionContext,
        name: str,
        description: str | None = None,
        primary_metric: str | None = None,
        *,
        clock: Clock | None = None,
        ids: IdSource = new_id,
    ) -> None:
        self.connection_context = connection_context
        self.name = identity.require_experiment_id(name, "name")
        self.description = "" if description is None else identity.require_text(description, "description")
        self.primary_metric = None if primary_metric is None else require_primary_metric(primary_metric)
        self._clock = clock
        self._ids = ids
        provenance.prepare()

    def __repr__(self) -> str:
        return f"Experiment({self.name!r})"

    def set_primary_metric(self, metric: str | None) -> None:
        """Set what the runs of this experiment are ranked by; see :mod:`hanalife.tracking.primary_metric`."""
        set_primary_metric(self.connection_context, self.name, metric)
        self.primary_metric = metric

    def run(
        self,
        name: str | None = None,
        *,
        resume: bool = False,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        log_code: bool = True,
        log_environment: bool = True,
    ) -> TrackedRun:
        """Return a run of this experiment, to write within ``with``, or to read.

        Parameters
        ----------
        name : str, optional
            Name of the run; made of the run's id by default.
        resume : bool, default False
            Go on with the newest attempt of that name. Otherwise writing begins a new attempt,
            and earlier ones are kept.
        description : str, default ''
            What the run is about.
        tags : dict of str, optional
            Tags to begin with.
        log_code, log_environment : bool, default True
            Whether to record code and environment.

        Returns
        -------
        TrackedRun
            Nothing is written before ``with``. Until then it reads the newest attempt of the name.

        Raises
        ------
        InvalidArgumentError
            The name is too long, or a tag breaks the rules of :func:`hanalife.tracking.add_tag_by_run`.
        RunNotFoundError
            There is nothing to resume.
        """
        run_id = self._ids()
        target = Target(
            experiment_id=self.name,
            experiment_description=self.description,
            run_name=identity.require_name(run_id if name is None else name, "name"),
            description=identity.require_text(description, "description"),
            log_code=log_code,
            log_environment=log_environment,
            primary_metric=self.primary_metric,
        )
        return TrackedRun(self.connection_context, target, run_id, resume, tags or {}, self._clock, self._ids)


def open_experiment(
    connection_context: ConnectionContext, name: str, description: str | None = None, primary_metric: str | None = None
) -> Experiment:
    """Return an experiment of a connection: what ``conn.experiment()`` calls."""
    return Experiment(connection_context, name, description, primary_metric)
