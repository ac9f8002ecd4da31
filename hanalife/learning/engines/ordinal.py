"""Ordinal regression: levels in an order, thresholds between them, one slope for all.

``P(level <= j) = F(threshold_j - sum coefficient * column)`` (McCullagh, JRSS B 42, 1980), with F
of the logistic ('logit'), the normal ('probit') or the smallest extreme value distribution
('comploglog').
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import ArgumentTypeError, InvalidArgumentError
from hanalife.learning.engines import solving
from hanalife.learning.engines.engine import Rows
from hanalife.learning.engines.linear import standard_errors, unscaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

_LARGEST = 30.0  #: margins beyond this differ in no probability
#: As many levels as a person would order; a number with more is not ordinal.
MOST_LEVELS = 100

#: Distribution and density, by the margin.
_Law = tuple[Callable[["Array"], "Array"], Callable[["Array"], "Array"]]


def _law(link: str) -> _Law:
    from scipy import special, stats

    if link == "probit":
        return special.ndtr, stats.norm.pdf
    if link == "comploglog":
        return (lambda at: -np.expm1(-np.exp(at))), (lambda at: np.exp(at - np.exp(at)))
    return special.expit, lambda at: special.expit(at) * special.expit(-at)


def check(in_force: Mapping[str, Any]) -> None:
    """Refuse a penalty, and an ordering that is none.

    Raises
    ------
    InvalidArgumentError, ArgumentTypeError
        See above.
    """
    if in_force["enet_lambda"] > 0 or in_force["solver"] == "cd":
        raise InvalidArgumentError(
            "enet_lambda, solver: family='ordinal' takes no penalty; use solver='irls' and enet_lambda=0."
        )
    if in_force["quasilikelihood"]:
        raise InvalidArgumentError("quasilikelihood: family='ordinal' has no dispersion; leave it out.")
    _ordered(in_force["ordering"])


def _ordered(ordering: Any) -> list[float] | None:
    if ordering is None:
        return None
    try:
        found = [float(item) for item in ordering]
    except ValueError as error:
        raise ArgumentTypeError(f"ordering: the label is a number, so levels are; got {ordering!r}.") from error
    if len(set(found)) < len(found):
        raise InvalidArgumentError(f"ordering: a level stands there twice, got {ordering!r}.")
    return found


def solve(columns: Array, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, Any]:
    """Return the likeliest coefficients and thresholds.

    Raises
    ------
    InvalidArgumentError
        One level only, or more than :data:`MOST_LEVELS`, or one that ``ordering`` does not name.
    """
    levels = _levels(rows.target, in_force)
    codes = np.array([levels.index(value) for value in rows.target.tolist()])
    link = in_force["link"] or "logit"
    scaled = solving.Scaled.of(columns, rows.weights)
    kept = solving.independent(scaled.matrix)
    prior = np.ones(len(rows)) if rows.weights is None else rows.weights
    found, information, turns = _maximise(scaled.matrix[:, kept], codes, len(levels), prior, _law(link), in_force)
    count = len(levels) - 1
    result = unscaled(scaled, kept, np.zeros(1), found[None, count:])
    shift, result["intercepts"] = float(result["intercepts"][0]), np.zeros(1)
    covariance = np.zeros((len(kept) + 1, len(kept) + 1))
    covariance[1:, 1:] = np.linalg.pinv(information, hermitian=True)[count:, count:]
    return {
        **result,
        # Thresholds of scaled columns lie by their margin's middle away from those of the columns.
        "thresholds": found[:count] - shift,
        "levels": np.array(levels),
        "family": "ordinal",
        "link": link,
        "iterations": turns,
        **standard_errors(scaled, covariance, has_intercept=False),
    }


def _levels(target: Array, in_force: Mapping[str, Any]) -> list[float]:
    there = np.unique(target).tolist()
    if not 2 <= len(there) <= MOST_LEVELS:
        raise InvalidArgumentError(
            f"family: 'ordinal' is for labels of 2 to {MOST_LEVELS} levels, these rows hold {len(there)}; "
            "use another family."
        )
    ordering = _ordered(in_force["ordering"])
    if ordering is None:
        return list(there)
    unknown = [value for value in there if value not in ordering]
    if unknown:
        raise InvalidArgumentError(f"ordering: it does not name {unknown[0]:g}, which the label holds; add it.")
    return [value for value in ordering if value in there]


def _maximise(
    columns: Array, codes: Array, n_levels: int, prior: Array, law: _Law, in_force: Mapping[str, Any]
) -> tuple[Array, Array, int]:
    """Return thresholds and coefficients, their information, and the number of iterations.

    Fisher scoring, with a step halved until it is likelier and the thresholds rise.
    """
    count = n_levels - 1
    shares = np.cumsum(np.bincount(codes, prior, n_levels))[:-1] / prior.sum()
    found = np.concatenate([_quantiles(shares, law), np.zeros(columns.shape[1])])
    max_iter, tolerance = in_force["max_iter"] or 100, in_force["tol"] or 1e-8
    last, score, information = _likelihood(found, columns, codes, count, prior, law)
    for turn in range(1, max_iter + 1):
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        size = 1.0
        while size > 1e-9:
            trial = found + size * step
            value, *rest = _likelihood(trial, columns, codes, count, prior, law)
            if value >= last - 1e-12 * abs(last):
                break
            size /= 2
        else:
            return found, information, turn
        change, found, last = abs(value - last), trial, value
        score, information = rest
        if change <= tolerance * (abs(last) + 0.1):
            return found, information, turn
    logger.warning("GLM: no convergence in %d iterations; raise max_iter or tol.", max_iter)
    return found, information, max_iter


def _quantiles(shares: Array, law: _Law) -> Array:
    from scipy import optimize

    distribution, _ = law
    return np.array([optimize.brentq(lambda at, share=share: distribution(at) - share, -40, 40) for share in shares])


def _likelihood(
    found: Array, columns: Array, codes: Array, count: int, prior: Array, law: _Law
) -> tuple[float, Array, Array]:
    """Return log-likelihood, score and expected information; minus infinity where thresholds do not rise."""
    thresholds, coefficients = found[:count], found[count:]
    distribution, density = law
    size = len(found)
    if (np.diff(thresholds) <= 0).any():
        return -np.inf, np.zeros(size), np.eye(size)
    margin = columns @ coefficients
    at = np.clip(thresholds[None, :] - margin[:, None], -_LARGEST, _LARGEST)
    zeros, ones = np.zeros((len(codes), 1)), np.ones((len(codes), 1))
    below = np.hstack([zeros, distribution(at), ones])
    slopes = np.hstack([zeros, density(at), zeros])
    probabilities = np.maximum(np.diff(below, axis=1), 1e-300)
    everyone = np.arange(len(codes))
    value = float(prior @ np.log(probabilities[everyone, codes]))
    score, information = np.zeros(size), np.zeros((size, size))
    for level in range(count + 1):
        # How the probability of this level changes with each parameter, shape (n_rows, size).
        change = np.zeros((len(codes), size))
        if level < count:
            change[:, level] += slopes[:, level + 1]
        if level > 0:
            change[:, level - 1] -= slopes[:, level]
        change[:, count:] = -(slopes[:, level + 1] - slopes[:, level])[:, None] * columns
        own, weight = codes == level, prior / probabilities[:, level]
        score += (change[own] * weight[own, None]).sum(axis=0)
        information += change.T @ (change * weight[:, None])
    return value, score, information


def probabilities(estimator: Any, margin: Array) -> Array:
    """Return the probability of each level, shape ``(n_rows, n_levels)``."""
    distribution, _ = _law(estimator["link"])
    at = np.clip(estimator["thresholds"][None, :] - margin[:, None], -_LARGEST, _LARGEST)
    below = np.hstack([np.zeros((len(margin), 1)), distribution(at), np.ones((len(margin), 1))])
    return np.diff(below, axis=1)


def levels(estimator: Any, margin: Array) -> Array:
    """Return the likeliest level of each row."""
    return np.asarray(estimator["levels"][probabilities(estimator, margin).argmax(axis=1)], dtype=np.float64)


def statistics(estimator: Any, names: list[str], rows: Rows, margin: Array) -> dict[str, float | str]:
    """Return the fit, the thresholds, and standard errors of the coefficients, of the training rows."""
    found = probabilities(estimator, margin)
    known = estimator["levels"].tolist()
    codes = [known.index(value) for value in rows.target.tolist()]
    value = float(np.log(np.maximum(found[np.arange(len(codes)), codes], 1e-300)).sum())
    kept, thresholds = estimator["kept"], estimator["thresholds"].tolist()
    used = len(thresholds) + len(kept)
    scale = estimator["scale"][kept]
    covariance = estimator["covariance"][1:, 1:] / np.outer(scale, scale)
    return {
        "ITERATIONS": estimator["iterations"],
        "LOG_LIKELIHOOD": value,
        "AIC": 2 * used - 2 * value,
        "BIC": used * float(np.log(len(codes))) - 2 * value,
        **{f"THRESHOLD_{number}": one for number, one in enumerate(thresholds, 1)},
        **solving.wald([names[column] for column in kept], estimator["coefficients"][0][kept], covariance, None),
    }
