"""Model evaluation and search: the keywords that the constructors of both kinds take."""

from __future__ import annotations

from hanalife.learning.parameters.parameter import Effect, Parameter

RESAMPLING = ("cv", "stratified_cv")
_RESAMPLING_LATER = tuple(
    family + race
    for family in (*RESAMPLING, "bootstrap", "stratified_bootstrap")
    for race in ("", "_sha", "_hyperband")
    if family + race not in RESAMPLING
)

SELECTION: tuple[Parameter, ...] = (
    Parameter("resampling_method", str, effect=Effect.SELECTION, choices=(*RESAMPLING, *_RESAMPLING_LATER)),
    Parameter("evaluation_metric", str, effect=Effect.SELECTION),
    Parameter("ref_metric", list, effect=Effect.SELECTION),
    Parameter("param_search_strategy", str, effect=Effect.SELECTION, choices=("grid", "random")),
    Parameter("fold_num", int, 5, Effect.SELECTION, minimum=2),
    Parameter("random_search_times", int, effect=Effect.SELECTION, minimum=1),
    Parameter("timeout", int, 0, Effect.SELECTION, minimum=0),
    Parameter("param_values", dict, effect=Effect.SELECTION),
    Parameter("param_range", dict, effect=Effect.SELECTION),
    Parameter("progress_indicator_id", str, effect=Effect.NONE),
    Parameter("repeat_times", int, 1, Effect.LATER),
    Parameter("resource", str, effect=Effect.LATER),
    Parameter("max_resource", int, effect=Effect.LATER),
    Parameter("min_resource_rate", float, effect=Effect.LATER),
    Parameter("reduction_rate", float, effect=Effect.LATER),
    Parameter("aggressive_elimination", bool, default=False, effect=Effect.LATER),
)
