"""Values become JSON that every reader can read."""

from __future__ import annotations

import enum
import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanalife.observation import CallOutcome
from hanalife.tracking import events
from tests.tracking.reporting import FACTS, strict

leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters()))
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4)
)


def expected(value):
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, list):
        return [expected(item) for item in value]
    if isinstance(value, dict):
        return {name: expected(item) for name, item in value.items()}
    return value


@given(values)
def test_any_value_survives_as_strict_json_without_half_characters(value):
    text = events.to_json(value)
    assert text.encode()
    assert "\0" not in text
    assert strict(text) == expected(value)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        (np.float32("nan"), "nan"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.5, math.inf], dtype=np.longdouble), [1.5, "inf"]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (np.bool_(0), False),
        (Fraction(1, 4), 0.25),
        (Decimal("0.1"), "0.1"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
        (enum.StrEnum("Word", ["A"]).A, "a"),
        ({1: "a", None: "b"}, {"1": "a", "None": "b"}),
        ((1, (2,)), [1, [2]]),
        (2**70, 2**70),
        (ValueError, "<class 'ValueError'>"),
    ],
)
def test_values_that_json_does_not_know(value, meaning):
    assert strict(events.to_json(value)) == meaning


@given(st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=5))
def test_metric_names_are_prefixed(metrics):
    found = dict(events.of_outcome(CallOutcome(FACTS, 0.0, metrics=metrics), "score", "", "", "SCORE_"))
    assert ("METRIC" in found) == bool(metrics)
    pairs = strict(found.get("METRIC", "[]"))
    assert [list(pair) for pair in pairs] == [[f"SCORE_{name}"] for name in metrics]


def test_a_failure_tells_its_causes():
    def fail():
        try:
            {}["key"]
        except KeyError as cause:
            raise ValueError("Größe\ud800") from cause

    with pytest.raises(ValueError, match="Größe") as caught:
        fail()
    (key, text), (_, end) = events.of_failure(caught.value, "fit", 2.0)
    assert key == "ERROR"
    assert "KeyError: 'key'" in strict(text)["TRACEBACK"]
    assert strict(end) == {"STATUS": "FAILED", "METHOD": "fit", "SECONDS": 2.0}
