"""Generalised linear models against statsmodels; penalties against scikit-learn and their conditions."""

from __future__ import annotations

import json

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn.linear_model import PoissonRegressor
from statsmodels.discrete.discrete_model import NegativeBinomial
from statsmodels.miscmodels.ordinal_model import OrderedModel

from hanalife import UnifiedRegression
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, NotSupportedError
from hanalife.learning.engines import families
from hanalife.learning.parameters.linear import FAMILIES
from tests.learning.engines.samples import NUMBERS, fitted, homes, is_plain, predicted, reason_sums, statistics

FUNC = "GLM"
LABELS = {
    "gaussian": "PRICE",
    "normal": "PRICE",
    "poisson": "COUNT",
    "binomial": "SOLD",
    "gamma": "COST",
    "inversegaussin": "COST",
    "inversegaussian": "COST",
    "negativebinomial": "MANY",
    "ordinal": "GRADE",
}
LINKS = {
    "identity": sm.families.links.Identity,
    "log": sm.families.links.Log,
    "logit": sm.families.links.Logit,
    "probit": sm.families.links.Probit,
    "comploglog": sm.families.links.CLogLog,
    "reciprocal": sm.families.links.InversePower,
    "inverse": sm.families.links.InversePower,
    "inversesquare": sm.families.links.InverseSquared,
}
PEERS = {
    "gaussian": sm.families.Gaussian,
    "normal": sm.families.Gaussian,
    "poisson": sm.families.Poisson,
    "binomial": sm.families.Binomial,
    "gamma": sm.families.Gamma,
    "inversegaussin": sm.families.InverseGaussian,
    "inversegaussian": sm.families.InverseGaussian,
}
# With one weak column every link's range is kept.
STEADY = ["RATE"]
PAIRS = [(family, link) for family in PEERS for link in families.links_of(family)]


def design(rows, names):
    return sm.add_constant(rows[list(names)].to_numpy(float))


def steady_homes():
    """Return rows whose means keep the range of every link."""
    rows, random = homes(), np.random.default_rng(2)
    share = 0.4 + 0.05 * np.clip(rows["RATE"], -2, 2)
    return rows.assign(
        SOLD=(random.random(len(rows)) < share).astype(int),
        COUNT=random.poisson(4 + 0.3 * rows["RATE"]),
        COST=random.gamma(8, (4 + 0.3 * rows["RATE"]) / 8),
        PRICE=20 + rows["RATE"] + 0.5 * random.normal(size=len(rows)),
    )


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.DomainWarning")
@pytest.mark.parametrize(("family", "link"), PAIRS)
def test_every_link_of_every_family_is_that_of_statsmodels(sqlite_conn, family, link):
    rows, label = steady_homes(), LABELS[family]
    model, data = fitted(sqlite_conn, FUNC, rows, label, STEADY, family=family, link=link, tol=1e-12)
    peer = sm.GLM(rows[label].to_numpy(float), design(rows, STEADY), family=PEERS[family](LINKS[link]()))
    expected, found = peer.fit(tol=1e-14, maxiter=200), statistics(model)
    names = ["(INTERCEPT)", *STEADY]
    assert [found[f"COEFFICIENT_{name}"] for name in names] == pytest.approx(expected.params, rel=1e-5)
    assert [found[f"STD_ERROR_{name}"] for name in names] == pytest.approx(expected.bse, rel=1e-4)
    assert found["DEVIANCE"] == pytest.approx(expected.deviance)
    assert found["NULL_DEVIANCE"] == pytest.approx(expected.null_deviance)
    assert found["DISPERSION"] == pytest.approx(expected.scale, rel=1e-5)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected.fittedvalues, rel=1e-5)


@pytest.mark.parametrize("family", ["gaussian", "poisson", "binomial", "gamma"])
@pytest.mark.parametrize("solver", ["irls", "nr"])
def test_more_columns_by_each_solver(conn, family, solver):
    rows, label = homes(), LABELS[family]
    link = "log" if family == "gamma" else families.links_of(family)[0]
    model, data = fitted(conn, FUNC, rows, label, family=family, link=link, solver=solver, tol=1e-11)
    peer = sm.GLM(rows[label].to_numpy(float), design(rows, NUMBERS), family=PEERS[family](LINKS[link]()))
    expected, found = peer.fit(tol=1e-14), statistics(model)
    names = ["(INTERCEPT)", *NUMBERS]
    assert [found[f"COEFFICIENT_{name}"] for name in names] == pytest.approx(expected.params, rel=1e-6)
    assert found["LOG_LIKELIHOOD"] == pytest.approx(expected.llf, rel=1e-6)
    letter, bounds = ("T", stats.t(expected.df_resid)) if family in ("gaussian", "gamma") else ("Z", stats.norm())
    tests = expected.params / expected.bse
    assert [found[f"{letter}_VALUE_{name}"] for name in names] == pytest.approx(tests, rel=1e-4)
    assert [found[f"P_VALUE_{name}"] for name in names] == pytest.approx(2 * bounds.sf(abs(tests)), rel=1e-3)
    lower = expected.params - bounds.isf(0.025) * expected.bse
    assert [found[f"LOWER_{name}"] for name in names] == pytest.approx(lower, rel=1e-4, abs=1e-6)
    again = UnifiedRegression.from_state(conn, model.to_state())
    assert is_plain(model.to_state().estimator)
    assert predicted(again, data).equals(predicted(model, data))


def test_bounds_of_the_mean_are_those_of_statsmodels(sqlite_conn):
    rows = homes()
    model, data = fitted(sqlite_conn, FUNC, rows, "COUNT", family="poisson", tol=1e-12)
    peer = sm.GLM(rows["COUNT"].to_numpy(float), design(rows, NUMBERS), family=sm.families.Poisson()).fit(tol=1e-14)
    expected = peer.get_prediction().summary_frame(alpha=0.1)
    found = predicted(model, data, interval_type="confidence", significance_level=0.1)
    assert found["LOWER_BOUND"].to_numpy() == pytest.approx(expected["mean_ci_lower"], rel=1e-5)
    assert found["UPPER_BOUND"].to_numpy() == pytest.approx(expected["mean_ci_upper"], rel=1e-5)
    on_link = predicted(model, data, prediction_type="link", interval_type="confidence", significance_level=0.1)
    assert on_link["SCORE"].to_numpy() == pytest.approx(np.log(peer.fittedvalues), abs=1e-6)
    assert np.exp(on_link["LOWER_BOUND"].to_numpy()) == pytest.approx(found["LOWER_BOUND"])
    with pytest.raises(InvalidArgumentError, match="'prediction' is of the label itself"):
        model.predict(data, key="ID", prediction_type="link", interval_type="prediction")


def test_gaussian_bounds_are_those_of_linear_regression(sqlite_conn):
    rows = homes()
    models = [fitted(sqlite_conn, func, rows, "PRICE") for func in (FUNC, "LinearRegression")]
    for kind in ("confidence", "prediction"):
        one, other = (predicted(model, data, interval_type=kind) for model, data in models)
        for name in ("SCORE", "LOWER_BOUND", "UPPER_BOUND"):
            assert one[name].to_numpy() == pytest.approx(other[name].to_numpy())


@pytest.mark.parametrize(
    ("family", "link"), [("poisson", "log"), ("gamma", "log"), ("negativebinomial", "log"), ("inversegaussian", "log")]
)
def test_bounds_of_new_rows_hold_as_often_as_asked(sqlite_conn, family, link):
    random, rows = np.random.default_rng(6), homes(600)
    mean = np.exp(1 + 0.2 * rows["RATE"])
    drawn = {
        "poisson": random.poisson(mean),
        "gamma": random.gamma(4, mean / 4),
        "negativebinomial": random.negative_binomial(3, 3 / (3 + mean)),
        "inversegaussian": random.wald(mean, 8.0),
    }
    rows["LABEL"] = drawn[family]
    model, data = fitted(sqlite_conn, FUNC, rows, "LABEL", ["RATE"], family=family, link=link)
    found = predicted(model, data, interval_type="prediction", significance_level=0.2)
    holds = ((rows["LABEL"] >= found["LOWER_BOUND"]) & (rows["LABEL"] <= found["UPPER_BOUND"])).mean()
    # Numbers of a few values cannot hold exactly so often, but more.
    assert 0.77 < holds < (0.95 if family in ("poisson", "negativebinomial") else 0.87)


def test_the_heterogeneity_is_the_likeliest(sqlite_conn):
    rows = homes(300)
    model, data = fitted(sqlite_conn, FUNC, rows, "MANY", family="negativebinomial", tol=1e-12)
    expected = NegativeBinomial(rows["MANY"], design(rows, NUMBERS)).fit(disp=0, maxiter=500, method="bfgs", gtol=1e-8)
    found = statistics(model)
    names = ["(INTERCEPT)", *NUMBERS]
    assert [found[f"COEFFICIENT_{name}"] for name in names] == pytest.approx(expected.params[:-1].to_numpy(), abs=1e-4)
    assert found["HETEROGENEITY"] == pytest.approx(expected.params.iloc[-1], rel=1e-3)
    assert found["LOG_LIKELIHOOD"] == pytest.approx(expected.llf, rel=1e-6)
    assert found["AIC"] == pytest.approx(expected.aic, rel=1e-6)
    for link in ("identity", "sqrt"):
        model, data = fitted(sqlite_conn, FUNC, rows, "MANY", ["RATE"], family="negativebinomial", link=link)
        assert predicted(model, data)["SCORE"].mean() == pytest.approx(rows["MANY"].mean(), rel=0.05)


def test_labels_that_vary_less_than_poisson_are_all_but_poisson(sqlite_conn):
    rows = homes().assign(LABEL=np.arange(120) % 3 + 5)
    one, _ = fitted(sqlite_conn, FUNC, rows, "LABEL", ["RATE"], family="negativebinomial")
    other, _ = fitted(sqlite_conn, FUNC, rows, "LABEL", ["RATE"], family="poisson")
    assert statistics(one)["COEFFICIENT_RATE"] == pytest.approx(statistics(other)["COEFFICIENT_RATE"], rel=1e-3)


@pytest.mark.parametrize(("link", "distribution"), [("logit", "logit"), ("probit", "probit")])
def test_ordinal_regression_is_that_of_statsmodels(conn, link, distribution):
    rows = homes(300)
    model, data = fitted(conn, FUNC, rows, "GRADE", family="ordinal", link=link, tol=1e-13)
    peer = OrderedModel(rows["GRADE"], rows[NUMBERS], distr=distribution)
    expected = peer.fit(method="bfgs", disp=0, maxiter=500, gtol=1e-8)
    found = statistics(model)
    assert [found[f"COEFFICIENT_{name}"] for name in NUMBERS] == pytest.approx(
        expected.params[NUMBERS].to_numpy(), abs=1e-4
    )
    errors = expected.bse[NUMBERS].to_numpy()
    assert [found[f"STD_ERROR_{name}"] for name in NUMBERS] == pytest.approx(errors, rel=0.05)
    thresholds = peer.transform_threshold_params(expected.params.to_numpy())[1:-1]
    assert [found[f"THRESHOLD_{number}"] for number in (1, 2, 3)] == pytest.approx(thresholds, abs=1e-3)
    assert found["LOG_LIKELIHOOD"] == pytest.approx(expected.llf, rel=1e-7)
    levels = peer.predict(expected.params).argmax(axis=1) + 1
    assert predicted(model, data)["SCORE"].tolist() == levels.tolist()
    again = UnifiedRegression.from_state(conn, model.to_state())
    assert is_plain(model.to_state().estimator)
    assert predicted(again, data).equals(predicted(model, data))


def test_ordinal_regression_with_the_extreme_value_distribution_is_the_likeliest(sqlite_conn):
    rows = homes(300)
    model, _ = fitted(sqlite_conn, FUNC, rows, "GRADE", family="ordinal", link="comploglog", tol=1e-13)
    found = statistics(model)
    known = np.array(
        [*(found[f"THRESHOLD_{number}"] for number in (1, 2, 3)), *(found[f"COEFFICIENT_{name}"] for name in NUMBERS)]
    )

    def likelihood(parameters):
        margin = rows[NUMBERS].to_numpy(float) @ parameters[3:]
        below = np.column_stack(
            [np.zeros(300), *(1 - np.exp(-np.exp(parameters[place] - margin)) for place in range(3)), np.ones(300)]
        )
        return np.log(np.diff(below, axis=1)[np.arange(300), rows["GRADE"] - 1]).sum()

    best = likelihood(known)
    assert found["LOG_LIKELIHOOD"] == pytest.approx(best)
    for place in range(6):
        for step in (-1e-2, 1e-2):
            other = known.copy()
            other[place] += step
            assert likelihood(other) < best


def test_the_order_of_levels(sqlite_conn):
    rows = homes(200)
    given = {"family": "ordinal", "tol": 1e-12}
    up, data = fitted(sqlite_conn, FUNC, rows, "GRADE", **given)
    for ordering in ([4, 3, 2, 1], ["4", "3", "2", "1"], "4, 3, 2, 1"):
        down, _ = fitted(sqlite_conn, FUNC, rows, "GRADE", **given, ordering=ordering)
        assert statistics(down)["COEFFICIENT_SIZE"] == pytest.approx(-statistics(up)["COEFFICIENT_SIZE"], rel=1e-5)
        assert predicted(down, data)["SCORE"].equals(predicted(up, data)["SCORE"])
    with pytest.raises(InvalidArgumentError, match="ordering: it does not name 4, which the label holds"):
        fitted(sqlite_conn, FUNC, rows, "GRADE", **given, ordering=[1, 2, 3])
    with pytest.raises(InvalidArgumentError, match="ordering: a level stands there twice"):
        fitted(sqlite_conn, FUNC, rows, "GRADE", **given, ordering=[1, 2, 2])
    with pytest.raises(ArgumentTypeError, match="ordering: the label is a number"):
        fitted(sqlite_conn, FUNC, rows, "GRADE", **given, ordering=["low", "high"])
    with pytest.raises(InvalidArgumentError, match="2 to 100 levels, these rows hold 200"):
        fitted(sqlite_conn, FUNC, rows, "PRICE", **given)
    with pytest.raises(InvalidArgumentError, match="an ordinal model has no bounds"):
        up.predict(data, key="ID", interval_type="confidence")


@pytest.mark.parametrize("solver", [None, "cd"])
def test_a_penalty_of_squares_is_that_of_scikit_learn(sqlite_conn, solver):
    rows = homes()
    model, data = fitted(
        sqlite_conn, FUNC, rows, "COUNT", family="poisson", solver=solver, lamb=0.1, alpha=0.0, tol=1e-10
    )
    scaled = (rows[NUMBERS] - rows[NUMBERS].mean()) / rows[NUMBERS].std(ddof=0)
    expected = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=1000).fit(scaled, rows["COUNT"]).predict(scaled)
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(expected, rel=1e-4)


def test_a_penalty_of_sizes_fulfils_its_conditions(sqlite_conn):
    rows, strength = homes(), 0.5
    model, data = fitted(sqlite_conn, FUNC, rows, "COUNT", family="poisson", enet_lambda=strength, tol=1e-12)
    found = predicted(model, data)["SCORE"].to_numpy()
    scaled = ((rows[NUMBERS] - rows[NUMBERS].mean()) / rows[NUMBERS].std(ddof=0)).to_numpy()
    gradient = scaled.T @ (rows["COUNT"].to_numpy() - found) / len(rows)
    coefficients = json.loads(model.model_[0].collect()["MODEL_CONTENT"].iloc[1])["coefficients"]
    for slope, coefficient in zip(gradient, coefficients, strict=True):
        if coefficient:
            assert slope == pytest.approx(np.sign(coefficient) * strength, abs=1e-5)
        else:
            assert abs(slope) <= strength + 1e-6
    assert 0 < np.count_nonzero(coefficients) < len(NUMBERS)
    assert "STD_ERROR_SIZE" not in statistics(model)
    with pytest.raises(InvalidArgumentError, match="a model with a penalty has no bounds"):
        model.predict(data, key="ID", interval_type="confidence")


def test_a_quasi_likelihood_estimates_the_dispersion(sqlite_conn):
    rows = homes()
    plain, _ = fitted(sqlite_conn, FUNC, rows, "MANY", family="poisson")
    quasi, _ = fitted(sqlite_conn, FUNC, rows, "MANY", family="poisson", quasilikelihood=True)
    peer = sm.GLM(rows["MANY"].to_numpy(float), design(rows, NUMBERS), family=sm.families.Poisson())
    expected, found = peer.fit(scale="X2"), statistics(quasi)
    assert found["DISPERSION"] == pytest.approx(expected.scale, rel=1e-5)
    assert found["STD_ERROR_SIZE"] == pytest.approx(expected.bse[1], rel=1e-4)
    assert statistics(plain)["STD_ERROR_SIZE"] < found["STD_ERROR_SIZE"]
    assert "AIC" in statistics(plain)
    assert "AIC" not in found


def test_reasons_sum_to_the_link(sqlite_conn):
    model, data = fitted(sqlite_conn, FUNC, homes(40), "COUNT", [*NUMBERS, "PLACE"], family="poisson")
    found = predicted(model, data, prediction_type="link")
    base = found["SCORE"].to_numpy() - reason_sums(found)
    assert base == pytest.approx(np.full(40, base[0]))
    assert model.get_feature_importances()["PLACE"] > 0


def test_missing_values_at_the_fit(conn):
    rows = homes(60)
    rows.loc[:4, "SIZE"] = np.nan
    for method, used in {"skip": rows.iloc[5:], "fill_zero": rows.assign(SIZE=rows["SIZE"].fillna(0))}.items():
        model, data = fitted(conn, FUNC, rows, "COUNT", family="poisson", handle_missing_fit=method, tol=1e-12)
        peer = sm.GLM(used["COUNT"].to_numpy(float), design(used, NUMBERS), family=sm.families.Poisson()).fit(tol=1e-14)
        assert statistics(model)["COEFFICIENT_SIZE"] == pytest.approx(peer.params[1], rel=1e-5)
        assert statistics(model)["DEVIANCE"] == pytest.approx(peer.deviance)
        assert len(predicted(model, data)) == 60
    zeros = peer.predict(design(rows.fillna({"SIZE": 0}), NUMBERS))
    assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(zeros, rel=1e-5)
    with pytest.raises(InvalidArgumentError, match="features: 5 rows hold a missing value; use handle_missing_fit"):
        fitted(conn, FUNC, rows, "COUNT", handle_missing_fit="abort")
    with pytest.raises(InvalidArgumentError, match="every row holds a missing value"):
        fitted(conn, FUNC, rows.assign(RATE=np.nan), "COUNT")


@pytest.mark.parametrize("family", FAMILIES)
def test_an_undefined_link_is_refused_before_the_fit(sqlite_conn, family):
    for link in set(LINKS) | {"sqrt"}:
        if link not in families.links_of(family):
            said = f"link: '{link}' is not defined for family='{family}'; use one of"
            with pytest.raises(InvalidArgumentError, match=said):
                fitted(sqlite_conn, FUNC, homes(10), LABELS[family], family=family, link=link)


@pytest.mark.parametrize(
    ("label", "given", "error", "said"),
    [
        ("PRICE", {"family": "binomial"}, InvalidArgumentError, "labels that are 0, 1 or a share.*rows are not"),
        ("RATE", {"family": "poisson"}, InvalidArgumentError, "labels that are 0 or more"),
        ("COUNT", {"family": "gamma"}, InvalidArgumentError, "labels that are above 0; .*such as 0"),
        ("COUNT", {"group_response": True}, NotSupportedError, "give one row a trial, or the share"),
        ("COUNT", {"lamb": 0.1, "solver": "irls"}, InvalidArgumentError, "takes no penalty; use solver='cd'"),
        ("COUNT", {"ordering": [1, 2]}, InvalidArgumentError, "family='gaussian' has no levels"),
        ("GRADE", {"family": "ordinal", "enet_lambda": 0.1}, InvalidArgumentError, "'ordinal' takes no penalty"),
        ("GRADE", {"family": "ordinal", "quasilikelihood": True}, InvalidArgumentError, "has no dispersion"),
    ],
)
def test_refusals(sqlite_conn, label, given, error, said):
    with pytest.raises(error, match=said):
        fitted(sqlite_conn, FUNC, homes(30), label, ["SIZE"], **given)


def test_one_penalty_has_two_names_but_one_value(sqlite_conn):
    with pytest.raises(InvalidArgumentError, match="enet_lambda is given twice"):
        fitted(sqlite_conn, FUNC, homes(10), "COUNT", lamb=0.1, enet_lambda=0.1)


def test_labels_of_one_value(sqlite_conn):
    rows = homes(20).assign(SAME=0)
    for family in ("poisson", "binomial", "negativebinomial", "gaussian"):
        model, data = fitted(sqlite_conn, FUNC, rows, "SAME", ["RATE"], family=family)
        assert predicted(model, data)["SCORE"].to_numpy() == pytest.approx(np.zeros(20), abs=1e-4)


def test_one_row_and_separated_rows(sqlite_conn):
    model, data = fitted(sqlite_conn, FUNC, homes(1).assign(COUNT=3), "COUNT", family="poisson")
    assert predicted(model, data)["SCORE"][0] == pytest.approx(3)
    rows = homes(40)
    rows["SOLD"] = (rows["SIZE"] > 5).astype(int)
    model, data = fitted(sqlite_conn, FUNC, rows, "SOLD", ["SIZE"], family="binomial")
    assert (predicted(model, data)["SCORE"].round().to_numpy() == rows["SOLD"].to_numpy()).all()


def test_no_convergence_is_told_with_the_remedy(sqlite_conn, caplog):
    fitted(sqlite_conn, FUNC, homes(), "COUNT", family="poisson", max_iter=1)
    assert "no convergence in 1 iterations; raise max_iter" in caplog.text


def test_a_margin_outside_the_link_is_told_by_row_count(sqlite_conn):
    rows = homes(200)
    rows["COST"] = np.random.default_rng(8).wald(1 / np.sqrt(0.3 + 0.1 * rows["SIZE"]), 50.0)
    model, data = fitted(sqlite_conn, FUNC, rows, "COST", ["SIZE"], family="inversegaussian")
    far = data.select("ID", ("SIZE - 1000", "SIZE"))
    with pytest.raises(InvalidArgumentError, match="link: 200 rows have a margin outside the range"):
        model.predict(far, key="ID")
    assert (predicted(model, data)["SCORE"] > 0).all()
