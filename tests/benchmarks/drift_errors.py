"""How often drift verdicts err: ``python -m tests.benchmarks.drift_errors [repeats]`` writes ``drift_errors.md``.

Counts are drawn, not rows (``tests/drift/simulation.py``), so that the tables take minutes at any number of
rows. Nothing is asserted.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from hanalife.drift import effects, intervals, pooling, verdict
from tests.drift import simulation
from tests.drift.simulation import MINIMUM, draw, shift_of

ROWS = (50, 500, 5_000, 50_000, 1_000_000)
COLUMNS = 10
ROUNDING = 1e-12
TARGET = Path(__file__).with_suffix(".md")

HEAD = """# How often drift verdicts err

`python -m tests.benchmarks.drift_errors {repeats}`: each line is of {repeats:,} simulated data sets of
{columns} normal columns with as many reference rows as current ones, whose bins are learned from the drawn
reference; minimum effect PSI 0.1, error rate 5 % for all columns together. A share of 5 % seen in {repeats:,}
data sets has a standard error of {error:.1%}.
"""

ALARMS = """
## False alarms for each data set

Any column called `drift` though none moved by more than the minimum: columns unmoved, all moved by 0.9
times the minimum, and all by exactly the minimum, where the promise is at its tightest; in brackets Wilson's
interval of the last.
"""

POWER = """
## Twice the minimum

One column of ten moved by twice the minimum: how often it is called `drift`, `unknown` and, wrongly, `no_drift`.
"""

NEEDED = """
## Rows for a chance of 80 %

Rows on each side from which twice the minimum is called `drift` with a chance of 80 %, as `rows_needed` reckons
it, and how often it then was, by the number of columns that share the error rate.
"""

COVERAGE = """
## Intervals

How often nominal 95 % intervals hold the truth, for a shift by 0.3 deviations, for missing shares of 2 % against
5 %, and for the area under the curve of scores that are one deviation apart.
"""

SHIFTS = """
## Intervals of other shifts

The same, for no shift (where only a lower bound above 0 can be wrong) and for small and large ones.
"""


def share(hits):
    """Return the share of true values."""
    return float(np.mean(hits))


def alarms(rows, shift, repeats, random):
    """Return how many data sets have any alarm."""
    sets = ([draw(rows, shift, random) for _ in range(COLUMNS)] for _ in range(repeats))
    return sum(verdict.DRIFT in simulation.words(columns) for columns in sets)


def words_on_twice(rows, columns, repeats, random):
    """Return the words on a column that moved by twice the minimum, beside others that did not move."""
    shifts = [shift_of(2 * MINIMUM)] + [0.0] * (columns - 1)
    return [simulation.words([draw(rows, shift, random) for shift in shifts])[0] for _ in range(repeats)]


def needed(columns):
    """Return the rows on each side for a chance of 80 % to see twice the minimum."""
    many = 2**40  # on the other side: then rows_needed is the harmonic of two equal sides, twice over
    levels = verdict.ERROR_RATE / columns, verdict.ERROR_RATE
    return 2 * verdict.rows_needed(2 * MINIMUM, (MINIMUM, MINIMUM), 9, levels, many)


def psi(column):
    """Return the interval of the PSI, and the truth."""
    return simulation.estimate(column).interval(0.95), simulation.psi_of(*column.coarse_shares)


def jensen_shannon(column):
    """Return the interval of the Jensen-Shannon divergence, and the truth."""
    p, q = column.coarse_shares
    middle = (p + q) / 2
    truth = max(0.0, (p * np.log(p / middle) + q * np.log(q / middle)).sum() / 2)
    return effects.jensen_shannon(*pooling.pooled(*column.coarse, ordered=True)).interval(0.95), truth


def total_variation(column):
    """Return the interval of the total variation, and the truth."""
    p, q = column.coarse_shares
    return effects.total_variation(*pooling.pooled(*column.coarse, ordered=True))[1:], np.abs(q - p).sum() / 2


def wasserstein(column):
    """Return the interval of Wasserstein's distance, and the truth between the edges."""
    edges = column.binning.edges
    p, q = (np.cumsum(shares)[:-1] for shares in column.shares)
    gap = np.abs(q - p)
    truth = ((gap[1:] + gap[:-1]) / 2 * np.diff(edges)).sum()
    counts = [counts[:-1] for counts in column.counts]
    return effects.wasserstein(*counts, edges, 1.0)[1:], truth


MEASURES = {
    "PSI": psi,
    "Jensen-Shannon": jensen_shannon,
    "total variation": total_variation,
    "Wasserstein": wasserstein,
}


def coverage(measure, rows, repeats, random, shift=0.3):
    """Return how often the interval of a measure holds the truth."""
    hits = []
    for _ in range(repeats):
        (low, high), truth = measure(draw(rows, shift, random))
        hits.append(low <= truth + ROUNDING and truth <= high + ROUNDING)
    return share(hits)


def coverage_of_missing(rows, repeats, random):
    """Return how often the interval of a difference of missing shares holds the truth."""
    hits = []
    for before, after in zip(random.binomial(rows, 0.02, repeats), random.binomial(rows, 0.05, repeats), strict=True):
        low, high = intervals.share_difference(before, rows, after, rows)
        hits.append(low <= 0.03 <= high)
    return share(hits)


def coverage_of_area(rows, repeats, random):
    """Return how often DeLong's interval holds the area under the curve."""
    from hanalife.drift import ranking

    hits = []
    for _ in range(repeats):
        found = ranking.area(random.normal(1, 1, rows), random.normal(0, 1, rows)).bounds(0.025, 0.025)
        hits.append(found[0] <= ndtr(1 / np.sqrt(2)) <= found[1])
    return share(hits)


def table(head, rows):
    """Return the lines of a table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)) + "\n"


def table_of_alarms(repeats, random):
    """Return the table of false alarms."""
    lines = []
    for rows in ROWS:
        hits = [alarms(rows, shift_of(part * MINIMUM) if part else 0.0, repeats, random) for part in (0, 0.9, 1)]
        _, low, high = intervals.wilson(hits[-1], repeats)
        lines.append([f"{rows:,}", *(f"{hit / repeats:.2%}" for hit in hits[:2])])
        lines[-1].append(f"{hits[-1] / repeats:.2%} ({low:.2%} to {high:.2%})")
    return table(["rows", "none moved", "all by 0.9 x minimum", "all by the minimum"], lines)


def table_of_power(repeats, random):
    """Return the table of verdicts on twice the minimum."""
    lines = []
    for rows in ROWS:
        found = words_on_twice(rows, COLUMNS, repeats, random)
        lines.append(
            [f"{rows:,}", *(f"{found.count(word) / repeats:.2%}" for word in ("drift", "unknown", "no_drift"))]
        )
    return table(["rows", "drift", "unknown", "no_drift"], lines)


def table_of_rows_needed(repeats, random):
    """Return the table of the rows that decide."""
    lines = []
    for columns in (1, 10, 30):
        rows = needed(columns)
        found = words_on_twice(rows, columns, repeats, random)
        lines.append([str(columns), f"{rows:,}", f"{found.count('drift') / repeats:.1%}"])
    return table(["columns", "rows on each side", "called drift"], lines)


def table_of_coverage(repeats, random):
    """Return the table of coverage."""
    lines = []
    for rows in ROWS:
        found = [coverage(measure, rows, repeats, random) for measure in MEASURES.values()]
        found.append(coverage_of_missing(rows, repeats, random))
        cells = [f"{one:.1%}" for one in found]
        cells.append(f"{coverage_of_area(rows, repeats, random):.1%}" if rows <= 5_000 else "")
        lines.append([f"{rows:,}", *cells])
    return table(["rows", *MEASURES, "missing share", "area under the curve"], lines)


def table_of_shifts(repeats, random):
    """Return the table of coverage for further shifts."""
    lines = []
    for shift in (0.0, 0.1, 0.6):
        for rows in (50, 500, 5_000):
            found = [coverage(measure, rows, repeats, random, shift) for measure in MEASURES.values()]
            lines.append([f"{shift:g}", f"{rows:,}", *(f"{one:.1%}" for one in found)])
    return table(["shift", "rows", *MEASURES], lines)


def main(repeats):
    """Write the tables."""
    error = np.sqrt(0.05 * 0.95 / repeats)
    parts = [HEAD.format(repeats=repeats, columns=COLUMNS, error=error)]
    verdicts, bounds = np.random.default_rng(0), np.random.default_rng(1)
    for text, made, random in (
        (ALARMS, table_of_alarms, verdicts),
        (POWER, table_of_power, verdicts),
        (NEEDED, table_of_rows_needed, verdicts),
        (COVERAGE, table_of_coverage, bounds),
        (SHIFTS, table_of_shifts, bounds),
    ):
        parts += [text, "\n", made(repeats, random)]
        print("".join(parts[-3:]), flush=True)
    TARGET.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
