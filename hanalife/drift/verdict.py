"""From statistics to a verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hanalife.records import DriftResult

DRIFT, NO_DRIFT, UNKNOWN = "drift", "no_drift", "unknown"

#: PSI from which a shift counts in full.
LARGE_PSI = 0.2
#: With fewer current rows, silence proves nothing.
ENOUGH_ROWS = 50


def deviation_indicator(p_value: float, psi: float) -> float:
    """Return how far a column moved, in [0, 1]: ``(1 - p) * min(1, PSI / 0.2)``.

    It is high only if a shift is both beyond chance (small adjusted p-value) and large, so
    that a million rows do not raise an alarm over a trifle.
    """
    return (1.0 - p_value) * min(1.0, psi / LARGE_PSI)


def overall(results: Sequence[DriftResult], current_rows: int) -> str:
    """Return ``drift`` if any column drifted, ``unknown`` if the rows are too few to tell, else ``no_drift``."""
    if any(result.drifted for result in results):
        return DRIFT
    return NO_DRIFT if current_rows >= ENOUGH_ROWS else UNKNOWN
