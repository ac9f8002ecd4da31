"""How often a drift verdict errs, by population: ``python -m tests.benchmarks.error_rates [draws]``.

Writes ``error_rates.md``. Each cell draws both sides anew and judges them as a check does; only the reading of
rows from a database is left out. Nothing is asserted; ``tests/drift/test_error_rates.py`` asserts a fast subset.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hanalife.drift import bins, verdict
from hanalife.drift.comparison import Counted, column_of
from tests.benchmarks import drift_dependence, populations
from tests.benchmarks.populations import MINIMUM, Population
from tests.drift.simulation import shift_of

TARGET = Path(__file__).with_suffix(".md")
#: True changes in units of the minimum effect.
TIMES = (0, 1, 1.5, 2, 3)
#: Draws of a cell, and of one whose draw takes longer than 10 ms.
DRAWS, SLOW_DRAWS = 2_000, 400
SLOW = 0.010
#: Columns from which a draw takes most of a second; changes whose power is no question are left out then.
MANY_COLUMNS, FEW_DRAWS = 500, 100

HEAD = """# How often drift verdicts err, by population

`python -m tests.benchmarks.error_rates`: {cells} cells in {minutes:.0f} minutes on two cores. In each draw both the
reference and the current rows are new. The change is given in units of the minimum effect, PSI 0.1; error rate 5 % for
a data set. `drift` and `no_drift` are the shares of draws with that verdict (for several columns: of data sets, in
which all columns have changed alike), the rest is `unknown`. One standard error stands behind each share.

Stated: `drift` without a change and at the minimum in at most 5 % of the draws; `no_drift` at twice the
minimum in at most 5 %.

"""


@dataclass(frozen=True)
class Cell:
    """Rows of both sides of a population, in so many columns."""

    population: Population
    reference_rows: int
    current_rows: int
    n_columns: int = 1

    def draw(self, times, random):
        """Return the verdict on one data set all of whose columns have changed by ``times`` the minimum."""
        columns = [self._estimate(times, random) for _ in range(self.n_columns)]
        family = {str(index): ("psi", estimate, MINIMUM) for index, estimate in enumerate(columns)}
        decisions = verdict.judge(family, verdict.ERROR_RATE)
        return verdict.overall([decision.verdict for decision in decisions.values()])

    def _estimate(self, times, random):
        reference = self.population.draw(self.reference_rows, 0, random)
        current = self.population.draw(self.current_rows, times, random)
        return column_of(counted(reference, current), random).estimate

    @property
    def label(self):
        """Name, rows and columns."""
        rows = f"{self.reference_rows:,}"
        rows += "" if self.current_rows == self.reference_rows else f" and {self.current_rows:,}"
        return self.population.name, rows, f"{self.n_columns}"


@dataclass(frozen=True)
class DependentCell:
    """Rows that depend on each other, judged with their time or group column."""

    name: str
    series: object  #: (rows, parameter, random) -> values and moments or groups
    parameter: float
    sums: object
    rows: int

    def draw(self, times, random):
        """Return the verdict on one column."""
        reference = self.series(self.rows, self.parameter, random)
        values, order = self.series(self.rows, self.parameter, random)
        shifted = values + (shift_of(times * MINIMUM) if times else 0.0)
        return drift_dependence.check(reference, (shifted, order), self.sums)[0]

    @property
    def label(self):
        """Name, rows and columns."""
        return self.name, f"{self.rows:,}", "1"


def counted(reference, current):
    """Return the counts of a column on both sides, as a check has them."""
    binning, before, tally = bins.learn_counted(reference, bins.kind_of("VALUE", reference.type))
    current_tally = binning.tally()
    after = binning.count(current, None, current_tally)
    return Counted(binning, before, after, tallies=(tally, current_tally))


def cells():
    """Return all cells."""
    sizes = {
        populations.normal(): [(50, 50), (200, 200), (1_000, 1_000), (5_000, 5_000), (20_000, 20_000)],
        populations.lognormal(): [(50, 50), (1_000, 1_000), (20_000, 500)],
        populations.zero_inflated(0.005): [(200, 200), (2_000, 2_000), (20_000, 20_000)],
        populations.zero_inflated(0.05): [(50, 50), (1_000, 1_000)],
        populations.zero_inflated(0.5): [(50, 50), (1_000, 1_000)],
        populations.flag(0.01): [(50, 50), (200, 200), (1_000, 1_000), (5_000, 200)],
        populations.flag(0.1): [(50, 50), (200, 200), (1_000, 1_000)],
        populations.zipf(30): [(50, 50), (200, 200), (1_000, 1_000), (5_000, 200)],
        populations.zipf(1_000): [(500, 500), (2_000, 2_000), (20_000, 500)],
        populations.uniform(500): [(500, 500), (2_000, 2_000), (20_000, 1_000)],
        populations.integers(5): [(50, 50), (200, 200), (1_000, 1_000)],
    }
    single = [Cell(population, *rows) for population, pairs in sizes.items() for rows in pairs]
    wide = [
        Cell(population, 1_000, 1_000, n_columns)
        for population, n_columns in (
            *((populations.normal(), n_columns) for n_columns in (5, 50, 500)),
            *((populations.zipf(30), n_columns) for n_columns in (5, 50)),
            (populations.flag(0.1), 5),
        )
    ]
    time_sums, group_sums = drift_dependence.TimeSums, drift_dependence.GroupSums
    dependent = [
        *(DependentCell("AR(1) 0.5", drift_dependence.autoregressive, 0.5, time_sums, n) for n in (200, 1_000, 5_000)),
        *(DependentCell("AR(1) 0.9", drift_dependence.autoregressive, 0.9, time_sums, n) for n in (1_000, 5_000)),
        *(DependentCell("20 clusters", drift_dependence.clustered, 20, group_sums, n) for n in (1_000, 5_000)),
    ]
    return single + wide + dependent


def rates(cell, times, draws, seed):
    """Return how often each verdict was given, and the number of draws."""
    random = np.random.default_rng([seed, int(times * 2)])
    cell.draw(times, random)  # what is imported and cached with the first is not its time
    started = time.process_time()
    verdicts = Counter(cell.draw(times, random) for _ in range(20))
    is_slow = (time.process_time() - started) / 20 > SLOW
    total = min(draws, SLOW_DRAWS) if is_slow else draws
    total = FEW_DRAWS if getattr(cell, "n_columns", 1) >= MANY_COLUMNS else total
    verdicts.update(cell.draw(times, random) for _ in range(total - 20))
    return verdicts, total


def row(arguments):
    """Return the line of one cell."""
    index, draws = arguments
    cell = cells()[index]
    texts = list(cell.label)
    for times in TIMES:
        if times in (1.5, 3) and getattr(cell, "n_columns", 1) >= MANY_COLUMNS:
            texts.append("not run")
            continue
        verdicts, total = rates(cell, times, draws, index)
        texts += [with_error(verdicts[verdict.DRIFT], total)]
        if times in (0, 1, 2):
            texts += [with_error(verdicts[verdict.NO_DRIFT], total)]
    texts.append(f"{total:,}")
    print(" | ".join(texts), flush=True)
    return texts


def with_error(hits, total):
    """Return a share with its standard error, which is that of one hit where there is none."""
    share = hits / total
    error = np.sqrt(max(share * (1 - share), 1 / total) / total)
    return f"{share:.1%} ({error:.1%})"


COLUMNS = [
    *("population", "rows of each side", "columns"),
    *("drift, no change", "no_drift, no change", "drift, 1x", "no_drift, 1x", "drift, 1.5x"),
    *("drift, 2x", "no_drift, 2x", "drift, 3x", "draws"),
]


def main():
    """Write the table."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS
    started, total = time.monotonic(), len(cells())
    slowest_first = sorted(range(total), key=lambda index: -getattr(cells()[index], "n_columns", 1))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        lines = dict(zip(slowest_first, pool.imap(row, [(index, draws) for index in slowest_first]), strict=True))
    table = [COLUMNS, ["---"] * len(COLUMNS), *(lines[index] for index in range(total))]
    text = HEAD.format(cells=total, minutes=(time.monotonic() - started) / 60)
    TARGET.write_text(text + "\n".join(f"| {' | '.join(line)} |" for line in table) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
