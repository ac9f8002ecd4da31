"""The metrics that a search goes by, by their name. Pure.

Of classes: ``error_rate``, ``nll``, ``rmse``, ``mae`` (small is good), ``auc``, ``accuracy``, ``kappa``,
``mcc`` and
``recall_<class>``, ``precision_<class>``, ``f1_score_<class>``. Of numbers: ``rmse``, ``mae``, ``mape``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hanalife.errors import InvalidArgumentError
from hanalife.learning.evaluation import classification, regression

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Takes actual targets and an engine's outputs.
Metric = Callable[["Array", "Array"], float | None]

_OF_CLASSES: dict[str, Metric] = {
    "error_rate": classification.error_rate,
    "nll": classification.nll,
    "rmse": classification.rmse,
    "mae": classification.mae,
}
_OF_NUMBERS: dict[str, Metric] = {"rmse": regression.rmse, "mae": regression.mae, "mape": regression.mape}
_OF_CONFUSION = {"kappa": classification.kappa, "mcc": classification.mcc}
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
    known = [*_OF_CLASSES, "auc", "accuracy", *_OF_CONFUSION] if classifies else [*_OF_NUMBERS]
    if lowered in known:
        return lowered
    for kind in _PER_CLASS if classifies else ():
        if lowered.replace("f1-score_", "f1_score_").startswith(f"{kind}_") and len(name) > len(kind) + 1:
            return kind + name[len(kind) :]
    options = ", ".join([*known, *(f"{kind}_<class>" for kind in _PER_CLASS if classifies)])
    raise InvalidArgumentError(f"{argument}: {name!r} is not a metric; use one of {options}.")


def lower_is_better(name: str) -> bool:
    """Say whether a search prefers small values of a metric."""
    return name in _OF_CLASSES or name in _OF_NUMBERS


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
    if name == "auc":
        last = len(class_names) - 1
        return lambda actual, found: classification.auc(*classification.one_vs_rest(actual, found, last))
    if name == "accuracy":
        return lambda actual, found: 1 - classification.error_rate(actual, found)
    if name in _OF_CONFUSION:
        return lambda actual, found: _OF_CONFUSION[name](_confusion(actual, found))
    kind = next(kind for kind in _PER_CLASS if name.startswith(f"{kind}_"))
    wanted = name[len(kind) + 1 :]
    if wanted not in class_names:
        raise InvalidArgumentError(f"{name}: {wanted!r} is not a class; the classes are: {', '.join(class_names)}.")
    return _of_class(kind, list(class_names).index(wanted))


def _confusion(actual: Array, found: Array) -> Array:
    return classification.confusion_matrix(actual, classification.predict(found), found.shape[1])


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

    >>> spelt("recall_Yes"), spelt("error_rate")
    ('RECALL_Yes', 'ERROR_RATE')
    """
    for kind in _PER_CLASS:
        if name.startswith(f"{kind}_"):
            return kind.upper() + name.removeprefix(kind)
    return name.upper()
