"""Racing schedules against the tables that their authors and others published."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife.learning import halving

amounts = st.floats(1, 1000)
rates = st.floats(1.5, 6)


def table(bracket):
    return [(rung.candidates, round(rung.amount, 9)) for rung in bracket]


def test_hyperband_is_that_of_its_paper():
    # Li et al. 2018, table 1: R = 81, eta = 3.
    assert [table(bracket) for bracket in halving.hyperband(81, 1, 3)] == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


def test_hyperband_is_that_of_mlr3():
    # The manual of mlr3hyperband: eta = 2, from 1 to 8.
    assert [table(bracket) for bracket in halving.hyperband(8, 1, 2)] == [
        [(8, 1), (4, 2), (2, 4), (1, 8)],
        [(6, 2), (3, 4), (1, 8)],
        [(4, 4), (2, 8)],
        [(4, 8)],
    ]


@given(st.integers(0, 9))
def test_halving_spends_the_same_on_every_rung(power):
    # Jamieson & Talwalkar 2016: of n = 2^k arms, k + 1 rungs, half of them dropped after each.
    bracket = halving.successive_halving(2**power, 2**power, 1, 2)
    assert table(bracket) == [(2 ** (power - rung), 2**rung) for rung in range(power + 1)]
    assert {rung.candidates * rung.amount for rung in bracket} == {2**power}


@given(st.integers(1, 3000), amounts, st.floats(0.001, 1), rates, st.booleans(), st.booleans())
def test_a_bracket_ends_with_all_of_the_resource(candidates, most, share, rate, aggressive, exhaust):
    least = most * share
    bracket = halving.successive_halving(candidates, most, least, rate, aggressive=aggressive, exhaust=exhaust)
    assert bracket[0].candidates == candidates
    assert bracket[-1].amount == most
    assert bracket[0].amount >= least * (1 - 1e-6)
    for before, after in itertools.pairwise(bracket):
        assert after.amount == pytest.approx(before.amount * rate)
        assert 1 <= after.candidates <= max(1, (before.candidates + 1) / rate + 1e-6)
    if not exhaust:
        assert bracket[0].amount < least * rate * (1 + 1e-6), "as many rungs as the amounts allow"
    if aggressive and len(bracket) > 1:
        assert bracket[-1].candidates <= max(1, rate)


@given(st.integers(1, 400), st.integers(1, 200), st.integers(2, 5))
def test_hyperband_shares_out_so_many_candidates(candidates, most, rate):
    whole = halving.hyperband(most, 1, rate)
    shared = halving.hyperband(most, 1, rate, candidates)
    assert sum(bracket[0].candidates for bracket in shared) == candidates
    assert len(shared) == min(candidates, len(whole))
    for bracket, own in zip(shared, whole, strict=False):
        assert [rung.amount for rung in bracket] == [rung.amount for rung in own]
    total = sum(bracket[0].candidates for bracket in whole)
    assert halving.hyperband(most, 1, rate, total)[0][0].candidates == pytest.approx(
        whole[0][0].candidates, abs=len(whole)
    )


@given(st.integers(1, 500), rates)
def test_hyperband_spends_about_the_same_on_every_bracket(most, rate):
    brackets = halving.hyperband(most, 1, rate)
    budget = len(brackets) * most  # (s_max + 1) R, algorithm 1 of the paper
    for bracket in brackets:
        first = bracket[0].candidates * bracket[0].amount * len(bracket)
        assert budget * (1 - 1e-9) <= first <= budget + len(bracket) * bracket[0].amount + 1e-6
    assert len(brackets) == 1 + math.floor(math.log(most) / math.log(rate) + 1e-9)


@given(st.integers(1, 300), st.integers(1, 60), st.integers(1, 60), rates)
def test_a_final_ends_on_all_folds_with_ever_fewer_candidates(candidates, folds, fewest, rate):
    fewest = min(fewest, folds)
    stages = halving.final(candidates, folds, fewest, rate)
    assert bool(stages) == (fewest < folds)
    counts = [candidates, *(stage.candidates for stage in stages)]
    judges = [fewest, *(int(stage.amount) for stage in stages)]
    assert judges[-1] == folds
    assert judges == sorted(set(judges))
    for before, after in itertools.pairwise(counts):
        assert after == max(min(before, 2), math.ceil(before / rate - 1e-9))
    assert all(count > 2 for count in counts[1:-1]), "two go on to all folds at once"
