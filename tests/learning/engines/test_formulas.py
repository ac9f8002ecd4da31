"""Regression by formulas: against NumPy's polynomials, closed forms and straight lines through logarithms."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from hanalife import UnifiedRegression
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, UnknownParameterError
from tests.learning.engines.samples import fitted, frame, is_plain, predicted, reason_sums, statistics

X = np.array([1.0, 2, 3, 5, 6, 8, 11, 15])
CURVES = {
    "GeometricRegression": (lambda x, a, b: a * x**b, np.log, np.log),
    "ExponentialRegression": (lambda x, a, b: a * np.exp(b * x), lambda x: x, np.log),
    "LogarithmicRegression": (lambda x, a, b: a + b * np.log(x), np.log, lambda y: y),
}


def points(y):
    return pd.DataFrame({"ID": np.arange(len(y)), "X": X[: len(y)], "Y": y})


@pytest.mark.parametrize("func", CURVES)
@pytest.mark.parametrize("decomposition", ["lu", "qr", "svd", "cholesky"])
def test_points_on_a_curve_give_its_coefficients(sqlite_conn, func, decomposition):
    curve, _, _ = CURVES[func]
    rows = points(curve(X, 2.5, 0.3))
    model, data = fitted(sqlite_conn, func, rows, "Y", ["X"], decomposition=decomposition, adjusted_r2=True)
    found = statistics(model)
    assert (found["B0"], found["B1"], found["ADJUSTED_R2"]) == pytest.approx((2.5, 0.3, 1.0))
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(rows["Y"].to_numpy())


@pytest.mark.parametrize("func", CURVES)
def test_other_points_give_the_straight_line_through_the_logarithms(conn, func):
    curve, of_x, of_y = CURVES[func]
    random = np.random.default_rng(1)
    rows = points(curve(X, 2.5, 0.3) * random.uniform(0.8, 1.2, len(X)))
    model, data = fitted(conn, func, rows, "Y", ["X"], adjusted_r2=True)
    slope, first = np.polyfit(of_x(X), of_y(rows["Y"].to_numpy()), 1)
    first = first if func == "LogarithmicRegression" else np.exp(first)
    found, predictions = statistics(model), predicted(model, data)
    assert (found["B0"], found["B1"]) == pytest.approx((first, slope))
    assert predictions["SCORE"].to_numpy() == pytest.approx(curve(X, first, slope))
    left = rows["Y"].to_numpy() - curve(X, first, slope)
    share = (left**2).sum() / ((rows["Y"] - rows["Y"].mean()) ** 2).sum()
    assert found["ADJUSTED_R2"] == pytest.approx(1 - share * 7 / 6)
    margin = of_y(predictions["SCORE"].to_numpy()) - reason_sums(predictions)
    assert margin == pytest.approx(np.full(len(X), margin[0]))
    assert model.get_feature_importances() == {"X": 1.0}
    assert predictions["UPPER_BOUND"].isna().all()
    again = UnifiedRegression.from_state(conn, model.to_state())
    assert is_plain(model.to_state().estimator)
    assert predicted(again, data).equals(predictions)


def test_an_exponential_of_several_features(sqlite_conn):
    random = np.random.default_rng(2)
    rows = points(X).assign(Z=random.normal(size=len(X)))
    rows["Y"] = 3 * np.exp(0.1 * rows["X"] - 0.5 * rows["Z"])
    model, _ = fitted(sqlite_conn, "ExponentialRegression", rows, "Y", ["X", "Z"])
    found = statistics(model)
    assert [found[f"B{place}"] for place in range(3)] == pytest.approx([3, 0.1, -0.5])


@pytest.mark.parametrize("degree", [1, 2, 4])
@pytest.mark.parametrize("decomposition", ["lu", "qr", "svd", "cholesky"])
def test_a_polynomial_is_that_of_numpy(sqlite_conn, degree, decomposition):
    rows = points(np.sin(X) + X**2)
    given = {"degree": degree, "decomposition": decomposition, "adjusted_r2": True}
    model, data = fitted(sqlite_conn, "PolynomialRegression", rows, "Y", ["X"], **given)
    expected = np.polynomial.Polynomial.fit(X, rows["Y"], degree)
    found = statistics(model)
    coefficients = [found[f"B{place}"] for place in range(degree + 1)]
    assert coefficients == pytest.approx(expected.convert().coef, rel=1e-5)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected(X), rel=1e-7)
    content = json.loads(model.model_[0].collect()["MODEL_CONTENT"].iloc[0])
    assert content["columns"] == [f"X^{power}" for power in range(1, degree + 1)]


@pytest.mark.parametrize("space", [{"degree_values": [1, 2, 3]}, {"degree_range": [1, 1, 3]}])
def test_a_search_finds_the_degree(sqlite_conn, space):
    random = np.random.default_rng(3)
    x = np.linspace(-2, 2, 40)
    rows = pd.DataFrame({"ID": np.arange(40), "X": x, "Y": x**2 + 0.01 * random.normal(size=40)})
    search = {"resampling_method": "cv", "fold_num": 4, "param_search_strategy": "grid"}
    model, _ = fitted(sqlite_conn, "PolynomialRegression", rows, "Y", ["X"], **search, **space)
    assert model.get_optimal_parameters()["INT_VALUE"].tolist()[0] in (2, 3)
    again = UnifiedRegression.from_state(sqlite_conn, model.to_state())
    assert again.get_optimal_parameters().equals(model.get_optimal_parameters())


def test_what_has_no_logarithm_is_refused_with_the_number_of_rows(conn):
    rows = points(X.copy())
    rows.loc[[1, 3], "Y"] = [0, -2]
    for func in ("GeometricRegression", "ExponentialRegression"):
        with pytest.raises(InvalidArgumentError, match=f"label: {func} takes its logarithm, but 2 rows hold 0 or"):
            fitted(conn, func, rows, "Y", ["X"])
    rows = points(X.copy()).assign(X=X - 3)
    for func in ("GeometricRegression", "LogarithmicRegression"):
        with pytest.raises(InvalidArgumentError, match=f"features: {func} takes the logarithm, but 3 rows hold 0 or"):
            fitted(conn, func, rows, "Y", ["X"])
    model, _ = fitted(conn, "LogarithmicRegression", points(X.copy()), "Y", ["X"])
    with pytest.raises(InvalidArgumentError, match="but 3 rows hold 0 or less; filter them out"):
        model.predict(frame(conn, rows), key="ID")


@pytest.mark.parametrize("func", [*CURVES, "PolynomialRegression"])
def test_features_that_a_formula_cannot_take_are_refused(sqlite_conn, func):
    rows = points(X.copy()).assign(Z=X, PLACE=np.array(list("abcdefgh"), dtype=object))
    given = {"degree": 2} if func.startswith("P") else {}
    if func != "ExponentialRegression":
        with pytest.raises(InvalidArgumentError, match=f"features: {func} takes one, got 2; name it in features"):
            fitted(sqlite_conn, func, rows, "Y", ["X", "Z"], **given)
    with pytest.raises(InvalidArgumentError, match=f"features: {func} takes numbers"):
        fitted(sqlite_conn, func, rows, "Y", ["PLACE"], **given)


def test_a_polynomial_needs_a_degree_that_its_powers_allow(sqlite_conn):
    rows = points(X.copy())
    with pytest.raises(ArgumentTypeError, match="degree: PolynomialRegression needs it"):
        fitted(sqlite_conn, "PolynomialRegression", rows, "Y", ["X"])
    with pytest.raises(InvalidArgumentError, match=r"degree: a power up to 3 of 1\.5e\+201 is too large"):
        fitted(sqlite_conn, "PolynomialRegression", rows.assign(X=X * 1e200), "Y", ["X"], degree=3)
    with pytest.raises(InvalidArgumentError, match="degree_range: degree_values is given too"):
        UnifiedRegression("PolynomialRegression", degree_values=[1], degree_range=[1, 1, 2])
    with pytest.raises(InvalidArgumentError, match="degree_values: param_values names the degree too"):
        UnifiedRegression("PolynomialRegression", degree_values=[1], param_values={"degree": [1]})
    with pytest.raises(ArgumentTypeError, match="degree_values: expected a list of numbers"):
        UnifiedRegression("PolynomialRegression", degree_values=2)


@pytest.mark.parametrize("func", CURVES)
def test_a_formula_without_a_choice_takes_no_search(func):
    with pytest.raises(UnknownParameterError, match=f"'resampling_method' is not a parameter of {func}"):
        UnifiedRegression(func, resampling_method="cv")


@pytest.mark.parametrize("func", [*CURVES, "PolynomialRegression"])
def test_few_points_and_points_alike(sqlite_conn, func):
    given = {"degree": 5} if func.startswith("P") else {}
    for rows in (points(np.array([2.0])), points(np.full(4, 3.0)).assign(X=2.0)):
        model, data = fitted(sqlite_conn, func, rows, "Y", ["X"], adjusted_r2=True, **given)
        assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(rows["Y"].to_numpy())
    rows = points(X.copy())
    rows.loc[2, "X"] = np.nan
    model, data = fitted(sqlite_conn, func, rows, "Y", ["X"], **given)
    assert np.isfinite(predicted(model, data)["SCORE"]).all()
