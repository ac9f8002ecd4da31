"""Searches as objects, keywords changed after construction, and what cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from hanalife import DataSets, UnifiedClassification, UnifiedRegression
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, UnknownParameterError
from hanalife.learning import folds
from hanalife.learning.evaluation import by_name
from hanalife.learning.model_selection import GridSearchCV, RandomSearchCV
from tests.learning.models import FEATURES, HGBT, make_model

CONTROL = {"resampling_method": "stratified_cv", "fold_num": 3, "random_state": 4}
RACE = {
    "resampling_method": "cv_sha",
    "param_search_strategy": "grid",
    "param_values": {"max_depth": [2, 3]},
}


@pytest.fixture
def data(sqlite_conn):
    return DataSets.load_diabetes_data(sqlite_conn)[0]


def test_a_grid_search_is_that_of_the_model(data):
    search = GridSearchCV(
        make_model(max_depth=2), {"learning_rate": np.array([0.1, 0.5]), "n_estimators": range(3, 9, 3)}, CONTROL, "auc"
    )
    assert search.fit(data, key="ID", label="CLASS") is None
    model = make_model(
        max_depth=2,
        param_search_strategy="grid",
        evaluation_metric="auc",
        param_values={"learning_rate": [0.1, 0.5], "n_estimators": [3, 6]},
        **CONTROL,
    ).fit(data, key="ID", label="CLASS")
    frames = [one.search_results_.collect().to_csv() for one in (search.estimator, model)]
    assert frames[0] == frames[1]
    rows = data.head(5).deselect("CLASS")
    expected = model.predict(rows, key="ID").collect()
    assert search.predict(rows, key="ID").collect().equals(expected)


def test_a_random_search_and_its_setters(data):
    search = RandomSearchCV(make_model(), {"max_depth": [1, 2, 3], "alpha": 0.5}, {"random_search_times": 2})
    with pytest.raises(KeyError, match="a search needs 'resampling_method'"):
        search.fit(data, key="ID", label="CLASS")
    search.set_resampling_method("bootstrap")
    search.set_scoring_metric("nll")
    search.set_timeout(600)
    search.set_seed(11)
    search.fit(data, key="ID", label="CLASS")
    given = search.estimator.hanaml_parameters["kwargs"]
    assert {name: given[name] for name in ("resampling_method", "evaluation_metric", "timeout", "random_state")} == {
        "resampling_method": "bootstrap",
        "evaluation_metric": "nll",
        "timeout": 600,
        "random_state": 11,
    }
    tried = search.estimator.search_results_.collect()
    assert (tried["CANDIDATE"].max(), tried["FOLD"].max(), set(tried["METRIC"])) == (2, 1, {"NLL"})


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("model", {}, CONTROL), ArgumentTypeError, "estimator: expected a UnifiedClassification"),
        ((None, [("max_depth", [1])], CONTROL), ArgumentTypeError, "param_grid: expected a dict"),
        ((None, {"max_depth": [1]}, "cv"), ArgumentTypeError, "train_control: expected a dict"),
        ((None, {"depth": [1]}, CONTROL), UnknownParameterError, "param_values: 'depth' is not.*max_depth"),
        ((None, {"max_depth": [1]}, {**CONTROL, "folds": 3}), UnknownParameterError, "'folds'.*did you mean fold_num"),
        ((None, {"max_depth": [1]}, {**CONTROL, "max_depth": 3}), UnknownParameterError, "'max_depth' is not a param"),
    ],
)
def test_a_search_refuses_what_its_model_would(arguments, error, said):
    model, *rest = arguments
    with pytest.raises(error, match=said):
        GridSearchCV(make_model() if model is None else model, *rest)


def test_a_keyword_can_be_changed_after_construction():
    model = make_model(resampling_method="cv")
    model.update_cv_params("fold_num", 4, int)
    model.update_cv_params("metric", "AUC", str)
    assert model.hanaml_parameters["kwargs"]["fold_num"] == 4
    assert dict(model.get_fit_parameters())["EVALUATION_METRIC"] == "AUC"
    before = dict(model.hanaml_parameters["kwargs"])
    for arguments, error, said in (
        (("fold_num", "4", int), ArgumentTypeError, "fold_num: expected int, got '4'"),
        (("fold_num", 1, int), InvalidArgumentError, "fold_num.*at least 2"),
        (("max_depth", 3, int), UnknownParameterError, "'max_depth' is not a parameter of the search"),
        (("param_values", {"max_depth": [2]}, dict), InvalidArgumentError, "add param_search_strategy"),
    ):
        with pytest.raises(error, match=said):
            model.update_cv_params(*arguments)
    assert model.hanaml_parameters["kwargs"] == before
    model.update_cv_params("fold_num", None)
    assert "fold_num" not in model.hanaml_parameters["kwargs"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resampling_method": "cv_hyperband"}, "'grid' is impossible; use 'random', or resampling_method='cv_sha'"),
        ({"param_values": None, "param_search_strategy": None}, "give param_values or param_range, or use 'cv'"),
        ({"param_search_strategy": None}, "'cv_sha' needs param_search_strategy='grid' or 'random'"),
        ({"resource": "n_estimators"}, "max_resource: resource='n_estimators' needs it"),
        ({"max_resource": 10}, "max_resource: with resource='data_size' all rows"),
        ({"resource": "max_iter"}, "resource: 'max_iter' is nothing that Hybrid.*use one of data_size, n_estimators"),
        (
            {"resource": "n_estimators", "max_resource": 9, "param_values": {"n_estimators": [2, 3]}},
            "resource: 'n_estimators' is given out by the race",
        ),
        ({"resource": "rows"}, "resource: expected one of automatic, data_size"),
        ({"reduction_rate": 1.0}, "reduction_rate.*above 1"),
        ({"min_resource_rate": 1.5}, "min_resource_rate.*at most 1"),
        (
            {"resampling_method": "cv_hyperband", "param_search_strategy": "random", "aggressive_elimination": True},
            "aggressive_elimination: only of '_sha'",
        ),
        ({"resampling_method": "cv", "aggressive_elimination": True}, "aggressive_elimination: only of a race"),
        ({"resampling_method": "cv", "resource": "n_estimators"}, "resource: only of a race"),
        ({"progress_indicator_id": ""}, "progress_indicator_id: expected 1 to 256 characters, got 0"),
    ],
)
def test_a_race_that_cannot_be_is_refused(changes, said):
    with pytest.raises(InvalidArgumentError, match=said):
        UnifiedClassification(HGBT, **{**RACE, **changes})


@pytest.mark.parametrize("method", ["stratified_cv", "stratified_bootstrap", "stratified_cv_sha"])
def test_numbers_have_no_classes_to_stratify_by(method):
    with pytest.raises(InvalidArgumentError, match=f"a number has none; use '{method.removeprefix('stratified_')}'"):
        UnifiedRegression(HGBT, **{**RACE, "resampling_method": method})


def test_automatic_takes_what_the_algorithm_has():
    model = UnifiedClassification(HGBT, **RACE, resource="automatic", max_resource=5)
    assert model._selection.race.resource == "n_estimators"
    model = UnifiedClassification("DecisionTree", **RACE, resource="automatic")
    assert model._selection.race.resource == "data_size"


@pytest.mark.parametrize("method", ["bootstrap", "stratified_bootstrap", "cv", "stratified_cv"])
def test_repetitions_are_a_straightforward_loop(data, method):
    model = make_model(resampling_method=method, repeat_times=3, fold_num=2, evaluation_metric="auc")
    model.fit(data, key="ID", label="CLASS")
    numbers = dict(model.statistics_.collect()[["STAT_NAME", "STAT_VALUE"]].itertuples(index=False))
    found = [float(score) for score in numbers["TEST_AUC"].split(", ")]

    rows = data.sort("ID").collect()
    features, target = rows[FEATURES].to_numpy(dtype=np.float32), rows["CLASS"].to_numpy()
    expected = []
    for seed in folds.seeds(7, 3):
        parts = {
            "bootstrap": lambda seed: [folds.bootstrap(len(rows), seed)],
            "stratified_bootstrap": lambda seed: [folds.bootstrap(len(rows), seed, target)],
            "cv": lambda seed: folds.cv(len(rows), 2, seed),
            "stratified_cv": lambda seed: folds.stratified_cv(target, 2, seed),
        }[method](seed)
        for train, test in parts:
            import xgboost

            alone = xgboost.XGBClassifier(
                n_estimators=5, max_depth=3, reg_alpha=1.0, base_score=0.5, learning_rate=0.3, n_jobs=1, random_state=7
            ).fit(features[train], target[train])
            area = by_name.metric("auc", ["0", "1"])
            expected.append(area(target[test], alone.predict_proba(features[test]).astype(float)))
    assert found == pytest.approx(expected, rel=1e-14)


def test_folds_above_the_smallest_class_are_refused_before_any_training(data, monkeypatch):
    from hanalife.learning.engines.boosting import Boosting

    monkeypatch.setattr(Boosting, "fold_outputs", None)
    monkeypatch.setattr(Boosting, "train", None)
    few = data.filter("CLASS = 0 OR ID < 8")
    smallest = few.filter("CLASS = 1").count()
    with pytest.raises(InvalidArgumentError, match=f"smallest class has {smallest} rows; use at most {smallest}"):
        make_model(resampling_method="stratified_cv", fold_num=smallest + 1).fit(few, key="ID", label="CLASS")


def diverging(rates, **given):
    """Return a search among networks, of which those with a high rate grow beyond all bounds on unscaled rows."""
    return UnifiedRegression(
        "MLP",
        activation="linear",
        output_activation="linear",
        hidden_layer_size=[4],
        max_iter=3,
        random_state=1,
        **{
            "resampling_method": "cv",
            "fold_num": 3,
            "param_search_strategy": "grid",
            "param_values": {"learning_rate": rates},
            "evaluation_metric": "rmse",
            **given,
        },
    )


@pytest.mark.parametrize("method", ["cv", "cv_sha"])
def test_a_candidate_that_diverges_fails_alone(data, method, caplog):
    model = diverging([1e-9, 1e6], resampling_method=method).fit(data, key="ID", features=FEATURES, label="CLASS")
    assert model.to_state().facts["chosen"] == {"learning_rate": 1e-9}
    tried = model.search_results_.collect()
    assert tried[tried["CANDIDATE"] == 2]["SCORE"].isna().all()
    assert tried[tried["CANDIDATE"] == 1]["SCORE"].notna().all()
    numbers = dict(model.statistics_.collect()[["STAT_NAME", "STAT_VALUE"]].itertuples(index=False))
    assert "the weights grew beyond all bounds" in numbers["FAILED_2"]
    assert "FAILED_1" not in numbers
    assert "the search goes on" in caplog.text


def test_if_all_candidates_fail_the_reasons_are_told(data):
    with pytest.raises(InvalidArgumentError, match=r"no candidate could be trained: .*beyond all bounds"):
        diverging([1e5, 1e6]).fit(data, key="ID", features=FEATURES, label="CLASS")
