"""What decides when boosting stops: a metric of XGBoost's, or one of ours where it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.evaluation import by_name
from hanalife.learning.evaluation.by_name import Metric
from hanalife.learning.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

# SAP HANA's word and XGBoost's, for two classes, many, and numbers.
_WORDS = {
    "error_rate": ("error", "merror", None),
    "nll": ("logloss", "mlogloss", None),
    "auc": ("auc", "auc", None),
    "rmse": ("rmse", None, "rmse"),
    "mae": ("mae", None, "mae"),
}


@dataclass(frozen=True, slots=True)
class Stopping:
    """When to stop, in XGBoost's words."""

    settings: dict[str, Any]  #: beside those of the training
    metric: Callable[[Array, Any], tuple[str, float]] | None = None  #: of ours
    maximize: bool | None = None  #: None: XGBoost knows


def stopping(asked: str | None, problem: Problem) -> Stopping:
    """Return how a metric decides; None: the objective's own does.

    Raises
    ------
    InvalidArgumentError
        It refers to a class that does not occur.
    """
    if asked is None:
        return Stopping({})
    place = 2 if not problem.classifies else 0 if problem.n_classes == 2 else 1
    word = _WORDS[asked][place] if asked in _WORDS else None
    if word is not None:
        return Stopping({"eval_metric": word})
    try:
        judge = by_name.metric(asked, problem.class_names)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"validation_set_metric: {error}") from error
    only_ours = {"disable_default_eval_metric": True}
    return Stopping(only_ours, _told_to_xgboost(asked, judge), not by_name.lower_is_better(asked))


def _told_to_xgboost(name: str, judge: Metric) -> Callable[[Array, Any], tuple[str, float]]:
    def evaluate(predicted: Array, rows: Any) -> tuple[str, float]:
        value = judge(rows.get_label().astype(np.intp), class_probabilities(predicted.astype(np.float64)))
        if value is None:
            raise InvalidArgumentError(
                f"validation_set_metric: {name!r} is not defined for the rows that decide, which hold no such class; "
                "set stratified_validation_set=True, or raise validation_set_rate."
            )
        return name, value

    return evaluate


def class_probabilities(found: Array) -> Array:
    """Return one column a class; of two classes, XGBoost tells the second only."""
    return found if found.ndim == 2 else np.column_stack([1 - found, found])
