"""Where rows do not support an interval, every place that shows the metric says why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hanalife import MLExperiments, ModelStorage, UnifiedClassification, UnifiedRegression
from hanalife.views import answers

REASON = "the smaller class has 12 rows, fewer than 20"


def frame(conn, rows=60, positives=12):
    random = np.random.default_rng(1)
    label = (np.arange(rows) < positives).astype(int)
    size = label + random.normal(size=rows)
    data = pd.DataFrame({"ID": range(rows), "SIZE": size, "PRICE": size + random.normal(size=rows), "KIND": label})
    return conn.create_from_pandas(data, "PARTS", {"ID": "INT", "SIZE": "DOUBLE", "PRICE": "DOUBLE", "KIND": "INT"})


def test_the_reason_is_in_the_notes_the_report_the_run_and_the_card(conn):
    data = frame(conn).deselect("PRICE")
    model = UnifiedClassification("LogisticRegression")
    MLExperiments(conn, "NOTES").autologging(model, run_name="few")
    model.fit(data, key="ID", label="KIND", build_report=True)

    statistics = model.statistics_.collect()
    names = statistics["STAT_NAME"].tolist()
    assert "AUC" in names
    assert not {"AUC.LOW", "AUC.HIGH"} & set(names)
    assert {"ACCURACY.LOW", "ACCURACY.HIGH"} <= set(names)
    notes = model.interval_notes_.collect()
    assert notes["STAT_NAME"].tolist() == ["AUC"]
    assert notes["CLASS_NAME"].isna().all()
    assert notes["REASON"].tolist() == [REASON]
    assert f"no interval: {REASON}" in model.report

    with conn.database.read() as connection:
        shown = {row["name"]: row for row in answers.run(connection, model.run_id)["metrics"]}
    assert (shown["AUC"]["low"], shown["AUC"]["no_interval"]) == (None, REASON)
    assert shown["ACCURACY"]["low"] is not None
    assert shown["ACCURACY"]["no_interval"] == ""

    storage = ModelStorage(conn)
    model.name = "few"
    storage.save_model(model)
    card = storage.get_model_card("few", 1)
    assert f"(no interval: {REASON})" in card
    assert "Brackets hold the 95 % interval." in card
    assert REASON in storage.compare_versions("few", [1]).set_index("NAME").loc["AUC@train", "1"]
    assert storage.load_model("few").interval_notes_.collect()["REASON"].tolist() == [REASON]


def test_the_report_of_a_score_says_it_too(sqlite_conn):
    data = frame(sqlite_conn).deselect("KIND")
    model = UnifiedRegression("LinearRegression").fit(data, key="ID", label="PRICE")
    model.score(data.filter("ID < 55"), key="ID", label="PRICE")
    report = model.build_report().report
    assert "no interval: 60 rows, fewer than 200" in report, "of the fit"
    assert "no interval: 55 rows, fewer than 200" in report, "of the score"


def test_groups_have_their_own_notes(sqlite_conn):
    data = frame(sqlite_conn)
    data = data.select("*", ("CASE WHEN ID < 30 THEN 'a' ELSE 'b' END", "SHOP"))
    model = UnifiedRegression("LinearRegression", massive=True)
    model.fit(data, key="ID", label="PRICE", features=["SIZE"], group_key="SHOP")
    notes = model.interval_notes_.collect()
    assert sorted({*notes["GROUP_ID"]}) == ["a", "b"]
    assert {*notes[notes["STAT_NAME"] == "TEST_MAE"]["REASON"]} == {"30 rows, fewer than 50"}
