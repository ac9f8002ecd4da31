"""Drift statistics against closed forms and SciPy."""

from __future__ import annotations

import itertools
import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, chi2, chi2_contingency, mannwhitneyu, ncx2, norm, wasserstein_distance
from statsmodels.stats.multitest import multipletests

from hanalife.drift import effects, intervals, pooling, ranking, statistics, two_sample, verdict
from tests.drift.simulation import shift_of

counts = st.integers(2, 8).flatmap(lambda n: st.tuples(*[st.lists(st.integers(50, 200), min_size=n, max_size=n)] * 2))


@given(counts)
def test_pearsons_test_is_that_of_the_contingency_table(pair):
    reference, current = (np.array(part) for part in pair)
    statistic, p_value = statistics.pearson(np.array([reference, current]))
    expected = chi2_contingency(np.array([reference, current]), correction=False)
    assert statistic == pytest.approx(expected.statistic)
    assert p_value == pytest.approx(expected.pvalue, abs=1e-12)
    assert statistics.pearson(np.array([reference, reference * 0])) == (0.0, 1.0)


def test_thin_bins_are_pooled():
    # Ten current rows: two pools of five expected each.
    reference, current = np.array([100] * 10 + [0]), np.array([1] * 10 + [0])
    pooled = pooling.pooled(reference, current, ordered=True)
    assert [part.tolist() for part in pooled] == [[500, 500], [5, 5]]
    thin = pooling.pooled([90, 3, 4, 2], [80, 2, 5, 1], ordered=False)
    assert [part.tolist() for part in thin] == [[90, 9], [80, 8]]


@pytest.mark.parametrize("freedom", [1, 9, 99])
@pytest.mark.parametrize("noncentrality", [0.1, 50, 4_000, 6_000, 500_000])
def test_the_noncentral_distribution_is_scipys(freedom, noncentrality):
    mean, spread = freedom + noncentrality, math.sqrt(2 * freedom + 4 * noncentrality)
    for value in (mean - 2 * spread, mean, mean + 3 * spread):
        if value > 0:
            found = intervals.noncentral_cdf(value, freedom, noncentrality)
            assert found == pytest.approx(ncx2.cdf(value, freedom, noncentrality), abs=1e-6)


def test_the_noncentrality_is_found_again():
    value = ncx2.ppf(0.95, 9, [3.0, 70.0, 8_000.0])
    assert intervals.noncentrality_at(0.95, value, 9) == pytest.approx([3.0, 70.0, 8_000.0], rel=1e-6)
    assert intervals.noncentrality_at(0.95, 4.0, 9) == 0, "less than nothing would be needed"


@pytest.mark.parametrize("freedom", [1, 9, 99])
@pytest.mark.parametrize("noncentrality", [8, 70, 4_000])
def test_the_approximations_of_a_plan_are_near_scipys(freedom, noncentrality):
    for probability in (0.05, 0.2, 0.8, 0.95):
        exact = ncx2.ppf(probability, freedom, noncentrality)
        found = intervals.approximate_quantile(probability, freedom, noncentrality)
        assert intervals.approximate_cdf(exact, freedom, noncentrality) == pytest.approx(probability, abs=0.02)
        assert ncx2.cdf(found, freedom, noncentrality) == pytest.approx(probability, abs=0.02)


@pytest.mark.parametrize(("rows", "share"), [(50, 0.01), (400, 0.3)])
def test_binomial_chances_are_scipys(rows, share):
    counts = np.arange(-1, rows + 2)
    assert intervals.binomial_cdf(counts, rows, share) == pytest.approx(binom.cdf(counts, rows, share))
    inside = counts[1:-1].astype(float)
    assert intervals.binomial_chances(inside, rows, share) == pytest.approx(binom.pmf(inside, rows, share))


@pytest.mark.parametrize("counts", [(48, 80, 56, 70), (0, 20, 10, 10), (1, 50, 4, 60), (5, 9, 0, 7)])
def test_the_interval_of_a_difference_joins_those_of_jeffreys(counts):
    x, m, y, n = counts
    sides = []
    for hits, rows in ((x, m), (y, n)):
        low, high = beta(hits + 0.5, rows - hits + 0.5).interval(0.95)
        sides.append((hits / rows, low if hits else 0.0, high if hits < rows else 1.0))
    (p, low_p, high_p), (q, low_q, high_q) = sides
    expected = q - p - math.hypot(q - low_q, high_p - p), q - p + math.hypot(high_q - q, p - low_p)
    assert intervals.share_difference(*counts) == pytest.approx(expected)


@pytest.mark.parametrize(("rows", "shares"), [(50, (0.02, 0.05)), (50, (0.1, 0.2)), (300, (0.02, 0.05))])
def test_the_interval_of_a_difference_holds_it_as_often_as_it_says(rows, shares):
    """Exactly: the chances of all pairs of counts whose interval holds the difference."""
    first, second = (binom.pmf(range(rows + 1), rows, share) for share in shares)
    likely = [[count for count in range(rows + 1) if chances[count] > 1e-4] for chances in (first, second)]
    held = 0.0
    for before, after in itertools.product(*likely):
        low, high = intervals.share_difference(before, rows, after, rows)
        held += first[before] * second[after] * (low <= shares[1] - shares[0] <= high)
    assert 0.93 <= held <= 0.97


def test_psi_of_a_shift_by_one_deviation_is_one():
    # For two normal distributions with unit variance the PSI is the squared distance of their means.
    edges = np.linspace(-8, 9, 2000)
    reference, current = (np.diff(norm.cdf(edges - shift)) * 1e9 for shift in (0, 1))
    assert effects.population_stability_index(reference, current).value == pytest.approx(1.0, rel=1e-3)


def test_psi_and_jensen_shannon_by_hand():
    # Shares with half a count added: 10.5/21 and 10.5/21 against 15.5/21 and 5.5/21.
    p, q = np.array([10.5, 10.5]) / 21, np.array([15.5, 5.5]) / 21
    by_hand = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert effects.population_stability_index([10, 10], [15, 5]).value == pytest.approx(by_hand)
    assert effects.population_stability_index([10, 10], [10, 10]).value == 0
    middle = (p + q) / 2
    js = sum(a * math.log(a / m) + b * math.log(b / m) for a, b, m in zip(p, q, middle, strict=True)) / 2
    assert effects.jensen_shannon([10, 10], [15, 5]).value == pytest.approx(js)
    assert effects.jensen_shannon([10**9, 0], [0, 10**9]).value == pytest.approx(math.log(2), rel=1e-6)


def test_a_small_shift_counts_as_in_the_chi_square_test():
    # Of a small shift the scaled PSI is Pearson's statistic, its bias the degrees of freedom.
    reference, current = np.array([1000, 1000, 1000]), np.array([520, 490, 490])
    found = effects.population_stability_index(reference, current)
    pearson = chi2_contingency([reference, current], correction=False).statistic
    assert found.scale * found.value == pytest.approx(pearson, rel=0.01)
    assert found.freedom == 2
    assert found.probability_above(0) == pytest.approx(
        chi2_contingency([reference, current], correction=False).pvalue, rel=0.01
    )


def test_total_variation_and_wasserstein_against_scipy():
    random = np.random.default_rng(5)
    first, second = random.normal(0, 1, 4000), random.normal(0.4, 1, 3000)
    edges = np.quantile(first, np.linspace(0, 1, 401)[1:-1])
    tallied = [np.bincount(np.searchsorted(edges, rows), minlength=400) for rows in (first, second)]
    area, low, high = effects.wasserstein(*tallied, edges, 2.0)
    clipped = [np.clip(rows, edges[0], edges[-1]) for rows in (first, second)]
    assert area == pytest.approx(wasserstein_distance(*clipped) / 2, rel=0.02)
    assert low < 0.2 < high
    moved = effects.total_variation([50, 50], [80, 20])
    assert moved[0] == pytest.approx(0.3)
    assert moved[1] < 0.3 < moved[2]
    alike = effects.total_variation([50, 50], [56, 44])
    assert alike[:2] == (pytest.approx(0.06), 0.0), "chance does as much: 0 is in the interval"
    value, low, high = effects.total_variation([10, 0], [30, 0])
    assert (value, low) == (0.0, 0.0)
    assert high == pytest.approx(1 - beta(10.5, 0.5).ppf(0.025)), "what few rows cannot exclude"


def test_no_interval_claims_certainty():
    apart = effects.total_variation([10, 20, 0, 0], [0, 0, 15, 15])
    assert (apart[0], apart[2]) == (1.0, 1.0)
    assert apart[1] == pytest.approx(1 - math.hypot(*[1 - beta(30.5, 0.5).ppf(0.025)] * 2))
    for measure in (effects.population_stability_index, effects.jensen_shannon):
        low, high = measure([10, 10, 10], [10, 10, 10]).interval(0.95)
        assert low == 0 < high
    assert effects.total_variation([10, 10, 10], [10, 10, 10])[2] > 0
    assert effects.wasserstein([10, 10, 10], [10, 10, 10], [0.0, 1.0], 1.0)[2] > 0


@pytest.mark.parametrize("freedom", [1, 9])
@pytest.mark.parametrize("truth", [0.0, 0.3, 2.0, 30.0])
def test_the_interval_of_a_noncentral_chi_square_holds_the_truth_as_often_as_it_says(freedom, truth):
    quantiles = (np.arange(2_000) + 0.5) / 2_000
    values = ncx2.ppf(quantiles, freedom, truth) if truth else chi2.ppf(quantiles, freedom)
    bounds = [effects.Divergence(value, 1.0, freedom).interval(0.95) for value in values[::4]]
    assert 0.945 <= np.mean([low <= truth <= high for low, high in bounds]) <= 0.976


@pytest.mark.parametrize(
    ("rows", "shift"), [((50, 50), 0.5), ((614, 100), 0.5), ((500, 500), 0.3), ((50_000, 50_000), 0.1)]
)
def test_intervals_cover_the_truth_as_often_as_they_say(rows, shift):
    random = np.random.default_rng(11)
    edges = norm.ppf(np.linspace(0, 1, 11))
    p, q = np.full(10, 0.1), np.diff(norm.cdf(edges - shift))
    truth = {
        effects.population_stability_index: ((q - p) * np.log(q / p)).sum(),
        effects.jensen_shannon: (p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q))).sum() / 2,
    }
    drawn = [(random.multinomial(rows[0], p), random.multinomial(rows[1], q)) for _ in range(1_000)]
    for measure, value in truth.items():
        bounds = [measure(*pair).interval(0.95) for pair in drawn]
        covered = np.mean([low <= value <= high for low, high in bounds])
        assert 0.93 <= covered <= 0.975, measure.__name__


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_is_that_of_statsmodels(p_values):
    with mock.patch("gc.collect"):  # which it calls each time, and which takes nearly all of the time
        expected = multipletests(p_values, method="holm")[1]
    assert verdict.holm(p_values) == pytest.approx(expected.tolist())


@given(counts, st.floats(0.01, 1.0))
def test_a_verdict_follows_from_its_p_values_and_the_interval_has_its_own_level(pair, minimum):
    estimate = effects.population_stability_index(*pair)
    found = verdict.judge({"x": ("psi", estimate, minimum)}, 0.05)["x"]
    below = ncx2.cdf(estimate.scale * estimate.value, estimate.freedom, estimate.scale * minimum)
    assert found.p_no_drift == pytest.approx(below, abs=1e-6)
    assert found.p_drift == pytest.approx(1 - below, abs=1e-6)
    assert found.indicator == 1 - found.p_drift
    assert (found.verdict == "drift") == (found.p_drift < 0.05)
    assert (found.verdict == "no_drift") == (found.p_no_drift < 0.05)
    assert (found.effect.low, found.effect.high) == pytest.approx(estimate.interval(0.95))


def test_more_columns_move_p_values_but_no_interval():
    strong, weak = ([500] * 4, [400, 450, 550, 600]), ([500] * 4, [460, 480, 520, 540])
    estimates = [effects.population_stability_index(*pair) for pair in (strong, weak)]
    family = {place: ("psi", estimate, 0.01) for place, estimate in enumerate(estimates)}
    alone, both = verdict.judge({0: family[0]}, 0.05)[0], verdict.judge(family, 0.05)[0]
    assert both.p_drift == pytest.approx(2 * alone.p_drift)
    assert both.effect == alone.effect


def test_the_rows_needed_decide_as_often_as_they_say():
    needed = verdict.rows_needed(0.2, (0.1, 0.1), 9, (0.05, 0.05), 100_000)
    random = np.random.default_rng(2)
    p = np.full(10, 0.1)
    q = np.diff(norm.cdf(norm.ppf(np.linspace(0, 1, 11)) - shift_of(0.2)))
    words = []
    for _ in range(300):
        pair = random.multinomial(100_000, p), random.multinomial(needed, q)
        estimate = effects.population_stability_index(*pair)
        words.append(verdict.judge({"x": ("psi", estimate, 0.1)}, 0.05)["x"].verdict)
    assert 0.72 <= words.count("drift") / 300 <= 0.9
    assert verdict.rows_needed(0.1, (0.1, 0.1), 9, (0.05, 0.05), 100_000) is None
    assert verdict.rows_needed(0.05, (0.1, 0.1), 9, (0.05, 0.05), 100) is None


def test_the_area_is_the_mann_whitney_statistic():
    random = np.random.default_rng(3)
    positive, negative = random.integers(2, 9, 40), random.integers(0, 7, 60)
    expected = mannwhitneyu(positive, negative).statistic / (40 * 60)
    assert ranking.area(positive, negative).value == pytest.approx(expected)
    pairs = itertools.product(positive, negative)
    assert expected == pytest.approx(np.mean([(a > b) + (a == b) / 2 for a, b in pairs]))
    assert ranking.area([2, 3], [0, 1]).error == pytest.approx(0.25)


def test_delongs_interval_covers_the_truth():
    random = np.random.default_rng(4)
    truth = norm.cdf(1 / math.sqrt(2))
    bounds = [ranking.area(random.normal(1, 1, 60), random.normal(0, 1, 80)).bounds(0.025, 0.025) for _ in range(1_000)]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in bounds]) <= 0.97
    assert two_sample.minimum_area(1.0**2) == pytest.approx(norm.cdf(1 / math.sqrt(2)))
