"""PolynomialRegression, GeometricRegression, ExponentialRegression and LogarithmicRegression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanalife.errors import InvalidArgumentError
from hanalife.learning.parameters.parameter import RANDOM_STATE, Effect, Parameter

_COMMON: tuple[Parameter, ...] = (
    Parameter("decomposition", str, "qr", choices=("lu", "qr", "svd", "cholesky")),
    Parameter("adjusted_r2", bool, default=False),
    Parameter("thread_ratio", float, 0.0, Effect.NONE),
    RANDOM_STATE,
)

#: A formula without a degree; the random state is for the split alone.
FORMULA = _COMMON

POLYNOMIAL: tuple[Parameter, ...] = (
    Parameter("degree", int, minimum=1, maximum=20, tunable=True),
    Parameter("degree_values", tuple, effect=Effect.SELECTION),
    Parameter("degree_range", tuple, effect=Effect.SELECTION),
    *_COMMON,
)

_SEARCHED = {"degree_values": "param_values", "degree_range": "param_range"}


def with_degrees(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords in which ``degree_values`` and ``degree_range`` are a search for ``degree``.

    Raises
    ------
    InvalidArgumentError
        Both are given, or ``param_values`` names the degree too.

    Examples
    --------
    >>> with_degrees({"degree_values": [1, 2]})
    {'param_values': {'degree': [1, 2]}}
    """
    found = {name: value for name, value in given.items() if name not in _SEARCHED}
    asked = [name for name in _SEARCHED if name in given]
    if len(asked) > 1:
        raise InvalidArgumentError("degree_range: degree_values is given too; leave one out.")
    for name in asked:
        space = dict(found.get(_SEARCHED[name], {}))
        if "degree" in space:
            raise InvalidArgumentError(f"{name}: {_SEARCHED[name]} names the degree too; leave one out.")
        found[_SEARCHED[name]] = {**space, "degree": list(given[name])}
    return found
