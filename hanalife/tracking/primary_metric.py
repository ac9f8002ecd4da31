"""What the runs of an experiment are ranked by, as a person chooses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanalife import evidence
from hanalife.database import runs
from hanalife.errors import DataNotFoundError, InvalidArgumentError
from hanalife.observation import MetricSource
from hanalife.tracking import identity

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext


def require_primary_metric(metric: str, argument: str = "primary_metric") -> str:
    """Return the name of a metric that may rank runs, perhaps with a source.

    Raises
    ------
    InvalidArgumentError
        It names nothing, no source, or the source of training rows.

    Examples
    --------
    >>> require_primary_metric("AUC@test")
    'AUC@test'
    """
    name, source = evidence.parse_metric(identity.require_name(metric, argument), argument)
    if source is MetricSource.TRAIN:
        raise InvalidArgumentError(
            f"{argument}: {metric!r} is measured on the rows that a model was fitted on, which rank no runs; "
            f"give {name!r}, which is looked up among held-out values."
        )
    return metric


def set_primary_metric(connection_context: ConnectionContext, experiment_id: str, metric: str | None) -> None:
    """Set what the runs of an experiment are ranked by, for everybody who looks at it.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_id : str
        The experiment.
    metric : str or None
        Such as ``AUC``, looked up among held-out values, or ``AUC@cv``; None: no choice.

    Raises
    ------
    InvalidArgumentError
        The metric names nothing, no source, or the source of training rows.
    DataNotFoundError
        There is no such experiment.
    """
    value = None if metric is None else require_primary_metric(metric, "metric")
    with connection_context.database.write() as connection:
        if not runs.set_primary_metric(connection, experiment_id, value):
            raise DataNotFoundError(
                f"experiment_id: there is no experiment {experiment_id!r}; it exists once a run of it is recorded."
            )
