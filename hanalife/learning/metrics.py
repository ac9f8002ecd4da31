"""Metrics of predictions that are columns of a frame, under the names of ``hana_ml.algorithms.pal.metrics``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.arguments.columns import check_column, check_frame
from hanalife.learning.evaluation import classification, curves, regression
from hanalife.learning.results.tables import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hanalife.dataframe.frame import DataFrame

    Array = NDArray[Any]

_ROC = (("ID", "INT"), ("FPR", "DOUBLE"), ("TPR", "DOUBLE"))
_REPORT = (
    ("CLASS", "NVARCHAR"),
    ("RECALL", "DOUBLE"),
    ("PRECISION", "DOUBLE"),
    ("F_MEASURE", "DOUBLE"),
    ("SUPPORT", "INT"),
)


def confusion_matrix(
    data: DataFrame,
    key: str,
    label_true: str | None = None,
    label_pred: str | None = None,
    beta: float | None = None,
    native: bool = False,
) -> tuple[DataFrame, DataFrame]:
    """Count pairs of actual and predicted class, and judge each class.

    Parameters
    ----------
    data : DataFrame
        Rows with both classes.
    key : str
        Column that identifies a row.
    label_true, label_pred : str, optional
        Columns of the actual and the predicted class; default the first and the second beside the key.
    beta : float, default 1
        Weight of recall in ``F_MEASURE = (1 + beta^2) P R / (beta^2 P + R)`` (van Rijsbergen 1979).
    native : bool
        Without effect.

    Returns
    -------
    (DataFrame, DataFrame)
        Both label columns under their own names and ``COUNT``, zeros too; ``CLASS, RECALL,
        PRECISION, F_MEASURE, SUPPORT``, NULL where one is not defined.
    """
    del native
    actual, predicted = _two_columns(data, label_true, label_pred, key)
    found = data.select(actual, predicted).collect().dropna().astype(str)
    names = sorted(set(found[actual]) | set(found[predicted]))
    codes = {name: code for code, name in enumerate(names)}
    pairs = [found[column].map(codes).to_numpy(dtype=np.intp) for column in (actual, predicted)]
    counts = classification.confusion_matrix(pairs[0], pairs[1], len(names))
    matrix = [(one, other, int(counts[i, j])) for i, one in enumerate(names) for j, other in enumerate(names)]
    columns = ((actual, "NVARCHAR"), (predicted, "NVARCHAR"), ("COUNT", "INT"))
    rows = [(name, *_judged(counts, code, 1.0 if beta is None else beta)) for code, name in enumerate(names)]
    context = data.connection_context
    return Table.of(columns, matrix).to_frame(context, "CONFUSION"), Table.of(_REPORT, rows).to_frame(context, "REPORT")


def _judged(counts: Array, code: int, beta: float) -> tuple[float | None, float | None, float | None, int]:
    report = classification.class_report(counts, code)
    recall, precision = report.recall, report.precision
    if recall is None or precision is None:
        return recall, precision, None, report.support
    below = beta**2 * precision + recall
    return recall, precision, (1 + beta**2) * precision * recall / below if below else 0.0, report.support


def auc(
    data: DataFrame, positive_label: str | int | None = None, output_threshold: bool | None = None
) -> tuple[float, DataFrame]:
    """Return the area under the ROC curve, and the curve.

    Parameters
    ----------
    data : DataFrame
        Three columns in this order: key, actual class of two, probability of the positive one.
    positive_label : str or int, optional
        Default: the larger class.
    output_threshold : bool
        Without effect: the curve has a point wherever it turns.

    Returns
    -------
    (float, DataFrame)
        The area and ``ID, FPR, TPR``.

    Raises
    ------
    InvalidArgumentError
        There are not two classes.
    """
    del output_threshold
    names = check_frame(data).columns
    if len(names) != 3:
        raise InvalidArgumentError(f"data: expected key, class and probability, got {len(names)} columns; select them.")
    found = data.select(names[1], names[2]).collect().dropna()
    classes = sorted(found[names[1]].unique(), key=str)
    if len(classes) != 2:
        raise InvalidArgumentError(f"data: column {names[1]!r} holds {len(classes)} classes; the AUC needs two.")
    positive = str(classes[1]) if positive_label is None else str(positive_label)
    if positive not in map(str, classes):
        raise InvalidArgumentError(
            f"positive_label: {positive!r} is no class; there are {classes[0]} and {classes[1]}."
        )
    is_positive = (found[names[1]].map(str) == positive).to_numpy()
    return _area(data, is_positive, found[names[2]].to_numpy(dtype=np.float64))


def multiclass_auc(data_original: DataFrame, data_predict: DataFrame) -> tuple[float, DataFrame]:
    """Return the micro-average of the areas of one class versus the rest, and its curve.

    Parameters
    ----------
    data_original : DataFrame
        Key and actual class, in this order.
    data_predict : DataFrame
        Key, class and its probability, in this order: a row for each class of each key.
    """
    key, actual = check_frame(data_original).columns[:2]
    other_key, named, chance = check_frame(data_predict).columns[:3]
    truth = data_original.select(key, actual).collect().set_index(key)[actual].map(str)
    found = data_predict.select(other_key, named, chance).collect()
    is_positive = (found[other_key].map(truth) == found[named].map(str)).to_numpy()
    return _area(data_original, is_positive, found[chance].to_numpy(dtype=np.float64))


def accuracy_score(data: DataFrame, label_true: str, label_pred: str) -> float:
    """Return the share of rows in which both columns are the same."""
    actual, predicted = _two_columns(data, label_true, label_pred)
    found = data.select(actual, predicted).collect().dropna()
    return float((found[actual].map(str) == found[predicted].map(str)).mean())


def r2_score(data: DataFrame, label_true: str, label_pred: str) -> float | None:
    """Return the coefficient of determination; None if all actual numbers are the same."""
    return regression.r2(*_numbers(data, label_true, label_pred))


def rmse(data: DataFrame, label_true: str, label_pred: str) -> float:
    """Return the root mean squared error."""
    return regression.rmse(*_numbers(data, label_true, label_pred))


def mae(data: DataFrame, label_true: str, label_pred: str) -> float:
    """Return the mean absolute error."""
    return regression.mae(*_numbers(data, label_true, label_pred))


def _area(data: DataFrame, is_positive: Array, score: Array) -> tuple[float, DataFrame]:
    area = classification.auc(is_positive, score)
    if area is None:
        raise InvalidArgumentError("data: all rows are of one class; the AUC needs both.")
    drawn = curves.curves(is_positive, score, 1)
    points = zip(drawn["ROC_FPR"], drawn["ROC_TPR"], strict=True)
    rows = [(number, false[1], true[1]) for number, (false, true) in enumerate(points)]
    return area, Table.of(_ROC, rows).to_frame(data.connection_context, "ROC")


def _two_columns(data: Any, label_true: str | None, label_pred: str | None, key: str | None = None) -> tuple[str, str]:
    frame = check_frame(data)
    others = [name for name in frame.columns if name != key]
    if (label_true is None or label_pred is None) and len(others) < 2:
        raise InvalidArgumentError("label_true, label_pred: name the columns of the actual and the predicted class.")
    names = (label_true or others[0], label_pred or others[1])
    for name, argument in zip(names, ("label_true", "label_pred"), strict=True):
        check_column(frame, name, argument)
    return names


def _numbers(data: DataFrame, label_true: str, label_pred: str) -> tuple[Array, Array]:
    actual, predicted = _two_columns(data, label_true, label_pred)
    found = data.select(actual, predicted).collect().dropna()
    if found.empty:
        raise InvalidArgumentError("data: no row has both numbers; check the filter.")
    return found[actual].to_numpy(dtype=np.float64), found[predicted].to_numpy(dtype=np.float64)
