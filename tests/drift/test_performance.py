"""Performance between score runs, and without labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from hanalife import UnifiedClassification, cli, errors
from hanalife.clock import new_id
from hanalife.database import checks
from hanalife.drift import calibration, label_free, performance
from hanalife.drift.native import Drift
from hanalife.drift.performance import Scored
from hanalife.views import drift as drift_views
from hanalife.views import drift_pages


def scores(seed, size=2_000, skill=1.5, centre=0.0):
    """Return rows whose scores are the true chances of their labels."""
    random = np.random.default_rng(seed)
    chance = norm.cdf(random.normal(centre, skill, size))
    return Scored(random.random(size) < chance, chance)


def test_a_worse_model_is_told_from_chance():
    good, same, bad = scores(1), scores(2), scores(3, skill=0.5)
    found = performance.difference(good, bad)
    assert found.verdict == "drift"
    expected = roc_auc_score(bad.positive, bad.score) - roc_auc_score(good.positive, good.score)
    assert found.area[0] == pytest.approx(expected)
    assert found.area[1] < found.area[0] < found.area[2] < -found.margin
    assert performance.difference(good, same, margin=0.05).verdict == "no_drift"
    few = Scored(same.positive[:40], same.score[:40])
    assert performance.difference(good, few).verdict == "unknown"


def test_pairs_see_what_two_samples_cannot():
    rows = scores(4, 600)
    noise = np.random.default_rng(5).normal(0, 0.02, 600)
    again = Scored(rows.positive, np.clip(rows.score + noise, 0, 1))
    paired, unpaired = (performance.difference(rows, again, paired=paired) for paired in (True, False))
    assert paired.area[0] == pytest.approx(unpaired.area[0])
    assert paired.area[2] - paired.area[1] < (unpaired.area[2] - unpaired.area[1]) / 4
    assert (paired.verdict, unpaired.verdict) == ("no_drift", "unknown")
    with pytest.raises(errors.InvalidArgumentError, match="same labels"):
        performance.difference(rows, Scored(~rows.positive, rows.score), paired=True)


def test_the_interval_of_the_difference_covers_it():
    drawn = [performance.difference(scores(seed, 200), scores(seed + 9_999, 150)) for seed in range(400)]
    assert {one.level for one in drawn} == {0.95}, "whatever the error rate"
    assert 0.93 <= np.mean([one.area[1] <= 0 <= one.area[2] for one in drawn]) <= 0.98
    assert 0.93 <= np.mean([one.accuracy[1] <= 0 <= one.accuracy[2] for one in drawn]) <= 0.98


def test_the_verdict_errs_as_seldom_as_promised():
    """The truth is the margin itself, so that both verdicts are wrong."""
    drawn = [performance.difference(scores(seed, 200), scores(seed + 9_999, 150), margin=1e-9) for seed in range(400)]
    assert np.mean([one.verdict == "drift" for one in drawn]) <= 0.08
    assert np.mean([one.verdict == "no_drift" for one in drawn]) <= 0.08


def test_pairs_with_rare_positives_still_have_a_width():
    """Of 50 rows, 8 % are positive, and the models differ on 1 % of rows."""
    random = np.random.default_rng(20)
    covered = []
    for _ in range(400):
        positive = random.random(50) < 0.08
        score = np.where(positive, 0.3, 0.2)
        other = np.where(random.random(50) < 0.01, 0.9, score)
        found = performance.difference(Scored(positive, score), Scored(positive, other), paired=True)
        assert found.accuracy[2] - found.accuracy[1] > 0.05
        covered.append(found.accuracy[1] <= 0.01 * (0.08 - 0.92) <= found.accuracy[2])
    assert np.mean(covered) >= 0.93


def test_pairs_that_rank_alike_are_not_certain_to_be_alike():
    rows = scores(21, 200)
    found = performance.difference(rows, Scored(rows.positive, rows.score**2), paired=True, margin=0.005)
    assert found.area[0] == 0
    assert found.area[1] < -0.005 < 0.005 < found.area[2]
    assert found.verdict == "unknown"


def test_few_rows_of_a_class_have_no_interval_of_the_area():
    rows = scores(22)
    few = Scored(np.arange(100) < 19, rows.score[:100])
    found = performance.difference(rows, few)
    assert (found.verdict, found.reason) == (
        "unknown",
        "no interval of the area: the smaller class has 19 rows, fewer than 20",
    )
    assert np.isfinite(found.area[0])
    assert np.isnan(found.area[1:]).all()
    assert np.isfinite(found.accuracy).all()
    now = performance.achieved(few)
    assert now.reason == "the smaller class has 19 rows, fewer than 20"
    assert np.isnan(now.area[1:]).all()


def test_one_class_has_no_area():
    rows = scores(6)
    only = Scored(np.ones(2_000, dtype=bool), rows.score)
    found = performance.difference(rows, only)
    assert (found.verdict, found.reason) == ("unknown", "the labels are all of one class: no area")
    with pytest.raises(errors.InvalidArgumentError, match="one class"):
        performance.estimate(only, rows.score)
    with pytest.raises(errors.InvalidArgumentError, match="chances from 0 to 1"):
        performance.estimate(rows, [2.0])


def test_the_estimate_without_labels_meets_the_truth():
    reference, current = scores(7, 8_000), scores(8, 4_000, skill=0.7, centre=0.3)
    found = performance.estimate(reference, current.score)
    truth = ((current.score >= 0.5) == current.positive).mean()
    assert found.accuracy[1] < truth < found.accuracy[2]
    assert found.accuracy[2] - found.accuracy[1] < 0.06
    assert found.area == pytest.approx(roc_auc_score(current.positive, current.score), abs=0.02)
    assert found.reference_accuracy - found.accuracy[0] > 0.05, "harder rows are expected to do worse"
    assert found.calibrated
    assert "concept drift" in found.assumption


def test_the_estimates_interval_covers_the_truth():
    covered = []
    for seed in range(100):
        reference, current = scores(seed, 1_000), scores(seed + 5_000, 400, skill=1.0)
        low, high = performance.estimate(reference, current.score).accuracy[1:]
        covered.append(low <= ((current.score >= 0.5) == current.positive).mean() <= high)
    assert 0.92 <= np.mean(covered) <= 0.995


def test_scores_that_promise_too_much_are_noticed_and_corrected():
    honest, current = scores(9, 8_000), scores(10, 4_000)
    bold = Scored(honest.positive, norm.cdf(2 * norm.ppf(honest.score)))
    found = performance.estimate(bold, norm.cdf(2 * norm.ppf(current.score)))
    assert not found.calibrated
    assert found.calibration_error > 0.05
    assert found.accuracy[1] < ((current.score >= 0.5) == current.positive).mean() < found.accuracy[2]


def test_from_frames(conn):
    def frame(name, rows):
        data = pd.DataFrame({"ID": range(len(rows.score)), "Y": rows.positive.astype(int), "P": rows.score})
        return conn.create_from_pandas(data, name, {"ID": "INT", "Y": "INT", "P": "DOUBLE"})

    before, after = frame("BEFORE", scores(11)), frame("AFTER", scores(12, skill=0.4))
    columns = {"label": "Y", "probability": "P"}
    assert conn.drift.performance(before, after, **columns).verdict == "drift"
    assert conn.drift.performance(before, before, key="ID", **columns).verdict == "no_drift"
    estimated = conn.drift.estimate_performance(before, after.deselect("Y"), **columns)
    assert estimated.accuracy[0] < estimated.reference_accuracy
    with pytest.raises(errors.InvalidArgumentError, match="no rows"):
        conn.drift.performance(before, after.filter("ID < 0"), **columns)


def predicted(conn, name, model, rows):
    """Return rows with the chance of class 1 that a model gives them."""
    table = conn.create_from_pandas(rows, f"{name}_ROWS", {"ID": "INT", "A": "DOUBLE", "Y": "INT"})
    told = model.predict(table.deselect("Y"), key="ID", top_k_attributions=0).collect().set_index("ID")
    chance = told["CONFIDENCE"].where(told["SCORE"] == "1", 1 - told["CONFIDENCE"])
    data = rows.assign(P=chance.loc[rows["ID"]].to_numpy())
    return conn.create_from_pandas(data, name, {"ID": "INT", "A": "DOUBLE", "Y": "INT", "P": "DOUBLE"})


def test_rows_that_a_model_was_trained_on_are_left_out_and_counted(conn):
    random = np.random.default_rng(5)
    rows = pd.DataFrame({"ID": range(400), "A": random.normal(size=400)})
    rows["Y"] = (rows["A"] + 2 * random.normal(size=400) > 0).astype(int)
    model = UnifiedClassification("HybridGradientBoostingTree", n_estimators=60, max_depth=8, random_state=1)
    learned = conn.create_from_pandas(rows[:200], "LEARNED", {"ID": "INT", "A": "DOUBLE", "Y": "INT"})
    model.fit(learned, key="ID", label="Y", features=["A"])
    held_out, mixed = predicted(conn, "HELD_OUT", model, rows[200:]), predicted(conn, "MIXED", model, rows[100:300])
    columns = {"label": "Y", "probability": "P", "model": model}

    made = []
    drift = Drift(conn, ids=lambda: made.append(new_id()) or made[-1])

    def notes():
        with conn.database.read() as connection:
            return checks.find(connection, made[-1]).notes

    found = drift.performance(held_out, mixed, **columns)
    assert "current: 100 of 200 rows left out: a model was trained on them" in notes()
    alone = drift.performance(held_out, mixed.filter("ID >= 200"), **columns)
    assert found.areas == alone.areas, "as if the rows were not there"
    fair, unfair = found.areas[1], drift.performance(held_out, mixed, label="Y", probability="P").areas[1]
    assert unfair > fair + 0.1
    assert any("pass model= to leave them out" in note for note in notes()), "never silently"
    paired = drift.performance(mixed, mixed, key="ID", **columns | {"model": (model, model)})
    assert paired.paired
    assert {note for note in notes() if "left out" in note} == {
        f"{side}: 100 of 200 rows left out: a model was trained on them" for side in ("reference", "current")
    }
    for condition, missing in (("ID < 200", 20), ("ID < 210", 10)):
        few = drift.performance(held_out, mixed.filter(condition), **columns)
        assert few.verdict == "unknown"
        assert f"at least {missing} more are needed" in few.reason


def test_a_model_that_does_not_know_its_rows_is_refused(conn):
    rows = pd.DataFrame({"ID": range(60), "A": np.arange(60.0), "Y": np.arange(60) % 2})
    data = conn.create_from_pandas(rows, "ALL_ROWS", {"ID": "INT", "A": "DOUBLE", "Y": "INT"})
    model = UnifiedClassification("DecisionTree", max_depth=1).fit(data, key="ID", label="Y", features=["A"])
    scored = predicted(conn, "SCORED", model, rows)
    for strange in (3, (model,), object(), (model, None)):
        with pytest.raises(errors.ArgumentTypeError, match="model: expected a model of hanalife"):
            conn.drift.performance(scored, scored, label="Y", probability="P", model=strange)
    with pytest.raises(errors.InvalidArgumentError, match="unknown which rows it was trained on"):
        conn.drift.performance(scored, scored.deselect("ID"), label="Y", probability="P", model=model)


# --- without labels ---------------------------------------------------------------------------


def test_the_calibration_is_a_logistic_regression_with_a_bend():
    """Against scikit-learn, on log p and log(1 - p), which span the same."""
    rows = scores(30, 3_000)
    features = np.column_stack([np.log(rows.score), -np.log1p(-rows.score)])
    inside = (rows.score > 1e-6) & (rows.score < 1 - 1e-6)
    expected = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1_000).fit(features[inside], rows.positive[inside])
    learned = calibration.fit(calibration.Grouped.of(rows.score[inside], rows.positive[inside]))
    at = np.linspace(0.02, 0.98, 25)
    meant = expected.predict_proba(np.column_stack([np.log(at), -np.log1p(-at)]))[:, 1]
    assert learned.chances(at) == pytest.approx(meant, abs=0.005)


def test_many_rows_are_grouped_and_mean_the_same():
    rows = scores(31, 30_000)
    grouped = calibration.Grouped.of(rows.score, rows.positive)
    assert len(grouped.score) == 500
    assert (grouped.weight.sum(), grouped.positive.sum()) == (30_000, rows.positive.sum())
    assert grouped.mean(grouped.score) == pytest.approx(rows.score.mean())
    area = label_free.expected_area(grouped.score, grouped.weight)
    alone = np.argsort(rows.score)
    assert area == pytest.approx(label_free.expected_area(rows.score[alone], np.ones(30_000)), abs=1e-5)


def test_the_interval_of_the_estimated_area_covers_it():
    """Features shift, and the meaning of a score is bent; the truth is that of many rows."""
    random = np.random.default_rng(32)

    def draw(rows, center):
        x = random.normal(center, 1, rows)
        chance = 1 / (1 + np.exp(1.5 - 1.5 * x - 0.4 * (x**2 - 1)))
        return Scored(random.random(rows) < chance, 1 / (1 + np.exp(-0.5 - 0.6 * x)))

    many = draw(200_000, 0.7)
    truth = roc_auc_score(many.positive, many.score)
    found = [performance.estimate(draw(600, 0.0), draw(600, 0.7).score, seed=seed) for seed in range(60)]
    assert np.mean([one.area_bounds[0] <= truth <= one.area_bounds[1] for one in found]) >= 0.88
    assert abs(np.mean([one.area for one in found]) - truth) < 0.01
    again = draw(600, 0.0)
    assert performance.estimate(again, many.score[:500]) == performance.estimate(again, many.score[:500])


def of_classes(random, rows, prevalence):
    positive = random.random(rows) < prevalence
    return Scored(positive, 1 / (1 + np.exp(-1.5 * positive + 0.75 - random.normal(size=rows))))


def test_a_label_shift_is_told_from_the_share_predicted_positive():
    random = np.random.default_rng(33)
    many = of_classes(random, 200_000, 0.7)
    accuracy = np.mean((many.score >= 0.5) == many.positive)
    covered = []
    for seed in range(200):
        reference = of_classes(random, 500, 0.3)
        found = label_free.label_shift(reference, of_classes(random, 400, 0.7).score, seed=seed)
        covered.append(
            [low <= truth <= high for truth, (_, low, high) in ((0.7, found.prevalence), (accuracy, found.accuracy))]
        )
    assert (np.mean(covered, axis=0) >= 0.91).all()
    predicted = reference.score >= 0.5
    rates = predicted[reference.positive].mean(), predicted[~reference.positive].mean()
    matrix = np.array([[1 - rates[1], 1 - rates[0]], [rates[1], rates[0]]])
    share = np.mean(of_classes(np.random.default_rng(1), 400, 0.7).score >= 0.5)
    again = label_free.label_shift(reference, of_classes(np.random.default_rng(1), 400, 0.7).score)
    assert again.prevalence[0] == pytest.approx(np.linalg.solve(matrix, [1 - share, share])[1]), "Lipton et al. 2018"
    assert again.area[0] == pytest.approx(roc_auc_score(reference.positive, reference.score))


def test_what_cannot_be_trusted_is_withheld_with_the_reason():
    random = np.random.default_rng(34)
    blind = Scored(random.random(400) < 0.5, random.random(400))
    found = performance.estimate(blind, random.random(300))
    assert "the confusion matrix is singular" in found.label_shift.reason
    assert np.isnan(found.label_shift.prevalence).all()
    rare = of_classes(random, 400, 0.5)
    few = Scored(np.arange(400) < 19, rare.score)
    found = performance.estimate(few, rare.score)
    assert found.reason == "the smaller class of the reference has 19 rows, fewer than 20"
    assert np.isnan([*found.accuracy[1:], *found.area_bounds]).all()
    assert found.label_shift.area_reason == "the smaller class has 19 rows, fewer than 20"
    assert performance.estimate(rare, rare.score[:19]).reason == "19 current rows, fewer than 20"


def test_each_estimate_is_kept_with_its_assumption(conn, url, tmp_path, capsys):
    random = np.random.default_rng(35)

    def frame(name, rows):
        data = pd.DataFrame({"Y": rows.positive.astype(int), "P": rows.score})
        return conn.create_from_pandas(data, name, {"Y": "INT", "P": "DOUBLE"})

    base = frame("BASE", of_classes(random, 300, 0.4))
    now, few = frame("NOW", of_classes(random, 200, 0.6)), frame("FEW", of_classes(random, 12, 0.6))
    columns = {"label": "Y", "probability": "P"}
    found = conn.drift.estimate_performance(base, now.deselect("Y"), window="now", seed=3, **columns)
    conn.drift.estimate_performance(base, few.deselect("Y"), window="few", **columns)
    conn.drift.performance(base, few, window="labeled", **columns)
    history = conn.drift.history().collect()
    kept = history[history["window"] == "now"].set_index("column_name")
    assert sorted(kept.index) == ["ACCURACY", "ACCURACY_LABEL_SHIFT", "AUC", "AUC_LABEL_SHIFT", "PREVALENCE"]
    for name, reason in kept["reason"].items():
        shifted = name not in ("ACCURACY", "AUC")
        assert reason == (label_free.SHIFT_ASSUMPTION if shifted else label_free.ASSUMPTION)
    with conn.database.read() as connection:
        series = drift_views.read(connection, "")["series"]
        points = drift_views.read_series(connection, series[0]["series_id"])["performance"]
    shown = {(point["window"], point["metric"]): point for point in points}
    assert (shown["now", "AUC"]["low"], shown["now", "AUC"]["high"]) == pytest.approx(found.area_bounds)
    assert shown["now", "PREVALENCE"]["value"] == pytest.approx(found.label_shift.prevalence[0])
    assert (shown["few", "AUC"]["low"], shown["labeled", "AUC"]["low"]) == ("nan", "nan")
    assert "no interval: 12 current rows, fewer than 20" in shown["few", "AUC"]["reason"]
    assert ("few", "PREVALENCE") not in shown
    assert "no interval" in shown["labeled", "AUC"]["reason"]
    page = drift_pages.write(conn, tmp_path / "page.html").read_text()
    assert page.count("(label shift)") >= 3
    assert cli.main(["drift", "show", kept["check_id"].iloc[0], "--url", url]) == 0
    low, high = (f"{bound:.3g}" for bound in found.area_bounds)
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert f"auc {found.area:.3f} ({low} to {high})  {label_free.ASSUMPTION}" in lines["AUC"]
    assert label_free.SHIFT_ASSUMPTION in lines["PREVALENCE"]
