"""What a fitted estimator of scikit-learn, XGBoost or LightGBM has to tell."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from hanalife.evidence import MetricKey
from hanalife.observation import MetricSource
from hanalife.tracking.batches import NewArtifact

#: Features with the highest importance that are kept.
MOST_FEATURES: Final = 1_000
MOST_TEXT: Final = 2_000

_BEST_SCORE: Final = "best_score"
_OF_FOLDS: Final = ("mean_test_",)
_TRAINING: Final = ("train", "learn")  # how an evaluation on the rows of the fit is called

_SAMPLE_ROWS = 100
_FEW_ROWS = 1_000  # are predicted in any case


def parameters(estimator: Any) -> dict[str, Any]:
    """Return all parameters, defaults too; an estimator among them by its class."""
    return {name: _short(value) for name, value in estimator.get_params(deep=True).items()}


def _short(value: Any) -> Any:
    if hasattr(value, "get_params"):
        return type(value).__name__
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value[:MOST_TEXT] if isinstance(value, str) else _plain_or_text(value)


def _plain_or_text(value: Any) -> Any:
    if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0:
        return value.item()
    return str(value)[:MOST_TEXT]


def curves(estimator: Any, sources: Mapping[str, MetricSource] = MappingProxyType({})) -> dict[MetricKey, list[float]]:
    """Return what the estimator noted round by round or candidate by candidate.

    ``sources`` are those of its evaluations by name, see :func:`evaluation_sources`.
    """
    found: dict[MetricKey, list[float]] = {}
    for part, metrics in _evaluations(estimator).items():
        found |= evaluation_curves(part, metrics, sources)
    for name, attribute in (("training_loss", "loss_curve_"), ("training_score", "train_score_")):
        values = _attribute(estimator, attribute)
        if values is not None and len(values) > 1:
            found[MetricKey(name, source_of(name))] = [float(value) for value in values]
    results = _attribute(estimator, "cv_results_")
    if isinstance(results, Mapping):
        scores = {name: values for name, values in results.items() if name.startswith(_OF_FOLDS)}
        found |= {
            MetricKey(name, source_of(name)): [float(value) for value in values] for name, values in scores.items()
        }
    return found


def evaluation_curves(
    part: str, metrics: Mapping[str, Any], sources: Mapping[str, MetricSource]
) -> dict[MetricKey, list[float]]:
    """Return the curves of one evaluation, whose name tells the source unless ``sources`` has it."""
    by_name = MetricSource.TRAIN if part.lower().startswith(_TRAINING) else MetricSource.VALIDATION
    source = sources.get(part, by_name)
    return {MetricKey(f"{part}_{metric}", source): list(values) for metric, values in metrics.items()}


def evaluation_sources(given: Mapping[str, Any], rows: Any) -> dict[str, MetricSource]:
    """Return the source of each evaluation that a fit is asked for, by its name.

    It is ``train`` where the evaluated data are the object that is fitted, else ``validation``. ``given`` are the
    arguments of ``fit`` (``eval_set``, ``eval_names``), of ``xgboost.train`` (``evals``) or of ``lightgbm.train``
    (``valid_sets``, ``valid_names``).
    """
    data = [(name, evaluated) for evaluated, name in given.get("evals") or ()]
    data += _named(_listed(given.get("valid_sets")), given.get("valid_names"), "valid_")
    fitted = [pair[0] for pair in _listed(given.get("eval_set"))] or list(given.get("eval_X") or ())
    for prefix in ("validation_", "valid_"):  # of XGBoost, of LightGBM
        data += _named(fitted, given.get("eval_names"), prefix)
    return {name: MetricSource.TRAIN if each is rows else MetricSource.VALIDATION for name, each in data}


def _named(evaluated: Sequence[Any], names: Any, prefix: str) -> list[tuple[str, Any]]:
    listed = _listed(names)
    return [
        (str(listed[place]) if place < len(listed) else f"{prefix}{place}", each)
        for place, each in enumerate(evaluated)
    ]


def _listed(value: Any) -> list[Any]:
    """Return one or several values as a list; a pair of rows and labels is one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def source_of(name: str) -> MetricSource:
    """Return the source of a metric that is not of an evaluation."""
    return MetricSource.CV if name.startswith((*_OF_FOLDS, _BEST_SCORE)) else MetricSource.TRAIN


def _evaluations(estimator: Any) -> Mapping[str, Mapping[str, Any]]:
    ask = _attribute(estimator, "evals_result")  # XGBoost has a method, LightGBM an attribute
    if callable(ask):
        try:
            return dict(ask())
        except Exception as error:
            if type(error).__name__ != "XGBoostError":  # nothing was evaluated
                raise
            return {}
    return _attribute(estimator, "evals_result_") or {}


def importance(estimator: Any) -> dict[str, float]:
    """Return the importance of each feature, or the size of its coefficient, highest first."""
    values = _attribute(estimator, "feature_importances_")
    if values is None:
        values = _attribute(estimator, "coef_")
    if values is None or hasattr(values, "tocsr") or getattr(values, "size", 0) == 0:
        return {}
    rows = abs(values).reshape(-1, values.shape[-1])
    sizes = rows.mean(axis=0)
    names = _attribute(estimator, "feature_names_in_")
    labels = [f"x{place}" for place in range(len(sizes))] if names is None else [str(name) for name in names]
    if len(labels) != len(sizes):
        return {}
    pairs = sorted(zip(labels, map(float, sizes), strict=True), key=lambda pair: -pair[1])
    return dict(pairs[:MOST_FEATURES])


def chosen(estimator: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """Return the parameters that a search chose and their score, or nothing."""
    best = _attribute(estimator, "best_params_")
    score = _attribute(estimator, "best_score_")
    return (
        {name: _short(value) for name, value in best.items()} if isinstance(best, Mapping) else {},
        {_BEST_SCORE: float(score)} if isinstance(score, float) else {},
    )


def chosen_step(estimator: Any) -> int | None:
    """Return the place of a curve, counted from 0, whose values are those of the fitted model; None: the last.

    It is the candidate that a search chose, or the round at which early stopping cut.
    """
    index = _attribute(estimator, "best_index_")
    if index is not None:
        return int(index)
    library = _library(type(estimator))
    rounds = 0  # until and with the best
    if library == "xgboost":
        rounds = 1 + int(_first_given(estimator, "best_iteration", missing=-1))
    elif library == "lightgbm":
        rounds = int(_first_given(estimator, "best_iteration_", "best_iteration", missing=0))
    return rounds - 1 if rounds > 0 else None


def _first_given(estimator: Any, *names: str, missing: int) -> Any:
    return next((value for name in names if (value := _attribute(estimator, name)) is not None), missing)


def _library(kind: type) -> str:
    """Return xgboost or lightgbm if a class is derived from one of theirs, else an empty text."""
    return next((base.__module__.partition(".")[0] for base in kind.__mro__ if _is_booster(base)), "")


def training_metrics(estimator: Any, rows: Any, labels: Any, most_seconds: float) -> dict[str, float]:
    """Return metrics on the rows that the estimator was fitted to.

    Accuracy of a classifier; R2, mean absolute and root mean squared error of a regressor. If
    predicting all rows would take longer than ``most_seconds``, as a first hundred tells, the
    names end in ``_sample`` and the metrics are those of as many evenly chosen rows as fit into
    it, but of a thousand at least.
    """
    import numpy as np
    from sklearn.base import is_classifier, is_regressor

    count = len(labels) if labels is not None and hasattr(labels, "__len__") else 0
    if not count or not (is_classifier(estimator) or is_regressor(estimator)):
        return {}
    affordable = count if count <= _FEW_ROWS else max(_FEW_ROWS, _rows_within(estimator, rows, count, most_seconds))
    suffix = "" if affordable >= count else "_sample"
    places = np.arange(count) if not suffix else np.linspace(0, count - 1, affordable).astype(int)
    actual = np.asarray(_take(labels, places))
    predicted = np.asarray(estimator.predict(rows if not suffix else _take(rows, places)))
    if predicted.shape != actual.shape:
        predicted = predicted.reshape(actual.shape)
    return {f"training_{name}{suffix}": value for name, value in _judge(estimator, actual, predicted)}


def _rows_within(estimator: Any, rows: Any, count: int, most_seconds: float) -> int:
    """Return how many rows can be predicted within a time, as one row and then a hundred tell."""
    import numpy as np

    seconds = []
    for few in (1, 1, _SAMPLE_ROWS):  # the first call of all makes what later ones find
        start = time.perf_counter()
        estimator.predict(_take(rows, np.arange(few)))
        seconds.append(time.perf_counter() - start)
    more = seconds[2] - seconds[1]
    per_row = (more if more > 0 else seconds[2]) / _SAMPLE_ROWS
    return min(count, max(0, int((most_seconds - sum(seconds)) / per_row)))


def _judge(estimator: Any, actual: Any, predicted: Any) -> Iterator[tuple[str, float]]:
    from sklearn import metrics
    from sklearn.base import is_classifier

    if is_classifier(estimator):
        yield "accuracy", float(metrics.accuracy_score(actual, predicted))
        return
    yield "r2", float(metrics.r2_score(actual, predicted)) if len(actual) > 1 else float("nan")
    yield "mae", float(metrics.mean_absolute_error(actual, predicted))
    yield "rmse", float(metrics.root_mean_squared_error(actual, predicted))


def model(estimator: Any) -> NewArtifact | None:
    """Return the estimator in a format that holds data and no code, or None if there is none for it."""
    kind = type(estimator)
    library = _library(kind)
    if library == "xgboost":
        booster = estimator if kind.__name__ == "Booster" else estimator.get_booster()
        return NewArtifact("model.ubj", "file", "application/ubjson", bytes(booster.save_raw("ubj")))
    if library == "lightgbm":
        booster = estimator if kind.__name__ == "Booster" else estimator.booster_
        return NewArtifact("model.txt", "file", "text/plain", booster.model_to_string().encode())
    return _with_skops(estimator)


def _is_booster(base: type) -> bool:
    return base.__module__.partition(".")[0] in ("xgboost", "lightgbm")


def _with_skops(estimator: Any) -> NewArtifact | None:
    try:
        import skops.io
    except ImportError:
        return None
    return NewArtifact("model.skops", "file", "application/zip", skops.io.dumps(estimator))


def _attribute(estimator: Any, name: str) -> Any:
    try:
        return getattr(estimator, name, None)
    except Exception as error:  # a property that cannot be told of this estimator
        if isinstance(error, (NotImplementedError, ValueError)) or type(error).__name__ == "XGBoostError":
            return None
        raise


def _take(values: Any, places: Any) -> Any:
    if hasattr(values, "iloc"):
        return values.iloc[places]
    return [values[place] for place in places] if isinstance(values, (list, tuple)) else values[places]
