"""Intervals of kappa and MCC: against the delta method, and by how often they cover."""

from __future__ import annotations

import numpy as np
import pytest

from hanalife.confidence import agreement
from hanalife.confidence.interval import Withheld
from hanalife.learning.evaluation import classification


def test_of_many_rows_kappa_has_the_variance_of_fleiss_cohen_everitt():
    confusion = 100 * np.array([[44, 5, 1], [7, 20, 3], [9, 5, 6]])
    cells = confusion / confusion.sum()
    rows, columns = cells.sum(axis=1), cells.sum(axis=0)
    agreed, chance = np.trace(cells), (rows * columns).sum()
    # Fleiss, Cohen, Everitt 1969, Psychological Bulletin 72, formula 13
    total = sum(
        cells[i, j] * ((i == j) * (1 - chance) - (columns[i] + rows[j]) * (1 - agreed)) ** 2
        for i in range(3)
        for j in range(3)
    )
    error = np.sqrt((total - (agreed * chance - 2 * chance + agreed) ** 2) / confusion.sum()) / (1 - chance) ** 2
    (low, high), _ = agreement.kappa_and_mcc(confusion)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.06)
    assert (low + high) / 2 == pytest.approx(classification.kappa(confusion), abs=0.002)


def test_the_value_is_inside_and_the_range_is_kept():
    for confusion in ([[50, 0], [0, 10]], [[0, 30], [30, 0]], [[49, 0], [1, 0]], [[40, 9], [5, 6]]):
        counts = np.array(confusion)
        kappa, mcc = agreement.kappa_and_mcc(counts)
        for (low, high), value in ((kappa, classification.kappa(counts)), (mcc, classification.mcc(counts))):
            assert -1 <= low < high <= 1
            assert value is None or low <= value <= high
    assert agreement.kappa_and_mcc(np.array([[50, 0], [0, 10]]))[0][1] == 1


def test_the_seed_decides():
    counts = np.array([[40, 9], [5, 6]])
    assert agreement.kappa_and_mcc(counts) == agreement.kappa_and_mcc(counts)
    assert agreement.kappa_and_mcc(counts) != agreement.kappa_and_mcc(counts, seed=1)


def test_too_few_rows_and_too_many_classes_have_none():
    assert agreement.kappa_and_mcc(np.eye(3, dtype=int)) == Withheld("3 rows for 3 classes, fewer than 10 for each")
    assert agreement.kappa_and_mcc(np.eye(51, dtype=int)) == Withheld("51 classes, more than 50")


CELLS = {
    "rare, half of them recalled": [[0.93, 0.02], [0.025, 0.025]],
    "rare, hardly any recalled": [[0.94933, 0.00067], [0.049, 0.001]],
    "rare, nearly all recalled": [[0.9405, 0.0095], [0.001, 0.049]],
    "common": [[0.63, 0.07], [0.09, 0.21]],
}


@pytest.mark.parametrize("cell", CELLS)
def test_kappa_is_covered_with_rare_classes(cell):
    shares = np.array(CELLS[cell])
    truth = classification.kappa(np.round(shares * 100_000).astype(int))
    random = np.random.default_rng(14)
    drawn = random.multinomial(50, shares.ravel(), size=250).reshape(-1, 2, 2)
    found = [agreement.kappa_and_mcc(counts)[0] for counts in drawn]
    assert np.mean([low <= truth <= high for low, high in found]) >= 0.925
