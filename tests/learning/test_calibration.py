"""Confidence is right as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression

from hanalife import UnifiedClassification
from hanalife.learning.evaluation.calibration import Calibration, calibration_error
from tests.learning.models import flowers, make_model


def pairs(chance):
    return np.column_stack([1 - chance, chance])


def test_the_error_of_what_is_calibrated_is_near_zero_and_else_the_distance():
    random = np.random.default_rng(1)
    chance = random.uniform(size=200_000)
    actual = (random.random(len(chance)) < chance).astype(int)
    assert calibration_error(actual, pairs(chance)) < 0.005
    always = np.full(1000, 0.9)
    half = np.arange(1000) % 2
    assert calibration_error(half, pairs(always)) == pytest.approx(0.4, abs=0.01)


def test_two_classes_are_platts_scaling():
    random = np.random.default_rng(2)
    margin = random.normal(size=5000)
    actual = (random.random(5000) < expit(margin)).astype(int)
    over = expit(3 * margin + 0.5)  # too sure, and shifted
    found = Calibration.learn(actual, pairs(over))
    platt = LogisticRegression(C=np.inf).fit(logit(over)[:, None], actual)
    assert found.scale == pytest.approx(platt.coef_[0, 0], rel=1e-3)
    assert found.shift[1] == pytest.approx(platt.intercept_[0], abs=1e-3)
    assert found.applied(pairs(over))[:, 1] == pytest.approx(platt.predict_proba(logit(over)[:, None])[:, 1], abs=1e-3)


def test_many_classes_get_their_temperature_and_shifts_back():
    random = np.random.default_rng(3)
    margin = random.normal(size=(40_000, 4)) * 2
    truth = softmax(margin, axis=1)
    actual = (truth.cumsum(axis=1) > random.random((40_000, 1))).argmax(axis=1)
    shift = np.array([0.0, 0.5, -0.5, 1.0])
    distorted = softmax(2.5 * (margin + shift), axis=1)
    found = Calibration.learn(actual, distorted)
    assert found.scale == pytest.approx(1 / 2.5, rel=0.03)
    assert np.array(found.shift) == pytest.approx(-shift, abs=0.06)
    assert Calibration.from_json(found.to_json()) == found


def test_a_calibrated_model_is_calibrated_on_rows_it_has_not_seen(conn, diabetes):
    train, test = diabetes.filter("ID < 500"), diabetes.filter("ID >= 500")
    given = {"n_estimators": 300, "learning_rate": 0.5, "alpha": 0.0}
    plain = make_model(**given).fit(train, key="ID", label="CLASS")
    model = make_model(**given).fit(train, key="ID", label="CLASS", calibrate=True)

    def error(of):
        statistics = of.score(test, key="ID", label="CLASS")[1].collect()
        return float(statistics.set_index("STAT_NAME")["STAT_VALUE"]["CALIBRATION_ERROR"])

    assert error(model) < 0.75 * error(plain)
    ranks = [
        one.score(test, key="ID", label="CLASS")[1].filter("STAT_NAME = 'AUC'").collect()["STAT_VALUE"][0]
        for one in (plain, model)
    ]
    assert float(ranks[0]) == pytest.approx(float(ranks[1]), abs=2e-3), "the order of rows stays"
    again = UnifiedClassification.from_state(conn, model.to_state())
    assert again.predict(test, key="ID").collect().equals(model.predict(test, key="ID").collect())


def test_many_classes_and_few_rows_of_one(sqlite_conn):
    data = flowers(sqlite_conn)
    model = make_model().fit(data, key="NAME", label="KIND", calibrate=True)
    found = model.predict(data, key="NAME", verbose=True).collect()
    assert found.groupby("NAME")["CONFIDENCE"].sum().to_numpy() == pytest.approx(1)
    lone = data.select("NAME", "SIZE", ("CASE WHEN NAME = 'f001' THEN 1 ELSE 0 END", "LONE"))
    found = make_model().fit(lone, key="NAME", label="LONE", calibrate=True).predict(lone, key="NAME").collect()
    assert np.isfinite(found["CONFIDENCE"]).all()
