"""How well a classifier does, measured or estimated, as checks that are kept like any other. Pure.

A measured check has the verdict of the comparison; an estimated one has none, because only labels decide.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from hanalife.drift import intervals, verdict
from hanalife.drift.performance import Achieved, Difference, Estimated
from hanalife.drift.ranking import Normal
from hanalife.records import DriftCheck, DriftEffect, DriftResult

PERFORMANCE, MEASURED, ESTIMATED = "performance", "measured", "estimated"
AREA, ACCURACY = "AUC", "ACCURACY"

Bounds = tuple[float, float, float]


def of_difference(
    found: Difference,
    now: Achieved | None,
    sources: tuple[str, str],
    rows: tuple[int, int],
    *,
    check_id: str,
    created_at: datetime,
    window: str = "",
    error_rate: float = verdict.ERROR_RATE,
    notes: tuple[str, ...] = (),
) -> DriftCheck:
    """Return the check of rows with labels: what was reached, and how far that is from the reference.

    Without rows nothing was reached, and without a difference there are no results.
    """
    if now is None or not np.isfinite(found.accuracy[0]):
        notes = (found.reason, *notes)
        return DriftCheck(check_id, *sources, *rows, found.verdict, created_at, window=window, notes=notes)
    change = _effect("accuracy_change", found.accuracy)
    p_value = _p_value(found.accuracy, error_rate)
    results = [_result(ACCURACY, MEASURED, now.accuracy, change, p_value, reason=found.reason)]
    if now.area is not None and np.isfinite(found.area[0]):
        change = _effect("auc_change", found.area, -found.margin)
        p_value = _p_value(found.area, error_rate)
        results.append(_result(AREA, MEASURED, now.area, change, p_value, found.verdict, found.reason))
    notes = (*(("the same rows were scored twice and compared in pairs",) if found.paired else ()), *notes)
    return DriftCheck(
        check_id,
        *sources,
        *rows,
        found.verdict,
        created_at,
        tuple(results),
        window=window,
        error_rate=error_rate,
        notes=notes,
    )


def of_estimate(
    found: Estimated,
    sources: tuple[str, str],
    rows: tuple[int, int],
    *,
    check_id: str,
    created_at: datetime,
    window: str = "",
) -> DriftCheck:
    """Return the check of rows without labels: what is to be expected, and on which assumption."""
    levels = {ACCURACY: found.accuracy, AREA: (found.area,) * 3}  # the area has no interval
    results = [
        _result(metric, ESTIMATED, level, reason="estimated without labels")
        for metric, level in levels.items()
        if np.isfinite(level[0])
    ]
    calibrated = "agrees with" if found.calibrated else "does not agree with"
    calibration = (
        f"The reference {calibrated} its scores as chances (mean distance {found.calibration_error:.3f}); "
        f"its accuracy is {found.reference_accuracy:.3f}."
    )
    return DriftCheck(
        check_id,
        *sources,
        *rows,
        verdict.UNKNOWN,
        created_at,
        tuple(results),
        window=window,
        notes=(found.assumption, calibration),
    )


def _result(
    metric: str,
    method: str,
    level: Bounds,
    change: DriftEffect | None = None,
    p_value: float = 1.0,
    word: str = verdict.UNKNOWN,
    reason: str = "",
) -> DriftResult:
    return DriftResult(
        column=metric,
        method=method,
        statistic=level[0],
        p_value=p_value,
        psi=0.0,
        drifted=word == verdict.DRIFT,
        role=PERFORMANCE,
        verdict=word,
        effect=change,
        reason=reason,
        effects=(_effect(metric.lower(), level),),
    )


def _effect(measure: str, bounds: Bounds, minimum: float | None = None) -> DriftEffect:
    return DriftEffect(measure, *bounds, minimum)


def _p_value(change: Bounds, error_rate: float) -> float:
    """Return the p-value of no change, read off the interval of level ``1 - 2 * error_rate``."""
    value, low, high = change
    error = (high - low) / (2 * intervals.normal_quantile(1 - error_rate))
    return min(1.0, 2 * Normal(-abs(value), error).probability_below(0.0)) if error > 0 else 1.0
