"""HybridGradientBoostingTree.

Defaults are SAP HANA's, but for ``split_method``: its 'exact' cannot share binned data.
"""

from __future__ import annotations

from hanalife.learning.parameters.parameter import RANDOM_STATE, Effect, Parameter


def _share(name: str, default: float, engine: str) -> Parameter:
    return Parameter(name, float, default, engine=engine, above=0, maximum=1, tunable=True)


_COMMON: tuple[Parameter, ...] = (
    Parameter("n_estimators", int, 10, minimum=1, tunable=True),
    Parameter("max_depth", int, 6, engine="max_depth", minimum=1, tunable=True),
    Parameter("learning_rate", float, 0.3, engine="eta", above=0, maximum=1, tunable=True),
    Parameter("split_threshold", float, 0.0, engine="gamma", minimum=0, tunable=True),
    RANDOM_STATE,
    _share("subsample", 1.0, "subsample"),
    Parameter("split_method", str, "histogram", choices=("exact", "sketch", "sampling", "histogram")),
    Parameter("sketch_eps", float, 0.1, above=0, maximum=1, pal="SKETCH_ESP"),
    Parameter("max_bin_num", int, 256, minimum=2),
    Parameter(
        "min_sample_weight_leaf",
        float,
        1.0,
        engine="min_child_weight",
        minimum=0,
        tunable=True,
        pal="MIN_SAMPLES_WEIGHT_LEAF",
    ),
    Parameter("max_w_in_split", float, 0.0, engine="max_delta_step", minimum=0, tunable=True),
    _share("col_subsample_split", 1.0, "colsample_bynode"),
    _share("col_subsample_tree", 1.0, "colsample_bytree"),
    Parameter("lamb", float, 1.0, engine="reg_lambda", minimum=0, tunable=True),
    Parameter("alpha", float, 1.0, engine="reg_alpha", minimum=0, tunable=True),
    Parameter("thread_ratio", float, -1.0, maximum=1),
    # Above 0, so large a share of the training rows decides when to stop.
    Parameter("validation_set_rate", float, 0.0, minimum=0, maximum=1 - 1e-6),
    Parameter("stratified_validation_set", bool, default=False),
    Parameter("tolerant_iter_num", int, 10, minimum=1),
    Parameter("model_tree", str, "constant", Effect.LATER, choices=("constant", "linear")),
    # Missing values take the branch that training found best for them.
    Parameter("replace_missing", bool, default=False, effect=Effect.NONE),
    Parameter("default_missing_direction", str, effect=Effect.NONE, choices=("left", "right")),
    Parameter("min_samples_leaf", int, 1, Effect.NONE, minimum=1),
    Parameter("feature_grouping", bool, default=False, effect=Effect.NONE),
    Parameter("tol_rate", float, 0.0001, Effect.NONE, minimum=0, pal="TOLERANT_RATE"),
    Parameter("fg_min_zero_rate", float, 0.5, Effect.NONE, minimum=0, maximum=1),
    Parameter("compression", bool, default=False, effect=Effect.NONE),
    Parameter("max_bits", int, 12, Effect.NONE, minimum=1, maximum=30),
    Parameter("linear_lambda", float, 1.0, Effect.NONE, minimum=0),
)

CLASSIFICATION: tuple[Parameter, ...] = (
    *_COMMON,
    # Not given: the objective's own; so for numbers.
    Parameter(
        "validation_set_metric",
        str,
        choices=("error_rate", "rmse", "mae", "auc", "nll"),
        of_class=("recall", "precision", "f1_score"),
    ),
    Parameter("base_score", float, 0.5, above=0, maximum=1 - 1e-6, tunable=True),
    Parameter("adopt_prior", bool, default=False, pal="START_FROM_AVERAGE"),
    Parameter("obj_func", str, choices=("logistic", "hinge", "softmax")),
    # Each class has trees of its own.
    Parameter("use_vec_leaf", bool, default=False, effect=Effect.NONE),
)

#: Keywords of ``fit`` that only this algorithm has.
CLASSIFICATION_FIT: tuple[Parameter, ...] = (
    Parameter("scale_weight", float, 1.0, above=0),
    Parameter("scale_weight_target", object),
)

REGRESSION: tuple[Parameter, ...] = (
    *_COMMON,
    Parameter("validation_set_metric", str, choices=("rmse", "mae")),
    # Not given: the value that fits the target best before the first tree.
    Parameter("base_score", float, tunable=True),
    Parameter("adopt_prior", bool, default=False, pal="START_FROM_AVERAGE"),
    Parameter(
        "obj_func",
        str,
        "se",
        choices=("se", "sle", "ae", "huber", "pseudo-huber", "gamma", "tweedie", "quantile"),
    ),
    Parameter("tweedie_power", float, 1.5, above=1, maximum=2 - 1e-6),
    Parameter("huber_slope", float, 1.0, above=0),
    Parameter("pinball_delta", float, 0.5, above=0, maximum=1 - 1e-6),
)
