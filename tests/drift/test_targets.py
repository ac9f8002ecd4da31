"""How a label moved within the bins of other columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind
from statsmodels.stats.proportion import proportion_confint

from hanalife import DriftDetector

BY_CATEGORY = ["Oid", "Variable", "Category", "Deviation Indicator"]


def rows(seed, size, chance_of_a):
    """Return rows whose label is 1 with one chance where C is a, and with 0.3 elsewhere."""
    random = np.random.default_rng(seed)
    c, x = random.choice(["a", "b"], size), random.normal(0, 1, size)
    y = (random.random(size) < np.where(c == "a", chance_of_a, 0.3)).astype(int)
    return pd.DataFrame({"C": c, "X": x, "Y": y, "Z": x + y + random.normal(0, 1, size)})


def frames(conn, *data):
    types = {"C": "NVARCHAR(5)", "X": "DOUBLE", "Y": "INT", "Z": "DOUBLE"}
    return [conn.create_from_pandas(one, f"T{place}", types) for place, one in enumerate(data)]


def test_a_label_that_moved_within_one_category_is_found_there_only(conn, tmp_path):
    before, after = rows(1, 2_000, 0.3), rows(2, 2_000, 0.6)
    detector = DriftDetector()
    detector.fit_detect(*frames(conn, before, after), features=["C", "X"], label="Y", build_report=True)
    table = detector.get_debrief_report("Deviation_TargetBasedByCategory").collect()
    assert table.columns.tolist()[:4] == BY_CATEGORY
    assert table["Deviation Indicator"].is_monotonic_decreasing
    assert table["Deviation Indicator"].between(0, 1).all()
    a, b = (table[(table["Variable"] == "C") & (table["Category"] == name)].iloc[0] for name in "ab")
    assert a["Deviation Indicator"] > 0.95 > b["Deviation Indicator"]
    assert a["Target"] == "1", "the larger of two classes"
    hits = [data.loc[data["C"] == "a", "Y"] for data in (before, after)]
    assert a["Ref Target"] == pytest.approx(hits[0].mean())
    change = hits[1].mean() - hits[0].mean()
    bounds = [proportion_confint(each.sum(), len(each), method="jeffreys") for each in hits]
    below, above = (np.hypot(hits[1].mean() - bounds[1][side], bounds[0][1 - side] - hits[0].mean()) for side in (0, 1))
    assert (a["Change Low"], a["Change High"]) == (pytest.approx(change - below), pytest.approx(change + above))
    only = detector.get_debrief_report("Deviation_TargetBasedByCategory", deviation_threshold=0.95).collect()
    assert set(only["Variable"] + only["Category"]) >= {"Ca"}
    group = detector.get_debrief_report("Deviation_TargetBasedByGroup").collect()
    assert group.columns.tolist()[:3] == ["Oid", "Variable", "Group"]
    assert group["Group"].tolist() == table["Category"].tolist()
    detector.generate_html_report(str(tmp_path / "drift"))
    page = (tmp_path / "drift.html").read_text(encoding="utf-8")
    assert "Target-Based Category Drift" in page
    assert "Target-Based Group Drift" in page
    with conn.database.read() as connection:
        from hanalife.database import checks

        assert checks.checks(connection)[0] == detector.check_, "kept with the check"


def test_numbers_have_a_mean_with_welchs_interval(conn):
    before, after = rows(1, 3_000, 0.1), rows(2, 3_000, 0.9)
    detector = DriftDetector()
    detector.fit_detect(*frames(conn, before, after), features=["C"], label="Z")
    table = detector.get_debrief_report("Deviation_TargetBasedByCategory").collect().set_index("Category")
    first, second = (data.loc[data["C"] == "a", "Z"] for data in (before, after))
    expected = ttest_ind(second, first, equal_var=False).confidence_interval(0.95)
    found = table.loc["a"]
    assert found["Target"] == "mean"
    assert (found["Ref Target"], found["New Target"]) == (pytest.approx(first.mean()), pytest.approx(second.mean()))
    assert found["Change Low"] == pytest.approx(expected.low, rel=1e-3)
    assert found["Change High"] == pytest.approx(expected.high, rel=1e-3)
    assert found["Deviation Indicator"] > 0.95 > table.loc["b", "Deviation Indicator"]


def test_labels_that_are_missing_or_few_say_nothing(sqlite_conn):
    before, after = rows(1, 600, 0.3), rows(2, 600, 0.3)
    after["Y"] = after["Y"].astype(float).where(after.index < 30)
    detector = DriftDetector().fit(frames(sqlite_conn, before)[0], features=["C"], label="Y")
    types = {"C": "NVARCHAR(5)", "X": "DOUBLE", "Y": "INT", "Z": "DOUBLE"}
    late = sqlite_conn.create_from_pandas(after.astype({"Y": "Int64"}), "LATE", types)
    detector.detect(late)
    rows_of_a = ((after["C"] == "a") & after["Y"].notna()).sum()
    shown = detector.get_debrief_report("Deviation_TargetBasedByCategory").collect()
    assert len(shown) == sum(count >= 20 for count in (rows_of_a, 30 - rows_of_a))
    detector.detect(late.deselect("Y"))
    assert detector.get_debrief_report("Deviation_TargetBasedByCategory").collect().empty
    detector.build_report()


def test_many_classes_show_the_one_that_moved_most(sqlite_conn):
    random = np.random.default_rng(4)
    types = {"C": "NVARCHAR(5)", "Y": "NVARCHAR(5)"}
    sides = []
    for place, chances in enumerate(([0.4, 0.3, 0.3], [0.1, 0.3, 0.6])):
        data = pd.DataFrame({"C": "a", "Y": random.choice(["p", "q", "r"], 1_000, p=chances)})
        sides.append(sqlite_conn.create_from_pandas(data, f"M{place}", types))
    detector = DriftDetector()
    detector.fit_detect(*sides, label="Y")
    (found,) = detector.get_debrief_report("Deviation_TargetBasedByCategory").collect().to_dict("records")
    assert found["Target"] in ("p", "r")
    assert found["Change Low"] < found["Change"] < found["Change High"]


def test_one_false_alarm_among_all_bins_is_as_rare_as_promised():
    """The label moves by exactly the minimum in each of twenty bins, where the promise is at its tightest."""
    from hanalife.drift import targets
    from hanalife.drift.bins import CATEGORY, Binning
    from hanalife.drift.comparison import Limits

    random = np.random.default_rng(6)
    names = tuple(f"c{place:02}" for place in range(20))
    column, label = Binning(CATEGORY, (), (), names), Binning(CATEGORY, (), (), ("0", "1"))
    target = targets.target_of("Y", label, (0, 1))
    chances = 0.4, _share_at(0.4, 0.1)
    alarms = 0
    for _ in range(150):
        sides = []
        for chance in chances:
            ones = random.binomial(500, chance, 20)
            sums = np.zeros((22, target.size + 3))
            sums[:20, 0], sums[:20, 1], sums[:20, -3] = 500 - ones, ones, 500
            sides.append(sums)
        found = targets.shifts(target, {"C": (column, *sides)}, Limits())["C"]
        alarms += any(one.verdict == "drift" for one in found)
    assert alarms / 150 <= 0.12, "5 %, and four standard errors"


def _share_at(share, psi):
    """Return the larger share whose PSI against the share of two classes is the given one."""
    from scipy.optimize import brentq

    return brentq(lambda q: (q - share) * np.log(q * (1 - share) / (share * (1 - q))) - psi, share, 0.9)
