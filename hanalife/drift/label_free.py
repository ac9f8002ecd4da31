"""How well a binary classifier should do on rows without labels, as far as its scores tell. Pure.

Two estimates, because no row without a label tells which of two assumptions holds. Confidence-based estimation
assumes that a score means the same chance as in the reference; the estimate of a label shift assumes that each
class looks as it did and only the share of the classes changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.confidence.areas import MIN_ROWS
from hanalife.drift import calibration
from hanalife.drift.calibration import Grouped
from hanalife.drift.intervals import Floats
from hanalife.drift.scored_rows import THRESHOLD, Scored, area, chances, hits, one_class
from hanalife.errors import InvalidArgumentError

Bounds = tuple[float, float, float]

ASSUMPTION = (
    "Assumes that a score means the same chance of the positive class as in the reference: it sees a change of "
    "the features that the scores reflect, but not a change of what the features mean (concept drift)."
)
SHIFT_ASSUMPTION = (
    "Assumes that the rows of a class look as they did in the reference, so that only the share of the classes "
    "changed (label shift)."
)
_RESAMPLES = 60
_DRAWS = 2_000
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class LabelShift:
    """What should hold if only the share of the classes changed: values and 95 % bounds, NaN where withheld."""

    prevalence: Bounds  #: share of positive rows
    accuracy: Bounds
    area: Bounds  #: under the ROC curve: that of the reference, because a label shift leaves it as it is
    reference_prevalence: float
    reason: str = ""  #: why prevalence and accuracy are withheld
    area_reason: str = ""  #: why the area has no bounds
    assumption: str = SHIFT_ASSUMPTION


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a classifier's performance should be, as far as its scores tell."""

    accuracy: Bounds  #: of these rows: estimate and 95 % bounds
    area: float  #: under the ROC curve
    area_bounds: tuple[float, float]  #: 95 %, of the area on rows like these; NaN where withheld
    reference_accuracy: float
    calibration_error: float  #: mean distance of score and truth in the reference, before calibration
    calibrated: bool  #: whether the reference agrees with the scores as they are (Spiegelhalter's test, 5 %)
    label_shift: LabelShift
    reason: str = ""  #: why the bounds are withheld
    assumption: str = ASSUMPTION


def estimate(reference: Scored, scores: Any, *, seed: int = 0) -> Estimated:
    """Estimate accuracy and area of current rows from their scores alone.

    Confidence-based estimation (NannyML documents it as CBPE): a score that means a chance p is right with chance
    ``max(p, 1 - p)``, so that its mean over the rows is the expected accuracy. What a score means is read off the
    reference by beta calibration, a logistic regression on the log odds with a bend. Intervals come from 60
    resamples: those of the area draw reference and current rows anew and take two standard deviations on the log
    odds; those of the accuracy draw the reference anew and add what chance does to the labels of these rows.

    Parameters
    ----------
    reference : Scored
        Labeled rows, both classes among them.
    scores : array of shape (n_rows,)
        Of the current rows, in [0, 1].
    seed : int
        Of the resamples.

    Raises
    ------
    InvalidArgumentError
        The reference has one class only, or a score is outside [0, 1].

    Notes
    -----
    M. Kull, T. Silva Filho, P. Flach, Electron. J. Stat. 11 (2017) is the calibration; D. J. Spiegelhalter,
    Statistics in Medicine 5 (1986), tests whether it was needed.
    """
    if reason := one_class(reference):
        raise InvalidArgumentError(f"label: {reason}.")
    current = chances(scores)
    accuracy, ranked, bounds = _confidence_based(reference, current, np.random.default_rng(seed))
    reason = _too_few(reference, current)
    if reason:
        accuracy, bounds = (accuracy[0], _NAN, _NAN), (_NAN, _NAN)
    return Estimated(
        accuracy=accuracy,
        area=ranked,
        area_bounds=bounds,
        reference_accuracy=float(hits(reference).mean()),
        calibration_error=calibration.error(reference.score, reference.positive),
        calibrated=abs(calibration.spiegelhalter(reference.score, reference.positive)) < 1.96,
        label_shift=label_shift(reference, current, seed=seed),
        reason=reason,
    )


def label_shift(reference: Scored, scores: Any, *, seed: int = 0) -> LabelShift:
    """Estimate prevalence and accuracy of current rows from how many of them are predicted positive.

    Black box shift estimation: the share predicted positive is a mixture of the rates at which the reference's
    classes are, so it tells the mixture (Z. Lipton, Y.-X. Wang, A. Smola, ICML 2018). Intervals are quantiles of
    the estimate over Jeffreys' posteriors of the three rates. If the two rates of the reference cannot be told
    apart, the confusion matrix cannot be inverted, and the estimate is withheld.

    Parameters
    ----------
    seed : int
        Of the draws from the posteriors.
    """
    current = chances(scores)
    ranked, area_reason = area(reference)
    prevalence = float(reference.positive.mean())
    random = np.random.default_rng(seed)
    predicted = reference.score >= THRESHOLD
    of_positives = _rate(predicted[reference.positive], random)
    of_negatives = _rate(predicted[~reference.positive], random)
    of_current = _rate(current >= THRESHOLD, random)
    apart = of_positives[1:] - of_negatives[1:]
    reason = _too_few(reference, current)
    if not reason and (of_positives[0] <= of_negatives[0] or np.quantile(apart, 0.025) <= 0):
        reason = "predictions of the reference hardly depend on the class, so that the confusion matrix is singular"
    if reason:
        nothing = (_NAN,) * 3
        return LabelShift(nothing, nothing, ranked, prevalence, reason, area_reason)
    # The first entry is the estimate, the others are draws.
    mixture = np.clip((of_current - of_negatives) / (of_positives - of_negatives), 0.0, 1.0)
    right = mixture * of_positives + (1 - mixture) * (1 - of_negatives)
    return LabelShift(_with_quantiles(mixture), _with_quantiles(right), ranked, prevalence, "", area_reason)


def _rate(predicted: Any, random: np.random.Generator) -> Floats:
    """Return a measured rate, and draws from Jeffreys' posterior of it."""
    positive, rows = int(predicted.sum()), len(predicted)
    drawn = random.beta(positive + 0.5, rows - positive + 0.5, _DRAWS)
    return np.append(positive / rows, drawn)


def _with_quantiles(values: Floats) -> Bounds:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(min(low, values[0])), float(max(high, values[0]))


def _too_few(reference: Scored, current: Floats) -> str:
    smaller = min(int(reference.positive.sum()), int((~reference.positive).sum()))
    if smaller < MIN_ROWS:
        return f"the smaller class of the reference has {smaller} rows, fewer than {MIN_ROWS}"
    return f"{len(current)} current rows, fewer than {MIN_ROWS}" if len(current) < MIN_ROWS else ""


def _confidence_based(
    reference: Scored, current: Floats, random: np.random.Generator
) -> tuple[Bounds, float, tuple[float, float]]:
    """Return accuracy with bounds, area and its bounds."""
    labeled, rows = Grouped.of(reference.score, reference.positive), Grouped.of(current)
    learned = calibration.fit(labeled)
    meant = learned.chances(rows.score)
    right = _right(rows.score, meant)
    accuracy = rows.mean(right)
    ranked = expected_area(meant, rows.weight)
    accuracies, odds = np.empty(_RESAMPLES), np.empty(_RESAMPLES)
    for number in range(_RESAMPLES):
        again = calibration.fit(labeled.resampled(random), learned).chances(rows.score)
        accuracies[number] = rows.mean(_right(rows.score, again))
        odds[number] = _log_odds(expected_area(again, rows.resampled(random).weight))
    noise = rows.mean(right * (1 - right)) / len(current)
    half = 1.96 * float(np.sqrt(noise + accuracies.var(ddof=1)))
    spread = 2 * float(odds.std(ddof=1))
    bounds = tuple(1 / (1 + np.exp(-(_log_odds(ranked) + side * spread))) for side in (-1, 1))
    return (accuracy, max(0.0, accuracy - half), min(1.0, accuracy + half)), ranked, (bounds[0], bounds[1])


def _right(scores: Floats, meant: Floats) -> Floats:
    return np.where(scores >= THRESHOLD, meant, 1 - meant)


def expected_area(meant: Floats, weight: Floats) -> float:
    """Return the area under the curve if each row is positive with its chance; groups in the order of their scores."""
    positive, negative = weight * meant, weight * (1 - meant)
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float((positive * (below + negative / 2)).sum() / pairs) if pairs > 0 else _NAN


def _log_odds(value: float) -> float:
    inside = min(max(value, 1e-6), 1 - 1e-6)
    return float(np.log(inside / (1 - inside)))
