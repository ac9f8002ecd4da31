"""Fits of scikit-learn, XGBoost and LightGBM are recorded by themselves."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import hanalife
from hanalife import evidence
from hanalife.database import run_artifacts, run_values, runs, shared_records
from hanalife.errors import InvalidArgumentError
from hanalife.records import RunStatus
from tests.tracking.reporting import strict

X, Y = make_classification(n_samples=300, n_features=5, random_state=0)
FRAME = pd.DataFrame(X, columns=list("abcde"))


@pytest.fixture
def recorded(sqlite_conn):
    """Turn autologging on, and give a function that reads the runs so far."""
    hanalife.autolog(sqlite_conn, "auto", log_models=True)
    yield lambda: read(sqlite_conn)
    hanalife.autolog(disable=True)


def read(conn):
    with conn.database.read() as connection:
        found = []
        for run in runs.runs(connection, ["auto"]):
            ids = [run.run_id]
            dataset = shared_records.get(connection, run.dataset_id) if run.dataset_id else None
            found.append(
                {
                    "run": run,
                    "kind": run.procedure,
                    "params": run_values.params(connection, ids)[run.run_id],
                    "metrics": evidence.by_label(run_values.metrics(connection, ids)[run.run_id]),
                    "series": evidence.by_label(run_values.series(connection, ids)[run.run_id]),
                    "sources": {key.name: key.source for key in run_values.metrics(connection, ids)[run.run_id]},
                    "artifacts": [each.name for each in run_artifacts.of_run(connection, run.run_id)],
                    "dataset": dataset.content if dataset else None,
                    "log": {entry.event_key: strict(entry.message) for entry in runs.log(connection, run.run_id)},
                }
            )
        return found


def test_a_fit_is_a_run_with_parameters_data_metrics_importance_and_model(recorded):
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(FRAME, Y)
    (found,) = recorded()
    assert (found["kind"], found["run"].status) == ("DecisionTreeClassifier", RunStatus.FINISHED)
    assert found["params"] == {**tree.get_params(), "monotonic_cst": None}
    assert found["metrics"] == {"training_accuracy": pytest.approx(tree.score(FRAME, Y))}
    assert (found["dataset"]["ROWS"], found["dataset"]["COLUMNS"]) == (300, 6)
    importance = {name: value for pair in found["log"]["VARIABLE_IMPORTANCE"] for name, value in pair.items()}
    assert importance == pytest.approx(dict(zip("abcde", tree.feature_importances_, strict=True)))
    assert found["artifacts"] == ["model.skops"]
    assert found["run"].overhead_seconds > 0
    assert found["run"].environment_id


def test_the_hash_of_the_data_tells_content_order_and_type(recorded):
    versions = [
        FRAME,
        FRAME.copy(),
        FRAME[::-1],
        FRAME.astype("float32").assign(a=FRAME["a"]),
        FRAME + 1e-9,
        X,
        X + 1e-9,
    ]
    for rows in versions:
        DecisionTreeClassifier(max_depth=1).fit(rows, Y)
    DecisionTreeClassifier(max_depth=1).fit(FRAME, 1 - Y)
    hashes = [found["dataset"]["CONTENT_HASH"] for found in recorded()]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == len(hashes) - 1
    assert all(len(each) == 64 for each in hashes)


def test_a_pipeline_is_one_run_and_its_steps_are_none(recorded):
    make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(FRAME, Y)
    StandardScaler().fit(FRAME)
    (found,) = recorded()
    assert found["kind"] == "Pipeline"
    assert found["params"]["logisticregression__C"] == 0.5
    assert found["params"]["logisticregression"] == "LogisticRegression"


@pytest.mark.parametrize("jobs", [None, 2])
def test_a_search_is_one_run_with_its_candidates_as_a_curve(recorded, jobs):
    import joblib

    with joblib.parallel_backend("threading"):
        search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0, 100.0]}, cv=3, n_jobs=jobs).fit(X, Y)
    (found,) = recorded()
    assert found["series"]["mean_test_score"] == list(enumerate(search.cv_results_["mean_test_score"]))
    assert found["metrics"]["best_score"] == search.best_score_
    assert found["log"]["OPTIMAL_PARAMETER"] == [{"C": search.best_params_["C"]}]


def test_fits_that_a_library_makes_for_a_measure_are_no_runs(recorded):
    cross_val_score(LogisticRegression(), X, Y)
    KMeans(n_clusters=2, n_init=1, random_state=0).fit_predict(X)
    assert [found["kind"] for found in recorded()] == ["KMeans"]


def test_a_regression_has_its_own_metrics(recorded):
    line = LinearRegression().fit(X[:, :2], X[:, 2])
    (found,) = recorded()
    errors = line.predict(X[:, :2]) - X[:, 2]
    assert found["metrics"] == pytest.approx(
        {
            "training_r2": line.score(X[:, :2], X[:, 2]),
            "training_mae": np.abs(errors).mean(),
            "training_rmse": np.sqrt((errors**2).mean()),
        }
    )


def test_xgboost_is_recorded_by_class_and_by_function_with_its_rounds(recorded):
    import xgboost

    model = xgboost.XGBClassifier(n_estimators=5, max_depth=2).fit(X, Y, eval_set=[(X, Y)], verbose=False)
    matrix = xgboost.DMatrix(X, Y)
    own = {}
    booster = xgboost.train(
        {"max_depth": 2}, matrix, 4, evals=[(matrix, "train")], evals_result=own, verbose_eval=False
    )
    xgboost.train({"max_depth": 2}, matrix, 4, evals=[(matrix, "train")], verbose_eval=False)
    by_class, by_function, without_result = recorded()
    assert by_class["series"]["validation_0_logloss"] == list(
        enumerate(model.evals_result()["validation_0"]["logloss"])
    )
    assert by_class["artifacts"] == by_function["artifacts"] == ["model.ubj"]
    assert by_function["params"] == {"max_depth": 2, "num_boost_round": 4}
    assert by_function["series"] == without_result["series"] == {"train_rmse": list(enumerate(own["train"]["rmse"]))}
    assert by_function["dataset"]["ROWS"] == 300
    assert booster.num_boosted_rounds() == 4


def test_lightgbm_is_recorded_by_class_and_by_function(recorded):
    import lightgbm

    lightgbm.LGBMClassifier(n_estimators=4, verbose=-1).fit(X, Y)
    data = lightgbm.Dataset(X, Y, free_raw_data=False)
    lightgbm.train({"objective": "binary", "verbose": -1}, data, 3, valid_sets=[data], valid_names=["train"])
    by_class, by_function = recorded()
    assert (by_class["kind"], by_function["kind"]) == ("LGBMClassifier", "lightgbm.train")
    assert len(by_function["series"]["train_binary_logloss"]) == 3
    assert (by_function["dataset"]["ROWS"], by_function["artifacts"]) == (300, ["model.txt"])


def test_an_error_of_the_fit_is_raised_and_recorded(recorded):
    with pytest.raises(ValueError, match="C"):
        LogisticRegression(C=-1).fit(X, Y)
    (found,) = recorded()
    assert found["run"].status is RunStatus.FAILED
    assert found["log"]["ERROR"]["TYPE"] == "InvalidParameterError"


def test_estimators_that_are_defined_later_are_recorded_too_and_their_inner_fits_are_not(recorded):
    class Wrapping(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):  # noqa: N803
            self.inner_ = LogisticRegression().fit(X, y)
            self.classes_ = self.inner_.classes_
            return self

        def predict(self, X):  # noqa: N803
            return self.inner_.predict(X)

    Wrapping().fit(X, Y)
    assert [found["kind"] for found in recorded()] == ["Wrapping"]


def test_fits_in_the_users_own_threads_are_all_recorded(recorded):
    threads = [threading.Thread(target=lambda: LogisticRegression().fit(X, Y)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorded()) == 4
    assert len({found["run"].name for found in recorded()}) == 4


def test_everything_is_put_back(sqlite_conn):
    import lightgbm
    import xgboost

    watched = (LogisticRegression, DecisionTreeClassifier, xgboost.XGBClassifier, KMeans)
    before = [cls.__dict__["fit"] for cls in watched], xgboost.train, lightgbm.train, dict(vars(BaseEstimator))
    hanalife.autolog(sqlite_conn, "auto")
    hanalife.autolog(sqlite_conn, "auto")  # again: once is enough
    assert LogisticRegression.fit is not before[0][0]
    hanalife.autolog(disable=True)
    hanalife.autolog(disable=True)
    after = [cls.__dict__["fit"] for cls in watched], xgboost.train, lightgbm.train, dict(vars(BaseEstimator))
    assert after == before
    LogisticRegression().fit(X, Y)
    assert read(sqlite_conn) == []


def test_a_fit_goes_on_when_its_run_cannot_be_written_or_described(
    recorded, sqlite_conn, caplog, tmp_path, monkeypatch
):
    def refuse(_connection, _cursor, statement, parameters, *_):
        if statement.startswith(("INSERT", "UPDATE")):
            raise sa.exc.OperationalError(statement, parameters, Exception("no space left"))

    class Odd(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):  # noqa: N803
            self.classes_ = [0, 1]
            return self

        def predict(self, X):  # noqa: N803
            raise RuntimeError("cannot predict")

    assert Odd().fit(X, Y).classes_ == [0, 1]
    assert "cannot predict" in caplog.text
    (found,) = recorded()
    assert (found["run"].status, found["dataset"]["ROWS"]) == (RunStatus.FINISHED, 300)
    sa.event.listen(sqlite_conn.database.engine, "before_cursor_execute", refuse)
    model = LogisticRegression().fit(X, Y)
    sa.event.remove(sqlite_conn.database.engine, "before_cursor_execute", refuse)
    assert model.score(X, Y) > 0.5
    assert hanalife.replay_spool(sqlite_conn).kept == ()
    assert [each["kind"] for each in recorded()] == ["Odd", "LogisticRegression"]


def test_models_of_hanalife_are_left_to_their_own_recording(recorded, sqlite_conn):
    from tests.learning.models import make_model

    data = hanalife.DataSets.load_diabetes_data(sqlite_conn)[0]
    make_model().fit(data.head(100), key="ID", label="CLASS")
    assert recorded() == []


def test_a_name_that_cannot_be_used_is_refused_before_anything_is_patched(sqlite_conn):
    before = LogisticRegression.fit
    with pytest.raises(InvalidArgumentError, match="experiment"):
        hanalife.autolog(sqlite_conn, "")
    assert LogisticRegression.fit is before


def test_series_stand_for_the_model_and_evaluations_have_the_source_of_their_rows(recorded):
    xgboost = pytest.importorskip("xgboost")
    source = np.random.default_rng(0)
    rows = source.normal(size=(300, 6))
    labels = (rows[:, 0] + 2 * source.normal(size=300) > 0).astype(int)
    fitted, held_out = rows[:150], rows[150:]
    model = xgboost.XGBClassifier(n_estimators=200, early_stopping_rounds=5, learning_rate=0.9)
    evaluated = [(fitted, labels[:150]), (held_out, labels[150:])]
    model.fit(fitted, labels[:150], eval_set=evaluated, verbose=False)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 12]}, cv=3).fit(rows, labels)
    of_model, of_search = recorded()
    assert len(of_model["series"]["validation_1_logloss"]) > model.best_iteration + 1
    assert of_model["metrics"]["validation_1_logloss"] == pytest.approx(model.best_score)
    assert (of_model["sources"]["validation_0_logloss"], of_model["sources"]["validation_1_logloss"]) == (
        "train",
        "validation",
    )
    assert search.best_index_ == 0, "the last candidate is not the best"
    assert of_search["metrics"]["mean_test_score"] == of_search["metrics"]["best_score"] == search.best_score_
    assert (of_search["sources"]["mean_test_score"], of_search["sources"]["training_accuracy"]) == ("cv", "train")
