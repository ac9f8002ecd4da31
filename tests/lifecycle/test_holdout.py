"""The rows that judge: by their key alone, on every database."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest

from hanalife.errors import InvalidArgumentError
from hanalife.lifecycle import holdout
from tests.lifecycle.pipeline import table

KEYS = {
    "whole": (list(range(400)), "INT"),
    "text": ([f"клиент {number}" for number in range(400)], "NVARCHAR(20)"),
    "moment": (pd.date_range("2026-01-01", periods=400, freq="90min").tolist(), "TIMESTAMP"),
    "decimal": ([Decimal(number) / 4 for number in range(400)], "DECIMAL(10, 2)"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_row_keeps_its_side_whatever_comes_and_goes(conn, kind):
    keys, column_type = KEYS[kind]
    frame = conn.create_from_pandas(pd.DataFrame({"K": keys, "A": range(400)}), "ALL", {"K": column_type, "A": "INT"})
    train, held = holdout.split(frame, "K", 0.3, 1)
    first = set(held.collect()["A"])
    assert first | set(train.collect()["A"]) == set(range(400))
    assert first == {place for place, key in enumerate(keys) if holdout.draw(key, 1) < 0.3}, "as on any database"
    assert 0.2 < len(first) / 400 < 0.4
    _, fewer = holdout.split(frame.filter("A >= 150"), "K", 0.3, 1)
    assert set(fewer.collect()["A"]) == {number for number in first if number >= 150}
    _, others = holdout.split(frame, "K", 0.3, 2)
    assert set(others.collect()["A"]) != first


def test_a_missing_key_is_refused(conn):
    data = table(conn, "GAPS", pd.DataFrame({"K": ["a", None], "A": [1, 2]}))
    with pytest.raises(InvalidArgumentError, match="K is NULL"):
        holdout.split(data, "K", 0.3, 1)
