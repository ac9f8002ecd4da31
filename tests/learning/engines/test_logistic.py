"""Logistic regression: coefficients against scikit-learn, their errors against statsmodels."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from hanalife import UnifiedClassification
from hanalife.errors import InvalidArgumentError, UnknownParameterError
from tests.learning.engines.samples import NUMBERS, fitted, frame, homes, is_plain, predicted, reason_sums, statistics
from tests.learning.models import ON_EVERY_DATABASE

FUNC = "LogisticRegression"


def flowers():
    """Return the iris data with names of the classes."""
    found = load_iris()
    rows = pd.DataFrame(found.data, columns=["SEPAL", "WIDTH", "PETAL", "PETALWIDTH"])
    kind = np.array(["setosa", "versicolor", "virginica"], dtype=object)[found.target]
    return rows.assign(ID=np.arange(len(rows)), KIND=kind)


def positive(found):
    """Return the probability of class 1 of predictions of two classes."""
    return np.where(found["SCORE"] == "1", found["CONFIDENCE"], 1 - found["CONFIDENCE"])


@pytest.mark.parametrize("solver", ["auto", "newton", "lbfgs", "cyclical", "proximal"])
def test_every_solver_finds_the_maximum_likelihood(sqlite_conn, solver):
    rows = homes()
    model, data = fitted(sqlite_conn, FUNC, rows, "SOLD", solver=solver, tol=1e-9, epsilon=1e-9, max_iter=10_000)
    expected = sm.Logit(rows["SOLD"], sm.add_constant(rows[NUMBERS].to_numpy(float))).fit(disp=0, tol=1e-12)
    assert positive(predicted(model, data)) == pytest.approx(expected.predict(), abs=2e-6)


@pytest.mark.parametrize(
    ("given", "peer"),
    [
        ({"enet_lambda": 0.05, "enet_alpha": 0.0, "solver": "lbfgs"}, {"solver": "lbfgs"}),
        ({"enet_lambda": 0.05, "enet_alpha": 0.0, "solver": "newton"}, {"solver": "newton-cholesky"}),
        ({"enet_lambda": 0.05, "enet_alpha": 1.0}, {"solver": "saga", "l1_ratio": 1.0}),
        ({"enet_lambda": 0.05, "enet_alpha": 0.4, "solver": "proximal"}, {"solver": "saga", "l1_ratio": 0.4}),
    ],
)
@pytest.mark.parametrize("standardize", [True, False])
def test_a_penalty_is_that_of_scikit_learn(sqlite_conn, given, peer, standardize):
    rows = homes()
    model, data = fitted(
        sqlite_conn, FUNC, rows, "SOLD", standardize=standardize, tol=1e-10, epsilon=1e-10, max_iter=20_000, **given
    )
    made = LogisticRegression(C=1 / (0.05 * len(rows)), tol=1e-10, max_iter=20_000, random_state=3, **peer)
    made = make_pipeline(StandardScaler(with_std=standardize), made).fit(rows[NUMBERS].to_numpy(float), rows["SOLD"])
    expected = made.predict_proba(rows[NUMBERS].to_numpy(float))[:, 1]
    assert positive(predicted(model, data)) == pytest.approx(expected, abs=1e-5)


def test_standard_errors_are_those_of_statsmodels(conn):
    rows, names = homes(), ["(INTERCEPT)", *NUMBERS]
    model, _ = fitted(conn, FUNC, rows, "SOLD", solver="newton", epsilon=1e-10, stat_inf=True)
    expected = sm.Logit(rows["SOLD"], sm.add_constant(rows[NUMBERS].to_numpy(float))).fit(disp=0, tol=1e-12)
    found = statistics(model)
    for prefix, values in {
        "COEFFICIENT": expected.params,
        "STD_ERROR": expected.bse,
        "Z_VALUE": expected.tvalues,
        "P_VALUE": expected.pvalues,
    }.items():
        assert [found[f"{prefix}_{name}"] for name in names] == pytest.approx(np.asarray(values), rel=1e-5)


def test_many_classes(conn):
    rows, names = homes(400), ["(INTERCEPT)", *NUMBERS]
    given = {"multi_class": True, "stat_inf": True, "epsilon": 1e-9, "max_iter": 10_000, "solver": "lbfgs"}
    model, data = fitted(conn, FUNC, rows, "GRADE", **given)
    assert model.func == "M_LOGR"
    design = sm.add_constant(rows[NUMBERS].to_numpy(float))
    expected = sm.MNLogit(rows["GRADE"], design).fit(disp=0, maxiter=200, method="newton", tol=1e-12)
    found = predicted(model, data)
    assert found["CONFIDENCE"].to_numpy() == pytest.approx(np.asarray(expected.predict()).max(axis=1), abs=1e-5)
    told = statistics(model)
    for turn, grade in enumerate((2, 3, 4)):
        values = [told[f"COEFFICIENT_{name}_{grade}"] for name in names]
        assert values == pytest.approx(np.asarray(expected.params)[:, turn], abs=1e-4)
        errors = [told[f"STD_ERROR_{name}_{grade}"] for name in names]
        assert errors == pytest.approx(np.asarray(expected.bse)[:, turn], rel=1e-4)
    again = UnifiedClassification.from_state(conn, model.to_state())
    assert predicted(again, data).equals(found)


def test_the_number_of_classes_and_what_multi_class_says_of_it(sqlite_conn, caplog):
    rows = flowers()
    by_label, data = fitted(sqlite_conn, FUNC, rows, "KIND", ["SEPAL", "PETAL"])
    told, _ = fitted(sqlite_conn, FUNC, rows, "KIND", ["SEPAL", "PETAL"], multi_class=True)
    assert predicted(by_label, data).equals(predicted(told, data))
    assert (by_label.func, told.func) == ("LOGR", "M_LOGR")
    with pytest.raises(InvalidArgumentError, match="multi_class: the label has 3 classes; set multi_class=True"):
        fitted(sqlite_conn, FUNC, rows, "KIND", ["SEPAL"], multi_class=False)
    two = [predicted(*fitted(sqlite_conn, FUNC, homes(), "SOLD", multi_class=one)) for one in (None, False, True)]
    assert two[0].equals(two[1])
    assert two[0].equals(two[2])
    with pytest.raises(InvalidArgumentError, match="solver: 'newton' is for two classes, the label has 3"):
        fitted(sqlite_conn, FUNC, rows, "KIND", ["SEPAL"], solver="newton")
    with pytest.raises(InvalidArgumentError, match="solver: expected one of auto, cyclical, lbfgs; got 'newton'"):
        UnifiedClassification(FUNC, multi_class=True, solver="newton")
    # Setosa is separated from the rest, but not the others from each other.
    assert "separate" not in caplog.text


def test_reasons_sum_to_the_log_odds(sqlite_conn):
    rows = homes(50)
    model, data = fitted(sqlite_conn, FUNC, rows, "SOLD", [*NUMBERS, "PLACE"])
    for label, sign in (("1", 1), ("0", -1)):
        found = predicted(model, data, positive_label=label)
        margin = sign * np.log(positive(found) / (1 - positive(found)))
        base = margin - reason_sums(found, "REASON_CODE")
        assert base == pytest.approx(np.full(50, base[0]))
    attributes = {one["attr"] for one in json.loads(found["REASON_CODE"][0])}
    assert attributes == {*NUMBERS, "PLACE"}
    assert sum(model.get_feature_importances().values()) == pytest.approx(1)


@ON_EVERY_DATABASE
def test_the_class_map_says_which_class_is_the_second(conn):
    rows = homes()
    rows["STATE"] = np.where(rows["SOLD"] == 1, "gone", "here")
    class_map = {"class_map0": "here", "class_map1": "gone"}
    mapped, data = fitted(conn, FUNC, rows, "STATE", fit=class_map, stat_inf=True)
    plain, _ = fitted(conn, FUNC, rows, "STATE", stat_inf=True)
    direct, _ = fitted(conn, FUNC, rows, "SOLD", stat_inf=True)
    found = [statistics(one)["COEFFICIENT_SIZE"] for one in (direct, mapped, plain)]
    assert found == pytest.approx([found[0], found[0], -found[0]], rel=1e-4)
    scores = [predicted(one, data)["SCORE"].tolist() for one in (mapped, plain)]
    assert scores[0] == scores[1]
    again = UnifiedClassification.from_state(conn, mapped.to_state())
    assert predicted(again, data, **class_map).equals(predicted(mapped, data))
    with pytest.raises(InvalidArgumentError, match="the model was fitted with here, gone; leave them out"):
        mapped.predict(data, key="ID", class_map0="gone", class_map1="here")
    for wrong in ({"class_map0": "here"}, {"class_map0": "here", "class_map1": "lost"}):
        with pytest.raises(InvalidArgumentError, match="they must name the label's two classes"):
            fitted(conn, FUNC, rows, "STATE", fit=wrong)
    with pytest.raises(UnknownParameterError, match="class_map0"):
        fitted(conn, FUNC, rows, "STATE", fit=class_map, multi_class=True)


@pytest.mark.parametrize("given", [{}, {"solver": "stochastic", "max_pass_number": 5}, {"enet_lambda": 0.01}])
def test_a_state_restores_it_and_the_seed_repeats_it(conn, given):
    rows = homes(60)
    model, data = fitted(conn, FUNC, rows, "SOLD", [*NUMBERS, "PLACE"], **given)
    state = model.to_state()
    assert is_plain(state.estimator)
    again = UnifiedClassification.from_state(conn, state)
    assert predicted(again, data).equals(predicted(model, data))
    other, _ = fitted(conn, FUNC, rows, "SOLD", [*NUMBERS, "PLACE"], **given)
    assert predicted(other, data).equals(predicted(model, data))


def test_stochastic_learns_something_in_a_few_passes(sqlite_conn):
    model, _ = fitted(sqlite_conn, FUNC, homes(), "SOLD", solver="stochastic", max_pass_number=50)
    exact, _ = fitted(sqlite_conn, FUNC, homes(), "SOLD")
    assert statistics(model)["AUC"] > statistics(exact)["AUC"] - 0.05


def test_folds_of_few_rows_may_lack_a_class(sqlite_conn):
    rows = homes(12).assign(SOLD=[1] + [0] * 11)
    model, data = fitted(sqlite_conn, FUNC, rows, "SOLD", resampling_method="cv", fold_num=4, evaluation_metric="nll")
    assert len(predicted(model, data)) == 12
    three = flowers().iloc[::10].assign(PART=lambda rows: np.where(rows["KIND"] == "setosa", 2, 1))
    data = frame(sqlite_conn, three)
    model = UnifiedClassification(FUNC, random_state=1).fit(
        data, key="ID", label="KIND", features=["SEPAL", "PETAL"], partition_method="predefined", purpose="PART"
    )
    found = predicted(model, data)
    assert set(found["SCORE"]) <= {"versicolor", "virginica"}
    assert all(json.loads(text) for text in found["REASON_CODE"])


def test_perfect_separation_is_told_with_the_remedy(sqlite_conn, caplog):
    rows = flowers()[lambda rows: rows["KIND"] != "virginica"]
    model, data = fitted(sqlite_conn, FUNC, rows, "KIND", ["SEPAL", "PETAL"], stat_inf=True, max_iter=1000)
    assert "separate the classes without error" in caplog.text
    assert "set enet_lambda above 0" in caplog.text
    assert (predicted(model, data)["SCORE"].to_numpy() == rows["KIND"].to_numpy()).all()
    caplog.clear()
    fitted(sqlite_conn, FUNC, rows, "KIND", ["SEPAL", "PETAL"], enet_lambda=0.01)
    assert "separate" not in caplog.text


def test_no_convergence_is_told_with_the_remedy(sqlite_conn, caplog):
    fitted(sqlite_conn, FUNC, homes(), "SOLD", max_iter=1, solver="lbfgs")
    assert "did not converge in 1 iterations; raise max_iter" in caplog.text


def test_columns_that_say_nothing_are_left_out(sqlite_conn):
    rows = homes()
    plain, data = fitted(sqlite_conn, FUNC, rows, "SOLD", solver="newton", epsilon=1e-10)
    more = rows.assign(SAME=3.5, TWICE=2 * rows["SIZE"] + rows["AGE"], NOTHING=np.nan)
    names = [*NUMBERS, "SAME", "TWICE", "NOTHING"]
    model, wide = fitted(sqlite_conn, FUNC, more, "SOLD", names, solver="newton", epsilon=1e-10, stat_inf=True)
    assert positive(predicted(model, wide)) == pytest.approx(positive(predicted(plain, data)), abs=1e-6)
    only, data = fitted(sqlite_conn, FUNC, more, "SOLD", ["SAME"])
    assert positive(predicted(only, data)) == pytest.approx(np.full(len(rows), rows["SOLD"].mean()))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"solver": "newton", "enet_lambda": 0.1}, "solver: 'newton' takes no L1 penalty; use 'cyclical'"),
        ({"stat_inf": True, "enet_lambda": 0.1}, "stat_inf: standard errors are of the maximum likelihood"),
        ({"stat_inf": True, "solver": "stochastic"}, "another solver than 'stochastic'"),
    ],
)
def test_what_does_not_fit_together_is_refused(sqlite_conn, given, said):
    with pytest.raises(InvalidArgumentError, match=said):
        fitted(sqlite_conn, FUNC, homes(20), "SOLD", **given)


def test_missing_numbers(sqlite_conn):
    rows = homes(40)
    rows.loc[:4, "SIZE"] = np.nan
    model, data = fitted(sqlite_conn, FUNC, rows, "SOLD")
    full, other = fitted(sqlite_conn, FUNC, rows.assign(SIZE=rows["SIZE"].fillna(rows["SIZE"].mean())), "SOLD")
    assert positive(predicted(model, data)) == pytest.approx(positive(predicted(full, other)))
    with pytest.raises(InvalidArgumentError, match="features: 5 rows hold a missing value"):
        fitted(sqlite_conn, FUNC, rows, "SOLD", handle_missing=False)
