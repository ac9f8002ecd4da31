"""Current counts against reference counts: the results of one check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from hanalife.drift import effects, evidence, pooling, statistics, verdict
from hanalife.drift.bins import Binning
from hanalife.drift.evidence import ColumnEstimate
from hanalife.drift.sequential import BinCounts
from hanalife.drift.verdict import FEWEST_ROWS, LEVEL, UNKNOWN, Decision, Estimate
from hanalife.records import DriftEffect, DriftResult

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
    worth: tuple[float, float] = (1.0, 1.0)  #: independent rows of equal weight that a row of each side is worth
    worth_of: str = "of equal weight"  #: what rows are worth
    bias: float = 1.0  #: mean design effect of the bins over the largest one, over both sides

    def times(self, factors: tuple[float, float]) -> Counted:
        """Return the counts of both sides, each times a factor."""
        return replace(self, reference=self.reference * factors[0], current=self.current * factors[1])

    @property
    def in_rows(self) -> bool:
        """Whether counts are numbers of rows that are worth one each."""
        both = np.append(self.reference, self.current)
        return self.worth == (1.0, 1.0) and bool((both == np.floor(both)).all())

    @property
    def coarse(self) -> tuple[Any, Any]:
        """The rows' worth in the bins that the labels name."""
        sides = zip((self.reference, self.current), self.worth, strict=True)
        before, after = (self.binning.coarsened(counts) * worth for counts, worth in sides)
        return before, after

    @property
    def frozen(self) -> BinCounts:
        """The same for a detector that takes the reference for fixed: all bins are the reference's."""
        before, after = self.coarse
        return BinCounts(before, after, 0 if self.binning.by_value else len(before) - 1)

    def estimate(self, random: np.random.Generator) -> ColumnEstimate:
        """Return the estimated PSI; ``random`` thins the larger side where values are rare."""
        before, after = self.coarse
        if not self.in_rows:
            return evidence.of_shares(before, after, ordered=not self.binning.by_value, bias=self.bias)
        if self.binning.by_value:
            return evidence.of_values(before, after, random)
        return evidence.of_bins((before[:-1], after[:-1]), (before[-1:], after[-1:]), random)


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
    seed: int = 0,
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
    seed : int
        Of the thinning of rare values.
    """
    few = {name for name, counted in columns.items() if _worth(rows, counted).min() < FEWEST_ROWS}
    results = [_too_few(name, columns[name], rows) for name in few]
    columns = {name: counted for name, counted in columns.items() if name not in few}
    estimates = {name: counted.estimate(np.random.default_rng(seed)) for name, counted in columns.items()}
    decisions = _decisions(estimates, limits, others or {})
    tests = _tests(columns)
    for name, counted in columns.items():
        result = _result(name, counted, tests[name], estimates[name], decisions[name])
        results.append(_with_rows(result, estimates[name], rows, counted.worth[1], limits, len(decisions)))
    results += [_joint(name, estimate, decisions[name]) for name, estimate in (others or {}).items()]
    return tuple(sorted(results, key=lambda result: result.column))


def _worth(rows: tuple[int, int], counted: Counted) -> Any:
    return np.multiply(rows, counted.worth)


def _decisions(
    estimates: Mapping[str, ColumnEstimate], limits: Limits, others: Mapping[str, tuple[str, Estimate, float]]
) -> dict[str, Decision]:
    family: dict[str, tuple[str, Estimate, float]] = {
        name: ("psi", estimate, limits.psi) for name, estimate in estimates.items()
    }
    return verdict.judge(family | dict(others), limits.error_rate)


def _tests(columns: Mapping[str, Counted]) -> dict[str, tuple[float, float]]:
    """Return Pearson's statistic of each column, and its p-value adjusted for their number."""
    found = {name: statistics.pearson(np.array(_pooled(counted))) for name, counted in columns.items()}
    adjusted = verdict.holm([p_value for _, p_value in found.values()])
    return {name: (found[name][0], p_value) for name, p_value in zip(found, adjusted, strict=True)}


def _pooled(counted: Counted) -> tuple[Any, Any]:
    return pooling.pooled(*counted.coarse, ordered=not counted.binning.by_value)


def _result(
    name: str, counted: Counted, test: tuple[float, float], estimate: ColumnEstimate, decision: Decision
) -> DriftResult:
    return DriftResult(
        column=name,
        method="chi_square",
        statistic=test[0],
        p_value=test[1],
        psi=estimate.value,
        drifted=decision.verdict == verdict.DRIFT,
        role=counted.role,
        verdict=decision.verdict,
        effect=decision.effect,
        indicator=decision.indicator,
        effects=_measures(counted, decision.effect.minimum or 0.0),
        bins=_bins(counted),
        p_no_drift=decision.p_no_drift,
    )


def _measures(counted: Counted, minimum: float) -> tuple[DriftEffect, ...]:
    pair = _pooled(counted)
    divergence = effects.jensen_shannon(*pair)
    tail = (1 - LEVEL) / 2
    found = [
        DriftEffect("jensen_shannon", divergence.corrected, *divergence.bounds(tail, tail), minimum / 8),
        DriftEffect("total_variation", *effects.total_variation(*pair, LEVEL)),
    ]
    binning = counted.binning
    before, after = counted.reference * counted.worth[0], counted.current * counted.worth[1]
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
    estimate: ColumnEstimate,
    rows: tuple[int, int],
    worth: float,
    limits: Limits,
    family: int,
) -> DriftResult:
    """Return the result with the current rows that would decide, if it is unknown."""
    if result.verdict != UNKNOWN:
        return result
    if estimate.undecided:
        return replace(result, reason=estimate.undecided)
    minima = limits.psi, limits.psi * estimate.resolved**2
    levels = limits.error_rate / family, limits.error_rate
    needed = verdict.rows_needed(estimate.corrected, minima, estimate.freedom, levels, estimate.rows[0])
    more = None if needed is None else max(ceil(needed / worth), rows[1] + 1)
    reason = estimate.hidden or verdict.needs(more, rows)
    return replace(result, rows_needed=more, reason=reason)


def _joint(name: str, estimate: tuple[str, Estimate, float], decision: Decision) -> DriftResult:
    return DriftResult(
        column=name,
        method=estimate[0],
        statistic=decision.effect.value,
        p_value=estimate[1].probability_above(_CHANCE),
        psi=0.0,
        drifted=decision.verdict == verdict.DRIFT,
        role="rows",
        verdict=decision.verdict,
        effect=decision.effect,
        indicator=decision.indicator,
        reason="" if decision.verdict != UNKNOWN else "inconclusive with these rows: take more of both sides",
        p_no_drift=decision.p_no_drift,
    )


def _too_few(name: str, counted: Counted, rows: tuple[int, int]) -> DriftResult:
    worth = _worth(rows, counted)
    place = 1 if worth[1] < FEWEST_ROWS else 0
    side = ("reference", "current")[place]
    plural = "s"[: rows[place] != 1]
    counting = "" if counted.worth[place] == 1 else f", which are worth {worth[place]:.3g} {counted.worth_of}"
    return DriftResult(
        name,
        "chi_square",
        0.0,
        1.0,
        0.0,
        drifted=False,
        role=counted.role,
        rows_needed=ceil(FEWEST_ROWS / counted.worth[1]) if side == "current" else None,
        reason=f"{rows[place]:,} {side} row{plural}{counting}: at least {FEWEST_ROWS} are needed",
        bins=_bins(counted) if min(rows) else (),
    )


def unresolved(name: str, role: str, reason: str) -> DriftResult:
    """Return the result for a watched column that was not compared, and why."""
    return DriftResult(name, "chi_square", 0.0, 1.0, 0.0, drifted=False, role=role, reason=reason)
