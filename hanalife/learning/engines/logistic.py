"""Logistic regression of two or more classes on scikit-learn."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError
from hanalife.learning.engines import solving
from hanalife.learning.engines.engine import Rows
from hanalife.learning.engines.linear import INTERCEPT, Linear, standard_errors, unscaled
from hanalife.learning.parameters.linear import MULTI_CLASS_SOLVERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

#: hana_ml's solvers and scikit-learn's; 'auto' is 'lbfgs', or 'cyclical' if the penalty has an L1 part.
SOLVERS = {"newton": "newton-cholesky", "lbfgs": "lbfgs", "cyclical": "saga", "proximal": "saga"}
_SMOOTH = ("newton", "lbfgs")
_ITERATIONS = {"proximal": 1_000, "cyclical": 100_000}
_TOLERANCES = {"newton": 1e-6, "lbfgs": 1e-5, "cyclical": 1e-7}


@dataclass(frozen=True, slots=True)
class Logistic(Linear):
    """Log-odds that are linear: of the second class with two classes, of each class with more."""

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse a solver that cannot solve this, and standard errors of a penalised model."""
        solver, penalised = in_force["solver"], in_force["enet_lambda"] > 0
        if (self.problem.n_classes or 0) > 2 and solver not in MULTI_CLASS_SOLVERS:
            raise InvalidArgumentError(
                f"solver: {solver!r} is for two classes, the label has {self.problem.n_classes}; "
                f"use one of {', '.join(MULTI_CLASS_SOLVERS)}."
            )
        if solver in _SMOOTH and penalised and in_force["enet_alpha"] > 0:
            raise InvalidArgumentError(
                f"solver: {solver!r} takes no L1 penalty; use 'cyclical', or set enet_alpha=0 for L2 alone."
            )
        if in_force["stat_inf"] and (penalised or solver == "stochastic"):
            raise InvalidArgumentError(
                "stat_inf: standard errors are of the maximum likelihood; set enet_lambda=0 and another solver "
                "than 'stochastic', or leave stat_inf out."
            )

    def solve(self, columns: Array, places: Array, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, Any]:
        """Return the coefficients of the classes that the rows hold."""
        del places  # any feature may take part
        self.check(in_force)  # a search may have chosen some of it
        classes = np.unique(rows.target)
        penalised = in_force["enet_lambda"] > 0
        scales = in_force["standardize"] or not penalised
        scaled = solving.Scaled.of(columns, rows.weights, scales=scales)
        kept = np.arange(columns.shape[1]) if penalised else solving.independent(scaled.matrix)
        if len(classes) < 2 or not len(kept):
            return {"classes": classes, "kept": kept, **_by_shares(rows, classes, columns.shape[1])}
        model = _model(in_force, rows)
        model.fit(scaled.matrix[:, kept], rows.target, sample_weight=rows.weights)
        _tell(model, in_force)
        found = unscaled(scaled, kept, model.intercept_, model.coef_)
        result = {"classes": classes, **found}
        margins = columns @ found["coefficients"].T + found["intercepts"]
        if not penalised and in_force["solver"] != "stochastic":
            _warn_if_separated(margins, np.searchsorted(classes, rows.target))
        if in_force["stat_inf"]:
            information = _information(scaled.with_intercept(kept), _probabilities(margins), rows.weights)
            covariance = np.linalg.pinv(information, hermitian=True)
            result |= standard_errors(scaled, covariance, has_intercept=True)
        return result

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities; a class that training saw no row of has none."""
        found = np.zeros((len(features), self.problem.n_classes or 0))
        if len(estimator["classes"]) == 1:
            found[:, estimator["classes"]] = 1.0
            return found
        found[:, estimator["classes"]] = _probabilities(self.all_margins(estimator, features))
        return found

    def contributions(self, estimator: Any, features: Array, *, exact: bool = True) -> Array:
        """Return what each feature adds to the log-odds: of the second class of two, else of each class."""
        found = Linear.contributions(self, estimator, features, exact=exact)
        classes, wanted = estimator["classes"], self.problem.n_classes or 0
        if wanted == 2:
            return found
        every = np.zeros((len(found), wanted, found.shape[2]))
        every[:, classes if found.shape[1] > 1 else classes[-1:], :] = found
        return every

    def statistics(self, estimator: Any, rows: Rows, in_force: Mapping[str, Any]) -> dict[str, float | str]:
        """Return standard errors, z and p-values if ``stat_inf`` asks for them.

        With more than two classes they are of the log-odds against the first.
        """
        del rows
        if not in_force["stat_inf"] or "covariance" not in estimator:
            return {}
        if len(estimator["coefficients"]) == 1:
            return self.inference(estimator, None)
        kept, size = estimator["kept"], len(estimator["kept"]) + 1
        names = [INTERCEPT, *(self.names(estimator)[column] for column in kept)]
        intercepts, coefficients = estimator["intercepts"], estimator["coefficients"][:, kept]
        found: dict[str, float | str] = {}
        for turn, code in enumerate(estimator["classes"][1:].tolist()):
            block = slice(turn * size, (turn + 1) * size)
            covariance = solving.in_own_units(
                estimator["covariance"][block, block], estimator["centre"][kept], estimator["scale"][kept]
            )
            estimates = np.array([intercepts[turn + 1] - intercepts[0], *(coefficients[turn + 1] - coefficients[0])])
            of_class = self.problem.class_names[code] if self.problem.class_names else str(code)
            found |= solving.wald([f"{name}_{of_class}" for name in names], estimates, covariance, None)
        return found


@dataclass(frozen=True, slots=True)
class TwoClasses(Logistic):
    """Logistic regression that was told that there are two classes."""

    def check(self, in_force: Mapping[str, Any]) -> None:
        """Refuse more classes."""
        if (self.problem.n_classes or 0) > 2:
            raise InvalidArgumentError(
                f"multi_class: the label has {self.problem.n_classes} classes; set multi_class=True, or leave it out."
            )
        Logistic.check(self, in_force)


def _by_shares(rows: Rows, classes: Array, n_columns: int) -> dict[str, Any]:
    """Return a model that knows the classes' shares only."""
    weights = np.ones(len(rows)) if rows.weights is None else rows.weights
    logs = np.log([weights[rows.target == code].sum() for code in classes])
    intercepts = logs[1:] - logs[:1] if len(classes) == 2 else logs - logs.mean()
    return {"coefficients": np.zeros((len(intercepts), n_columns)), "intercepts": intercepts}


def _model(in_force: Mapping[str, Any], rows: Rows) -> Any:
    from sklearn.linear_model import LogisticRegression, SGDClassifier

    strength, share = in_force["enet_lambda"], in_force["enet_alpha"]
    if in_force["solver"] == "stochastic":
        return SGDClassifier(
            loss="log_loss",
            penalty="elasticnet" if strength else None,
            alpha=strength,
            l1_ratio=share,
            # Columns are of one size, so one rate suits all; the mean of all steps is steadier than the last.
            learning_rate="invscaling",
            eta0=0.5,
            power_t=0.5,
            average=True,
            max_iter=in_force["max_pass_number"],
            tol=None,
            random_state=in_force["random_state"],
        )
    solver = _solver(in_force)
    total = len(rows) if rows.weights is None else rows.weights.sum()
    epsilon = in_force["epsilon"] if solver in _SMOOTH else None
    return LogisticRegression(
        C=1 / (strength * total) if strength else np.inf,
        l1_ratio=share if strength and solver not in _SMOOTH else 0.0,
        solver=SOLVERS[solver],
        tol=epsilon or in_force["tol"] or _TOLERANCES.get(solver, 1e-6),
        max_iter=in_force["max_iter"] or _ITERATIONS.get(solver, 100),
        random_state=in_force["random_state"],
    )


def _solver(in_force: Mapping[str, Any]) -> str:
    if in_force["solver"] != "auto":
        return str(in_force["solver"])
    return "cyclical" if in_force["enet_lambda"] > 0 and in_force["enet_alpha"] > 0 else "lbfgs"


def _tell(model: Any, in_force: Mapping[str, Any]) -> None:
    if in_force["solver"] != "stochastic" and np.max(model.n_iter_) >= model.max_iter:
        logger.warning(
            "LogisticRegression: solver %r did not converge in %d iterations; raise max_iter, tol or enet_lambda.",
            in_force["solver"],
            model.max_iter,
        )


def _probabilities(margins: Array) -> Array:
    from scipy import special

    if margins.shape[1] > 1:
        return np.asarray(special.softmax(margins, axis=1))
    second = special.expit(margins[:, 0])
    return np.column_stack([special.expit(-margins[:, 0]), second])


def _warn_if_separated(margins: Array, places: Array) -> None:
    """Say so if every row lies on its own side: then larger coefficients are always likelier."""
    if margins.shape[1] == 1:
        ahead = np.where(places == 1, margins[:, 0], -margins[:, 0])
    else:
        rest = margins.copy()
        rest[np.arange(len(places)), places] = -np.inf
        ahead = margins[np.arange(len(places)), places] - rest.max(axis=1)
    if ahead.min() > 0:
        logger.warning(
            "LogisticRegression: the columns separate the classes without error, so the coefficients have no limit; "
            "set enet_lambda above 0."
        )


def _information(rows: Array, probabilities: Array, weights: Array | None) -> Array:
    """Return Fisher's information on the log-odds of each class but the first, ``(n * (classes - 1),) * 2``."""
    shares = probabilities[:, 1:]
    count, size = shares.shape[1], rows.shape[1]
    weights = np.ones(len(rows)) if weights is None else weights
    found = np.empty((count * size, count * size))
    for one in range(count):
        for other in range(count):
            weight = weights * shares[:, one] * ((one == other) - shares[:, other])
            block = slice(one * size, (one + 1) * size), slice(other * size, (other + 1) * size)
            found[block] = rows.T @ (rows * weight[:, None])
    return found
