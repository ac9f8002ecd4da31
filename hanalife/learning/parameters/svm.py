"""SVM. Defaults are SAP HANA's.

``gamma`` and ``coef_lin`` not given, or 0, are 1 / (number of prepared columns): a linear term of 0
would make every row alike.
"""

from __future__ import annotations

from hanalife.learning.parameters.parameter import RANDOM_STATE, Effect, Parameter

_COMMON: tuple[Parameter, ...] = (
    Parameter("c", float, 100.0, above=0, tunable=True, pal="SVM_C"),
    Parameter("kernel", str, "rbf", choices=("linear", "poly", "rbf", "sigmoid"), tunable=True, pal="KERNEL_TYPE"),
    Parameter("degree", int, 3, minimum=1, tunable=True, pal="POLY_DEGREE"),
    Parameter("gamma", float, minimum=0, tunable=True, pal="RBF_GAMMA"),
    Parameter("coef_lin", float, 0.0, minimum=0, tunable=True),
    Parameter("coef_const", float, 0.0, tunable=True),
    Parameter("shrink", bool, default=True),
    Parameter("tol", float, 0.001, above=0),
    Parameter("evaluation_seed", int, 0, minimum=0, maximum=2**31 - 1),
    Parameter("scale_info", str, "standardization", choices=("no", "standardization", "rescale"), tunable=True),
    Parameter("category_weight", float, 0.707, above=0, tunable=True),
    RANDOM_STATE,
    # Missing numbers become the mean; a missing category is one of its own.
    Parameter("handle_missing", bool, default=True, effect=Effect.NONE),
    Parameter("compression", bool, default=False, effect=Effect.NONE),
    Parameter("max_bits", int, 12, Effect.NONE, minimum=1, maximum=30),
    Parameter("max_quantization_iter", int, 1000, Effect.NONE, minimum=1),
    Parameter("thread_ratio", float, 0.0, Effect.NONE, maximum=1),
)

CLASSIFICATION: tuple[Parameter, ...] = (
    *_COMMON,
    Parameter("probability", bool, default=False),
    Parameter("use_coreset", bool, default=False, effect=Effect.NONE),
    Parameter("coreset_scale", float, 0.1, Effect.NONE, above=0, maximum=1),
)

REGRESSION: tuple[Parameter, ...] = (
    *_COMMON,
    # With scale_label in units of the label's standard deviation.
    Parameter("regression_eps", float, 0.1, minimum=0, tunable=True),
    Parameter("scale_label", bool, default=True),
)
