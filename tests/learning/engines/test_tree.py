"""A single tree: against scikit-learn called directly."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from tests.learning.engines.models import (
    classifier,
    confidence_of,
    diabetes,
    frame_of,
    predicted,
    regressor,
)
from tests.learning.models import flowers


@pytest.fixture(scope="module")
def data(shared_conn):
    return diabetes(shared_conn)


GIVEN = {"min_records_of_parent": 9, "min_records_of_leaf": 4, "max_depth": 5, "split_threshold": 0.001}
EXPECTED = {"min_samples_split": 9, "min_samples_leaf": 4, "max_depth": 5, "min_impurity_decrease": 0.001}


@pytest.mark.parametrize(("algorithm", "criterion"), [("cart", "gini"), ("C45", "entropy")])
def test_classes_are_those_of_scikit_learn(data, algorithm, criterion):
    frame, features, target = data
    model = classifier("DecisionTree", algorithm=algorithm, **GIVEN).fit(frame, key="ID", label="CLASS")
    direct = DecisionTreeClassifier(criterion=criterion, random_state=5, **EXPECTED).fit(features, target)
    found = predicted(model, frame)
    assert found["SCORE"].astype(int).tolist() == direct.predict(features).tolist()
    assert found["CONFIDENCE"].tolist() == confidence_of(direct.predict_proba(features)).tolist()
    shares = list(model.get_feature_importances().values())
    assert shares == pytest.approx(sorted(direct.feature_importances_, reverse=True))


def test_numbers_are_those_of_scikit_learn(data):
    frame, features, _ = data
    model = regressor("DecisionTree", **GIVEN).fit(frame.deselect("CLASS"), key="ID", label="AGE")
    direct = DecisionTreeRegressor(random_state=5, **EXPECTED).fit(features[:, :-1], features[:, -1])
    assert predicted(model, frame)["SCORE"].tolist() == direct.predict(features[:, :-1]).tolist()


def test_missing_numbers_take_a_branch_of_their_own(shared_conn):
    size = np.array([1.0, 2, np.nan, np.nan, 3, 1] * 8)
    frame = frame_of(shared_conn, {"SIZE": size, "KIND": np.where(np.isnan(size), 1, 0)})
    model = classifier("DecisionTree").fit(frame, key="ID", label="KIND")
    found = predicted(model, frame)
    assert found["SCORE"].astype(int).tolist() == np.isnan(size).astype(int).tolist()
    texts = model.model_[0].collect().sort_values("ROW_INDEX")["MODEL_CONTENT"].tolist()
    root, *leaves = json.loads(texts[1])
    assert (root["column"], root["missing"], root["rows"]) == ("0", "right", 48)
    assert sorted(leaf["values"] for leaf in leaves) == [[0, 1], [1, 0]]


@pytest.mark.parametrize("method", ["tree-shap", "saabas"])
def test_reasons_sum_to_the_probability_of_the_positive_class(data, method):
    frame, features, target = data
    model = classifier("DecisionTree", max_depth=4).fit(frame, key="ID", label="CLASS")
    direct = DecisionTreeClassifier(random_state=5, max_depth=4, min_impurity_decrease=1e-5).fit(features, target)
    found = model.predict(frame, key="ID", attribution_method=method).collect().sort_values("ID")
    for text, expected in zip(found["REASON_CODE"], direct.predict_proba(features)[:, 1], strict=True):
        assert sum(one["val"] for one in json.loads(text)) + target.mean() == pytest.approx(expected, abs=1e-5)


def test_reasons_of_categories_are_summed_to_their_feature(shared_conn):
    data = flowers(shared_conn)
    model = classifier("DecisionTree", max_depth=6).fit(data, key="NAME")
    found = predicted(model, data, key="NAME")
    reasons = [json.loads(text) for text in found["REASON_CODE"]]
    assert {one["attr"] for row in reasons for one in row} == {"COLOUR", "SIZE", "ZONE", "WILD"}
    shares = data.collect()["KIND"].value_counts(normalize=True)
    for row, kind, confidence in zip(reasons, found["SCORE"], found["CONFIDENCE"], strict=True):
        assert sum(one["val"] for one in row) + shares[kind] == pytest.approx(confidence, abs=1e-5)
    assert set(model.get_feature_importances()) == {"COLOUR", "SIZE", "ZONE", "WILD"}


def test_priors_are_the_shares_that_classes_have(data):
    frame, features, target = data
    model = classifier("DecisionTree", max_depth=3)
    model.fit(frame, key="ID", label="CLASS", priors=[(1, 0.8)])
    weights = np.where(target == 1, 0.8 / target.mean(), 0.2 / (1 - target.mean()))
    direct = DecisionTreeClassifier(random_state=5, max_depth=3, min_impurity_decrease=1e-5)
    direct.fit(features, target, weights)
    assert predicted(model, frame)["CONFIDENCE"].to_numpy() == pytest.approx(
        confidence_of(direct.predict_proba(features))
    )
    assert dict(model.get_fit_parameters())["PRIORS"] == {"1": 0.8}


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"priors": [("2", 0.5)]}, InvalidArgumentError, "priors: 2 is no class; the classes are: 0, 1"),
        ({"priors": {"0": 0.7, "1": 0.4}}, InvalidArgumentError, "priors: the shares of all classes sum to 1.1"),
        ({"priors": [(0, 1.0)]}, InvalidArgumentError, "priors: nothing is left for 1"),
        ({"priors": [(0, 0.0)]}, InvalidArgumentError, "priors: expected a number above 0, got 0"),
        ({"priors": [(0, 0.1), ("0", 0.2)]}, InvalidArgumentError, "priors: a name stands there twice"),
        ({"priors": 0.5}, ArgumentTypeError, r"priors: expected a list of \(name, number\), got 0.5"),
        ({"priors": [(0, "half")]}, ArgumentTypeError, "priors: expected float, got 'half'"),
        ({"bins": [("AGE", 1)]}, InvalidArgumentError, "bins: expected a number of at least 2"),
    ],
)
def test_bad_fit_keywords(data, given, error, said):
    with pytest.raises(error, match=said):
        classifier("DecisionTree").fit(data[0], key="ID", label="CLASS", **given)


def test_bins_change_nothing_and_say_so(data, caplog):
    classifier("DecisionTree").fit(data[0].filter("ID < 99"), key="ID", label="CLASS", bins=[("AGE", 5)])
    assert "bins={'AGE': 5.0} has no effect here" in caplog.text


@pytest.mark.parametrize("make", [classifier, regressor])
def test_a_percentage_cuts_the_tree_back(data, make):
    frame, label = data[0], "CLASS" if make is classifier else "BMI"
    rows = frame.filter("ID < 500")
    full, cut = (make("DecisionTree", percentage=share).fit(rows, key="ID", label=label) for share in (1.0, 0.7))
    sizes = [len(json.loads(model.model_[0].collect()["MODEL_CONTENT"][1])) for model in (full, cut)]
    assert sizes[1] < sizes[0] / 3
    statistic = "ACCURACY" if make is classifier else "R2"
    later = frame.filter("ID >= 500")
    scores = [
        dict(model.score(later, key="ID", label=label)[1].collect().iloc[:, :2].itertuples(index=False))[statistic]
        for model in (full, cut)
    ]
    assert float(scores[1]) > float(scores[0])


def test_a_percentage_that_leaves_no_row_is_refused(data):
    with pytest.raises(InvalidArgumentError, match=r"percentage: 0\.99 of 20 rows leaves one part empty"):
        regressor("DecisionTree", percentage=0.99).fit(data[0].filter("ID < 20"), key="ID", label="BMI")


def test_chaid_is_refused():
    with pytest.raises(NotSupportedError, match="algorithm: 'chaid' works in SAP HANA only; use one of c45, cart"):
        classifier("DecisionTree", algorithm="chaid")
