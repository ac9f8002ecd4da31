"""One fit, from rows to a model and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning import cross_validation, folds, memory, race
from hanalife.learning.arguments import FitArguments
from hanalife.learning.encoding import Encoding
from hanalife.learning.engines.engine import Engine, Rows
from hanalife.learning.evaluation import by_name
from hanalife.learning.fitted import Fitted
from hanalife.learning.functions import Func
from hanalife.learning.memory import Memory
from hanalife.learning.progress import Progress
from hanalife.learning.results import tables
from hanalife.learning.results.report import Report
from hanalife.learning.selection import Selection

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]


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


def fit(rows: pd.DataFrame, plan: Plan, progress: Progress) -> tuple[Fitted, Report]:
    """Split, search, train and evaluate.

    The report is on the validation rows, or on the training rows if there are no others.
    """
    arguments = plan.arguments
    encoding = Encoding.learn(
        rows, arguments.features, arguments.label, arguments.categorical, classifies=plan.classifies
    )
    engine = plan.func.engine_for(encoding.problem)
    engine.check(plan.in_force)
    features = encoding.matrix(rows, engine.precision)
    target = encoding.target(rows[arguments.label.name])
    every = Rows(features, target, _weights(encoding, target, arguments))
    training, judging, which = _split(rows, target, arguments, classifies=plan.classifies)

    judgement = _search(engine, every.take(training), encoding, plan, progress)
    chosen = judgement.best.candidate if judgement else {}
    parameters = {**plan.in_force, **chosen}
    estimator = engine.train(every.take(training), parameters, progress.learnt)

    extra: dict[str, float | str] = {"PARTITION": which}
    extra |= tables.of_judgement(judgement, "TEST" if plan.classifies else "CV") if judgement else {}
    found = engine.outputs(estimator, features[judging])
    report = plan.report(target[judging], found, encoding, extra, arguments.ntiles)
    results = report.tables() | {
        "importance_": tables.importance(_importance(engine, estimator, encoding)),
        "optimal_param_": tables.optimal_parameters(chosen),
        "search_results_": tables.search_results(judgement),
    }
    if arguments.keep_partition and arguments.key and which != "training":
        results["partition_"] = tables.partition(rows[arguments.key.name].tolist(), arguments.key.type, training)
    return Fitted(plan.func, estimator, encoding, arguments.key, parameters, chosen, results), report


def _importance(engine: Engine, estimator: Any, encoding: Encoding) -> dict[str, float]:
    shares = engine.importance(estimator)
    if shares is None:
        return {}
    order = np.argsort(-shares, kind="stable")
    return {encoding.feature_names[place]: float(shares[place]) for place in order}


def _weights(encoding: Encoding, target: Array, arguments: FitArguments) -> Array | None:
    """Return how much each row counts, by its class; None if all count the same."""
    if not arguments.class_weights:
        return None
    unknown = [name for name in arguments.class_weights if name not in encoding.class_names]
    if unknown:
        raise InvalidArgumentError(
            f"{arguments.class_weights_given_as}: {', '.join(unknown)} is no class; "
            f"the classes are: {', '.join(encoding.class_names)}."
        )
    by_code = np.array([arguments.class_weights.get(name, 1.0) for name in encoding.class_names])
    return np.asarray(by_code[target])


def _split(rows: pd.DataFrame, target: Array, arguments: FitArguments, *, classifies: bool) -> tuple[Array, Array, str]:
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
    if classifies and len(np.unique(target[training])) < 2:
        raise InvalidArgumentError(
            "partition_method: the training rows hold one class only; stratify by the label, or change purpose."
        )
    return training, ~training, "validation"


def _marks(rows: pd.DataFrame, arguments: FitArguments) -> Array:
    if arguments.partition_method in ("stratified", "random"):
        strata = None
        if arguments.stratified_column is not None:
            strata = rows.groupby(arguments.stratified_column, dropna=False, sort=True).ngroup().to_numpy()
        seed = arguments.partition_random_state
        return folds.partition(strata, len(rows), arguments.training_percent, seed)
    marks = rows[arguments.purpose]
    strange = marks[~marks.isin([folds.TRAINING, folds.VALIDATION])]
    if len(strange):
        raise InvalidArgumentError(
            f"purpose: column {arguments.purpose!r} must hold 1 (training) or 2 (validation), not {strange.iloc[0]}."
        )
    return np.asarray(marks, dtype=np.int8)


def _search(
    engine: Engine, rows: Rows, encoding: Encoding, plan: Plan, progress: Progress
) -> cross_validation.Judgement | None:
    selection = plan.selection
    if selection is None:
        return None
    seed = plan.in_force["random_state"]
    metrics = {name: by_name.metric(name, encoding.class_names) for name in selection.metrics}
    parts = [
        part for repetition in folds.seeds(seed, selection.repeat_times) for part in _folds(selection, rows, repetition)
    ]
    hashed = memory.identity(engine, rows, encoding.class_names, selection.metrics)
    if selection.race is not None:
        brackets = race.brackets(selection, plan.func.parameters, rows, parts, seed)
        return race.run(
            engine, rows, parts, brackets, plan.in_force, metrics, selection, progress.judged, plan.memory, hashed
        )
    return cross_validation.judge(
        engine,
        rows,
        parts,
        selection.candidates(plan.func.parameters, seed),
        plan.in_force,
        metrics,
        selection.timeout_seconds,
        progress.judged,
        memory=plan.memory,
        identity=hashed,
    )


def _folds(selection: Selection, rows: Rows, seed: int) -> list[folds.Fold]:
    if selection.family == "cv":
        return folds.cv(len(rows), selection.fold_num, seed)
    if selection.family == "stratified_cv":
        return folds.stratified_cv(rows.target, selection.fold_num, seed)
    return [folds.bootstrap(len(rows), seed, rows.target if selection.family == "stratified_bootstrap" else None)]
