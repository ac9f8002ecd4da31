"""Judging challengers: numbers from closed forms and scipy, error rates from simulated pipelines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

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


@pytest.mark.parametrize("error_rate", [0.05, 0.001])
@pytest.mark.parametrize("counts", [(0, 0, 60), (3, 0, 200), (9, 2, 200), (40, 60, 300), (60, 0, 60)])
def test_the_interval_of_a_class_is_where_the_likelihood_under_the_bound_gives_the_quantile(counts, error_rate):
    """Tango's statistic from its definition: the shares of both kinds of change that are likeliest given the bound."""
    gained, lost, rows = counts
    truth = np.zeros(rows, int)
    champion, challenger = truth.copy(), truth.copy()
    champion[:gained], challenger[gained : gained + lost] = 1, 1
    found = gain("ACCURACY", Answers(truth, champion, challenger), error_rate)
    for bound, sign in ((found.low, 1), (found.high, -1)):
        if abs(bound) == 1:
            continue

        def unlikely(losses, bound=bound):
            shares = np.array([losses + bound, losses, 1 - 2 * losses - bound]).clip(1e-300)
            return -(np.array([gained, lost, rows - gained - lost]) * np.log(shares)).sum()

        edges = max(0.0, -bound), (1 - bound) / 2
        losses = optimize.minimize_scalar(unlikely, bounds=edges, method="bounded", options={"xatol": 1e-12}).x
        statistic = (gained - lost - rows * bound) / np.sqrt(rows * (2 * losses + bound - bound**2))
        assert statistic == pytest.approx(sign * stats.norm.ppf(1 - error_rate), rel=1e-3)


@pytest.mark.parametrize("metric", judging.METRICS)
@pytest.mark.parametrize("differing", [0, 3, 19])
def test_models_that_answer_almost_alike_are_never_certain_to_be_alike(metric, differing):
    """The rows on which they differ are too few to say how much they differ elsewhere."""
    random = np.random.default_rng(2)
    truth = (np.arange(400) % 2).astype(int)
    champion = random.random(400) if metric == "AUC" else random.integers(2, size=400)
    challenger = champion.copy()
    some = random.choice(400, differing, replace=False)
    challenger[some] = -1 if metric == "AUC" else 1 - challenger[some]
    if metric == "AUC":  # a rank that moves moves others
        champion, challenger = np.round(champion, 1), np.round(champion, 1)
    found = gain(metric, Answers(truth.astype(bool) if metric == "AUC" else truth, champion, challenger), 0.05)
    word, reason = judge(found, 0.001, 0.05)
    assert word == "unknown"
    if metric == "ACCURACY":
        assert found.high - found.low > 2 / 400
    else:
        assert "of 400 rows, which does not tell how much they differ elsewhere" in reason


def test_a_difference_that_is_the_same_on_all_rows_has_an_interval():
    truth = np.zeros(50)
    found = gain("MAE", Answers(truth, truth + 3, truth + 1), 0.05)
    assert found.value == 2
    assert 1.8 < found.low < 2 < found.high < 2.2


def test_areas_are_compared_in_pairs():
    """The paired error is DeLong's: the covariance of the placements, row by row."""
    random = np.random.default_rng(2)
    truth = random.random(300) < 0.5
    champion, challenger = (truth + random.normal(size=300) for _ in range(2))
    champion, challenger = (stats.norm.cdf(one) for one in (champion, challenger))
    found = gain("AUC", Answers(truth, champion, challenger), 0.05)
    beaten = [(one[truth][:, None] > one[~truth]).astype(float) for one in (champion, challenger)]
    change = beaten[1] - beaten[0]
    parts = [change.mean(axis=axis).var(ddof=1) / change.shape[1 - axis] for axis in (0, 1)]
    weights = sum(part**2 / (change.shape[1 - axis] - 1) for axis, part in enumerate(parts))
    assert found.value == pytest.approx(change.mean())
    quantile = stats.t.ppf(0.95, sum(parts) ** 2 / weights)  # Welch's degrees of freedom
    assert found.high - found.low == pytest.approx(2 * quantile * np.sqrt(sum(parts)))


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
    assert "If the true gain is the measured one" in reason
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
