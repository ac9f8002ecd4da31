"""One fit, from rows to a model and what is known of it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning import cross_validation, curves, evaluation, folds, results, search
from hanalife.learning.arguments import FitArguments
from hanalife.learning.encoding import Encoding
from hanalife.learning.engines.boosting import Boosting
from hanalife.learning.parameters import BOOSTING
from hanalife.observation import CallObserver, CallProgress, ColumnSpec

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fitted:
    """All that a fit leaves behind."""

    estimator: Any
    encoding: Encoding
    key: ColumnSpec | None
    parameters: Mapping[str, Any]  #: in force, with what the search chose
    chosen: Mapping[str, Any]  #: by the search
    tables: Mapping[str, results.Table]  #: by attribute

    @property
    def engine(self) -> Boosting:
        """What trains and predicts."""
        return Boosting(len(self.encoding.classes), self.encoding.categorical)

    @property
    def importance(self) -> dict[str, float]:
        """Each feature's importance, the largest first."""
        return dict(self.tables["importance_"].rows)

    def probabilities(self, rows: pd.DataFrame) -> tuple[Array, Array]:
        """Return the features of rows and their class probabilities, ``(n_rows, n_classes)``."""
        features = self.encoding.matrix(rows)
        return features, self.engine.probabilities(self.estimator, features)


def draw_seed() -> int:
    """Return a new seed."""
    return secrets.randbelow(2**31 - 1) + 1


def fit(
    rows: pd.DataFrame,
    arguments: FitArguments,
    in_force: Mapping[str, Any],
    selection: search.Selection | None,
    progress: Callable[[int, int], None],
    *,
    keep_partition: bool,
) -> tuple[Fitted, results.Report]:
    """Split, search, train and evaluate.

    Parameters
    ----------
    rows : pandas.DataFrame
    arguments : FitArguments
    in_force : dict
        All parameters of the algorithm, with a seed above 0.
    selection : Selection, optional
        The search; None: train with ``in_force``.
    progress : callable
        Told ``(done, total)`` during the search.
    keep_partition : bool
        Make the table ``partition_``.

    Returns
    -------
    (Fitted, Report)
        The report is on the validation rows, or on the training rows if there are no others.
    """
    encoding = Encoding.learn(rows, arguments.features, arguments.label, arguments.categorical)
    engine = Boosting(len(encoding.classes), encoding.categorical)
    engine.check(in_force)
    features, codes = encoding.matrix(rows), encoding.codes(rows[arguments.label.name])
    training, judging, which = _split(rows, codes, arguments)
    training_rows = cross_validation.Rows(features[training], codes[training])

    judgement = _search(engine, training_rows, encoding, in_force, selection, progress)
    chosen = judgement.best.candidate if judgement else {}
    parameters = {**in_force, **chosen}
    estimator = engine.train(training_rows.features, training_rows.codes, parameters)

    extra: dict[str, float | str] = {"PARTITION": which}
    extra |= results.of_judgement(judgement) if judgement else {}
    found = engine.probabilities(estimator, features[judging])
    report = make_report(codes[judging], found, encoding, None, arguments.ntiles, extra)
    shares = engine.importance(estimator)
    order = np.argsort(-shares, kind="stable")
    importance = {encoding.feature_names[place]: float(shares[place]) for place in order}
    tables = report.tables() | {
        "importance_": results.importance(importance),
        "optimal_param_": results.optimal_parameters(chosen),
        "search_results_": results.search_results(judgement),
    }
    if keep_partition and arguments.key and which != "training":
        tables["partition_"] = results.partition(rows[arguments.key.name].tolist(), arguments.key.type, training)
    return Fitted(estimator, encoding, arguments.key, parameters, chosen, tables), report


def make_report(
    actual: Array,
    probabilities: Array,
    encoding: Encoding,
    positive: str | None,
    ntiles: int | None,
    extra: Mapping[str, float | str],
) -> results.Report:
    """Evaluate predictions; ``positive`` defaults to the larger class, ``ntiles`` goes by the number of rows."""
    code = positive_code(encoding, positive)
    tiles = ntiles or curves.default_ntiles(len(actual))
    drawn = curves.curves(*evaluation.one_vs_rest(actual, probabilities, code), tiles)
    judged = evaluation.evaluate(actual, probabilities, code)
    report = results.Report(judged, drawn, encoding.class_names, extra)
    if report.undefined():
        logger.info(
            "Not defined for these rows, hence left out: %s. They hold the classes %s.",
            ", ".join(report.undefined()),
            ", ".join(encoding.class_names[code] for code in np.unique(actual)),
        )
    return report


def positive_code(encoding: Encoding, positive: str | None) -> int:
    """Return the code of the positive class: the one named, else the largest."""
    return len(encoding.classes) - 1 if positive is None else encoding.class_names.index(positive)


def _split(rows: pd.DataFrame, codes: Array, arguments: FitArguments) -> tuple[Array, Array, str]:
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
    if len(np.unique(codes[training])) < 2:
        raise InvalidArgumentError(
            "partition_method: the training rows hold one class only; stratify by the label, or change purpose."
        )
    return training, ~training, "validation"


def _marks(rows: pd.DataFrame, arguments: FitArguments) -> Array:
    if arguments.partition_method == "stratified":
        strata = rows.groupby(arguments.stratified_column, dropna=False, sort=True).ngroup().to_numpy()
        return folds.stratified_partition(strata, arguments.training_percent, arguments.partition_random_state)
    marks = rows[arguments.purpose]
    strange = marks[~marks.isin([folds.TRAINING, folds.VALIDATION])]
    if len(strange):
        raise InvalidArgumentError(
            f"purpose: column {arguments.purpose!r} must hold 1 (training) or 2 (validation), not {strange.iloc[0]}."
        )
    return np.asarray(marks, dtype=np.int8)


def _search(
    engine: Boosting,
    rows: cross_validation.Rows,
    encoding: Encoding,
    in_force: Mapping[str, Any],
    selection: search.Selection | None,
    progress: Callable[[int, int], None],
) -> cross_validation.Judgement | None:
    if selection is None:
        return None
    seed = in_force["random_state"]
    parts = (
        folds.cv(len(rows.codes), selection.fold_num, seed)
        if selection.resampling_method == "cv"
        else folds.stratified_cv(rows.codes, selection.fold_num, seed)
    )
    return cross_validation.judge(
        engine,
        rows,
        parts,
        selection.candidates(BOOSTING, seed),
        in_force,
        {name: evaluation.metric(name, encoding.class_names) for name in selection.metrics},
        selection.timeout_seconds,
        progress,
    )


@contextmanager
def reporting(observer: CallObserver | None) -> Iterator[Callable[[int, int], None]]:
    """Give a function that shows ``(done, total)`` as a bar, if it takes long, and tells the observer."""
    from tqdm.auto import tqdm

    with tqdm(desc="search", unit="fold", delay=1, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)
            if observer is not None:
                observer.call_progressed(CallProgress(done, total, "candidate folds"))

        yield progress
