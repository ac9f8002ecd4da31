"""What dependent rows are worth: against brute force, statsmodels and closed forms, and in checks on both databases."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.stattools import acf

from hanalife import DriftDetector, create_dataframe_from_pandas
from hanalife.drift import dependence
from hanalife.drift.dependence import GroupSums, TimeSums, category_scores, rank_scores
from hanalife.drift.reference import from_content
from hanalife.errors import InvalidArgumentError, UnknownColumnError
from tests.benchmarks import drift_dependence
from tests.benchmarks.drift_dependence import autoregressive, clustered


def scored(values):
    """Return fine bins and their scores of values that are their own reference."""
    codes = np.searchsorted(np.quantile(values, np.arange(1, 100) / 100), values, "right")
    return codes, rank_scores(np.bincount(codes, minlength=100), np.arange(100) // 10)


def streamed(sums, codes, numbers, parts=7):
    for part in np.array_split(np.arange(len(codes)), parts):
        sums.add(codes[part], numbers[part])
    return sums.design_effect()


def quadratic_spectral(series, bandwidth):
    """Return Andrews' kernel estimate of the variance of the sum of a series, by its definition."""
    size, total = len(series), series @ series
    for lag in range(1, size):
        x = lag / bandwidth
        angle = 6 * np.pi * x / 5
        weight = 25 / (12 * np.pi**2 * x**2) * (np.sin(angle) / angle - np.cos(angle))
        total += 2 * weight * (series[lag:] @ series[:-lag])
    return total / max(1 - bandwidth / size, 0.3)


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
def test_the_design_effect_of_time_is_the_larger_of_both_estimates(coefficient):
    values, moments = autoregressive(600, coefficient, np.random.default_rng(1))
    codes, scores = scored(values)
    ranks = scores.scores[codes, 0] - scores.scores[codes, 0].mean()
    first = acf(ranks, nlags=1)[1]
    clipped = np.clip(first + 1 / 600, -0.97, 0.995)
    bandwidth = min(max(1.3221 * (600 * 4 * clipped**2 / (1 - clipped) ** 4) ** 0.2, 1), 200)
    kendall = first + (1 + 3 * first) / 600
    expected = max((1 + kendall) / (1 - kendall), quadratic_spectral(ranks, bandwidth) / (ranks @ ranks), 1)
    found = streamed(TimeSums(scores), codes, moments)
    assert found.largest == pytest.approx(expected, rel=1e-9)
    shares = np.bincount(codes // 10) / 600
    indicators = (codes[:, None] // 10 == np.arange(10)) - shares
    total = sum(quadratic_spectral(indicators[:, j], bandwidth) / shares[j] for j in range(10))
    assert found.mean == pytest.approx(min(max(total / (600 * 9), 1), expected), rel=1e-9)


def test_the_design_effect_of_groups_is_that_of_cluster_robust_errors():
    values, groups = clustered(900, 40, np.random.default_rng(2))
    codes, scores = scored(values)
    ranks = scores.scores[codes, 0]
    model = OLS(ranks, np.ones(len(ranks)))
    options = {"groups": groups, "use_correction": False}
    robust = model.fit(cov_type="cluster", cov_kwds=options).cov_params()[0, 0] * 40 / 39
    found = streamed(GroupSums(scores), codes, groups)
    assert found.largest == pytest.approx(robust * 900 / ranks.var(), rel=1e-9)
    tenths = (codes[:, None] // 10 == np.arange(10)) * 1.0
    shares = tenths.mean(axis=0)
    variances = [
        OLS(tenths[:, j], np.ones(900)).fit(cov_type="cluster", cov_kwds=options).cov_params()[0, 0] * 40 / 39
        for j in range(10)
    ]
    assert found.mean == pytest.approx((np.array(variances) / shares).sum() * 900 / 9, rel=1e-9)


@pytest.mark.parametrize(("coefficient", "tolerance"), [(0.5, 0.1), (0.9, 0.15)])
def test_long_series_are_added_up_in_blocks(coefficient, tolerance):
    """The ranks of a normal AR(1) correlate as 6 / pi * asin(r / 2)."""
    values, moments = autoregressive(100_000, coefficient, np.random.default_rng(3))
    codes, scores = scored(values)
    sums = TimeSums(scores)
    found = streamed(sums, codes, moments)
    truth = 1 + 2 * sum(6 / np.pi * np.arcsin(coefficient**lag / 2) for lag in range(1, 300))
    assert found.largest == pytest.approx(truth, rel=tolerance)
    assert sums.size == dependence.MAX_BLOCKS * 11
    sums.halve()
    assert sums.size == dependence.MAX_BLOCKS * 11 / 2
    assert sums.design_effect().largest == pytest.approx(truth, rel=tolerance)


def test_rows_of_one_moment_have_no_order():
    """Their sum counts: 20 equal rows a moment are worth one, however they are stored."""
    random = np.random.default_rng(4)
    values = np.repeat(random.normal(size=300), 20)
    codes, scores = scored(values + random.normal(0, 0.3, len(values)))
    moments = np.repeat(np.arange(300), 20)
    found = streamed(TimeSums(scores), codes, moments)
    shuffled = np.concatenate([random.permutation(20) + 20 * moment for moment in range(300)])
    assert streamed(TimeSums(scores), codes[shuffled], moments).largest == pytest.approx(found.largest)
    assert 15 < found.largest < 25


def test_a_category_that_persists_counts_by_its_indicator():
    """A chain that stays with probability 0.8 has the autocorrelation 0.8 ** lag, and a design effect of 9."""
    random = np.random.default_rng(5)
    jumps = random.random(20_000) > 0.8
    codes = random.integers(0, 4, 20_000)[np.maximum.accumulate(np.where(jumps, np.arange(20_000), 0))]
    found = streamed(TimeSums(category_scores(np.bincount(codes, minlength=6))), codes, np.arange(20_000))
    assert found.largest == pytest.approx(9, rel=0.2)
    assert found.mean == pytest.approx(9, rel=0.2)


def test_rows_in_one_bin_depend_as_those_of_the_other_side():
    codes, scores = np.zeros(100, dtype=int), rank_scores(np.ones(10), np.arange(10))
    constant = streamed(TimeSums(scores), codes, np.arange(100))
    assert constant.reason == streamed(GroupSums(scores), codes, np.arange(100)).reason == dependence.NO_VARIATION
    other = dependence.DesignEffect(5.0, 2.0)
    assert dependence.design_effects([other, constant]) == [other, other]
    assert dependence.design_effects([constant, constant]) == [constant, constant]


def test_few_moments_or_groups_show_nothing():
    codes, scores = np.arange(100) % 100, rank_scores(np.ones(100), np.arange(100) // 10)
    assert "19 moments: fewer than 20" in streamed(TimeSums(scores), codes, np.arange(100) * 19 // 100).reason
    assert "9 groups: fewer than 10" in streamed(GroupSums(scores), codes, np.arange(100) * 9 // 100).reason
    assert not streamed(GroupSums(scores), codes, np.arange(100) * 10 // 100).reason


@pytest.mark.parametrize(
    ("draw", "sums"),
    [
        (lambda random: autoregressive(1_000, 0.9, random), TimeSums),
        (lambda random: clustered(1_000, 20, random), GroupSums),
    ],
)
def test_verdicts_on_dependent_rows_err_as_seldom_as_promised(draw, sums):
    """Taken for independent, 40 % of the unmoved series are called drift; here 40 draws of each may give 6."""
    random = np.random.default_rng(6)
    for times, wrong in ((0, "drift"), (1, "drift"), (2, "no_drift")):
        assert drift_dependence.verdicts(draw, sums, times, 40, random)[0][wrong] <= 6


def test_correlation_in_stored_order_is_seldom_reported_without_cause():
    random = np.random.default_rng(7)
    assert drift_dependence.detected(500, 0.0, 300, random) <= 3
    assert drift_dependence.detected(1_000, 0.5, 50, random) > 0.9


# --- in checks --------------------------------------------------------------------------------


def series(size, seed, coefficient=0.9, shift=0.0):
    random = np.random.default_rng(seed)
    noise = random.normal(size=size + 300) * np.sqrt(1 - coefficient**2)
    values = lfilter([1], [1, -coefficient], noise)[300:] + shift
    times = pd.date_range("2026-01-01", periods=size, freq="min")
    return pd.DataFrame({"T": times, "A": values, "B": random.normal(size=size), "G": np.arange(size) // 10})


def put(conn, name, frame, types=None):
    return create_dataframe_from_pandas(conn, frame, name, table_structure=types, disable_progressbar=True)


def tables(conn, first, second):
    """Store rows of both sides in an order that says nothing."""
    pairs = ("BEFORE", first), ("NOW", second)
    return [put(conn, name, frame.sample(frac=1, random_state=1)) for name, frame in pairs]


def result_of(check, column):
    return next(result for result in check.results if result.column == column)


def test_rows_are_read_in_order_of_time_however_they_are_stored(conn):
    frames = tables(conn, series(2000, 1), series(2000, 2))
    alone = conn.drift.check(*frames, features=["A", "B"], two_sample=False)
    assert not any("stored order" in note for note in alone.notes), "the rows are shuffled"
    check = conn.drift.check(*frames, features=["A", "B"], time_column_name="T")
    (worth, *others) = [note for note in check.notes if "depend on each other by T" in note]
    assert not others
    learned = conn.drift.reference(frames[0], features=["A", "B"], time_column_name="T").segments[""][1]
    ranks = series(2000, 1)["A"].rank()
    first = acf(ranks, nlags=1)[1]
    assert learned.design_effects["A"].largest >= (1 + first) / (1 - first) * 0.98
    assert learned.design_effects["B"].largest < 1.3
    assert f"2,000 reference rows are worth {2000 / learned.design_effects['A'].largest:,.0f} (A)" in worth
    before, after = result_of(alone, "A").effect, result_of(check, "A").effect
    assert after.high - after.low > 2 * (before.high - before.low)
    assert result_of(check, "A").verdict == "unknown"
    assert result_of(check, "B").verdict == "no_drift"
    assert (
        "the two-sample test takes rows for independent; it was left out"
        in conn.drift.check(*frames, features=["A"], time_column_name="T", two_sample=True).notes
    )


def test_a_stored_reference_keeps_what_its_rows_are_worth_and_older_ones_load(conn):
    before, now = tables(conn, series(1500, 1), series(1500, 2))
    conn.drift.reference(before, features=["A", "B"], time_column_name="T", name="frozen")
    fresh = conn.drift.check(before, now, features=["A", "B"], time_column_name="T", two_sample=False)
    stored = conn.drift.check("frozen", now, two_sample=False)
    assert [result.effect for result in stored.results] == [result.effect for result in fresh.results]
    assert stored.notes == fresh.notes
    with pytest.raises(
        InvalidArgumentError, match="group_column_name: got 'G', but the reference was learned with time"
    ):
        conn.drift.check("frozen", now, group_column_name="G")
    with pytest.raises(InvalidArgumentError, match="has no column T, by which the reference rows depend"):
        conn.drift.check("frozen", now.deselect("T"))
    content = json.loads(json.dumps(conn.drift.reference(before, features=["A"]).content()))
    del content["order"]
    for column in content["segments"][0]["columns"].values():
        column.pop("correlation", None)
    assert conn.drift.check(from_content(content), now, two_sample=False).results[0].column == "A"


def test_groups_and_segments(conn):
    first, second = (
        frame.assign(S=np.where(frame["G"] % 2, "odd", "even")) for frame in (series(2000, 1), series(2000, 2))
    )
    before, now = tables(conn, first, second)
    options = {"features": ["A", "B"], "group_column_name": "G"}
    check = conn.drift.check(before, now, two_sample=False, **options)
    assert any("depend on each other by G" in note for note in check.notes)
    checks = conn.drift.segments(before, now, "S", **options)
    learned = conn.drift.reference(before, segment_column_name="S", **options)
    assert {check.segment: check.reference_rows for check in checks} == {"even": 1000, "odd": 1000}
    effects = learned.segments["odd"][1].design_effects
    assert 3 < effects["A"].largest < 10
    assert effects["B"].largest < 1.5


def test_what_is_worth_fewer_than_twenty_rows_is_unknown(conn):
    before, now = tables(conn, series(400, 1, 0.98), series(400, 2, 0.98, shift=3))
    check = conn.drift.check(before, now, features=["A", "B"], time_column_name="T")
    assert result_of(check, "A").verdict == "unknown"
    assert "independent ones: at least 20 are needed" in result_of(check, "A").reason
    assert result_of(check, "B").verdict != "unknown" or "independent" not in result_of(check, "B").reason
    few = conn.drift.check(before, now.filter("G < 5"), features=["A"], group_column_name="G")
    assert result_of(few, "A").reason == "current rows: 5 groups: fewer than 10 do not show how rows depend"


def test_a_sensor_that_is_stuck_has_drifted(conn):
    before, now = tables(conn, series(2000, 1, 0.5), series(2000, 2, 0.5).assign(A=0.0))
    check = conn.drift.check(before, now, features=["A"], time_column_name="T")
    assert result_of(check, "A").verdict == "drift"
    nothing = conn.drift.check(now, now, features=["A"], time_column_name="T")
    assert "all in one bin" in result_of(nothing, "A").reason


def test_correlation_in_stored_order_names_the_argument_to_give(conn):
    before = put(conn, "BEFORE", series(1000, 1))
    now = put(conn, "NOW", series(1000, 2, 0.0))
    check = conn.drift.check(before, now, features=["A", "B"], two_sample=False)
    (note,) = [note for note in check.notes if "stored order" in note]
    assert "reference rows: A 0." in note
    assert "current rows" not in note
    assert "give time_column_name= or group_column_name=" in note
    conn.drift.reference(before, features=["A", "B"], name="frozen")
    assert note in conn.drift.check("frozen", now, two_sample=False).notes
    assert not any("stored order" in n for n in conn.drift.check(before, now, features="A", time_column_name="T").notes)


def test_the_detector_takes_both(conn):
    before, now = tables(conn, series(1000, 1), series(1000, 2, shift=3))
    detector = DriftDetector()
    found = detector.fit_detect(before, now, features=["A", "B"], time_column_name="T")
    assert found.collect()["Variable"].tolist() == ["A"]
    assert any("depend on each other by T" in note for note in detector.check_.notes)
    detector.fit(before, group_column_name="G", features=["A", "B"]).detect(now)
    assert any("depend on each other by G" in note for note in detector.check_.notes)


def test_orders_that_cannot_be_used_are_refused_and_the_remedies_work(conn):
    frame = series(300, 1)
    text = frame.assign(T=frame["T"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    before = put(conn, "TEXTS", text, {"T": "NVARCHAR(30)"})
    with pytest.raises(InvalidArgumentError, match=r"time_column_name: T is NVARCHAR.*data.cast\('T', 'TIMESTAMP'\)"):
        conn.drift.reference(before, features="A", time_column_name="T")
    assert conn.drift.reference(before.cast("T", "TIMESTAMP"), features="A", time_column_name="T").order.column == "T"
    gaps = frame.assign(T=frame["T"].where(frame.index > 2), G=frame["G"].where(frame.index > 0).astype("Int64"))
    before = put(conn, "GAPS", gaps)
    with pytest.raises(InvalidArgumentError, match=r"T is NULL in 3 rows.*data.dropna\(subset=\['T'\]\)"):
        conn.drift.reference(before, features="A", time_column_name="T")
    with pytest.raises(InvalidArgumentError, match="group_column_name: G is NULL in 1 row\\."):
        conn.drift.reference(before, features="A", group_column_name="G")
    assert conn.drift.reference(before.dropna(subset=["T"]), features="A", time_column_name="T").rows == 297
    for arguments, error, words in (
        ({"time_column_name": "Z"}, UnknownColumnError, "Z"),
        ({"time_column_name": "T", "group_column_name": "G"}, InvalidArgumentError, "one order"),
        ({"time_column_name": "A"}, InvalidArgumentError, "A is also watched"),
    ):
        with pytest.raises(error, match=words):
            conn.drift.reference(before, features="A", **arguments)
    assert list(conn.drift.reference(before.dropna(), time_column_name="T").roles) == ["A", "B", "G"]


def test_windows_of_rows_follow_the_time(conn):
    before, now = tables(conn, series(1000, 1), series(1000, 2))
    windows = conn.drift.windows(before, now, rows=500, features=["A"], time_column_name="T", keep=False)
    direct = conn.drift.check(
        before, now.sort("T").head(500), features=["A"], time_column_name="T", two_sample=False, keep=False
    )
    assert windows[0].results[0].effect == direct.results[0].effect
    with pytest.raises(InvalidArgumentError, match="groups are no windows of 500 rows"):
        conn.drift.windows(before, now, rows=500, features=["A"], group_column_name="G")
