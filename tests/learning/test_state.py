"""A model out of its state is the model that was saved."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
import xgboost

from hanalife import ConnectionContext, UnifiedClassification
from hanalife.errors import IncompatibleStoreError
from hanalife.storage import formats
from tests.learning.models import ON_EVERY_DATABASE, flowers, make_model, searching_model

TABLES = ("statistics_", "importance_", "confusion_matrix_", "metrics_", "optimal_param_", "search_results_")


def through_json(state):
    """Return the state as storage gives it back."""
    parts = {
        name: json.loads(json.dumps(getattr(state, name), allow_nan=False))
        for name in ("class_path", "constructor", "fit_parameters", "facts", "tables")
    }
    for name, value in parts.items():
        assert value == getattr(state, name), f"{name} is JSON already, not something like it"
    return replace(state, **parts, estimator=formats.decode(*formats.encode(state.estimator)))


@ON_EVERY_DATABASE
def test_everything_comes_back(url, conn, diabetes):
    model = searching_model(param_values={"max_depth": [2, 3]})
    model.run_id = "run"
    model.fit(
        diabetes,
        key="ID",
        label="CLASS",
        partition_method="stratified",
        stratified_column="CLASS",
        partition_random_state=1,
        output_partition_result=True,
    )
    saved = model.to_state()
    with ConnectionContext(url) as other:
        loaded = UnifiedClassification.from_state(other, through_json(saved))
        assert replace(loaded.to_state(), estimator=None) == replace(saved, estimator=None)
        assert (loaded.label, loaded.func, loaded.runtime) == ("CLASS", "HGBT", model.runtime)
        for name in TABLES:
            pd.testing.assert_frame_equal(getattr(loaded, name).collect(), getattr(model, name).collect())
        content = [one.model_[0].collect()["MODEL_CONTENT"].tolist()[1:] for one in (model, loaded)]
        assert content[0] == content[1]
        rows = [one.predict(frame, key="ID").collect() for one, frame in ((model, diabetes), (loaded, diabetes))]
        pd.testing.assert_frame_equal(*rows, check_exact=True)
        scored = [one.score(diabetes, key="ID")[1].collect() for one in (model, loaded)]
        pd.testing.assert_frame_equal(*scored)
    assert loaded.get_fit_parameters() == model.get_fit_parameters()
    assert loaded.is_fitted()
    assert loaded.fit_data is None


@ON_EVERY_DATABASE
def test_classes_and_categories_of_text_come_back(conn):
    frame = flowers(conn)
    model = make_model().fit(frame, key="NAME", label="KIND", categorical_variable="ZONE")
    loaded = UnifiedClassification.from_state(conn, through_json(model.to_state()))
    one, other = (each.score(frame, key="NAME") for each in (model, loaded))
    for left, right in zip(one, other, strict=True):
        pd.testing.assert_frame_equal(left.collect(), right.collect(), check_exact=True)


def test_a_state_names_its_class_and_holds_a_booster(conn):
    state = make_model().fit(flowers(conn), key="NAME").to_state()
    assert state.class_path == "hanalife.learning.classification.UnifiedClassification"
    assert isinstance(state.estimator, xgboost.Booster)
    assert state.facts["signature"]["properties"]["CLASSES"] == ["B", "a", "ç"]
    assert state.facts["signature"]["inputs"] == [
        ["COLOUR", "NVARCHAR"],
        ["SIZE", "DOUBLE"],
        ["ZONE", "INT"],
        ["WILD", "BOOLEAN"],
    ]


def test_a_loaded_model_can_be_fitted_anew(conn, diabetes):
    model = make_model().fit(diabetes.filter("ID < 300"), key="ID", label="CLASS")
    loaded = UnifiedClassification.from_state(conn, model.to_state())
    loaded.fit(diabetes, key="ID", label="CLASS")
    fresh = make_model().fit(diabetes, key="ID", label="CLASS")
    assert loaded.get_performance_metrics() == fresh.get_performance_metrics()


def test_a_state_of_a_newer_version_is_refused(conn, diabetes):
    state = make_model().fit(diabetes, key="ID").to_state()
    newer = replace(state, facts={**state.facts, "facts_version": 99})
    with pytest.raises(IncompatibleStoreError, match="upgrade"):
        UnifiedClassification.from_state(conn, newer)
