"""How often verdicts on dependent rows err: ``python -m tests.benchmarks.drift_dependence [SEED DRAWS]``."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
from scipy.signal import lfilter

from hanalife.drift import bins, comparison, verdict
from hanalife.drift.dependence import GroupSums, TimeSums
from hanalife.drift.row_relations import row_scores
from hanalife.drift.serial_correlation import StoredOrder
from tests.drift.simulation import MINIMUM, shift_of


def autoregressive(rows, coefficient, random):
    """Return standard normal values, each correlated with the one before; and the number of each as its moment."""
    noise = random.normal(size=rows + 500) * np.sqrt(1 - coefficient**2)
    return lfilter([1], [1, -coefficient], noise)[500:], np.arange(rows)


def clustered(rows, groups, random):
    """Return standard normal values with a correlation of 0.5 within groups; and the group of each, in order."""
    group = np.sort(random.integers(0, groups, rows))
    values = (random.normal(size=groups)[group] + random.normal(size=rows)) / np.sqrt(2)
    return values, np.unique(group, return_inverse=True)[1]


def check(reference, current, sums, binning=None):
    """Return the verdict on one column from (values, moments or groups) of both sides."""
    import pyarrow as pa

    if binning is None:
        binning, counts, _ = bins.learn_counted(pa.array(reference[0]), bins.NUMBER)
    else:
        counts = binning.count(pa.array(reference[0]))
    scores = row_scores(binning, counts)
    effects = []
    for values, numbers in (reference, current):
        streamed = sums(scores)
        streamed.add(binning.places(pa.array(values)), numbers)
        effects.append(streamed.design_effect())
    return verdict_of(binning, counts, binning.count(pa.array(current[0])), effects), effects


def verdict_of(binning, before, after, effects):
    """Return the verdict that a check of these counts gives."""
    from hanalife.drift.checking import _counted
    from hanalife.drift.reading import Sample, Summary
    from hanalife.drift.reference import Reference
    from hanalife.drift.row_order import RowOrder

    sides = []
    for counts, effect in zip((before, after), effects, strict=True):
        rows = int(counts.sum())
        sides.append(Summary(rows, {"X": counts}, Sample(0), rows, rows, design_effects={"X": effect}))
    reference = Reference(
        "", {"X": "feature"}, {"X": "DOUBLE"}, {"": ({"X": binning}, sides[0])}, None, RowOrder("T", "time")
    )
    counted = _counted(reference, binning, tuple(sides), "X")
    if (
        any(effect.reason for effect in effects)
        or min(side.rows * worth for side, worth in zip(sides, counted.worth, strict=True)) < verdict.FEWEST_ROWS
    ):
        return "unknown"
    estimate = comparison.column_of(counted, np.random.default_rng(0)).estimate
    return verdict.judge({"X": ("psi", estimate, MINIMUM)}, verdict.ERROR_RATE)["X"].verdict


def verdicts(draw, sums, times, draws, random, cuts=None):
    """Return the counts of verdicts, with the mean design effects of the reference."""
    shift = shift_of(times * MINIMUM) if times else 0.0
    found, effects = Counter(), []
    for _ in range(draws):
        (before, first), (after, second) = draw(random), draw(random)
        verdict_, both = check((before, first), (after + shift, second), sums)
        found[verdict_] += 1
        effects.append((both[0].largest, both[0].mean))
    return found, np.mean(effects, axis=0)


def detected(rows, coefficient, draws, random):
    """Return the share of draws whose correlation in stored order is reported."""
    hits = 0
    for _ in range(draws):
        values, _ = autoregressive(rows, coefficient, random)
        stored = StoredOrder(np.arange(10), 10)
        stored.add(np.searchsorted(np.quantile(values, np.arange(1, 10) / 10), values, "right"))
        hits += stored.correlation() is not None
    return hits / draws


def main(seed=1, draws=200):
    """Print the table."""
    random = np.random.default_rng(seed)
    for rows in (200, 1_000, 5_000):
        print(f"detected, {rows} rows:", {c: detected(rows, c, 2_000, random) for c in (0.0, 0.5, 0.9)}, flush=True)
    cells = {
        f"AR {c}, {n}": (lambda r, c=c, n=n: autoregressive(n, c, r), TimeSums)
        for c in (0.0, 0.5, 0.9, 0.98)
        for n in (200, 1_000, 5_000)
    }
    cells |= {
        f"{g} groups, {n}": (lambda r, g=g, n=n: clustered(n, g, r), GroupSums) for g in (10, 20, 200) for n in (1_000,)
    }
    for name, (draw, sums) in cells.items():
        texts = []
        for times in (0, 1, 2, 3):
            found, effects = verdicts(draw, sums, times, draws if "5000" not in name else draws // 2, random)
            total = found.total()
            texts.append(f"x{times} {found['drift'] / total:.3f}/{found['no_drift'] / total:.3f}")
        print(f"{name}: {' '.join(texts)} effects {effects.round(2)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
