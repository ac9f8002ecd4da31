"""Predicted numbers: the rows of a prediction, and the report on many."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.confidence import interval as confidence
from hanalife.confidence.interval import Withheld
from hanalife.learning.engines.engine import Interval
from hanalife.learning.evaluation import intervals, regression
from hanalife.learning.explanation.reason_codes import reasons
from hanalife.learning.results.tables import NOTES, Table, interval_rows
from hanalife.observation import ColumnSpec

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.learning.arguments.reading import ReadArguments
    from hanalife.learning.evaluation.curves import Curve
    from hanalife.learning.fitted import Fitted

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

STATISTICS = (("STAT_NAME", "NVARCHAR"), ("STAT_VALUE", "NVARCHAR"))


def columns(key: ColumnSpec) -> tuple[tuple[str, str], ...]:
    """Return the columns of a prediction."""
    bounds = (("UPPER_BOUND", "DOUBLE"), ("LOWER_BOUND", "DOUBLE"))
    return ((key.name, key.type), ("SCORE", "DOUBLE"), *bounds, ("REASON", "NCLOB"))


def predictions(
    fitted: Fitted, rows: pd.DataFrame, features: Array, numbers: Array, arguments: ReadArguments
) -> pd.DataFrame:
    """Return key, number, its bounds and the reasons, one row each."""
    import pandas as pd

    lower, upper = _bounds(fitted, features, arguments)
    return pd.DataFrame(
        {
            arguments.key.name: rows[arguments.key.name],
            "SCORE": _links(fitted, features) if _of_link(arguments) else numbers,
            "UPPER_BOUND": upper,
            "LOWER_BOUND": lower,
            "REASON": reasons(fitted, features, arguments, None),
        }
    )


def _of_link(arguments: ReadArguments) -> bool:
    return arguments.own.get("prediction_type") == "link"


def _links(fitted: Fitted, features: Array) -> Array:
    found = fitted.engine.margins(fitted.estimator, features)
    assert found is not None, "only an algorithm with a link takes prediction_type"
    return found


def _bounds(fitted: Fitted, features: Array, arguments: ReadArguments) -> tuple[Array, Array]:
    """Return lower and upper bounds as ``interval_type`` and ``significance_level`` want them; NaN: none."""
    own, unknown = arguments.own, np.full(len(features), np.nan)
    kind = own.get("interval_type", "confidence" if "significance_level" in own else "no")
    if kind == "no" or not len(features):
        return unknown, unknown
    level = own.get("significance_level", fitted.parameters.get("significance_level", 0.05))
    interval = Interval(kind, level, _of_link(arguments), own.get("ignore_correlation", False))
    return fitted.engine.bounds(fitted.estimator, features, interval) or (unknown, unknown)


def report(actual: Array, predicted: Array, extra: Mapping[str, float | str], *, prefix: str = "") -> NumberReport:
    """Judge predictions; ``prefix`` stands before each name in ``statistics_``."""
    found = NumberReport(regression.evaluate(actual, predicted), intervals.of_numbers(actual, predicted), extra, prefix)
    undefined = [name for name, value in found.evaluation.items() if value is None]
    if undefined:
        logger.info("Not defined for these rows, hence left out: %s.", ", ".join(undefined))
    return found


@dataclass(frozen=True, slots=True)
class NumberReport:
    """Predicted numbers, judged."""

    evaluation: Mapping[str, float | None]
    bounds: Mapping[str, confidence.Interval | Withheld]  #: by statistic
    extra: Mapping[str, float | str]  #: of the search, and which rows these are
    prefix: str  #: before each name in ``statistics_``

    @property
    def metrics(self) -> dict[str, float | str]:
        """All numbers that are defined, by name."""
        return {name: value for name, value in self.evaluation.items() if value is not None} | dict(self.extra)

    @property
    def intervals(self) -> Mapping[str, confidence.Interval]:
        """The interval of each number that has one, by the number's name."""
        return intervals.bounds(self.bounds)

    @property
    def interval_notes(self) -> Mapping[str, str]:
        """Why a number has no interval, by the number's name."""
        return intervals.reasons(self.bounds)

    @property
    def confusion(self) -> tuple[tuple[str, str, int], ...]:
        """None: there are no classes."""
        return ()

    @property
    def curves(self) -> Mapping[str, Curve]:
        """None: there is no ranking."""
        return {}

    def tables(self) -> dict[str, Table]:
        """Return the table of numbers, as text that gives each back exactly."""
        judged = [(f"{self.prefix}{name}", repr(value)) for name, value in self.evaluation.items() if value is not None]
        judged += [row for name, found in self.bounds.items() for row in interval_rows(f"{self.prefix}{name}", found)]
        extra = [(name, value if isinstance(value, str) else repr(value)) for name, value in self.extra.items()]
        return {"statistics_": Table.of(STATISTICS, [*judged, *extra])}

    def notes(self) -> Table:
        """Return STAT_NAME, CLASS_NAME (none) and REASON of what has no interval."""
        return Table.of(NOTES, ((f"{self.prefix}{name}", None, reason) for name, reason in self.interval_notes.items()))
