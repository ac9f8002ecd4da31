"""Intervals of the numbers of an evaluation: how often they cover, and what is said where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from hanalife.learning.evaluation import classification, intervals, regression


@pytest.fixture(scope="module")
def of_classes():
    """Give the truth of two classes that overlap, and the intervals of 400 samples."""
    random = np.random.default_rng(11)

    def sample(rows):
        actual = (random.random(rows) < 0.4).astype(int)
        chance = 1 / (1 + np.exp(-(1.4 * actual - 0.7 + random.normal(size=rows))))
        return actual, np.column_stack([1 - chance, chance])

    truth = classification.evaluate(*sample(1_000_000), 1)
    return truth, [intervals.of_classes(*sample(300), 1) for _ in range(400)]


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
    """Give the truth of numbers with an error, and the intervals of 400 samples."""
    random = np.random.default_rng(12)

    def sample(rows):
        predicted = random.normal(5, 2, rows)
        return predicted + random.normal(size=rows), predicted

    truth = regression.evaluate(*sample(1_000_000))
    return truth, [intervals.of_numbers(*sample(400)) for _ in range(400)]


@pytest.mark.parametrize("metric", ["MAE", "RMSE", "R2", "EVAR", "WMAPE"])
def test_about_95_of_100_intervals_of_numbers_cover_the_truth(of_numbers, metric):
    truth, found = of_numbers
    covered = np.mean([low <= truth[metric] <= high for low, high in (one[metric] for one in found)])
    assert 0.915 <= covered <= 0.975


def test_what_is_not_defined_is_left_out_and_the_rest_says_why_it_has_no_interval():
    one_class = np.zeros(5, dtype=int)
    sure = np.column_stack([np.ones(5), np.zeros(5)])
    found = intervals.of_classes(one_class, sure, 1)
    assert not {("AUC", None), ("KAPPA", None), ("RECALL", 1)} & found.keys()
    assert found["ACCURACY", None][1] == 1
    few = intervals.of_classes(np.arange(12) % 2, np.column_stack([np.linspace(0, 1, 12), np.linspace(1, 0, 12)]), 1)
    assert intervals.reasons(few) == {
        ("AUC", None): "the smaller class has 6 rows, fewer than 20",
        ("KAPPA", None): "12 rows for 2 classes, fewer than 10 for each",
        ("MCC", None): "12 rows for 2 classes, fewer than 10 for each",
    }
    assert not intervals.bounds(few).keys() & intervals.reasons(few).keys()
    assert "R2" not in intervals.of_numbers(np.ones(5), np.arange(5.0))
    assert "MAPE" not in intervals.of_numbers(np.arange(5.0), np.ones(5))
    assert intervals.reasons(intervals.of_numbers(np.array([1.0]), np.array([1.0])))["MAE"] == "1 row, fewer than 50"


@pytest.mark.parametrize("rows", [3, 24, 60, 200, 600])
@pytest.mark.parametrize("law", ["normal", "cauchy", "constant"])
def test_no_bound_is_outside_of_what_is_possible(rows, law):
    random = np.random.default_rng(rows)
    actual = random.normal(size=rows)
    error = {"normal": random.normal(0, 3, rows), "cauchy": random.standard_cauchy(rows), "constant": 1.0}[law]
    found = intervals.bounds(intervals.of_numbers(actual, actual + error))
    assert all(low <= high for low, high in found.values())
    for name, (low, high) in found.items():
        assert high <= 1 if name in ("R2", "EVAR") else low >= 0
    code = (actual > 0).astype(int)
    chance = 1 / (1 + np.exp(-actual - error))
    for (name, _), (low, high) in intervals.bounds(
        intervals.of_classes(code, np.column_stack([1 - chance, chance]), 1)
    ).items():
        assert (-1 if name in ("KAPPA", "MCC") else 0) <= low <= high <= 1
