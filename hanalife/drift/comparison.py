"""Current counts against reference counts: the results of one check. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np

from hanalife.drift import alignment, column_estimates, effects, pooling, sparse, statistics, verdict
from hanalife.drift.alignment import Aligned
from hanalife.drift.bins import CATEGORY, Binning
from hanalife.drift.column_estimates import ColumnEstimate
from hanalife.drift.sequential import BinCounts
from hanalife.drift.tallies import Tally
from hanalife.drift.verdict import FEWEST_ROWS, LEVEL, UNKNOWN, Decision, Estimate
from hanalife.records import DriftEffect, DriftResult

_CHANCE = 0.5  #: the area under the curve of a guess
MOST_BINS = 30  #: of a column that are kept with a result; those with the most rows
ALL_COLUMNS = "(all columns)"  #: the name of the two-sample test among the results


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of one column on both sides, in its bins and by value."""

    binning: Binning
    reference: Any
    current: Any
    role: str = "feature"
    worth: tuple[float, float] = (1.0, 1.0)  #: independent rows of equal weight that a row of each side is worth
    worth_of: str = "of equal weight"  #: what rows are worth
    bias: float = 1.0  #: mean design effect of the bins over the largest one, over both sides
    unit: tuple[float, float] = (1, 1)  #: factors that make sums of weights those of rows
    tallies: tuple[Tally | None, Tally | None] = (None, None)

    @property
    def factors(self) -> tuple[float, float]:
        """What makes counts of the rows' worth."""
        return self.unit[0] * self.worth[0], self.unit[1] * self.worth[1]

    @property
    def frozen(self) -> BinCounts:
        """The rows' worth for a detector that takes the reference for fixed: it alone chooses the bins."""
        aligned = alignment.align(self.binning, (self.reference, self.current), self.tallies, frozen=True)
        intervals, values = (_times(sides, self.factors) for sides in (aligned.intervals, aligned.values))
        before, after = np.hstack([intervals, values])
        return BinCounts(before, after, intervals.shape[1])


@dataclass(frozen=True, slots=True)
class Column:
    """A column whose sides are aligned: its estimate, and the bins of the other measures."""

    counted: Counted
    aligned: Aligned
    table: Any  #: what the rows in all bins are worth, shape (2, n_bins)
    pooled: tuple[Any, Any]  #: the same in bins with enough rows each
    estimate: ColumnEstimate

    @property
    def pooled_away(self) -> str:
        """Why measures over the bins of texts are too small, or nothing."""
        pooled = int((self.table.sum(axis=0) > 0).sum()) - len(self.pooled[0])
        return "rare values are compared as one bin" if pooled > 0 and self.counted.binning.kind == CATEGORY else ""

    @property
    def compared(self) -> tuple[Any, Any]:
        """The bins of measures beside the PSI: all of numbers, and of texts those with enough rows."""
        if self.counted.binning.kind == CATEGORY:
            return self.pooled
        used = self.table.sum(axis=0) > 0
        return self.table[0][used], self.table[1][used]


def column_of(counted: Counted, random: np.random.Generator) -> Column:
    """Return a column with its estimate; ``random`` thins the larger side where values are rare.

    It is what one column of a check takes: a millisecond, or about 15 if two values need the exact test.
    """
    aligned = _aligned(counted)
    between, values = (_times(sides, counted.factors) for sides in (aligned.intervals, aligned.values))
    table, joined = np.hstack([between, values]), np.hstack([pooling.joined_neighbors(between, values), values])
    estimate = _estimate(counted, joined, random)
    if joined.shape != table.shape and _in_rows(counted, table):
        estimate = replace(estimate, unjoined=sparse.sparse_divergence(table[0], table[1], random).divergence)
    undecided, hidden = estimate.undecided or aligned.undecided, estimate.hidden or aligned.hidden
    estimate = replace(estimate, undecided=undecided, hidden=hidden)
    return Column(counted, aligned, table, pooling.pooled(*joined, ordered=False), estimate)


def _aligned(counted: Counted) -> Aligned:
    return alignment.align(counted.binning, (counted.reference, counted.current), counted.tallies)


def _times(sides: tuple[Any, Any], factors: tuple[float, float]) -> Any:
    return np.array([side * factor for side, factor in zip(sides, factors, strict=True)], dtype=float)


def _in_rows(counted: Counted, table: Any) -> bool:
    """Return whether the table holds numbers of rows that are worth one each."""
    return counted.worth == (1.0, 1.0) and bool((table == np.floor(table)).all())


def _estimate(counted: Counted, table: Any, random: np.random.Generator) -> ColumnEstimate:
    if not _in_rows(counted, table):
        return column_estimates.of_shares(table[0], table[1], counted.bias)
    if counted.binning.kind == CATEGORY:
        return column_estimates.of_values(table[0], table[1], random)
    return column_estimates.of_bins(table[0], table[1], random)


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
    aligned = {name: column_of(counted, np.random.default_rng(seed)) for name, counted in columns.items()}
    family = {name: column.estimate for name, column in aligned.items() if not column.estimate.identifier}
    decisions = _decisions(family, limits, others or {})
    tests = _tests(aligned)
    for name, column in aligned.items():
        if name in decisions:
            result = _result(name, column, tests[name], decisions[name])
            results.append(_with_rows(result, column.estimate, rows, column.counted.worth[1], limits, len(decisions)))
        else:
            results.append(_identifier(name, column))
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


def _tests(columns: Mapping[str, Column]) -> dict[str, tuple[float, float]]:
    """Return Pearson's statistic of each column, and its p-value adjusted for their number."""
    found = {name: statistics.pearson(np.array(column.pooled)) for name, column in columns.items()}
    adjusted = verdict.holm([p_value for _, p_value in found.values()])
    return {name: (found[name][0], p_value) for name, p_value in zip(found, adjusted, strict=True)}


def _result(name: str, column: Column, test: tuple[float, float], decision: Decision) -> DriftResult:
    return DriftResult(
        column=name,
        method="chi_square",
        statistic=test[0],
        p_value=test[1],
        psi=column.estimate.value,
        drifted=decision.verdict == verdict.DRIFT,
        role=column.counted.role,
        verdict=decision.verdict,
        effect=decision.effect,
        indicator=decision.indicator,
        reason=f"no interval: {decision.effect.withheld}" if decision.effect.withheld else "",
        effects=_measures(column, decision.effect.minimum or 0.0),
        bins=_bins(column.counted.binning, column.aligned, column.counted.unit),
        p_no_drift=decision.p_no_drift,
    )


def _identifier(name: str, column: Column) -> DriftResult:
    """Return the result of a column that identifies rows, which no verdict is about."""
    reason = f"identifies rows: {column.estimate.undecided}; it is left out of the verdict"
    bins = _bins(column.counted.binning, column.aligned, column.counted.unit)
    return replace(unresolved(name, column.counted.role, reason), bins=bins, identifier=True)


def _measures(column: Column, minimum: float) -> tuple[DriftEffect, ...]:
    found = _distances(column, minimum)
    counted, binning = column.counted, column.counted.binning
    before, after = _times((counted.reference, counted.current), counted.factors)
    if not binning.by_value and before[:-1].sum() and after[:-1].sum():
        area = effects.wasserstein(before[:-1], after[:-1], binning.edges, binning.spread, LEVEL)
        found.append(DriftEffect("wasserstein", *area))
    rows = float(before.sum()), float(after.sum())
    missing = (float(before[-1]), rows[0]), (float(after[-1]), rows[1])
    found.append(effects.share_effect("missing_share", *missing, LEVEL))
    if binning.kind == CATEGORY and not column.aligned.undecided:
        found += [_new_share("new_share", *column.table), _new_share("vanished_share", *column.table[::-1])]
    return tuple(found)


def _distances(column: Column, minimum: float) -> list[DriftEffect]:
    """Return distances over bins; pooled values make them too small, and then they have no interval."""
    divergence = effects.jensen_shannon(*column.compared)
    variation, *ends = effects.total_variation(*column.compared, LEVEL)
    reason = column.estimate.withheld or column.pooled_away
    if reason:
        return [
            DriftEffect("jensen_shannon", divergence.corrected, None, None, minimum / 8, reason),
            DriftEffect("total_variation", variation, None, None, withheld=reason),
        ]
    return [
        DriftEffect("jensen_shannon", divergence.corrected, *divergence.interval(LEVEL), minimum / 8),
        DriftEffect("total_variation", variation, ends[0], ends[1]),
    ]


def _new_share(measure: str, reference: Any, current: Any) -> DriftEffect:
    """Return the share of rows with a value that the reference did not show, less the share that was to be expected."""
    unseen, worth = sparse.unseen_share(reference)
    new = float(current[reference == 0].sum())
    return effects.share_effect(measure, (unseen * worth, worth), (new, float(current.sum())), LEVEL)


def _bins(binning: Binning, aligned: Aligned, unit: tuple[float, float]) -> tuple[tuple[str, float, float], ...]:
    """Return the bins with the most rows; of numbers all, in order."""
    present = [(label, before * unit[0], after * unit[1]) for label, before, after in aligned.shown]
    if not binning.by_value or len(present) <= MOST_BINS:
        return tuple(present)
    return tuple(sorted(present, key=lambda row: (-row[1] - row[2], row[0]))[:MOST_BINS])


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
    reason = f"{rows[place]:,} {side} row{plural}{counting}: at least {FEWEST_ROWS} are needed"
    return replace(
        unresolved(name, counted.role, reason),
        rows_needed=ceil(FEWEST_ROWS / counted.worth[1]) if side == "current" else None,
        bins=_bins(counted.binning, _aligned(counted), counted.unit) if min(rows) else (),
    )


def unresolved(name: str, role: str, reason: str) -> DriftResult:
    """Return the result for a watched column that was not compared, and why."""
    return DriftResult(name, "chi_square", 0.0, 1.0, 0.0, drifted=False, role=role, reason=reason)
