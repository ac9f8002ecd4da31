"""Judging challengers: numbers from closed forms and scipy, error rates from simulated pipelines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hanalife.lifecycle import judging
from hanalife.lifecycle.judging import Answers, gain, judge, rests_until
from tests.benchmarks.retraining import ERROR_RATE, promoted, rolled_back

START = datetime(2026, 1, 5, tzinfo=UTC)


# --- numbers ----------------------------------------------------------------------------------


def test_the_gain_of_a_regression_is_that_of_a_paired_t_test():
    random = np.random.default_rng(1)
    truth, champion, challenger = random.normal(size=(3, 80))
    found = gain("MAE", Answers(truth, champion, challenger), 0.05)
    test = stats.ttest_rel(abs(champion - truth), abs(challenger - truth))
    low, high = test.confidence_interval(0.9)
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.rows == 80


def test_a_class_is_judged_by_the_exact_sign_test_too():
    """Nine rows gained and two lost: the interval is above 0, and so is chance's share above 2.5 %."""
    truth = np.zeros(200, int)
    champion, challenger = truth.copy(), truth.copy()
    champion[:9], challenger[9:11] = 1, 1
    found = gain("ACCURACY", Answers(truth, champion, challenger), 0.025)
    assert found.value == pytest.approx(7 / 200)
    assert found.low > 0
    assert stats.binomtest(9, 11, alternative="greater").pvalue > 0.025
    assert judge(found, 0.0, 0.025)[0] == "unknown"
    assert judge(gain("ACCURACY", Answers(truth, champion, challenger), 0.05), 0.0, 0.05)[0] == "better"


def test_areas_are_compared_in_pairs():
    """Two scores that rank alike differ by nothing, however few rows there are."""
    random = np.random.default_rng(2)
    truth, score = random.random(100) < 0.5, random.random(100)
    found = gain("AUC", Answers(truth, score, score**2), 0.05)
    assert found.value == pytest.approx(0)
    assert found.high - found.low < 1e-6
    assert judge(found, 0.01, 0.05)[0] == "not_better"


@pytest.mark.parametrize("metric", judging.METRICS)
def test_few_rows_tell_nothing_and_it_says_how_many_are_wanting(metric):
    nothing = np.zeros(8)
    word, reason = judge(gain(metric, Answers(nothing, nothing, nothing), 0.05), 0.0, 0.05)
    assert word == "unknown"
    assert "at least 12 more" in reason


def test_one_class_has_no_area():
    ones = np.ones(50)
    word, reason = judge(gain("AUC", Answers(ones.astype(bool), ones / 2, ones), 0.05), 0.0, 0.05)
    assert (word, "one class has 0 rows" in reason) == ("unknown", True)


def test_the_rows_that_are_said_to_decide_do():
    """With so many rows more of the same kind the verdict comes in about four cases of five."""
    random = np.random.default_rng(3)
    truth = np.zeros(100)
    first = gain("MAE", Answers(truth, random.normal(1.05, 0.5, 100), random.normal(1, 0.5, 100)), 0.05)
    reason = judge(first, 0.0, 0.05)[1]
    more = int(reason.split("about ")[1].split(" more")[0].replace(",", ""))
    shift, spread = first.value, (first.high - first.low) / 2 / stats.t.ppf(0.95, 99) * 10
    decided = 0
    for _ in range(400):
        differences = random.normal(shift, spread, 100 + more)
        known = np.full(100 + more, 10.0)
        found = gain("MAE", Answers(0 * known, known + differences, known), 0.05)
        decided += judge(found, 0.0, 0.05)[0] != "unknown"
    assert 0.7 < decided / 400 < 0.95


# --- error rates ------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", judging.METRICS)
@pytest.mark.parametrize("rows", [60, 300])
def test_hardly_any_pipeline_promotes_what_is_no_better(metric, rows):
    pipelines = 400
    surely = stats.binom.ppf(0.9999, pipelines, ERROR_RATE) / pipelines
    assert promoted(metric, [rows] * pipelines, 0.0) <= surely
    assert promoted(metric, [rows] * pipelines, -0.02) <= surely
    assert promoted(metric, [rows] * pipelines, 0.02, margin=0.02) <= surely
    assert rolled_back(metric, 100, rows, 0.0) <= stats.binom.ppf(0.9999, 100, ERROR_RATE) / 100


def test_what_is_much_better_is_promoted_and_what_is_much_worse_rolled_back():
    assert promoted("AUC", [600] * 100, 0.08) > 0.95
    assert rolled_back("ACCURACY", 50, 600, -0.1) > 0.95


# --- limits -----------------------------------------------------------------------------------

MOMENTS = st.lists(st.integers(0, 100).map(lambda hours: START + timedelta(hours=hours)), max_size=12)


@given(MOMENTS, st.integers(0, 120), st.integers(0, 30), st.none() | st.integers(1, 4), st.integers(1, 60))
def test_a_retraining_waits_exactly_as_long_as_the_limits_say(fitted, hours, cooldown, most, period):
    """It may begin as soon as the cooldown is over and the period behind it holds fewer than the most."""
    now, pause, stretch = START + timedelta(hours=hours), timedelta(hours=cooldown), timedelta(hours=period)
    fitted = [moment for moment in fitted if moment <= now]

    def allowed(moment):
        within = sum(moment - one < stretch for one in fitted)
        return all(moment - one >= pause for one in fitted) and (most is None or within < most)

    until = rests_until(fitted, now, pause, most, stretch)
    hourly = (now + timedelta(hours=one) for one in range(200))
    assert (until or now) == next(moment for moment in hourly if allowed(moment))
