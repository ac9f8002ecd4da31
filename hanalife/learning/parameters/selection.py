"""Model evaluation and search: the keywords that the constructors of both kinds take."""

from __future__ import annotations

from hanalife.learning.parameters.parameter import Effect, Parameter

SHA, HYPERBAND = "_sha", "_hyperband"

#: Ways to tell rows that train from rows that judge.
FAMILIES = ("cv", "stratified_cv", "bootstrap", "stratified_bootstrap")

#: Each plain, or as a race: ``_sha`` looks at all candidates, ``_hyperband`` draws some, which suits ranges too
#: large to list. How good and how fast they are: ``tests/benchmarks/races.md``.
RESAMPLING = tuple(family + race for family in FAMILIES for race in ("", SHA, HYPERBAND))

#: Of a ``progress_indicator_id``, and with the name of a group.
MOST_CHARACTERS = 256

DATA_SIZE, AUTOMATIC = "data_size", "automatic"

#: What a race gives out bit by bit beside rows, where an algorithm has it: rounds of training.
ROUNDS = ("n_estimators", "max_iter", "max_pass_number")

SELECTION: tuple[Parameter, ...] = (
    Parameter("resampling_method", str, effect=Effect.SELECTION, choices=RESAMPLING),
    Parameter("evaluation_metric", str, effect=Effect.SELECTION),
    Parameter("ref_metric", list, effect=Effect.SELECTION),
    Parameter("param_search_strategy", str, effect=Effect.SELECTION, choices=("grid", "random")),
    Parameter("fold_num", int, 5, Effect.SELECTION, minimum=2),
    Parameter("repeat_times", int, 1, Effect.SELECTION, minimum=1),
    Parameter("random_search_times", int, effect=Effect.SELECTION, minimum=1),
    Parameter("timeout", int, 0, Effect.SELECTION, minimum=0),
    Parameter("param_values", dict, effect=Effect.SELECTION),
    Parameter("param_range", dict, effect=Effect.SELECTION),
    Parameter("progress_indicator_id", str, effect=Effect.SELECTION),
    Parameter("resource", str, DATA_SIZE, Effect.SELECTION, choices=(DATA_SIZE, *ROUNDS, AUTOMATIC)),
    Parameter("max_resource", int, effect=Effect.SELECTION, minimum=1),
    Parameter("min_resource_rate", float, 0.0, Effect.SELECTION, minimum=0, maximum=1),
    Parameter("reduction_rate", float, 3.0, Effect.SELECTION, above=1),
    Parameter("aggressive_elimination", bool, default=False, effect=Effect.SELECTION),
)
