"""How often verdicts err; the full tables are ``drift_errors.md`` and ``error_rates.md`` of ``tests/benchmarks``."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from hanalife.drift import bins, verdict
from tests.benchmarks import drift_errors, populations
from tests.benchmarks.error_rates import Cell
from tests.drift import simulation
from tests.drift.simulation import MINIMUM, draw, shift_of

SETS = 60
SIZES = (50, 500, 50_000, 1_000_000)

DRAWS = 1_000
#: Errors from which a test fails: with the stated rate in 3 of 100,000 cases, with twice that rate in 99 of 100.
TOO_MANY = 78
#: Where the minimum effect is as hard to tell from more as the method allows.
CELLS = (
    Cell(populations.normal(), 1_000, 1_000),
    Cell(populations.zero_inflated(0.05), 1_000, 1_000),
    Cell(populations.zipf(30), 200, 200),
    Cell(populations.uniform(500), 500, 500),
    Cell(populations.integers(5), 50, 50),
)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("part", [0.0, 0.9, 1.0])
def test_up_to_the_minimum_alarms_are_as_rare_as_promised(rows, part):
    shift = shift_of(part * MINIMUM) if part else 0.0
    alarms = drift_errors.alarms(rows, shift, SETS, np.random.default_rng(rows))
    assert alarms <= binom.ppf(0.9999, SETS, verdict.ERROR_RATE)


@pytest.mark.parametrize("rows", SIZES)
def test_twice_the_minimum_is_found_where_rows_suffice_and_never_denied(rows):
    words = drift_errors.words_on_twice(rows, 10, SETS, np.random.default_rng(rows))
    assert words.count("no_drift") <= binom.ppf(0.9999, SETS, verdict.ERROR_RATE)
    if rows >= 50_000:
        assert set(words) == {"drift"}


def test_the_limit_of_errors_tells_the_stated_rate_from_its_double():
    assert binom.sf(TOO_MANY - 1, DRAWS, verdict.ERROR_RATE) < 0.0001
    assert binom.sf(TOO_MANY - 1, DRAWS, 2 * verdict.ERROR_RATE) > 0.99


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: " ".join(cell.label))
def test_verdicts_on_rows_err_as_rarely_as_stated(cell):
    random = np.random.default_rng(17)
    at_minimum = [cell.draw(1, random) for _ in range(DRAWS)]
    assert at_minimum.count(verdict.DRIFT) < TOO_MANY
    at_twice = [cell.draw(2, random) for _ in range(DRAWS)]
    assert at_twice.count(verdict.NO_DRIFT) < TOO_MANY


def test_few_rows_say_unknown_and_how_many_would_do():
    needed = drift_errors.needed(10)
    assert 1_000 < needed < 2_000, "stated in hanalife.drift.verdict"
    words = drift_errors.words_on_twice(50, 10, SETS, np.random.default_rng(1))
    assert words.count("unknown") > 0.8 * SETS


@pytest.mark.parametrize("rows", SIZES)
def test_intervals_of_the_measure_that_decides_hold_the_truth(rows):
    for measure in (drift_errors.psi, drift_errors.jensen_shannon):
        assert 0.92 <= drift_errors.coverage(measure, rows, 600, np.random.default_rng(7)) <= 0.98


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.6])
def test_intervals_of_distances_hold_the_truth_even_where_there_is_none(shift):
    for measure in (drift_errors.total_variation, drift_errors.wasserstein):
        assert drift_errors.coverage(measure, 200, 400, np.random.default_rng(8), shift) >= 0.92


def test_drawn_counts_are_those_of_rows():
    import pyarrow as pa

    random = np.random.default_rng(9)
    column = draw(700, 0.0, random)
    binning, counts, _ = bins.learn_counted(pa.array(random.normal(size=700)), bins.NUMBER)
    assert column.counts[0].tolist() == counts.tolist()
    assert len(column.binning.coarse) == len(binning.coarse) == 9
    drawn = [draw(700, 0.0, random).coarse[1][:-1] for _ in range(400)]
    of_rows = []
    for _ in range(400):
        binning = bins.learn(pa.array(random.normal(size=700)), bins.NUMBER)
        of_rows.append(binning.coarsened(binning.count(pa.array(random.normal(size=700))))[:-1])
    assert np.mean(drawn, axis=0) == pytest.approx(np.mean(of_rows, axis=0), abs=4)
    assert np.std(drawn, axis=0) == pytest.approx(np.std(of_rows, axis=0), rel=0.25)
    assert simulation.psi_of(*column.coarse_shares) == pytest.approx(0, abs=1e-12)
