"""Current counts against reference counts: the results of one check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from hanalife.drift import effects, pooling, statistics, verdict
from hanalife.drift.bins import Binning
from hanalife.drift.verdict import DRIFT, FEWEST_ROWS, UNKNOWN, Estimate
from hanalife.records import DriftEffect, DriftResult

LEVEL = 0.95  #: of the intervals of measures that no verdict is about
_CHANCE = 0.5  #: the area under the curve of a guess
MOST_BINS = 30  #: of a column that are kept with a result; those with the most rows
ALL_COLUMNS = "(all columns)"  #: the name of the two-sample test among the results


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of one column on both sides."""

    binning: Binning
    reference: Any
    current: Any
    role: str = "feature"

    def times(self, factors: tuple[float, float]) -> Counted:
        """Return the counts of both sides, each times a factor."""
        return replace(self, reference=self.reference * factors[0], current=self.current * factors[1])


@dataclass(frozen=True, slots=True)
class Limits:
    """What is too small to matter, and how often a verdict may err."""

    psi: float = verdict.MINIMUM_PSI
    error_rate: float = verdict.ERROR_RATE


def compare(
    columns: Mapping[str, Counted],
    rows: tuple[int, int],
    limits: Limits,
    others: Mapping[str, tuple[str, Estimate, float]] | None = None,
    efficiency: tuple[float, float] = (1.0, 1.0),
) -> tuple[DriftResult, ...]:
    """Return a result for each column, and for each other estimate of the same family, by name.

    Parameters
    ----------
    columns : mapping
        Column -> its counts; of weighted rows the sums of their weights, in the unit that makes these
        sums those of the rows.
    rows : (int, int)
        Rows of the reference and current ones.
    others : mapping, optional
        Name -> (measure, estimate, minimum), judged under the same error rate.
    efficiency : (float, float)
        Rows of equal weight that a row of each side is worth; see :attr:`Summary.efficiency`.
    """
    if min(rows[0] * efficiency[0], rows[1] * efficiency[1]) < FEWEST_ROWS:
        return tuple(_too_few(name, counted, rows, efficiency) for name, counted in sorted(columns.items()))
    shown = {name: _bins(counted) for name, counted in columns.items()}
    columns = {name: counted.times(efficiency) for name, counted in columns.items()}
    pairs = {name: _pooled(counted) for name, counted in columns.items()}
    divergences = {name: effects.population_stability_index(*pair) for name, pair in pairs.items()}
    family: dict[str, tuple[str, Estimate, float]] = {
        name: ("psi", divergence, limits.psi) for name, divergence in divergences.items()
    }
    judged = verdict.judge(family | dict(others or {}), limits.error_rate)
    tests = {
        name: statistics.chi_square(*pair, ordered=not columns[name].binning.by_value) for name, pair in pairs.items()
    }
    adjusted = dict(zip(tests, verdict.holm([p_value for _, p_value in tests.values()]), strict=True))
    found = []
    for name, counted in columns.items():
        test = tests[name][0], adjusted[name]
        one = _result(name, counted, pairs[name], test, divergences[name].value, judged[name])
        one = _with_rows(one, divergences[name], rows, limits, len(judged), efficiency)
        found.append(replace(one, bins=shown[name]))
    found += [_joint(name, estimate, judged[name]) for name, estimate in (others or {}).items()]
    return tuple(sorted(found, key=lambda result: result.column))


def _pooled(counted: Counted) -> tuple[Any, Any]:
    binning = counted.binning
    coarse = binning.coarsened(counted.reference), binning.coarsened(counted.current)
    return pooling.pooled(*coarse, ordered=not binning.by_value)


def _result(
    name: str,
    counted: Counted,
    pair: tuple[Any, Any],
    test: tuple[float, float],
    psi: float,
    judged: tuple[str, float, DriftEffect],
) -> DriftResult:
    word, indicator, effect = judged
    return DriftResult(
        column=name,
        method="chi_square",
        statistic=test[0],
        p_value=test[1],
        psi=psi,
        drifted=word == DRIFT,
        role=counted.role,
        verdict=word,
        effect=effect,
        indicator=indicator,
        effects=_measures(counted, pair, effect.minimum or 0.0),
    )


def _measures(counted: Counted, pair: tuple[Any, Any], minimum: float) -> tuple[DriftEffect, ...]:
    divergence = effects.jensen_shannon(*pair)
    tail = (1 - LEVEL) / 2
    found = [
        DriftEffect("jensen_shannon", divergence.corrected, *divergence.bounds(tail, tail), minimum / 8),
        DriftEffect("total_variation", *effects.total_variation(*pair, LEVEL)),
    ]
    binning, before, after = counted.binning, counted.reference, counted.current
    if not binning.by_value and before[:-1].sum() and after[:-1].sum():
        area = effects.wasserstein(before[:-1], after[:-1], binning.edges, binning.spread, LEVEL)
        found.append(DriftEffect("wasserstein", *area))
    whole = float(before.sum()), float(after.sum())
    missing = (float(before[-1]), whole[0]), (float(after[-1]), whole[1])
    found.append(effects.share_effect("missing_share", *missing, LEVEL))
    if binning.by_value and binning.complete:
        new = (float(before[-2]), whole[0]), (float(after[-2]), whole[1])
        found.append(effects.share_effect("new_share", *new, LEVEL))
    return tuple(found)


def _bins(counted: Counted) -> tuple[tuple[str, float, float], ...]:
    binning = counted.binning
    pairs = zip(binning.labels, binning.coarsened(counted.reference), binning.coarsened(counted.current), strict=True)
    present = [(label, before.item(), after.item()) for label, before, after in pairs if before or after]
    if not binning.by_value or len(present) <= MOST_BINS:
        return tuple(present)
    return tuple(sorted(present, key=lambda one: (-one[1] - one[2], one[0]))[:MOST_BINS])


def _with_rows(
    result: DriftResult,
    divergence: effects.Divergence,
    rows: tuple[int, int],
    limits: Limits,
    family: int,
    efficiency: tuple[float, float],
) -> DriftResult:
    if result.verdict != UNKNOWN:
        return result
    levels = limits.error_rate / family, limits.error_rate
    worth = rows[0] * efficiency[0]
    needed = verdict.rows_needed(divergence.corrected, limits.psi, divergence.freedom, levels, worth)
    result = replace(result, rows_needed=None if needed is None else ceil(needed / efficiency[1]))
    return replace(result, reason=verdict.needs(result, rows[0]))


def _joint(name: str, estimate: tuple[str, Estimate, float], judged: tuple[str, float, DriftEffect]) -> DriftResult:
    word, indicator, effect = judged
    p_value = estimate[1].probability_above(_CHANCE)
    reason = "" if word != UNKNOWN else "the interval reaches over the minimum: take more rows"
    return DriftResult(
        name, estimate[0], effect.value, p_value, 0.0, word == DRIFT, "rows", word, effect, indicator, reason=reason
    )


def _too_few(name: str, counted: Counted, rows: tuple[int, int], efficiency: tuple[float, float]) -> DriftResult:
    place = 1 if rows[1] * efficiency[1] < FEWEST_ROWS else 0
    side, number = ("reference", "current")[place], f"{rows[place]}"
    worth = rows[place] * efficiency[place]
    counting = "" if efficiency[place] == 1 else f", which with their weights are worth {worth:.3g}"
    return DriftResult(
        name,
        "chi_square",
        0.0,
        1.0,
        0.0,
        drifted=False,
        role=counted.role,
        rows_needed=ceil(FEWEST_ROWS / efficiency[1]) if side == "current" else None,
        reason=f"{number} {side} rows{counting}: fewer than {FEWEST_ROWS} tell nothing",
        bins=_bins(counted) if min(rows) else (),
    )


def absent(name: str, role: str) -> DriftResult:
    """Return the result for a watched column that current rows do not have."""
    return DriftResult(
        name, "chi_square", 0.0, 1.0, 0.0, drifted=False, role=role, reason="the current rows have no such column"
    )
