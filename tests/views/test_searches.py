"""Which candidate of a search is best, from the rows of its log."""

from __future__ import annotations

import itertools

import pytest

from hanalife import DataSets, MLExperiments, UnifiedClassification
from hanalife.views import answers, searches


def rows(*scores, metric="auc"):
    """Give rows of (candidate, rung, folds of the rung, scores by fold)."""
    return [
        {
            "CANDIDATE": candidate,
            "PARAMETERS": {"depth": candidate},
            "METRIC": metric,
            "FOLD": fold,
            "FOLDS": folds,
            "SCORE": score,
            "RUNG": rung,
        }
        for candidate, rung, folds, values in scores
        for fold, score in enumerate(values, 1)
    ]


def line(search, name):
    """Give the points of a line of the chart."""
    return next(each["points"] for each in search["chart"]["series"] if each["name"] == name)


def test_a_candidate_that_lacks_folds_is_not_the_best_whatever_its_mean():
    (search,) = searches.from_rows(rows((1, 1, 3, (0.7, 0.7, 0.7)), (2, 1, 3, (0.9, 0.9)), (3, 1, 3, (0.6, 0.8, 0.4))))
    assert search["best"] == 1
    assert [(each["candidate"], each["folds"], each["complete"]) for each in search["candidates"]] == [
        (1, 3, True),
        (3, 3, True),
        (2, 2, False),
    ]
    assert search["summary"] == (
        "Best of 2 complete candidates of 3: 0.7 (mean auc, cv, higher is better) with depth 1"
    )
    assert line(search, "best so far") == [(1, pytest.approx(0.7)), (3, pytest.approx(0.7))]


def test_while_no_candidate_is_complete_none_is_best():
    (search,) = searches.from_rows(rows((1, 1, 3, (0.7,)), (2, 1, 3, (0.9, 0.9))), is_active=True)
    assert search["best"] is None
    assert search["summary"] == "No candidate of 2 has a score on all 3 folds yet."
    assert line(search, "candidate") == []


def test_only_candidates_of_the_last_rung_are_compared():
    race = rows((1, 1, 1, (0.9,)), (2, 1, 1, (0.95,)), (3, 1, 1, (0.2,)), (1, 2, 2, (0.7, 0.7)), (3, 2, 2, (0.6, 0.9)))
    (search,) = searches.from_rows(race)
    assert [(each["candidate"], each["rung"], each["score"]) for each in search["candidates"]] == [
        (3, 2, 0.75),
        (1, 2, pytest.approx(0.7)),
        (2, 1, 0.95),
    ]
    assert search["summary"].startswith("Best of 2 complete candidates of 3 on rung 2: 0.75 ")
    assert line(search, "best so far") == [(1, pytest.approx(0.7)), (3, 0.75)]
    assert line(search, "earlier rungs") == [(2, 0.95)]


def test_a_rung_that_nobody_has_completed_does_not_count_yet():
    race = rows((1, 1, 1, (0.8,)), (2, 1, 1, (0.9,)), (1, 2, 2, (0.99,)))
    (search,) = searches.from_rows(race)
    assert (search["best"], search["candidates"][0]["score"]) == (2, 0.9)


def test_a_fold_where_the_metric_is_not_defined_counts_as_scored():
    (search,) = searches.from_rows(rows((1, 1, 2, (None, 0.7)), (2, 1, 2, (None, 0.8)), (3, 1, 2, (None, None))))
    assert (search["best"], search["total"]) == (2, 2)
    assert searches.from_rows(rows((1, 1, 1, (None,)))) == []


def test_rows_come_in_any_order_and_may_lack_the_number_of_folds():
    known = rows((1, 1, 2, (0.5, 0.5)), (2, 1, 2, (0.9,)), (3, 1, 2, (0.3, 0.4)), metric="rmse")
    for row in known:
        del row["FOLDS"]
    found = [searches.from_rows(order)[0]["best"] for order in itertools.permutations(known)]
    assert set(found) == {3}


def test_a_mean_of_zero_is_a_mean():
    (search,) = searches.from_rows(rows((1, 1, 1, (0.0,)), (2, 1, 1, (0.5,)), metric="error_rate"))
    assert search["best"] == 1
    assert line(search, "candidate") == [(1, 0.0), (2, 0.5)]


@pytest.mark.parametrize("method", ["stratified_cv", "stratified_cv_sha"])
def test_the_best_candidate_is_the_winner_of_the_fit(sqlite_conn, method):
    training, *_ = DataSets.load_diabetes_data(sqlite_conn)
    race = {"resource": "n_estimators", "max_resource": 8} if method.endswith("sha") else {"n_estimators": 4}
    model = UnifiedClassification(
        "HybridGradientBoostingTree",
        random_state=1,
        resampling_method=method,
        fold_num=3,
        evaluation_metric="auc",
        param_search_strategy="grid",
        param_values={"max_depth": [1, 2, 3, 6], "learning_rate": [0.05, 0.5]},
        **race,
    )
    MLExperiments(sqlite_conn, "S").autologging(model, run_name="searched")
    model.fit(training, key="ID", label="CLASS")
    with sqlite_conn.database.read() as connection:
        detail = answers.run(connection, model.run_id)
    optimal = {fact["name"]: float(fact["value"]) for fact in detail["optimal"]}
    (search,) = detail["searches"]
    best = search["candidates"][0]
    assert best["candidate"] == search["best"]
    assert {name: best["values"][name] for name in ("max_depth", "learning_rate")} == {
        name: optimal[name] for name in ("max_depth", "learning_rate")
    }
    assert detail["run"]["metrics"]["cv"]["AUC"] == pytest.approx(best["score"])
    assert line(search, "best so far")[-1][1] == pytest.approx(best["score"])
    assert (search["rungs"] > 1) == method.endswith("sha")
