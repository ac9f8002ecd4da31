"""One fit, from rows to a model and what is known of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning import cross_validation, folds, memory, missing, race, search, trained_rows
from hanalife.learning.arguments.fitting import FitArguments
from hanalife.learning.encoding import Encoding
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation import by_name
from hanalife.learning.evaluation.calibration import Calibration
from hanalife.learning.explanation import permutation
from hanalife.learning.fitted import Fitted
from hanalife.learning.functions import Func
from hanalife.learning.memory import Memory
from hanalife.learning.preparation import Preparation
from hanalife.learning.progress import Progress, Silent
from hanalife.learning.results import tables
from hanalife.learning.results.report import Report
from hanalife.learning.selection import Selection

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]


logger = logging.getLogger(__name__)

_CALIBRATION_FOLDS = 5


class Reporting(Protocol):
    """How a kind of model judges its outputs after a fit."""

    def __call__(
        self, actual: Array, outputs: Array, encoding: Encoding, extra: Mapping[str, float | str], ntiles: int | None
    ) -> Report:
        """Return the report."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fit is to do, all of it checked."""

    func: Func
    arguments: FitArguments
    in_force: Mapping[str, Any]  #: all parameters of the algorithm, with a seed above 0
    selection: Selection | None  #: None: train with ``in_force``
    memory: Memory  #: of an unfinished search
    classifies: bool
    report: Reporting


def fit(rows: pd.DataFrame, plan: Plan, progress: Progress | Silent) -> tuple[Fitted, Report]:
    """Split, search, train and evaluate.

    The report is on the validation rows, or on the training rows if there are no others.
    """
    arguments = plan.arguments
    if plan.in_force.get("allow_missing_dependent"):
        rows = _labelled(rows, arguments.label.name)
    if arguments.missing is not None:
        rows = _complete(rows, arguments.missing, arguments)
    training, judging, which = _split(rows, arguments)
    encoding = Encoding.learn(
        rows, arguments.features, arguments.label, arguments.categorical, training=training, classifies=plan.classifies
    )
    encoding = encoding.by_class_map(arguments.own)
    engine = plan.func.engine_for(encoding.problem)
    engine.check(plan.in_force)
    read = Rows(encoding.matrix(rows, engine.precision), encoding.target(rows[arguments.label.name]))
    target, learning = read.target, read.take(training)
    if plan.classifies and len(np.unique(learning.target)) < 2:
        raise InvalidArgumentError(
            "partition_method, strategy: the training rows hold one class only; stratify by the label, change purpose, "
            "or fill missing values instead of deleting rows."
        )
    preparation = Preparation(encoding, arguments.missing, arguments.class_weights)
    imputation = preparation.imputation(learning)
    features = read.features if imputation is None else imputation.filled(read.features, encoding)
    ready = preparation.weighted(Rows(features[training], learning.target))

    _tell_of_the_constant(encoding, ready.features)
    judgement = _search(engine, learning, encoding, plan, progress, preparation)
    chosen = judgement.best.candidate if judgement else {}
    parameters = {**plan.in_force, **chosen}
    estimator = engine.train(ready, parameters, progress.learnt)

    extra: dict[str, float | str] = {"PARTITION": which}
    extra |= engine.statistics(estimator, ready, {**parameters, **arguments.own})
    extra |= tables.of_judgement(judgement, "TEST" if plan.classifies else "CV") if judgement else {}
    calibration = _calibration(engine, learning, parameters, preparation) if arguments.calibrate else None
    found = engine.outputs(estimator, features[judging])
    found = found if calibration is None else calibration.applied(found)
    report = plan.report(target[judging], found, encoding, extra, arguments.ntiles)
    results = report.tables() | {
        tables.INTERVAL_NOTES: report.notes(),
        "importance_": tables.importance(_importance(engine, estimator, encoding)),
        "optimal_param_": tables.optimal_parameters(chosen),
        "search_results_": tables.search_results(judgement),
    }
    if arguments.keep_partition and arguments.key and which != "training":
        results["partition_"] = tables.partition(rows[arguments.key.name].tolist(), arguments.key.type, training)
    if arguments.permutation is not None:
        shuffled = _permuted(
            engine, estimator, Rows(features[judging], target[judging]), encoding, arguments.permutation
        )
        results["permutation_importance_"] = shuffled
    fitted = Fitted(
        func=plan.func,
        estimator=estimator,
        encoding=encoding,
        key=arguments.key,
        parameters=parameters,
        chosen=chosen,
        tables=results,
        imputation=imputation,
        calibration=calibration,
        background=_background(ready.features, arguments),
        seeds={"random_state": plan.in_force["random_state"], **arguments.seeds()},
        training_keys=trained_rows.keys_of(rows[training], arguments.key, encoding),
    )
    return fitted, report


def _tell_of_the_constant(encoding: Encoding, features: Array) -> None:
    """Say which features nothing can be learnt from; they stay, and weigh nothing in most algorithms."""
    known = ~np.isnan(features)
    least = np.where(known, features, np.inf).min(axis=0)
    most = np.where(known, features, -np.inf).max(axis=0)
    for place in np.flatnonzero(least >= most):
        name, found = encoding.feature_names[place], "one value" if known[:, place].any() else "no value"
        logger.info("Column %r holds %s in the training rows; nothing can be learnt from it.", name, found)


def _background(features: Array, arguments: FitArguments) -> Array | None:
    """Return a sample of the training rows for explanations; None: none is wanted."""
    if not arguments.background_size:
        return None
    size = min(arguments.background_size, len(features))
    chosen = np.random.default_rng(arguments.background_seed).choice(len(features), size, replace=False)
    return features[np.sort(chosen)]


def _permuted(
    engine: Engine, estimator: Any, rows: Rows, encoding: Encoding, settings: permutation.Settings
) -> tables.Table:
    metric = by_name.metric(settings.metric, encoding.class_names)
    sign = -1 if by_name.lower_is_better(settings.metric) else 1

    def score(target: Array, features: Array) -> float | None:
        found = metric(target, engine.outputs(estimator, features))
        return None if found is None else sign * found

    found = permutation.importance(score, rows.target, rows.features, settings)
    ranked = sorted(zip(encoding.feature_names, found, strict=True), key=lambda pair: -pair[1][0])
    return tables.Table.of(tables.PERMUTATION, [(name, *costs) for name, costs in ranked])


def _calibration(engine: Engine, rows: Rows, parameters: Mapping[str, Any], preparation: Preparation) -> Calibration:
    """Learn from probabilities for rows that the models giving them have not seen."""
    found = np.empty((len(rows), engine.problem.n_classes or 0))
    seed = parameters["random_state"]
    fewest = int(np.unique(rows.target, return_counts=True)[1].min())
    parts = (
        folds.stratified_cv(rows.target, min(_CALIBRATION_FOLDS, fewest), seed)
        if fewest > 1
        else folds.cv(len(rows), min(_CALIBRATION_FOLDS, len(rows)), seed)
    )
    for train, test in parts:
        for _, outputs in engine.fold_outputs(*preparation.fold(rows, (train, test)), [parameters]):
            if isinstance(outputs, InvalidArgumentError):
                raise outputs
            found[test] = outputs
    return Calibration.learn(rows.target, found)


def _complete(rows: pd.DataFrame, strategy: missing.Strategy, arguments: FitArguments) -> pd.DataFrame:
    """Leave out the rows that lack a value of a feature whose method is to delete them."""
    names = missing.deleting(strategy, [spec.name for spec in arguments.features], arguments.categorical)
    stays = rows[names].notna().all(axis=1)
    if not stays.any():
        raise InvalidArgumentError(
            "strategy: 'delete' leaves no row, each lacks a value; fill the columns instead, or deselect them."
        )
    if stays.all():
        return rows
    logger.info("%d of %d rows lack a value and are left out (strategy 'delete').", int((~stays).sum()), len(rows))
    return rows[stays].reset_index(drop=True)


def _labelled(rows: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return the rows that have a label."""
    known = rows[label].notna()
    if not known.any():
        raise InvalidArgumentError(f"label: column {label!r} is NULL in all rows.")
    if not known.all():
        logger.info("allow_missing_dependent: %d rows without a label are left out.", int((~known).sum()))
    return rows[known].reset_index(drop=True)


def _importance(engine: Engine, estimator: Any, encoding: Encoding) -> dict[str, float]:
    shares = engine.importance(estimator)
    if shares is None:
        return {}
    order = np.argsort(-shares, kind="stable")
    return {encoding.feature_names[place]: float(shares[place]) for place in order}


def _split(rows: pd.DataFrame, arguments: FitArguments) -> tuple[Array, Array, str]:
    """Return which rows train, which judge (truth values), and what the latter are called."""
    if arguments.partition_method == "no":
        every = np.ones(len(rows), dtype=bool)
        return every, every, "training"
    training = _marks(rows, arguments) == folds.TRAINING
    for part, name in ((training, "training"), (~training, "validation")):
        if not part.any():
            raise InvalidArgumentError(
                f"partition_method: {arguments.partition_method!r} leaves no row for {name}; "
                "change training_percent, stratified_column or purpose."
            )
    return training, ~training, "validation"


def _marks(rows: pd.DataFrame, arguments: FitArguments) -> Array:
    if arguments.partition_method in ("stratified", "random"):
        strata = None
        if arguments.stratified_column is not None:
            strata = rows.groupby(arguments.stratified_column, dropna=False, sort=True).ngroup().to_numpy()
        share = arguments.training_percent
        if arguments.training_size is not None:
            share = arguments.training_size / len(rows)
        if share > 1:
            raise InvalidArgumentError(
                f"training_size: {arguments.training_size} of {len(rows)} rows; give fewer, or training_percent."
            )
        return folds.partition(strata, len(rows), share, arguments.partition_random_state)
    marks = rows[arguments.purpose]
    strange = marks[~marks.isin([folds.TRAINING, folds.VALIDATION])]
    if len(strange):
        raise InvalidArgumentError(
            f"purpose: column {arguments.purpose!r} must hold 1 (training) or 2 (validation), not {strange.iloc[0]}."
        )
    return np.asarray(marks, dtype=np.int8)


def _search(
    engine: Engine,
    rows: Rows,
    encoding: Encoding,
    plan: Plan,
    progress: Progress | Silent,
    preparation: Preparation | None = None,
) -> cross_validation.Judgement | None:
    selection = plan.selection
    if selection is None:
        return None
    seed = plan.in_force["random_state"]
    metrics = {name: by_name.metric(name, encoding.class_names) for name in selection.metrics}
    parts = [
        part for repetition in folds.seeds(seed, selection.repeat_times) for part in _folds(selection, rows, repetition)
    ]
    hashed = memory.identity(engine, rows, encoding.class_names, selection.metrics, preparation)
    if selection.race is not None:
        brackets = race.brackets(selection, plan.func.parameters, rows, parts, seed)
        _check(engine, plan, [candidate for _, some, _ in brackets for candidate in some])
        return race.run(
            engine,
            rows,
            parts,
            brackets,
            plan.in_force,
            metrics,
            selection,
            progress.judged,
            plan.memory,
            hashed,
            preparation=preparation,
        )
    candidates = selection.candidates(plan.func.parameters, seed)
    _check(engine, plan, candidates)
    return cross_validation.judge(
        engine,
        rows,
        parts,
        candidates,
        plan.in_force,
        metrics,
        selection.timeout_seconds,
        progress.judged,
        memory=plan.memory,
        identity=hashed,
        preparation=preparation,
    )


def _check(engine: Engine, plan: Plan, candidates: Sequence[search.Candidate]) -> None:
    """Refuse a candidate that does not suit the problem before any is trained."""
    for candidate in candidates:
        engine.check({**plan.in_force, **candidate})


def _folds(selection: Selection, rows: Rows, seed: int) -> list[folds.Fold]:
    if selection.family == "cv":
        return folds.cv(len(rows), selection.fold_num, seed)
    if selection.family == "stratified_cv":
        return folds.stratified_cv(rows.target, selection.fold_num, seed)
    return [folds.bootstrap(len(rows), seed, rows.target if selection.family == "stratified_bootstrap" else None)]
