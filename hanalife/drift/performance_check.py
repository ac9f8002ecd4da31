"""How well a classifier does, measured or estimated, as checks that are kept like any other. Pure.

A measured check has the verdict of the comparison; an estimated one has none, because only labels decide.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from hanalife.drift import intervals, verdict
from hanalife.drift.label_free import Estimated
from hanalife.drift.performance import Achieved, Difference
from hanalife.drift.ranking import Normal
from hanalife.records import DriftCheck, DriftEffect, DriftResult

PERFORMANCE, MEASURED, ESTIMATED, LABEL_SHIFT = "performance", "measured", "estimated", "label_shift"
AREA, ACCURACY = "AUC", "ACCURACY"
#: Of the estimate that assumes a label shift; its assumption is another one, so its names are.
SHIFTED = {"prevalence": "PREVALENCE", "accuracy": "ACCURACY_LABEL_SHIFT", "area": "AUC_LABEL_SHIFT"}

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
    change, p_value = _effect("accuracy_change", found.accuracy), _p_value(found.accuracy)
    has_area = now.area is not None and np.isfinite(found.area[0])
    results = [_result(ACCURACY, MEASURED, now.accuracy, change, p_value, reason="" if has_area else found.reason)]
    if now.area is not None and has_area:
        change = _effect("auc_change", found.area, -found.margin, found.reason)
        reason = "; ".join(dict.fromkeys(filter(None, (found.reason, _no_interval(now.reason)))))
        p_value = _p_value(found.area)
        results.append(_result(AREA, MEASURED, now.area, change, p_value, found.verdict, reason, now.reason))
    paired = ("the same rows were scored twice and compared in pairs",) if found.paired else ()
    notes = (*paired, f"intervals of {100 * found.level:g} %", *notes)
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
    shift = found.label_shift
    estimates = (
        (ACCURACY, ESTIMATED, found.accuracy, found.assumption, found.reason),
        (AREA, ESTIMATED, (found.area, *found.area_bounds), found.assumption, found.reason),
        (SHIFTED["prevalence"], LABEL_SHIFT, shift.prevalence, shift.assumption, shift.reason),
        (SHIFTED["accuracy"], LABEL_SHIFT, shift.accuracy, shift.assumption, shift.reason),
        (SHIFTED["area"], LABEL_SHIFT, shift.area, shift.assumption, shift.area_reason),
    )
    results = [
        _result(name, method, level, reason="; ".join(filter(None, (assumption, _no_interval(why)))), withheld=why)
        for name, method, level, assumption, why in estimates
        if np.isfinite(level[0])
    ]
    withheld = tuple(f"{name}: withheld, {why}." for name, _, level, _, why in estimates if not np.isfinite(level[0]))
    calibrated = "agrees with" if found.calibrated else "does not agree with"
    calibration = (
        f"The reference {calibrated} its scores as chances (mean distance {found.calibration_error:.3f}); "
        f"its accuracy is {found.reference_accuracy:.3f}, its share of positive rows {shift.reference_prevalence:.3f}."
    )
    return DriftCheck(
        check_id,
        *sources,
        *rows,
        verdict.UNKNOWN,
        created_at,
        tuple(results),
        window=window,
        notes=(found.assumption, shift.assumption, calibration, "Intervals have the level 95 %.", *withheld),
    )


def _result(
    metric: str,
    method: str,
    level: Bounds,
    change: DriftEffect | None = None,
    p_value: float = 1.0,
    word: str = verdict.UNKNOWN,
    reason: str = "",
    withheld: str = "",
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
        effects=(_effect(metric.lower(), level, withheld=withheld),),
    )


def _effect(measure: str, bounds: Bounds, minimum: float | None = None, withheld: str = "") -> DriftEffect:
    low, high = (None if np.isnan(bound) else bound for bound in bounds[1:])
    return DriftEffect(measure, bounds[0], low, high, minimum, withheld if low is None else "")


def _no_interval(reason: str) -> str:
    return f"no interval: {reason}" if reason else ""


def _p_value(change: Bounds) -> float:
    """Return the p-value of no change, read off the 95 % interval; 1 if there is none."""
    value, low, high = change
    error = (high - low) / (2 * intervals.normal_quantile((1 + verdict.LEVEL) / 2))
    return min(1.0, 2 * Normal(-abs(value), error).probability_below(0.0)) if error > 0 else 1.0
