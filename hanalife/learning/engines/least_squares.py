"""Linear regression: least squares, with a penalty by scikit-learn, and a choice of the features."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines import solving, stepwise
from hanalife.learning.engines.engine import Interval, Rows
from hanalife.learning.engines.linear import Linear, standard_errors, unscaled
from hanalife.learning.evaluation import residuals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

_PENALISED = ("cd", "cyclical", "admm")
_TESTS = {"dw_test": False, "bp_test": False, "ks_test": False, "reset_test": 1, "stat_inf": False}


@dataclass(frozen=True, slots=True)
class LeastSquares(Linear):
    """Numbers that are linear in the columns."""

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse what does not fit together: a penalty with an exact solver, tests of a penalised model."""
        penalised, solver = in_force["enet_lambda"] > 0, in_force["solver"]
        if penalised and solver is not None and solver not in _PENALISED:
            raise InvalidArgumentError(
                f"enet_lambda: solver={solver!r} takes no penalty; use one of {', '.join(_PENALISED)}."
            )
        asked = [name for name, default in _TESTS.items() if in_force[name] != default]
        if penalised and asked:
            raise InvalidArgumentError(
                f"{asked[0]}: it holds for least squares without a penalty; set enet_lambda=0, or leave it out."
            )
        if penalised and in_force["var_select"] != "no":
            raise InvalidArgumentError(
                "var_select: a penalty chooses by itself; set enet_lambda=0, or leave var_select out."
            )
        stepwise.check(in_force, self.problem.names)

    def solve(self, columns: Array, places: Array, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return coefficients; of least squares also what standard errors need."""
        self.check(in_force)  # a search may have chosen some of it
        centres = in_force["intercept"]
        scaled = solving.Scaled.of(columns, rows.weights, centres=centres)
        middle = float(np.average(rows.target, weights=rows.weights)) if centres else 0.0
        target = rows.target - middle
        roots = np.ones(len(rows)) if rows.weights is None else np.sqrt(rows.weights)
        if in_force["enet_lambda"] > 0:
            every = np.arange(columns.shape[1])
            return unscaled(scaled, every, np.array([middle]), _penalised(scaled.matrix, target, rows, in_force)[None])
        kept = solving.independent(scaled.matrix)
        if in_force["var_select"] != "no":
            weighted = scaled.matrix[:, kept] * roots[:, None]
            asked = stepwise.Choice.of(in_force, self.problem.names)
            kept = kept[stepwise.choose(weighted, target * roots, places[kept], len(rows) - centres, asked)]
        weighted = scaled.matrix[:, kept] * roots[:, None]
        how = "svd" if in_force["solver"] in ("svd", *_PENALISED) else in_force["solver"] or "qr"
        coefficients = solving.least_squares(weighted, target * roots, how)
        left = target * roots - weighted @ coefficients
        degrees = len(rows) - len(kept) - centres
        dispersion = float(left @ left) / degrees if degrees > 0 else 0.0
        covariance = np.zeros((len(kept) + 1, len(kept) + 1))
        covariance[1:, 1:] = solving.inverse_gram(weighted)
        covariance[0, 0] = 1 / (roots @ roots) if centres else 0.0
        return {
            **unscaled(scaled, kept, np.array([middle]), coefficients[None]),
            **standard_errors(scaled, dispersion * covariance, has_intercept=centres),
            "dispersion": dispersion,
            "degrees": int(degrees),
        }

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return numbers."""
        return self.all_margins(estimator, features)[:, 0]

    def margins(self, estimator: Any, features: Array) -> Array:
        """Return the numbers: the link is the identity."""
        return self.outputs(estimator, features)

    def bounds(self, estimator: Any, features: Array, interval: Interval) -> tuple[Array, Array]:
        """Return ``prediction +- t(1 - level / 2) * standard error``."""
        from scipy import stats

        if "covariance" not in estimator:
            raise InvalidArgumentError(
                "interval_type: a model with a penalty has no standard errors; fit it with enet_lambda=0."
            )
        found = self.outputs(estimator, features)
        if estimator["degrees"] < 1:
            unknown = np.full(len(found), np.nan)
            return unknown, unknown
        errors = self.margin_errors(estimator, features, ignore_correlation=interval.ignore_correlation)
        if interval.kind == "prediction":
            errors = np.sqrt(errors**2 + estimator["dispersion"])
        reach = stats.t(estimator["degrees"]).isf(interval.significance_level / 2) * errors
        return found - reach, found + reach

    def statistics(self, estimator: Any, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, float | str]:
        """Return the numbers and tests that were asked for, of the training rows."""
        found: dict[str, float | str] = {}
        if in_force["var_select"] != "no":
            chosen = estimator["design"]["columns"][estimator["kept"], 0]
            found["SELECTED_FEATURES"] = ", ".join(self.problem.names[place] for place in np.unique(chosen))
        errors = rows.target - self.outputs(estimator, rows.features)
        if in_force["adjusted_r2"]:
            used = int(np.count_nonzero(estimator["coefficients"]))
            found |= adjusted_r2(rows.target, errors, used, has_intercept=in_force["intercept"])
        if in_force.get("output_coefcov"):
            found |= self.coefficient_covariance(estimator)
        if "covariance" not in estimator:
            return found
        if in_force["stat_inf"] and estimator["degrees"] > 0:
            found |= self.inference(estimator, estimator["degrees"], in_force.get("significance_level"))
        ones = np.ones((len(rows), 1 if in_force["intercept"] else 0))
        columns = np.hstack([ones, self.columns(estimator["design"], rows.features)[:, estimator["kept"]]])
        for name, test in _tests(rows.target, errors, columns, in_force).items():
            if test is None:
                logger.info("%s: not defined for these rows, hence left out.", name)
                continue
            found[f"{name}_STATISTIC"], found[f"{name}_P_VALUE"] = test
        return found


def _penalised(columns: Array, target: Array, rows: Rows, in_force: Mapping[str, Any]) -> Array:
    from sklearn.linear_model import ElasticNet, Ridge

    strength, share = in_force["enet_lambda"], in_force["enet_alpha"]
    if share == 0:
        total = len(rows) if rows.weights is None else float(rows.weights.sum())
        ridge = Ridge(alpha=strength * total, fit_intercept=False, solver="cholesky")
        return np.asarray(ridge.fit(columns, target, sample_weight=rows.weights).coef_)
    limit = in_force["max_iter"]
    net = ElasticNet(alpha=strength, l1_ratio=share, fit_intercept=False, max_iter=limit, tol=in_force["tol"])
    net.fit(columns, target, sample_weight=rows.weights)
    if net.n_iter_ >= limit:
        logger.warning("LinearRegression: no convergence in %d iterations; raise max_iter, tol or enet_lambda.", limit)
    return np.asarray(net.coef_)


def adjusted_r2(target: Array, errors: Array, used: int, *, has_intercept: bool = True) -> dict[str, float | str]:
    """Return ``1 - (1 - R2) (n - 1) / (n - used - 1)`` as a row of statistics; none where it is not defined.

    Without an intercept R2 is around 0, with ``n / (n - used)``.
    """
    middle = target.mean() if has_intercept else 0.0
    total, degrees = float(((target - middle) ** 2).sum()), len(target) - used - has_intercept
    if degrees < 1 or total == 0:
        return {}
    return {"ADJUSTED_R2": 1 - float(errors @ errors) / total * (len(target) - has_intercept) / degrees}


def _tests(
    target: Array, errors: Array, columns: Array, in_force: Mapping[str, Any]
) -> dict[str, residuals.Test | None]:
    found: dict[str, residuals.Test | None] = {}
    if in_force["dw_test"]:
        found["DW_TEST"] = residuals.durbin_watson(errors, columns)
    if in_force["bp_test"]:
        found["BP_TEST"] = residuals.breusch_pagan(errors, columns)
    if in_force["ks_test"]:
        found["KS_TEST"] = residuals.kolmogorov_smirnov(errors, len(errors) - columns.shape[1])
    if in_force["reset_test"] > 1:
        found["RESET_TEST"] = residuals.reset(target, columns, in_force["reset_test"])
    return found
