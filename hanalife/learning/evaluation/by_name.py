"""The metrics that a search goes by, by their name. Pure.

Of classes: ``error_rate``, ``nll``, ``rmse``, ``mae`` (small is good), ``accuracy``, ``kappa``,
``mcc``, ``auc``, ``auc_1vsrest``, ``auc_pairwise``, ``f1_score`` and ``recall_<class>``,
``precision_<class>``, ``f1_score_<class>``. Of numbers: ``rmse``, ``mae``, ``mape``, ``error_rate`` (small is
good), ``r2``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.evaluation import classification, regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Takes actual targets and an engine's outputs.
Metric = Callable[["Array", "Array"], float | None]


def auc(actual: Array, probabilities: Array) -> float | None:
    """Return the area under the ROC curve; with more than two classes, of all pairs of row and class."""
    last = probabilities.shape[1] - 1
    return classification.auc(*classification.one_vs_rest(actual, probabilities, last))


def auc_1vsrest(actual: Array, probabilities: Array) -> float | None:
    """Return the mean over classes of the area that tells each from all others; None if a class has no row."""
    classes = range(probabilities.shape[1])
    return _mean([classification.auc(actual == code, probabilities[:, code]) for code in classes])


def auc_pairwise(actual: Array, probabilities: Array) -> float | None:
    """Return the mean over pairs of classes of the area that tells one from the other.

    ``M`` of Hand & Till 2001 (Machine Learning 45): each pair counts twice, ranked by the
    probability of either class. None if a class has no row.
    """
    found = []
    for one, other in itertools.permutations(range(probabilities.shape[1]), 2):
        rows = np.isin(actual, (one, other))
        found.append(classification.auc(actual[rows] == one, probabilities[rows, one]))
    return _mean(found)


def f1_score(actual: Array, probabilities: Array) -> float:
    """Return F1 of the second of two classes, or the mean of F1 over more.

    A class that neither occurs nor is predicted counts 0, as in scikit-learn.
    """
    confusion = _confusion(actual, probabilities)
    codes = [1] if len(confusion) == 2 else range(len(confusion))
    return float(np.mean([classification.class_report(confusion, code).f1_score or 0.0 for code in codes]))


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if len(defined) == len(values) else None


def _confusion(actual: Array, probabilities: Array) -> Array:
    return classification.confusion_matrix(actual, classification.predict(probabilities), probabilities.shape[1])


#: Small is good.
_LOSSES: dict[str, Metric] = {
    "error_rate": classification.error_rate,
    "nll": classification.nll,
    "rmse": classification.rmse,
    "mae": classification.mae,
}
_OF_CLASSES: dict[str, Metric] = _LOSSES | {
    "accuracy": lambda actual, found: 1 - classification.error_rate(actual, found),
    "kappa": lambda actual, found: classification.kappa(_confusion(actual, found)),
    "mcc": lambda actual, found: classification.mcc(_confusion(actual, found)),
    "auc": auc,
    "auc_1vsrest": auc_1vsrest,
    "auc_pairwise": auc_pairwise,
    "f1_score": f1_score,
}
_OF_NUMBERS: dict[str, Metric] = {
    "rmse": regression.rmse,
    "mae": regression.mae,
    "mape": regression.mape,
    "error_rate": regression.error_rate,
    "r2": regression.r2,
}
_LOWER_IS_BETTER = frozenset({*_LOSSES, "mape"})
_PER_CLASS = ("recall", "precision", "f1_score")


def default_metric(*, classifies: bool) -> str:
    """Return what a search goes by if it is not told."""
    return "error_rate" if classifies else "rmse"


def check_metric(name: str, argument: str, *, classifies: bool) -> str:
    """Return the name of a metric as it is used below.

    >>> check_metric("F1-SCORE_Yes", "evaluation_metric", classifies=True)
    'f1_score_Yes'

    Raises
    ------
    InvalidArgumentError
        There is no such metric for this kind of target.
    """
    lowered = name.lower()
    known = [*_OF_CLASSES] if classifies else [*_OF_NUMBERS]
    if lowered.replace("f1-score", "f1_score") in known:
        return lowered.replace("f1-score", "f1_score")
    for kind in _PER_CLASS if classifies else ():
        if lowered.replace("f1-score_", "f1_score_").startswith(f"{kind}_") and len(name) > len(kind) + 1:
            return kind + name[len(kind) :]
    options = ", ".join([*known, *(f"{kind}_<class>" for kind in _PER_CLASS if classifies)])
    raise InvalidArgumentError(f"{argument}: {name!r} is not a metric; use one of {options}.")


def lower_is_better(name: str) -> bool:
    """Say whether a search prefers small values of a metric."""
    return name in _LOWER_IS_BETTER


def metric(name: str, class_names: Sequence[str]) -> Metric:
    """Return the function ``(actual, outputs) -> value`` of a metric; without classes, one of numbers.

    Raises
    ------
    InvalidArgumentError
        It refers to a class that does not occur.
    """
    if not class_names:
        return _OF_NUMBERS[name]
    if name in _OF_CLASSES:
        return _OF_CLASSES[name]
    kind = next(kind for kind in _PER_CLASS if name.startswith(f"{kind}_"))
    wanted = name[len(kind) + 1 :]
    if wanted not in class_names:
        raise InvalidArgumentError(f"{name}: {wanted!r} is not a class; the classes are: {', '.join(class_names)}.")
    return _of_class(kind, list(class_names).index(wanted))


def _of_class(kind: str, code: int) -> Metric:
    def value(actual: Array, found: Array) -> float | None:
        report = classification.class_report(_confusion(actual, found), code)
        if kind == "precision" and report.precision is None:
            return 0.0  # else never to predict a class would be the best way to be precise
        of_kind: float | None = getattr(report, kind)
        return of_kind

    return value


def spelt(name: str) -> str:
    """Return a metric's name in upper case, but a class in it as it is.

    >>> spelt("recall_Yes"), spelt("error_rate"), spelt("f1_score")
    ('RECALL_Yes', 'ERROR_RATE', 'F1_SCORE')
    """
    for kind in _PER_CLASS:
        if name.startswith(f"{kind}_"):
            return kind.upper() + name.removeprefix(kind)
    return name.upper()
