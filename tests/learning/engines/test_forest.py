"""Random forests: against scikit-learn called directly."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from hanalife import UnifiedClassification
from hanalife.errors import InvalidArgumentError
from tests.learning.engines.models import (
    classifier,
    confidence_of,
    diabetes,
    predicted,
    regressor,
)

RDT = "RandomDecisionTree"


@pytest.fixture(scope="module")
def data(shared_conn):
    return diabetes(shared_conn)


def test_both_names_are_one_algorithm():
    assert [UnifiedClassification(name).func for name in ("RandomForest", "randomdecisiontree")] == ["RDT", "RDT"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"max_depth": 56, "min_impurity_decrease": 1e-5}),
        (
            {"n_estimators": 20, "max_features": 2, "max_depth": 4, "min_samples_leaf": 3, "sample_fraction": 0.5},
            {
                "n_estimators": 20,
                "max_features": 2,
                "max_depth": 4,
                "min_samples_leaf": 3,
                "max_samples": 384,
                "min_impurity_decrease": 1e-5,
            },
        ),
    ],
)
def test_classes_are_those_of_scikit_learn(data, given, expected):
    frame, features, target = data
    model = classifier(RDT, **given).fit(frame, key="ID", label="CLASS")
    direct = RandomForestClassifier(random_state=5, oob_score=True, **expected).fit(features, target)
    found = predicted(model, frame.head(100))
    assert found["CONFIDENCE"].tolist() == confidence_of(direct.predict_proba(features[found["ID"]])).tolist()
    assert found["SCORE"].astype(int).tolist() == direct.predict(features[found["ID"]]).tolist()
    shares = list(model.get_feature_importances().values())
    assert shares == pytest.approx(sorted(direct.feature_importances_, reverse=True))
    said = dict(model.statistics_.collect().iloc[:, :2].itertuples(index=False))
    assert json.loads(said["OUT_OF_BAG"]) == {"ERROR_RATE": pytest.approx(1 - direct.oob_score_)}


def test_numbers_are_those_of_scikit_learn(data):
    frame, features, _ = data
    model = regressor(RDT).fit(frame.deselect("CLASS"), key="ID", label="AGE")
    settings = {"min_samples_leaf": 5, "max_features": 1 / 3, "max_depth": 56, "min_impurity_decrease": 1e-9}
    direct = RandomForestRegressor(random_state=5, oob_score=True, **settings).fit(features[:, :-1], features[:, -1])
    rows = model.predict(frame.head(50), key="ID", attribution_method="no").collect()
    assert rows["SCORE"].tolist() == direct.predict(features[rows["ID"], :-1]).tolist()
    said = dict(model.statistics_.collect().itertuples(index=False))
    expected = np.sqrt(np.mean((direct.oob_prediction_ - features[:, -1]) ** 2))
    assert json.loads(said["OUT_OF_BAG"]) == {"RMSE": pytest.approx(expected)}


def test_the_error_out_of_bag_is_left_out_where_a_row_is_in_every_tree(data, caplog):
    caplog.set_level("INFO")
    model = classifier(RDT, n_estimators=2).fit(data[0], key="ID", label="CLASS")
    assert "OUT_OF_BAG" not in set(model.statistics_.collect()["STAT_NAME"])
    assert "raise n_estimators" in caplog.text


@pytest.mark.parametrize("keyword", ["priors", "strata"])
def test_shares_of_classes_are_how_often_their_rows_are_drawn(data, keyword):
    frame, features, target = data
    model = classifier(RDT, n_estimators=10).fit(frame, key="ID", label="CLASS", **{keyword: {"0": 0.1, "1": 0.9}})
    weights = np.where(target == 1, 0.9 / target.mean(), 0.1 / (1 - target.mean()))
    direct = RandomForestClassifier(10, max_depth=56, min_impurity_decrease=1e-5, max_samples=768, random_state=5)
    direct.fit(features, target, weights)
    found = predicted(model, frame.head(60))
    assert found["SCORE"].astype(int).tolist() == direct.predict(features[found["ID"]]).tolist()
    drawn = np.mean([target[rows].mean() for rows in direct.estimators_samples_])
    assert drawn == pytest.approx(0.9, abs=0.02)


def test_priors_and_strata_together_are_refused(data):
    with pytest.raises(InvalidArgumentError, match="priors, strata: both set the share"):
        classifier(RDT).fit(data[0], key="ID", label="CLASS", priors=[(0, 0.5)], strata=[(0, 0.5)])


def test_more_features_than_there_are_is_refused(data):
    searching = {"resampling_method": "cv", "param_search_strategy": "grid", "param_values": {"max_features": [2, 9]}}
    for given in ({"max_features": 9}, searching):
        with pytest.raises(InvalidArgumentError, match="max_features: 9 is more than the 8 features"):
            classifier(RDT, **given).fit(data[0], key="ID", label="CLASS")


def test_reasons_sum_to_the_prediction(data):
    frame, features, _ = data
    model = regressor(RDT, n_estimators=10, max_depth=6).fit(frame.deselect("CLASS"), key="ID", label="AGE")
    found = predicted(model, frame)
    sums = np.array([sum(one["val"] for one in json.loads(text)) for text in found["REASON"]])
    base = found["SCORE"].to_numpy() - sums
    assert base == pytest.approx(np.full(len(base), base[0]), abs=1e-3)
    assert base[0] == pytest.approx(features[:, -1].mean(), abs=1)
