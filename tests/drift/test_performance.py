"""Performance between score runs, and without labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from hanalife import UnifiedClassification, errors
from hanalife.clock import new_id
from hanalife.database import checks
from hanalife.drift import performance
from hanalife.drift.native import Drift
from hanalife.drift.performance import Scored


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
    assert 0.86 <= np.mean([one.area[1] <= 0 <= one.area[2] for one in drawn]) <= 0.94, "level 90 %"
    assert 0.86 <= np.mean([one.accuracy[1] <= 0 <= one.accuracy[2] for one in drawn]) <= 0.94


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
    for seed in range(200):
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
