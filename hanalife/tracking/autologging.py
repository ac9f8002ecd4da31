"""Record the fits of scikit-learn, XGBoost and LightGBM by themselves."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hanalife.clock import Clock, IdSource, new_id
from hanalife.database.run_values import NewPoint
from hanalife.database.shared_records import address
from hanalife.evidence import MetricKey
from hanalife.observation import DatasetFacts
from hanalife.records import RunStatus
from hanalife.tracking import estimators, events, identity, provenance
from hanalife.tracking.batches import Batch, Shared
from hanalife.tracking.patches import Patches, arguments
from hanalife.tracking.recorder import Target, shortened
from hanalife.tracking.training_data import WEIGHTS_HASH, DataReading
from hanalife.tracking.writer import RunWriter

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext

logger = logging.getLogger(__name__)

#: Of a fit's time, or seconds if that is longer, so much may go into metrics on the training data.
_METRICS_SHARE, _METRICS_SECONDS = 0.02, 0.01

#: Parameters of estimators that may write into the data they are given.
_IN_PLACE = ("copy", "copy_X", "copy_x")

_TRAIN = ("xgboost", "lightgbm")  # their function train()

_lock = threading.Lock()
_installed: Patches | None = None


def autolog(
    connection_context: ConnectionContext | None = None,
    experiment: str = "autolog",
    *,
    disable: bool = False,
    log_models: bool = False,
    log_dataset: bool = True,
    log_metrics: bool = True,
    log_importance: bool = True,
    log_code: bool = True,
    log_environment: bool = True,
    clock: Clock | None = None,
    ids: IdSource = new_id,
) -> None:
    """Record each fit of an estimator, of scikit-learn, XGBoost or LightGBM, as a run from now on.

    The outermost call alone is a run: a pipeline and not its steps, a search and not its
    candidates, which are a curve and a table of the search's run. Estimators that do not
    predict, such as a scaler, are not recorded. hanalife's own models are recorded by
    :meth:`hanalife.MLExperiments.autologging`.

    Parameters
    ----------
    connection_context : ConnectionContext, optional
        Where runs are recorded; by default ``ConnectionContext()``, see there.
    experiment : str, default 'autolog'
        Name of the experiment. A run is named after the estimator's class and its own id.
    disable : bool, default False
        Put everything back as it was before; the other arguments are not looked at.
    log_models : bool, default False
        Keep the fitted estimator as an artifact: XGBoost as UBJ, LightGBM as its text, others
        with skops if that is installed. Never a pickle.
    log_dataset : bool, default True
        Record rows, columns and a hash of the whole content, and one of ``sample_weight``.
    log_metrics : bool, default True
        Record metrics on the training data; of evenly chosen rows if all would take long.
    log_importance : bool, default True
        Record the importance of features, or the size of coefficients.
    log_code, log_environment : bool, default True
        Record code and environment.
    clock : callable, optional
        Gives the present moment; the database's clock by default.
    ids : callable
        Source of run ids.

    Raises
    ------
    InvalidArgumentError
        The name of the experiment cannot be used.
    UnreachableDatabaseError
        The database cannot be opened.

    Notes
    -----
    Recording never breaks a fit: what goes wrong in it is logged as an error, and the fit's own
    result or error is what the caller gets. Calling it again changes the settings.

    Examples
    --------
    >>> import hanalife
    >>> conn = hanalife.ConnectionContext("sqlite://")
    >>> hanalife.autolog(conn, "trees")
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> model = DecisionTreeClassifier(max_depth=2).fit([[0], [1], [2]], [0, 0, 1])
    >>> hanalife.autolog(disable=True)
    """
    global _installed  # noqa: PLW0603 - the classes that are patched are global too
    if disable:
        with _lock:
            if _installed is not None:
                _installed.undo()
            _installed = None
        return
    settings = _Settings(
        connection_context=connection_context or _default_connection(),
        experiment=identity.require_experiment_id(experiment, "experiment"),
        log_models=log_models,
        log_dataset=log_dataset,
        log_metrics=log_metrics,
        log_importance=log_importance,
        log_code=log_code,
        log_environment=log_environment,
        clock=clock,
        ids=ids,
    )
    provenance.prepare()
    with _lock:
        if _installed is not None:
            _installed.undo()
        _installed = _install(settings)


def _default_connection() -> ConnectionContext:
    from hanalife.dataframe.context import ConnectionContext

    return ConnectionContext()


def _install(settings: _Settings) -> Patches:
    import sklearn.base

    patches = Patches(FitRecorder(settings))
    for library in _TRAIN:
        try:
            module = importlib.import_module(library)
        except ImportError:
            logger.debug("%s is not installed; its train() is not recorded.", library)
        else:
            patches.watch_function(module, "train")
    patches.watch_estimators(sklearn.base.BaseEstimator)
    return patches


@dataclass(frozen=True, slots=True)
class _Settings:
    connection_context: ConnectionContext
    experiment: str
    log_models: bool
    log_dataset: bool
    log_metrics: bool
    log_importance: bool
    log_code: bool
    log_environment: bool
    clock: Clock | None
    ids: IdSource


class FitRecorder:
    """Records watched calls, each as a run."""

    def __init__(self, settings: _Settings) -> None:
        self._settings = settings

    def watch(self, original: Callable[..., Any], subject: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the original and record what it did; return or raise what it does."""
        fit: _Fit | None = None
        with _unharmed():
            fit = _Fit(self._settings, original, subject, args, kwargs)
            fit.begin()
        started = time.perf_counter()
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            if fit is not None:
                with _unharmed():
                    fit.fail(error, time.perf_counter() - started)
            raise
        if fit is not None:
            with _unharmed():
                fit.finish(result, time.perf_counter() - started)
        return result


class _Fit:
    """One call that is recorded: ``estimator.fit(...)`` or ``train(...)``."""

    def __init__(
        self,
        settings: _Settings,
        original: Callable[..., Any],
        subject: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._settings = settings
        self._given = arguments(original, args, kwargs)
        self._is_train = not hasattr(subject, "get_params")
        self._subject = subject
        self._evaluations: dict[str, Any] = {}
        if self._is_train:
            self._listen(subject, kwargs)
            self._rows, self._labels = next(iter(self._named("dtrain", "train_set")), None), None
        else:
            values = list(self._given.values())
            self._rows = self._given.get("X", values[0] if values else None)
            self._labels = self._given.get("y", self._given.get("Y"))
        self._data: DataReading | None = None
        self._writer: RunWriter | None = None

    def _named(self, *names: str) -> Iterator[Any]:
        return (self._given[name] for name in names if self._given.get(name) is not None)

    def _listen(self, train: Any, kwargs: dict[str, Any]) -> None:
        """Let ``train()`` note its evaluations for us too; ``kwargs`` is what is passed on."""
        library = train.__module__.partition(".")[0]
        if library == "xgboost" and self._given.get("evals") and self._may_set("evals_result", kwargs):
            if kwargs.get("evals_result") is None:
                kwargs["evals_result"] = {}
            self._evaluations = kwargs["evals_result"]
        elif library == "lightgbm" and self._given.get("valid_sets") and self._may_set("callbacks", kwargs):
            import lightgbm

            noting: Any = lightgbm.record_evaluation
            kwargs["callbacks"] = [*(kwargs.get("callbacks") or []), noting(self._evaluations)]

    def _may_set(self, name: str, kwargs: dict[str, Any]) -> bool:
        return name in kwargs or name not in self._given  # else it was given by its place

    def begin(self) -> None:
        """Begin the run, and to read the data."""
        settings, subject = self._settings, self._subject
        kind = f"{subject.__module__.partition('.')[0]}.train" if self._is_train else type(subject).__name__
        found = self._train_parameters() if self._is_train else estimators.parameters(subject)
        parameters = {shortened(name): events.parameter(value) for name, value in found.items()}
        run_id = settings.ids()
        target = Target(
            experiment_id=settings.experiment,
            experiment_description="",
            run_name=identity.storable(f"{kind} {run_id[-8:]}"),
            description="",
            log_code=settings.log_code,
            log_environment=settings.log_environment,
        )
        self._writer = RunWriter(settings.connection_context.database, settings.clock, target.gather)
        first = Batch(params=parameters, entries=[events.of_parameters(found)])
        self._writer.begin(target.draft(run_id, shortened(kind)), "", first)
        if settings.log_dataset and self._rows is not None:
            self._data = DataReading(self._rows, self._labels, self._given.get("sample_weight"))
            if any(found.get(name) is False for name in _IN_PLACE):
                self._data.wait()

    def _train_parameters(self) -> dict[str, Any]:
        rounds = {name: value for name, value in self._given.items() if name == "num_boost_round"}
        return {**(self._given.get("params") or {}), **rounds}

    def fail(self, error: BaseException, seconds: float) -> None:
        """Record a call that raised."""
        if self._writer is not None:
            self._writer.end(RunStatus.FAILED, Batch(entries=events.of_failure(error, "fit", seconds)))

    def finish(self, result: Any, seconds: float) -> None:
        """Record a call that went well; what cannot be found out is logged and left out."""
        if self._writer is None:
            return
        with self._writer.counted():
            batch = self._describe(result if self._is_train else self._subject, seconds)
            self._writer.end(RunStatus.FINISHED, batch)

    def _describe(self, estimator: Any, seconds: float) -> Batch:
        batch = Batch()
        with _unharmed():
            self._add_metrics(batch, estimator, seconds)
        with _unharmed():
            self._add_data(batch)
        with _unharmed():
            self._add_importance(batch, estimator)
        with _unharmed():
            self._add_model(batch, estimator)
        batch.entries.append(events.of_end(RunStatus.FINISHED, "fit", seconds))
        return batch

    def _add_metrics(self, batch: Batch, estimator: Any, seconds: float) -> None:
        assert self._writer is not None
        elapsed = self._writer.elapsed_ms()
        best, metrics = estimators.chosen(estimator)
        if best:
            batch.entries.append((events.EventKey.OPTIMAL_PARAMETER, events.to_json([{n: v} for n, v in best.items()])))
        sources = estimators.evaluation_sources(self._given, self._rows)
        curves = estimators.curves(estimator, sources)
        for part, its_metrics in self._evaluations.items():
            curves |= estimators.evaluation_curves(part, its_metrics, sources)
        batch.points += [
            NewPoint(shortened(key.name), step, float(value), elapsed, key.source)
            for key, values in curves.items()
            for step, value in enumerate(values)
        ]
        place = estimators.chosen_step(estimator)
        batch.summaries |= {
            MetricKey(shortened(key.name), key.source): float(values[place])
            for key, values in curves.items()
            if place is not None and place < len(values)
        }
        if self._settings.log_metrics and not self._is_train:
            room = max(_METRICS_SECONDS, _METRICS_SHARE * seconds)
            metrics |= estimators.training_metrics(estimator, self._rows, self._labels, room)
        if metrics:
            batch.entries.append((events.EventKey.METRIC, events.to_json([{n: v} for n, v in metrics.items()])))
        batch.points += [
            NewPoint(name, 0, value, elapsed, estimators.source_of(name)) for name, value in metrics.items()
        ]

    def _add_data(self, batch: Batch) -> None:
        if self._data is not None:
            facts: DatasetFacts = self._data.facts()
            weights = {WEIGHTS_HASH: self._data.weights_hash()}
            content = events.to_json(events.dataset_facts(facts, "", "") | weights)
            batch.entries.append((events.EventKey.DATASET, content))
            batch.shared.append(Shared("dataset", content, address("dataset", content)))

    def _add_importance(self, batch: Batch, estimator: Any) -> None:
        if self._settings.log_importance:
            found = estimators.importance(estimator)
            if found:
                pairs = [{name: value} for name, value in found.items()]
                batch.entries.append((events.EventKey.VARIABLE_IMPORTANCE, events.to_json(pairs)))

    def _add_model(self, batch: Batch, estimator: Any) -> None:
        model = estimators.model(estimator) if self._settings.log_models else None
        if model is not None:
            batch.artifacts.append(model)


@contextmanager
def _unharmed() -> Iterator[None]:
    """Let nothing that goes wrong in recording reach the caller of a fit; it is logged as an error."""
    try:
        yield
    except Exception:
        logger.exception("A fit could not be recorded in full; the fit itself is not concerned.")
