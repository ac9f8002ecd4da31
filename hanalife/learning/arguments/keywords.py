"""Keywords of a call beyond those of every algorithm: what becomes of each."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from hanalife.errors import InvalidArgumentError, NotSupportedError
from hanalife.learning.functions import Func
from hanalife.learning.parameters import imputation
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.parameter import Effect, Parameter

logger = logging.getLogger(__name__)

#: Keywords of hana_ml that steer its server, or what its engine does beside the prediction.
_TUNING: tuple[Parameter, ...] = (
    Parameter("thread_ratio", float, effect=Effect.NONE, maximum=1),
    Parameter("block_size", int, 0, Effect.NONE, minimum=0),
    Parameter(
        "missing_replacement",
        str,
        "feature_marginalized",
        Effect.NONE,
        choices=("feature_marginalized", "instance_marginalized"),
    ),
)
_LEAVES = Parameter("output_leaf_values", bool, default=False, effect=Effect.NONE)

#: Those that do nothing here, and what to do instead.
_INSTEAD: dict[str, str] = {
    "alpha": "give it to the constructor, smoothing is part of the fit",
    "ignore_zero": "MAPE is left out where the label holds 0; score() the rows in question with a filter",
    "class_map0": "it names the two classes of func='LogisticRegression'",
    "class_map1": "it names the two classes of func='LogisticRegression'",
    **dict.fromkeys(
        (
            "handle_missing",
            "ignore_correlation",
            "interval_type",
            "output_coefcov",
            "prediction_type",
            "significance_level",
        ),
        "leave it out, only func='LinearRegression' and 'GLM' have it",
    ),
    "meta_data": "give a frame with one column a feature (pivot_table())",
    "model": "load the model with ModelStorage, or use the fitted object",
    "evaluation_variable": "score() the rows in question with a filter",
}

#: Values of them that say what happens anyway.
_ANYWAY = {"interval_type": "no", "prediction_type": "response"}

#: Those of them that ``fit`` has never had, and those that only ``fit`` has.
_OF_READING = {"alpha", "class_map0", "class_map1", "handle_missing", "interval_type", "model", "prediction_type"}
_OF_FITTING = {"ignore_zero", "meta_data", "output_coefcov"}


def check_rest(method: str, rest: Mapping[str, Any], func: Func) -> dict[str, Any]:
    """Refuse keywords of a call that do nothing here; return those that only this algorithm has.

    Raises
    ------
    NotSupportedError
        hana_ml knows it; the message names what to use here.
    UnknownParameterError
        Nobody knows it.
    """
    own = (*func.fit_parameters, *imputation.ALS) if method == "fit" else func.read_parameters
    taken = (*own, *_TUNING, *((_LEAVES,) if method == "fit" else ()))
    others = {*_INSTEAD} - {parameter.name for parameter in taken}
    others -= _OF_READING if method == "fit" else _OF_FITTING
    known = [*taken, *(Parameter(name, str) for name in sorted(others))]
    found: dict[str, Any] = {}
    for name, value in rest.items():
        parameter = parameters.find(known, name, f"{method}() of {func.name}")
        if value is None or (parameter not in taken and (value is False or value == _ANYWAY.get(name))):
            continue
        if parameter not in taken:
            raise NotSupportedError(f"{name}: {method}({name}={value!r}) is not supported; {_INSTEAD[name]}.")
        checked = parameters.check_value(parameter, value)
        parameters.weigh(parameter, checked, func.name)
        if parameter in own:
            found[name] = checked
    return found


def check_imputation(rest: Mapping[str, Any], *, imputes: bool) -> dict[str, Any]:
    """Return a call's other keywords; those on missing values must not ask for what the fit did not learn.

    Raises
    ------
    InvalidArgumentError
        The model was fitted without ``impute=True``.
    """
    asked = [name for name in imputation.NAMES if rest.get(name)]
    if asked and not imputes:
        raise InvalidArgumentError(
            f"{asked[0]}: the model was fitted without impute=True; fit it with impute=True, "
            "then what it learnt fills missing values by itself."
        )
    if asked:
        logger.debug("%s: what the fit learnt fills missing values.", ", ".join(asked))
    return {name: value for name, value in rest.items() if name not in imputation.NAMES}


def said_yes(given: Mapping[str, Any], name: str) -> bool:
    """Return whether a keyword that is True or False is True; not given, it is False."""
    return bool(or_default(Parameter(name, bool, default=False), given))


def warn_of_the_useless(given: Mapping[str, Any], names: Iterable[str], without: str) -> None:
    """Say which of the keywords were given though nothing comes of them."""
    for name in names:
        if given.get(name) is not None:
            logger.warning("%s=%r has no effect without %s.", name, given[name], without)


def or_default(parameter: Parameter, given: Mapping[str, Any]) -> Any:
    """Return the checked value of a keyword, or its default."""
    value = given.get(parameter.name)
    return parameter.default if value is None else parameters.check_value(parameter, value)
