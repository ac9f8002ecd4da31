"""Evidence over many checks of one reference: each number against its definition, and the promise by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from hanalife.drift import sequential
from hanalife.drift.sequential import BinCounts, accumulated, alarm_threshold, calibrate, e_value
from tests.benchmarks import drift_years
from tests.drift.simulation import MINIMUM


@pytest.mark.parametrize("p_value", [1e-12, 1e-3, 0.05, 0.5, 0.99])
def test_an_e_value_is_the_mixture_of_power_calibrators(p_value):
    expected = integrate.quad(lambda k: k * p_value ** (k - 1), 0, 1)[0]
    assert calibrate(p_value) == pytest.approx(expected, rel=1e-6)


def test_the_mean_of_a_calibrated_uniform_p_value_is_at_most_one():
    mean = integrate.quad(lambda x: calibrate(np.exp(-x)) * np.exp(-x), 0, 34, limit=400)[0]
    assert 0.95 < mean <= 1, "the rest is in p-values below 1e-15"
    assert calibrate(0.0) == calibrate(1e-15)


def test_a_share_is_tested_by_the_binomial_at_the_edge_of_what_the_reference_allows():
    (hits, rows), (current, total), error = (30, 3000), (55, 500), 0.001
    high = stats.beta.ppf(1 - error / 2, hits + 1, rows - hits)
    edge = optimize.brentq(lambda q: (q - high) * np.log(q * (1 - high) / (high * (1 - q))) - MINIMUM, high + 1e-9, 0.9)
    expected = 2 * stats.binom.sf(current - 1, total, edge)
    found = sequential.share_p_value((hits, hits), current, (rows, total), MINIMUM, error)
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_psi_is_tested_at_the_largest_effect_that_the_reference_allows():
    reference, current = np.full(10, 500.0), np.linspace(20, 80, 10)
    p, q = (reference + 0.5) / (reference + 0.5).sum(), (current + 0.5) / (current + 0.5).sum()
    psi, rows = ((q - p) * np.log(q / p)).sum(), current.sum()
    slopes = np.log(q / p) + 1 - p / q
    scale = 4 * psi * rows / (q @ (slopes - q @ slopes) ** 2)
    worst = MINIMUM + 9 / 5000 + stats.norm.isf(0.01) * np.sqrt(4 * MINIMUM / 5000 + 18 / 5000**2)
    expected = stats.ncx2.sf(scale * psi, 9, scale * worst)
    assert sequential.psi_p_value(reference, current, MINIMUM, 0.01, 10) == pytest.approx(expected, rel=1e-6)


def test_joining_bins_never_looks_at_current_values():
    random = np.random.default_rng(1)
    reference = np.array([400.0, 300, 200, 60, 25, 9, 1, 0])
    for _ in range(20):
        counts = BinCounts(reference, random.permutation([90.0, 60, 40, 6, 2, 1, 1, 0]))
        frequent, _, bounds = sequential._joined(counts)
        assert frequent[0].tolist() == [400, 300, 200, 60, 35]
        assert bounds == (10, 35), "rows of those seen at most 24 times, and at most 25"


def test_no_rows_are_no_evidence():
    assert e_value(BinCounts(np.array([5.0, 5]), np.zeros(2)), MINIMUM, 1) == 1
    assert accumulated(3.0, 1.0) == 4


@pytest.mark.parametrize("shape", drift_years.SHAPES)
def test_at_the_minimum_e_values_have_a_mean_of_at_most_one(shape):
    """They have skewed distributions; a mean of 60 references with 10 windows each has an error of about 0.1."""
    means = drift_years.mean_e_values(shape, 1_000, 500, 1.0, 60, 10, np.random.default_rng(3))
    assert means.mean() < 1
    assert np.median(means) < 0.7


def test_a_year_of_weekly_checks_of_thirty_columns_keeps_the_budget():
    """The budget allows 5 alarms in 5 years of all columns at the minimum; the benchmark has the measured rate."""
    random = np.random.default_rng(5)
    alarms = drift_years.alarms(5_000, 500, 30, 52, 1.0, 5, random)
    assert alarms.sum() <= 1
    assert drift_years.delays(5_000, 500, 30, 3.0, 20, random).mean() < 3


def test_the_threshold_is_what_the_budget_leaves_for_each_stream_and_check():
    assert alarm_threshold(52, 60, 1.0) == 52 * 60
    assert alarm_threshold(52, 1, 0.05) == pytest.approx(1040)
    assert alarm_threshold(1, 1, 5) == 1, "an e-value of 1 is no evidence"
