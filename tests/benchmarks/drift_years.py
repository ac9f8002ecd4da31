"""A year of checks against one reference: ``python -m tests.benchmarks.drift_years [SEED RUNS]`` prints the table."""

from __future__ import annotations

import sys

import numpy as np
from scipy.optimize import brentq

from hanalife.drift.sequential import BinCounts, accumulated, alarm_threshold, e_value
from tests.drift.simulation import MINIMUM


def _zipf(size):
    shares = 1 / np.arange(1, size + 1)
    return shares / shares.sum()


#: Shares of the bins, the direction of the shift, and how many bins are intervals.
SHAPES = {
    "tenths": (np.full(10, 0.1), np.linspace(-1, 1, 10), 10),
    "flag 10 %": (np.array([0.9, 0.1]), np.array([0.0, 1]), 0),
    "flag 1 %": (np.array([0.99, 0.01]), np.array([0.0, 1]), 0),
    "five values": (np.full(5, 0.2), np.linspace(-1, 1, 5), 0),
    "Zipf 30": (_zipf(30), (np.arange(30) >= 10) * 1.0, 0),
    "Zipf 1000": (_zipf(1000), (np.arange(1000) >= 100) * 1.0, 0),
    "uniform 500": (np.full(500, 1 / 500), np.linspace(-1, 1, 500), 0),
}


def shifted(shape, times):
    """Return the shares of a shape moved by some times the minimum effect."""
    shares, direction, _ = SHAPES[shape]
    if not times:
        return shares

    def tilted(strength):
        weights = shares * np.exp(strength * direction)
        return weights / weights.sum()

    def excess(strength):
        moved = tilted(strength)
        return ((moved - shares) * np.log(moved / shares)).sum() - times * MINIMUM

    return tilted(brentq(excess, 0, 30))


def counted(shape, reference, current):
    """Return counts as a check sees them: with a bin for what is missing."""
    return BinCounts(np.append(reference, 0.0), np.append(current, 0.0), SHAPES[shape][2])


def mean_e_values(shape, rows, window, times, references, windows, random):
    """Return for each reference the mean e-value of its windows."""
    moved = shifted(shape, times)
    means = []
    for _ in range(references):
        reference = random.multinomial(rows, SHAPES[shape][0])
        current = random.multinomial(window, moved, windows)
        means.append(np.mean([e_value(counted(shape, reference, row), MINIMUM, 1) for row in current]))
    return np.array(means)


def alarms(rows, window, columns, looks, times, years, random, shape="tenths", false_alarms=1.0):
    """Return the alarms over all columns of each year in which every column has moved by ``times`` from the start."""
    threshold, moved = alarm_threshold(looks, columns, false_alarms), shifted(shape, times)
    found = np.zeros(years)
    for year in range(years):
        for _ in range(columns):
            reference, evidence = random.multinomial(rows, SHAPES[shape][0]), 0.0
            for current in random.multinomial(window, moved, looks):
                evidence = accumulated(evidence, e_value(counted(shape, reference, current), MINIMUM, columns))
                if evidence >= threshold:
                    found[year], evidence = found[year] + 1, 0.0
    return found


def delays(rows, window, columns, times, runs, random, shape="tenths", looks=52, before=10, false_alarms=1.0):
    """Return after how many windows the alarm of one column comes that moved after 10 windows; at most 42."""
    threshold = alarm_threshold(looks, columns, false_alarms)
    found = []
    for _ in range(runs):
        reference, evidence = random.multinomial(rows, SHAPES[shape][0]), 0.0
        windows = [*random.multinomial(window, shifted(shape, 0), before)]
        windows += [*random.multinomial(window, shifted(shape, times), looks - before)]
        delay = looks - before
        for place, current in enumerate(windows):
            evidence = accumulated(evidence, e_value(counted(shape, reference, current), MINIMUM, columns))
            if evidence >= threshold:
                delay, evidence = place - before + 1, 0.0
                if place >= before:
                    break
        found.append(delay)
    return np.array(found)


def main(seed=1, runs=200):
    """Print alarms a year and delays, with their standard errors."""
    random = np.random.default_rng(seed)
    for rows, window, columns, limit in (
        (5_000, 500, 1, 1.0), (5_000, 500, 1, 0.04), (5_000, 500, 30, 1.0), (1_000, 500, 1, 1.0), (1_000, 500, 30, 1.0)
    ):  # fmt: skip
        texts = []
        for times in (0.0, 0.9, 1.0):
            years = max(runs // columns, 30)
            found = alarms(rows, window, columns, 52, times, years, random, false_alarms=limit)
            texts.append(
                f"{times}x {found.mean():.4f} ({found.std() / np.sqrt(years):.4f}) any {(found > 0).mean():.3f}"
            )
        for times in (2.0, 3.0):
            late = delays(rows, window, columns, times, runs, random, false_alarms=limit)
            error = late.std() / np.sqrt(runs)
            texts.append(f"{times}x delay {late.mean():.1f} ({error:.1f}) found {(late < 42).mean():.2f}")
        print(f"n={rows} m={window} columns={columns} budget={limit}: {' | '.join(texts)}", flush=True)
    for shape in SHAPES:
        texts = []
        for times in (0.0, 1.0):
            found = alarms(5_000, 500, 1, 52, times, runs, random, shape)
            texts.append(f"{times}x {found.mean():.4f} ({found.std() / np.sqrt(runs):.4f})")
        for times in (2.0, 3.0):
            late = delays(5_000, 500, 1, times, runs, random, shape)
            texts.append(f"{times}x delay {late.mean():.1f} found {(late < 42).mean():.2f}")
        print(f"{shape}, n=5000 m=500: {' | '.join(texts)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
