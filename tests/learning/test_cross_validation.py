"""A search gives the scores of the straightforward way, to the last bit."""

from __future__ import annotations

import itertools
import logging
import threading

import numpy as np
import pytest
import xgboost
from hypothesis import given as drawing
from hypothesis import strategies as st
from sklearn.metrics import make_scorer, zero_one_loss
from sklearn.model_selection import cross_val_score

from hanalife.errors import InvalidArgumentError
from hanalife.learning import folds, scoring
from hanalife.learning.cross_validation import judge
from hanalife.learning.engines.boosting import Boosting
from hanalife.learning.engines.engine import Rows
from hanalife.learning.evaluation import by_name
from hanalife.learning.parameters.boosting import CLASSIFICATION as BOOSTING
from hanalife.learning.parameters.parameter import in_force
from hanalife.learning.problem import Problem


def make_rows(n_classes, seed=0, rows=240):
    random = np.random.default_rng(seed)
    features = random.normal(size=(rows, 5)).astype(np.float32)
    features[:, 4] = random.integers(6, size=rows)
    features[random.random((rows, 5)) < 0.05] = np.nan
    margin = np.nan_to_num(features[:, 0]) + (features[:, 4] % 2 == 1) + random.normal(size=rows) / 2
    codes = np.digitize(margin, np.quantile(margin, np.arange(1, n_classes) / n_classes))
    return Rows(features, codes)


GRID = [
    {"learning_rate": rate, "n_estimators": trees, "split_threshold": gain}
    for rate, trees, gain in itertools.product([0.1, 0.7], [3, 8, 5], [0.1, 1.0])
]
METRICS = ("error_rate", "auc", "nll")


def search(rows, n_classes, categorical, given, candidates=GRID, **options):
    base = in_force(BOOSTING, {"random_state": 123, **given})
    names = [str(code) for code in range(n_classes)]
    metrics = {name: by_name.metric(name, names) for name in METRICS}
    parts = folds.cv(len(rows.target), 4, 123)
    engine = Boosting(Problem(n_classes, categorical))
    return judge(engine, rows, parts, candidates, base, metrics, **options), parts, base


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"subsample": 0.6, "col_subsample_split": 0.5, "col_subsample_tree": 0.8},
        {"split_method": "sketch"},
        {"split_method": "exact"},
        {"obj_func": "softmax", "adopt_prior": True},
        {"max_bin_num": 8, "thread_ratio": 0.0},
    ],
    ids=str,
)
def test_every_fold_scores_as_if_each_candidate_were_trained_alone(n_classes, given):
    rows = make_rows(n_classes)
    categorical = (False,) * 4 + (given.get("split_method") != "exact",)
    found, parts, base = search(rows, n_classes, categorical, given)
    assert [one.candidate for one in found.judged] == GRID
    for one in found.judged:
        for fold, (train, test) in enumerate(parts):
            engine = Boosting(Problem(n_classes, categorical))
            alone = engine.train(rows.take(train), {**base, **one.candidate})
            probabilities = engine.outputs(alone, rows.features[test])
            for name in METRICS:
                expected = by_name.metric(name, [str(code) for code in range(n_classes)])
                assert one.scores[name][fold] == expected(rows.target[test], probabilities)


def test_candidates_that_stop_early_are_trained_alone_and_it_is_said(caplog):
    rows = make_rows(2)
    given = {"validation_set_rate": 0.3, "tolerant_iter_num": 1}
    with caplog.at_level(logging.INFO):
        found, parts, base = search(rows, 2, (False,) * 5, given)
    assert "candidates stop early, each by itself" in caplog.text
    engine = Boosting(Problem(2, (False,) * 5))
    for one in found.judged:
        for fold, (train, test) in enumerate(parts):
            outputs = engine.outputs(engine.train(rows.take(train), {**base, **one.candidate}), rows.features[test])
            assert one.scores["nll"][fold] == by_name.metric("nll", ["0", "1"])(rows.target[test], outputs)


@drawing(st.integers(1, 8), st.lists(st.integers(0, 4), min_size=1, max_size=20), st.integers(1, 9), st.data())
def test_folds_left_over_are_cut_between_groups(count, group_of, workers, data):
    groups = [[place for place, one in enumerate(group_of) if one == group] for group in dict.fromkeys(group_of)]
    positions = st.lists(st.sampled_from(range(len(group_of))), min_size=1, unique=True).map(sorted)
    missing = [(fold, data.draw(positions)) for fold in range(count)]
    pieces = list(scoring._cut(missing, groups, workers))
    found = [(fold, position) for fold, some in pieces for position in some]
    assert sorted(found) == [(fold, position) for fold, some in missing for position in some], "each once"
    for fold, some in missing:
        parts = [part for part_fold, part in pieces if part_fold == fold]
        assert all(sum(bool({*part} & {*group}) for part in parts) <= 1 for group in groups)
        sizes = [sum(bool({*part} & {*group}) for group in groups) for part in parts]
        assert max(sizes) - min(sizes) <= 1
        assert some[0] != 0 or parts[0][0] == 0, "the first candidate is never left out"
    whole = count - count % workers
    assert pieces[:whole] == missing[:whole]


def test_scores_are_those_of_scikit_learn():
    rows = make_rows(2)
    found, parts, _ = search(rows, 2, (False,) * 5, {})
    for one in found.judged[::5]:
        model = xgboost.XGBClassifier(
            n_estimators=one.candidate["n_estimators"],
            learning_rate=one.candidate["learning_rate"],
            gamma=one.candidate["split_threshold"],
            max_depth=6,
            reg_alpha=1.0,  # HANA's default, not XGBoost's
            base_score=0.5,
            tree_method="hist",
            random_state=123,
            n_jobs=1,
        )
        wrong = cross_val_score(model, rows.features, rows.target, cv=parts, scoring=make_scorer(zero_one_loss))
        areas = cross_val_score(model, rows.features, rows.target, cv=parts, scoring="roc_auc")
        assert one.scores["error_rate"] == pytest.approx(wrong, rel=1e-14)
        assert one.scores["auc"] == pytest.approx(areas, rel=1e-14)


def test_the_best_mean_wins_and_the_first_of_equals():
    found, *_ = search(make_rows(2), 2, (False,) * 5, {})
    means = [np.mean(one.scores["error_rate"]) for one in found.judged]
    assert found.best is found.judged[int(np.argmin(means))]
    again, *_ = search(make_rows(2), 2, (False,) * 5, {}, candidates=[GRID[0], GRID[0]])
    assert again.best is again.judged[0]


def test_mean_and_variance_are_of_the_folds():
    found, *_ = search(make_rows(2), 2, (False,) * 5, {})
    scores = found.best.scores["auc"]
    assert found.best.mean("auc") == pytest.approx(np.mean(scores))
    assert found.best.variance("auc") == pytest.approx(np.var(scores, ddof=1))


def test_progress_counts_in_the_callers_thread():
    calls = []
    search(
        make_rows(2), 2, (False,) * 5, {}, progress=lambda *call: calls.append((*call[:2], threading.current_thread()))
    )
    total = 4 * len(GRID)
    assert [call[:2] for call in calls] == [(done, total) for done in range(total + 1)]
    assert {call[2] for call in calls} == {threading.current_thread()}


def test_a_search_stops_at_its_timeout_and_keeps_what_is_complete(caplog):
    clock = itertools.count()  # a second passes whenever anyone looks
    candidates = [{"learning_rate": rate / 100} for rate in range(1, 101)]
    found, *_ = search(
        make_rows(2), 2, (False,) * 5, {}, candidates=candidates, timeout_seconds=60, now=lambda: next(clock)
    )
    assert found.timed_out
    assert 0 < len(found.judged) < 100
    assert f"{len(found.judged)} of 100 candidates" in caplog.text
    assert len(found.judged) > 5, "all folds go on at once"
    first, *_ = search(make_rows(2), 2, (False,) * 5, {}, timeout_seconds=1, now=itertools.count(0, 5).__next__)
    assert [one.candidate for one in first.judged] == GRID[:1]


def test_an_error_in_a_thread_reaches_the_caller_and_ends_the_others():
    rows = make_rows(2)
    broken = Rows(rows.features, rows.target - 5)
    with pytest.raises(xgboost.core.XGBoostError):
        search(broken, 2, (False,) * 5, {})
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hanalife-fold")]


def test_a_caller_that_stops_listening_stops_the_threads():
    def interrupt(done, _total, _scores):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(make_rows(2), 2, (False,) * 5, {}, progress=interrupt)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("hanalife-fold")]


def test_a_metric_that_no_fold_defines_is_refused_with_a_remedy():
    rows = make_rows(2)
    one_class_each = [(np.flatnonzero(rows.target != code), np.flatnonzero(rows.target == code)) for code in (0, 1)]
    metrics = {"auc": by_name.metric("auc", ["0", "1"])}
    base = in_force(BOOSTING, {"random_state": 1})
    with pytest.raises(InvalidArgumentError, match="use resampling_method='stratified_cv'"):
        judge(Boosting(Problem(2, (False,) * 5)), rows, one_class_each, [{}], base, metrics)
