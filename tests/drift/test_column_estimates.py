"""Estimates of columns with rare values, against brute force, closed forms and their error rates."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from hanalife.drift import column_estimates, pooling, sparse, verdict
from hanalife.drift.two_values import TwoValues, roots, two_value_psi

MINIMUM = verdict.MINIMUM_PSI


def decide(estimate):
    """Return the verdict on a single column."""
    return verdict.judge({"x": ("psi", estimate, MINIMUM)}, verdict.ERROR_RATE)["x"].verdict


def seeded():
    return np.random.default_rng(0)


# --- two values -------------------------------------------------------------------------------------------


def test_shares_at_a_psi_are_those_of_a_root_finder():
    shares = np.array([0.02, 0.3, 0.6])
    below, above = roots(shares, 0.1)
    for share, low, high in zip(shares, below, above, strict=True):
        gap = lambda q, p=share: float(two_value_psi(p, q)) - 0.1  # noqa: E731
        assert low == pytest.approx(brentq(gap, 1e-12, share))
        assert high == pytest.approx(brentq(gap, share, 1 - 1e-12))
    assert np.isnan(roots(np.array([1e-4]), 0.1)[0]), "no share below is so far away"


@pytest.mark.parametrize("hits", [(0, 4), (2, 9), (5, 5), (1, 0)])
def test_the_exact_test_is_that_of_an_enumeration(hits):
    rows = 25, 30
    exact = TwoValues(hits, rows)
    distance = {
        (i, j): float(two_value_psi((i + 0.5) / (rows[0] + 1), (j + 0.5) / (rows[1] + 1)))
        for i, j in itertools.product(range(rows[0] + 1), range(rows[1] + 1))
    }
    farther = nearer = 0.0
    for share in exact._reference_shares():
        for current in (float(root[0]) for root in roots(np.array([share]), MINIMUM)):
            if np.isnan(current):
                continue
            chances = np.outer(
                binom.pmf(range(rows[0] + 1), rows[0], share), binom.pmf(range(rows[1] + 1), rows[1], current)
            )
            far = sum(chances[pair] for pair, psi in distance.items() if psi >= distance[hits] - 1e-12)
            near = sum(chances[pair] for pair, psi in distance.items() if psi <= distance[hits] + 1e-12)
            farther, nearer = max(farther, far), max(nearer, near)
    assert exact.probability_above(MINIMUM) == pytest.approx(min(1, farther + 0.001), abs=1e-6)
    assert exact.probability_below(MINIMUM) == pytest.approx(min(1, nearer + 0.001), abs=1e-6)


def test_a_rare_flag_in_few_rows_is_unknown_and_one_in_many_is_not():
    assert decide(column_estimates.of_values([1, 49], [0, 50], seeded())) == "unknown"
    assert decide(column_estimates.of_values([0, 50], [5, 45], seeded())) == "unknown"
    assert decide(column_estimates.of_values([10, 990], [9, 991], seeded())) == "no_drift"
    assert decide(column_estimates.of_values([2, 198], [40, 160], seeded())) == "drift"


@pytest.mark.parametrize(
    ("rows", "expected"), [((50, 50), "unknown"), ((500, 500), "no_drift"), ((100_000, 20), "unknown")]
)
def test_one_value_alone_decides_only_with_enough_rows(rows, expected):
    assert decide(column_estimates.of_values([rows[0]], [rows[1]], seeded())) == expected


# --- many values ------------------------------------------------------------------------------------------


def test_terms_of_rare_values_have_no_bias():
    """Two current rows of each value in the mean, against reference shares that differ by value."""
    random = np.random.default_rng(1)
    p = np.full(400, 1 / 400)
    q = np.where(np.arange(400) % 2, 1.3, 0.7) / 400
    truth = ((p - q) ** 2 / ((p + q) / 2)).sum()
    found = []
    for _ in range(300):
        estimate = sparse.sparse_divergence(random.multinomial(800, p), random.multinomial(800, q), random)
        divergence = estimate.divergence
        found.append(divergence.value - divergence.freedom / divergence.scale)
    # A row without another of its value adds nothing: about the share of rows that have one is seen.
    assert np.mean(found) == pytest.approx(truth, abs=4 * np.std(found) / 300**0.5 + 0.1 * truth)


def test_values_that_all_have_rows_give_the_psi_of_before():
    from hanalife.drift import effects

    x, y = [100, 200, 300], [120, 180, 310]
    assert column_estimates.of_values(x, y, seeded()).divergence == effects.population_stability_index(x, y)


def test_the_share_of_unseen_values_is_goods():
    x = np.array([1] * 30 + [5] * 14)
    y = np.append(np.full(44, 2), [12])
    x = np.append(x, 0)
    found = sparse.arrivals(x, y)
    unseen, new = (30 + 0.5) / (100 + 1), 12 / 100
    assert found.freedom == 1
    assert found.value == pytest.approx((new - unseen) * np.log((new / (1 - new)) / (unseen / (1 - unseen))), rel=0.1)


def test_a_thinned_side_gives_the_same_for_a_seed_and_about_the_same_for_another():
    random = np.random.default_rng(2)
    p = np.full(300, 1 / 300)
    x, y = random.multinomial(20_000, p), random.multinomial(300, p)
    first, again, other = (sparse.sparse_divergence(x, y, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first.divergence.value == pytest.approx(other.divergence.value, rel=0.5)


def zipf(size):
    weights = 1 / np.arange(1, size + 1)
    return weights / weights.sum()


def tilted(shares, direction, psi):
    """Return shares at a PSI from others."""

    def at(power):
        moved = shares * np.exp(power * direction)
        return moved / moved.sum()

    def gap(power):
        moved = at(power)
        return ((moved - shares) * np.log(moved / shares)).sum() - psi

    return at(brentq(gap, 0, 30)) if psi else shares


CELLS = {
    "uniform 500": (np.full(500, 1 / 500), np.arange(500) % 2, (500, 500)),
    "Zipf 1,000": (zipf(1000), np.arange(1000) / 1000, (2_000, 2_000)),
    "Zipf 30": (zipf(30), np.arange(30) / 30, (50, 50)),
    "flag of 1 %": (np.array([0.01, 0.99]), np.array([1.0, 0.0]), (200, 200)),
    "flag of 1 %, unequal": (np.array([0.01, 0.99]), np.array([1.0, 0.0]), (5_000, 200)),
}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("psi", "wrong"), [(0.0, "drift"), (MINIMUM, "drift"), (2 * MINIMUM, "no_drift")])
def test_verdicts_on_rare_values_err_as_rarely_as_promised(cell, psi, wrong):
    shares, direction, rows = CELLS[cell]
    moved, random, draws = tilted(shares, direction, psi), np.random.default_rng(3), 80
    errors = 0
    for _ in range(draws):
        estimate = column_estimates.of_values(
            random.multinomial(rows[0], shares), random.multinomial(rows[1], moved), random
        )
        chance = estimate.probability_above(MINIMUM) if wrong == "drift" else estimate.probability_below(MINIMUM)
        errors += chance < verdict.ERROR_RATE
    assert errors <= binom.ppf(0.9999, draws, verdict.ERROR_RATE)


def test_half_of_all_values_vanish():
    random = np.random.default_rng(4)
    before, after = np.full(1000, 1 / 1000), np.append(np.full(500, 1 / 500), np.zeros(500))
    words = [
        decide(column_estimates.of_values(random.multinomial(1000, before), random.multinomial(1000, after), random))
        for _ in range(20)
    ]
    assert words == ["drift"] * 20


def test_a_column_of_keys_decides_nothing_and_says_why():
    keys = np.append(np.ones(1000), np.zeros(1000)), np.append(np.zeros(1000), np.ones(1000))
    found = column_estimates.of_values(*keys, seeded())
    assert decide(found) == "unknown"
    assert "100% of its rows have a value that no other row has" in found.undecided


# --- numbers, and counts that are no integers --------------------------------------------------------------


def test_thin_intervals_are_joined_and_atoms_are_not():
    joined = pooling.joined_neighbors(np.array([[3, 3, 3, 91], [2, 4, 1, 93]]), np.array([[900], [899]]))
    assert joined.tolist() == [[6, 94], [6, 94]], "a thin one at the end goes to the left"
    estimate = column_estimates.of_bins([*joined[0], 900], [*joined[1], 899], seeded())
    assert estimate.bins == 3
    assert decide(estimate) == "no_drift"


def test_counts_that_are_no_integers_need_two_thick_bins():
    found = column_estimates.of_shares([24.5, 0.7], [25.5, 0.2])
    assert decide(found) == "unknown"
    assert "leave one bin" in found.undecided
    many = column_estimates.of_shares(np.full(100, 1.5), np.full(100, 1.4))
    assert decide(many) == "unknown"
    pooled = column_estimates.of_shares([500.5, 400.1] + [1.5] * 100, [500.5, 400.1] + [1.5] * 100)
    assert "14% of the rows have rare values" in pooled.hidden
    assert decide(pooled) == "unknown"
    assert decide(column_estimates.of_shares([500.5, 400.1], [510.5, 390.1])) == "no_drift"
