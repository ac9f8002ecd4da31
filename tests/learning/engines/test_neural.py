"""Networks: against scikit-learn called directly."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from hanalife import UnifiedClassification
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from hanalife.observation import CallProgress
from tests.learning.engines.models import classifier, confidence_of, diabetes, predicted, regressor

pytestmark = pytest.mark.filterwarnings("default::sklearn.exceptions.ConvergenceWarning:tests")


@pytest.fixture(scope="module")
def data(shared_conn):
    frame, features, target = diabetes(shared_conn)
    return frame.filter("ID < 300"), features[:300], target[:300]


def trained(network, columns, target):
    with pytest.warns(ConvergenceWarning):
        return network.fit(columns, target)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("tanh", "tanh"), ("linear", "identity"), ("Sigmoid_Asymmetric", "logistic"), ("relu", "relu")]
)
def test_classes_are_those_of_scikit_learn(data, ours, theirs):
    frame, features, target = data
    model = classifier("MLP", activation=ours, hidden_layer_size=(5, 3), max_iter=9, batch_size=20, momentum=0.5)
    model.fit(frame, key="ID", label="CLASS")
    scaled = StandardScaler().fit_transform(features)
    settings = {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0.5, "batch_size": 20, "max_iter": 9}
    direct = trained(MLPClassifier((5, 3), theirs, random_state=5, **settings), scaled, target)
    found = predicted(model, frame)["CONFIDENCE"].to_numpy()
    assert found == pytest.approx(confidence_of(direct.predict_proba(scaled)))


def test_numbers_are_those_of_scikit_learn(data):
    frame, features, _ = data
    model = regressor("MLP", training_style="batch", normalization="scalar", max_iter=20)
    model.fit(frame.deselect("CLASS"), key="ID", label="AGE")
    scaled, age = MinMaxScaler().fit_transform(features[:, :-1]), features[:, -1]
    network = MLPRegressor(hidden_layer_sizes=(6,), solver="lbfgs", random_state=5, max_iter=20)
    direct = trained(network, scaled, (age - age.mean()) / age.std())
    expected = direct.predict(scaled) * age.std() + age.mean()
    assert predicted(model, frame)["SCORE"].to_numpy() == pytest.approx(expected, rel=1e-6)


def test_the_loss_is_told_and_what_did_not_converge(data, caplog):
    class Listener:
        def __init__(self):
            self.points = []

        def call_started(self, start):
            return "run"

        def call_progressed(self, progress: CallProgress):
            self.points += progress.points

        def call_finished(self, outcome):
            pass

        def call_failed(self, error):
            raise error

    model = classifier("MLP", max_iter=12, normalization="no", learning_rate=1e-4)
    model.observer = listener = Listener()
    with caplog.at_level(logging.WARNING):
        model.fit(data[0], key="ID", label="CLASS")
    assert [(one.metric, one.part, one.step) for one in listener.points] == [
        ("loss", "training", step) for step in range(1, 13)
    ]
    assert listener.points[-1].value < listener.points[0].value
    assert "max_iter: training was still gaining after 12 rounds; raise it, or use normalization" in caplog.text


def test_weights_beyond_all_bounds_are_refused(data):
    model = regressor("MLP", normalization="no", learning_rate=10.0)
    with pytest.raises(InvalidArgumentError, match="learning_rate: the weights grew beyond all bounds"):
        model.fit(data[0].deselect("CLASS"), key="ID", label="AGE")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, ArgumentTypeError, "hidden_layer_size: MLP needs it"),
        ({"hidden_layer_size": 5}, ArgumentTypeError, r"hidden_layer_size: expected a list of int, .*got 5"),
        ({"hidden_layer_size": [5, 0]}, InvalidArgumentError, "hidden_layer_size: .*at least 1, got 0"),
        ({"hidden_layer_size": [5], "activation": "gaussian_symmetric"}, NotSupportedError, "use one of linear, relu"),
        ({"hidden_layer_size_options": [(5,)]}, InvalidArgumentError, "add param_search_strategy"),
    ],
)
def test_bad_parameters(given, error, said):
    with pytest.raises(error, match=said):
        UnifiedClassification("MLP", **given)


def test_options_are_searched(data):
    model = UnifiedClassification(
        "MLP",
        hidden_layer_size_options=[(2,), (4, 3)],
        activation_options=["tanh", "relu"],
        param_search_strategy="grid",
        resampling_method="stratified_cv",
        fold_num=3,
        param_values={"max_iter": [3, 6]},
        normalization="z-transform",
        random_state=1,
    ).fit(data[0], key="ID", label="CLASS")
    tried = model.search_results_.collect()["PARAMETERS"].unique()
    assert len(tried) == 8
    assert {"hidden_layer_size": [4, 3], "activation": "relu", "max_iter": 6} in [json.loads(one) for one in tried]
    chosen = model.get_optimal_parameters().set_index("PARAM_NAME")
    sizes = json.loads(chosen["STRING_VALUE"]["hidden_layer_size"])
    assert sizes in ([2], [4, 3])
    assert np.shape(model.to_state().estimator.named_steps["model"].coefs_[0])[1] == sizes[0]
    with pytest.raises(InvalidArgumentError, match="activation is also in activation_options"):
        UnifiedClassification(
            "MLP",
            hidden_layer_size=[3],
            activation_options=["tanh"],
            param_search_strategy="grid",
            resampling_method="cv",
            param_values={"activation": ["relu"]},
        )
