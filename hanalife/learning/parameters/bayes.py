"""NaiveBayes. Defaults are SAP HANA's."""

from __future__ import annotations

from hanalife.learning.parameters.parameter import RANDOM_STATE, Effect, Parameter

CLASSIFICATION: tuple[Parameter, ...] = (
    # Laplace smoothing of the categories' shares.
    Parameter("alpha", float, 0.0, minimum=0, tunable=True),
    # 'supervised': numbers become intervals (Fayyad and Irani 1993).
    Parameter("discretization", str, "no", choices=("no", "supervised"), tunable=True),
    Parameter("model_format", str, "json", Effect.NONE, choices=("json", "pmml")),
    Parameter("thread_ratio", float, 0.0, Effect.NONE, maximum=1),
    RANDOM_STATE,
)
