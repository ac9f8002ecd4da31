"""Curves against scikit-learn and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from hanalife.learning.evaluation import classification as evaluation
from hanalife.learning.evaluation import curves

NAMES = [
    "RANDOM_CUMGAINS",
    "RANDOM_LIFT",
    "RANDOM_CUMLIFT",
    "PERF_CUMGAINS",
    "PERF_LIFT",
    "PERF_CUMLIFT",
    "ROC_FPR",
    "ROC_TPR",
    "CUMGAINS",
    "LIFT",
    "CUMLIFT",
]


@st.composite
def rankings(draw):
    """Draw answers of both kinds, and scores with ties."""
    rows = draw(st.integers(2, 80))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    is_positive = np.concatenate([[True, False], random.random(rows - 2) < draw(st.floats(0.1, 0.9))])
    return is_positive, random.integers(draw(st.integers(1, 100)), size=rows) / 100


def ys(points):
    return [y for _, y in points]


@given(rankings())
def test_roc_has_the_corners_of_scikit_learns(drawn):
    is_positive, score = drawn
    found = curves.curves(is_positive, score, 20)
    fpr, tpr, _ = sk.roc_curve(is_positive, score, drop_intermediate=False)
    mine = np.array(ys(found["ROC_FPR"])), np.array(ys(found["ROC_TPR"]))
    # All points of the full curve lie on the straight lines between the corners: along a rising
    # curve the sum of both rates never stands still.
    assert np.interp(fpr + tpr, mine[0] + mine[1], mine[1]) == pytest.approx(tpr)
    assert len(mine[0]) <= len(fpr)
    assert sk.auc(*mine) == pytest.approx(evaluation.auc(is_positive, score))
    assert [x for x, _ in found["ROC_FPR"]] == list(range(len(mine[0])))


@given(rankings(), st.integers(1, 30))
def test_gains_and_lifts_belong_together(drawn, ntiles):
    is_positive, score = drawn
    found = curves.curves(is_positive, score, ntiles)
    assert list(found) == NAMES
    x = np.linspace(0, 1, ntiles + 1)
    share = is_positive.mean()
    for prefix in ("", "PERF_"):
        gains, lift, cumlift = (np.array(ys(found[prefix + name])) for name in ("CUMGAINS", "LIFT", "CUMLIFT"))
        assert [at for at, _ in found[f"{prefix}CUMGAINS"]] == pytest.approx(x)
        assert (gains[0], gains[-1]) == (0, pytest.approx(1))
        assert (np.diff(gains) >= -1e-12).all()
        assert cumlift[1:] == pytest.approx(gains[1:] / x[1:])
        assert np.cumsum(lift[1:]) / ntiles == pytest.approx(gains[1:])
        assert lift[0] == cumlift[0] == pytest.approx(1 / share)
    assert ys(found["PERF_CUMGAINS"]) == pytest.approx(np.minimum(1, x / share))
    assert (np.array(ys(found["CUMGAINS"])) <= np.array(ys(found["PERF_CUMGAINS"])) + 1e-12).all()


@given(st.integers(0, 2**32), st.integers(1, 10), st.integers(1, 10))
def test_lift_is_the_share_in_the_tile_by_the_share_in_all(seed, ntiles, per_tile):
    random = np.random.default_rng(seed)
    is_positive = np.append(random.random(ntiles * per_tile - 1) < 0.4, True)
    score = random.permutation(len(is_positive)).astype(float)  # no ties, whole tiles
    tiles = is_positive[np.argsort(-score)].reshape(ntiles, per_tile)
    found = curves.curves(is_positive, score, ntiles)
    assert ys(found["LIFT"])[1:] == pytest.approx(tiles.mean(axis=1) / is_positive.mean())


def test_equal_scores_rank_by_chance():
    found = curves.curves(np.array([True, False, False, False]), np.full(4, 0.5), 4)
    assert ys(found["CUMGAINS"]) == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    assert ys(found["ROC_TPR"]) == [0, 1]


def test_of_many_classes_lifts_begin_at_their_number():
    actual, probabilities = np.array([0, 1, 2, 1]), np.random.default_rng(3).dirichlet([1, 1, 1], size=4)
    found = curves.curves(*evaluation.one_vs_rest(actual, probabilities, 0), 20)
    assert found["CUMLIFT"][0] == found["PERF_LIFT"][0] == (0, pytest.approx(3))


def test_one_sided_answers_draw_what_is_defined():
    assert curves.curves(np.array([False, False]), np.array([0.1, 0.2]), 1) == {}
    found = curves.curves(np.array([True, True]), np.array([0.1, 0.2]), 2)
    assert "ROC_FPR" not in found
    assert ys(found["LIFT"]) == [1, 1, 1]


def test_a_fine_roc_curve_is_thinned_between_its_ends():
    random = np.random.default_rng(1)
    score = random.random(20_000)
    is_positive = random.random(20_000) < score
    found = curves.curves(is_positive, score, 20)
    assert len(found["ROC_FPR"]) == curves.MOST_ROC_POINTS
    area = sk.auc(ys(found["ROC_FPR"]), ys(found["ROC_TPR"]))
    assert area == pytest.approx(sk.roc_auc_score(is_positive, score), abs=1e-3)
    assert (found["ROC_FPR"][-1][1], found["ROC_TPR"][-1][1]) == (1, 1)


@pytest.mark.parametrize(("rows", "tiles"), [(19, 1), (20, 20), (1000, 20)])
def test_tiles_go_by_the_number_of_rows(rows, tiles):
    assert curves.default_ntiles(rows) == tiles
