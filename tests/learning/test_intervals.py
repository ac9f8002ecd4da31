"""Intervals of metrics: against published formulas and scipy, and by how often they cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hanalife.learning.evaluation import classification, intervals, regression


@given(st.integers(1, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_a_share_has_the_interval_of_wilson(pair):
    hits, trials = pair
    expected = stats.binomtest(hits, trials).proportion_ci(method="wilson")
    assert intervals.share(hits, trials) == pytest.approx((expected.low, expected.high))


def delong_variance(is_positive, score):
    """Return DeLong's variance straight from its definition."""
    kernel = np.sign(score[is_positive][:, None] - score[~is_positive][None, :]) / 2 + 0.5
    return kernel.mean(axis=1).var(ddof=1) / len(kernel) + kernel.mean(axis=0).var(ddof=1) / kernel.shape[1]


def test_the_auc_has_the_variance_of_delong():
    random = np.random.default_rng(3)
    is_positive = random.random(400) < 0.3
    score = np.round(is_positive + random.normal(size=400), 1)  # with ties
    found = classification.auc(is_positive, score)
    low, high = intervals.auc(is_positive, score)
    error = (np.log(high / (1 - high)) - np.log(low / (1 - low))) / 2 / stats.norm.ppf(0.975) * found * (1 - found)
    assert error == pytest.approx(np.sqrt(delong_variance(is_positive, score)), rel=0.01)
    assert low < found < high


def test_kappa_has_the_variance_of_fleiss_cohen_everitt():
    confusion = np.array([[44, 5, 1], [7, 20, 3], [9, 5, 6]])
    shares = confusion / confusion.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreed, chance = np.trace(shares), (rows * columns).sum()
    # Fleiss, Cohen, Everitt 1969, Psychological Bulletin 72, formula 13
    total = sum(
        shares[i, j] * ((i == j) * (1 - chance) - (columns[i] + rows[j]) * (1 - agreed)) ** 2
        for i in range(3)
        for j in range(3)
    )
    error = np.sqrt((total - (agreed * chance - 2 * chance + agreed) ** 2) / confusion.sum()) / (1 - chance) ** 2
    low, high = intervals.of_confusion(classification.kappa, confusion, -1, 1)
    assert (high - low) / 2 == pytest.approx(stats.norm.ppf(0.975) * error, rel=1e-3)


def test_means_and_their_ratios():
    random = np.random.default_rng(1)
    values = random.exponential(size=30)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert intervals.mean(values) == pytest.approx((expected.low, expected.high))
    ones = np.ones(30)
    assert intervals.ratio(values, ones) == pytest.approx(intervals.mean(values))


@pytest.fixture(scope="module")
def of_classes():
    """Give the truth of two classes that overlap, and the intervals of 600 samples."""
    random = np.random.default_rng(11)

    def sample(rows):
        actual = (random.random(rows) < 0.4).astype(int)
        chance = 1 / (1 + np.exp(-(1.4 * actual - 0.7 + random.normal(size=rows))))
        return actual, np.column_stack([1 - chance, chance])

    truth = classification.evaluate(*sample(1_000_000), 1)
    return truth, [intervals.of_classes(*sample(300), 1) for _ in range(600)]


@pytest.mark.parametrize("metric", ["AUC", "ACCURACY", "KAPPA", "MCC", "RECALL", "F1_SCORE"])
def test_about_95_of_100_intervals_of_classes_cover_the_truth(of_classes, metric):
    truth_of, found = of_classes
    code = 1 if metric in ("RECALL", "F1_SCORE") else None
    truth = getattr(truth_of if code is None else truth_of.classes[code], metric.lower())
    bounds = [one[metric, code] for one in found]
    covered = np.mean([low <= truth <= high for low, high in bounds])
    assert 0.925 <= covered <= 0.975  # four standard errors of the share around 0.95


@pytest.fixture(scope="module")
def of_numbers():
    """Give the truth of numbers with an error, and the intervals of 600 samples."""
    random = np.random.default_rng(12)

    def sample(rows):
        predicted = random.normal(5, 2, rows)
        return predicted + random.normal(size=rows), predicted

    truth = regression.evaluate(*sample(1_000_000))
    return truth, [intervals.of_numbers(*sample(400)) for _ in range(600)]


@pytest.mark.parametrize("metric", ["MAE", "RMSE", "R2", "EVAR", "WMAPE"])
def test_about_95_of_100_intervals_of_numbers_cover_the_truth(of_numbers, metric):
    truth, found = of_numbers
    covered = np.mean([low <= truth[metric] <= high for low, high in (one[metric] for one in found)])
    assert 0.915 <= covered <= 0.975


def test_the_micro_average_counts_rows_not_pairs():
    random = np.random.default_rng(13)

    def sample(rows):
        actual = random.integers(4, size=rows)
        margin = random.normal(size=(rows, 4)) + 1.2 * (actual[:, None] == np.arange(4))
        weights = np.exp(margin)
        return actual, weights / weights.sum(axis=1, keepdims=True)

    truth = classification.evaluate(*sample(300_000), 3).auc
    found = [intervals.of_classes(*sample(200), 3)["AUC", None] for _ in range(600)]
    covered = np.mean([low <= truth <= high for low, high in found])
    assert 0.925 <= covered <= 0.975


def test_where_there_is_nothing_to_tell_from_there_is_no_interval():
    one_class = np.zeros(5, dtype=int)
    sure = np.column_stack([np.ones(5), np.zeros(5)])
    found = intervals.of_classes(one_class, sure, 1)
    assert ("AUC", None) not in found
    assert ("KAPPA", None) not in found
    assert ("RECALL", 1) not in found
    assert found["ACCURACY", None][1] == 1
    assert intervals.share(0, 0) is None
    assert intervals.of_numbers(np.array([1.0]), np.array([1.0])) == {}
    assert "R2" not in intervals.of_numbers(np.ones(5), np.arange(5.0))
    assert "MAPE" not in intervals.of_numbers(np.arange(5.0), np.ones(5))


def test_perfect_rankings_have_no_interval_of_the_auc():
    is_positive = np.arange(10) >= 5
    assert intervals.auc(is_positive, np.arange(10.0)) is None
