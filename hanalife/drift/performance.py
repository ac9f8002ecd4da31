"""How well a binary classifier does: compared between score runs, and estimated without labels.

All but :func:`scored` is pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hanalife.dataframe import columns as names
from hanalife.dataframe.frame import DataFrame
from hanalife.drift import intervals, ranking, verdict
from hanalife.drift.intervals import Floats
from hanalife.drift.ranking import Normal
from hanalife.errors import InvalidArgumentError

#: Scores are calibrated in so many groups of equal size.
GROUPS = 10
ASSUMPTION = (
    "Assumes that a score means the same chance of the positive class as in the reference: it sees a change of "
    "the features that the scores reflect, but not a change of what the features mean (concept drift)."
)


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with the truth and a score, both of shape ``(n_rows,)``."""

    positive: Any  #: bool
    score: Any  #: chance of the positive class, in [0, 1]


@dataclass(frozen=True, slots=True)
class Difference:
    """How the area under the ROC curve and the accuracy changed, current less reference."""

    verdict: str  #: drift: worse by more than the margin; no_drift: not so; unknown
    area: tuple[float, float, float]  #: difference and its bounds
    accuracy: tuple[float, float, float]
    areas: tuple[float, float]  #: of the reference, and of the current rows
    paired: bool
    margin: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Achieved:
    """How well labelled rows were classified: values and their 95 % bounds."""

    accuracy: tuple[float, float, float]
    area: tuple[float, float, float] | None  #: under the ROC curve; None if the labels are all of one class


@dataclass(frozen=True, slots=True)
class Estimated:
    """What a classifier's performance should be, as far as its scores tell."""

    accuracy: tuple[float, float, float]  #: estimate and 95 % bounds
    area: float  #: under the ROC curve
    reference_accuracy: float
    calibration_error: float  #: mean distance of score and truth in the reference, before calibration
    calibrated: bool  #: whether the reference agrees with the scores as they are (Spiegelhalter's test, 5 %)
    assumption: str = ASSUMPTION


def scored(data: DataFrame, label: str, probability: str, positive: Any, key: str | None = None) -> Scored:
    """Read labels and scores, in the order of the key if there is one.

    Raises
    ------
    InvalidArgumentError
        There is no row, a value is missing, or a score is outside [0, 1].
    """
    wanted = {"label": label, "probability": probability} | ({} if key is None else {"key": key})
    for argument, name in wanted.items():
        names.require([name], data.columns, argument)
    chosen = data.select(list(dict.fromkeys(wanted.values())))
    rows = (chosen if key is None else chosen.sort(key)).collect()
    if rows.empty:
        raise InvalidArgumentError(f"{label}: there are no rows, so no metric.")
    for name in (label, probability):
        if rows[name].isna().any():
            raise InvalidArgumentError(f"{name}: {int(rows[name].isna().sum())} values are missing. Filter them out.")
    scores = rows[probability].astype(float).to_numpy()
    return Scored((rows[label] == positive).to_numpy(dtype=bool), _chances(scores))


def _chances(scores: Any) -> Floats:
    found = np.asarray(scores, dtype=float)
    if not len(found):
        raise InvalidArgumentError("probability: there are no rows.")
    if not ((found >= 0) & (found <= 1)).all():
        raise InvalidArgumentError("probability: expected chances from 0 to 1, without missing ones.")
    return found


def difference(
    reference: Scored,
    current: Scored,
    *,
    paired: bool = False,
    margin: float = 0.02,
    error_rate: float = verdict.ERROR_RATE,
) -> Difference:
    """Return how performance changed, with intervals of level ``1 - 2 * error_rate``.

    Unpaired areas have DeLong's variance each; paired ones, of two scores for the same rows,
    that of the difference of their placements (DeLong et al., Biometrics 44, 1988). Accuracies
    by an interval of Newcombe's kind, or in pairs by the mean of the differences.

    Parameters
    ----------
    paired : bool
        Whether row i of both is the same row with the same truth.
    margin : float
        A loss of area up to it is too small to matter.
    """
    if paired and not np.array_equal(reference.positive, current.positive):
        raise InvalidArgumentError("key: both score runs must have the same rows with the same labels.")
    level = 1 - 2 * error_rate
    accuracy = _paired_accuracy(reference, current, level) if paired else _accuracy(reference, current, level)
    reason = _one_class(reference) or _one_class(current)
    if reason:
        nothing = (float("nan"),) * 3
        return Difference(verdict.UNKNOWN, nothing, accuracy, (float("nan"),) * 2, paired, margin, reason)
    areas = _area(reference), _area(current)
    change = _paired_area(reference, current) if paired else _unpaired_area(*areas)
    low, high = change.bounds(error_rate, error_rate)
    word = verdict.UNKNOWN
    if high < -margin:
        word = verdict.DRIFT
    elif low > -margin:
        word = verdict.NO_DRIFT
    else:
        reason = "the interval reaches over the margin: more labelled rows are needed"
    return Difference(
        word, (change.value, low, high), accuracy, (areas[0].value, areas[1].value), paired, margin, reason
    )


def achieved(rows: Scored) -> Achieved:
    """Return accuracy with Wilson's interval and the area under the curve with DeLong's."""
    hits = _hits(rows)
    accuracy = intervals.wilson(int(hits.sum()), len(hits))
    if _one_class(rows):
        return Achieved(accuracy, None)
    area = _area(rows)
    low, high = area.bounds(0.025, 0.025)
    return Achieved(accuracy, (area.value, max(low, 0.0), min(high, 1.0)))


def _one_class(rows: Scored) -> str:
    return "" if 0 < rows.positive.sum() < len(rows.positive) else "the labels are all of one class: no area"


def _area(rows: Scored) -> Normal:
    return ranking.area(rows.score[rows.positive], rows.score[~rows.positive])


def _unpaired_area(first: Normal, second: Normal) -> Normal:
    return Normal(second.value - first.value, float(np.hypot(first.error, second.error)))


def _paired_area(reference: Scored, current: Scored) -> Normal:
    truth = reference.positive
    before = ranking.placements(reference.score[truth], reference.score[~truth])
    after = ranking.placements(current.score[truth], current.score[~truth])
    changes = [new - old for old, new in zip(before, after, strict=True)]
    variance = sum(float(change.var(ddof=1)) / len(change) if len(change) > 1 else 0.25 for change in changes)
    return Normal(float(changes[0].mean()), max(float(np.sqrt(variance)), 1e-12))


def _hits(rows: Scored) -> Any:
    return (rows.score >= 0.5) == rows.positive


def _accuracy(reference: Scored, current: Scored, level: float) -> tuple[float, float, float]:
    first, second = _hits(reference), _hits(current)
    bounds = intervals.share_difference(int(first.sum()), len(first), int(second.sum()), len(second), level)
    return float(second.mean() - first.mean()), *bounds


def _paired_accuracy(reference: Scored, current: Scored, level: float) -> tuple[float, float, float]:
    change = _hits(current).astype(float) - _hits(reference)
    half = intervals.normal_quantile((1 + level) / 2) * float(change.std(ddof=1)) / np.sqrt(len(change))
    mean = float(change.mean())
    return mean, mean - float(half), mean + float(half)


def estimate(reference: Scored, scores: Any) -> Estimated:
    """Estimate accuracy and area of current rows from their scores alone.

    Confidence-based estimation: a score that means a chance p is right with chance ``max(p, 1 - p)``,
    so the mean of it over all rows is the expected accuracy. The chances are read off the
    reference: the scores are calibrated by isotonic regression on it. The interval joins what
    chance does to the current rows with how well the reference fixes the calibration.

    Parameters
    ----------
    reference : Scored
        Labelled rows, both classes among them.
    scores : array of shape (n_rows,)
        Of the current rows, in [0, 1].

    Raises
    ------
    InvalidArgumentError
        The reference has one class only, or a score is outside [0, 1].

    Notes
    -----
    NannyML documents the method as CBPE. D. J. Spiegelhalter, Statistics in Medicine 5 (1986), tests the
    calibration.
    """
    from sklearn.isotonic import IsotonicRegression

    if reason := _one_class(reference):
        raise InvalidArgumentError(f"label: {reason}.")
    scores = _chances(scores)
    truth = reference.positive.astype(float)
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(reference.score, truth)
    chances = fitted.predict(scores)
    right = np.where(scores >= 0.5, chances, 1 - chances)
    accuracy = float(right.mean())
    noise = float((right * (1 - right)).sum()) / len(right) ** 2
    half = 1.96 * np.sqrt(noise + _calibration_variance(reference, scores))
    bounds = max(0.0, accuracy - float(half)), min(1.0, accuracy + float(half))
    return Estimated(
        accuracy=(accuracy, *bounds),
        area=_expected_area(scores, chances),
        reference_accuracy=float(_hits(reference).mean()),
        calibration_error=_calibration_error(reference),
        calibrated=abs(_spiegelhalter(reference)) < 1.96,
    )


def _edges(reference: Scored) -> Floats:
    """Return where groups of reference scores, of equal size, meet."""
    return np.unique(np.quantile(reference.score, np.linspace(0, 1, GROUPS + 1)[1:-1]))


def _calibration_variance(reference: Scored, scores: Floats) -> float:
    """Return what the reference's chance adds: its groups of scores, weighted as the current rows are."""
    edges = _edges(reference)
    group, current = (np.searchsorted(edges, values, side="right") for values in (reference.score, scores))
    weights = np.bincount(current, minlength=len(edges) + 1) / len(scores)
    sizes = np.maximum(np.bincount(group, minlength=len(edges) + 1), 1)
    rates = (np.bincount(group, weights=_hits(reference), minlength=len(edges) + 1) + 0.5) / (sizes + 1)
    return float((weights**2 * rates * (1 - rates) / sizes).sum())


def _expected_area(scores: Floats, chances: Floats) -> float:
    """Return the area under the curve if each row is positive with its chance."""
    order = np.argsort(scores, kind="stable")
    ordered, positive, negative = scores[order], chances[order], 1 - chances[order]
    first = np.flatnonzero(np.append(True, np.diff(ordered) > 0))
    gained, lost = np.add.reduceat(positive, first), np.add.reduceat(negative, first)
    below = np.cumsum(lost) - lost
    pairs = gained.sum() * lost.sum()
    return float((gained * (below + lost / 2)).sum() / pairs) if pairs > 0 else float("nan")


def _calibration_error(reference: Scored) -> float:
    group = np.searchsorted(_edges(reference), reference.score, side="right")
    gaps = np.bincount(group, weights=reference.score - reference.positive)
    return float(np.abs(gaps).sum() / len(group))


def _spiegelhalter(reference: Scored) -> float:
    p, y = reference.score, reference.positive.astype(float)
    spread = np.sqrt(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    return float(((y - p) * (1 - 2 * p)).sum() / spread) if spread > 0 else 0.0
