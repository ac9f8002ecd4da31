"""The controls of experiments: what their runs are ranked by."""

from __future__ import annotations

from collections.abc import Mapping

from hanalife.controls.control import Control
from hanalife.dataframe.context import ConnectionContext
from hanalife.tracking import primary_metric


def set_primary_metric(context: ConnectionContext, args: Mapping[str, str]) -> None:
    """Set what the runs of an experiment are ranked by; an empty text ends the choice."""
    primary_metric.set_primary_metric(context, args["experiment_id"], args["metric"] or None)


CONTROLS: Mapping[str, Control] = {
    "experiment.set_primary_metric": Control(set_primary_metric, ("experiment_id", "metric")),
}
