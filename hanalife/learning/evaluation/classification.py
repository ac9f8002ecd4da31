"""How good predicted classes are. Pure: class codes and probabilities in, numbers out.

Throughout, ``actual`` and ``predicted`` are class codes ``0 .. n_classes - 1`` of shape
``(n_rows,)``, ``probabilities`` has shape ``(n_rows, n_classes)`` and a confusion matrix counts
``[actual, predicted]``. A number that is not defined for the rows at hand is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class ClassReport:
    """How well one class is found."""

    recall: float | None  #: TP / (TP + FN)
    precision: float | None  #: TP / (TP + FP)
    f1_score: float | None  #: 2 TP / (2 TP + FP + FN)
    support: int  #: TP + FN


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is said of one set of predictions."""

    confusion: Array
    classes: tuple[ClassReport, ...]
    accuracy: float
    auc: float | None
    kappa: float | None
    mcc: float | None


def evaluate(actual: Array, probabilities: Array, positive: int) -> Evaluation:
    """Evaluate predictions; ``positive`` is the class that the AUC of two classes refers to."""
    confusion = confusion_matrix(actual, predict(probabilities), probabilities.shape[1])
    return Evaluation(
        confusion=confusion,
        classes=tuple(class_report(confusion, code) for code in range(len(confusion))),
        accuracy=accuracy(confusion),
        auc=auc(*one_vs_rest(actual, probabilities, positive)),
        kappa=kappa(confusion),
        mcc=mcc(confusion),
    )


def predict(probabilities: Array) -> Array:
    """Return the most probable class of each row, the first of equals."""
    return np.asarray(np.argmax(probabilities, axis=1))


def confusion_matrix(actual: Array, predicted: Array, n_classes: int) -> Array:
    """Return counts of shape ``(n_classes, n_classes)``, ``[actual, predicted]``."""
    return np.bincount(actual * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def class_report(confusion: Array, code: int) -> ClassReport:
    """Return how well one class is found."""
    hits = int(confusion[code, code])
    support, guesses = int(confusion[code].sum()), int(confusion[:, code].sum())
    return ClassReport(_ratio(hits, support), _ratio(hits, guesses), _ratio(2 * hits, support + guesses), support)


def accuracy(confusion: Array) -> float:
    """Return the share of right predictions."""
    return float(np.trace(confusion) / confusion.sum())


def kappa(confusion: Array) -> float | None:
    """Return Cohen's kappa, ``(p_o - p_e) / (1 - p_e)`` (Cohen 1960, Educ. Psychol. Meas. 20).

    None if agreement by chance is certain, ``p_e = 1``: one class only, always predicted.
    """
    total = int(confusion.sum())
    agreed = int(np.trace(confusion)) * total
    by_chance = _dot(confusion.sum(axis=1), confusion.sum(axis=0))
    return _ratio(agreed - by_chance, total**2 - by_chance)


def mcc(confusion: Array) -> float | None:
    """Return Matthews' correlation coefficient of any number of classes.

    ``R_K`` of Gorodkin 2004 (Comput. Biol. Chem. 28). None if only one class occurs or only one
    is predicted.
    """
    actual, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    total = int(confusion.sum())
    covariance = int(np.trace(confusion)) * total - _dot(actual, predicted)
    spread = (total**2 - _dot(actual, actual)) * (total**2 - _dot(predicted, predicted))
    return covariance / math.sqrt(spread) if spread else None


def one_vs_rest(actual: Array, probabilities: Array, positive: int) -> tuple[Array, Array]:
    """Return ``(is_positive, score)`` of a binary question.

    With two classes: is the row of class ``positive``, and how probable was that, shape
    ``(n_rows,)``. With more: the same question for every pair of row and class, shape
    ``(n_rows * n_classes,)``, which is the micro-average of one class versus the rest.
    """
    n_classes = probabilities.shape[1]
    if n_classes == 2:
        return actual == positive, probabilities[:, positive]
    return (actual[:, None] == np.arange(n_classes)).ravel(), probabilities.ravel()


def auc(is_positive: Array, score: Array) -> float | None:
    """Return the area under the ROC curve, ties counted half; None if one side is empty.

    The probability that a positive scores above a negative: the Mann-Whitney statistic
    (Hanley, McNeil 1982, Radiology 143).
    """
    positives = int(is_positive.sum())
    negatives = len(is_positive) - positives
    if not positives or not negatives:
        return None
    _, level, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    twice_rank = 2 * ends - counts + 1  # twice the middle rank of a group of equals, counted from 1
    twice_sum = int(twice_rank[level[is_positive]].sum())
    return (twice_sum - positives * (positives + 1)) / (2 * positives * negatives)


def error_rate(actual: Array, probabilities: Array) -> float:
    """Return the share of wrong predictions."""
    return float(np.count_nonzero(predict(probabilities) != actual) / len(actual))


def nll(actual: Array, probabilities: Array) -> float:
    """Return the mean negative log-likelihood (log loss, natural logarithm).

    Probabilities of zero count as the smallest step of a double, as in scikit-learn.
    """
    return float(-np.log(np.maximum(_given_to_truth(actual, probabilities), np.finfo(np.float64).eps)).mean())


def mae(actual: Array, probabilities: Array) -> float:
    """Return the mean of ``1 - p(true class)``; with two classes, of ``|y - p|``."""
    return float((1 - _given_to_truth(actual, probabilities)).mean())


def rmse(actual: Array, probabilities: Array) -> float:
    """Return the root mean square of ``1 - p(true class)``; with two classes, of ``y - p``."""
    return float(np.sqrt(((1 - _given_to_truth(actual, probabilities)) ** 2).mean()))


def _given_to_truth(actual: Array, probabilities: Array) -> Array:
    return probabilities[np.arange(len(actual)), actual]


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def _dot(left: Array, right: Array) -> int:
    return sum(int(one) * int(other) for one, other in zip(left, right, strict=True))  # exact, whatever the size
