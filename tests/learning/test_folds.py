"""Folds and partitions: every row once, evenly, the same for the same seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife.errors import InvalidArgumentError
from hanalife.learning import folds

seeds = st.integers(1, 2**31 - 1)


def sizes(parts):
    return [len(test) for _, test in parts]


def check_cover(parts, rows):
    assert sorted(np.concatenate([test for _, test in parts])) == list(range(rows))
    for train, test in parts:
        assert sorted([*train, *test]) == list(range(rows))


@given(st.integers(2, 200), st.integers(2, 10), seeds)
def test_folds_cover_all_rows_evenly(rows, fold_num, seed):
    if fold_num > rows:
        with pytest.raises(InvalidArgumentError, match=f"use at most {rows}"):
            folds.cv(rows, fold_num, seed)
        return
    parts = folds.cv(rows, fold_num, seed)
    check_cover(parts, rows)
    assert max(sizes(parts)) - min(sizes(parts)) <= 1
    assert all((one[1] == other[1]).all() for one, other in zip(parts, folds.cv(rows, fold_num, seed), strict=True))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=120), st.integers(2, 6), seeds)
def test_stratified_folds_share_every_class_evenly(classes, fold_num, seed):
    codes = np.array(classes)
    smallest = np.unique(codes, return_counts=True)[1].min()
    if fold_num > smallest:
        with pytest.raises(InvalidArgumentError, match=f"smallest class has {smallest} rows"):
            folds.stratified_cv(codes, fold_num, seed)
        return
    parts = folds.stratified_cv(codes, fold_num, seed)
    check_cover(parts, len(codes))
    assert max(sizes(parts)) - min(sizes(parts)) <= 1
    for one in set(classes):
        counts = [int((codes[test] == one).sum()) for _, test in parts]
        assert max(counts) - min(counts) <= 1


@given(st.lists(st.integers(0, 4), min_size=1, max_size=100), st.floats(0.05, 1), seeds)
def test_a_partition_takes_the_same_share_of_each_stratum(strata, share, seed):
    strata = np.array(strata)
    marks = folds.partition(strata, len(strata), share, seed)
    assert set(marks) <= {1, 2}
    for one in np.unique(strata):
        members = marks[strata == one]
        assert abs((members == 1).sum() - share * len(members)) <= 0.5 + 1e-9
    assert (marks == folds.partition(strata, len(strata), share, seed)).all()


def test_another_seed_gives_other_rows():
    strata = np.zeros(100, dtype=int)
    one, other = (folds.partition(strata, len(strata), 0.5, seed) for seed in (1, 2))
    assert (one != other).any()
    assert any((a[1] != b[1]).any() for a, b in zip(folds.cv(100, 5, 1), folds.cv(100, 5, 2), strict=True))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=80), seeds, st.booleans())
def test_a_bootstrap_draws_as_many_and_judges_by_the_rest(classes, seed, stratified):
    codes = np.array(classes)
    if stratified and np.unique(codes, return_counts=True)[1].max() == 1:
        with pytest.raises(InvalidArgumentError, match="leaves out none"):
            folds.bootstrap(len(codes), seed, codes)
        return
    train, test = folds.bootstrap(len(codes), seed, codes if stratified else None)
    assert len(train) == len(codes)
    assert sorted({*train, *test}) == list(range(len(codes)))
    assert len(test) > 0
    assert not {*train} & {*test}
    if stratified:
        assert (np.unique(codes[train], return_counts=True)[1] == np.unique(codes, return_counts=True)[1]).all()
    assert (folds.bootstrap(len(codes), seed, codes if stratified else None)[0] == train).all()


def test_a_bootstrap_leaves_out_a_third():
    left_out = [len(folds.bootstrap(1000, seed)[1]) / 1000 for seed in range(1, 30)]
    assert np.mean(left_out) == pytest.approx(np.exp(-1), abs=0.01)  # Efron & Tibshirani 1993, chapter 17


@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=80), seeds, st.lists(st.floats(0.01, 1), min_size=2, max_size=4)
)
def test_a_larger_share_holds_the_smaller(classes, seed, shares):
    codes = np.array(classes)
    fold = folds.bootstrap(len(codes), seed)
    kinds = len(set(codes[fold[0]].tolist()))
    parts = [folds.growing(fold, share, kinds, seed, codes) for share in sorted(shares)]
    for share, (train, test) in zip(sorted(shares), parts, strict=True):
        assert (test == fold[1]).all()
        assert len(train) == max(kinds, int(np.ceil(share * len(codes) - 1e-9)))
        assert len(set(codes[train].tolist())) == kinds, "every class is there from the start"
    for (smaller, _), (larger, _) in itertools.pairwise(parts):
        few, many = (np.bincount(one, minlength=len(codes)) for one in (smaller, larger))
        assert (few <= many).all()
    assert folds.growing(fold, 1.0, 1, seed, codes) is fold
