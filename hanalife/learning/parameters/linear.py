"""LogisticRegression, LinearRegression and GLM.

Penalties have glmnet's form: the mean loss plus ``enet_lambda`` times the penalty, of which the
share ``enet_alpha`` is of sizes (L1) and the rest of half the squares (L2); the intercept is free.
"""

from __future__ import annotations

from hanalife.learning.parameters.parameter import RANDOM_STATE, Effect, Parameter

_LAMBDA = Parameter("enet_lambda", float, 0.0, minimum=0, tunable=True)
_ALPHA = Parameter("enet_alpha", float, 1.0, minimum=0, maximum=1, tunable=True)
_THREADS = Parameter("thread_ratio", float, 0.0, Effect.NONE)
_JSON = Parameter("json_export", bool, default=False, effect=Effect.NONE)
_VERBOSE = Parameter("ps_verbose", bool, default=True, effect=Effect.NONE)

MULTI_CLASS_SOLVERS = ("auto", "lbfgs", "cyclical")


def _logistic(solvers: tuple[str, ...]) -> tuple[Parameter, ...]:
    return (
        Parameter("solver", str, "auto", choices=solvers),
        # Not given: 100; 1,000 with 'proximal'; 100,000 with 'cyclical'.
        Parameter("max_iter", int, minimum=1, tunable=True),
        # Not given: 1e-6; 1e-7 with 'cyclical'. Of 'newton' and 'lbfgs': epsilon.
        Parameter("tol", float, above=0),
        Parameter("epsilon", float, above=0),
        _LAMBDA,
        _ALPHA,
        Parameter("standardize", bool, default=True),
        Parameter("stat_inf", bool, default=False),
        # Passes over the rows of 'stochastic'.
        Parameter("max_pass_number", int, 1, minimum=1, tunable=True),
        # True: a missing number becomes the mean; False: it is refused.
        Parameter("handle_missing", bool, default=True),
        RANDOM_STATE,
        Parameter("sgd_batch_number", int, 1, Effect.NONE, minimum=1),
        Parameter("precompute", bool, default=True, effect=Effect.NONE),
        Parameter("lbfgs_m", int, 6, Effect.NONE, minimum=1),
        _THREADS,
        _JSON,
        _VERBOSE,
    )


LOGISTIC = _logistic((*MULTI_CLASS_SOLVERS, "newton", "stochastic", "proximal"))
MULTI_LOGISTIC = _logistic(MULTI_CLASS_SOLVERS)

#: The names of the two classes; the second is what AUC, curves and reasons refer to.
CLASS_MAP: tuple[Parameter, ...] = (Parameter("class_map0", object), Parameter("class_map1", object))

LINEAR: tuple[Parameter, ...] = (
    # Not given: 'qr', or 'cyclical' with a penalty; 'cd', 'cyclical' and 'admm' are 'svd' without one.
    Parameter("solver", str, choices=("qr", "svd", "cd", "cyclical", "cholesky", "admm")),
    Parameter("var_select", str, "no", choices=("no", "forward", "backward", "stepwise")),
    # Not given: 0.05 with 'forward', 0.15 with 'stepwise'.
    Parameter("alpha_to_enter", float, above=0, maximum=1),
    # Not given: 0.1 with 'backward', 0.15 with 'stepwise'.
    Parameter("alpha_to_remove", float, above=0, maximum=1),
    Parameter("mandatory_feature", list),
    Parameter("intercept", bool, default=True),
    _LAMBDA,
    _ALPHA,
    Parameter("max_iter", int, 100_000, minimum=1, tunable=True),
    Parameter("tol", float, 1e-7, above=0),
    Parameter("adjusted_r2", bool, default=False),
    Parameter("dw_test", bool, default=False),
    Parameter("bp_test", bool, default=False),
    Parameter("ks_test", bool, default=False),
    # The highest power of the fitted values to add; 1: no test.
    Parameter("reset_test", int, 1, minimum=1, maximum=10),
    Parameter("stat_inf", bool, default=False),
    # True: a missing number becomes the mean; False: it is refused.
    Parameter("handle_missing", bool, default=True),
    RANDOM_STATE,
    Parameter("pho", float, 1.8, Effect.NONE, above=0),
    Parameter("precompute_lms_sketch", bool, default=True, effect=Effect.NONE),
    Parameter("stable_sketch_alg", bool, default=True, effect=Effect.NONE),
    Parameter("sparse_sketch_alg", bool, default=False, effect=Effect.NONE),
    _THREADS,
    _JSON,
    _VERBOSE,
)

FAMILIES = (
    "gaussian",
    "normal",
    "poisson",
    "binomial",
    "gamma",
    "inversegaussin",
    "inversegaussian",
    "negativebinomial",
    "ordinal",
)
LINKS = (
    "identity",
    "log",
    "logit",
    "probit",
    "comploglog",
    "reciprocal",
    "inverse",
    "inversesquare",
    "sqrt",
)

GLM: tuple[Parameter, ...] = (
    Parameter("family", str, "gaussian", choices=FAMILIES),
    # Not given: the family's own.
    Parameter("link", str, choices=LINKS),
    # 'irls' and 'nr' reach the same maximum, and run alike; not given: 'irls', or 'cd' with a penalty.
    Parameter("solver", str, choices=("irls", "nr", "cd")),
    Parameter("significance_level", float, 0.05, above=0, maximum=1 - 1e-6),
    Parameter("quasilikelihood", bool, default=False),
    Parameter("group_response", bool, default=False),
    Parameter("handle_missing_fit", str, "skip", choices=("skip", "abort", "fill_zero")),
    # Not given: 100; 100,000 with 'cd'.
    Parameter("max_iter", int, minimum=1, tunable=True),
    # Not given: 1e-8 with 'irls', 1e-6 with 'nr', 1e-7 with 'cd'.
    Parameter("tol", float, above=0),
    Parameter("enet_alpha", float, 1.0, minimum=0, maximum=1, tunable=True, aliases=("alpha",)),
    Parameter("enet_lambda", float, 0.0, minimum=0, tunable=True, aliases=("lamb",)),
    # The levels of family='ordinal', the lowest first; not given: ascending.
    Parameter("ordering", tuple),
    RANDOM_STATE,
    # One penalty is fitted; a search over enet_lambda chooses among many.
    Parameter("num_lambda", int, 100, Effect.NONE, minimum=1),
    Parameter("lambda_min_ratio", float, effect=Effect.NONE, above=0, maximum=1),
    Parameter("output_fitted", bool, default=False, effect=Effect.NONE),
    _THREADS,
)

#: Keywords of ``fit``: of the coefficients' intervals, and whether to tell how they vary together.
FITTING: tuple[Parameter, ...] = (
    Parameter("significance_level", float, above=0, maximum=1 - 1e-6),
    Parameter("output_coefcov", bool, default=False),
)

#: Keywords of ``score`` and ``predict``.
READING: tuple[Parameter, ...] = (
    Parameter("prediction_type", str, "response", choices=("response", "link")),
    # Not given: 'no', or 'confidence' with a significance_level.
    Parameter("interval_type", str, choices=("no", "confidence", "prediction")),
    Parameter("significance_level", float, 0.05, above=0, maximum=1 - 1e-6),
    Parameter("ignore_correlation", bool, default=False),
    # Not given: a missing number is the mean of the training rows.
    Parameter("handle_missing", str, choices=("skip", "fill_zero")),
)
