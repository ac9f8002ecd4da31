"""massive=True: one model a group, each the same as a model fitted on its rows alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hanalife import ConnectionContext, UnifiedClassification, UnifiedRegression
from hanalife.errors import (
    ArgumentTypeError,
    FitIncompleteError,
    InvalidArgumentError,
    UnknownColumnError,
    UnknownParameterError,
)
from hanalife.learning.searches import search_progress, search_scores
from tests.learning.models import HGBT, ON_EVERY_DATABASE
from tests.learning.test_observer import Listener

TYPES = {"ID": "INT", "SHOP": "NVARCHAR(10)", "A": "DOUBLE", "WORD": "NVARCHAR(5)", "CLASS": "INT", "PRICE": "DOUBLE"}
SHOPS = ["Köln", "east", "west"]


def shops(conn, rows=240, lone=False):
    random = np.random.default_rng(6)
    data = pd.DataFrame(
        {
            "ID": np.arange(rows),
            "SHOP": np.array(SHOPS, dtype=object)[random.integers(3, size=rows)],
            "A": random.normal(size=rows),
            "WORD": np.array(["x", "y"], dtype=object)[random.integers(2, size=rows)],
        }
    )
    turn = np.where(data["SHOP"] == "east", -1, 1)
    data["PRICE"] = turn * data["A"] + (data["WORD"] == "x")
    data["CLASS"] = (data["PRICE"] + random.normal(0, 0.3, rows) > 0).astype(int)
    if lone:
        data.loc[data["SHOP"] == "west", "CLASS"] = 1
    return conn.create_from_pandas(data, "SHOPS", TYPES)


def make_model(kind=UnifiedClassification, **changes):
    return kind(HGBT, massive=True, **{"n_estimators": 6, "max_depth": 2, "random_state": 3, **changes})


FEATURES = ["A", "WORD"]


@ON_EVERY_DATABASE
def test_each_group_has_the_model_of_its_rows_alone(conn):
    data = shops(conn)
    model = make_model(group_params={"east": {"max_depth": 1}})
    model.fit(data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP")
    found, errors = model.predict(data, key="ID", group_key="SHOP")
    assert errors.count() == 0
    assert list(found.columns) == ["GROUP_ID", "ID", "SCORE", "CONFIDENCE", "REASON_CODE"]
    rows = found.collect()
    for shop in SHOPS:
        depth = 1 if shop == "east" else 2
        alone = UnifiedClassification(HGBT, n_estimators=6, max_depth=depth, random_state=3)
        own = data.filter(f"SHOP = '{shop}'")
        expected = alone.fit(own, key="ID", features=FEATURES, label="CLASS").predict(own, key="ID").collect()
        both = rows[rows["GROUP_ID"] == shop].merge(expected, on="ID", suffixes=("", "_ALONE"))
        assert len(both) == len(expected) == own.count()
        assert (both["CONFIDENCE"] == both["CONFIDENCE_ALONE"]).all()
        assert (both["REASON_CODE"] == both["REASON_CODE_ALONE"]).all()
        statistics = model.statistics_.filter(f"GROUP_ID = '{shop}'").deselect("GROUP_ID").collect()
        assert statistics.equals(alone.statistics_.collect())
        assert model.get_feature_importances()[shop] == alone.get_feature_importances()


def test_keywords_of_a_call_may_differ_by_group(sqlite_conn):
    data = shops(sqlite_conn)
    common = {"key": "ID", "features": FEATURES, "label": "CLASS"}
    split = {"partition_method": "stratified", "stratified_column": "CLASS", "partition_random_state": 7}
    own = {"east": {"training_percent": 0.5, "scale_weight": 3.0}, "west": {"partition_method": "no"}}
    given = {**split, "scale_weight_target": "1"}
    model = make_model().fit(data, **common, group_key="SHOP", group_params=own, **given)
    asked = {"east": {"top_k_attributions": 1}, "west": {"attribution_method": "no"}, "Köln": {"verbose": True}}
    rows = model.predict(data, key="ID", group_params=asked)[0].collect()
    score = model.score(data, key="ID", group_params={"east": {"positive_label": "0"}})[1].collect()
    for shop in SHOPS:
        alone = UnifiedClassification(HGBT, n_estimators=6, max_depth=2, random_state=3)
        part = data.filter(f"SHOP = '{shop}'")
        alone.fit(part, **common, **{**given, **own.get(shop, {})})
        statistics = model.statistics_.filter(f"GROUP_ID = '{shop}'").deselect("GROUP_ID").collect()
        assert statistics.equals(alone.statistics_.collect())
        expected = alone.predict(part, key="ID", **asked[shop]).collect()
        found = rows[rows["GROUP_ID"] == shop].drop(columns="GROUP_ID")
        order = ["ID", "SCORE"]
        found, expected = (one.sort_values(order, ignore_index=True) for one in (found, expected))
        pd.testing.assert_frame_equal(found, expected)
        positive = {"positive_label": "0"} if shop == "east" else {}
        judged = alone.score(part, key="ID", **positive)[1].collect()
        assert score[score["GROUP_ID"] == shop].drop(columns="GROUP_ID").reset_index(drop=True).equals(judged)
    assert model.hanaml_fit_params["group_params"] == own
    assert model.get_score_parameters()[-1] == ("GROUP_PARAMS", {"east": {"positive_label": "0"}})


@pytest.mark.parametrize(
    ("own", "error", "said"),
    [
        ([("east", {})], ArgumentTypeError, "group_params: expected a dict of dicts"),
        ({"east": 3}, ArgumentTypeError, r"group_params\['east'\]: expected a dict of keywords of fit, got 3"),
        ({"east": {"label": "A"}}, InvalidArgumentError, r"group_params\['east'\]: label is of all groups"),
        ({"east": {"max_depth": 3}}, UnknownParameterError, "'max_depth' is not a parameter of fit"),
        ({"east": {"training_percent": 7}}, InvalidArgumentError, "training_percent: expected a number"),
        ({"north": {"ntiles": 3}}, InvalidArgumentError, "group_params: no row is of group north"),
    ],
)
def test_bad_keywords_of_a_group(sqlite_conn, own, error, said):
    model = make_model()
    with pytest.raises(error, match=said):
        model.fit(
            shops(sqlite_conn),
            key="ID",
            features=FEATURES,
            label="CLASS",
            group_key="SHOP",
            partition_method="stratified",
            stratified_column="CLASS",
            group_params=own,
        )
    assert not model.is_fitted()


def test_keywords_of_a_group_without_a_model(sqlite_conn):
    data = shops(sqlite_conn, rows=60)
    fit = {"key": "ID", "features": FEATURES, "label": "CLASS"}
    model = make_model().fit(data, **fit, group_key="SHOP")
    with pytest.raises(
        InvalidArgumentError, match="no model was fitted for group 'north'; there are: Köln, east, west"
    ):
        model.predict(data, key="ID", group_params={"north": {"verbose": True}})
    single = UnifiedClassification(HGBT, n_estimators=2)
    with pytest.raises(InvalidArgumentError, match="group_params: only has a meaning with massive=True"):
        single.fit(data, **fit, group_params={"east": {"ntiles": 3}})


@ON_EVERY_DATABASE
def test_score_gives_five_frames_under_group_id(conn):
    data = shops(conn)
    model = make_model().fit(data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP")
    predictions, statistics, confusion, curves, errors = model.score(data, key="ID", label="CLASS")
    assert predictions.count() == 240
    assert confusion.collect()["COUNT"].sum() == 240
    for frame in (statistics, confusion, curves):
        assert sorted(frame.collect()["GROUP_ID"].unique()) == SHOPS
    assert errors.columns == ["GROUP_ID", "ERROR_TIMESTAMP", "ERRORCODE", "MESSAGE"]
    assert len(model.model_) == 6


def test_a_regression_of_groups(sqlite_conn):
    data = shops(sqlite_conn)
    model = make_model(UnifiedRegression, n_estimators=40).fit(
        data, key="ID", features=FEATURES, label="PRICE", group_key="SHOP"
    )
    predictions, statistics, _ = model.score(data, key="ID", label="PRICE")
    assert predictions.columns[:3] == ["GROUP_ID", "ID", "SCORE"]
    r2 = statistics.filter("STAT_NAME = 'R2'").collect()["STAT_VALUE"].astype(float)
    assert len(r2) == 3
    assert (r2 > 0.7).all()


def test_a_group_that_fails_is_told_and_does_not_stop_the_others(sqlite_conn):
    data = shops(sqlite_conn, lone=True)
    model = make_model().fit(data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP")
    errors = model.error_msg_.collect()
    assert errors["GROUP_ID"].tolist() == ["west"]
    assert errors["ERRORCODE"].tolist() == ["InvalidArgumentError"]
    assert "the one class 1" in errors["MESSAGE"][0]
    found, missing = model.predict(data, key="ID")
    assert sorted(found.collect()["GROUP_ID"].unique()) == ["Köln", "east"]
    assert missing.collect()["GROUP_ID"].tolist() == ["west"]
    assert "no model was fitted for group 'west'" in missing.collect()["MESSAGE"][0]


def test_if_every_group_fails_the_fit_does(sqlite_conn):
    data = shops(sqlite_conn).select("*", ("1", "SAME"))
    model = make_model()
    with pytest.raises(InvalidArgumentError, match=r"every group failed; the first was 'Köln'.*one class 1"):
        model.fit(data, key="ID", features=FEATURES, label="SAME", group_key="SHOP")
    assert not model.is_fitted()


def test_a_state_restores_every_group(sqlite_url):
    with ConnectionContext(sqlite_url) as conn:
        data = shops(conn)
        model = make_model().fit(data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP", impute=True)
        expected = model.predict(data, key="ID")[0].collect()
        again = UnifiedClassification.from_state(conn, model.to_state())
        assert again.predict(data, key="ID")[0].collect().equals(expected)
        assert again.statistics_.collect().equals(model.statistics_.collect())
        assert again.label == "CLASS"


def test_an_observer_is_told_once_of_all_groups(sqlite_conn):
    data = shops(sqlite_conn, lone=True)
    model = make_model()
    model.observer = Listener()
    model.fit(data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP")
    start, *progress, outcome = model.observer.told
    assert start.parameters["GROUP_KEY"] == "SHOP"
    assert [(one.done, one.total) for one in progress] == [(1, 3), (2, 3), (3, 3)]
    assert (outcome.metrics["GROUPS"], outcome.metrics["FAILED_GROUPS"]) == (2, 1)
    rows = model.statistics_.filter("STAT_NAME = 'ACCURACY'").collect()["STAT_VALUE"].astype(float)
    assert outcome.metrics["ACCURACY"] == pytest.approx(rows.mean())


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, ArgumentTypeError, "group_key: massive=True needs the column"),
        ({"group_key": "SHOOP"}, UnknownColumnError, "group_key: no column 'SHOOP'"),
        ({"group_key": "ID"}, InvalidArgumentError, "group_key: 'ID' is the key"),
    ],
)
def test_a_bad_group_key(sqlite_conn, given, error, said):
    with pytest.raises(error, match=said):
        make_model().fit(shops(sqlite_conn), key="ID", features=FEATURES, label="CLASS", **given)


def test_other_bad_input(sqlite_conn):
    data = shops(sqlite_conn)
    with pytest.raises(InvalidArgumentError, match="group_params: only has a meaning with massive=True"):
        UnifiedClassification(HGBT, group_params={"east": {"max_depth": 1}})
    with pytest.raises(UnknownParameterError, match=r"'depth' is not a parameter of .*group 'east'"):
        make_model(group_params={"east": {"depth": 1}})
    with pytest.raises(InvalidArgumentError, match="no row is of group north"):
        make_model(group_params={"north": {"max_depth": 1}}).fit(
            data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP"
        )
    with pytest.raises(InvalidArgumentError, match="group_key: only has a meaning with massive=True"):
        UnifiedClassification(HGBT).fit(data, key="ID", features=FEATURES, label="CLASS", group_key="SHOP")
    with pytest.raises(FitIncompleteError):
        make_model().predict(data, key="ID", group_key="SHOP")
    holed = data.select("*", ("CASE WHEN ID < 5 THEN NULL ELSE SHOP END", "PLACE"))
    with pytest.raises(InvalidArgumentError, match="'PLACE' is NULL in 5 rows"):
        make_model().fit(holed, key="ID", features=FEATURES, label="CLASS", group_key="PLACE")


@ON_EVERY_DATABASE
def test_the_store_keeps_the_search_of_each_group(conn):
    data = shops(conn)
    given = {
        "resampling_method": "cv",
        "fold_num": 3,
        "param_search_strategy": "grid",
        "param_values": {"learning_rate": [0.1, 0.3]},
    }
    fit = {"key": "ID", "features": FEATURES, "label": "CLASS", "group_key": "SHOP"}
    model = make_model(progress_indicator_id="shops", **given).fit(data, **fit)
    for shop in SHOPS:
        kept = search_progress(conn, f"shops/{shop}")
        assert (kept.status, kept.done, kept.total) == ("FINISHED", 6, 6)
        assert [(one.candidate, one.fold) for one in search_scores(conn, f"shops/{shop}")] == [
            (candidate, fold) for candidate in (1, 2) for fold in (1, 2, 3)
        ]
    unkept = make_model(**given).fit(data, **fit)
    assert model.search_results_.collect().equals(unkept.search_results_.collect())
    with pytest.raises(InvalidArgumentError, match="progress_indicator_id: with the group's name"):
        make_model(progress_indicator_id="s" * 254, **given).fit(data, **fit)
    with pytest.raises(InvalidArgumentError, match="progress_indicator_id is of all groups"):
        make_model(group_params={"east": {"progress_indicator_id": "x"}}, **given)
