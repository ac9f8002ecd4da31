"""The error rate over a pipeline's life, and gains that selected what they belong to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hanalife.lifecycle.judging import Gain
from hanalife.lifecycle.promotion import LIFE, YEAR, Budget, selected_interval, selected_text
from tests.benchmarks.retraining import CYCLES, ERROR_RATE, judged, lifetimes

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = st.lists(st.integers(0, 2_000), max_size=30)


# --- the budget -------------------------------------------------------------------------------


@given(DAYS, st.integers(1, 12))
def test_a_budget_of_a_year_never_has_more_attempts_in_any_year(days, attempts):
    """Comparisons are made whenever one is left; then no 365 days hold more than the budget."""
    budget, made = Budget(0.05, attempts, YEAR), []
    for moment in sorted(NOW + timedelta(days=day) for day in days):
        until = budget.refilled_at(made, moment)
        assert (until is None) == (budget.spent(made, moment) < attempts)
        if until is None:
            made.append(moment)
        else:
            assert until > moment
            assert budget.spent(made, until) < attempts, "and then there is one"
    for first in made:
        assert sum(first <= moment < first + timedelta(days=365) for moment in made) <= attempts


@given(DAYS)
def test_a_budget_for_life_never_comes_back(days):
    moments, budget = [NOW - timedelta(days=day) for day in days], Budget(0.05, 5, LIFE)
    assert budget.spent(moments, NOW) == len(moments)
    assert budget.refilled_at(moments, NOW) is None


# --- selected gains ---------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [0.0, 0.02])
@pytest.mark.parametrize("beyond", [0.3, 1.0, 3.0])
def test_the_interval_of_a_selected_gain_is_that_of_a_truncated_normal(beyond, margin):
    level, error = 0.001, 0.01
    quantile = stats.norm.ppf(1 - level)
    value = margin + error * (quantile + beyond)
    found = Gain(value, value - quantile * error, value + quantile * error, 400)
    low, high = selected_interval(found, margin, level)
    for bound, chance in ((low, 0.025), (high, 0.975)):
        cut = (margin + quantile * error - bound) / error
        above = stats.truncnorm.sf(value, cut, np.inf, loc=bound, scale=error)
        assert above == pytest.approx(chance, rel=1e-3)
    assert low < value
    assert "too high: it was selected by this number" in selected_text(found, margin, level)


def test_a_gain_that_was_barely_selected_has_no_lower_bound_in_sight():
    quantile = stats.norm.ppf(0.999)
    found = Gain(quantile * 0.01 + 1e-12, 1e-12, 0.02 * quantile, 400)
    assert selected_interval(found, 0.0, 0.001)[0] == -np.inf
    assert "the true gain is at most " in selected_text(found, 0.0, 0.001)


# --- rates ------------------------------------------------------------------------------------


def test_over_a_life_hardly_any_pipeline_promotes_what_is_no_better():
    lives = 60
    promoted, _ = lifetimes("ACCURACY", lives, 250, lambda _: np.zeros(CYCLES))
    assert promoted.any(axis=1).sum() <= stats.binom.ppf(0.9999, lives, ERROR_RATE)


def test_a_challenger_that_is_better_by_a_tenth_is_found_on_half_of_the_rows():
    """Of 400 rows held out the champion was trained on 200."""
    random = np.random.default_rng(5)
    found = sum(judged("AUC", random, 200, 0.1, ERROR_RATE / CYCLES)[0] for _ in range(100))
    assert found > stats.binom.ppf(0.0001, 100, 0.9)


def test_a_gain_that_is_measured_again_is_unbiased_and_the_selected_one_too_high():
    _, gains = lifetimes("ACCURACY", 25, 250, lambda random: random.normal(0, 0.06, CYCLES))
    selected, again = (gains[:, place] - gains[:, 2] for place in (0, 1))
    error = again.std(ddof=1) / np.sqrt(len(again))
    assert len(again) > 50
    assert abs(again.mean()) < 4 * error
    assert selected.mean() > 4 * error
