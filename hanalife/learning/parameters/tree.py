"""DecisionTree."""

from __future__ import annotations

from hanalife.learning.parameters.parameter import RANDOM_STATE, Parameter

_COMMON: tuple[Parameter, ...] = (
    Parameter("min_records_of_parent", int, 2, minimum=2, tunable=True),
    Parameter("min_records_of_leaf", int, 1, minimum=1, tunable=True),
    Parameter("max_depth", int, minimum=1, tunable=True),
    Parameter("split_threshold", float, 1e-5, minimum=0, tunable=True),
    RANDOM_STATE,
)

CLASSIFICATION = _COMMON
REGRESSION = _COMMON
