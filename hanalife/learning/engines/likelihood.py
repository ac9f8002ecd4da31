"""The likeliest coefficients of a generalised linear model, by reweighted least squares. Pure."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines import families, solving
from hanalife.learning.engines.families import Family, Link

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

#: A step that leaves the link's range, or is no better, is halved so many times.
_HALVINGS = 30

#: Weighted least squares of (columns, target, weights); the first column is of ones.
Solve = Callable[["Array", "Array", "Array"], "Array"]


@dataclass(frozen=True, slots=True)
class Likeliest:
    """What the iterations reached."""

    coefficients: Array  #: the intercept first
    mean: Array  #: of each row
    weights: Array  #: of each row in the last least squares, shape (n_rows,)
    deviance: float
    iterations: int
    converged: bool


def weighted_least_squares(columns: Array, target: Array, weights: Array) -> Array:
    """Return coefficients without a penalty."""
    roots = np.sqrt(weights)
    return np.asarray(np.linalg.lstsq(columns * roots[:, None], target * roots, rcond=None)[0])


def elastic_net(strength: float, share: float, max_iter: int, tolerance: float, total: float) -> Solve:
    """Return least squares with a penalty on all coefficients but the intercept; ``total`` weight of the rows."""

    def solve(columns: Array, target: Array, weights: Array) -> Array:
        from sklearn.linear_model import ElasticNet

        net = ElasticNet(alpha=strength * total / weights.sum(), l1_ratio=share, max_iter=max_iter, tol=tolerance)
        net.fit(columns[:, 1:], target, sample_weight=weights)
        return np.array([net.intercept_, *net.coef_])

    return solve


def penalty_of(strength: float, share: float, total: float) -> Callable[[Array], float]:
    """Return twice the penalty of coefficients, in the unit of a deviance."""

    def penalty(coefficients: Array) -> float:
        sizes = np.abs(coefficients[1:])
        return float(2 * strength * total * (share * sizes.sum() + (1 - share) * (sizes**2).sum() / 2))

    return penalty


def maximise(
    columns: Array,
    target: Array,
    prior: Array,
    family: Family,
    link: Link,
    *,
    solve: Solve = weighted_least_squares,
    penalty: Callable[[Array], float] = lambda _coefficients: 0.0,
    max_iter: int,
    tolerance: float,
) -> Likeliest:
    """Iterate until the deviance changes by less than ``tolerance`` of itself.

    Parameters
    ----------
    columns : array, shape (n_rows, n_columns)
        The first is of ones.
    target, prior : array, shape (n_rows,)
        Labels, and how much each row counts.
    family, link
        Of the model.
    solve, penalty
        How a step is found, and what it costs beside the deviance.

    Raises
    ------
    InvalidArgumentError
        The link leaves its range whatever is tried.
    """

    def cost(coefficients: Array) -> float:
        margin = columns @ coefficients
        if not link.allowed(margin).all():
            return np.inf
        mean = family.inside(link.mean(margin))
        if not family.valid_mean(mean).all():
            return np.inf
        return float(prior @ family.deviance(target, mean)) + penalty(coefficients)

    with np.errstate(all="ignore"):  # a step too far is found by its cost
        margin, coefficients = _start(columns, target, prior, family, link)
        last, done, turns = np.inf, False, 0
        while not done and turns < max_iter:
            turns += 1
            step = solve(columns, *_working(margin, target, prior, family, link))
            step, found = _halved(step, coefficients, last, cost)
            if not np.isfinite(found):
                raise InvalidArgumentError(
                    "link: no coefficients keep the margin of every row in the link's range; use another link, "
                    "such as 'log', or another family."
                )
            done = abs(last - found) <= tolerance * (abs(found) + 0.1)
            coefficients, last, margin = step, found, columns @ step
        _, weights = _working(margin, target, prior, family, link)
        mean = family.inside(link.mean(margin))
        deviance = float(prior @ family.deviance(target, mean))
    return Likeliest(coefficients, mean, weights, deviance, turns, done)


def _start(columns: Array, target: Array, prior: Array, family: Family, link: Link) -> tuple[Array, Array]:
    """Return margins to begin with, near the labels if the link can, and the coefficients of the mean alone."""
    middle = _valid(family, np.array([np.average(target, weights=prior)]))
    alone = np.zeros(columns.shape[1])
    alone[0] = link.of_mean(middle)[0]
    mean = _valid(family, family.start(target))
    margin = link.of_mean(mean)
    fits = np.isfinite(margin) & link.allowed(margin)
    return (margin if fits.all() else columns @ alone), alone


def _valid(family: Family, mean: Array) -> Array:
    """Return means that the family can have: labels of 0 alone have a mean just above."""
    return family.inside(np.where(family.valid_mean(mean), mean, 1e-10))


def _working(margin: Array, target: Array, prior: Array, family: Family, link: Link) -> tuple[Array, Array]:
    mean, slope = family.inside(link.mean(margin)), link.slope(margin)
    slope = np.where(np.abs(slope) < 1e-12, 1e-12, slope)
    return margin + (target - mean) / slope, prior * slope**2 / family.variance(mean)


def _halved(step: Array, before: Array, last: float, cost: Callable[[Array], float]) -> tuple[Array, float]:
    """Return the step, or a part of it, that does not cost more than what was before."""
    found = cost(step)
    for _ in range(_HALVINGS):
        if np.isfinite(found) and found <= last * (1 + 1e-12) + 1e-12:
            break
        step = (step + before) / 2
        found = cost(step)
    return step, found


def heterogeneity(target: Array, mean: Array, prior: Array) -> float:
    """Return the likeliest heterogeneity of negative binomial labels with these means."""
    from scipy import optimize

    def cost(logarithm: float) -> float:
        family = families.negative_binomial(float(np.exp(logarithm)))
        return -float(prior @ family.log_likelihood(target, mean, 1.0))

    found = optimize.minimize_scalar(
        cost, bounds=(np.log(1e-8), np.log(1e4)), method="bounded", options={"xatol": 1e-10}
    )
    return float(np.exp(found.x))


def covariance(columns: Array, weights: Array, dispersion: float) -> Array:
    """Return the covariance of the coefficients: the inverse of Fisher's information."""
    return dispersion * solving.inverse_gram(columns * np.sqrt(weights)[:, None])
