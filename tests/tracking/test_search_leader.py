"""Which candidate leads a search."""

from __future__ import annotations

import pytest

from hanalife.observation import FoldScore
from hanalife.tracking.search_leader import SearchLeader


def score(candidate, fold, value, metric="auc", rung=1, folds=2):
    return FoldScore(candidate, {}, metric, fold, value, rung, folds)


def test_nobody_leads_before_a_candidate_is_complete():
    leader = SearchLeader()
    assert leader.add([score(1, 1, 0.9)]) == []
    assert leader.values() == {}
    assert leader.add([score(1, 2, 0.7)]) == [("auc", 1, pytest.approx(0.8))]
    assert leader.values() == {"auc": pytest.approx(0.8)}


def test_a_lucky_first_fold_does_not_lead():
    leader = SearchLeader()
    leader.add([score(1, 1, 0.7), score(1, 2, 0.7), score(2, 1, 0.99)])
    assert leader.values() == {"auc": pytest.approx(0.7)}


def test_the_last_rung_with_a_complete_candidate_decides():
    leader = SearchLeader()
    leader.add([score(1, 1, 0.9, folds=1), score(2, 1, 0.8, folds=1)])
    assert leader.values() == {"auc": 0.9}
    leader.add([score(2, 1, 0.6, rung=2)])
    assert leader.values() == {"auc": 0.9}, "on the second rung nobody is complete"
    leader.add([score(2, 2, 0.7, rung=2)])
    assert leader.values() == {"auc": pytest.approx(0.65)}


def test_the_first_metric_decides_and_the_others_are_the_same_candidate_s():
    leader = SearchLeader()
    for candidate, error, kappa in ((1, 0.2, 0.9), (2, 0.1, 0.5)):
        leader.add([score(candidate, 1, error, "error_rate", folds=1), score(candidate, 1, kappa, "kappa", folds=1)])
    assert leader.values() == {"error_rate": 0.1, "kappa": 0.5}


def test_a_metric_that_is_undefined_on_a_fold_is_the_mean_of_the_others():
    leader = SearchLeader()
    leader.add([score(1, 1, None), score(1, 2, 0.75), score(2, 1, None), score(2, 2, None)])
    assert leader.values() == {"auc": 0.75}


def test_of_equals_the_first_leads():
    leader = SearchLeader()
    leader.add([score(candidate, 1, 0.5, folds=1) for candidate in (2, 1)])
    leader.add([score(1, 1, 0.1, "mae", folds=1), score(2, 1, 0.2, "mae", folds=1)])
    assert leader.values() == {"auc": 0.5, "mae": 0.1}
