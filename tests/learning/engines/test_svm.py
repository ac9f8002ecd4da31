"""Support vector machines: against scikit-learn called directly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR

from tests.learning.engines.models import classifier, confidence_of, diabetes, frame_of, predicted, regressor
from tests.learning.models import flowers


@pytest.fixture(scope="module")
def data(shared_conn):
    frame, features, target = diabetes(shared_conn)
    return frame.filter("ID < 300"), features[:300], target[:300]


@pytest.mark.parametrize(
    ("given", "expected", "scaler"),
    [
        ({}, {"C": 100.0, "gamma": 1 / 8}, StandardScaler()),
        ({"gamma": 0.3, "c": 2.0, "tol": 0.01, "shrink": False}, {"gamma": 0.3, "C": 2.0}, StandardScaler()),
        ({"kernel": "linear", "c": 0.5, "scale_info": "rescale"}, {"kernel": "linear", "C": 0.5}, MinMaxScaler()),
        (
            {"kernel": "poly", "degree": 2, "coef_lin": 0.2, "coef_const": 1.0, "c": 1.0},
            {"kernel": "poly", "degree": 2, "gamma": 0.2, "coef0": 1.0, "C": 1.0},
            StandardScaler(),
        ),
        ({"kernel": "sigmoid", "c": 1.0}, {"kernel": "sigmoid", "gamma": 1 / 8, "C": 1.0}, StandardScaler()),
    ],
)
def test_classes_are_those_of_scikit_learn(data, given, expected, scaler):
    frame, features, target = data
    model = classifier("SVM", **given).fit(frame, key="ID", label="CLASS")
    scaled = scaler.fit_transform(features)
    direct = SVC(**expected, tol=given.get("tol", 0.001), shrinking=given.get("shrink", True)).fit(scaled, target)
    found = predicted(model, frame)
    assert found["SCORE"].astype(int).tolist() == direct.predict(scaled).tolist()
    distances = direct.decision_function(scaled)
    assert found["CONFIDENCE"].to_numpy() == pytest.approx(np.maximum(expit(distances), expit(-distances)))


def test_many_classes_are_those_of_scikit_learn(shared_conn):
    data = flowers(shared_conn).select("NAME", "WILD", "KIND", ("COALESCE(SIZE, 0)", "SIZE"))
    model = classifier("SVM", c=1.0, scale_info="no").fit(data.deselect("WILD"), key="NAME", label="KIND")
    rows = data.collect().sort_values("NAME")
    direct = SVC(C=1.0, gamma=1.0, break_ties=True).fit(rows[["SIZE"]].to_numpy(), rows["KIND"])
    assert predicted(model, data, key="NAME")["SCORE"].tolist() == direct.predict(rows[["SIZE"]].to_numpy()).tolist()


def test_probabilities_are_calibrated(data):
    frame, features, target = data
    model = classifier("SVM", probability=True, c=1.0, evaluation_seed=9).fit(frame, key="ID", label="CLASS")
    scaled = StandardScaler().fit_transform(features)
    parts = StratifiedKFold(5, shuffle=True, random_state=9)
    direct = CalibratedClassifierCV(SVC(C=1.0, gamma=1 / 8), ensemble=False, cv=parts).fit(scaled, target)
    found = predicted(model, frame)["CONFIDENCE"].to_numpy()
    assert found == pytest.approx(confidence_of(direct.predict_proba(scaled)))


def test_a_class_of_one_row_cannot_be_calibrated(shared_conn, caplog):
    frame = frame_of(shared_conn, {"A": np.arange(9.0), "TARGET": (np.arange(9) == 8).astype(int)})
    found = predicted(classifier("SVM", probability=True).fit(frame, key="ID", label="TARGET"), frame)
    assert "probability: a class has one row only" in caplog.text
    assert found["SCORE"].astype(int).tolist() == [0] * 8 + [1]


@pytest.mark.parametrize("scale_label", [True, False])
def test_numbers_are_those_of_scikit_learn(data, scale_label):
    frame, features, _ = data
    model = regressor("SVM", scale_label=scale_label, regression_eps=0.2, c=3.0)
    model.fit(frame.deselect("CLASS"), key="ID", label="AGE")
    scaled, age = StandardScaler().fit_transform(features[:, :-1]), features[:, -1]
    centre, spread = (age.mean(), age.std()) if scale_label else (0, 1)
    direct = SVR(C=3.0, gamma=1 / 7, epsilon=0.2).fit(scaled, (age - centre) / spread)
    expected = direct.predict(scaled) * spread + centre
    assert predicted(model, frame)["SCORE"].to_numpy() == pytest.approx(expected)


def test_a_category_weighs_what_it_is_told(shared_conn):
    colour, size = np.array(["red", "blue"] * 20), np.arange(40.0)
    target = ((size > 20) ^ (colour == "red")).astype(int)
    frame = frame_of(shared_conn, {"SIZE": size, "COLOUR": colour, "TARGET": target})
    scaled = np.column_stack([StandardScaler().fit_transform(size[:, None]), colour == "blue", colour == "red"])
    for weight in (0.707, 2.0):
        model = classifier("SVM", c=1.0, category_weight=weight).fit(frame, key="ID", label="TARGET")
        weighed = scaled * [1, weight, weight]
        distances = SVC(C=1.0, gamma=1 / 3).fit(weighed, target).decision_function(weighed)
        assert predicted(model, frame)["CONFIDENCE"].to_numpy() == pytest.approx(expit(np.abs(distances)))
