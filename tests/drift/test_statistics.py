"""Drift statistics against closed forms and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, norm

from hanalife.drift import statistics
from hanalife.drift.bins import MISSING, OTHER, learn
from hanalife.drift.verdict import deviation_indicator

bins = st.integers(2, 8).flatmap(lambda n: st.tuples(*[st.lists(st.integers(50, 200), min_size=n, max_size=n)] * 2))


@given(bins)
def test_chi_square_is_that_of_the_contingency_table(pair):
    reference, current = (np.array(part) for part in pair)
    statistic, p_value = statistics.chi_square(reference, current)
    expected = chi2_contingency(np.array([reference, current]), correction=False)
    assert statistic == pytest.approx(expected.statistic)
    assert p_value == pytest.approx(expected.pvalue, abs=1e-12)


def test_thin_bins_are_pooled():
    # Ten current rows: two pools of five expected each, tested as a 2 x 2 table.
    reference, current = np.array([100] * 10 + [0]), np.array([1] * 10 + [0])
    assert statistics.chi_square(reference, current) == pytest.approx((0.0, 1.0))
    current = np.array([20] + [0] * 10)
    expected = chi2_contingency([[300, 300, 400], [20, 0, 0]], correction=False)
    assert statistics.chi_square(reference, current) == pytest.approx((expected.statistic, expected.pvalue))
    assert statistics.chi_square(reference, reference * 0) == (0.0, 1.0)


def test_psi_of_a_shift_by_one_deviation_is_one():
    # For two normal distributions with unit variance the PSI is the squared distance of their means.
    edges = np.linspace(-8, 9, 2000)
    reference = np.diff(norm.cdf(edges)) * 1e9
    current = np.diff(norm.cdf(edges - 1)) * 1e9
    psi = statistics.population_stability_index(reference.astype(np.int64), current.astype(np.int64))
    assert psi == pytest.approx(1.0, rel=1e-3)


def test_psi_by_hand():
    # Shares with half a count added: 10.5/21 and 10.5/21 against 15.5/21 and 5.5/21.
    p, q = np.array([10.5, 10.5]) / 21, np.array([15.5, 5.5]) / 21
    by_hand = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert statistics.population_stability_index(np.array([10, 10]), np.array([15, 5])) == pytest.approx(by_hand)
    assert statistics.population_stability_index(np.array([10, 10]), np.array([10, 10])) == 0


def test_holm_on_the_published_example():
    # Worked example of p.adjust(method="holm") in R's documentation style: sorted, multiplied, made monotone.
    assert statistics.holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert statistics.holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_lies_between_the_value_and_bonferroni(p_values):
    for raw, adjusted in zip(p_values, statistics.holm(p_values), strict=True):
        assert raw <= adjusted <= 1
        assert adjusted <= max(len(p_values) * max(p_values), raw) + 1e-12


@given(st.floats(0, 1), st.floats(0, 10))
def test_the_indicator_needs_both_significance_and_size(p_value, psi):
    indicator = deviation_indicator(p_value, psi)
    assert 0 <= indicator <= 1
    assert indicator <= 1 - p_value
    assert indicator <= psi / 0.2 + 1e-12


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(math.nan)), min_size=1, max_size=200))
def test_every_value_falls_into_one_bin(values):
    binning = learn(values, numeric=True)
    assert binning.count(values).sum() == len(values)
    assert len(binning.labels) == len(binning.count(values))
    assert binning.labels[-1] == MISSING


def test_tenths_of_the_reference_hold_a_tenth_each():
    binning = learn(list(range(1000)), numeric=True)
    assert binning.count(list(range(1000))).tolist() == [100] * 10 + [0]


def test_a_new_category_is_counted_apart():
    binning = learn(["a", "b", None], numeric=False)
    assert binning.labels == ("a", "b", OTHER, MISSING)
    assert binning.count(["b", "c", "c", None]).tolist() == [0, 1, 2, 1]
