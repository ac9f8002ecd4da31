"""Keywords of a call beyond those of every algorithm: what becomes of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from hanalife.errors import InvalidArgumentError, NotSupportedError
from hanalife.learning.functions import Func
from hanalife.learning.parameters import imputation
from hanalife.learning.parameters import parameter as parameters
from hanalife.learning.parameters.parameter import Parameter

logger = logging.getLogger(__name__)

#: Keywords of hana_ml that steer its server, or what its engine does with missing values at prediction.
_NO_EFFECT = frozenset({"thread_ratio", "block_size", "missing_replacement"})

#: Those that do nothing here, and what to do instead.
_INSTEAD: dict[str, str] = {
    "alpha": "give it to the constructor, smoothing is part of the fit",
    "class_map0": "it names the two classes of func='LogisticRegression'",
    "class_map1": "it names the two classes of func='LogisticRegression'",
    **dict.fromkeys(
        ("handle_missing", "ignore_correlation", "interval_type", "prediction_type", "significance_level"),
        "leave it out, only func='LinearRegression' and 'GLM' have it",
    ),
    "group_params": "give it to the constructor",
    "meta_data": "give a frame with one column a feature (pivot_table())",
    "model": "load the model with ModelStorage, or use the fitted object",
    "evaluation_variable": "score() the rows in question with a filter",
}

#: Those of them that ``fit`` has never had.
_OF_READING = {"alpha", "class_map0", "class_map1", "model"}


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
    others = {*_NO_EFFECT, *_INSTEAD} - {parameter.name for parameter in own}
    others -= _OF_READING if method == "fit" else set()
    known = [*own, *(Parameter(name, str) for name in sorted(others))]
    found: dict[str, Any] = {}
    for name, value in rest.items():
        parameter = parameters.find(known, name, f"{method}() of {func.name}")
        if parameter in own and value is not None:
            found[name] = parameters.check_value(parameter, value)
            parameters.weigh(parameter, found[name], func.name)
        elif value is None or value is False:
            continue
        elif name in _INSTEAD:
            raise NotSupportedError(f"{name}: {method}({name}={value!r}) is not supported; {_INSTEAD[name]}.")
        else:
            logger.debug("%s(%s=%r) is accepted and has no effect here.", method, name, value)
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


def or_default(parameter: Parameter, given: Mapping[str, Any]) -> Any:
    """Return the checked value of a keyword, or its default."""
    value = given.get(parameter.name)
    return parameter.default if value is None else parameters.check_value(parameter, value)
