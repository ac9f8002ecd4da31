"""Results as small tables, and tables as frames of the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from hanalife.clock import new_id
from hanalife.learning.cross_validation import Judgement
from hanalife.learning.evaluation import Evaluation
from hanalife.observation import ColumnSpec

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.learning.curves import Curve

# NVARCHAR without a length: a class name or a list over many folds is never cut.
STATISTICS = (("STAT_NAME", "NVARCHAR"), ("STAT_VALUE", "NVARCHAR"), ("CLASS_NAME", "NVARCHAR"))
CONFUSION = (("ACTUAL_CLASS", "NVARCHAR"), ("PREDICTED_CLASS", "NVARCHAR"), ("COUNT", "INT"))
CURVES = (("NAME", "NVARCHAR"), ("X", "DOUBLE"), ("Y", "DOUBLE"))
IMPORTANCE = (("VARIABLE_NAME", "NVARCHAR"), ("IMPORTANCE", "DOUBLE"))
OPTIMAL = (("PARAM_NAME", "NVARCHAR"), ("INT_VALUE", "INT"), ("DOUBLE_VALUE", "DOUBLE"), ("STRING_VALUE", "NVARCHAR"))
MODEL = (("ROW_INDEX", "INT"), ("PART_INDEX", "INT"), ("MODEL_CONTENT", "NCLOB"))
SEARCH = (
    ("CANDIDATE", "INT"),
    ("PARAMETERS", "NCLOB"),
    ("METRIC", "NVARCHAR"),
    ("FOLD", "INT"),
    ("SCORE", "DOUBLE"),
)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under typed columns, ``(name, HANA type)``."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> Self:
        """Make a table of any rows."""
        return cls(tuple(columns), tuple(rows))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"columns": [list(column) for column in self.columns], "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` wrote."""
        return cls(tuple((name, kind) for name, kind in found["columns"]), tuple(tuple(row) for row in found["rows"]))

    def to_frame(self, connection_context: ConnectionContext, kind: str) -> DataFrame:
        """Write the rows to a table that lives as long as the connection; return a frame over it."""
        import pandas as pd

        names = [name for name, _ in self.columns]
        data = pd.DataFrame(list(self.rows), columns=names, dtype="object")
        return connection_context.create_from_pandas(data, table_name(kind), dict(self.columns))


def table_name(kind: str) -> str:
    """Return a new name of a table that lives as long as the connection; PostgreSQL takes 63 characters."""
    return f"#PAL_{kind}_{new_id()}"


@dataclass(frozen=True, slots=True)
class Report:
    """Predictions, judged."""

    evaluation: Evaluation
    curves: Mapping[str, Curve]
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

    def _statistics(self) -> Iterator[Row]:
        # Text that gives the number back exactly.
        yield from ((name, repr(value), of) for name, value, of in self._numbers())
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

    def undefined(self) -> list[str]:
        """Return the names of what is not defined for these rows."""
        return [name if of is None else f"{name}_{of}" for name, value, of in self._all_numbers() if value is None]


def of_judgement(judgement: Judgement) -> dict[str, float | str]:
    """Return the best candidate's ``TEST_<METRIC>`` (one value a fold), mean and sample variance.

    ``timeout`` is there, and TRUE, if not all candidates were tried.
    """
    found: dict[str, float | str] = {"timeout": "TRUE"} if judgement.timed_out else {}
    for metric, scores in judgement.best.scores.items():
        name = f"TEST_{spelt(metric)}"
        found[name] = ", ".join("" if score is None else repr(score) for score in scores)
        mean, variance = judgement.best.mean(metric), judgement.best.variance(metric)
        if mean is not None:
            found[f"{name}.MEAN"] = mean
        if variance is not None:
            found[f"{name}.VAR"] = variance
    return found


def spelt(metric: str) -> str:
    """Return a metric's name in upper case, but a class in it as it is.

    >>> spelt("recall_Yes"), spelt("error_rate")
    ('RECALL_Yes', 'ERROR_RATE')
    """
    for kind in ("recall_", "precision_", "f1_score_"):
        if metric.startswith(kind):
            return kind.upper() + metric.removeprefix(kind)
    return metric.upper()


def search_results(judgement: Judgement | None) -> Table:
    """Return every candidate's score on every fold; candidates and folds count from 1."""
    rows = [
        (number, json.dumps(one.candidate), spelt(metric), fold, score)
        for number, one in enumerate(judgement.judged if judgement else (), 1)
        for metric, scores in one.scores.items()
        for fold, score in enumerate(scores, 1)
    ]
    return Table.of(SEARCH, rows)


def importance(by_name: Mapping[str, float]) -> Table:
    """Return features and their importance."""
    return Table.of(IMPORTANCE, by_name.items())


def optimal_parameters(chosen: Mapping[str, Any]) -> Table:
    """Return what a search chose, each value in the column of its type."""
    kinds = (int, float, str)
    return Table.of(
        OPTIMAL, [(name, *(value if type(value) is kind else None for kind in kinds)) for name, value in chosen.items()]
    )


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


def model_content(texts: Sequence[str]) -> Table:
    """Return a model's texts: the header under PART_INDEX -1, then the trees."""
    return Table.of(MODEL, [(row, row - 1, text) for row, text in enumerate(texts)])


def predictions_columns(key: ColumnSpec) -> tuple[tuple[str, str], ...]:
    """Return the columns of a prediction."""
    return ((key.name, key.type), ("SCORE", "NVARCHAR"), ("CONFIDENCE", "DOUBLE"), ("REASON_CODE", "NCLOB"))


def partition(keys: Sequence[Any], key_type: str, training: Iterable[bool]) -> Table:
    """Return the part of each row: 1 training, 2 validation."""
    marks = ((one, 1 if trains else 2) for one, trains in zip(keys, training, strict=True))
    return Table.of((("ID", key_type), ("TYPE", "INT")), marks)
