"""Missing values: what fills them, learnt at fit and the same ever after."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer

from hanalife import UnifiedClassification, UnifiedRegression
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, UnknownParameterError
from hanalife.learning import als
from tests.learning.models import HGBT

TYPES = {"ID": "INT", "A": "DOUBLE", "B": "DOUBLE", "WORD": "NVARCHAR(10)", "Y": "DOUBLE", "CLASS": "INT"}


def holes(rows=120, seed=1):
    random = np.random.default_rng(seed)
    first = random.normal(5, 2, rows)
    data = pd.DataFrame(
        {
            "ID": np.arange(rows),
            "A": first,
            "B": 3 * first + random.normal(0, 0.1, rows),
            "WORD": np.array(["x", "yy", "z"], dtype=object)[random.choice(3, rows, p=[0.2, 0.5, 0.3])],
        }
    )
    data["Y"] = data["A"] + (data["WORD"] == "z")
    data["CLASS"] = (data["Y"] > 5).astype(int)
    for place, name in enumerate(["A", "B", "WORD"]):
        data.loc[random.random(rows) < 0.1 + 0.05 * place, name] = None
    return data


@pytest.fixture
def frame(sqlite_conn):
    return sqlite_conn.create_from_pandas(holes(), "HOLES", TYPES)


def make_model(**changes):
    return UnifiedRegression(HGBT, **{"n_estimators": 8, "max_depth": 3, "random_state": 3, **changes})


def fit(frame, **given):
    return make_model().fit(frame, key="ID", features=["A", "B", "WORD"], label="Y", **given)


def predicted(model, frame, **given):
    return model.predict(frame, key="ID", **given).collect().sort_values("ID")["SCORE"].to_numpy()


def filled_by_hand(data, numbers, conn):
    """Return a frame whose holes were filled before it came to the database."""
    done = data.copy()
    filler = SimpleImputer(strategy={"zero": "constant"}.get(numbers, numbers), fill_value=0)
    done[["A", "B"]] = filler.fit_transform(done[["A", "B"]].astype(float))
    done["WORD"] = done["WORD"].fillna("yy")  # the most frequent
    return conn.create_from_pandas(done, f"FILLED_{numbers}", TYPES)


@pytest.mark.parametrize("numbers", ["mean", "median", "zero"])
def test_a_strategy_is_the_same_as_filling_by_hand(sqlite_conn, frame, numbers):
    by_hand = filled_by_hand(holes(), numbers, sqlite_conn)
    model = fit(frame, impute=True, strategy=f"most_frequent-{numbers}")
    assert (predicted(model, frame) == predicted(fit(by_hand), by_hand)).all()


def test_most_frequent_and_mean_if_nothing_is_said(frame):
    model, explicit = fit(frame, impute=True), fit(frame, impute=True, strategy="most_frequent-mean")
    assert (predicted(model, frame) == predicted(explicit, frame)).all()


def test_a_prediction_uses_what_the_fit_has_seen(sqlite_conn, frame):
    model = fit(frame, impute=True)
    other = sqlite_conn.create_from_pandas(
        pd.DataFrame({"ID": [1, 2], "A": [None, 900.0], "B": [None, 900.0], "WORD": [None, "x"]}),
        "OTHER",
        {name: TYPES[name] for name in ("ID", "A", "B", "WORD")},
    )
    known = sqlite_conn.create_from_pandas(
        pd.DataFrame({"ID": [1], "A": [holes()["A"].mean()], "B": [holes()["B"].mean()], "WORD": ["yy"]}),
        "KNOWN",
        {name: TYPES[name] for name in ("ID", "A", "B", "WORD")},
    )
    assert predicted(model, other, impute=True, strategy="most_frequent-mean")[0] == predicted(model, known)[0]


def test_a_state_keeps_it(sqlite_conn, frame):
    for strategy in ("most_frequent-median", "most_frequent-als"):
        model = fit(frame, impute=True, strategy=strategy)
        again = UnifiedRegression.from_state(sqlite_conn, model.to_state())
        assert (predicted(again, frame) == predicted(model, frame)).all()


def test_rows_are_left_out_of_the_fit_but_never_of_a_prediction(sqlite_conn, frame, caplog):
    caplog.set_level("INFO")
    model = fit(frame, impute=True, strategy="delete")
    whole = holes().dropna()
    complete = sqlite_conn.create_from_pandas(whole, "WHOLE", TYPES)
    assert (predicted(model, complete) == predicted(fit(complete), complete)).all()
    assert f"{120 - len(whole)} of 120 rows lack a value" in caplog.text
    assert len(predicted(model, frame)) == 120


def test_columns_may_have_methods_of_their_own(sqlite_conn, frame):
    rules = [("A", "numerical_const", -1), ("WORD", "categorical_const", "x"), ("B", "non")]
    data = holes()
    data["A"], data["WORD"] = data["A"].fillna(-1), data["WORD"].fillna("x")
    by_hand = sqlite_conn.create_from_pandas(data, "BY_HAND", TYPES)
    model = fit(frame, impute=True, strategy_by_col=rules)
    assert (predicted(model, frame) == predicted(fit(by_hand), by_hand)).all()


def test_what_fills_is_learnt_from_the_training_rows_only(sqlite_conn):
    data = holes()
    data["PART"] = np.where(data["ID"] < 60, 1, 2)
    data.loc[data["ID"] >= 60, "A"] = 1e6
    frame = sqlite_conn.create_from_pandas(data, "PARTS", {**TYPES, "PART": "INT"})
    model = make_model().fit(
        frame,
        key="ID",
        features=["A"],
        label="Y",
        impute=True,
        strategy="mean",
        partition_method="predefined",
        purpose="PART",
    )
    lacking = sqlite_conn.create_from_pandas(
        pd.DataFrame({"ID": [1], "A": [None]}), "LACKING", {"ID": "INT", "A": "DOUBLE"}
    )
    mean = data.loc[data["ID"] < 60, "A"].mean()
    there = sqlite_conn.create_from_pandas(
        pd.DataFrame({"ID": [1], "A": [mean]}), "THERE", {"ID": "INT", "A": "DOUBLE"}
    )
    assert predicted(model, lacking) == predicted(model, there)


def test_factors_find_what_a_matrix_of_low_rank_lacks():
    random = np.random.default_rng(5)
    whole = random.normal(size=(200, 2)) @ random.normal(size=(2, 6)) + 4
    lacking = np.where(random.random(whole.shape) < 0.15, np.nan, whole)
    found = als.factorise(lacking, range(6), als.Settings(factors=2, ridge=1e-6, most_rounds=200))
    filled = found.filled(lacking)
    there = ~np.isnan(lacking)
    assert (filled[there] == lacking[there]).all()
    usual = np.nanstd(lacking)
    assert np.abs(filled - whole)[~there].mean() < 0.1 * usual
    again = als.Factors.from_json(found.to_json())
    assert (again.filled(lacking) == filled).all()


def test_columns_without_any_value(sqlite_conn):
    data = holes()
    data["A"], data["WORD"] = None, None
    frame = sqlite_conn.create_from_pandas(data, "EMPTY", TYPES)
    for strategy in ("most_frequent-mean", "most_frequent-als", "non"):
        assert np.isfinite(predicted(fit(frame, impute=True, strategy=strategy), frame)).all()
    with pytest.raises(InvalidArgumentError, match="'delete' leaves no row"):
        fit(frame, impute=True, strategy="delete")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"strategy": "mean"}, InvalidArgumentError, "strategy: only has an effect with impute=True"),
        ({"impute": True, "strategy": "mode"}, InvalidArgumentError, "strategy: expected one of .*most_frequent-als"),
        ({"impute": True, "strategy_by_col": ["A"]}, ArgumentTypeError, r"expected \(column, method\[, constant\]\)"),
        ({"impute": True, "strategy_by_col": [("C", "mean")]}, InvalidArgumentError, "'C' is not a feature"),
        ({"impute": True, "strategy_by_col": [("A", "best")]}, InvalidArgumentError, "expected one of .*; got 'best'"),
        ({"impute": True, "strategy_by_col": [("WORD", "mean")]}, InvalidArgumentError, "'WORD' is categorical"),
        ({"impute": True, "strategy_by_col": [("A", "categorical_const", "x")]}, InvalidArgumentError, "holds numbers"),
        ({"impute": True, "strategy_by_col": [("A", "numerical_const")]}, InvalidArgumentError, "needs the constant"),
        (
            {"impute": True, "strategy_by_col": [("A", "numerical_const", "x")]},
            ArgumentTypeError,
            "a number as constant",
        ),
        ({"impute": True, "strategy_by_col": [("WORD", "categorical_const", "q")]}, InvalidArgumentError, "x, yy, z"),
        ({"impute": True, "als_factors": 0}, InvalidArgumentError, "als_factors.*at least 1"),
        ({"impute": True, "als_factor": 2}, UnknownParameterError, "did you mean als_factors"),
    ],
)
def test_bad_input(frame, given, error, said):
    model = make_model()
    with pytest.raises(error, match=said):
        model.fit(frame, key="ID", features=["A", "B", "WORD"], label="Y", **given)
    assert not model.is_fitted()


def test_a_strategy_of_numbers_alone_is_for_regression(frame):
    model = UnifiedClassification(HGBT, random_state=1)
    with pytest.raises(InvalidArgumentError, match="strategy: expected one of"):
        model.fit(frame, key="ID", label="CLASS", impute=True, strategy="mean")


def test_a_prediction_cannot_ask_for_what_the_fit_has_not_learnt(frame):
    model = fit(frame)
    with pytest.raises(InvalidArgumentError, match="fitted without impute=True"):
        model.predict(frame, key="ID", impute=True)
