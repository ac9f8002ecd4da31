"""Intervals of areas under the ROC curve: against definitions, and by how often they cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from hanalife.confidence import areas
from hanalife.confidence.interval import Withheld


def sample(random, area, positives, negatives):
    """Return labels and normal scores with this area under the curve."""
    center = np.sqrt(2) * stats.norm.ppf(area)
    score = np.concatenate([random.normal(center, 1, positives), random.normal(0, 1, negatives)])
    return np.arange(positives + negatives) < positives, score


def definitions(is_positive, score):
    """Return area and DeLong's two variances from the kernel of all pairs."""
    kernel = np.sign(score[is_positive][:, None] - score[~is_positive][None, :]) / 2 + 0.5
    of_positives, of_negatives = kernel.mean(axis=1), kernel.mean(axis=0)
    parts = of_positives.var(ddof=1) / len(of_positives), of_negatives.var(ddof=1) / len(of_negatives)
    return kernel.mean(), parts


@pytest.mark.parametrize(("positives", "negatives", "area"), [(30, 50, 0.8), (400, 300, 0.7), (25, 900, 0.95)])
def test_both_ends_solve_the_score_equation(positives, negatives, area):
    is_positive, score = sample(np.random.default_rng(3), area, positives, negatives)
    score = np.round(score, 1)  # with ties
    found, parts = definitions(is_positive, score)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (positives - 1) + parts[1] ** 2 / (negatives - 1))
    weight = min(1, 100 / min(positives, negatives))
    half = (positives + negatives) / 2 - 1
    for end in areas.auc(is_positive, score):
        newcombe = end * (1 - end) * (1 + half * (1 - end) / (2 - end) + half * end / (1 + end)) / positives / negatives
        delong = sum(parts) * end * (1 - end) / (found * (1 - found))
        variance = max(delong, weight * newcombe + (1 - weight) * delong)
        assert (end - found) ** 2 == pytest.approx(stats.t.ppf(0.975, freedom) ** 2 * variance, rel=1e-6)


def test_of_many_rows_it_is_delongs():
    is_positive, score = sample(np.random.default_rng(4), 0.8, 20_000, 20_000)
    found, parts = definitions(is_positive[::10], score[::10])
    low, high = areas.auc(is_positive[::10], score[::10])
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(sum(parts)), rel=0.02)
    assert low < found < high


def test_a_perfect_ranking_has_an_interval_below_one():
    is_positive = np.arange(60) < 30
    low, high = areas.auc(is_positive, is_positive.astype(float))
    assert (0.8 < low < 1, high) == (True, 1.0)
    low, high = areas.auc(is_positive, -is_positive.astype(float))
    assert (low, 0 < high < 0.2) == (0.0, True)


def test_few_rows_of_a_class_have_none_and_it_says_so():
    is_positive, score = sample(np.random.default_rng(5), 0.8, 19, 500)
    assert areas.auc(is_positive, score) == Withheld("the smaller class has 19 rows, fewer than 20")
    one = np.arange(30) < 1
    assert areas.auc(one, np.arange(30.0)) == Withheld("the smaller class has 1 row, fewer than 20")


@pytest.mark.parametrize(("positives", "negatives", "area"), [(20, 50, 0.85), (20, 500, 0.95), (100, 100, 0.7)])
def test_an_area_is_covered(positives, negatives, area):
    random = np.random.default_rng(6)
    found = [areas.auc(*sample(random, area, positives, negatives)) for _ in range(600)]
    assert 0.93 <= np.mean([low <= area <= high for low, high in found]) <= 0.995


def test_the_micro_average_counts_rows_not_pairs():
    random = np.random.default_rng(13)

    def draw(rows):
        actual = random.integers(4, size=rows)
        score = random.normal(size=(rows, 4)) + 1.2 * (actual[:, None] == np.arange(4))
        chances = special.softmax(score, axis=1)
        return (actual[:, None] == np.arange(4)).ravel(), chances.ravel(), np.repeat(np.arange(rows), 4)

    is_positive, score, _ = draw(100_000)
    truth = stats.mannwhitneyu(score[is_positive], score[~is_positive]).statistic / (100_000 * 300_000)
    found = [areas.micro_auc(*draw(100)) for _ in range(400)]
    assert 0.92 <= np.mean([low <= truth <= high for low, high in found]) <= 0.98
    assert isinstance(areas.micro_auc(*draw(19)), Withheld)


def placed(is_positive, score):
    return areas.placements(score[is_positive], score[~is_positive])


def test_the_paired_difference_is_delongs_where_models_differ():
    is_positive, score = sample(np.random.default_rng(7), 0.8, 200, 300)
    other = score + np.random.default_rng(8).normal(0, 1, 500)
    kernels = [np.sign(s[is_positive][:, None] - s[~is_positive][None, :]) / 2 + 0.5 for s in (score, other)]
    change = kernels[1] - kernels[0]
    parts = change.mean(axis=1).var(ddof=1) / 200, change.mean(axis=0).var(ddof=1) / 300
    low, high = areas.paired_difference(placed(is_positive, score), placed(is_positive, other))
    assert (low + high) / 2 == pytest.approx(change.mean())
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 199 + parts[1] ** 2 / 299)
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, freedom) * np.sqrt(sum(parts)))


def test_models_that_rank_alike_may_still_differ():
    is_positive, score = sample(np.random.default_rng(9), 0.8, 50, 50)
    low, high = areas.paired_difference(placed(is_positive, score), placed(is_positive, np.exp(score)))
    assert low == pytest.approx(-high)
    error = 0.5 / 50 * np.sqrt(2)
    assert high == pytest.approx(stats.t.ppf(0.975, 98) * error)


@pytest.mark.parametrize("changed", [0.01, 0.1, 0.5])
def test_a_paired_difference_is_covered_where_few_rows_change(changed):
    """Of the changed rows the second model lowers the score, if they are positive."""
    random = np.random.default_rng(10)

    def pair(rows):
        is_positive, score = sample(random, 0.7, rows, rows)
        lower = score - 1.5 * (is_positive & (random.random(2 * rows) < changed))
        return placed(is_positive, score), placed(is_positive, lower)

    first, second = pair(60_000)
    truth = second[0].mean() - first[0].mean()
    found = [areas.paired_difference(*pair(50)) for _ in range(400)]
    assert np.mean([low <= truth <= high for low, high in found]) >= 0.925
