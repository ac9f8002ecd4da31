"""Support vector machines on scikit-learn's LIBSVM."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hanalife.learning.engines.engine import Rows
from hanalife.learning.engines.prepared import Prepared
from hanalife.learning.engines.steady import steady

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

logger = logging.getLogger(__name__)

#: Probabilities are learnt from at most so many folds.
CALIBRATION_FOLDS = 5


@dataclass(frozen=True, slots=True)
class SupportVectors(Prepared):
    """Support vectors for classes or numbers.

    With ``probability`` distances become probabilities by Platt's method (1999), on folds in
    which each class occurs; where a class has one row only, and without ``probability``, by the
    logistic function of the distance (softmax of many). These rank rows, but are no frequencies.
    """

    takes_one_class: ClassVar[bool] = False

    def scaler(self, in_force: Mapping[str, Any]) -> Any:
        """Return what scales the numbers."""
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        made = {"standardization": StandardScaler, "rescale": MinMaxScaler, "no": lambda: None}
        return made[in_force["scale_info"]]()

    def category_weight(self, in_force: Mapping[str, Any]) -> float:
        """Return what stands in the column of a category that a row has."""
        return float(in_force["category_weight"])

    def model(self, in_force: Mapping[str, Any], rows: Rows) -> Any:
        """Return the machine, not yet trained."""
        from sklearn.compose import TransformedTargetRegressor
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC, SVR

        settings = _kernel(in_force) | {"C": in_force["c"], "shrinking": in_force["shrink"], "tol": in_force["tol"]}
        if self.problem.classifies:
            machine = SVC(**settings, break_ties=True)
            return _calibrated(machine, rows, in_force) if in_force["probability"] else machine
        machine = SVR(**settings, epsilon=in_force["regression_eps"])
        return TransformedTargetRegressor(machine, transformer=StandardScaler()) if in_force["scale_label"] else machine

    def outputs(self, estimator: Any, features: Array) -> Array:
        """Return class probabilities or numbers."""
        if not self.problem.classifies or hasattr(estimator.named_steps["model"], "predict_proba"):
            return Prepared.outputs(self, estimator, features)
        with steady():
            found = estimator.decision_function(features)
        distances = found if found.ndim == 2 else np.column_stack([-found, found]) / 2
        powers = np.exp(distances - distances.max(axis=1, keepdims=True))
        return self.of_all_classes(powers / powers.sum(axis=1, keepdims=True), estimator.classes_)


def _kernel(in_force: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kernel in scikit-learn's words; its gamma is SAP HANA's linear term of poly and sigmoid."""
    scale = in_force["gamma" if in_force["kernel"] == "rbf" else "coef_lin"]
    return {
        "kernel": in_force["kernel"],
        "degree": in_force["degree"],
        "gamma": scale or "auto",
        "coef0": in_force["coef_const"],
    }


def _calibrated(machine: Any, rows: Rows, in_force: Mapping[str, Any]) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold

    counts = np.bincount(rows.target)
    n_folds = min(CALIBRATION_FOLDS, int(counts[counts > 0].min()))
    if n_folds < 2:
        logger.warning("probability: a class has one row only, too few to learn probabilities; distances are used.")
        return machine
    seed = in_force["evaluation_seed"] or in_force["random_state"]
    parts = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(machine, ensemble=False, cv=parts)
