"""Distributions and link functions of generalised linear models. Pure.

Formulas: McCullagh and Nelder, Generalized Linear Models, 2nd edition, 1989, chapter 2; of the
negative binomial distribution with variance ``mean + heterogeneity * mean^2``: Hilbe, Negative
Binomial Regression, 2nd edition, 2011, chapter 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Function = Callable[["Array"], "Array"]

_TINY = 1e-10


@dataclass(frozen=True, slots=True)
class Link:
    """``margin = link(mean)``."""

    of_mean: Function
    mean: Function  #: the way back
    slope: Function  #: of the mean, by the margin
    allowed: Function = np.isfinite  #: where the way back exists


def _positive(margin: Array) -> Array:
    return np.isfinite(margin) & (margin > 0)


def _probit() -> Link:
    from scipy import special, stats

    return Link(special.ndtri, special.ndtr, lambda margin: np.asarray(stats.norm.pdf(margin)))


def _logit() -> Link:
    from scipy import special

    return Link(special.logit, special.expit, lambda margin: special.expit(margin) * special.expit(-margin))


def _log_log() -> Link:
    return Link(
        lambda mean: np.log(-np.log1p(-mean)),
        lambda margin: -np.expm1(-np.exp(np.minimum(margin, 30.0))),
        lambda margin: np.exp(np.minimum(margin, 30.0) - np.exp(np.minimum(margin, 30.0))),
    )


_LINKS: Mapping[str, Callable[[], Link]] = {
    "identity": lambda: Link(lambda mean: mean, lambda margin: margin, np.ones_like),
    "log": lambda: Link(np.log, np.exp, np.exp, lambda margin: np.isfinite(margin) & (margin < 700)),
    "logit": _logit,
    "probit": _probit,
    "comploglog": _log_log,
    "reciprocal": lambda: Link(
        lambda mean: 1 / mean, lambda margin: 1 / margin, lambda margin: -1 / margin**2, lambda margin: margin != 0
    ),
    "inversesquare": lambda: Link(
        lambda mean: mean**-2.0, lambda margin: margin**-0.5, lambda margin: -0.5 * margin**-1.5, _positive
    ),
    "sqrt": lambda: Link(np.sqrt, lambda margin: margin**2, lambda margin: 2 * margin, _positive),
}


def link(name: str) -> Link:
    """Return a link function by its name."""
    return _LINKS["reciprocal" if name == "inverse" else name]()


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution of the label."""

    links: tuple[str, ...]  #: the first is its own
    variance: Function  #: by the mean, without the dispersion
    deviance: Callable[[Array, Array], Array]  #: of each row: (actual, mean)
    #: log of the density of each row: (actual, mean, dispersion)
    log_likelihood: Callable[[Array, Array, float], Array]
    #: the number that a label stays below with a probability: (probability, mean, dispersion)
    quantile: Callable[[float, Array, float], Array]
    valid: Function  #: labels that it can be of
    of_label: str  #: what those are, in words
    valid_mean: Function  #: means that it can have
    estimates_dispersion: bool  #: else it is 1
    start: Function = lambda target: (target + target.mean()) / 2  #: means to begin with
    inside: Function = lambda mean: mean  #: means away from an end where the formulas have no value


def _all(values: Array) -> Array:
    return np.isfinite(values)


def _above_zero(values: Array) -> Array:
    return np.isfinite(values) & (values > 0)


def _from_zero(values: Array) -> Array:
    return np.isfinite(values) & (values >= 0)


def _share(values: Array) -> Array:
    return (values >= 0) & (values <= 1)


def _gaussian() -> Family:
    from scipy import stats

    return Family(
        links=("identity", "log", "reciprocal", "inverse"),
        variance=np.ones_like,
        deviance=lambda actual, mean: (actual - mean) ** 2,
        log_likelihood=lambda actual, mean, size: stats.norm.logpdf(actual, mean, np.sqrt(size)),
        quantile=lambda share, mean, size: stats.norm.ppf(share, mean, np.sqrt(size)),
        valid=_all,
        of_label="a number",
        valid_mean=_all,
        estimates_dispersion=True,
        start=lambda target: target.copy(),
    )


def _poisson() -> Family:
    from scipy import special, stats

    return Family(
        links=("log", "identity"),
        variance=lambda mean: mean,
        deviance=lambda actual, mean: 2 * (special.xlogy(actual, actual / mean) - (actual - mean)),
        log_likelihood=lambda actual, mean, _size: special.xlogy(actual, mean) - mean - special.gammaln(actual + 1),
        quantile=lambda share, mean, _size: stats.poisson.ppf(share, mean),
        valid=_from_zero,
        of_label="0 or more",
        valid_mean=_above_zero,
        estimates_dispersion=False,
    )


def _binomial() -> Family:
    from scipy import special, stats

    def deviance(actual: Array, mean: Array) -> Array:
        rest = special.xlogy(1 - actual, (1 - actual) / (1 - mean))
        return np.asarray(2 * (special.xlogy(actual, actual / mean) + rest))

    return Family(
        links=("logit", "probit", "comploglog", "log"),
        variance=lambda mean: mean * (1 - mean),
        deviance=deviance,
        log_likelihood=lambda actual, mean, _size: special.xlogy(actual, mean) + special.xlog1py(1 - actual, -mean),
        quantile=lambda share, mean, _size: stats.binom.ppf(share, 1, mean),
        valid=_share,
        of_label="0, 1 or a share between them",
        valid_mean=lambda mean: (mean > 0) & (mean < 1),
        estimates_dispersion=False,
        start=lambda target: (target + 0.5) / 2,
        inside=lambda mean: np.clip(mean, _TINY, 1 - _TINY),
    )


def _gamma() -> Family:
    from scipy import stats

    return Family(
        links=("reciprocal", "inverse", "identity", "log"),
        variance=lambda mean: mean**2,
        deviance=lambda actual, mean: 2 * ((actual - mean) / mean - np.log(actual / mean)),
        log_likelihood=lambda actual, mean, size: stats.gamma.logpdf(actual, 1 / size, scale=mean * size),
        quantile=lambda share, mean, size: stats.gamma.ppf(share, 1 / size, scale=mean * size),
        valid=_above_zero,
        of_label="above 0",
        valid_mean=_above_zero,
        estimates_dispersion=True,
    )


def _inverse_gaussian() -> Family:
    from scipy import stats

    return Family(
        links=("inversesquare", "identity", "reciprocal", "inverse", "log"),
        variance=lambda mean: mean**3,
        deviance=lambda actual, mean: (actual - mean) ** 2 / (actual * mean**2),
        log_likelihood=lambda actual, mean, size: stats.invgauss.logpdf(actual, mean * size, scale=1 / size),
        quantile=lambda share, mean, size: stats.invgauss.ppf(share, mean * size, scale=1 / size),
        valid=_above_zero,
        of_label="above 0",
        valid_mean=_above_zero,
        estimates_dispersion=True,
    )


def negative_binomial(heterogeneity: float) -> Family:
    """Return the distribution whose variance is ``mean + heterogeneity * mean^2``."""
    from scipy import special, stats

    size = 1 / heterogeneity

    def deviance(actual: Array, mean: Array) -> Array:
        rest = (actual + size) * np.log((actual + size) / (mean + size))
        return np.asarray(2 * (special.xlogy(actual, actual / mean) - rest))

    def log_likelihood(actual: Array, mean: Array, _size: float) -> Array:
        shared = special.xlogy(actual, mean / (mean + size)) - size * np.log1p(mean / size)
        return np.asarray(special.gammaln(actual + size) - special.gammaln(size) - special.gammaln(actual + 1) + shared)

    return Family(
        links=("log", "identity", "sqrt"),
        variance=lambda mean: mean + heterogeneity * mean**2,
        deviance=deviance,
        log_likelihood=log_likelihood,
        quantile=lambda share, mean, _size: stats.nbinom.ppf(share, size, size / (size + mean)),
        valid=_from_zero,
        of_label="0 or more",
        valid_mean=_above_zero,
        estimates_dispersion=False,
    )


_FAMILIES: Mapping[str, Callable[[], Family]] = {
    "gaussian": _gaussian,
    "normal": _gaussian,
    "poisson": _poisson,
    "binomial": _binomial,
    "gamma": _gamma,
    "inversegaussin": _inverse_gaussian,
    "inversegaussian": _inverse_gaussian,
    "negativebinomial": lambda: negative_binomial(1.0),
}

#: Of ordinal regression, which is none of these families.
ORDINAL_LINKS = ("logit", "probit", "comploglog")


def family(name: str, heterogeneity: float | None = None) -> Family:
    """Return a distribution by its name; of the negative binomial one, with its heterogeneity."""
    if heterogeneity is not None:
        return negative_binomial(heterogeneity)
    return _FAMILIES[name]()


def links_of(name: str) -> tuple[str, ...]:
    """Return the links that suit a family; the first is its own."""
    return ORDINAL_LINKS if name == "ordinal" else family(name).links
