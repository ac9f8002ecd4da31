"""What hana_ml's unified models take, written down from its description and not from the tables of the code.

A row says what a keyword takes: ``(kind, default, more)``. ``more`` holds ``choices``, or the range:
``above``, ``least``, ``most``. ``OTHER_DEFAULTS``, ``ELSEWHERE`` and ``NO_EFFECT`` are where hanalife goes its
own way, each for a reason that the tables of the code tell.
"""

from __future__ import annotations

from typing import Any

Row = tuple[str, Any, dict[str, Any]]


def whole(default=None, **more) -> Row:
    return ("int", default, more)


def number(default=None, **more) -> Row:
    return ("float", default, more)


def truth(*, default=False) -> Row:
    return ("bool", default, {})


def choice(default, *choices) -> Row:
    return ("str", default, {"choices": choices})


SHARE = {"above": 0, "most": 1}
SEED = {"random_state": whole(0, least=0)}
RACE = {
    "resource": choice("data_size", "data_size"),
    "max_resource": whole(least=1),
    "min_resource_rate": number(0.0, least=0),
    "reduction_rate": number(3.0, above=1),
    "aggressive_elimination": truth(),
}
SELECTION = {
    "resampling_method": ("str", None, {"choices": ("cv", "bootstrap")}),
    "evaluation_metric": ("metric", None, {}),
    "param_search_strategy": choice(None, "grid", "random"),
    "fold_num": whole(5, least=2),
    "repeat_times": whole(1, least=1),
    "random_search_times": whole(least=1),
    "timeout": whole(0, least=0),
    "progress_indicator_id": ("text", None, {}),
    "param_values": ("dict", None, {}),
    "param_range": ("dict", None, {}),
    **RACE,
    **SEED,
}

_BOOSTING = {
    "n_estimators": whole(10, least=1),
    "max_depth": whole(6, least=1),
    "learning_rate": number(0.3, **SHARE),
    "split_threshold": number(0.0, least=0),
    "subsample": number(1.0, **SHARE),
    "split_method": choice("exact", "exact", "sketch", "sampling", "histogram"),
    "sketch_eps": number(0.1, above=0),
    "max_bin_num": whole(256, least=2),
    "min_sample_weight_leaf": number(1.0, least=0),
    "min_samples_leaf": whole(1, least=1),
    "max_w_in_split": number(0.0, least=0),
    "col_subsample_split": number(1.0, **SHARE),
    "col_subsample_tree": number(1.0, **SHARE),
    "lamb": number(1.0, least=0),
    "alpha": number(1.0, least=0),
    "base_score": number(0.5, above=0, most=0.999),
    "adopt_prior": truth(),
    "ref_metric": ("metrics", None, {}),
    "replace_missing": truth(default=True),
    "default_missing_direction": choice("right", "left", "right"),
    "feature_grouping": truth(),
    "tol_rate": number(0.0001, least=0),
    "fg_min_zero_rate": number(0.5, least=0),
    "compression": truth(),
    "max_bits": whole(12, least=1, most=30),
    "validation_set_rate": number(0.0, least=0, most=0.99999),
    "stratified_validation_set": truth(),
    "tolerant_iter_num": whole(10, least=1),
    "model_tree": choice("constant", "constant", "linear"),
    "linear_lambda": number(1.0, least=0),
    "thread_ratio": number(-1.0, most=1),
    **SEED,
}
_FOREST = {
    "n_estimators": whole(100, least=1),
    "max_features": whole(least=1),
    "max_depth": whole(56, least=1),
    "min_samples_leaf": whole(1, least=1),
    "split_threshold": number(1e-5, least=0),
    "thread_ratio": number(-1.0, most=1),
    "allow_missing_dependent": truth(default=True),
    "sample_fraction": number(1.0, **SHARE),
    "compression": truth(),
    "max_bits": whole(12, least=1),
    "quantize_rate": number(0.005, least=0),
    "model_format": choice("pmml", "json", "pmml"),
    **SEED,
}
_TREE = {
    "allow_missing_dependent": truth(default=True),
    "percentage": number(1.0, **SHARE),
    "min_records_of_parent": whole(2, least=2),
    "min_records_of_leaf": whole(1, least=1),
    "max_depth": whole(least=1),
    "split_threshold": number(1e-5, least=0),
    "discretization_type": choice("mdlpc", "mdlpc", "equal_freq"),
    "max_branch": whole(10, least=2),
    "merge_threshold": number(0.05, least=0),
    "use_surrogate": truth(default=True),
    "model_format": choice("json", "json", "pmml"),
    "thread_ratio": number(-1.0, most=1),
}
_ACTIVATIONS = (
    "tanh",
    "linear",
    *(
        f"{shape}_{side}"
        for shape in ("sigmoid", "gaussian", "elliot", "sin", "cos")
        for side in ("asymmetric", "symmetric")
    ),
    "relu",
)
_NETWORK = {
    "activation": choice(None, *_ACTIVATIONS),
    "output_activation": choice(None, *_ACTIVATIONS),
    "activation_options": ("texts", None, {"good": ["tanh", "relu"]}),
    "output_activation_options": ("texts", None, {"good": ["tanh", "relu"]}),
    "hidden_layer_size": ("sizes", None, {"good": [4, 2]}),
    "hidden_layer_size_options": ("lists of sizes", None, {"good": [(4,), (4, 2)]}),
    "max_iter": whole(100, least=1),
    "training_style": choice("stochastic", "batch", "stochastic"),
    "learning_rate": number(above=0),
    "momentum": number(least=0),
    "batch_size": whole(1, least=1),
    "normalization": choice("no", "no", "z-transform", "scalar"),
    "weight_init": choice(
        "all-zeros", "all-zeros", "normal", "uniform", "variance-scale-normal", "variance-scale-uniform"
    ),
    "thread_ratio": number(0.0, most=1),
}
_VECTORS = {
    "c": number(100.0, above=0),
    "kernel": choice("rbf", "linear", "poly", "rbf", "sigmoid"),
    "degree": whole(3, least=1),
    "gamma": number(least=0),
    "coef_lin": number(0.0, least=0),
    "coef_const": number(0.0),
    "shrink": truth(default=True),
    "tol": number(0.001, above=0),
    "evaluation_seed": whole(0, least=0),
    "scale_info": choice("standardization", "no", "standardization", "rescale"),
    "handle_missing": truth(default=True),
    "category_weight": number(0.707, above=0),
    "compression": truth(),
    "max_bits": whole(12, least=1),
    "max_quantization_iter": whole(1000, least=1),
}
_LOGISTIC = {
    "max_iter": whole(least=1),
    "enet_alpha": number(1.0, least=0, most=1),
    "enet_lambda": number(0.0, least=0),
    "tol": number(above=0),
    "solver": choice("auto", "auto", "newton", "cyclical", "lbfgs", "stochastic", "proximal"),
    "epsilon": number(above=0),
    "standardize": truth(default=True),
    "max_pass_number": whole(1, least=1),
    "sgd_batch_number": whole(1, least=1),
    "precompute": truth(default=True),
    "handle_missing": truth(default=True),
    "lbfgs_m": whole(6, least=1),
    "stat_inf": truth(),
    "json_export": truth(),
    "ps_verbose": truth(default=True),
}
_FORMULA = {
    "decomposition": choice("qr", "lu", "qr", "svd", "cholesky"),
    "adjusted_r2": truth(),
    "thread_ratio": number(0.0),
}

CLASSIFICATION: dict[str, tuple[str, dict[str, Row]]] = {
    "HybridGradientBoostingTree": (
        "HGBT",
        {
            **_BOOSTING,
            "obj_func": choice(None, "logistic", "hinge", "softmax"),
            "validation_set_metric": choice(
                None, *("error_rate", "rmse", "mae", "auc", "nll", "f1_score_1", "recall_1", "precision_1")
            ),
            "use_vec_leaf": truth(),
        },
    ),
    "DecisionTree": ("DT", {"algorithm": choice("cart", "c45", "chaid", "cart"), **_TREE}),
    "RandomDecisionTree": ("RDT", _FOREST),
    "RandomForest": ("RDT", _FOREST),
    "LogisticRegression": ("LOGR", _LOGISTIC),
    "MLP": ("MLP", _NETWORK),
    "NaiveBayes": (
        "NB",
        {
            "alpha": number(0.0, least=0),
            "discretization": choice("no", "no", "supervised"),
            "model_format": choice("json", "json", "pmml"),
            "thread_ratio": number(0.0, most=1),
        },
    ),
    "SVM": (
        "SVM",
        {**_VECTORS, "probability": truth(), "use_coreset": truth(), "coreset_scale": number(0.1, **SHARE)},
    ),
}
REGRESSION: dict[str, tuple[str, dict[str, Row]]] = {
    "HybridGradientBoostingTree": (
        "HGBT",
        {
            **_BOOSTING,
            "base_score": number(),
            "obj_func": choice("se", "se", "sle", "ae", "huber", "pseudo-huber", "gamma", "tweedie", "quantile"),
            "validation_set_metric": choice(None, "rmse", "mae"),
            "tweedie_power": number(1.5, above=1, most=1.999),
            "huber_slope": number(1.0, above=0),
            "pinball_delta": number(above=0, most=0.999),
        },
    ),
    "DecisionTree": ("DT", _TREE),
    **dict.fromkeys(
        ("RandomDecisionTree", "RandomForest"),
        (
            "RDT",
            {
                **_FOREST,
                "min_samples_leaf": whole(5, least=1),
                "split_threshold": number(1e-9, least=0),
                "fittings_quantization": truth(),
            },
        ),
    ),
    "MLP": ("MLP", _NETWORK),
    "SVM": (
        "SVM",
        {
            **_VECTORS,
            "regression_eps": number(0.1, least=0),
            "scale_label": truth(default=True),
            "thread_ratio": number(0.0, most=1),
        },
    ),
    "LinearRegression": (
        "MLR",
        {
            "solver": choice("qr", "qr", "svd", "cd", "cyclical", "cholesky", "admm"),
            "var_select": choice("no", "no", "forward", "backward", "stepwise"),
            "alpha_to_enter": number(**SHARE),
            "alpha_to_remove": number(**SHARE),
            "mandatory_feature": ("texts", None, {"good": ["A"]}),
            "intercept": truth(default=True),
            "enet_lambda": number(least=0),
            "enet_alpha": number(1.0, least=0, most=1),
            "max_iter": whole(100_000, least=1),
            "tol": number(1e-7, above=0),
            "pho": number(1.8, above=0),
            "adjusted_r2": truth(),
            "dw_test": truth(),
            "bp_test": truth(),
            "ks_test": truth(),
            "reset_test": whole(1, least=1),
            "stat_inf": truth(),
            "handle_missing": truth(default=True),
            "json_export": truth(),
            "thread_ratio": number(0.0),
            "precompute_lms_sketch": truth(default=True),
            "stable_sketch_alg": truth(default=True),
            "sparse_sketch_alg": truth(),
            "ps_verbose": truth(default=True),
        },
    ),
    "GLM": (
        "GLM",
        {
            "family": choice(
                "gaussian",
                *(
                    "gaussian",
                    "normal",
                    "poisson",
                    "binomial",
                    "gamma",
                    "inversegaussin",
                    "negativebinomial",
                    "ordinal",
                ),
            ),
            "link": choice(
                None,
                *("identity", "log", "logit", "probit", "comploglog", "reciprocal", "inverse", "inversesquare", "sqrt"),
            ),
            "solver": choice("irls", "irls", "nr", "cd"),
            "significance_level": number(0.05, above=0, most=0.999),
            "quasilikelihood": truth(),
            "group_response": truth(),
            "handle_missing_fit": choice("skip", "skip", "abort", "fill_zero"),
            "max_iter": whole(least=1),
            "tol": number(above=0),
            "enet_alpha": number(1.0, least=0, most=1),
            "alpha": number(1.0, least=0, most=1),
            "enet_lambda": number(least=0),
            "lamb": number(least=0),
            "num_lambda": whole(100, least=1),
            "lambda_min_ratio": number(above=0),
            "ordering": ("values", None, {"good": [1, 2, 3]}),
            "thread_ratio": number(),
        },
    ),
    "PolynomialRegression": (
        "POL",
        {
            "degree": whole(least=1),
            "degree_values": ("values", None, {"good": [1, 2]}),
            "degree_range": ("values", None, {"good": [1, 1, 3]}),
            **_FORMULA,
        },
    ),
    "GeometricRegression": ("GEO", _FORMULA),
    "ExponentialRegression": ("EXP", _FORMULA),
    "LogarithmicRegression": ("LOG", _FORMULA),
}
#: They choose nothing, so that there is nothing to search.
WITHOUT_SEARCH = ("GeometricRegression", "ExponentialRegression", "LogarithmicRegression")

METRICS = {
    "HybridGradientBoostingTree": (
        *("rmse", "mae", "nll", "error_rate", "auc"),
        *("recall_1", "precision_1", "f1_score_1", "f1-score_1"),
    ),
    "DecisionTree": ("error_rate", "nll", "auc"),
    "LogisticRegression": ("accuracy", "f1_score", "auc", "nll"),
    "MLP": ("accuracy", "f1_score", "auc_1vsrest", "auc_pairwise"),
    "NaiveBayes": ("accuracy", "f1_score", "auc"),
    "SVM": ("ACCURACY", "F1_SCORE", "AUC"),
}
METRICS_OF_NUMBERS = {
    "DecisionTree": ("rmse", "mae"),
    "HybridGradientBoostingTree": ("rmse", "mae"),
    "SVM": ("rmse",),
    "LinearRegression": ("rmse",),
    "MLP": ("rmse",),
    "PolynomialRegression": ("rmse",),
    "GLM": ("rmse", "mae", "error_rate"),
}
#: What a race gives out beside rows, by algorithm.
RESOURCES = {
    "HybridGradientBoostingTree": ("n_estimators",),
    "LogisticRegression": ("max_iter", "max_pass_number", "automatic"),
    "LinearRegression": ("max_iter",),
}
TUNABLE = (
    *("n_estimators", "max_depth", "learning_rate", "min_sample_weight_leaf", "max_w_in_split", "col_subsample_split"),
    *("col_subsample_tree", "lamb", "alpha", "base_score", "split_threshold", "subsample"),
)

# --- where hanalife goes its own way ------------------------------------------------------------

#: Of these the value not given is another than SAP HANA's.
OTHER_DEFAULTS = {
    *("split_method", "replace_missing", "default_missing_direction"),  # of boosting
    *("batch_size", "weight_init", "activation", "learning_rate", "momentum", "output_activation"),  # of MLP
    *("solver", "pinball_delta"),
}
#: Values that are refused at once: they work in SAP HANA only.
ELSEWHERE = {
    "algorithm": ("chaid",),
    "model_tree": ("linear",),
    "activation": tuple(name for name in _ACTIVATIONS if name not in ("tanh", "linear", "sigmoid_asymmetric", "relu")),
}
#: Accepted, and said to change nothing.
NO_EFFECT = {
    "HybridGradientBoostingTree": (
        *("min_samples_leaf", "replace_missing", "default_missing_direction", "feature_grouping", "tol_rate"),
        *("fg_min_zero_rate", "compression", "max_bits", "linear_lambda", "use_vec_leaf"),
    ),
    "DecisionTree": (
        *("discretization_type", "max_branch", "merge_threshold", "use_surrogate", "model_format", "thread_ratio"),
    ),
    **dict.fromkeys(
        ("RandomDecisionTree", "RandomForest"),
        ("compression", "max_bits", "quantize_rate", "model_format", "fittings_quantization"),
    ),
    "LogisticRegression": (*("sgd_batch_number", "precompute", "lbfgs_m", "json_export", "ps_verbose"),),
    "MLP": ("output_activation", "output_activation_options", "weight_init", "thread_ratio"),
    "NaiveBayes": ("model_format", "thread_ratio"),
    "SVM": (
        *("handle_missing", "compression", "max_bits", "max_quantization_iter", "use_coreset", "coreset_scale"),
        "thread_ratio",
    ),
    "LinearRegression": (
        *("pho", "json_export", "thread_ratio", "precompute_lms_sketch", "stable_sketch_alg", "sparse_sketch_alg"),
        "ps_verbose",
    ),
    "GLM": ("num_lambda", "lambda_min_ratio", "thread_ratio"),
    **dict.fromkeys(("PolynomialRegression", *WITHOUT_SEARCH), ("thread_ratio",)),
}

# --- calls --------------------------------------------------------------------------------------

#: Keyword of a call: a value that it takes, one of the wrong type, one out of range (None: there is none).
_IMPUTATION = {
    "impute": (True, "yes", None),
    "strategy": ("most_frequent-median", 3, "most_frequent"),
    "strategy_by_col": ([("SIZE", "median")], "SIZE", [("SIZE", "middle")]),
    "als_factors": (2, "two", 0),
    "als_lambda": (0.1, "small", 0.0),
    "als_maxit": (5, 2.5, 0),
    "als_randomstate": (3, "three", -1),
    "als_exit_threshold": (0.1, "low", -0.1),
    "als_exit_interval": (2, "two", 0),
    "als_linsolver": ("cg", 3, "lu"),
    "als_cg_maxit": (2, "two", 0),
    "als_centering": (False, "no", None),
    "als_scaling": (False, "no", None),
}
_FIT = {
    "features": (["SIZE", "AGE"], 3, ["HEIGHT"]),
    "purpose": ("PART", 3, "HEIGHT"),
    "partition_method": ("predefined", 3, "half"),
    "partition_random_state": (3, "three", -1),
    "training_percent": (0.5, "half", 1.5),
    "categorical_variable": (["AGE"], 3, ["HEIGHT"]),
    "output_partition_result": (True, "yes", None),
    "background_size": (10, "ten", -1),
    "background_random_state": (3, "three", -1),
    "build_report": (True, "yes", None),
    "permutation_importance": (True, "yes", None),
    "permutation_n_repeats": (2, "two", 0),
    "permutation_seed": (3, "three", -1),
    "permutation_n_samples": (20, "all", 0),
    **_IMPUTATION,
}
FIT = {
    **_FIT,
    "stratified_column": ("SOLD", 3, "HEIGHT"),
    "training_size": (20, "most", 0),
    "ntiles": (5, "five", 0),
    "permutation_evaluation_metric": ("kappa", 3, "rmse"),
}
FIT_OF_NUMBERS = {**_FIT, "permutation_evaluation_metric": ("mape", 3, "auc")}
#: Keywords of ``fit`` that only some algorithms have.
OWN_FIT = {
    "DecisionTree": {
        "bins": ([("SIZE", 5)], 3, [("SIZE", 0)]),
        "priors": ([("0", 0.5), ("1", 0.5)], 3, [("0", -1.0), ("1", 2.0)]),
    },
    "RandomDecisionTree": {
        "strata": ([("0", 0.5), ("1", 0.5)], 3, [("0", -1.0), ("1", 2.0)]),
        "priors": ([("0", 0.5), ("1", 0.5)], 3, [("0", -1.0), ("1", 2.0)]),
    },
    "HybridGradientBoostingTree": {
        "scale_weight": (2.0, "double", 0.0),
        "scale_weight_target": ("1", None, "7"),
    },
    "LogisticRegression": {"class_map0": ("1", None, "7"), "class_map1": ("1", None, "7")},
}
_INTERVALS = {"output_coefcov": (True, "yes", None), "significance_level": (0.1, "low", 1.5)}
OWN_FIT_OF_NUMBERS = {
    "LinearRegression": _INTERVALS,
    "GLM": _INTERVALS,
    "RandomDecisionTree": {"output_leaf_values": (True, "yes", None)},
    "DecisionTree": {"bins": ([("SIZE", 5)], 3, [("SIZE", 0)])},
}
_READ = {
    "features": (["SIZE", "AGE"], 3, ["SIZE"]),
    "thread_ratio": (0.5, "half", 1.5),
    "block_size": (100, "all", -1),
    "top_k_attributions": (1, "one", -1),
    "attribution_method": ("saabas", 3, "lime"),
    "sample_size": (5, "five", -1),
    "random_state": (3, "three", -1),
}
_OF_CLASSES = {
    "missing_replacement": ("instance_marginalized", 3, "nothing"),
    "categorical_variable": ([], 3, ["SIZE"]),
    "ignore_unknown_category": (False, "no", None),
    "positive_label": ("0", None, "7"),
    "shap_value_for_positive_only": (False, "no", None),
}
PREDICT = {**_READ, **_OF_CLASSES, "verbose": (True, "yes", None), "verbose_top_n": (1, "one", -1)}
SCORE = {
    **_READ,
    **_OF_CLASSES,
    "max_result_num": (3, "three", -1),
    "ntiles": (5, "five", 0),
    "label": ("SOLD", 3, "X"),
}
PREDICT_OF_NUMBERS = _READ
SCORE_OF_NUMBERS = {**_READ, "max_result_num": (3, "three", -1), "label": ("PRICE", 3, "HEIGHT")}
#: Of ``score`` and ``predict``, of LinearRegression and GLM.
OWN_READ = {
    "prediction_type": ("link", 3, "odds"),
    "significance_level": (0.1, "low", 1.5),
    "handle_missing": ("skip", 3, "mean"),
    "ignore_correlation": (True, "yes", None),
    "interval_type": ("prediction", 3, "tolerance"),
}
#: hana_ml takes them; here they are refused with what to use instead.
REFUSED = {
    "fit": {"meta_data": "FRAME", "evaluation_variable": "AGE"},
    "predict": {"model": "MODEL", "alpha": 0.5},
    "score": {"model": "MODEL", "alpha": 0.5, "evaluation_variable": "AGE"},
}
REFUSED_OF_NUMBERS = {"fit": {"ignore_zero": True}, "predict": {"model": "MODEL"}, "score": {"model": "MODEL"}}
#: Accepted by a call, and said to change nothing.
NO_EFFECT_OF_CALLS = {
    *(
        "thread_ratio",
        "block_size",
        "missing_replacement",
        "als_linsolver",
        "als_cg_maxit",
        "bins",
        "output_leaf_values",
    ),
}

# --- what a fit leaves --------------------------------------------------------------------------

TABLES = {
    "importance_": [("VARIABLE_NAME", "NVARCHAR"), ("IMPORTANCE", "DOUBLE")],
    "statistics_": [("STAT_NAME", "NVARCHAR"), ("STAT_VALUE", "NVARCHAR"), ("CLASS_NAME", "NVARCHAR")],
    "optimal_param_": [
        ("PARAM_NAME", "NVARCHAR"),
        ("INT_VALUE", "INT"),
        ("DOUBLE_VALUE", "DOUBLE"),
        ("STRING_VALUE", "NVARCHAR"),
    ],
    "confusion_matrix_": [("ACTUAL_CLASS", "NVARCHAR"), ("PREDICTED_CLASS", "NVARCHAR"), ("COUNT", "INT")],
    "metrics_": [("NAME", "NVARCHAR"), ("X", "DOUBLE"), ("Y", "DOUBLE")],
    "partition_": [("ID", "INT"), ("TYPE", "INT")],
}
MODEL = [("ROW_INDEX", "INT"), ("PART_INDEX", "INT"), ("MODEL_CONTENT", "NCLOB")]
PARTS_OF_MODEL = ("statistics_", "optimal_param_", "confusion_matrix_", "importance_", "metrics_")
PREDICTIONS = [("ID", "INT"), ("SCORE", "NVARCHAR"), ("CONFIDENCE", "DOUBLE"), ("REASON_CODE", "NCLOB")]
TABLES_OF_NUMBERS = {
    "statistics_": [("STAT_NAME", "NVARCHAR"), ("STAT_VALUE", "NVARCHAR")],
    "optimal_param_": TABLES["optimal_param_"],
    "partition_": TABLES["partition_"],
}
PREDICTIONS_OF_NUMBERS = [
    ("ID", "INT"),
    ("SCORE", "DOUBLE"),
    ("UPPER_BOUND", "DOUBLE"),
    ("LOWER_BOUND", "DOUBLE"),
    ("REASON", "NCLOB"),
]
STATISTICS = ["AUC", "RECALL", "PRECISION", "F1_SCORE", "SUPPORT", "RECALL", "PRECISION", "F1_SCORE", "SUPPORT"]
STATISTICS += ["ACCURACY", "KAPPA", "MCC"]
STATISTICS_OF_NUMBERS = ["EVAR", "MAE", "MAPE", "MAX_ERROR", "MSE", "R2", "RMSE", "WMAPE"]
CURVES = [
    *("RANDOM_CUMGAINS", "RANDOM_LIFT", "RANDOM_CUMLIFT", "PERF_CUMGAINS", "PERF_LIFT", "PERF_CUMLIFT"),
    *("ROC_FPR", "ROC_TPR", "CUMGAINS", "LIFT", "CUMLIFT"),
]
ATTRIBUTES = {
    *("label", "training_data", "testing_data", "fit_data", "runtime", "hanaml_fit_params", "hanaml_score_params"),
    *("model_", "scoring_list_", "error_msg_", "func", "real_func", "params", "hanaml_parameters"),
}
#: Methods that answer, and what they answer; a type, or None.
HELPERS = {
    "get_feature_importances": dict,
    "get_performance_metrics": dict,
    "get_fit_parameters": list,
    "get_predict_parameters": list,
    "get_score_parameters": list,
    "get_parameters": dict,
    "get_fit_output_table_names": list,
    "get_predict_output_table_names": list,
    "get_score_output_table_names": list,
    "get_pal_function": str,
    "get_fit_execute_statement": None,
    "get_predict_execute_statement": None,
    "get_score_execute_statement": None,
}
#: Methods that tune SAP HANA's server: they change nothing.
TUNING = (
    *("disable_hana_execution", "enable_hana_execution", "apply_with_hint", "enable_workload_class", "set_scale_out"),
    *("enable_convert_bigint", "set_framework_version", "set_metric_samplings"),
)
#: Methods that only make sense on SAP HANA's server: they say what to use.
SERVER = ("load_model", "create_model_state", "set_model_state", "delete_model_state")
