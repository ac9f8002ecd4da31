"""Predicted classes: the rows of a prediction, and the report on many."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.confidence.interval import Interval, Withheld
from hanalife.learning.evaluation import classification, curves, intervals
from hanalife.learning.evaluation.calibration import calibration_error
from hanalife.learning.evaluation.classification import Evaluation
from hanalife.learning.explanation.reason_codes import reasons
from hanalife.learning.results.tables import NOTES, Row, Table, interval_rows
from hanalife.observation import ColumnSpec

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from hanalife.learning.arguments.reading import ReadArguments
    from hanalife.learning.encoding import Encoding
    from hanalife.learning.evaluation.curves import Curve
    from hanalife.learning.fitted import Fitted

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

# NVARCHAR without a length: a class name is never cut.
STATISTICS = (("STAT_NAME", "NVARCHAR"), ("STAT_VALUE", "NVARCHAR"), ("CLASS_NAME", "NVARCHAR"))
CONFUSION = (("ACTUAL_CLASS", "NVARCHAR"), ("PREDICTED_CLASS", "NVARCHAR"), ("COUNT", "INT"))
CURVES = (("NAME", "NVARCHAR"), ("X", "DOUBLE"), ("Y", "DOUBLE"))


def columns(key: ColumnSpec) -> tuple[tuple[str, str], ...]:
    """Return the columns of a prediction."""
    return ((key.name, key.type), ("SCORE", "NVARCHAR"), ("CONFIDENCE", "DOUBLE"), ("REASON_CODE", "NCLOB"))


def predictions(
    fitted: Fitted, rows: pd.DataFrame, features: Array, probabilities: Array, arguments: ReadArguments
) -> pd.DataFrame:
    """Return key, class as text, its probability and the reasons: one row each, or one for each class."""
    import pandas as pd

    if arguments.every_class is None:
        codes = classification.predict(probabilities)[:, None]
    else:
        top = arguments.every_class or probabilities.shape[1]
        codes = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    return pd.DataFrame(
        {
            arguments.key.name: rows[arguments.key.name].repeat(codes.shape[1]).reset_index(drop=True),
            "SCORE": np.array(fitted.encoding.class_names, dtype=object)[codes.ravel()],
            "CONFIDENCE": np.take_along_axis(probabilities, codes, axis=1).ravel(),
            "REASON_CODE": reasons(fitted, features, arguments, _explained(fitted, codes, arguments)),
        }
    )


def _explained(fitted: Fitted, codes: Array, arguments: ReadArguments) -> Array:
    """Return whose reasons are told: the positive class's; of many classes, and none named, those of the row's."""
    of_row = arguments.positive is None and (
        len(fitted.encoding.classes) > 2 or arguments.every_class is not None or not arguments.positive_only
    )
    return codes if of_row else np.full_like(codes, positive_code(fitted.encoding, arguments.positive))


def positive_code(encoding: Encoding, positive: str | None) -> int:
    """Return the code of the positive class: the one named, else the largest."""
    return len(encoding.classes) - 1 if positive is None else encoding.class_names.index(positive)


def report(
    actual: Array,
    probabilities: Array,
    encoding: Encoding,
    extra: Mapping[str, float | str],
    *,
    positive: str | None = None,
    ntiles: int | None = None,
) -> ClassReport:
    """Judge predictions; ``positive`` defaults to the larger class, ``ntiles`` goes by the number of rows."""
    code = positive_code(encoding, positive)
    tiles = ntiles or curves.default_ntiles(len(actual))
    drawn = curves.curves(*classification.one_vs_rest(actual, probabilities, code), tiles)
    judged = classification.evaluate(actual, probabilities, code)
    sure = intervals.of_classes(actual, probabilities, code)
    error = calibration_error(actual, probabilities)
    found = ClassReport(judged, error, drawn, sure, encoding.class_names, extra)
    if found.undefined():
        logger.info(
            "Not defined for these rows, hence left out: %s. They hold the classes %s.",
            ", ".join(found.undefined()),
            ", ".join(encoding.class_names[code] for code in np.unique(actual)),
        )
    return found


@dataclass(frozen=True, slots=True)
class ClassReport:
    """Predicted classes, judged."""

    evaluation: Evaluation
    calibration_error: float
    curves: Mapping[str, Curve]
    bounds: Mapping[tuple[str, int | None], Interval | Withheld]  #: by statistic and class code
    class_names: tuple[str, ...]
    extra: Mapping[str, float | str]  #: of the search, and which rows these are

    @property
    def metrics(self) -> dict[str, float | str]:
        """All numbers that are defined, by a name that is unique."""
        found: dict[str, float | str] = {
            name if of is None else f"{name}_{of}": value for name, value, of in self._numbers()
        }
        return found | dict(self.extra)

    @property
    def intervals(self) -> dict[str, Interval]:
        """The interval of each number that has one, by the number's unique name."""
        return {self._unique(*key): found for key, found in intervals.bounds(self.bounds).items()}

    @property
    def interval_notes(self) -> dict[str, str]:
        """Why a number has no interval, by the number's unique name."""
        return {self._unique(*key): reason for key, reason in intervals.reasons(self.bounds).items()}

    def _unique(self, name: str, code: int | None) -> str:
        return name if code is None else f"{name}_{self.class_names[code]}"

    def _class(self, code: int | None) -> str | None:
        return None if code is None else self.class_names[code]

    @property
    def confusion(self) -> tuple[tuple[str, str, int], ...]:
        """``(actual, predicted, count)`` of every pair of classes, zeros too."""
        return tuple(
            (actual, predicted, int(self.evaluation.confusion[row, column]))
            for row, actual in enumerate(self.class_names)
            for column, predicted in enumerate(self.class_names)
        )

    def tables(self) -> dict[str, Table]:
        """Return the three result tables by the name of their attribute."""
        return {
            "statistics_": Table.of(STATISTICS, self._statistics()),
            "confusion_matrix_": Table.of(CONFUSION, self.confusion),
            "metrics_": _curve_points(self.curves),
        }

    def notes(self) -> Table:
        """Return STAT_NAME, CLASS_NAME and REASON of what has no interval."""
        reasons = intervals.reasons(self.bounds)
        return Table.of(NOTES, ((name, self._class(code), reason) for (name, code), reason in reasons.items()))

    def _statistics(self) -> Iterator[Row]:
        # Text that gives the number back exactly.
        yield from ((name, repr(value), of) for name, value, of in self._numbers())
        for (name, code), found in self.bounds.items():
            yield from ((*row, self._class(code)) for row in interval_rows(name, found))
        for name, value in self.extra.items():
            yield name, value if isinstance(value, str) else repr(value), None

    def _numbers(self) -> Iterator[tuple[str, float | int, str | None]]:
        for name, value, of in self._all_numbers():
            if value is not None:
                yield name, value, of

    def _all_numbers(self) -> Iterator[tuple[str, float | int | None, str | None]]:
        found = self.evaluation
        yield "AUC", found.auc, None
        for name, report in zip(self.class_names, found.classes, strict=True):
            yield "RECALL", report.recall, name
            yield "PRECISION", report.precision, name
            yield "F1_SCORE", report.f1_score, name
            yield "SUPPORT", report.support, name
        yield "ACCURACY", found.accuracy, None
        yield "KAPPA", found.kappa, None
        yield "MCC", found.mcc, None
        yield "CALIBRATION_ERROR", self.calibration_error, None

    def undefined(self) -> list[str]:
        """Return the names of what is not defined for these rows."""
        return [name if of is None else f"{name}_{of}" for name, value, of in self._all_numbers() if value is None]


def _curve_points(curves: Mapping[str, Curve]) -> Table:
    """Return all points, one curve after the other, the two of ROC in turns."""
    rows: list[Row] = []
    for name, points in curves.items():
        if name == "ROC_FPR":
            pairs = zip(points, curves["ROC_TPR"], strict=True)
            rows += [row for left, right in pairs for row in (("ROC_FPR", *left), ("ROC_TPR", *right))]
        elif name != "ROC_TPR":
            rows += [(name, *point) for point in points]
    return Table.of(CURVES, rows)
