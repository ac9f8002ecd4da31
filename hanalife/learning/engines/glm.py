"""Generalised linear models, and ordinal regression beside them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError, NotSupportedError
from hanalife.learning.engines import design, families, likelihood, ordinal, solving
from hanalife.learning.engines.design import Design
from hanalife.learning.engines.engine import Interval, Rows
from hanalife.learning.engines.families import Family
from hanalife.learning.engines.likelihood import Likeliest
from hanalife.learning.engines.linear import Linear, standard_errors, unscaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

_TOLERANCES = {"irls": 1e-8, "nr": 1e-6, "cd": 1e-7}
_NEGATIVE_BINOMIAL = "negativebinomial"
#: Of more columns the coefficients are in ``model_`` only, without their tests.
MOST_TOLD = 200
#: Turns between the coefficients and the heterogeneity of a negative binomial model.
_TURNS = 50


@dataclass(frozen=True, slots=True)
class Glm(Linear):
    """Numbers whose mean, through a link function, is linear in the columns.

    The contract's margin is the link function of the mean; of ordinal regression it is the sum of
    weighted columns, without the thresholds between the levels.
    """

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse a link that does not suit the family, and other combinations without a meaning."""
        family, chosen = in_force["family"], in_force["link"]
        if chosen is not None and chosen not in families.links_of(family):
            raise InvalidArgumentError(
                f"link: {chosen!r} is not defined for family={family!r}; "
                f"use one of {', '.join(families.links_of(family))}."
            )
        if in_force["group_response"]:
            raise NotSupportedError(
                "group_response: a label is one column; give one row a trial, or the share of successes as the label."
            )
        if in_force["enet_lambda"] > 0 and in_force["solver"] in ("irls", "nr"):
            raise InvalidArgumentError(
                f"enet_lambda: solver={in_force['solver']!r} takes no penalty; use solver='cd', or leave it out."
            )
        if family == "ordinal":
            ordinal.check(in_force)
        elif in_force["ordering"] is not None:
            raise InvalidArgumentError(f"ordering: family={family!r} has no levels; use family='ordinal'.")

    def usable(self, rows: Rows, in_force: Mapping[str, Any]) -> Rows:
        """Return the rows to train on, by ``handle_missing_fit``."""
        method = in_force["handle_missing_fit"]
        if method == "abort":
            design.refuse_missing(rows.features, "use handle_missing_fit='skip' or 'fill_zero', or filter them out")
        if method == "fill_zero":
            return replace(rows, features=design.without_missing(self.problem, rows.features))
        there = np.asarray(~np.isnan(rows.features).any(axis=1))
        if there.all():
            return rows
        logger.info("GLM: %d of %d rows hold a missing value and are left out.", (~there).sum(), len(rows))
        if not there.any():
            raise InvalidArgumentError(
                "handle_missing_fit: every row holds a missing value, so 'skip' leaves none; "
                "leave out the column that is NULL, or use 'fill_zero'."
            )
        return rows.take(there)

    def solve(self, columns: Array, places: Array, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return the likeliest coefficients, and what standard errors and bounds need."""
        del places  # any feature may take part
        self.check(in_force)  # a search may have chosen some of it
        if in_force["family"] == "ordinal":
            return ordinal.solve(columns, rows, in_force)
        _check_labels(rows.target, in_force["family"])
        scaled = solving.Scaled.of(columns, rows.weights)
        penalised = in_force["enet_lambda"] > 0
        kept = np.arange(columns.shape[1]) if penalised else solving.independent(scaled.matrix)
        own = scaled.with_intercept(kept)
        prior = np.ones(len(rows)) if rows.weights is None else rows.weights
        found, heterogeneity = _fit(own, rows.target, prior, in_force)
        if not found.converged:
            logger.warning(
                "GLM: no convergence in %d iterations; raise max_iter or tol, or use another link.", found.iterations
            )
        family = families.family(in_force["family"], heterogeneity)
        degrees = len(rows) - own.shape[1]
        dispersion = _dispersion(rows.target, found.mean, prior, family, degrees, in_force)
        result = {
            **unscaled(scaled, kept, found.coefficients[:1], found.coefficients[None, 1:]),
            "family": in_force["family"],
            "link": in_force["link"] or family.links[0],
            "dispersion": dispersion,
            "degrees": int(degrees),
            "iterations": found.iterations,
        }
        if heterogeneity is not None:
            result["heterogeneity"] = heterogeneity
        if not penalised:
            covariance = likelihood.covariance(own, found.weights, dispersion)
            result |= standard_errors(scaled, covariance, has_intercept=True)
        return result

    def learn(self, rows: Rows, in_force: Mapping[str, Any]) -> Design:
        """Return how features become columns; what is filled with 0 in training is so ever after."""
        found = Linear.learn(self, rows, in_force)
        zeros = in_force["handle_missing_fit"] == "fill_zero"
        return {**found, "fill": np.zeros_like(found["fill"])} if zeros else found

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return the mean of the label, or its likeliest level."""
        margin = self.margins(estimator, features)
        if estimator["family"] == "ordinal":
            return ordinal.levels(estimator, margin)
        return _means(estimator, margin)

    def margins(self, estimator: Any, features: Array) -> Array:
        """Return the link function of the mean."""
        return self.all_margins(estimator, features)[:, 0]

    def bounds(self, estimator: Any, features: Array, interval: Interval) -> tuple[Array, Array]:
        """Return bounds: of the margin ``+- quantile * standard error``, taken back through the link.

        The quantile is Student's where the dispersion was estimated, else the normal one. Bounds of
        one new row of the gaussian family add its variance; of other families they are quantiles
        of the distribution at the bounds of its mean, and hold at least as often as asked.
        """
        if "covariance" not in estimator or estimator["family"] == "ordinal":
            why = "an ordinal model" if estimator["family"] == "ordinal" else "a model with a penalty"
            raise InvalidArgumentError(f"interval_type: {why} has no bounds; leave it out, or fit another.")
        if interval.kind == "prediction" and interval.of_link:
            raise InvalidArgumentError(
                "interval_type: 'prediction' is of the label itself; use 'confidence' with prediction_type='link'."
            )
        margin = self.margins(estimator, features)
        errors = self.margin_errors(estimator, features, ignore_correlation=interval.ignore_correlation)
        family = _family_of(estimator)
        times = _quantile(family, estimator["degrees"], interval.significance_level)
        if interval.kind == "prediction" and estimator["family"] in ("gaussian", "normal"):
            slope = families.link(estimator["link"]).slope(margin)
            reach = times * np.sqrt((errors * slope) ** 2 + estimator["dispersion"])
            return _means(estimator, margin) - reach, _means(estimator, margin) + reach
        low, high = margin - times * errors, margin + times * errors
        if interval.of_link:
            return low, high
        with np.errstate(all="ignore"):
            ends = np.sort([_bounded_means(estimator, low), _bounded_means(estimator, high)], axis=0)
        if interval.kind == "confidence":
            return ends[0], ends[1]
        half, size = interval.significance_level / 2, estimator["dispersion"]
        return family.quantile(half, ends[0], size), family.quantile(1 - half, ends[1], size)

    def statistics(self, estimator: Any, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, float | str]:
        """Return fit and coefficients, of the training rows."""
        rows = self.usable(rows, in_force)
        if estimator["family"] == "ordinal":
            return ordinal.statistics(estimator, self.names(estimator), rows, self.margins(estimator, rows.features))
        family, prior = _family_of(estimator), np.ones(len(rows)) if rows.weights is None else rows.weights
        mean, dispersion = family.inside(self.outputs(estimator, rows.features)), estimator["dispersion"]
        middle = family.inside(np.full(len(rows), np.average(rows.target, weights=prior)))
        found: dict[str, float | str] = {"ITERATIONS": estimator["iterations"], "DISPERSION": dispersion}
        with np.errstate(all="ignore"):
            found["DEVIANCE"] = float(prior @ family.deviance(rows.target, mean))
            found["NULL_DEVIANCE"] = float(prior @ family.deviance(rows.target, middle))
        found |= _information_criteria(estimator, family, rows.target, mean, prior, in_force)
        if "heterogeneity" in estimator:
            found["HETEROGENEITY"] = estimator["heterogeneity"]
        if "covariance" in estimator and estimator["degrees"] > 0 and len(estimator["kept"]) <= MOST_TOLD:
            degrees = estimator["degrees"] if _estimates(family, in_force) else None
            found |= self.inference(estimator, degrees, in_force["significance_level"])
        if in_force.get("output_coefcov"):
            found |= self.coefficient_covariance(estimator)
        return {name: value for name, value in found.items() if isinstance(value, str) or np.isfinite(value)}


def _check_labels(target: Array, name: str) -> None:
    family = families.family(name)
    strange = target[~family.valid(target)]
    if len(strange):
        raise InvalidArgumentError(
            f"family: {name!r} is for labels that are {family.of_label}; {len(strange)} rows are not, "
            f"such as {strange[0]:g}. Filter them out, or use another family."
        )


def _fit(columns: Array, target: Array, prior: Array, in_force: Mapping[str, Any]) -> tuple[Likeliest, float | None]:
    """Return the likeliest coefficients, and the heterogeneity of negative binomial labels."""
    strength, share, total = in_force["enet_lambda"], in_force["enet_alpha"], float(prior.sum())
    solver = in_force["solver"] or ("cd" if strength else "irls")
    tolerance = in_force["tol"] or _TOLERANCES[solver]
    max_iter = in_force["max_iter"] or (100_000 if solver == "cd" else 100)
    given: dict[str, Any] = {"max_iter": max_iter, "tolerance": tolerance}
    if strength:
        given["solve"] = likelihood.elastic_net(strength, share, max_iter, tolerance, total)
        given["penalty"] = likelihood.penalty_of(strength, share, total)
    name = in_force["family"]
    link = families.link(in_force["link"] or families.links_of(name)[0])
    if name != _NEGATIVE_BINOMIAL:
        return likelihood.maximise(columns, target, prior, families.family(name), link, **given), None
    found = likelihood.maximise(columns, target, prior, families.family("poisson"), link, **given)
    last = np.inf
    for _ in range(_TURNS):
        size = likelihood.heterogeneity(target, found.mean, prior)
        found = likelihood.maximise(columns, target, prior, families.negative_binomial(size), link, **given)
        if abs(np.log(size) - np.log(last)) < 1e-9:
            break
        last = size
    return found, size


def _estimates(family: Family, in_force: Mapping[str, Any]) -> bool:
    return family.estimates_dispersion or bool(in_force["quasilikelihood"])


def _dispersion(
    target: Array, mean: Array, prior: Array, family: Family, degrees: int, in_force: Mapping[str, Any]
) -> float:
    """Return Pearson's chi-square by its degrees of freedom, where the family leaves the dispersion open."""
    if not _estimates(family, in_force):
        return 1.0
    return float(prior @ ((target - mean) ** 2 / family.variance(mean))) / degrees if degrees > 0 else 0.0


def _family_of(estimator: Any) -> Family:
    return families.family(estimator["family"], estimator.get("heterogeneity"))


def _means(estimator: Any, margin: Array) -> Array:
    link = families.link(estimator["link"])
    outside = int((~link.allowed(margin)).sum())
    if outside:
        raise InvalidArgumentError(
            f"link: {outside} rows have a margin outside the range of link={estimator['link']!r}; "
            "filter them out, or fit with another link, such as 'log'."
        )
    return np.asarray(link.mean(margin))


def _bounded_means(estimator: Any, margin: Array) -> Array:
    link = families.link(estimator["link"])
    return np.where(link.allowed(margin), link.mean(margin), np.nan)


def _quantile(family: Family, degrees: int, level: float) -> float:
    from scipy import stats

    if not family.estimates_dispersion:
        return float(stats.norm.isf(level / 2))
    return float(stats.t(degrees).isf(level / 2)) if degrees > 0 else np.nan


def _information_criteria(
    estimator: Any, family: Family, target: Array, mean: Array, prior: Array, in_force: Mapping[str, Any]
) -> dict[str, float | str]:
    """Return log-likelihood, AIC and BIC; none of a quasi-likelihood, which has no density.

    The dispersion in the density is its likeliest value of gaussian labels, else Pearson's.
    """
    if in_force["quasilikelihood"] and not family.estimates_dispersion:
        return {}
    size = estimator["dispersion"]
    if estimator["family"] in ("gaussian", "normal"):
        size = float(prior @ (target - mean) ** 2 / prior.sum())
    if size <= 0:
        return {}
    value = float(prior @ family.log_likelihood(target, mean, size))
    used = 1 + int(np.count_nonzero(estimator["coefficients"])) + ("heterogeneity" in estimator)
    used += family.estimates_dispersion
    return {"LOG_LIKELIHOOD": value, "AIC": 2 * used - 2 * value, "BIC": used * float(np.log(len(target))) - 2 * value}
