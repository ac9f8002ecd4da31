"""DecisionTree and RandomDecisionTree. Defaults are SAP HANA's."""

from __future__ import annotations

from hanalife.learning.parameters.parameter import NUMBER_BY_NAME, RANDOM_STATE, Effect, Parameter

#: How a model is written down; models have one form here.
_MODEL_FORMAT = ("json", "pmml")

_TREE: tuple[Parameter, ...] = (
    # Rows without a label are left out; False: they are refused.
    Parameter("allow_missing_dependent", bool, default=True),
    # Below 1, the other rows decide how far the tree is cut back.
    Parameter("percentage", float, 1.0, above=0, maximum=1),
    Parameter("min_records_of_parent", int, 2, minimum=2, tunable=True),
    Parameter("min_records_of_leaf", int, 1, minimum=1, tunable=True),
    Parameter("max_depth", int, minimum=1, tunable=True),
    Parameter("split_threshold", float, 1e-5, minimum=0, tunable=True),
    RANDOM_STATE,
    # Numbers are split where it is best, into two.
    Parameter("discretization_type", str, "mdlpc", Effect.NONE, choices=("mdlpc", "equal_freq")),
    Parameter("max_branch", int, 10, Effect.NONE, minimum=2),
    Parameter("merge_threshold", float, 0.05, Effect.NONE, minimum=0, maximum=1),
    # Missing values take the branch that training found best for them.
    Parameter("use_surrogate", bool, default=True, effect=Effect.NONE),
    Parameter("model_format", str, "json", Effect.NONE, choices=_MODEL_FORMAT),
    Parameter("thread_ratio", float, -1.0, Effect.NONE, maximum=1),
)

CLASSIFICATION: tuple[Parameter, ...] = (
    Parameter("algorithm", str, "cart", choices=("cart", "c45"), elsewhere=("chaid",), tunable=True),
    *_TREE,
)
REGRESSION = _TREE

_BINS = Parameter("bins", NUMBER_BY_NAME, effect=Effect.NONE, minimum=2)
_PRIORS = Parameter("priors", NUMBER_BY_NAME, above=0, maximum=1)

#: Keywords of ``fit`` that only a tree has.
CLASSIFICATION_FIT: tuple[Parameter, ...] = (_PRIORS, _BINS)
REGRESSION_FIT: tuple[Parameter, ...] = (_BINS,)


def _forest(min_samples_leaf: int, split_threshold: float) -> tuple[Parameter, ...]:
    return (
        Parameter("n_estimators", int, 100, minimum=1, tunable=True),
        # Not given: the square root of the number of columns; a third of it where numbers are learnt.
        Parameter("max_features", int, minimum=1, tunable=True),
        Parameter("max_depth", int, 56, minimum=1, tunable=True),
        Parameter("min_samples_leaf", int, min_samples_leaf, minimum=1, tunable=True),
        Parameter("split_threshold", float, split_threshold, minimum=0, tunable=True),
        RANDOM_STATE,
        Parameter("thread_ratio", float, -1.0, maximum=1),
        Parameter("allow_missing_dependent", bool, default=True),
        Parameter("sample_fraction", float, 1.0, above=0, maximum=1, tunable=True),
        Parameter("compression", bool, default=False, effect=Effect.NONE),
        Parameter("max_bits", int, 12, Effect.NONE, minimum=1, maximum=30),
        Parameter("quantize_rate", float, 0.005, Effect.NONE, minimum=0, maximum=1),
        Parameter("model_format", str, "pmml", Effect.NONE, choices=_MODEL_FORMAT),
    )


FOREST_CLASSIFICATION = _forest(1, 1e-5)
FOREST_CLASSIFICATION_FIT: tuple[Parameter, ...] = (
    _PRIORS,
    Parameter("strata", NUMBER_BY_NAME, above=0, maximum=1),
)
FOREST_REGRESSION = (
    *_forest(5, 1e-9),
    Parameter("fittings_quantization", bool, default=False, effect=Effect.NONE),
)
