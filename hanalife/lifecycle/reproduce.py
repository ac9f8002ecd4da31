"""Fitting a recorded run again, to see whether the result is the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hanalife import evidence
from hanalife.errors import DataNotFoundError, Error, InvalidArgumentError
from hanalife.lifecycle import recorded_estimators
from hanalife.observation import CallOutcome, CallProgress, CallStart
from hanalife.tracking import comparison, data_identity, provenance, run_data, run_facts
from hanalife.tracking.events import plain

if TYPE_CHECKING:
    from hanalife.dataframe.context import ConnectionContext
    from hanalife.dataframe.frame import DataFrame
    from hanalife.tracking.data_identity import DataDifferences
    from hanalife.tracking.run_facts import RunFacts

TOLERANCE = 1e-6  #: relative


class Verdict(StrEnum):
    """What came of fitting again."""

    IDENTICAL = "IDENTICAL"  #: every metric is the same to the last bit
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"  #: every metric is nearly the same
    DIFFERS = "DIFFERS"  #: the data, a parameter or a metric is another


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was recorded."""

    what: str  #: data, parameter, environment, code or metric
    name: str
    recorded: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.what} {self.name}: {_short(self.recorded)} then, {_short(self.now)} now"


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Whether a run was reproduced, and what is different, causes before effects."""

    run_id: str
    run: str  #: ``experiment/name``
    verdict: Verdict
    differences: tuple[Difference, ...]
    metrics: Mapping[str, float | str]  #: of the new fit; empty if there was none

    @property
    def first_difference(self) -> Difference | None:
        """The first of the data, parameters, environment, code and metrics that differs, or None."""
        return self.differences[0] if self.differences else None

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""
        return {name: plain(value) for name, value in asdict(self).items()}

    def __str__(self) -> str:
        return "\n".join([f"{self.run}: {self.verdict}", *(f"  {difference}" for difference in self.differences)])


def reproduce(
    connection_context: ConnectionContext,
    experiment_id: str,
    run_name: str | None = None,
    *,
    data: DataFrame | tuple[Any, ...] | None = None,
    tolerance: float = TOLERANCE,
) -> Reproduction:
    """Fit a recorded run again, with its parameters and on its data, and compare.

    Parameters
    ----------
    connection_context : ConnectionContext
        The connection to the store.
    experiment_id : str
        The experiment; or, without a name, a run id or ``experiment/name``.
    run_name : str, optional
        The run; its newest attempt is meant.
    data : DataFrame, or tuple, optional
        The rows to fit, in any order. By default the run's snapshot, else the table that they came from. Of a
        run that :func:`hanalife.autolog` recorded only a hash is kept: give ``(X, y)``, or
        ``(X, y, sample_weight)``, as they were given to ``fit``, in the same order: other libraries' estimators
        may depend on it.
    tolerance : float, default 1e-6
        Largest relative difference of a metric that is still ``WITHIN_TOLERANCE``.

    Returns
    -------
    Reproduction
        The verdict and all differences, the first cause first. A difference of environment or code alone, or
        that a run does not say whether it had weights, does not change the verdict: the result counts.

    Raises
    ------
    RunNotFoundError
        The run is not recorded.
    InvalidArgumentError
        The run did not begin with the fit of a hanalife model or of one recorded estimator of scikit-learn,
        XGBoost or LightGBM, what that depended on is not recorded in full, or the tolerance is no number of at
        least 0.
    DataNotFoundError
        The rows are not to be had.

    Notes
    -----
    Nothing is recorded. Other data than the run saw ends the matter: they are not fitted. Rows are compared as a
    set, not by position. If they differ, the first difference names the smallest key that was added, removed or
    changed; this needs the digests that a fit with a key records for up to a million rows, or a snapshot, which
    also shows the values.
    """
    if not (isinstance(tolerance, int | float) and tolerance >= 0):
        raise InvalidArgumentError(f"tolerance: expected a number of at least 0, got {tolerance!r}.")
    facts = run_facts.find(connection_context, experiment_id if run_name is None else f"{experiment_id}/{run_name}")
    if not (facts.run.procedure in _MODELS and "func" in facts.params):
        return _estimator_again(facts, data, tolerance)
    if isinstance(data, tuple):
        raise InvalidArgumentError("data: expected a DataFrame for a run of a hanalife model, got a tuple.")
    if data is not None:
        changed = data_identity.differences(connection_context, facts, data)
        return _fitted_again(facts, data, tolerance) if changed is None else _other_data(facts, changed)
    try:
        return _fitted_again(facts, run_data.find(connection_context, facts), tolerance)
    except DataNotFoundError:
        changed = _changed_table(connection_context, facts)
        if changed is None:
            raise
        return _other_data(facts, changed)


def _other_data(facts: RunFacts, found: DataDifferences) -> Reproduction:
    """Return that the rows are others than the run has seen; the first difference names the first key."""
    differences = [Difference("data", f"column {each.name}", each.left, each.right) for each in found.columns]
    if found.rows is not None:
        rows = found.rows
        then, now = found.values or _ROW_THEN_AND_NOW[rows.first_change]
        differences.append(Difference("data", f"{found.key} {rows.first_key}", then, now))
        counts = f"{found.n_rows}: {rows.added} added, {rows.removed} removed, {rows.changed} changed"
        differences.append(Difference("data", "rows", found.recorded_rows, counts))
    elif found.recorded_rows != found.n_rows:
        differences.append(Difference("data", "rows", found.recorded_rows, found.n_rows))
    differences.append(Difference("data", "content hash", found.recorded_hash, found.hash))
    return _result(facts, tuple(differences), {}, Verdict.DIFFERS)


#: What is told of the row of a key, by what became of it.
_ROW_THEN_AND_NOW = {"added": ("no row", "a row"), "removed": ("a row", "no row"), "changed": ("a row", "other values")}


def _changed_rows(facts: RunFacts, now: str) -> Reproduction | None:
    """Return that the rows are others than the run has seen, or None."""
    recorded = facts.dataset.get("CONTENT_HASH")
    if now == recorded:
        return None
    return _result(facts, (Difference("data", "content hash", recorded, now),), {}, Verdict.DIFFERS)


def _estimator_again(facts: RunFacts, data: Any, tolerance: float) -> Reproduction:
    """Fit an estimator again that autolog() recorded."""
    kind = recorded_estimators.find_class(facts) if facts.run.procedure else None
    if kind is None:
        raise InvalidArgumentError(
            f"run_name: {facts.run.name!r} is not the recorded fit of a hanalife model or of an estimator, so it "
            f"cannot be fitted again; that can be runs of {', '.join(_MODELS)}, and of autolog() for one estimator."
        )
    recorded_estimators.require_reproducible(facts)
    rows, labels, weights = recorded_estimators.require_data(facts, data)
    changed = _changed_rows(facts, recorded_estimators.content_hash(rows, labels)) or _changed_weights(facts, weights)
    if changed is not None:
        return changed
    known = recorded_estimators.knows_weights(facts)
    unchecked = () if known else (Difference("data", "sample_weight", "not recorded", _presence(weights)),)
    now: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    refused: tuple[Difference, ...] = ()
    try:
        estimator = recorded_estimators.make(kind, facts.params)
        now = recorded_estimators.parameters(estimator)
        metrics = recorded_estimators.fitted(estimator, rows, labels, weights)
    except (TypeError, ValueError) as error:
        refused = (Difference("parameter", "refused", "accepted", str(error)),)
    recorded = recorded_estimators.recorded_metrics(facts)
    return _judged(facts, refused, (facts.params, now), (recorded, metrics), tolerance, unchecked)


def _changed_weights(facts: RunFacts, weights: Any) -> Reproduction | None:
    """Return that the weights are others than the run has seen, or None."""
    changed = recorded_estimators.changed_weights(facts, weights)
    if changed is None:
        return None
    return _result(facts, (Difference("data", "sample_weight", *changed),), {}, Verdict.DIFFERS)


def _presence(weights: Any) -> str:
    return "none" if weights is None else "given"


def _changed_table(connection_context: ConnectionContext, facts: RunFacts) -> DataDifferences | None:
    """Return how the table of a run differs now, or None if it is gone."""
    source = facts.run.dataset_source
    if not source or not connection_context.has_table(source):
        return None
    return data_identity.differences(connection_context, facts, connection_context.table(source))


def _fitted_again(facts: RunFacts, frame: DataFrame, tolerance: float) -> Reproduction:
    witness = _Witness()
    refused: tuple[Difference, ...] = ()
    try:
        model = _MODELS[facts.run.procedure](**_constructor(facts.first_params))
        model.observer = witness
        model.fit(data=frame, **_fit_arguments(facts.first_params))
    except (Error, TypeError) as error:
        refused = (Difference("parameter", "refused", "accepted", str(error)),)
    recorded = {
        name: value for name, value in evidence.by_label(facts.metrics).items() if not name.startswith(_OF_OTHERS)
    }
    return _judged(facts, refused, (facts.first_params, witness.parameters), (recorded, witness.metrics), tolerance)


def _judged(
    facts: RunFacts,
    refused: tuple[Difference, ...],
    parameters: tuple[Mapping[str, Any], Mapping[str, Any]],
    metrics: tuple[Mapping[str, Any], Mapping[str, Any]],
    tolerance: float,
    unchecked: tuple[Difference, ...] = (),
) -> Reproduction:
    """Return what came of a fit; parameters and metrics are pairs, as recorded and now.

    What is ``unchecked`` is told first, and does not change the verdict: the result counts.
    """
    changed = comparison.changes(*parameters) if parameters[1] else ()
    causes = [Difference("parameter", change.name, change.left, change.right) for change in changed]
    surroundings = _surroundings(facts)
    if refused:
        return _result(facts, (*unchecked, *refused, *causes, *surroundings), {}, Verdict.DIFFERS)
    effects = [Difference("metric", change.name, change.left, change.right) for change in comparison.changes(*metrics)]
    verdict = _verdict(causes, effects, tolerance)
    return _result(facts, (*unchecked, *causes, *surroundings, *effects), metrics[1], verdict)


def _verdict(causes: list[Difference], effects: list[Difference], tolerance: float) -> Verdict:
    if causes:
        return Verdict.DIFFERS
    if not effects:
        return Verdict.IDENTICAL
    near = all(_is_near(effect.recorded, effect.now, tolerance) for effect in effects)
    return Verdict.WITHIN_TOLERANCE if near else Verdict.DIFFERS


def _is_near(recorded: Any, now: Any, tolerance: float) -> bool:
    try:
        pairs = list(zip(_numbers(recorded), _numbers(now), strict=True))
    except ValueError:
        return False  # texts that are no lists of numbers, or of other lengths
    return all(math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance) for left, right in pairs)


def _numbers(value: Any) -> list[float]:
    if value is None:
        raise ValueError("no value")
    return [float(part) for part in value.split(",")] if isinstance(value, str) else [float(value)]


def _surroundings(facts: RunFacts) -> list[Difference]:
    """Return how Python, packages and code differ from those recorded."""
    import json

    found = []
    for what, recorded, shared in (
        ("environment", facts.environment, provenance.environment()),
        ("code", facts.code, provenance.code()),
    ):
        if recorded:
            changes = comparison.surroundings(what, recorded, json.loads(shared.content))
            found += [Difference(what, change.name, change.left, change.right) for change in changes]
    return found


def _constructor(params: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in params.items() if not name.isupper() and value is not None}
    given.pop("progress_indicator_id", None)  # else the scores that the store kept would be taken again
    return given


def _fit_arguments(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of the fit; an empty list stands for none."""
    given = {name.lower(): value for name, value in params.items() if name.isupper()}
    return {name: value for name, value in given.items() if value is not None and value != []}


def _result(
    facts: RunFacts, differences: tuple[Difference, ...], metrics: Mapping[str, float | str], verdict: Verdict
) -> Reproduction:
    run = facts.run
    return Reproduction(run.run_id, f"{run.experiment_id}/{run.name}", verdict, differences, metrics)


class _Witness:
    """Takes note of a fit, and records nothing."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.metrics: dict[str, float | str] = {}

    def call_started(self, start: CallStart) -> str:
        self.parameters = {name: plain(value) for name, value in start.parameters.items()}
        return ""

    def call_progressed(self, progress: CallProgress) -> None:
        """Note the ends of learning curves, as a run does."""
        self.metrics |= {f"{point.part}_{point.metric}".upper(): point.value for point in progress.points}

    def call_finished(self, outcome: CallOutcome) -> None:
        self.metrics |= outcome.metrics

    def call_failed(self, error: BaseException) -> None:
        """Do nothing: the error is raised to the caller."""


def _classification(**given: Any) -> Any:
    from hanalife.learning.classification import UnifiedClassification

    return UnifiedClassification(**given)


def _regression(**given: Any) -> Any:
    from hanalife.learning.regression import UnifiedRegression

    return UnifiedRegression(**given)


_MODELS = {"UNIFIED_CLASSIFICATION": _classification, "UNIFIED_REGRESSION": _regression}

#: Metrics of later calls, and of whichever candidate a search came to last.
_OF_OTHERS = ("SCORE_", "SEARCH_")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
