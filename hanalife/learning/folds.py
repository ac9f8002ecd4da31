"""Which rows train and which judge. Pure: rows are positions, chance is a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanalife.errors import InvalidArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.intp]
    Fold = tuple[Positions, Positions]

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
