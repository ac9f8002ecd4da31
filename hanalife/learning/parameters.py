"""Parameters as data: name, type, range, default and what becomes of each, and their checker.

A table of :class:`Parameter` describes what a constructor takes. :func:`check` refuses what a
table does not allow; :func:`in_force` fills in the defaults.
"""

from __future__ import annotations

import difflib
import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral, Real
from typing import Any

from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError, UnknownParameterError

logger = logging.getLogger(__name__)


class Effect(StrEnum):
    """What becomes of a parameter."""

    ENGINE = "ENGINE"  #: the engine takes it
    SELECTION = "SELECTION"  #: model evaluation and search take it
    NONE = "NONE"  #: accepted so that notebooks run; a warning says that it changes nothing
    LATER = "LATER"  #: only its default works; anything else is refused


@dataclass(frozen=True, slots=True)
class Parameter:
    """One keyword of a constructor."""

    name: str
    kind: type  #: bool, int, float, str, list (of str) or dict
    default: Any = None
    effect: Effect = Effect.ENGINE
    engine: str | None = None  #: the engine's word, where its value is the same
    choices: tuple[str, ...] = ()
    minimum: float | None = None  #: smallest value allowed
    above: float | None = None  #: values must be greater than this
    maximum: float | None = None
    tunable: bool = False  #: a search may vary it
    pal: str = ""  #: SAP HANA's word, if it is not the name in upper case

    @property
    def pal_name(self) -> str:
        """SAP HANA's word."""
        return self.pal or self.name.upper()


def _share(name: str, default: float, engine: str) -> Parameter:
    return Parameter(name, float, default, engine=engine, above=0, maximum=1, tunable=True)


# --- HybridGradientBoostingTree ---------------------------------------------------------------
# Defaults are SAP HANA's, but for split_method: its 'exact' cannot share binned data.

BOOSTING: tuple[Parameter, ...] = (
    Parameter("n_estimators", int, 10, minimum=1, tunable=True),
    Parameter("max_depth", int, 6, engine="max_depth", minimum=1, tunable=True),
    Parameter("learning_rate", float, 0.3, engine="eta", above=0, maximum=1, tunable=True),
    Parameter("split_threshold", float, 0.0, engine="gamma", minimum=0, tunable=True),
    Parameter("random_state", int, 0, minimum=0, maximum=2**31 - 1, pal="SEED"),
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
    Parameter("base_score", float, 0.5, above=0, maximum=1 - 1e-6, tunable=True),
    Parameter("adopt_prior", bool, default=False, pal="START_FROM_AVERAGE"),
    Parameter("obj_func", str, choices=("logistic", "hinge", "softmax")),
    Parameter("thread_ratio", float, -1.0, maximum=1),
    # Missing values take the branch that training found best for them.
    Parameter("replace_missing", bool, default=False, effect=Effect.NONE),
    Parameter("default_missing_direction", str, effect=Effect.NONE, choices=("left", "right")),
    Parameter("min_samples_leaf", int, 1, Effect.NONE, minimum=1),
    Parameter("feature_grouping", bool, default=False, effect=Effect.NONE),
    Parameter("tol_rate", float, 0.0001, Effect.NONE, minimum=0, pal="TOLERANT_RATE"),
    Parameter("fg_min_zero_rate", float, 0.5, Effect.NONE, minimum=0, maximum=1),
    Parameter("compression", bool, default=False, effect=Effect.NONE),
    Parameter("max_bits", int, 12, Effect.NONE, minimum=1, maximum=31),
    Parameter("linear_lambda", float, 1.0, Effect.NONE, minimum=0),
    Parameter("tolerant_iter_num", int, 10, Effect.NONE, minimum=1),
    Parameter("stratified_validation_set", bool, default=False, effect=Effect.NONE),
    Parameter("validation_set_metric", str, effect=Effect.NONE),
    Parameter("validation_set_rate", float, 0.0, Effect.LATER, minimum=0),
    Parameter("model_tree", str, "constant", Effect.LATER, choices=("constant", "linear")),
    Parameter("use_vec_leaf", bool, default=False, effect=Effect.LATER),
)

# --- model evaluation and search --------------------------------------------------------------

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

ALIASES = {"metric": "evaluation_metric", "search_strategy": "param_search_strategy"}

#: The parameters of each algorithm, by its code.
TABLES: dict[str, tuple[Parameter, ...]] = {"HGBT": BOOSTING + SELECTION}


def find(table: Iterable[Parameter], name: str, func: str, argument: str = "keyword") -> Parameter:
    """Return the parameter of a name.

    Raises
    ------
    UnknownParameterError
        The table has none of that name; the message names the nearest.
    """
    known = {parameter.name: parameter for parameter in table}
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"it takes: {', '.join(sorted(known))}."
        raise UnknownParameterError(f"{argument}: {name!r} is not a parameter of {func}; {hint}")
    return known[name]


def check(table: Iterable[Parameter], given: Mapping[str, Any], func: str) -> dict[str, Any]:
    """Return the given values, checked and as plain Python values; None means not given.

    Raises
    ------
    UnknownParameterError
        A keyword is not in the table.
    ArgumentTypeError
        A value is of the wrong type.
    InvalidArgumentError
        A value is outside its range or choices.
    NotSupportedError
        A value other than the default of a parameter that has no effect yet.
    """
    table = tuple(table)
    checked: dict[str, Any] = {}
    for keyword, value in given.items():
        parameter = find(table, ALIASES.get(keyword, keyword), func)
        if value is None:
            continue
        if parameter.name in checked:
            raise InvalidArgumentError(f"{keyword}: {parameter.name} is given twice; leave one out.")
        checked[parameter.name] = check_value(parameter, value)
        _weigh(parameter, checked[parameter.name], func)
    return checked


def in_force(table: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter that the engine takes, defaults filled in."""
    return {
        parameter.name: given.get(parameter.name, parameter.default)
        for parameter in table
        if parameter.effect is Effect.ENGINE
    }


def check_value(parameter: Parameter, value: Any, argument: str | None = None) -> Any:
    """Return one value as a plain Python value of the parameter's type, or refuse it."""
    where = argument or parameter.name
    if parameter.kind is str:
        return _check_choice(parameter, value, where)
    if parameter.kind is list:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
            raise ArgumentTypeError(f"{where}: expected a list of str, got {value!r}.")
        return list(texts)
    accepted: Any = {bool: bool, int: Integral, float: Real}.get(parameter.kind, parameter.kind)
    if hasattr(value, "dtype") and hasattr(value, "item"):
        value = value.item()  # NumPy's numbers and truth values
    if not isinstance(value, accepted):
        raise ArgumentTypeError(f"{where}: expected {parameter.kind.__name__}, got {value!r}.")
    return _check_range(parameter, parameter.kind(value), where)


def _check_choice(parameter: Parameter, value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{where}: expected str, got {value!r}.")
    if parameter.choices and value.lower() not in parameter.choices:
        options = ", ".join(sorted(parameter.choices))
        raise InvalidArgumentError(f"{where}: expected one of {options}; got {value!r}.")
    return value.lower() if parameter.choices else value


def _check_range(parameter: Parameter, value: Any, where: str) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return value
    limits = {
        f"of at least {parameter.minimum}": parameter.minimum is None or value >= parameter.minimum,
        f"above {parameter.above}": parameter.above is None or value > parameter.above,
        f"of at most {parameter.maximum}": parameter.maximum is None or value <= parameter.maximum,
        "that is finite": math.isfinite(value),
    }
    broken = [limit for limit, holds in limits.items() if not holds]
    if broken:
        raise InvalidArgumentError(f"{where}: expected a number {' and '.join(broken)}, got {value!r}.")
    return value


def _weigh(parameter: Parameter, value: Any, func: str) -> None:
    if parameter.effect is Effect.NONE and value != parameter.default:
        logger.warning("%s=%r has no effect here: %s runs on another engine.", parameter.name, value, func)
    if parameter.effect is Effect.LATER and value != parameter.default:
        remedy = "leave it out" if parameter.default is None else f"leave it out, or at {parameter.default!r}"
        raise NotSupportedError(f"{parameter.name}: {value!r} is not supported yet; {remedy}.")
