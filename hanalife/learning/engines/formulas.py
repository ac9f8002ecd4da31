"""Curves that become straight lines: powers, and logarithms of one side or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning.engines import solving
from hanalife.learning.engines.design import Design
from hanalife.learning.engines.engine import Rows
from hanalife.learning.engines.least_squares import adjusted_r2
from hanalife.learning.engines.linear import Linear, unscaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Formula(Linear):
    """Least squares after the logarithm of label or feature, or both, where the formula has one.

    With the logarithm of the label the squares are of its logarithm, as in SAP HANA.
    """

    name: ClassVar[str]
    one_feature: ClassVar[bool] = True
    log_of_label: ClassVar[bool] = False
    log_of_feature: ClassVar[bool] = False

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse more features than the formula has, and categories."""
        del in_force
        if self.one_feature and self.problem.n_features > 1:
            raise InvalidArgumentError(
                f"features: {self.name} takes one, got {self.problem.n_features}; name it in features, "
                "or use LinearRegression or GLM."
            )
        if any(self.problem.categorical):
            raise InvalidArgumentError(f"features: {self.name} takes numbers; leave text and categories out.")

    def usable(self, rows: Rows, in_force: Mapping[str, Any]) -> Rows:
        """Return the rows with their logarithms; refuse those that have none."""
        self.check(in_force)
        if not self.log_of_label:
            return rows
        _refuse_below(rows.target, f"label: {self.name} takes its logarithm")
        return replace(rows, target=np.log(rows.target))

    def solve(self, columns: Array, places: Array, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return the coefficients of the straight line."""
        del places  # one feature, or each with one column
        scaled = solving.Scaled.of(columns, rows.weights)
        kept = solving.independent(scaled.matrix)
        middle = float(np.average(rows.target, weights=rows.weights))
        roots = np.ones(len(rows)) if rows.weights is None else np.sqrt(rows.weights)
        weighted, target = scaled.matrix[:, kept] * roots[:, None], (rows.target - middle) * roots
        coefficients = solving.least_squares(weighted, target, in_force["decomposition"])
        return unscaled(scaled, kept, np.array([middle]), coefficients[None])

    def columns(self, learnt: Design, features: Array) -> Array:
        """Return the columns of rows, with the logarithm where the formula has one."""
        found = Linear.columns(self, learnt, features)
        if not self.log_of_feature:
            return found
        _refuse_below(found, f"features: {self.name} takes the logarithm")
        return np.asarray(np.log(found))

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return numbers."""
        margin = self.all_margins(estimator, features)[:, 0]
        return np.exp(margin) if self.log_of_label else margin

    def statistics(self, estimator: Any, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, float | str]:
        """Return the formula's coefficients, and R2 for their number if asked for, of the training rows."""
        found: dict[str, float | str] = {}
        first = float(estimator["intercepts"][0])
        numbers = [np.exp(first) if self.log_of_label else first, *estimator["coefficients"][0]]
        found |= {f"B{place}": float(number) for place, number in enumerate(numbers)}
        if in_force["adjusted_r2"]:
            errors = rows.target - self.outputs(estimator, rows.features)
            found |= adjusted_r2(rows.target, errors, int(np.count_nonzero(estimator["coefficients"])))
        return found


@dataclass(frozen=True, slots=True)
class Polynomial(Formula):
    """``y = b0 + b1 x + b2 x^2 + ...``."""

    name: ClassVar[str] = "PolynomialRegression"

    def learn(self, rows: Rows, in_force: Mapping[str, Any]) -> Design:
        """Return a column for each power, which stands where else the category does."""
        degree = in_force["degree"]
        if degree is None:
            raise ArgumentTypeError(
                "degree: PolynomialRegression needs it, such as degree=2; "
                "or degree_values with resampling_method='cv' and param_search_strategy='grid'."
            )
        found = Linear.learn(self, rows, in_force)
        return {**found, "columns": np.array([(0, power) for power in range(1, degree + 1)])}

    def columns(self, learnt: Design, features: Array) -> Array:
        """Return the powers of the feature."""
        numbers = np.where(np.isnan(features), learnt["fill"], features)
        with np.errstate(over="ignore"):
            found = numbers ** learnt["columns"][:, 1].astype(np.float64)
        if not np.isfinite(found).all():
            raise InvalidArgumentError(
                f"degree: a power up to {len(learnt['columns'])} of {np.abs(numbers).max():.3g} is too large a number; "
                "lower the degree, or scale the feature."
            )
        return np.asarray(found)

    def names(self, estimator: Any) -> list[str]:
        """Return the powers' names."""
        name = (self.problem.names or ("X1",))[0]
        return [f"{name}^{power}" for power in estimator["design"]["columns"][:, 1]]


@dataclass(frozen=True, slots=True)
class Geometric(Formula):
    """``y = b0 x^b1``."""

    name: ClassVar[str] = "GeometricRegression"
    log_of_label: ClassVar[bool] = True
    log_of_feature: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Exponential(Formula):
    """``y = b0 exp(b1 x1 + b2 x2 + ...)``."""

    name: ClassVar[str] = "ExponentialRegression"
    one_feature: ClassVar[bool] = False
    log_of_label: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Logarithmic(Formula):
    """``y = b0 + b1 ln x``."""

    name: ClassVar[str] = "LogarithmicRegression"
    log_of_feature: ClassVar[bool] = True


def _refuse_below(numbers: Array, what: str) -> None:
    rows = int((numbers <= 0).reshape(len(numbers), -1).any(axis=1).sum())
    if rows:
        raise InvalidArgumentError(f"{what}, but {rows} rows hold 0 or less; filter them out, or shift the numbers.")
