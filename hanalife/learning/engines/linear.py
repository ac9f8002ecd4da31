"""What linear models share: columns, coefficients, and what follows from them."""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning.engines import design, solving
from hanalife.learning.engines.design import Design
from hanalife.learning.engines.engine import Engine, Rows, Watch
from hanalife.learning.engines.steady import steady

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

INTERCEPT = "(INTERCEPT)"


@dataclass(frozen=True, slots=True)
class Linear(Engine):
    """A model whose margin is ``intercept + sum coefficient * column``.

    The estimator is a dict of arrays and scalars: ``design``, ``coefficients`` of shape
    ``(n_margins, n_columns)``, ``intercepts``, the columns' ``means`` and ``spreads`` in training,
    the positions ``kept`` of those that take part, and what an algorithm adds.

    Reasons are exact: with independent features the Shapley value of a column is
    ``coefficient * (value - mean)``; those of a category's columns are summed.
    """

    @abstractmethod
    def solve(self, columns: Array, places: Array, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``coefficients`` and ``intercepts`` in the columns' own units, and more to keep.

        ``places`` are the positions of the columns' features, shape ``(n_columns,)``.
        """

    def usable(self, rows: Rows, in_force: Mapping[str, Any]) -> Rows:
        """Return the rows to train on; refuse what cannot be trained on."""
        if not in_force.get("handle_missing", True):
            design.refuse_missing(rows.features, "set handle_missing=True to take the mean, or filter them out")
        return rows

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return the trained model."""
        del watch  # trained in one go
        rows = self.usable(rows, in_force)
        learnt = self.learn(rows, in_force)
        with steady():
            columns = self.columns(learnt, rows.features)
            means = np.average(columns, axis=0, weights=rows.weights)
            spreads = np.sqrt(np.average((columns - means) ** 2, axis=0, weights=rows.weights))
            found = self.solve(columns, learnt["columns"][:, 0], rows, in_force)
        if in_force.get("var_select", "no") == "no":
            self._tell_left_out(learnt, found["kept"])
        return {"design": learnt, "means": means, "spreads": spreads, **found}

    def _tell_left_out(self, learnt: Design, kept: Array) -> None:
        places = learnt["columns"][:, 0]
        gone = sorted(set(places.tolist()) - set(places[kept].tolist()))
        if gone:
            logger.info(
                "%s: %s: constant, or a combination of the other columns; left out.",
                type(self).__name__,
                ", ".join(self.problem.names[place] if self.problem.names else f"X{place + 1}" for place in gone),
            )

    def learn(self, rows: Rows, in_force: Mapping[str, Any]) -> Design:
        """Return how features become columns."""
        del in_force
        return design.learn(self.problem, rows.features)

    def columns(self, learnt: Design, features: Array) -> Array:
        """Return the columns of rows, shape ``(n_rows, n_columns)``."""
        return design.matrix(self.problem, learnt, features)

    def names(self, estimator: Any) -> list[str]:
        """Return the columns' names."""
        return design.names(self.problem, estimator["design"])

    def all_margins(self, estimator: Any, features: Array) -> Array:
        """Return intercept and weighted columns, shape ``(n_rows, n_margins)``."""
        with steady():
            found = self.columns(estimator["design"], features) @ estimator["coefficients"].T
        return np.asarray(found + estimator["intercepts"])

    def contributions(self, estimator: Any, features: Array, *, exact: bool = True) -> Array:
        """Return what each feature adds to the margins, and last the margin of the training means."""
        del exact  # there is nothing quicker
        coefficients, means = estimator["coefficients"], estimator["means"]
        moved = self.columns(estimator["design"], features) - means
        found = np.zeros((len(features), len(coefficients), self.problem.n_features + 1))
        for column, place in enumerate(estimator["design"]["columns"][:, 0]):
            found[:, :, place] += moved[:, column, None] * coefficients[:, column]
        found[:, :, -1] = estimator["intercepts"] + coefficients @ means
        return found

    def importance(self, estimator: Any) -> Array:
        """Return each feature's share in the sizes of the coefficients of columns with a variance of 1."""
        by_column = np.abs(estimator["coefficients"] * estimator["spreads"]).sum(axis=0)
        found = np.zeros(self.problem.n_features)
        np.add.at(found, estimator["design"]["columns"][:, 0], by_column)
        return found / found.sum() if found.sum() > 0 else found

    def describe(self, estimator: Any) -> list[str]:
        """Return a header, then intercept and coefficients of each margin."""
        header = {"model": type(self).__name__, "columns": self.names(estimator)}
        margins = zip(estimator["intercepts"], estimator["coefficients"], strict=True)
        return [
            json.dumps(header),
            *(json.dumps({"intercept": float(one), "coefficients": many.tolist()}) for one, many in margins),
        ]

    def inference(self, estimator: Any, degrees: float | None, level: float | None = None) -> dict[str, float | str]:
        """Return standard errors and tests of the coefficients that were estimated, of one margin."""
        return solving.wald(*self._estimated(estimator), degrees, level)

    def _estimated(self, estimator: Any) -> tuple[list[str], Array, Array]:
        """Return names, estimates and covariance, the intercept first if there is one."""
        kept = estimator["kept"]
        covariance = solving.in_own_units(estimator["covariance"], estimator["centre"][kept], estimator["scale"][kept])
        names = [INTERCEPT, *(self.names(estimator)[column] for column in kept)]
        estimates = np.concatenate([estimator["intercepts"], estimator["coefficients"][0][kept]])
        first = 0 if estimator["has_intercept"] else 1
        return names[first:], estimates[first:], covariance[first:, first:]

    def coefficient_covariance(self, estimator: Any) -> dict[str, float | str]:
        """Return the covariance of the coefficients as JSON, ``{"columns": names, "covariance": rows}``."""
        if "covariance" not in estimator:
            logger.warning("output_coefcov: a model with a penalty has no covariance; fit it with enet_lambda=0.")
            return {}
        names, _, covariance = self._estimated(estimator)
        return {"COEFFICIENT_COVARIANCE": json.dumps({"columns": names, "covariance": covariance.tolist()})}

    def margin_errors(self, estimator: Any, features: Array, *, ignore_correlation: bool) -> Array:
        """Return the standard error of the margin of each row, shape ``(n_rows,)``, of one margin.

        Without correlation only the variances of the coefficients count.
        """
        kept, covariance = estimator["kept"], estimator["covariance"]
        scaled = (self.columns(estimator["design"], features)[:, kept] - estimator["centre"][kept]) / estimator[
            "scale"
        ][kept]
        rows = np.column_stack([np.ones(len(scaled)), scaled])
        if ignore_correlation:
            covariance = np.diag(np.diagonal(covariance))
        return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0)))


def standard_errors(scaled: solving.Scaled, covariance: Array, *, has_intercept: bool) -> dict[str, Any]:
    """Return what an estimator keeps for standard errors; ``covariance`` is of the scaled columns, intercept first."""
    return {
        "covariance": covariance,
        "has_intercept": has_intercept,
        "centre": scaled.centre,
        "scale": scaled.scale,
    }


def unscaled(scaled: solving.Scaled, kept: Array, intercepts: Array, found: Array) -> dict[str, Any]:
    """Return intercepts and coefficients in the columns' own units; those not kept are 0."""
    coefficients = np.zeros((len(found), len(scaled.scale)))
    coefficients[:, kept] = found / scaled.scale[kept]
    intercepts = np.asarray(intercepts - coefficients @ scaled.centre)
    return {"coefficients": coefficients, "intercepts": intercepts, "kept": kept}
