"""Models as payloads, as pages and under controls, of records made through the public API."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from sklearn.linear_model import LogisticRegression

from hanalife import MLExperiments, ModelMonitor, ModelStorage, UnifiedClassification
from hanalife.controls import table as controls
from hanalife.database import tables
from hanalife.errors import Error, InvalidArgumentError, ModelNotFoundError, ModelStorageError
from hanalife.views import answers, model_pages, models
from tests.views import drift_sample

NAME = "<b>churn</b> & 100%"


@pytest.fixture
def storage(conn):
    """Give a storage with three versions of a model under a hostile name."""
    rows = np.random.default_rng(1).random((40, 1))
    storage = ModelStorage(conn)
    for strength in (1.0, 2.0, 3.0):
        model = LogisticRegression(C=strength).fit(rows, rows[:, 0] > 0.5)
        storage.save_model(model, name=NAME, signature={"X": "DOUBLE"}, notes=f"C = {strength}")
    return storage


def read(conn, name=NAME):
    with conn.database.read() as connection:
        return json.loads(json.dumps(models.read_one(connection, name), allow_nan=False))


def carry_out(conn, control, **args):
    return controls.carry_out(conn, f"model.{control}", args)


def test_promotion_and_roll_back_leave_who_and_why(conn, storage):
    carry_out(conn, "promote", name=NAME, version="1", note="first")
    carry_out(conn, "promote", name=NAME, version="3", note="better")
    (alias,) = read(conn)["aliases"]
    assert (alias["alias"], alias["version"], alias["back_to"]) == ("champion", 3, 1)
    assert carry_out(conn, "roll_back", name=NAME, note="worse in May") == {"version": "1"}
    found = read(conn)
    assert (found["aliases"][0]["version"], found["aliases"][0]["back_to"]) == (1, None)
    newest = found["history"][0]
    assert (newest["event"], newest["before"], newest["version"], newest["note"]) == (
        "ROLLED_BACK",
        3,
        1,
        "worse in May",
    )
    assert newest["happened_by"]
    assert storage.load_model(NAME, alias="champion").version == 1
    back = found["versions"][0]["rolled_back"]
    assert (back["alias"], back["version"], back["note"]) == ("champion", 1, "worse in May")
    assert [row["rolled_back"] for row in found["versions"][1:]] == [None, None]
    carry_out(conn, "promote", name=NAME, version="3", note="only the data was late")
    assert read(conn)["versions"][0]["rolled_back"] is None


def test_aliases_notes_and_versions_change_by_name(conn, storage):
    carry_out(conn, "set_alias", name=NAME, alias="staging", version="2", protected="yes", note="approved")
    with pytest.raises(ModelStorageError, match="say why"):
        carry_out(conn, "delete_alias", name=NAME, alias="staging")
    with pytest.raises(ModelStorageError, match="staging"):
        carry_out(conn, "delete_version", name=NAME, version="2")
    carry_out(conn, "delete_alias", name=NAME, alias="staging", note="over")
    carry_out(conn, "delete_version", name=NAME, version="2")
    carry_out(conn, "set_notes", name=NAME, version="3", notes="the best so far")
    found = read(conn)
    assert [(row["version"], row["notes"]) for row in found["versions"]] == [(3, "the best so far"), (1, "C = 1.0")]
    assert found["aliases"] == []
    assert storage.list_aliases(NAME).empty


@pytest.mark.parametrize(
    ("control", "args", "says"),
    [
        ("promote", {"version": "9"}, "version 9; its versions are: 1, 2, 3"),
        ("promote", {"version": "1.5"}, "version: '1.5' is not allowed"),
        ("promote", {"version": "1", "alias": "no spaces"}, "alias: expected a letter"),
        ("set_alias", {"version": "1", "alias": "a", "protected": "maybe"}, "protected: 'maybe' is not allowed"),
        ("roll_back", {}, "no earlier version"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_moves(conn, storage, control, args, says):
    with pytest.raises(Error, match=says):
        carry_out(conn, control, name=NAME, **args)
    assert read(conn)["aliases"] == []
    assert storage.list_aliases().empty


def test_versions_side_by_side(conn, storage):
    with conn.database.read() as connection:
        found = models.compare(connection, NAME, "1,3,1")
        with pytest.raises(ModelNotFoundError, match="version 7"):
            models.compare(connection, NAME, "1,7")
        with pytest.raises(InvalidArgumentError, match="give up to 8 numbers"):
            models.compare(connection, NAME, "1;2")
        with pytest.raises(ModelNotFoundError, match="no model 'none'"):
            answers.model(connection, "none")
    frame = storage.compare_versions(NAME, [1, 3])
    assert found["versions"] == [1, 3]
    assert [(row["section"], row["name"], *row["values"], row["different"]) for row in found["rows"]] == [
        tuple(row) for row in frame.itertuples(index=False)
    ]


@pytest.fixture
def three(conn):
    """Give a storage with three versions: fitted on all rows, with a partition, and scored on other rows."""
    types = drift_sample.TYPES | {"ID": "INT"}
    frame = conn.create_from_pandas(drift_sample.patients(1, 300).assign(ID=range(300)), "P", types)
    others = conn.create_from_pandas(drift_sample.patients(2, 30).assign(ID=range(1000, 1030)), "Q", types)
    storage = ModelStorage(conn)
    for name, options in (
        ("all", {}),
        ("part", {"partition_method": "stratified", "stratified_column": "CLASS"}),
        ("score", {}),
    ):
        model = UnifiedClassification("DecisionTree", random_state=1)
        MLExperiments(conn, "LOOP").autologging(model, run_name=name)
        model.fit(frame, key="ID", label="CLASS", **options)
        if name == "score":
            model.score(others, key="ID", label="CLASS")
        model.name = "loop"
        storage.save_model(model)
    return storage


def auc_of(detail):
    """Give the AUCs of the versions by source, the oldest version first."""
    found = [{each["source"]: each for each in row["metrics"] if each["name"] == "AUC"} for row in detail["versions"]]
    return found[::-1]


def test_versions_have_the_metrics_of_each_source_with_intervals_and_those_without_held_out_rows_say_so(conn, three):
    detail = read(conn, "loop")
    fitted, validated, scored = auc_of(detail)
    assert [sorted(each) for each in (fitted, validated, scored)] == [["train"], ["validation"], ["test", "train"]]
    assert validated["validation"]["low"] < validated["validation"]["value"] < validated["validation"]["high"]
    assert (scored["test"]["low"], scored["test"]["no_interval"][-13:]) == (None, "fewer than 20"), "too few to tell"
    accuracy = next(each for each in detail["versions"][0]["metrics"] if each["name"] == "ACCURACY")
    assert accuracy["source"] == "test"
    assert accuracy["low"] < accuracy["value"] < accuracy["high"]
    page = BeautifulSoup(model_pages.table(ModelMonitor(conn).snapshot(), detail), "html.parser")
    versions = next(table for table in page.select("table") if "Versions of loop" in table.text)
    heads = [head.text for head in versions.select("thead th")]
    assert {"AUC test", "AUC validation"} <= set(heads)
    assert not [head for head in heads if head.endswith("train")]
    assert "no held-out value" in versions.select("tbody tr")[-1].text
    assert str(round(fitted["train"]["value"], 3)) not in versions.select("tbody tr")[-1].text
    names = [row["name"] for row in models_compared(conn, "1,2") if row["section"] == "METRIC"]
    assert {"AUC@train", "AUC@validation"} <= set(names)


def models_compared(conn, versions):
    with conn.database.read() as connection:
        return models.compare(connection, "loop", versions)["rows"]


def test_versions_that_were_saved_before_metrics_had_sources_tell_them_by_their_partition(conn, three):
    before = auc_of(read(conn, "loop"))
    with conn.database.write() as connection:
        for row in connection.execute(sa.select(tables.model_version.c.version, tables.model_version.c.metrics)).all():
            plain = {name: {key: kept[key] for key in kept if key != "source"} for name, kept in row.metrics.items()}
            is_it = tables.model_version.c.version == row.version
            connection.execute(tables.model_version.update().where(is_it).values(metrics=plain))
    assert auc_of(read(conn, "loop")) == before


def test_the_monitor_shows_chosen_models_and_names_the_absent(conn, storage):
    shown = ModelMonitor(conn, [NAME, "unborn"]).snapshot()
    assert [row["version"] for row in shown["models"]] == storage.list_models()["VERSION"].tolist()
    assert shown["absent"] == ["unborn"]


def test_pages_and_saved_outputs_hold_names_as_text(conn, storage, tmp_path):
    storage.promote(NAME, 2, note="<script>alert(1)</script>")
    monitor = ModelMonitor(conn)
    page = monitor.export_html(tmp_path / "models.html").read_text()
    for text in (page, model_pages.table(monitor.snapshot(), read(conn))):
        found = BeautifulSoup(text, "html.parser")
        assert not [tag for tag in found.select("script") if "alert" in tag.text]
        assert not found.select("b")
        assert NAME in found.text
    assert "<script>alert(1)</script>" in BeautifulSoup(page, "html.parser").text
