"""Intervals of mean losses: against SciPy's bootstrap, closed forms, and by how often they cover."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hanalife.confidence import losses
from hanalife.confidence.interval import Withheld


def test_of_many_rows_it_is_students_on_the_logarithm():
    values = np.random.default_rng(1).exponential(size=3_000)
    error = values.std(ddof=1) / np.sqrt(3_000) / values.mean()
    expected = values.mean() * np.exp(np.array([-1, 1]) * stats.t.ppf(0.975, 2_999) * error)
    assert losses.mean(values) == pytest.approx(expected)


def test_of_few_rows_it_holds_students_and_a_bootstrap_t():
    values = np.random.default_rng(2).exponential(size=60)
    low, high = losses.mean(values)
    half = stats.t.ppf(0.975, 59) * values.std(ddof=1) / np.sqrt(60) / values.mean()
    assert low <= values.mean() * np.exp(-half)
    assert high >= values.mean() * np.exp(half)
    random = np.random.default_rng(3)
    drawn = values[random.integers(0, 60, (4_000, 60))]
    distance = (drawn.mean(axis=1) - values.mean()) / (drawn.std(axis=1, ddof=1) / np.sqrt(60))
    studentized = values.mean() - np.quantile(distance, 0.025) * values.std(ddof=1) / np.sqrt(60)
    assert high >= studentized * 0.97, "the plain bootstrap-t, drawn by another seed"
    assert high < studentized * 1.1


def test_a_ratio_is_that_of_its_influence():
    random = np.random.default_rng(4)
    above, below = random.exponential(size=(2, 2_500))
    relative = above / above.mean() - below / below.mean()
    half = stats.t.ppf(0.975, 2_499) * relative.std(ddof=1) / 50
    value = above.mean() / below.mean()
    assert losses.ratio(above, below) == pytest.approx((value * np.exp(-half), value * np.exp(half)))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (losses.mean(np.ones(49)), "49 rows, fewer than 50"),
        (losses.mean(np.zeros(100)), "all are 0, so that nothing tells how far others would be from it"),
        (
            losses.mean(np.ones(100)),
            "all rows have the same loss, so that nothing tells how far others would be from it",
        ),
        (losses.mean(np.append(np.zeros(99), 1.0)), "heavy tails: mean square over squared mean 100, not below 4"),
        (losses.mean_square(np.arange(199.0)), "199 rows, fewer than 200"),
        (
            losses.mean_square(np.append(np.zeros(25_000), 1.0)),
            "heavy tails: mean square over squared mean 2.5e+04, not below 8",
        ),
        (losses.median(np.arange(5.0)), "5 rows, too few for the median"),
    ],
)
def test_where_none_would_hold_its_level_there_is_none(found, reason):
    assert found == Withheld(reason)


@pytest.mark.parametrize("rows", [6, 9, 40, 101])
def test_the_median_lies_between_order_statistics(rows):
    """The binomial distribution tells how often so many of the values lie below the median."""
    low, high = losses.median(np.arange(1.0, rows + 1))
    rank = int(low)
    assert high == rows + 1 - rank
    assert 1 - 2 * stats.binom.cdf(rank - 1, rows, 0.5) >= 0.95
    assert 1 - 2 * stats.binom.cdf(rank, rows, 0.5) < 0.95, "the next ranks would hold less"


LAWS = {
    "normal": (lambda random, rows: random.normal(size=rows), np.sqrt(2 / np.pi), 1.0, stats.norm.ppf(0.75)),
    "Laplace": (lambda random, rows: random.laplace(size=rows), 1.0, 2.0, np.log(2)),
    "Student, 3 degrees": (
        lambda random, rows: random.standard_t(3, rows),
        2 * np.sqrt(3) / np.pi,
        3.0,
        stats.t.ppf(0.75, 3),
    ),
}


@pytest.mark.parametrize("law", LAWS)
def test_mean_and_median_of_absolute_errors_are_covered(law):
    draw, mean, _, median = LAWS[law]
    random = np.random.default_rng(6)
    errors = [np.abs(draw(random, 100)) for _ in range(400)]
    of_mean = [found for error in errors if not isinstance(found := losses.mean(error), Withheld)]
    assert len(of_mean) > 300
    assert 0.92 <= np.mean([low <= mean <= high for low, high in of_mean]) <= 0.985
    assert np.mean([low <= median <= high for low, high in map(losses.median, errors)]) >= 0.925


@pytest.mark.parametrize("law", LAWS)
def test_hardly_ever_is_a_wrong_interval_of_squares_shown(law):
    draw, _, square, _ = LAWS[law]
    random = np.random.default_rng(7)
    found = [losses.mean_square(draw(random, 200) ** 2) for _ in range(400)]
    shown = [bounds for bounds in found if not isinstance(bounds, Withheld)]
    assert sum(not low <= square <= high for low, high in shown) <= 0.09 * 400
    if law == "normal":
        assert len(shown) > 390
