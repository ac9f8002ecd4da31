"""Whether a confidence of 0.8 is right 8 times in 10, and what to do if it is not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_BINS = 15
_LEAST = 1e-12  #: a probability below counts as this, so that its logarithm is finite


def calibration_error(actual: Array, probabilities: Array) -> float:
    """Return the expected calibration error: how far confidence is from being right, on average.

    Rows are put in 15 bins of equal number by the confidence in the predicted class; the error is
    the mean over rows of their bin's ``|share right - mean confidence|`` (Naeini, Cooper, Hauskrecht
    2015, AAAI; bins of equal number: Nixon et al. 2019).
    """
    confidence = probabilities.max(axis=1)
    right = np.argmax(probabilities, axis=1) == actual
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, min(_BINS, len(order)))
    return float(sum(abs(right[rows].sum() - confidence[rows].sum()) for rows in bins) / len(order))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns probabilities into others, ``p' ~ exp(scale * log p + shift)``, that fit what was seen.

    With two classes this is Platt's scaling (Platt 1999); with more, temperature scaling (Guo et
    al. 2017, ICML) and a shift for each class. The order of rows by a class of two stays.
    """

    scale: float
    shift: tuple[float, ...]  #: one for each class; the first is 0

    @classmethod
    def learn(cls, actual: Array, probabilities: Array) -> Calibration:
        """Return the one under which ``actual`` is most likely, from probabilities that did not see it."""
        from scipy.optimize import minimize

        logs = np.log(np.maximum(probabilities, _LEAST))
        truth = np.eye(probabilities.shape[1])[actual]

        def loss(found: Array) -> tuple[float, Array]:
            likely = _normalised(found[0] * logs + np.append(0, found[1:]))
            gap = likely - truth
            slopes = np.append((gap * logs).sum(), gap.sum(axis=0)[1:])
            value = -np.log(np.maximum(likely[np.arange(len(actual)), actual], _LEAST)).sum()
            return float(value) / len(actual), slopes / len(actual)

        start = np.append(1.0, np.zeros(probabilities.shape[1] - 1))
        bounds = [(1e-3, 1e3), *[(-50.0, 50.0)] * (probabilities.shape[1] - 1)]
        found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
        return cls(float(found[0]), (0.0, *map(float, found[1:])))

    def applied(self, probabilities: Array) -> Array:
        """Return the calibrated probabilities, same shape."""
        return _normalised(self.scale * np.log(np.maximum(probabilities, _LEAST)) + np.array(self.shift))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"scale": self.scale, "shift": list(self.shift)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Calibration:
        """Read what :meth:`to_json` wrote."""
        return cls(found["scale"], tuple(found["shift"]))


def _normalised(logs: Array) -> Array:
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
