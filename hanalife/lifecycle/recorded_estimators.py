"""Estimators that ``hanalife.autolog()`` recorded, made anew from their parameters.

Only classes of scikit-learn, XGBoost and LightGBM are made, and only from plain values: nothing
that the store holds is executed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import math
from collections.abc import Mapping
from typing import Any

from hanalife import evidence
from hanalife.errors import DataNotFoundError, InvalidArgumentError
from hanalife.tracking import estimators, events, training_data
from hanalife.tracking.recorder import shortened
from hanalife.tracking.run_facts import RunFacts
from hanalife.tracking.training_data import WEIGHTS_HASH

_LIBRARIES = ("xgboost", "lightgbm")


def find_class(facts: RunFacts) -> type | None:
    """Return the class of the estimator that a run has fitted, or None if that was none of the libraries'."""
    from sklearn.base import BaseEstimator
    from sklearn.utils import all_estimators

    name = facts.run.procedure
    for library in _LIBRARIES:
        try:
            found = getattr(importlib.import_module(library), name, None)
        except ImportError:
            continue  # then it cannot be fitted again either
        if inspect.isclass(found) and issubclass(found, BaseEstimator):
            return found
    return dict(all_estimators()).get(name)


def require_reproducible(facts: RunFacts) -> None:
    """Raise if a run does not hold all that its fit depended on.

    Raises
    ------
    InvalidArgumentError
        The estimator holds others, or it was judged by rows that are not recorded.
    """
    inner = sorted(name for name in facts.params if "__" in name)
    unknown = sorted(key.name for key in facts.metrics if not key.name.startswith("training_"))
    reason = ""
    if inner:
        reason = f"holds other estimators ({inner[0]}), which are not recorded as such"
    elif unknown:
        reason = f"was judged by other rows than those of the fit ({unknown[0]}), which are not recorded"
    elif not recorded_metrics(facts):
        reason = "has no metrics of all its rows, so there is nothing to compare; record with log_metrics=True"
    if reason:
        raise InvalidArgumentError(f"run_name: {facts.run.name!r} cannot be fitted again: it {reason}.")


def require_data(facts: RunFacts, data: Any) -> tuple[Any, Any, Any]:
    """Return features, labels and weights, which may be None, or raise what says that they are needed.

    Raises
    ------
    DataNotFoundError
        None were given, or the run has no hash to hold them against.
    InvalidArgumentError
        They are neither two nor three.
    """
    if not facts.dataset.get("CONTENT_HASH"):
        raise DataNotFoundError(
            f"Run {facts.run.name!r} has no hash of its data, so that no rows can be known as its own; "
            "record with log_dataset=True."
        )
    if data is None:
        raise DataNotFoundError(
            f"Run {facts.run.name!r}: autolog() keeps a hash of the rows, not the rows. Give them: data=(X, y)."
        )
    if not (isinstance(data, tuple) and len(data) in (2, 3)):
        raise InvalidArgumentError(
            "data: expected (X, y) or (X, y, sample_weight), as they were given to fit, "
            f"got {type(data).__name__}{f' of {len(data)}' if isinstance(data, tuple) else ''}."
        )
    rows, labels, weights = (*data, None)[:3]
    _require_weights(facts, weights)
    return rows, labels, weights


def _require_weights(facts: RunFacts, weights: Any) -> None:
    recorded = facts.dataset.get(WEIGHTS_HASH)
    if recorded == "":
        raise DataNotFoundError(
            f"Run {facts.run.name!r} has no hash of its sample_weight, so that no weights can be known as its own; "
            "fit with weights that are an array of numbers."
        )
    if recorded is not None and weights is None:
        raise DataNotFoundError(
            f"Run {facts.run.name!r} was fitted with sample_weight, of which autolog() keeps a hash. "
            "Give it: data=(X, y, sample_weight)."
        )


def content_hash(rows: Any, labels: Any) -> str:
    """Return the hash of features and labels as a run records it."""
    return training_data.read(rows, labels).content_hash


def changed_weights(facts: RunFacts, weights: Any) -> tuple[Any, Any] | None:
    """Return the hashes of the weights as recorded and now if they differ, or None; see :func:`knows_weights`."""
    recorded = facts.dataset.get(WEIGHTS_HASH)
    now = None if weights is None else training_data.content_hash(weights)
    return None if recorded == now or not knows_weights(facts) else (recorded, now)


def knows_weights(facts: RunFacts) -> bool:
    """Return whether a run says if its fit had weights; the first runs of autolog() did not."""
    return WEIGHTS_HASH in facts.dataset


def make(kind: type, params: Mapping[str, Any]) -> Any:
    """Return a new estimator with recorded parameters."""
    return kind(**{name: _value(value) for name, value in params.items()})


def parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator as a run records them."""
    return {shortened(name): events.parameter(value) for name, value in estimators.parameters(estimator).items()}


def fitted(estimator: Any, rows: Any, labels: Any, weights: Any) -> dict[str, float]:
    """Fit an estimator; return its metrics on all rows, and the ends of its curves."""
    estimator.fit(rows, labels, **({} if weights is None else {"sample_weight": weights}))
    found = {key.name: values[-1] for key, values in estimators.curves(estimator).items() if values}
    return found | estimators.training_metrics(estimator, rows, labels, math.inf)


def recorded_metrics(facts: RunFacts) -> dict[str, Any]:
    """Return the metrics of a run that a new fit can be held against: those of all rows."""
    return {name: value for name, value in evidence.by_label(facts.metrics).items() if not name.endswith("_sample")}


def _value(recorded: Any) -> Any:
    """Return a parameter's value; a tuple, list or dict was recorded as its text."""
    if isinstance(recorded, str) and recorded[:1] in ("(", "[", "{"):
        try:
            return ast.literal_eval(recorded)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return recorded  # that the parameter is another then is told
    return recorded
