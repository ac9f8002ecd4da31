"""Intervals of shares: against exact binomial tails, a score test solved by SciPy, and exact coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from hanalife.confidence import shares
from hanalife.confidence.interval import Withheld

HITS = st.integers(1, 400).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(HITS)
def test_both_ends_leave_half_of_the_error_in_the_mid_p_tail(pair):
    hits, trials = pair
    low, high = shares.share(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1

    def above(chance):
        return stats.binom.sf(hits, trials, chance) + stats.binom.pmf(hits, trials, chance) / 2

    assert low == 0 if hits == 0 else above(low) == pytest.approx(0.025, abs=1e-6)
    assert high == 1 if hits == trials else above(high) == pytest.approx(0.975, abs=1e-6)


def test_it_lies_between_wilson_and_clopper_pearson_where_errors_are_rare():
    low, _ = shares.share(49, 50)
    exact, wilson = (stats.binomtest(49, 50).proportion_ci(method=method).low for method in ("exact", "wilson"))
    assert exact < low
    assert wilson < low
    assert isinstance(shares.share(0, 0), Withheld)


@pytest.mark.parametrize("rows", [50, 200])
def test_a_share_is_covered_however_rare_the_errors_are(rows):
    """Exact: all numbers of hits, each with its probability."""
    hits = np.arange(rows + 1)
    bounds = np.array([shares.share(int(number), rows) for number in hits])
    for chance in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999):
        inside = (bounds[:, 0] <= chance) & (chance <= bounds[:, 1])
        assert stats.binom.pmf(hits, rows, chance)[inside].sum() >= 0.918, chance


@given(st.integers(0, 200), st.integers(0, 200))
def test_f1_is_covered_as_the_share_of_hits_among_hits_and_errors(hits, misses):
    found = shares.f1_score(hits, misses)
    if hits + misses == 0:
        assert isinstance(found, Withheld)
        return
    low, high = shares.share(hits, hits + misses)
    assert found == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))
    assert found[0] <= 2 * hits / (2 * hits + misses) <= found[1]


def score_statistic(gained, lost, rows, difference):
    """Return the score statistic with the nuisance share fitted by SciPy, straight from the multinomial likelihood."""

    def loss(only_first):
        gains, stays = only_first + difference, 1 - 2 * only_first - difference
        return -(
            stats.multinomial.logpmf([gained, lost, rows - gained - lost], rows, [gains, only_first, stays])
            if min(gains, only_first, stays) > 0
            else -np.inf
        )

    ends = max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12
    only_first = optimize.minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-13}).x
    variance = rows * (2 * only_first + difference * (1 - difference))
    return (gained - lost - rows * difference) / np.sqrt(variance)


@pytest.mark.parametrize(("gained", "lost", "rows"), [(9, 2, 200), (3, 8, 50), (12, 12, 60), (1, 4, 1_000)])
def test_the_paired_difference_is_the_range_that_a_score_test_keeps(gained, lost, rows):
    low, high = shares.paired_difference(gained, lost, rows)
    assert score_statistic(gained, lost, rows, low) == pytest.approx(stats.norm.ppf(0.975), abs=1e-3)
    assert score_statistic(gained, lost, rows, high) == pytest.approx(-stats.norm.ppf(0.975), abs=1e-3)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.integers(0, n), st.just(n))))
def test_a_paired_difference_always_has_a_width(counts):
    gained, lost, rows = counts
    if gained + lost > rows:
        return
    low, high = shares.paired_difference(gained, lost, rows)
    assert -1 <= low <= (gained - lost) / rows <= high <= 1
    assert high - low > 1 / (rows + 4)
    mirrored = shares.paired_difference(lost, gained, rows)
    assert mirrored == pytest.approx((-high, -low), abs=1e-9)


@pytest.mark.parametrize("rows", [50, 200])
@pytest.mark.parametrize(("gains", "losses"), [(0.002, 0.0), (0.02, 0.0), (0.04, 0.02), (0.08, 0.02), (0.2, 0.1)])
def test_a_paired_difference_is_covered_where_models_hardly_differ(rows, gains, losses):
    """Exact: all pairs of counts that are likely."""
    most = 35 if rows == 50 else 75
    covered = 0.0
    for gained in range(most):
        for lost in range(most):
            chance = stats.multinomial.pmf(
                [gained, lost, rows - gained - lost], rows, [gains, losses, 1 - gains - losses]
            )
            if chance > 1e-6:
                low, high = shares.paired_difference(gained, lost, rows)
                covered += chance * (low <= gains - losses <= high)
    assert covered >= 0.93
