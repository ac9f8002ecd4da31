"""Linear regression: coefficients, errors, tests and bounds against statsmodels, penalties against scikit-learn."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from statsmodels.stats.diagnostic import het_breuschpagan, linear_reset
from statsmodels.stats.stattools import durbin_watson

from hanalife import UnifiedRegression
from hanalife.errors import InvalidArgumentError
from hanalife.learning.evaluation import residuals
from tests.learning.engines.samples import NUMBERS, fitted, frame, homes, is_plain, predicted, reason_sums, statistics
from tests.learning.models import ON_EVERY_DATABASE

FUNC = "LinearRegression"


def ols(rows, label="PRICE", names=NUMBERS):
    return sm.OLS(rows[label].to_numpy(float), sm.add_constant(rows[list(names)].to_numpy(float))).fit()


@pytest.mark.parametrize("solver", ["qr", "svd", "cholesky", "cd", "cyclical", "admm"])
def test_coefficients_and_their_tests_are_those_of_statsmodels(sqlite_conn, solver):
    rows, names = homes(), ["(INTERCEPT)", *NUMBERS]
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", solver=solver, stat_inf=True, adjusted_r2=True)
    expected, found = ols(rows), statistics(model)
    for prefix, values in {
        "COEFFICIENT": expected.params,
        "STD_ERROR": expected.bse,
        "T_VALUE": expected.tvalues,
        "P_VALUE": expected.pvalues,
    }.items():
        assert [found[f"{prefix}_{name}"] for name in names] == pytest.approx(values, rel=1e-8)
    assert found["ADJUSTED_R2"] == pytest.approx(expected.rsquared_adj)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected.fittedvalues)


def test_a_category_is_compared_with_another(sqlite_conn):
    rows = homes()
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", [*NUMBERS, "PLACE"], stat_inf=True)
    dummies = np.column_stack([rows["PLACE"] == place for place in ("coast", "field")])
    design = sm.add_constant(np.column_stack([rows[NUMBERS], dummies]).astype(float))
    expected = sm.OLS(rows["PRICE"].to_numpy(), design).fit()
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected.fittedvalues)
    assert statistics(model)["T_VALUE_SIZE"] == pytest.approx(expected.tvalues[1])
    assert sum(name.startswith("COEFFICIENT_PLACE=") for name in statistics(model)) == 2


def test_without_an_intercept(sqlite_conn):
    rows = homes()
    model, _ = fitted(sqlite_conn, FUNC, rows, "PRICE", intercept=False, stat_inf=True, adjusted_r2=True)
    expected, found = sm.OLS(rows["PRICE"].to_numpy(), rows[NUMBERS].to_numpy(float)).fit(), statistics(model)
    assert [found[f"COEFFICIENT_{name}"] for name in NUMBERS] == pytest.approx(expected.params)
    assert [found[f"P_VALUE_{name}"] for name in NUMBERS] == pytest.approx(expected.pvalues)
    assert found["ADJUSTED_R2"] == pytest.approx(expected.rsquared_adj)
    assert "COEFFICIENT_(INTERCEPT)" not in found


def test_tests_of_the_errors_are_those_of_statsmodels(sqlite_conn):
    rows = homes()
    asked = {"dw_test": True, "bp_test": True, "ks_test": True, "reset_test": 3}
    model, _ = fitted(sqlite_conn, FUNC, rows, "PRICE", **asked)
    expected, found = ols(rows), statistics(model)
    assert found["DW_TEST_STATISTIC"] == pytest.approx(durbin_watson(expected.resid))
    wanted = het_breuschpagan(expected.resid, expected.model.exog)[:2]
    assert (found["BP_TEST_STATISTIC"], found["BP_TEST_P_VALUE"]) == pytest.approx(wanted)
    wanted = linear_reset(expected, power=3, use_f=True)
    assert found["RESET_TEST_STATISTIC"] == pytest.approx(float(wanted.fvalue))
    assert found["RESET_TEST_P_VALUE"] == pytest.approx(float(wanted.pvalue))
    scaled = np.sort(expected.resid) / np.sqrt(expected.mse_resid)
    steps = np.arange(len(rows) + 1) / len(rows)
    cumulated = np.array([0.5 * (1 + math.erf(one / math.sqrt(2))) for one in scaled])
    largest = max((steps[1:] - cumulated).max(), (cumulated - steps[:-1]).max())
    assert found["KS_TEST_STATISTIC"] == pytest.approx(largest)


def test_the_durbin_watson_p_value_has_the_statistic_s_exact_mean_and_variance():
    random = np.random.default_rng(3)
    columns = np.column_stack([np.ones(30), random.normal(size=(30, 2)).cumsum(axis=0)])
    left = np.eye(30) - columns @ np.linalg.pinv(columns)
    differences = np.diff(np.eye(30), axis=0)
    # The statistic is a ratio of quadratic forms; its moments follow from the eigenvalues.
    roots = np.sort(np.linalg.eigvalsh(left @ differences.T @ differences @ left))[3:]
    mean, variance = roots.mean(), 2 * ((roots - roots.mean()) ** 2).sum() / (27 * 29)
    errors = left @ random.normal(size=30)
    found, p_value = residuals.durbin_watson(errors, columns)
    assert found == pytest.approx(durbin_watson(errors))
    assert p_value == pytest.approx(2 * stats.norm.sf(abs(found - mean) / np.sqrt(variance)))


def test_tests_tell_good_errors_from_bad():
    random = np.random.default_rng(9)
    x = random.uniform(1, 5, 400)
    columns = np.column_stack([np.ones(400), x])
    good = random.normal(size=400)
    walk = np.zeros(400)
    for turn in range(1, 400):
        walk[turn] = 0.8 * walk[turn - 1] + good[turn]
    assert residuals.durbin_watson(good, columns)[1] > 0.05 > residuals.durbin_watson(walk, columns)[1]
    assert residuals.breusch_pagan(good, columns)[1] > 0.05 > residuals.breusch_pagan(good * x, columns)[1]
    skewed = random.exponential(size=400) - 1
    assert residuals.kolmogorov_smirnov(good, 398)[1] > 0.05 > residuals.kolmogorov_smirnov(skewed, 398)[1]
    assert residuals.reset(x + good, columns, 2)[1] > 0.05 > residuals.reset(x**2 + good, columns, 2)[1]


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_bounds_are_those_of_statsmodels(conn, level):
    rows = homes()
    model, data = fitted(conn, FUNC, rows, "PRICE")
    expected = ols(rows).get_prediction().summary_frame(alpha=level)
    found = predicted(model, data, interval_type="confidence", significance_level=level)
    assert found["LOWER_BOUND"].to_numpy() == pytest.approx(expected["mean_ci_lower"])
    assert found["UPPER_BOUND"].to_numpy() == pytest.approx(expected["mean_ci_upper"])
    found = predicted(model, data, interval_type="prediction", significance_level=level)
    assert found["LOWER_BOUND"].to_numpy() == pytest.approx(expected["obs_ci_lower"])
    assert found["UPPER_BOUND"].to_numpy() == pytest.approx(expected["obs_ci_upper"])
    assert predicted(model, data)["UPPER_BOUND"].isna().all()
    scored = model.score(data, key="ID", interval_type="prediction", significance_level=level)[0].collect()
    assert scored["UPPER_BOUND"].notna().all()


def test_bounds_that_ignore_the_correlation_use_the_variances_alone(sqlite_conn):
    rows = homes()
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", ["SIZE"])
    both = [predicted(model, data, significance_level=0.1, ignore_correlation=one) for one in (True, False)]
    # With one column around its mean, intercept and coefficient are not correlated anyway.
    assert both[0]["LOWER_BOUND"].to_numpy() == pytest.approx(both[1]["LOWER_BOUND"])
    model, data = fitted(sqlite_conn, FUNC, rows.assign(RATE=rows["SIZE"] + 0.1 * rows["RATE"]), "PRICE")
    both = [predicted(model, data, significance_level=0.1, ignore_correlation=one) for one in (True, False)]
    assert (both[0]["UPPER_BOUND"] > both[1]["UPPER_BOUND"]).mean() > 0.9


@pytest.mark.parametrize(("share", "strength"), [(1.0, 0.1), (0.5, 0.3), (0.0, 0.3)])
def test_a_penalty_is_that_of_scikit_learn(sqlite_conn, share, strength):
    rows = homes()
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", enet_lambda=strength, enet_alpha=share, tol=1e-12)
    peer = ElasticNet(alpha=strength, l1_ratio=share, tol=1e-12) if share else Ridge(strength * len(rows))
    peer = make_pipeline(StandardScaler(), peer).fit(rows[NUMBERS].to_numpy(float), rows["PRICE"])
    expected = peer.predict(rows[NUMBERS].to_numpy(float))
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected, rel=1e-9)


def best_by_p_values(rows, candidates, enter):
    """Choose forward by the p-values of statsmodels."""
    chosen = []
    while len(chosen) < len(candidates):
        rest = [name for name in candidates if name not in chosen]
        values = {name: ols(rows, names=[*chosen, name]).pvalues[-1] for name in rest}
        best = min(values, key=values.get)
        if values[best] >= enter:
            break
        chosen.append(best)
    return set(chosen)


def test_features_are_chosen_by_their_p_values(sqlite_conn):
    rows = homes()
    random = np.random.default_rng(1)
    for number in range(4):
        rows[f"NOISE{number}"] = random.normal(size=len(rows))
    every = [*NUMBERS, *(f"NOISE{number}" for number in range(4))]
    for enter in (0.05, 0.5):
        model, _ = fitted(sqlite_conn, FUNC, rows, "PRICE", every, var_select="forward", alpha_to_enter=enter)
        found = set(statistics(model)["SELECTED_FEATURES"].split(", "))
        assert found == best_by_p_values(rows, every, enter)
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", every, var_select="backward", alpha_to_remove=0.05)
    kept = statistics(model)["SELECTED_FEATURES"].split(", ")
    assert (ols(rows, names=kept).pvalues[1:] <= 0.05).all()
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(ols(rows, names=kept).fittedvalues)
    given = {"var_select": "stepwise", "mandatory_feature": ["NOISE0"]}
    model, _ = fitted(sqlite_conn, FUNC, rows, "PRICE", every, **given)
    assert "NOISE0" in statistics(model)["SELECTED_FEATURES"]


def test_reasons_are_shapley_values_and_importance_is_of_columns_with_one_variance(sqlite_conn):
    rows = homes(60)
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE")
    found = predicted(model, data)
    sums = reason_sums(found)
    assert found["SCORE"].to_numpy() - sums == pytest.approx(np.full(60, rows["PRICE"].mean()))
    # Shapley values from their definition: the mean over all orders of what a feature adds.
    weights = ols(rows).params[1:]
    means, row = rows[NUMBERS].mean().to_numpy(), rows.loc[3, NUMBERS].to_numpy(float)
    orders = list(itertools.permutations(range(3)))
    added = np.zeros(3)
    for order in orders:
        known = means.copy()
        for place in order:
            before = known @ weights
            known[place] = row[place]
            added[place] += (known @ weights - before) / len(orders)
    values = {one["attr"]: one["val"] for one in json.loads(found["REASON"][3])}
    assert [values[name] for name in NUMBERS] == pytest.approx(added)
    sizes = np.abs(weights * rows[NUMBERS].to_numpy(float).std(axis=0))
    shares = model.get_feature_importances()
    assert [shares[name] for name in NUMBERS] == pytest.approx(sizes / sizes.sum())


def test_a_state_restores_it_and_is_made_of_arrays(conn):
    rows = homes(50)
    model, data = fitted(conn, FUNC, rows, "PRICE", [*NUMBERS, "PLACE"], stat_inf=True)
    state = model.to_state()
    assert is_plain(state.estimator)
    again = UnifiedRegression.from_state(conn, state)
    for given in ({}, {"interval_type": "prediction"}):
        assert predicted(again, data, **given).equals(predicted(model, data, **given))
    assert statistics(again) == statistics(model)


def test_a_search_over_penalties(sqlite_conn):
    search = {"resampling_method": "cv", "fold_num": 3, "param_search_strategy": "grid"}
    space = {"enet_lambda": [0.0, 0.01, 10.0], "enet_alpha": [0.0, 1.0]}
    model, _ = fitted(sqlite_conn, FUNC, homes(), "PRICE", **search, param_values=space)
    assert model.get_optimal_parameters().set_index("PARAM_NAME")["DOUBLE_VALUE"]["enet_lambda"] < 10


@pytest.mark.parametrize("func", [FUNC, "GLM"])
def test_columns_that_say_nothing_are_left_out(sqlite_conn, caplog, func):
    rows = homes()
    plain, _ = fitted(sqlite_conn, func, rows, "PRICE")
    expected = predicted(plain, frame(sqlite_conn, rows))["SCORE"]
    caplog.set_level("INFO")
    more = rows.assign(SAME=3.5, TWICE=2 * rows["SIZE"] + rows["AGE"], NOTHING=np.nan)
    given = {"handle_missing_fit": "fill_zero"} if func == "GLM" else {}
    model, data = fitted(sqlite_conn, func, more, "PRICE", [*NUMBERS, "SAME", "TWICE", "NOTHING"], **given)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected.to_numpy())
    assert "SAME" in caplog.text
    assert "NOTHING: constant, or a combination of the other columns; left out" in caplog.text


def test_few_rows(sqlite_conn):
    model, data = fitted(sqlite_conn, FUNC, homes(1), "PRICE", stat_inf=True, adjusted_r2=True, dw_test=True)
    assert predicted(model, data)["SCORE"][0] == homes(1)["PRICE"][0]
    assert predicted(model, data, interval_type="confidence")["UPPER_BOUND"].isna().all()
    rows = homes(4)
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", [*NUMBERS, "PLACE"], stat_inf=True)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(rows["PRICE"].to_numpy())


@ON_EVERY_DATABASE
def test_missing_numbers_are_the_mean_or_refused_or_skipped_or_zero(conn):
    rows = homes(40)
    rows.loc[:4, "SIZE"] = np.nan
    filled = rows.assign(SIZE=rows["SIZE"].fillna(rows["SIZE"].mean()))
    model, data = fitted(conn, FUNC, rows, "PRICE")
    expected = ols(filled)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected.fittedvalues)
    skipped = predicted(model, data, handle_missing="skip")
    assert skipped["ID"].tolist() == list(range(5, 40))
    zero = expected.predict(sm.add_constant(rows.assign(SIZE=rows["SIZE"].fillna(0))[NUMBERS].to_numpy(float)))
    assert predicted(model, data, handle_missing="fill_zero")["SCORE"].to_numpy() == pytest.approx(zero)
    _, judged = model.score(data, key="ID", label="PRICE", handle_missing="skip")
    errors = rows["PRICE"].to_numpy()[5:] - expected.fittedvalues[5:]
    assert float(judged.collect().set_index("STAT_NAME")["STAT_VALUE"]["MSE"]) == pytest.approx((errors**2).mean())
    only = data.filter("ID < 5")
    assert predicted(model, only, handle_missing="skip").empty
    with pytest.raises(InvalidArgumentError, match="every row lacks a feature"):
        model.score(only, key="ID", label="PRICE", handle_missing="skip")
    with pytest.raises(InvalidArgumentError, match="features: 5 rows hold a missing value; set handle_missing=True"):
        fitted(conn, FUNC, rows, "PRICE", handle_missing=False)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"enet_lambda": 0.1, "solver": "qr"}, "solver='qr' takes no penalty; use one of cd, cyclical, admm"),
        ({"enet_lambda": 0.1, "stat_inf": True}, "stat_inf: it holds for least squares without a penalty"),
        ({"enet_lambda": 0.1, "reset_test": 2}, "reset_test: it holds for least squares"),
        ({"enet_lambda": 0.1, "var_select": "forward"}, "var_select: a penalty chooses by itself"),
        ({"alpha_to_enter": 0.1}, "alpha_to_enter: var_select='no' does not use it; use forward or stepwise"),
        ({"alpha_to_remove": 0.1, "var_select": "forward"}, "use backward or stepwise"),
        ({"mandatory_feature": ["SIZE"]}, "mandatory_feature: var_select='no' does not use it"),
        ({"var_select": "stepwise", "alpha_to_enter": 0.3}, "0.3 is above alpha_to_remove=0.15"),
    ],
)
def test_what_does_not_fit_together_is_refused(sqlite_conn, given, said):
    with pytest.raises(InvalidArgumentError, match=said):
        fitted(sqlite_conn, FUNC, homes(20), "PRICE", **given)


def test_other_refusals(sqlite_conn):
    with pytest.raises(InvalidArgumentError, match="'PLACE' is not a feature; the features are: SIZE, AGE, RATE"):
        fitted(sqlite_conn, FUNC, homes(20), "PRICE", var_select="backward", mandatory_feature="PLACE")
    model, data = fitted(sqlite_conn, FUNC, homes(20), "PRICE", enet_lambda=0.1)
    with pytest.raises(InvalidArgumentError, match="a model with a penalty has no standard errors"):
        model.predict(data, key="ID", interval_type="confidence")


def test_no_convergence_is_told_with_the_remedy(sqlite_conn, caplog):
    fitted(sqlite_conn, FUNC, homes(), "PRICE", enet_lambda=1e-6, max_iter=1, tol=1e-15)
    assert "no convergence in 1 iterations; raise max_iter" in caplog.text


def test_intervals_and_covariance_of_the_coefficients(sqlite_conn, caplog):
    rows = homes()
    fit = {"significance_level": 0.1, "output_coefcov": True}
    model, _ = fitted(sqlite_conn, FUNC, rows, "PRICE", stat_inf=True, fit=fit)
    expected, found = ols(rows), statistics(model)
    names = ["(INTERCEPT)", *NUMBERS]
    bounds = [[found[f"{side}_{name}"] for side in ("LOWER", "UPPER")] for name in names]
    assert np.array(bounds) == pytest.approx(expected.conf_int(0.1))
    told = json.loads(found["COEFFICIENT_COVARIANCE"])
    assert told["columns"] == names
    assert np.array(told["covariance"]) == pytest.approx(expected.cov_params())
    model, _ = fitted(sqlite_conn, FUNC, rows, "PRICE", enet_lambda=0.1, fit={"output_coefcov": True})
    assert "COEFFICIENT_COVARIANCE" not in statistics(model)
    assert "output_coefcov: a model with a penalty has no covariance" in caplog.text


@pytest.mark.parametrize("func", [FUNC, "GLM"])
def test_an_unseen_category_counts_as_the_mean_of_all(sqlite_conn, func):
    rows = homes()
    model, data = fitted(sqlite_conn, func, rows, "PRICE", ["PLACE"])
    means = rows.groupby("PLACE")["PRICE"].mean()
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(means[rows["PLACE"]].to_numpy())
    strange = frame(sqlite_conn, rows.assign(PLACE=np.array(["mögn", None] * 60, dtype=object)))
    found = predicted(model, strange)
    assert found["SCORE"].to_numpy() == pytest.approx(np.full(120, rows["PRICE"].mean()))
    assert reason_sums(found) == pytest.approx(np.zeros(120))


def test_many_rare_categories_and_missing_ones(sqlite_conn):
    random = np.random.default_rng(0)
    rows = homes(400)
    rows["PLACE"] = np.array([f"π{number}" for number in random.integers(150, size=400)], dtype=object)
    rows.loc[::40, "PLACE"] = None
    rows["PRICE"] = np.where(rows["PLACE"].isna(), 5.0, 1.0) + 0.001 * rows["RATE"]
    model, data = fitted(sqlite_conn, FUNC, rows, "PRICE", ["PLACE"], stat_inf=True)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(rows["PRICE"].to_numpy(), abs=0.01)
    names = [name for name in statistics(model) if name.startswith("COEFFICIENT_PLACE=")]
    assert len(names) == 64  # 63 frequent ones, the rare, the missing, without one to compare with
