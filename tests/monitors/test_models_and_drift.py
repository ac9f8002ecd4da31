"""The monitors of models and of drift without a browser: what they send, when, and what they answer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from hanalife import DriftMonitor, ModelMonitor, ModelStorage
from hanalife.errors import InvalidArgumentError
from tests.monitors.watching import until
from tests.views import drift_sample


@pytest.fixture
def watched(watched):
    """Start a monitor and wait until it has shown something."""

    def start(kind, ids=None):
        monitor, table = watched(kind, ids)
        until(lambda: table.payloads)
        return monitor, table

    return start


def save(conn, strength):
    """Save a version of a model and give its number."""
    rows = np.random.default_rng(1).random((40, 1))
    model = LogisticRegression(C=strength).fit(rows, rows[:, 0] > 0.5)
    return ModelStorage(conn).save_model(model, name="churn", signature={"X": "DOUBLE"})


def test_a_promotion_elsewhere_is_seen_with_its_history(conn, watched):
    save(conn, 1.0)
    monitor, table = watched(ModelMonitor)
    until(lambda: table.details)
    save(conn, 2.0)
    until(lambda: [row["version"] for delta in table.deltas for row in delta["models"]["changed"]] == [2])
    answer = monitor._answer_control({"control": "model.promote", "name": "churn", "version": "2", "note": "better"})
    assert answer is None
    until(lambda: table.deltas[-1]["models"]["changed"][0]["aliases"] == ["champion"])
    until(lambda: table.details[-1][1]["history"][0]["note"] == "better")
    assert {name for name, _ in table.details} == {"churn"}
    ModelStorage(conn).delete_alias("churn", "champion")
    ModelStorage(conn).delete_models("churn")
    until(lambda: {"churn/1", "churn/2"} == {key for delta in table.deltas for key in delta["models"]["removed"]})


def test_a_check_elsewhere_is_seen_and_its_alert_acknowledged(conn, watched):
    drift_sample.record_weeks(conn, weeks=1)
    monitor, table = watched(DriftMonitor, "PATIENTS")
    until(lambda: table.details)
    moved = conn.create_from_pandas(drift_sample.patients(99, glucose=2), "MOVED", drift_sample.TYPES)
    check = conn.drift.check("PATIENTS", moved)
    until(lambda: table.details[-1][1]["alerts"])
    assert table.deltas[-1]["series"]["changed"][0]["open_alerts"] == 1
    ask = monitor._make_box().table._methods["drift_check"]
    assert ask({"check_id": check.check_id})["columns"][0]["name"] == "GLUCOSE"
    monitor._answer_control({"control": "drift.acknowledge", "check_id": check.check_id, "note": "known"})
    until(lambda: table.details[-1][1]["alerts"][0]["acknowledged"])
    assert table.details[-1][1]["alerts"][0]["acknowledged"]["note"] == "known"
    assert len(table.payloads) == 1


@pytest.mark.parametrize("ids", [7, [1], {"A"}])
@pytest.mark.parametrize(("kind", "argument"), [(ModelMonitor, "names"), (DriftMonitor, "references")])
def test_other_types_of_ids_are_refused_by_name(sqlite_conn, kind, argument, ids):
    with pytest.raises(InvalidArgumentError, match=rf"{argument}: .* give None \(all\), a str, or a list of str"):
        kind(sqlite_conn, ids)


def test_a_saved_output_has_a_picture(conn):
    drift_sample.record_weeks(conn, weeks=1)
    save(conn, 1.0)
    for kind, text in ((DriftMonitor, "PATIENTS"), (ModelMonitor, "churn")):
        monitor = kind(conn)
        assert f"{kind.__name__[:5]}" in monitor._picture()
        with conn.database.read() as connection:
            monitor._latest = monitor._read(connection, None)
        assert text in monitor._picture()
