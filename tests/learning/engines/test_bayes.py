"""Naive Bayes: against scikit-learn's two models, and against the product that it is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import special, stats
from sklearn.naive_bayes import CategoricalNB, GaussianNB

from hanalife import DataSets
from hanalife.learning.engines.bayes import NaiveBayes
from hanalife.learning.engines.intervals import edges
from hanalife.learning.problem import Problem
from tests.learning.engines.models import FLOWER, classifier, confidence_of, diabetes, frame_of, predicted


def test_numbers_are_those_of_scikit_learn(shared_conn):
    frame, features, target = diabetes(shared_conn)
    model = classifier("NaiveBayes").fit(frame, key="ID", label="CLASS")
    scaled = features / features.std(axis=0)  # its smoothing goes by the largest variance of all columns
    expected = GaussianNB().fit(scaled, target).predict_proba(scaled)
    assert predicted(model, frame)["CONFIDENCE"].to_numpy() == pytest.approx(confidence_of(expected), rel=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 3.0])
def test_categories_are_those_of_scikit_learn(shared_conn, alpha):
    random = np.random.default_rng(8)
    codes = random.integers(4, size=(200, 3))
    target = (codes.sum(axis=1) + random.integers(3, size=200) > 5).astype(int)
    frame = frame_of(shared_conn, {**{f"C{place}": codes[:, place] for place in range(3)}, "TARGET": target})
    model = classifier("NaiveBayes", alpha=alpha)
    model.fit(frame, key="ID", label="TARGET", categorical_variable=["C0", "C1", "C2"])
    direct = CategoricalNB(alpha=max(alpha, 1e-10)).fit(codes, target)
    found = predicted(model, frame)["CONFIDENCE"].to_numpy()
    assert found == pytest.approx(confidence_of(direct.predict_proba(codes)))


def test_numbers_and_categories_multiply_and_missing_values_are_left_out(shared_conn):
    size = np.array([1.0, 2.0, np.nan, 1.5, 6.0, 7.0, 9.0, 8.0])
    colour = np.array(["red", "red", "blue", None, "blue", "blue", "red", "blue"], dtype=object)
    target = np.repeat([0, 1], 4)
    frame = frame_of(shared_conn, {"SIZE": size, "COLOUR": colour, "TARGET": target})
    model = classifier("NaiveBayes", alpha=1.0).fit(frame, key="ID", label="TARGET")
    found = predicted(model, frame)
    of_size = np.array([stats.norm.pdf(size, m, s) for m, s in ((1.5, np.sqrt(1 / 6)), (7.5, np.sqrt(1.25)))]).T
    share = {"red": [3 / 5, 2 / 6], "blue": [2 / 5, 4 / 6], None: [1, 1]}
    joint = np.where(np.isnan(of_size), 1, of_size) * np.array([share[one] for one in colour])
    expected = joint / joint.sum(axis=1, keepdims=True)
    assert found["CONFIDENCE"].to_numpy() == pytest.approx(confidence_of(expected), rel=1e-6)
    # A colour that training did not see, and a missing size: only the prior is left.
    strange = frame_of(shared_conn, {"SIZE": [np.nan], "COLOUR": ["green"]})
    assert predicted(model, strange)["CONFIDENCE"].tolist() == pytest.approx([0.5])


def test_a_class_whose_values_are_all_missing(shared_conn):
    size = np.where(np.arange(30) < 10, np.nan, np.arange(30.0))
    frame = frame_of(shared_conn, {"SIZE": size, "TARGET": np.arange(30) // 10})
    found = predicted(classifier("NaiveBayes").fit(frame, key="ID", label="TARGET"), frame)
    assert found["CONFIDENCE"].tolist()[:10] == pytest.approx([1 / 3] * 10)
    # That class has the mean and the spread of all sizes, between the two others.
    assert found["SCORE"].astype(int).tolist()[10:17] == [1] * 7
    assert found["SCORE"].astype(int).tolist()[23:] == [2] * 7


def test_intervals_are_those_of_the_published_example(shared_conn):
    # R's package discretization, mdlp(iris).
    rows = DataSets.load_iris_data(shared_conn)[0].collect()
    codes = rows["SPECIES"].astype("category").cat.codes.to_numpy()
    published = [[5.55, 6.15], [2.95, 3.35], [2.45, 4.75], [0.8, 1.75]]
    for column, expected in zip(FLOWER, published, strict=True):
        assert edges(rows[column].to_numpy(), codes) == pytest.approx(expected)


def test_numbers_that_tell_no_classes_apart_are_not_cut():
    random = np.random.default_rng(0)
    assert edges(random.normal(size=300), random.integers(2, size=300)).tolist() == []
    assert edges(np.empty(0), np.empty(0, dtype=int)).tolist() == []
    assert edges(np.full(9, 2.0), np.arange(9) % 2).tolist() == []


def test_supervised_discretization_counts_intervals(shared_conn):
    frame, features, target = diabetes(shared_conn)
    model = classifier("NaiveBayes", discretization="supervised", alpha=1.0).fit(frame, key="ID", label="CLASS")
    cuts = [edges(column, target) for column in features.T]
    codes = np.column_stack([np.searchsorted(cut, column) for cut, column in zip(cuts, features.T, strict=True)])
    direct = CategoricalNB(alpha=1.0, min_categories=[len(cut) + 1 for cut in cuts]).fit(codes, target)
    found = predicted(model, frame)["CONFIDENCE"].to_numpy()
    assert found == pytest.approx(confidence_of(direct.predict_proba(codes)))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_contributions_sum_to_the_log_odds_and_have_a_mean_of_0(n_classes):
    from hanalife.learning.engines.engine import Rows

    random = np.random.default_rng(n_classes)
    features = np.column_stack([random.normal(size=(90, 2)), random.integers(3, size=90)])
    features[random.random((90, 3)) < 0.1] = np.nan
    rows = Rows(features, np.arange(90) % n_classes)
    engine = NaiveBayes(Problem(n_classes, (False, False, True)))
    estimator = engine.train(rows, {"alpha": 1.0, "discretization": "no"})
    found = engine.contributions(estimator, features)
    margins = found.sum(axis=2)
    expected = special.expit(margins[:, 0]) if n_classes == 2 else special.softmax(margins, axis=1)
    probabilities = engine.outputs(estimator, features)
    assert expected == pytest.approx(probabilities[:, 1] if n_classes == 2 else probabilities)
    # A sum of one term a column has these Shapley values: the term less its mean.
    assert np.abs(found[:, :, :-1].mean(axis=0)).max() < 1e-9


def test_reasons_of_a_prediction(shared_conn):
    frame, *_ = diabetes(shared_conn)
    model = classifier("NaiveBayes").fit(frame, key="ID", label="CLASS")
    first = json.loads(predicted(model, frame)["REASON_CODE"][0])
    assert len(first) == 8
    assert sum(one["pct"] for one in first) == pytest.approx(100)
