"""The source of a metric that was recorded before metrics had one, told by its name and its run. Pure.

Released migrations and the reading of older files rely on these rules: they never change.
"""

from __future__ import annotations

from dataclasses import dataclass

from hanalife.observation import MetricSource

#: What hanalife's own models are recorded as.
_OF_MODELS = ("UNIFIED_CLASSIFICATION", "UNIFIED_REGRESSION")

_BY_PREFIX = {
    "SCORE_": MetricSource.TEST,
    "PREDICT_": MetricSource.USER,
    "TRAINING_": MetricSource.TRAIN,
    "VALIDATION_": MetricSource.VALIDATION,
    "SEARCH_": MetricSource.CV,
    "TEST_": MetricSource.CV,
    "CV_": MetricSource.CV,
    "RUNG_": MetricSource.CV,
    "FAILED_": MetricSource.CV,
}

#: What a fit measures on the rows of its partition. Its other statistics are of the training rows.
_MEASURED = frozenset(
    [
        "AUC",
        "ACCURACY",
        "ERROR_RATE",
        "KAPPA",
        "MCC",
        "NLL",
        "CALIBRATION_ERROR",
        "PARTITION",
        "EVAR",
        "MAE",
        "MAPE",
        "MAX_ERROR",
        "MSE",
        "R2",
        "RMSE",
        "WMAPE",
        "MSLE",
        "GROUPS",
        "FAILED_GROUPS",
    ]
)
_MEASURED_BY_CLASS = ("RECALL_", "PRECISION_", "F1_SCORE_", "SUPPORT_", "AUC_")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What tells which rows the metrics of a run were measured on."""

    procedure: str = ""  #: empty: a run that was written by hand
    first_method: str | None = None  #: fit, score or predict; None: not known
    partition: str | None = None  #: the text metric PARTITION: training or validation
    partition_method: str | None = None  #: the parameter of a fit

    @property
    def plain_source(self) -> MetricSource:
        """The source of what the first call measured."""
        if self.procedure not in _OF_MODELS:
            return MetricSource.USER
        if self.first_method == "score":
            return MetricSource.TEST
        if self.first_method == "predict":
            return MetricSource.USER
        is_held_out = self.partition == "validation" if self.partition else self.partition_method not in (None, "no")
        return MetricSource.VALIDATION if is_held_out else MetricSource.TRAIN


def source_of(name: str, run: RunFacts) -> MetricSource:
    """Return the source of a metric of a run.

    >>> source_of("SCORE_AUC", RunFacts("UNIFIED_CLASSIFICATION", "fit", "training"))
    <MetricSource.TEST: 'test'>
    >>> source_of("AUC", RunFacts("UNIFIED_CLASSIFICATION", "fit", "validation"))
    <MetricSource.VALIDATION: 'validation'>
    >>> source_of("SCORE_AUC", RunFacts())
    <MetricSource.USER: 'user'>
    """
    if not run.procedure:
        return MetricSource.USER
    if run.procedure not in _OF_MODELS:
        return _of_estimator(name)
    prefixed = next((source for prefix, source in _BY_PREFIX.items() if name.startswith(prefix)), None)
    if prefixed is not None:
        return prefixed
    if name == "timeout":
        return MetricSource.CV
    source, is_measured = run.plain_source, name in _MEASURED or name.startswith(_MEASURED_BY_CLASS)
    return source if is_measured or source is not MetricSource.VALIDATION else MetricSource.TRAIN


def _of_estimator(name: str) -> MetricSource:
    """Return the source of what a fit of scikit-learn, XGBoost or LightGBM was recorded with."""
    if name == "best_score" or name.startswith("mean_test_"):
        return MetricSource.CV
    return MetricSource.TRAIN if name.startswith(("train_", "training_", "learn_")) else MetricSource.VALIDATION
