"""The choice of a regression's features by what they explain. Pure.

A feature, with all its columns, is judged by the F test of the regression with it against the one
without it; with one column this is the t test of its coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_ENTER = {"forward": 0.05, "stepwise": 0.15}
_REMOVE = {"backward": 0.1, "stepwise": 0.15}


@dataclass(frozen=True, slots=True)
class Choice:
    """How to choose."""

    method: str  #: forward, backward or stepwise
    to_enter: float  #: a feature enters with a smaller p-value
    to_remove: float  #: and leaves with a larger one
    mandatory: frozenset[int]  #: features that always take part

    @classmethod
    def of(cls, in_force: Mapping[str, Any], names: Sequence[str]) -> Choice:
        """Return what parameters ask for."""
        method = in_force["var_select"]
        return cls(
            method=method,
            to_enter=in_force["alpha_to_enter"] or _ENTER.get(method, 0.0),
            to_remove=in_force["alpha_to_remove"] or _REMOVE.get(method, 1.0),
            mandatory=frozenset(names.index(name) for name in in_force["mandatory_feature"] or ()),
        )


def check(in_force: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse what cannot be done.

    Raises
    ------
    InvalidArgumentError
        A mandatory feature is none of the model's, a parameter plays no part, or features would
        enter and leave for ever.
    """
    method, mandatory = in_force["var_select"], in_force["mandatory_feature"] or ()
    unknown = [name for name in mandatory if name not in names]
    if unknown:
        raise InvalidArgumentError(
            f"mandatory_feature: {unknown[0]!r} is not a feature; the features are: {', '.join(names)}."
        )
    unused = {"alpha_to_enter": method not in _ENTER, "alpha_to_remove": method not in _REMOVE}
    unused["mandatory_feature"] = method == "no"
    for name, plays_no_part in unused.items():
        if plays_no_part and in_force[name] is not None:
            needed = "forward or stepwise" if name == "alpha_to_enter" else "backward or stepwise"
            needed = "forward, backward or stepwise" if name == "mandatory_feature" else needed
            raise InvalidArgumentError(f"{name}: var_select={method!r} does not use it; use {needed}, or leave it out.")
    if method == "stepwise":
        choice = Choice.of(in_force, names)
        if choice.to_enter > choice.to_remove:
            raise InvalidArgumentError(
                f"alpha_to_enter: {choice.to_enter} is above alpha_to_remove={choice.to_remove}, so that a feature "
                "could enter and leave for ever; lower it."
            )


def choose(columns: Array, target: Array, places: Array, degrees: int, choice: Choice) -> Array:
    """Return the positions of the columns that take part.

    Parameters
    ----------
    columns : array, shape (n_rows, n_columns)
        Around their means, if there is an intercept, and independent.
    target : array, shape (n_rows,)
    places : array, shape (n_columns,)
        The feature of each column.
    degrees : int
        Degrees of freedom of the regression on no column.
    choice : Choice
    """
    test = _Test(columns.T @ columns, columns.T @ target, float(target @ target), places, degrees)
    every = set(np.unique(places).tolist())
    mandatory = choice.mandatory & every
    chosen = set(every) if choice.method == "backward" else set(mandatory)
    while True:
        entered = choice.method != "backward" and _enter(test, chosen, every, choice)
        removed = choice.method != "forward" and _remove(test, chosen, mandatory, choice)
        if not entered and not removed:
            return np.flatnonzero(np.isin(places, sorted(chosen)))


def _enter(test: _Test, chosen: set[int], every: set[int], choice: Choice) -> bool:
    found = [(test.p_value(chosen, feature), feature) for feature in sorted(every - chosen)]
    if not found or min(found)[0] >= choice.to_enter:
        return False
    chosen.add(min(found)[1])
    return True


def _remove(test: _Test, chosen: set[int], mandatory: frozenset[int] | set[int], choice: Choice) -> bool:
    found = [(test.p_value(chosen - {feature}, feature), -feature) for feature in sorted(chosen - mandatory)]
    if not found or max(found)[0] <= choice.to_remove:
        return False
    chosen.remove(-max(found)[1])
    return True


@dataclass(frozen=True, slots=True)
class _Test:
    """The F test from sums of squares and products."""

    gram: Array
    moments: Array
    total: float
    places: Array
    degrees: int

    def p_value(self, chosen: set[int], feature: int) -> float:
        """Return the p-value of a feature beside those chosen; 1 if too few rows are left to say."""
        from scipy import stats

        small, few = self._left(chosen)
        large, many = self._left(chosen | {feature})
        degrees = self.degrees - many
        if degrees < 1:
            return 1.0
        if large <= 1e-14 * self.total:
            return 0.0 if small > large else 1.0
        return float(stats.f.sf(((small - large) / (many - few)) / (large / degrees), many - few, degrees))

    def _left(self, chosen: set[int]) -> tuple[float, int]:
        """Return the sum of squared errors, and the number of columns."""
        taken = np.flatnonzero(np.isin(self.places, sorted(chosen)))
        if not len(taken):
            return self.total, 0
        coefficients = np.linalg.solve(self.gram[np.ix_(taken, taken)], self.moments[taken])
        return max(self.total - float(coefficients @ self.moments[taken]), 0.0), len(taken)
