"""What is said of one set of predictions, whatever their kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from hanalife.learning.results.tables import PARTITION, Table, is_of_folds
from hanalife.observation import MetricSource

if TYPE_CHECKING:
    from hanalife.confidence.interval import Interval
    from hanalife.learning.evaluation.curves import Curve


class Report(Protocol):
    """Predictions, judged."""

    @property
    def metrics(self) -> Mapping[str, float | str]:
        """All numbers that are defined, by a name that is unique."""
        ...

    @property
    def intervals(self) -> Mapping[str, Interval]:
        """The interval of each metric that has one, by its name in ``metrics``; level 95 %."""
        ...

    @property
    def extra(self) -> Mapping[str, float | str]:
        """Those of the metrics that do not judge these predictions: of the search and of the training."""
        ...

    @property
    def interval_notes(self) -> Mapping[str, str]:
        """Why a metric has no interval, by its name in ``metrics``."""
        ...

    @property
    def confusion(self) -> tuple[tuple[str, str, int], ...]:
        """``(actual, predicted, count)`` of every pair of classes; empty where there are none."""
        ...

    @property
    def curves(self) -> Mapping[str, Curve]:
        """Points by the curve's name; empty where there are none."""
        ...

    def tables(self) -> dict[str, Table]:
        """Return the result tables by the name of their attribute."""
        ...

    def notes(self) -> Table:
        """Return STAT_NAME, CLASS_NAME and REASON of what has no interval."""
        ...


def other_sources(report: Report) -> dict[str, MetricSource]:
    """Return the sources of the metrics of a fit that do not judge its predictions."""
    return {
        name: MetricSource.CV if is_of_folds(name) else MetricSource.TRAIN for name in report.extra if name != PARTITION
    }
