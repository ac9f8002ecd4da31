"""Alerts of drift: who has seen them, and what is refused."""

from __future__ import annotations

import pytest

from hanalife.controls import table
from hanalife.errors import DataNotFoundError, InvalidArgumentError
from tests.views import drift_sample


def test_an_alert_is_acknowledged_once(conn):
    calm, moved = (
        conn.create_from_pandas(drift_sample.patients(7, glucose=by), f"P{by}", drift_sample.TYPES) for by in (0, 2)
    )
    quiet = conn.drift.check(calm, calm, features=["GLUCOSE"])
    alarm = conn.drift.check(calm, moved, features=["GLUCOSE"])
    with pytest.raises(InvalidArgumentError, match="no drift"):
        table.carry_out(conn, "drift.acknowledge", {"check_id": quiet.check_id})
    with pytest.raises(DataNotFoundError, match="'none'"):
        table.carry_out(conn, "drift.acknowledge", {"check_id": "none"})
    assert conn.drift.alerts().collect()["acknowledged_by"].isna().all()
    table.carry_out(conn, "drift.acknowledge", {"check_id": alarm.check_id, "note": "a new device"})
    seen = conn.drift.alerts().collect()
    assert seen["acknowledged_note"].unique().tolist() == ["a new device"]
    assert seen["acknowledged_by"].notna().all()
    with pytest.raises(InvalidArgumentError, match="acknowledged the alert"):
        table.carry_out(conn, "drift.acknowledge", {"check_id": alarm.check_id})
