"""Data unlike those of the fit is reported by name, with the policy that the caller chose."""

from __future__ import annotations

import logging
import re
import uuid

import pandas as pd
import pytest

from hanalife import ConnectionContext, UnifiedClassification
from hanalife.errors import ArgumentTypeError, InvalidArgumentError, UnknownColumnError
from hanalife.storage.storage import ModelStorage
from tests.learning.models import flowers, make_model


@pytest.fixture
def model(sqlite_conn):
    return make_model().fit(flowers(sqlite_conn), key="NAME", label="KIND", categorical_variable="ZONE")


def strange(conn, **changes):
    """Return two rows to predict, changed in a column or more."""
    data = {"NAME": ["a", "b"], "COLOUR": ["blue", None], "SIZE": [0.5, 1.0], "ZONE": [1, 2], "WILD": [True, False]}
    types = {"NAME": "NVARCHAR(10)", "COLOUR": "NVARCHAR(10)", "SIZE": "DOUBLE", "ZONE": "INT", "WILD": "BOOLEAN"}
    types.update({name: kind for name, (_, kind) in changes.items()})
    data.update({name: values for name, (values, _) in changes.items()})
    return conn.create_from_pandas(pd.DataFrame(data), f"#STRANGE_{uuid.uuid4().hex}", types)


EXTRA = {"SMELL": ([1, 2], "INT")}
RETYPED = {"ZONE": ([1, 2], "BIGINT")}
UNSEEN = {"COLOUR": (["green", "grün"], "NVARCHAR(10)")}
OUTSIDE = {"SIZE": ([1000.0, 1.0], "DOUBLE")}


@pytest.mark.parametrize(
    ("deviation", "changes", "said"),
    [
        ("extra", EXTRA, "does not know column 'SMELL'; deselect it"),
        ("retyped", RETYPED, "column 'ZONE' is BIGINT, but was INT at fit"),
        ("unseen", UNSEEN, "column 'COLOUR' holds 'green', 'grün' in 2 rows, unknown to training"),
        ("out_of_range", OUTSIDE, r"column 'SIZE' is outside -\d.* to \d.*, what training saw, in 1 rows"),
    ],
)
def test_each_deviation_can_be_refused_told_or_ignored(sqlite_conn, model, caplog, deviation, changes, said):
    data = strange(sqlite_conn, **changes)
    with pytest.raises(InvalidArgumentError, match=said):
        model.predict(data, key="NAME", signature_policy={deviation: "error"})
    caplog.clear()
    found = model.predict(data, key="NAME", signature_policy={deviation: "warn"}).collect()
    assert re.search(said, caplog.text)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    caplog.clear()
    again = model.predict(data, key="NAME", signature_policy="ignore").collect()
    assert not caplog.records
    assert again.equals(found)


def test_by_default_an_unseen_category_is_told_and_counts_as_missing(sqlite_conn, model, caplog):
    found = model.predict(strange(sqlite_conn, **UNSEEN), key="NAME").collect()
    assert "'green', 'grün' in 2 rows" in caplog.text
    missing = model.predict(strange(sqlite_conn, COLOUR=([None, None], "NVARCHAR(10)")), key="NAME").collect()
    assert found.equals(missing)
    caplog.clear()
    model.predict(strange(sqlite_conn, **EXTRA, **RETYPED, **OUTSIDE), key="NAME")
    assert not caplog.records


def test_many_unseen_categories_are_counted_not_listed(sqlite_conn, model, caplog):
    names = [f"{number}" for number in range(8)]
    data = {"NAME": names, "COLOUR": [f"c{name}" for name in names], "SIZE": 1.0, "ZONE": 1, "WILD": True}
    types = {"NAME": "NVARCHAR(10)", "COLOUR": "NVARCHAR(10)", "SIZE": "DOUBLE", "ZONE": "INT", "WILD": "BOOLEAN"}
    model.predict(sqlite_conn.create_from_pandas(pd.DataFrame(data), "#MANY", types), key="NAME")
    assert "'c4' and 3 more in 8 rows" in caplog.text


def test_what_cannot_be_computed_is_always_an_error(sqlite_conn, model):
    with pytest.raises(UnknownColumnError, match="SIZE"):
        model.predict(strange(sqlite_conn).deselect("SIZE"), key="NAME", signature_policy="ignore")
    text = strange(sqlite_conn, SIZE=(["big", "small"], "NVARCHAR(10)"))
    with pytest.raises(InvalidArgumentError, match="'SIZE' is NVARCHAR, but was DOUBLE at fit"):
        model.predict(text, key="NAME", signature_policy="ignore")


def test_score_keeps_to_the_policy_and_its_label_is_no_extra_column(sqlite_conn, model):
    data = strange(sqlite_conn, **UNSEEN, KIND=(["a", "B"], "NVARCHAR(10)"))
    model.score(data, key="NAME", label="KIND", signature_policy={"extra": "error", "unseen": "ignore"})
    with pytest.raises(InvalidArgumentError, match="'COLOUR' holds"):
        model.score(data, key="NAME", label="KIND", signature_policy="error")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (3, ArgumentTypeError, "signature_policy: expected a str or a dict, got 3"),
        ("loud", InvalidArgumentError, "expected one of error, warn, ignore; got 'loud'"),
        ({"missing": "warn"}, InvalidArgumentError, "'missing' is no deviation; name one of extra, retyped"),
    ],
)
def test_a_bad_policy(sqlite_conn, model, given, error, said):
    with pytest.raises(error, match=said):
        model.predict(strange(sqlite_conn), key="NAME", signature_policy=given)


def test_the_signature_knows_what_training_saw_and_a_stored_model_keeps_to_it(sqlite_url):
    with ConnectionContext(sqlite_url) as conn:
        rows = flowers(conn)
        model = make_model().fit(rows, key="NAME", label="KIND")
        model.name = "flowers"
        ModelStorage(conn).save_model(model)
        sizes = rows.collect()["SIZE"]
        seen = model.to_state().facts["signature"]["seen"]
        assert seen["COLOUR"] == {"CATEGORIES": ["blue", "röt"]}
        assert seen["SIZE"] == {"MINIMUM": sizes.min(), "MAXIMUM": sizes.max()}
    with ConnectionContext(sqlite_url) as conn:
        again = ModelStorage(conn).load_model("flowers")
        assert isinstance(again, UnifiedClassification)
        with pytest.raises(InvalidArgumentError, match="'green'"):
            again.predict(strange(conn, **UNSEEN), key="NAME", signature_policy="error")
