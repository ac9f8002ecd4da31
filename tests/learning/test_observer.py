"""What an observer is told of the calls of a model."""

from __future__ import annotations

import json

import pytest

from hanalife import DataSets
from hanalife.errors import InvalidArgumentError, UnknownColumnError
from hanalife.observation import CallOutcome, CallProgress, CallStart, ColumnSpec
from tests.learning.models import FEATURES, GRID, make_model, searching_model


class Listener:
    """Keeps what it is told."""

    def __init__(self):
        self.told = []

    def call_started(self, start: CallStart) -> str:
        self.told.append(start)
        return f"run {sum(isinstance(one, CallStart) for one in self.told)}"

    def call_progressed(self, progress: CallProgress) -> None:
        self.told.append(progress)

    def call_finished(self, outcome: CallOutcome) -> None:
        self.told.append(outcome)

    def call_failed(self, error: BaseException) -> None:
        self.told.append(error)


@pytest.fixture
def data(sqlite_conn):
    return DataSets.load_diabetes_data(sqlite_conn)[0]


@pytest.fixture
def listener():
    return Listener()


def test_a_fit_with_a_search(data, listener):
    model = searching_model(fold_num=3)
    model.observer = listener
    model.fit(
        data,
        key="ID",
        label="CLASS",
        partition_method="stratified",
        stratified_column="CLASS",
        partition_random_state=5,
    )
    start, *progress, outcome = listener.told
    curve = [one.points[0] for one in progress if one.points]
    progress = [one for one in progress if not one.points]

    assert (start.method, start.procedure) == ("fit", "UNIFIED_CLASSIFICATION")
    expected = {
        "func": "HybridGradientBoostingTree",
        "n_estimators": 10,
        "learning_rate": 0.3,
        "max_depth": 6,
        "random_state": 123,
        "split_threshold": 0.0,
        "fold_num": 3,
        "evaluation_metric": "error_rate",
        "ref_metric": ["auc"],
        "param_values": GRID,
        "KEY": "ID",
        "LABEL": "CLASS",
        "FEATURES": FEATURES,
        "PARTITION_METHOD": "stratified",
        "STRATIFIED_COLUMN": "CLASS",
        "PARTITION_RANDOM_STATE": 5,
        "TRAINING_PERCENT": 0.8,
    }
    assert {name: start.parameters[name] for name in expected} == expected
    assert json.loads(json.dumps(start.parameters, allow_nan=False)) == start.parameters

    assert [(one.done, one.total) for one in progress] == [(done, 192) for done in range(193)]
    told = {(score.candidate, score.metric, score.fold): score.score for one in progress for score in one.fold_scores}
    kept = model.search_results_.collect()
    assert len(told) == len(kept) == 64 * 3 * 2
    for row in kept.itertuples():
        assert told[row.CANDIDATE, row.METRIC.lower(), row.FOLD] == row.SCORE
    trees = model.get_optimal_parameters().set_index("PARAM_NAME")["INT_VALUE"]["n_estimators"]
    assert [(one.metric, one.part, one.step) for one in curve] == [
        ("logloss", "training", step) for step in range(1, trees + 1)
    ]
    assert curve[-1].value < curve[0].value

    assert outcome.dataset == data.facts(data.sort("ID").collect())
    assert outcome.seconds == model.runtime > 0
    assert {"AUC", "ACCURACY", "KAPPA", "MCC", "RECALL_0", "PRECISION_1", "F1_SCORE_0", "SUPPORT_1"} <= set(
        outcome.metrics
    )
    assert outcome.metrics["PARTITION"] == "validation"
    assert len(outcome.metrics["TEST_ERROR_RATE"].split(", ")) == 3
    assert {"TEST_ERROR_RATE.MEAN", "TEST_ERROR_RATE.VAR", "TEST_AUC", "TEST_AUC.MEAN"} <= set(outcome.metrics)
    assert outcome.importance == model.get_feature_importances()
    supports = outcome.metrics["SUPPORT_0"] + outcome.metrics["SUPPORT_1"]
    assert sum(count for _, _, count in outcome.confusion) == supports
    assert [row[:2] for row in outcome.confusion] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    drawn = model.metrics_.collect()
    for name, points in outcome.curves.items():
        assert drawn.loc[drawn["NAME"] == name, ["X", "Y"]].to_numpy().tolist() == [list(point) for point in points]
    assert set(outcome.optimal_parameters) == set(GRID)

    signature = outcome.signature
    assert signature.inputs == tuple(spec for spec in data.specs if spec.name in FEATURES)
    assert signature.outputs == (
        ColumnSpec("ID", "INT"),
        ColumnSpec("SCORE", "NVARCHAR"),
        ColumnSpec("CONFIDENCE", "DOUBLE"),
        ColumnSpec("REASON_CODE", "NCLOB"),
    )
    assert signature.properties["LABEL"] == "CLASS"
    assert signature.properties["TASK"] == "classification"
    assert signature.properties["CLASSES"] == [0, 1]
    assert signature.parameters["learning_rate"] == {
        "TYPE": "float",
        "DEFAULT": 0.3,
        "VALUE": outcome.optimal_parameters["learning_rate"],
    }
    assert model.run_id == "run 1"


def test_score_and_predict(data, listener):
    model = make_model().fit(data, key="ID", label="CLASS")
    model.observer = listener
    _, statistics, *_ = model.score(data.filter("ID < 100"), key="ID", label="CLASS")
    model.predict(data.filter("ID < 50"), key="ID", attribution_method="no")
    scoring, scored, predicting, predicted = listener.told

    assert (scoring.method, predicting.method) == ("score", "predict")
    assert (scoring.parameters["n_estimators"], scoring.parameters["LABEL"]) == (5, "CLASS")
    assert predicting.parameters["ATTRIBUTION_METHOD"] == "no"
    assert (scored.dataset.rows, predicted.dataset.rows) == (100, 50)
    found = statistics.collect()
    assert scored.metrics["AUC"] == float(found.loc[found["STAT_NAME"] == "AUC", "STAT_VALUE"].iloc[0])
    assert sum(scored.metrics[f"SUPPORT_{code}"] for code in (0, 1)) == 100
    assert sum(predicted.metrics[f"PREDICTED_{code}"] for code in (0, 1)) == 50
    assert 0.5 <= predicted.metrics["MEAN_CONFIDENCE"] <= 1
    assert predicted.curves == {}
    assert model.run_id is None, "no run recorded the fit"


def test_the_seed_that_was_drawn_is_told(data, listener):
    model = make_model(random_state=0)
    model.observer = listener
    model.fit(data, key="ID", label="CLASS")
    assert listener.told[0].parameters["random_state"] == model.to_state().facts["parameters"]["random_state"] > 0


def test_bad_arguments_make_no_run(data, listener):
    model = make_model()
    model.observer = listener
    with pytest.raises(UnknownColumnError):
        model.fit(data, key="NR")
    assert listener.told == []


def test_a_failure_is_told_and_raised(data, listener):
    model = make_model()
    model.observer = listener
    with pytest.raises(InvalidArgumentError) as raised:
        model.fit(data.filter("CLASS = 1"), key="ID", label="CLASS")
    start, error = listener.told
    assert start.method == "fit"
    assert error is raised.value
    assert model.run_id is None
    assert not model.is_fitted()


def test_an_interrupt_is_told_and_raised(data, listener, monkeypatch):
    def interrupt(progress):
        raise KeyboardInterrupt

    monkeypatch.setattr(listener, "call_progressed", interrupt)
    model = searching_model()
    model.observer = listener
    with pytest.raises(KeyboardInterrupt):
        model.fit(data, key="ID", label="CLASS")
    assert isinstance(listener.told[-1], KeyboardInterrupt)


def test_an_observer_that_cannot_write_loses_no_model(data, listener, monkeypatch):
    def fail(outcome):
        raise OSError("disk full")

    monkeypatch.setattr(listener, "call_finished", fail)
    model = make_model()
    model.observer = listener
    with pytest.raises(OSError, match="disk full"):
        model.fit(data, key="ID", label="CLASS")
    assert model.is_fitted()
    assert {type(one) for one in listener.told} == {CallStart, CallProgress}, "the call itself did not fail"
