"""Naive Bayes: numbers are normal in each class, categories have shares, and all are independent.

scikit-learn has a model for columns of each of these kinds, but none for both at once, nor for
missing values. Here a missing value, and a category that training did not see, is left out of the
product, as is right where columns are independent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.learning.engines.engine import Engine, Rows, Watch
from hanalife.learning.engines.intervals import edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#: Keeps variances and shares above 0, as in scikit-learn.
SMALLEST_VARIANCE, SMALLEST_ALPHA = 1e-9, 1e-10


@dataclass(frozen=True, slots=True)
class NaiveBayes(Engine):
    """Classes from columns that are independent within a class.

    The estimator is a dict: ``prior``, the classes' log shares; ``columns``, one dict a feature,
    with ``means`` and ``variances`` or ``shares`` (logs), each by class, and ``edges`` where
    numbers became intervals; ``expected``, the mean log-likelihoods of the training rows.
    Contributions are exact Shapley values in log-odds: the model is a sum of one term a feature.
    """

    def train(self, rows: Rows, in_force: Mapping[str, Any], watch: Watch | None = None) -> Any:
        """Return the log-likelihoods of the training rows, class by class and column by column."""
        del watch  # trained in one go
        weights = np.ones(len(rows)) if rows.weights is None else rows.weights
        members = np.zeros((len(rows), self.problem.n_classes or 0))
        members[np.arange(len(rows)), rows.target] = weights
        columns = [self._column(rows, place, members, in_force) for place in range(self.problem.n_features)]
        terms = [_term(column, rows.features[:, place]) for place, column in enumerate(columns)]
        with np.errstate(divide="ignore"):  # a class that a fold lacks has a share of 0
            prior = np.log(members.sum(axis=0) / members.sum())
        expected = [np.average(term, axis=0, weights=weights) for term in terms]
        return {"prior": prior, "columns": columns, "expected": np.array(expected)}

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities."""
        joint = np.tile(estimator["prior"], (len(features), 1))
        for place, column in enumerate(estimator["columns"]):
            joint += _term(column, features[:, place])
        likelihood = np.exp(joint - joint.max(axis=1, keepdims=True))
        return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True))

    def contributions(self, estimator: Any, features: Array, *, exact: bool = True) -> Array:
        """Return what each feature adds, shape ``(n_rows, 1 or n_classes, n_features + 1)``.

        Two classes have one margin, the log-odds of the second; of more, each has its
        log-probability less the mean of all classes'.
        """
        del exact  # there is nothing to approximate
        base = estimator["prior"] + estimator["expected"].sum(axis=0)
        terms = [
            _term(column, features[:, place]) - estimator["expected"][place]
            for place, column in enumerate(estimator["columns"])
        ]
        found = np.stack([*terms, np.tile(base, (len(features), 1))], axis=2)
        seen = np.isfinite(estimator["prior"])
        two = self.problem.n_classes == 2
        return np.asarray(found[:, 1:] - found[:, :1] if two else found - found[:, seen].mean(axis=1, keepdims=True))

    def describe(self, estimator: Any) -> list[str]:
        """Return JSON texts: the classes' shares, then each column's numbers by class."""
        header = {"model": "NaiveBayes", "prior": np.exp(estimator["prior"]).tolist()}
        columns = [{name: value.tolist() for name, value in column.items()} for column in estimator["columns"]]
        return [json.dumps(header), *(json.dumps(column) for column in columns)]

    def _column(self, rows: Rows, place: int, members: Array, in_force: Mapping[str, Any]) -> dict[str, Array]:
        values = rows.features[:, place]
        known = ~np.isnan(values)
        if self.problem.categorical[place]:
            return {"shares": _shares(values[known], members[known], in_force["alpha"])}
        if in_force["discretization"] == "no":
            return _normal(values[known], members[known])
        cuts = edges(values[known], rows.target[known])
        codes = np.searchsorted(cuts, values[known]).astype(np.float64)
        return {"edges": cuts, "shares": _shares(codes, members[known], in_force["alpha"], len(cuts) + 1)}


def _shares(codes: Array, members: Array, alpha: float, n_codes: int = 0) -> Array:
    """Return the log shares of codes 0, 1, ... in each class, shape ``(n_codes, n_classes)``."""
    whole = codes.astype(np.intp)
    n_codes = n_codes or int(whole.max(initial=-1)) + 1
    counts = np.zeros((n_codes, members.shape[1])) + max(alpha, SMALLEST_ALPHA)
    np.add.at(counts, whole, members)
    return np.asarray(np.log(counts / counts.sum(axis=0)))


def _normal(values: Array, members: Array) -> dict[str, Array]:
    """Return mean and variance in each class; a class without values has those of all."""
    count = members.sum(axis=0)
    lacking = count == 0
    # Without values, and without spread, a column says nothing.
    centre = values.mean() if len(values) else 0.0
    spread = values.var() if len(values) else 0.0
    means = np.where(lacking, centre, values @ members / np.where(lacking, 1, count))
    squares = (values[:, None] - means) ** 2
    variances = np.where(lacking, spread, (squares * members).sum(axis=0) / np.where(lacking, 1, count))
    if spread == 0:
        return {"means": means, "variances": np.ones_like(means)}
    return {"means": means, "variances": variances + SMALLEST_VARIANCE * spread}


def _term(column: Mapping[str, Array], values: Array) -> Array:
    """Return the log-likelihood of values in each class, shape ``(n_rows, n_classes)``; 0 where not known."""
    if "means" in column:
        variances = column["variances"]
        found = -0.5 * (np.log(2 * np.pi * variances) + (values[:, None] - column["means"]) ** 2 / variances)
        return np.asarray(np.where(np.isnan(values)[:, None], 0.0, found))
    shares = column["shares"]
    placed = np.searchsorted(column["edges"], values) if "edges" in column else values
    codes = np.where(np.isnan(values), -1, placed)
    known = (codes >= 0) & (codes < len(shares))
    found = np.zeros((len(values), shares.shape[1]))
    found[known] = shares[codes[known].astype(np.intp)]
    return found
