"""What scores mean: beta calibration on grouped rows, and whether it was needed. Pure.

Beta calibration (M. Kull, T. Silva Filho, P. Flach, Electron. J. Stat. 11, 2017) is a logistic regression on
``log p`` and ``log(1 - p)``: three parameters, so a line on the log odds with a bend. Isotonic regression, which
assumes no shape, follows the noise of the reference and promises too large an area.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hanalife.drift.intervals import Floats

#: Rows are grouped by score, so that resampling costs the same however many there are.
_MAX_GROUPS = 500
#: Mean distances of score and truth are taken in so many groups of equal size.
_BINS = 10
_LEAST = 1e-6  #: a chance closer to 0 or 1 counts as this far
_RIDGE, _PRECISION, _MAX_STEPS = 1e-3, 1e-9, 50


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows of nearly the same score together, in the order of the scores; arrays of shape ``(n_groups,)``."""

    score: Floats  #: mean score of the group
    weight: Floats  #: its rows
    positive: Floats  #: its positive rows; 0 where labels are unknown

    @classmethod
    def of(cls, scores: Any, positive: Any = None) -> Grouped:
        """Group rows: each score by itself if there are at most 500, else that many groups of equal size."""
        levels, group = np.unique(np.asarray(scores, dtype=float), return_inverse=True)
        if len(levels) > _MAX_GROUPS:
            order = np.argsort(scores, kind="stable")
            group = np.empty(len(order), dtype=np.int64)
            group[order] = np.arange(len(order)) * _MAX_GROUPS // len(order)
        weight = np.bincount(group).astype(float)
        labels = np.zeros(len(group)) if positive is None else np.asarray(positive, dtype=float)
        score, positives = (np.bincount(group, weights=values).astype(float) for values in (scores, labels))
        return cls(score / weight, weight, positives)

    def mean(self, values: Floats) -> float:
        """Return the mean over the rows of a value of each group."""
        return float((self.weight * values).sum() / self.weight.sum())

    def resampled(self, random: np.random.Generator) -> Grouped:
        """Return as many rows, drawn with replacement."""
        counts = np.concatenate([self.positive, self.weight - self.positive])
        drawn = random.multinomial(int(counts.sum()), counts / counts.sum()).astype(float)
        positive, negative = drawn[: len(self.weight)], drawn[len(self.weight) :]
        return replace(self, weight=positive + negative, positive=positive)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns scores into chances of the positive class."""

    parameters: Floats  #: intercept, slope and bend, on the log odds

    def chances(self, scores: Floats) -> Floats:
        """Return what scores mean."""
        return _logistic(_features(scores) @ self.parameters)


def fit(rows: Grouped, near: Calibration | None = None) -> Calibration:
    """Return the calibration of labeled rows: the most likely one under a tiny ridge, by damped Newton steps.

    Parameters
    ----------
    rows : Grouped
    near : Calibration, optional
        Of rows that these were drawn from, to begin with.
    """
    features = _features(rows.score)
    parameters = np.zeros(3) if near is None else near.parameters
    loss = _loss(features, rows, parameters)
    for _ in range(_MAX_STEPS):
        chance = _logistic(features @ parameters)
        weight = rows.weight * np.maximum(chance * (1 - chance), _LEAST)
        slope = features.T @ (rows.positive - rows.weight * chance) - _RIDGE * parameters
        step = np.linalg.solve((features.T * weight) @ features + _RIDGE * np.eye(3), slope)
        gain = 0.0
        while np.abs(step).max() > _PRECISION:
            after = _loss(features, rows, parameters + step)
            gain = loss - after
            if gain >= 0:
                parameters, loss = parameters + step, after
                break
            step = step / 2
        if not gain > _PRECISION * abs(loss):
            break
    return Calibration(parameters)


def _loss(features: Floats, rows: Grouped, parameters: Floats) -> float:
    """Return the negative log-likelihood with the ridge."""
    odds = features @ parameters
    likely = (rows.weight * np.logaddexp(0, odds)).sum() - (rows.positive * odds).sum()
    return float(likely + _RIDGE / 2 * (parameters**2).sum())


def error(scores: Floats, positive: Any) -> float:
    """Return the mean distance of score and truth in ten groups of equal size."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, _BINS + 1)[1:-1]))
    gaps = np.bincount(np.searchsorted(edges, scores, side="right"), weights=scores - positive)
    return float(np.abs(gaps).sum() / len(scores))


def spiegelhalter(scores: Floats, positive: Any) -> float:
    """Return a standard normal number if scores are chances (D. J. Spiegelhalter, Statistics in Medicine 5, 1986)."""
    truth = np.asarray(positive, dtype=float)
    spread = np.sqrt(((1 - 2 * scores) ** 2 * scores * (1 - scores)).sum())
    return float(((truth - scores) * (1 - 2 * scores)).sum() / spread) if spread > 0 else 0.0


def _features(scores: Floats) -> Floats:
    inside = np.clip(scores, _LEAST, 1 - _LEAST)
    odds = np.log(inside) - np.log1p(-inside)
    return np.column_stack([np.ones_like(odds), odds, np.logaddexp(0, odds)])


def _logistic(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -700, 700))))
