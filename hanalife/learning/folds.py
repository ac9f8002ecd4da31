"""Which rows train and which judge. Pure: rows are positions, chance is a seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Fold = tuple[Positions, Positions]  # rows that train, rows that judge

TRAINING, VALIDATION = 1, 2


def cv(n_rows: int, fold_num: int, seed: int) -> list[Fold]:
    """Split rows at random into ``fold_num`` folds that differ by at most one row.

    Returns
    -------
    list of (train, test)
        Positions in ascending order; the tests together are all rows, each once.

    Raises
    ------
    InvalidArgumentError
        There are fewer rows than folds.
    """
    if fold_num > n_rows:
        raise InvalidArgumentError(f"fold_num: {fold_num} folds of {n_rows} rows; use at most {n_rows}.")
    order = np.random.default_rng(seed).permutation(n_rows)
    fold_of = np.empty(n_rows, dtype=np.intp)
    fold_of[order] = np.arange(n_rows) % fold_num
    return _folds(fold_of, fold_num)


def stratified_cv(codes: NDArray[Any], fold_num: int, seed: int) -> list[Fold]:
    """Split rows like :func:`cv`, each class of ``codes``, shape ``(n_rows,)``, evenly over the folds.

    Raises
    ------
    InvalidArgumentError
        A class has fewer rows than there are folds.
    """
    _, groups, counts = np.unique(codes, return_inverse=True, return_counts=True)
    if fold_num > counts.min():
        raise InvalidArgumentError(
            f"fold_num: {fold_num} folds, but the smallest class has {counts.min()} rows; "
            f"use at most {counts.min()}, or resampling_method='cv'."
        )
    order = np.random.default_rng(seed).permutation(len(codes))
    by_class = order[np.argsort(groups[order], kind="stable")]
    fold_of = np.empty(len(codes), dtype=np.intp)
    # Dealt out class after class, without a new start: the folds differ by at most one row.
    fold_of[by_class] = np.arange(len(codes)) % fold_num
    return _folds(fold_of, fold_num)


def bootstrap(n_rows: int, seed: int, strata: NDArray[Any] | None = None) -> Fold:
    """Draw as many rows as there are, with replacement; those never drawn judge.

    Parameters
    ----------
    n_rows : int
    seed : int
    strata : array, shape (n_rows,), optional
        Each stratum gives as many rows as it has.

    Returns
    -------
    (train, test)
        Positions in ascending order; train holds a row as often as it was drawn.

    Raises
    ------
    InvalidArgumentError
        No stratum has two rows, so that no row could be left out.
    """
    strata = np.zeros(n_rows, dtype=np.intp) if strata is None else strata
    order = np.argsort(strata, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(strata[order])) + 1)
    if max(len(one) for one in members) < 2:
        raise InvalidArgumentError(
            f"resampling_method: a bootstrap of {n_rows} rows leaves out none to judge by; give more rows of a class."
        )
    random = np.random.default_rng(seed)
    while True:  # of few rows, all may be drawn
        train = np.sort(np.concatenate([one[random.integers(len(one), size=len(one))] for one in members]))
        test = np.setdiff1d(np.arange(n_rows), train, assume_unique=True)
        if len(test):
            return train, test


def seeds(seed: int, times: int) -> list[int]:
    """Return one seed for each repetition; the first is the seed itself.

    >>> seeds(7, 3)[0], len(set(seeds(7, 3)))
    (7, 3)
    """
    return [seed, *(int(np.random.SeedSequence((seed, turn)).generate_state(1)[0]) for turn in range(1, times))]


def growing(fold: Fold, share: float, least: int, seed: int, strata: NDArray[Any] | None = None) -> Fold:
    """Return a fold that trains on a share of its rows; a larger share holds the smaller one.

    Parameters
    ----------
    fold : (train, test)
    share : float in (0, 1]
    least : int
        Train on so many rows at least, if there are.
    seed : int
        The same seed gives the same rows.
    strata : array, shape (n_rows,), optional
        By row, not by fold; each keeps its share, and its first row comes before all second rows.
    """
    train, test = fold
    wanted = min(len(train), max(least, math.ceil(share * len(train) - 1e-9)))
    if wanted == len(train):
        return fold
    order = np.random.default_rng(seed).permutation(len(train))
    if strata is not None:
        _, groups, counts = np.unique(strata[train[order]], return_inverse=True, return_counts=True)
        rank = np.empty(len(train), dtype=np.intp)
        for group in range(len(counts)):
            rank[groups == group] = np.arange(counts[group])
        order = order[np.argsort(rank / counts[groups], kind="stable")]
    return np.sort(train[order[:wanted]]), test


def _folds(fold_of: Positions, fold_num: int) -> list[Fold]:
    return [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(fold_num)]


def partition(strata: NDArray[Any] | None, n_rows: int, training_percent: float, seed: int) -> NDArray[np.int8]:
    """Mark each row 1 (training) or 2 (validation), the same share of each stratum.

    Parameters
    ----------
    strata : array, shape (n_rows,), optional
        The row's stratum; None: all rows are one.
    n_rows : int
    training_percent : float
        Share of training rows; a stratum's number is rounded to the nearest row, halves up.
    seed : int
        The same seed gives the same rows.
    """
    strata = np.zeros(n_rows, dtype=np.int8) if strata is None else strata
    order = np.random.default_rng(seed).permutation(n_rows)
    marks = np.full(n_rows, VALIDATION, dtype=np.int8)
    for stratum in np.unique(strata):
        members = order[strata[order] == stratum]
        marks[members[: int(np.floor(len(members) * training_percent + 0.5))]] = TRAINING
    return marks
