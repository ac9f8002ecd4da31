"""What is learned of rows before training is learned in each fold, from the rows that train."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.metrics import log_loss, root_mean_squared_error
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from hanalife import UnifiedClassification, UnifiedRegression
from hanalife.learning import folds, memory
from hanalife.learning.class_weights import ClassWeights
from hanalife.learning.encoding import Encoding
from hanalife.learning.engines.boosting import Boosting
from hanalife.learning.engines.engine import Rows
from hanalife.learning.missing import Imputation, Strategy
from hanalife.learning.preparation import Preparation
from hanalife.learning.problem import Problem
from hanalife.observation import ColumnSpec
from tests.learning.models import HGBT, ON_EVERY_DATABASE

SEED, N_FOLDS = 5, 4
TYPES = {
    "ID": "INT",
    "A": "DOUBLE",
    "B": "DOUBLE",
    "C": "DOUBLE",
    "WORD": "NVARCHAR(10)",
    "Y": "DOUBLE",
    "CLASS": "INT",
}
NUMBERS = ["A", "B", "C"]


def table(rows=80, seed=3):
    """Return rows with few values in A, and words of which some are rare."""
    random = np.random.default_rng(seed)
    latent = random.normal(size=rows)
    data = pd.DataFrame({"ID": np.arange(rows)})
    data["A"] = np.exp(2 * latent)
    data["B"] = latent + random.normal(size=rows) / 5
    data["C"] = 2 * latent - data["B"]
    data["WORD"] = np.array(["x", "y", "z", "rare", "once"], dtype=object)[
        random.choice(5, rows, p=[0.45, 0.3, 0.19, 0.05, 0.01])
    ]
    data["Y"] = 3 * latent + (data["WORD"] == "y") + random.normal(size=rows)
    data["CLASS"] = (data["Y"] + random.normal(size=rows) > 0.5).astype(int)
    data.loc[0, "WORD"], data.loc[1, "WORD"] = "once", "only here"
    data.loc[random.random(rows) < 0.7, "A"] = None
    data.loc[random.random(rows) < 0.2, "B"] = None
    data.loc[random.random(rows) < 0.15, "WORD"] = None
    return data


def fold_scores(model, name):
    """Return one score a fold, as the model tells them."""
    stated = dict(model.statistics_.collect()[["STAT_NAME", "STAT_VALUE"]].itertuples(index=False))
    return [float(score) for score in stated[name].split(", ")]


def evaluating(make, func, metric, **given):
    return make(func, resampling_method="cv", fold_num=N_FOLDS, evaluation_metric=metric, random_state=SEED, **given)


@ON_EVERY_DATABASE
@pytest.mark.parametrize("strategy", ["mean", "median", "zero"])
def test_fold_scores_are_those_of_a_pipeline_with_the_imputer_inside(conn, strategy):
    data = table()
    frame = conn.create_from_pandas(data, "ROWS", TYPES)
    model = evaluating(UnifiedRegression, "LinearRegression", "rmse")
    model.fit(frame, key="ID", features=NUMBERS, label="Y", impute=True, strategy=f"most_frequent-{strategy}")
    imputer = SimpleImputer(strategy="constant" if strategy == "zero" else strategy, fill_value=0)
    parts = folds.cv(len(data), N_FOLDS, SEED)
    features, target = data[NUMBERS].astype(float), data["Y"]
    scoring = "neg_root_mean_squared_error"
    expected = -cross_val_score(make_pipeline(imputer, LinearRegression()), features, target, cv=parts, scoring=scoring)
    assert fold_scores(model, "CV_RMSE") == pytest.approx(expected, rel=1e-12)
    leaked = imputer.fit_transform(features)
    before = -cross_val_score(LinearRegression(), leaked, target, cv=parts, scoring=scoring)
    assert strategy == "zero" or np.abs(before / expected - 1).max() > 1e-4, "else nothing was tested"


def test_bootstrap_and_repetitions_learn_from_the_rows_drawn(sqlite_conn):
    data = table()
    frame = sqlite_conn.create_from_pandas(data, "ROWS", TYPES)
    features, target = data[NUMBERS].astype(float), data["Y"]
    for method in ("cv", "bootstrap"):
        model = UnifiedRegression(
            "LinearRegression", resampling_method=method, repeat_times=3, evaluation_metric="rmse", random_state=SEED
        )
        model.fit(frame, key="ID", features=NUMBERS, label="Y", impute=True)
        seeds = folds.seeds(SEED, 3)
        parts = [
            part
            for seed in seeds
            for part in (folds.cv(len(data), 5, seed) if method == "cv" else [folds.bootstrap(len(data), seed)])
        ]
        pipeline = make_pipeline(SimpleImputer(), LinearRegression())
        expected = -cross_val_score(pipeline, features, target, cv=parts, scoring="neg_root_mean_squared_error")
        assert fold_scores(model, "CV_RMSE") == pytest.approx(expected, rel=1e-12)


def test_candidates_of_a_search_share_what_a_fold_has_learned(sqlite_conn):
    data = table()
    frame = sqlite_conn.create_from_pandas(data, "ROWS", TYPES)
    depths = [1, 2, 3]
    model = evaluating(
        UnifiedRegression,
        "DecisionTree",
        "rmse",
        param_search_strategy="grid",
        param_values={"max_depth": depths},
        min_records_of_leaf=1,
        min_records_of_parent=2,
    )
    model.fit(frame, key="ID", features=NUMBERS, label="Y", impute=True)
    tried = model.search_results_.collect().sort_values(["CANDIDATE", "FOLD"])
    parts = folds.cv(len(data), N_FOLDS, SEED)
    for number, depth in enumerate(depths, 1):
        pipeline = make_pipeline(SimpleImputer(), DecisionTreeRegressor(max_depth=depth, random_state=SEED))
        expected = -cross_val_score(
            pipeline, data[NUMBERS].astype(float), data["Y"], cv=parts, scoring="neg_root_mean_squared_error"
        )
        assert tried[tried["CANDIDATE"] == number]["SCORE"].tolist() == pytest.approx(expected, rel=1e-12)


def sides(frame):
    """Yield each fold's training rows and the others, as frames."""
    for train, _ in folds.cv(frame.count(), N_FOLDS, SEED):
        ids = ", ".join(map(str, train))
        yield frame.filter(f"ID IN ({ids})"), frame.filter(f"ID NOT IN ({ids})")


def predicted(model, frame):
    return model.predict(frame, key="ID").collect().sort_values("ID")


SMALL = {
    HGBT: {"n_estimators": 4},
    "RandomDecisionTree": {"n_estimators": 4},
    "MLP": {"hidden_layer_size": [3], "activation": "tanh", "output_activation": "linear", "max_iter": 20},
}


@pytest.mark.parametrize("strategy", ["non", "most_frequent-als", "most_frequent-median"])
@pytest.mark.parametrize("func", [HGBT, "DecisionTree", "RandomDecisionTree", "GLM", "SVM", "MLP", "LinearRegression"])
def test_a_fold_scores_as_a_fit_on_its_training_rows(sqlite_conn, func, strategy):
    given = {"key": "ID", "features": [*NUMBERS, "WORD"], "label": "Y", "impute": True, "strategy": strategy}
    small = SMALL.get(func, {})
    frame = sqlite_conn.create_from_pandas(table(), "ROWS", TYPES)
    model = evaluating(UnifiedRegression, func, "rmse", **small).fit(frame, **given)
    alone = []
    for training, others in sides(frame):
        scores = predicted(UnifiedRegression(func, random_state=SEED, **small).fit(training, **given), others)["SCORE"]
        actual = others.collect().sort_values("ID")["Y"]
        alone.append(root_mean_squared_error(actual, scores))
    assert fold_scores(model, "CV_RMSE") == pytest.approx(alone, rel=1e-12)


def test_shares_of_classes_are_those_of_the_folds_training_rows(sqlite_conn):
    given = {"key": "ID", "features": ["C"], "label": "CLASS", "priors": {"0": 0.7, "1": 0.3}}
    tree = {"max_depth": 2, "min_records_of_leaf": 12}
    frame = sqlite_conn.create_from_pandas(table(), "ROWS", TYPES)
    model = evaluating(UnifiedClassification, "DecisionTree", "nll", **tree).fit(frame, **given)
    alone = []
    for training, others in sides(frame):
        found = predicted(
            UnifiedClassification("DecisionTree", random_state=SEED, **tree).fit(training, **given), others
        )
        second = np.where(found["SCORE"] == "1", found["CONFIDENCE"], 1 - found["CONFIDENCE"])
        alone.append(log_loss(others.collect().sort_values("ID")["CLASS"], second))
    assert fold_scores(model, "TEST_NLL") == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("given", [{"impute": True, "strategy": "most_frequent-als"}, {"priors": {"0": 0.7, "1": 0.3}}])
def test_rows_set_apart_teach_nothing(sqlite_conn, given):
    data = table()
    data["PART"] = 1 + (data["ID"] % 3 == 0)
    frame = sqlite_conn.create_from_pandas(data, "ROWS", {**TYPES, "PART": "INT"})
    given = {"key": "ID", "features": [*NUMBERS, "WORD"], "label": "CLASS", **given}
    tree = {"max_depth": 4, "random_state": SEED}
    model = UnifiedClassification("DecisionTree", **tree)
    model.fit(frame, **given, partition_method="user_defined", purpose="PART")
    alone = UnifiedClassification("DecisionTree", **tree).fit(frame.filter("PART = 1"), **given)
    pd.testing.assert_frame_equal(predicted(model, frame), predicted(alone, frame))
    assert "only here" in set(frame.filter("PART = 1").collect()["WORD"]), "and a word that the others lack"
    assert "once" not in set(frame.filter("PART = 1").collect()["WORD"]), "and one that training has not seen"


def test_calibration_learns_in_folds_too(sqlite_conn, monkeypatch):
    """The rows that calibrate never take part in what fills theirs."""
    learned = []
    learn = Imputation.learn
    monkeypatch.setattr(Imputation, "learn", lambda *given: learned.append(given[2]) or learn(*given))
    frame = sqlite_conn.create_from_pandas(table(), "ROWS", TYPES)
    UnifiedClassification("DecisionTree", random_state=SEED).fit(
        frame, key="ID", features=NUMBERS, label="CLASS", impute=True, calibrate=True
    )
    assert [len(rows) for rows in learned] == [80, *[64] * 5]


def test_scores_that_saw_the_rows_that_judge_are_not_taken_again():
    rows = Rows(np.array([[1.0], [np.nan], [3.0]], dtype=np.float32), np.array([1.0, 2.0, 3.0]))
    spec = ColumnSpec("A", "DOUBLE")
    encoding = Encoding((spec,), ColumnSpec("Y", "DOUBLE"), (), {}, {})
    settings = [(None, None), (Strategy(), None), (Strategy("most_frequent-median"), None)]
    settings += [(None, ClassWeights("priors", {"0": share}, are_shares=True)) for share in (0.5, 0.6)]
    engine = Boosting(Problem(None, (False,)))
    found = {memory.identity(engine, rows, (), ("rmse",), Preparation(encoding, *given)) for given in settings}
    assert len(found) == len(settings)
    assert memory.identity(engine, rows, (), ("rmse",), Preparation(encoding, None, None)) in found
